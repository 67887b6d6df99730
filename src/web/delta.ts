/**
 * What is new in a feed, for readers that say which version they have and `A-IM: feed` (RFC 3229, with the instance
 * manipulation "feed" by Bob Wyman): the feed with the new and changed entries alone, a twentieth of its bytes when
 * one post of twenty is new. Newsboat and feedparser ask for it.
 *
 * An entry is known by a hash of it, so nothing has to be understood but where entries begin and end: what a reader
 * has not seen in these very bytes is new to it. The versions that were given out by this process are remembered;
 * whoever has an older one gets the whole feed.
 */
import { hash } from 'node:crypto'
import type { FeedFormat } from '../feeds/feed.ts'

/** How many versions of a feed are remembered, and of how many feeds. */
const VERSIONS = 50
const FEEDS = 500

export type Memory = {
  /** Takes note of a version that readers may have from now on. */
  remember(path: string, version: string, bytes: Buffer, format: FeedFormat): void
  /** The newest of these versions of a feed that is known; null where none is. */
  newestKnown(path: string, versions: string[]): string | null
  /** A feed of the entries that its `base` did not have; null where that would be all of them, or is not known. */
  since(path: string, base: string, bytes: Buffer, format: FeedFormat): Buffer | null
}

export function openMemory(): Memory {
  // Maps give their keys in the order in which they were set: the first is the oldest.
  const feeds = new Map<string, Map<string, Set<string>>>()
  return {
    remember(path, version, bytes, format) {
      const parts = splitFeed(bytes.toString(), format)
      if (parts === null) return
      const versions = feeds.get(path) ?? new Map<string, Set<string>>()
      feeds.delete(path)
      feeds.set(path, versions)
      versions.delete(version)
      versions.set(version, new Set(parts.filter((part) => part.entry).map((part) => nameOf(part.text))))
      dropOldest(versions, VERSIONS)
      dropOldest(feeds, FEEDS)
    },
    newestKnown(path, versions) {
      return [...(feeds.get(path)?.keys() ?? [])].findLast((known) => versions.includes(known)) ?? null
    },
    since(path, base, bytes, format) {
      const seen = feeds.get(path)?.get(base)
      const parts = splitFeed(bytes.toString(), format)
      if (seen === undefined || parts === null) return null
      const isOld = (part: Part) => part.entry && seen.has(nameOf(part.text))
      return parts.some(isOld) ? Buffer.from(joinFeed(parts, isOld, format)) : null
    },
  }
}

/** A feed cut where its entries begin and end: joined again, the parts are the document. */
type Part = { text: string; entry: boolean }

function splitFeed(text: string, format: FeedFormat): Part[] | null {
  return format === 'json' ? splitJson(text) : splitXml(text, format === 'rss' ? 'item' : 'entry')
}

function joinFeed(parts: Part[], isLeftOut: (part: Part) => boolean, format: FeedFormat): string {
  const kept = parts.filter((part) => !isLeftOut(part))
  if (format !== 'json')
    return kept.map((part) => (part.entry ? part.text : withoutComplete(part.text))).join('')
  const [head, ...items] = kept.map((part): unknown => JSON.parse(part.text))
  return `${JSON.stringify({ ...(head as object), items })}\n`
}

// What may hold anything that looks like a tag comes first, so that an `<item>` in an author's text is none.
const OPAQUE = '<!\\[CDATA\\[[\\s\\S]*?\\]\\]>|<!--[\\s\\S]*?-->|<\\?[\\s\\S]*?\\?>'

/** Null where an entry does not end, or begins in another one. */
function splitXml(text: string, name: 'item' | 'entry'): Part[] | null {
  const parts: Part[] = []
  let cut = 0
  let inside = false
  for (const found of text.matchAll(new RegExp(`${OPAQUE}|<(/?)${name}(?=[\\s>])[^>]*>`, 'g'))) {
    const [tag, slash] = found
    if (slash === undefined) continue
    const ends = slash === '/'
    if (ends !== inside) return null
    // The white space before an entry comes and goes with it.
    const place = ends ? found.index + tag.length : cut + text.slice(cut, found.index).trimEnd().length
    parts.push({ text: text.slice(cut, place), entry: ends })
    cut = place
    inside = !inside
  }
  return inside ? null : [...parts, { text: text.slice(cut), entry: false }]
}

/**
 * RFC 5005, 2: a complete feed is "a document that contains the entire set of the feed's entries", and who reads one
 * forgets what is not in it. The feed may be one, what is new in it is not.
 */
function withoutComplete(text: string): string {
  const complete = new RegExp(`${OPAQUE}|\\s*<fh:complete\\s*(?:/>|>\\s*</fh:complete\\s*>)`, 'g')
  return text.replace(complete, (found) => (/^\s*<fh:/.test(found) ? '' : found))
}

/** The feed without its items, then each of these. */
function splitJson(text: string): Part[] | null {
  let feed: unknown
  try {
    feed = JSON.parse(text)
  } catch {
    // A file of that name that the author has put there, and that is no feed: it is served as it is.
    return null
  }
  if (typeof feed !== 'object' || feed === null || !('items' in feed) || !Array.isArray(feed.items))
    return null
  const { items, ...head } = feed as { items: unknown[] }
  return [
    { text: JSON.stringify(head), entry: false },
    ...items.map((item) => ({ text: JSON.stringify(item), entry: true })),
  ]
}

function nameOf(entry: string): string {
  return hash('sha256', entry.trim(), 'base64').slice(0, 20)
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}

/** Whether `A-IM` asks for it: `A-IM: feed`, `A-IM: vcdiff, feed;q=0.5`. */
export function wantsDelta(header: string | undefined): boolean {
  return (header ?? '')
    .split(',')
    .some((each) => /^\s*feed\s*(?:;(?!\s*q\s*=\s*0(?:\.0*)?\s*$).*)?$/i.test(each))
}
