/** What a file is, by its path: its media type, how long others may keep it, and whether it is a feed. */
import { getMimeType } from 'hono/utils/mime'
import type { Config } from '../config.ts'
import { type FeedFormat, FORMATS, feedUrl } from '../feeds/feed.ts'

export type Kind = {
  /** Content-Type. */
  type: string
  /** Cache-Control. */
  cache: string
  /** Which headers of a request choose among its answers. */
  vary: string
  /** Null for what is no feed. */
  feed: FeedKind | null
  /** True for what pages of others show, also those that keep everything else out. */
  anywhere: boolean
}

export type FeedKind = {
  format: FeedFormat
  /** Its own address, for people and hubs. */
  url: string
  /** The header Link. */
  link: string
  /** The same feed as JSON, from which its page for people is made. */
  json: string
}

// `path/` of a channel, then a feed of it or an archive of that (RFC 5005).
const FEED = /^(.*\/)?(?:(archive)\/)?(rss|atom|feed)(-\d+)?\.(xml|json)$/

/** @param path below the feeds folder */
export function kindOf(path: string, config: Config): Kind {
  const feed = feedKind(path, config)
  const type = feed ? `${FORMATS[feed.format].type}; charset=utf-8` : mediaType(path)
  return {
    type,
    cache: feed ? feedCache(config) : fileCache(type),
    // The same on every answer, or a cache would take an answer to one request for the answer to another.
    vary: feed ? 'Accept-Encoding, A-IM, Sec-Fetch-Dest' : 'Accept-Encoding',
    feed,
    anywhere: false,
  }
}

/** A picture of a mail, which is another one as soon as its name is. */
export function mediaKind(path: string): Kind {
  return {
    type: mediaType(path),
    cache: 'public, max-age=31536000, immutable',
    vary: 'Accept-Encoding',
    feed: null,
    anywhere: true,
  }
}

function feedKind(path: string, config: Config): FeedKind | null {
  const [whole, channel = '', archive, name, number = '', ending] = FEED.exec(path) ?? []
  if (whole === undefined || (archive !== undefined) !== (number !== '')) return null
  const format = name === 'feed' ? 'json' : (name as 'rss' | 'atom')
  if ((format === 'json') !== (ending === 'json')) return null
  const url = feedUrl(config, path)
  const { hub } = config.feeds
  // WebSub, 4: "The publisher [...] MUST include [...] at least one Link Header with rel=hub [...] and exactly one Link
  // Header with rel=self".
  const link = [`<${url}>; rel="self"`, ...(hub ? [`<${hub}>; rel="hub"`] : [])].join(', ')
  return { format, url, link, json: `${channel}${archive ? 'archive/' : ''}feed${number}.json` }
}

/**
 * How long a reader need not ask again. The worker may publish each minute, and asking costs a 304, so it is short:
 * 5 minutes is less than anybody waits between two polls, and no proxy shows an old feed for longer. A hub asks at once
 * when it is pinged, perhaps through such a proxy, so with one it is a minute.
 */
function feedCache(config: Config): string {
  return `public, max-age=${config.feeds.hub ? 60 : 300}`
}

/** Pages are asked for again each time, which is one 304. Pictures hardly ever change under their name. */
function fileCache(type: string): string {
  return /^(?:image|audio|video|font)\//.test(type)
    ? 'public, max-age=3600, stale-while-revalidate=86400'
    : 'no-cache'
}

// What hono does not know.
const TYPES: Record<string, string> = {
  br: 'application/octet-stream',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  opml: 'text/x-opml; charset=utf-8',
}

function mediaType(path: string): string {
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  return TYPES[ending] ?? getMimeType(path) ?? 'application/octet-stream'
}
