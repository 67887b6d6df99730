import type { Config } from '../config.ts'
import type { Episode } from '../posts/post.ts'
import { type Channel, channelUrl } from './channel.ts'

export type FeedFormat = 'rss' | 'atom' | 'json'

/**
 * What the three formats say, each in its own words. Text in it is clean already (`write.ts`): nothing that XML
 * cannot hold, and titles, names, tags and summaries are one line each. It is not escaped: each format does that.
 */
export type Feed = {
  /** A URI that stays when the feed moves. */
  id: string
  title: string
  /** Empty where the site has none. */
  description: string
  /** The site, for people. */
  url: string
  /** Where each format of this document is read. */
  urls: Urls
  language: string
  author: FeedAuthor
  /** The address of a WebSub hub that passes changes on; null where there is none, and in archives. */
  hub: string | null
  history: History
  /** Null where this is no podcast. */
  podcast: Podcast | null
  /** The newest change of any entry; null for a feed without entries. */
  updated: Date | null
  entries: Entry[]
}

export type Urls = Record<FeedFormat, string>

/** Which part of all there is a document holds, and where the others are (RFC 5005). */
export type History = {
  /** True of a document with everything. */
  complete: boolean
  /** True of one that will not change any more. */
  archive: boolean
  /** The document that readers poll. */
  current: Urls
  /** The archives just before and after; null where there is none. */
  previous: Urls | null
  next: Urls | null
}

/** What podcast directories want to know of a feed. */
export type Podcast = {
  image: string
  category: string
  subcategory: string | null
  explicit: boolean
  author: string
  owner: { name: string; email: string } | null
  type: 'episodic' | 'serial'
}

/** A file that goes with an entry: its length is in bytes, its duration in seconds. */
export type Media = {
  url: string
  type: string
  length: number
  duration: number | null
  title: string | null
}

/** A post as feeds tell it. */
export type Entry = {
  id: string
  /** Absolute, as every address here. */
  url: string
  title: string
  published: Date
  /** Never before `published`. */
  updated: Date
  /** Plain text; empty where the post has no text. */
  summary: string
  /** The whole post, safe, with absolute addresses. */
  html: string
  /** Empty where neither the post nor the site names one. */
  authors: FeedAuthor[]
  tags: string[]
  language: string
  image: string | null
  /** Players take the first, and some readers show no other. */
  media: Media[]
  /** What directories want to know of an episode. */
  episode: Episode | null
}

/**
 * A name and perhaps a page, never an e-mail address: JSON Feed has no place for one, RSS wants one, and what stands
 * in a feed is harvested. An author who wants mail can say so on the page.
 */
export type FeedAuthor = { name: string; url: string | null }

/** The file of each format, in the order in which pages offer them: programs often take the first. */
export const FORMATS = {
  rss: { file: 'rss.xml', type: 'application/rss+xml', name: 'RSS' },
  atom: { file: 'atom.xml', type: 'application/atom+xml', name: 'Atom' },
  json: { file: 'feed.json', type: 'application/feed+json', name: 'JSON Feed' },
} as const satisfies Record<FeedFormat, { file: string; type: string; name: string }>

/** Whether a path below the folder that is served is one that only feeds have. */
export function isFeedFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return Object.values(FORMATS).some(({ file }) => file === name)
}

/** The file of an archive below its channel's folder; 1 is the oldest. */
export function archiveFile(format: FeedFormat, number: number): string {
  return `archive/${FORMATS[format].file.replace('.', `-${number}.`)}`
}

/** As `isFeedFile`, for archives of feeds. */
export function isArchiveFile(path: string): boolean {
  return /(?:^|\/)archive\/(?:rss-\d+\.xml|atom-\d+\.xml|feed-\d+\.json)$/.test(path)
}

/** What a channel's feed is called. A language is called as those who read it call it. */
export function feedTitle(config: Config, { kind, name }: Pick<Channel, 'kind' | 'name'>): string {
  if (kind === 'site') return config.site.title
  const shown = kind === 'language' ? new Intl.DisplayNames([name], { type: 'language' }).of(name) : name
  return `${config.site.title}: ${shown}`
}

/**
 * The address at which readers poll a file of the folder that is served, as it stands in the feed itself: hubs and
 * their subscribers compare it letter by letter.
 */
export function feedUrl(config: Config, path: string): string {
  return new URL(`${config.feeds.url}/${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`).href
}

/** What a page puts into `<link rel="alternate">` so that a reader given the page finds the feeds; not escaped. */
export function feedLinks(
  config: Config,
  channel: Pick<Channel, 'kind' | 'folder' | 'name'> = { kind: 'site', folder: '', name: '' },
): { href: string; type: string; title: string }[] {
  const title = feedTitle(config, channel)
  return Object.values(FORMATS).map(({ file, type, name }) => ({
    href: channelUrl(config.feeds.url, channel, file),
    type,
    title: `${title} (${name})`,
  }))
}
