import { type FeedOptions, Feed as Generator, type Item } from 'feed'
import type { Entry, Feed, FeedAuthor } from './feed.ts'
import { element, type Fill } from './fill.ts'
import { startShapes, type Write } from './shapes.ts'

const byShape = startShapes()

/** The feed as Atom 1.0 (RFC 4287). */
export function renderAtom(feed: Feed, write: Write = byShape): string {
  const entries = write(feed.entries, (entry, fill) => toItem(entry, feed, fill), entriesMarkup)
  return `${write(
    [feed],
    (_, fill) => toDocument(feed, entries, fill),
    (told) => told.map(documentMarkup).join(''),
  )}\n`
}

/** An entry for `feed`, and what it has no option for; the language is null where it is the feed's. */
type ToldEntry = { item: Item; tags: string[]; language: string | null }

function toItem(entry: Entry, feed: Feed, fill: Fill): ToldEntry {
  const item = {
    id: fill.plain(entry.id),
    title: fill.text(entry.title),
    link: fill.plain(entry.url),
    published: fill.date(entry.published.toISOString()),
    date: fill.date(entry.updated.toISOString()),
    ...(entry.summary ? { description: fill.text(entry.summary) } : {}),
    ...(entry.html ? { content: fill.html(entry.html) } : {}),
    author: entry.authors.map((author) => person(author, fill)),
    category: entry.tags.map((tag) => ({ term: fill.plain(tag) })),
  }
  const language = entry.language === feed.language ? null : fill.plain(entry.language)
  return { item, tags: mediaTags(entry, fill), language }
}

function entriesMarkup(told: ToldEntry[]): string {
  const atom = new Generator({ id: '', title: '' })
  for (const { item } of told) atom.addItem(item)
  const [entries] = /\s*<entry>.*<\/entry>/s.exec(atom.atom1()) as RegExpExecArray
  const starts = told.values()
  const ends = told.values()
  return entries
    .replaceAll('<link href=', '<link rel="alternate" type="text/html" href=')
    .replaceAll('<title type="html">', '<title type="text">')
    .replaceAll('<summary type="html">', '<summary type="text">')
    .replaceAll('<entry>', (start) => {
      const language = starts.next().value?.language ?? null
      return language === null ? start : `<entry xml:lang="${language}">`
    })
    .replaceAll('</entry>', (end) => {
      const tags = ends.next().value?.tags ?? []
      return `${tags.map((tag) => `    ${tag}\n    `).join('')}${end}`
    })
}

/** A feed for `feed`, what it has no option for, and the markup of the entries. */
type ToldDocument = { options: FeedOptions; tags: string[]; language: string; entries: string }

function toDocument(feed: Feed, entries: string, fill: Fill): ToldDocument {
  const options = {
    id: fill.plain(feed.id),
    title: fill.text(feed.title),
    ...(feed.description ? { description: fill.text(feed.description) } : {}),
    link: fill.plain(feed.url),
    feedLinks: { atom: fill.plain(feed.urls.atom) },
    ...(feed.hub ? { hub: fill.plain(feed.hub) } : {}),
    // RFC 4287, 4.1.1: "atom:feed elements MUST contain exactly one atom:updated element." Where nothing was ever
    // published, the earliest time there is: today's would be another document tomorrow, and a later one would be
    // newer than an old post that comes first.
    updated: fill.date((feed.updated ?? new Date(0)).toISOString()),
    // "atom:feed elements MUST contain one or more atom:author elements, unless all of the atom:feed element's child
    // atom:entry elements contain at least one atom:author element."
    author: person(feed.author, fill),
    generator: 'Posthorn',
  }
  const language = fill.plain(feed.language)
  return { options, tags: historyTags(feed, fill), language, entries: fill.markup(entries) }
}

/**
 * With what `feed` has no option for in Atom. No word of ours is in the markup yet, only tokens, so that a plain search
 * finds `feed`'s own tags and nothing else.
 */
function documentMarkup({ options, tags, language, entries }: ToldDocument): string {
  return new Generator(options)
    .atom1()
    .replace('<feed ', `<feed xml:lang="${language}" ${NAMESPACES} `)
    .replace('<link rel="alternate" ', '<link rel="alternate" type="text/html" ')
    .replace('<link rel="self" ', '<link rel="self" type="application/atom+xml" ')
    .replace(/(\s*)<link rel="self" [^>]*>/, (self, space) => self + tags.map((tag) => space + tag).join(''))
    .replace(/\s*<\/feed>/, (end) => entries + end)
}

function historyTags({ history }: Feed, fill: Fill): string[] {
  const link = (rel: string, urls: Feed['urls'] | null) =>
    urls === null ? [] : [element('link', { rel, type: 'application/atom+xml', href: fill.plain(urls.atom) })]
  return [
    ...(history.complete ? [element('fh:complete', {})] : []),
    ...(history.archive ? [element('fh:archive', {}), ...link('current', history.current)] : []),
    ...link('prev-archive', history.previous),
    ...link('next-archive', history.next),
  ]
}

const NAMESPACES =
  'xmlns:fh="http://purl.org/syndication/history/1.0" xmlns:media="http://search.yahoo.com/mrss/"'

function mediaTags({ image, media }: Entry, fill: Fill): string[] {
  return [
    ...media.map(({ url, type, length, title }) =>
      element('link', {
        rel: 'enclosure',
        type: fill.plain(type),
        length: fill.plain(`${length}`),
        title: title === null ? null : fill.text(title),
        href: fill.plain(url),
      }),
    ),
    ...(image ? [element('media:thumbnail', { url: fill.plain(image) })] : []),
  ]
}

function person(author: FeedAuthor, fill: Fill) {
  return { name: fill.text(author.name), ...(author.url ? { link: fill.plain(author.url) } : {}) }
}
