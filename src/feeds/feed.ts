import type { Config } from '../config.ts'
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
  /** Where each format of this feed is read. */
  urls: Record<FeedFormat, string>
  language: string
  author: FeedAuthor
  /** The newest change of any entry; null for a feed without entries. */
  updated: Date | null
  entries: Entry[]
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

/** The address at which readers poll a file of the folder that is served. */
export function feedUrl(config: Config, path: string): string {
  return new URL(`${config.feeds.url}/${path}`).href
}

/** What a page puts into `<link rel="alternate">` so that a reader given the page finds the feeds; not escaped. */
export function feedLinks(
  config: Config,
  channel: Pick<Channel, 'kind' | 'folder' | 'name'> = { kind: 'site', folder: '', name: '' },
): { href: string; type: string; title: string }[] {
  const title = channel.kind === 'site' ? config.site.title : `${config.site.title}: ${channel.name}`
  return Object.values(FORMATS).map(({ file, type, name }) => ({
    href: channelUrl(config.feeds.url, channel, file),
    type,
    title: `${title} (${name})`,
  }))
}
