import { type FeedOptions, Feed as Generator, type Item } from 'feed'
import type { Entry, Feed, Media } from './feed.ts'
import { element, escapeText, type Fill } from './fill.ts'
import { episodeTags, showTags } from './itunes.ts'
import { mediaType } from './media.ts'
import { startShapes, type Write } from './shapes.ts'

const byShape = startShapes()

/** The feed as RSS 2.0 with the elements of other vocabularies that readers know: see `NAMESPACES`. */
export function renderRss(feed: Feed, write: Write = byShape): string {
  const items = write(feed.entries, (entry, fill) => toItem(entry, feed, fill), itemsMarkup)
  return `${write(
    [feed],
    (_, fill) => toChannel(feed, items, fill),
    (told) => told.map(channelMarkup).join(''),
  )}\n`
}

/** An entry for `feed`, and the elements that it has no option for. */
type ToldItem = { item: Item; tags: string[] }

function toItem(entry: Entry, feed: Feed, fill: Fill): ToldItem {
  const item = {
    id: fill.plain(entry.id),
    title: fill.text(entry.title),
    link: fill.plain(entry.url),
    date: fill.date(entry.published.toUTCString()),
    ...description(entry, fill),
    ...(entry.html ? { content: fill.html(entry.html) } : {}),
    category: entry.tags.map((tag) => ({ name: fill.text(tag) })),
    extensions: [...creator(entry, fill), ...language(entry, feed, fill)],
  }
  return { item, tags: entryTags(entry, feed, fill) }
}

function itemsMarkup(told: ToldItem[]): string {
  const rss = new Generator({ title: '' })
  for (const { item } of told) rss.addItem(item)
  const [items] = /\s*<item[ >].*<\/item>/s.exec(rss.rss2()) as RegExpExecArray
  const each = told.values()
  return items.replaceAll('</item>', (end) => {
    const tags = each.next().value?.tags ?? []
    return `${tags.map((tag) => `    ${tag}\n        `).join('')}${end}`
  })
}

const NAMESPACES = {
  'xmlns:atom': 'http://www.w3.org/2005/Atom',
  'xmlns:content': 'http://purl.org/rss/1.0/modules/content/',
  'xmlns:dc': 'http://purl.org/dc/elements/1.1/',
  'xmlns:fh': 'http://purl.org/syndication/history/1.0',
  'xmlns:media': 'http://search.yahoo.com/mrss/',
}
const ITUNES = { 'xmlns:itunes': 'http://www.itunes.com/dtds/podcast-1.0.dtd' }

/** A feed for `feed`, what it has no option for, and the markup of the items. */
type ToldChannel = {
  options: FeedOptions
  tags: string[]
  isPodcast: boolean
  isDated: boolean
  items: string
}

function toChannel(feed: Feed, items: string, fill: Fill): ToldChannel {
  const options = {
    title: fill.text(feed.title),
    link: fill.plain(feed.url),
    // RSS demands a description of every channel, Atom and JSON Feed do not.
    description: fill.text(feed.description || feed.title),
    language: fill.plain(feed.language),
    feedLinks: { rss: fill.plain(feed.urls.rss) },
    ...(feed.hub ? { hub: fill.plain(feed.hub) } : {}),
    ...(feed.podcast ? { image: fill.plain(feed.podcast.image) } : {}),
    updated: fill.date((feed.updated ?? new Date(0)).toUTCString()),
    generator: 'Posthorn',
  }
  const tags = [...historyTags(feed, fill), ...(feed.podcast ? showTags(feed.podcast, fill) : [])]
  const isPodcast = feed.podcast !== null
  return { options, tags, isPodcast, isDated: feed.updated !== null, items: fill.markup(items) }
}

/**
 * With what `feed` has no option for, or puts behind the items, where validators want nothing. No word of ours is in
 * the markup yet, only tokens, so that a plain search finds `feed`'s own tags and nothing else.
 */
function channelMarkup({ options, tags, isPodcast, isDated, items }: ToldChannel): string {
  const root = element('rss', { version: '2.0', ...NAMESPACES, ...(isPodcast ? ITUNES : {}) }, '\n')
  return (
    new Generator(options)
      .rss2()
      .replace(/<rss [^>]*>/, root.slice(0, root.indexOf('\n')))
      // Nobody needs to be told where RSS is explained.
      .replace(/\s*<docs>.*<\/docs>/, '')
      // An empty feed has no date that is not made up, and RSS lets it have none.
      .replace(/\s*<lastBuildDate>.*<\/lastBuildDate>/, (date) => (isDated ? date : ''))
      .replace(
        /(\s*)<atom:link [^>]*rel="self"[^>]*>/,
        (self, space) => self + tags.map((tag) => space + tag).join(''),
      )
      .replace(/\s*<\/channel>/, (end) => items + end)
  )
}

// RFC 5005, Appendix B, uses its elements and Atom's links in RSS.
function historyTags({ history }: Feed, fill: Fill): string[] {
  const link = (rel: string, urls: Feed['urls'] | null) =>
    urls === null
      ? []
      : [element('atom:link', { href: fill.plain(urls.rss), rel, type: 'application/rss+xml' })]
  return [
    ...(history.complete ? [element('fh:complete', {})] : []),
    ...(history.archive ? [element('fh:archive', {}), ...link('current', history.current)] : []),
    ...link('prev-archive', history.previous),
    ...link('next-archive', history.next),
  ]
}

function entryTags(entry: Entry, feed: Feed, fill: Fill): string[] {
  const [first, ...more] = entry.media
  return [
    // RSS knows no corrections. Whoever looks for one knows Atom's word; without one it would say nothing new.
    ...(entry.updated > entry.published
      ? [element('atom:updated', {}, fill.plain(entry.updated.toISOString()))]
      : []),
    // RSS 2.0 lets several enclosures be, or forbids them; programs take the first or the last. Media RSS has several.
    ...(first
      ? [
          element('enclosure', {
            url: fill.plain(first.url),
            length: fill.plain(`${first.length}`),
            type: fill.plain(first.type),
          }),
        ]
      : []),
    ...(entry.image ? [picture(entry.image, fill)] : []),
    ...more.map((file) => mediaContent(file, fill)),
    ...(feed.podcast ? episodeTags(entry, feed.podcast, fill) : []),
  ]
}

function picture(url: string, fill: Fill): string {
  return element('media:content', { url: fill.plain(url), medium: 'image', type: mediaType(url) })
}

function mediaContent({ url, type, length, duration, title }: Media, fill: Fill): string {
  const [medium = ''] = type.split('/')
  const attributes = {
    url: fill.plain(url),
    fileSize: fill.plain(`${length}`),
    type: fill.plain(type),
    medium: ['image', 'audio', 'video'].includes(medium) ? medium : 'document',
    duration: duration === null ? null : fill.plain(`${duration}`),
  }
  return element('media:content', attributes, title ? element('media:title', {}, fill.text(title)) : '')
}

// RSS readers take a description for HTML, so plain text has to be written as HTML or `a < b` becomes a tag.
function description(entry: Entry, fill: Fill) {
  return entry.summary ? { description: fill.html(escapeText(entry.summary)) } : {}
}

// `author` would have to be an e-mail address. All names stand in one element: of several, readers show only one.
function creator(entry: Entry, fill: Fill) {
  const names = entry.authors.map((author) => author.name).join(', ')
  return names ? [{ name: 'dc:creator', objects: { _text: fill.text(names) } }] : []
}

// RSS has a language for the channel alone; for an item there is XML's own. `_attributes` is what `feed`'s XML writer
// calls the attributes of the element that the extension stands in.
function language(entry: Entry, feed: Feed, fill: Fill) {
  return entry.language === feed.language
    ? []
    : [{ name: '_attributes', objects: { 'xml:lang': fill.plain(entry.language) } }]
}
