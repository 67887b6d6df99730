import { Feed as Generator } from 'feed'
import type { Entry, Feed, Media } from './feed.ts'
import { element, escapeText, type Fill, startFill } from './fill.ts'
import { episodeTags, showTags } from './itunes.ts'
import { mediaType } from './media.ts'

/** The feed as RSS 2.0 with the elements of other vocabularies that readers know: see `NAMESPACES`. */
export function renderRss(feed: Feed): string {
  const fill = startFill()
  const rss = new Generator({
    title: fill.text(feed.title),
    link: fill.plain(feed.url),
    // RSS demands a description of every channel, Atom and JSON Feed do not.
    description: fill.text(feed.description || feed.title),
    language: fill.plain(feed.language),
    feedLinks: { rss: fill.plain(feed.urls.rss) },
    ...(feed.hub ? { hub: fill.plain(feed.hub) } : {}),
    ...(feed.podcast ? { image: fill.plain(feed.podcast.image) } : {}),
    updated: feed.updated ?? new Date(0),
    generator: 'Posthorn',
  })
  for (const entry of feed.entries) {
    rss.addItem({
      id: fill.plain(entry.id),
      title: fill.text(entry.title),
      link: fill.plain(entry.url),
      date: entry.published,
      ...description(entry, fill),
      ...(entry.html ? { content: fill.html(entry.html) } : {}),
      category: entry.tags.map((tag) => ({ name: fill.text(tag) })),
      extensions: [...creator(entry, fill), ...language(entry, feed, fill)],
    })
  }
  return `${fill.into(complete(rss.rss2(), feed, fill))}\n`
}

const NAMESPACES = {
  'xmlns:atom': 'http://www.w3.org/2005/Atom',
  'xmlns:content': 'http://purl.org/rss/1.0/modules/content/',
  'xmlns:dc': 'http://purl.org/dc/elements/1.1/',
  'xmlns:fh': 'http://purl.org/syndication/history/1.0',
  'xmlns:media': 'http://search.yahoo.com/mrss/',
}
const ITUNES = { 'xmlns:itunes': 'http://www.itunes.com/dtds/podcast-1.0.dtd' }

/**
 * What `feed` has no option for, or puts behind the items, where validators want nothing. No word of ours is in the
 * markup yet, only tokens, so that a plain search finds `feed`'s own tags and nothing else.
 */
function complete(markup: string, feed: Feed, fill: Fill): string {
  const entries = feed.entries.values()
  const root = element('rss', { version: '2.0', ...NAMESPACES, ...(feed.podcast ? ITUNES : {}) }, '\n')
  const head = [...historyTags(feed, fill), ...(feed.podcast ? showTags(feed.podcast, fill) : [])]
  return (
    markup
      .replace(/<rss [^>]*>/, root.slice(0, root.indexOf('\n')))
      // Nobody needs to be told where RSS is explained.
      .replace(/\s*<docs>.*<\/docs>/, '')
      // An empty feed has no date that is not made up, and RSS lets it have none.
      .replace(/\s*<lastBuildDate>.*<\/lastBuildDate>/, (date) => (feed.updated ? date : ''))
      .replace(
        /(\s*)<atom:link [^>]*rel="self"[^>]*>/,
        (self, space) => self + head.map((tag) => space + tag).join(''),
      )
      .replaceAll('</item>', () => {
        const tags = entryTags(entries.next().value as Entry, feed, fill)
        return `${tags.map((tag) => `    ${tag}\n        `).join('')}</item>`
      })
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
    ...(entry.updated > entry.published ? [element('atom:updated', {}, entry.updated.toISOString())] : []),
    // RSS 2.0 lets several enclosures be, or forbids them; programs take the first or the last. Media RSS has several.
    ...(first
      ? [
          element('enclosure', {
            url: fill.plain(first.url),
            length: first.length,
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
    fileSize: length,
    type: fill.plain(type),
    medium: ['image', 'audio', 'video'].includes(medium) ? medium : 'document',
    duration,
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
