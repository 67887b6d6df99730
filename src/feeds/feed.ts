import type { Config } from '../config.ts'

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

/** What a page puts into `<link rel="alternate">` so that a reader given the page finds the feeds; not escaped. */
export function feedLinks(config: Config): { href: string; type: string; title: string }[] {
  return Object.values(FORMATS).map(({ file, type, name }) => ({
    href: feedUrl(config, file),
    type,
    title: `${config.site.title} (${name})`,
  }))
}

/** The address at which readers poll a file of the feeds folder. */
export function feedUrl(config: Config, file: string): string {
  return new URL(`${config.feeds.url}/${file}`).href
}
