import { Feed as Generator } from 'feed'
import type { Entry, Feed, FeedAuthor } from './feed.ts'
import { element, type Fill, startFill } from './fill.ts'

/** The feed as Atom 1.0 (RFC 4287). */
export function renderAtom(feed: Feed): string {
  const fill = startFill()
  const atom = new Generator({
    id: fill.plain(feed.id),
    title: fill.text(feed.title),
    ...(feed.description ? { description: fill.text(feed.description) } : {}),
    link: fill.plain(feed.url),
    feedLinks: { atom: fill.plain(feed.urls.atom) },
    ...(feed.hub ? { hub: fill.plain(feed.hub) } : {}),
    // RFC 4287, 4.1.1: "atom:feed elements MUST contain exactly one atom:updated element." Where nothing was ever
    // published, the earliest time there is: today's would be another document tomorrow, and a later one would be
    // newer than an old post that comes first.
    updated: feed.updated ?? new Date(0),
    // "atom:feed elements MUST contain one or more atom:author elements, unless all of the atom:feed element's child
    // atom:entry elements contain at least one atom:author element."
    author: person(feed.author, fill),
    generator: 'Posthorn',
  })
  for (const entry of feed.entries) {
    atom.addItem({
      id: fill.plain(entry.id),
      title: fill.text(entry.title),
      link: fill.plain(entry.url),
      published: entry.published,
      date: entry.updated,
      ...(entry.summary ? { description: fill.text(entry.summary) } : {}),
      ...(entry.html ? { content: fill.html(entry.html) } : {}),
      author: entry.authors.map((author) => person(author, fill)),
      category: entry.tags.map((tag) => ({ term: fill.plain(tag) })),
    })
  }
  return `${fill.into(complete(atom.atom1(), feed, fill))}\n`
}

/**
 * What `feed` has no option for in Atom. No word of ours is in the markup yet, only tokens, so that a plain search
 * finds `feed`'s own tags and nothing else.
 */
function complete(markup: string, feed: Feed, fill: Fill): string {
  const starts = feed.entries.values()
  const ends = feed.entries.values()
  const { history } = feed
  const link = (rel: string, urls: Feed['urls'] | null) =>
    urls === null ? [] : [element('link', { rel, type: 'application/atom+xml', href: fill.plain(urls.atom) })]
  const head = [
    ...(history.complete ? [element('fh:complete', {})] : []),
    ...(history.archive ? [element('fh:archive', {}), ...link('current', history.current)] : []),
    ...link('prev-archive', history.previous),
    ...link('next-archive', history.next),
  ]
  return markup
    .replace('<feed ', `<feed xml:lang="${fill.plain(feed.language)}" ${NAMESPACES} `)
    .replace('<link rel="alternate" ', '<link rel="alternate" type="text/html" ')
    .replace('<link rel="self" ', '<link rel="self" type="application/atom+xml" ')
    .replaceAll('<link href=', '<link rel="alternate" type="text/html" href=')
    .replaceAll('<title type="html">', '<title type="text">')
    .replaceAll('<summary type="html">', '<summary type="text">')
    .replace(/(\s*)<link rel="self" [^>]*>/, (self, space) => self + head.map((tag) => space + tag).join(''))
    .replaceAll('<entry>', () => {
      const language = starts.next().value?.language ?? feed.language
      return language === feed.language ? '<entry>' : `<entry xml:lang="${fill.plain(language)}">`
    })
    .replaceAll('</entry>', () => {
      const tags = mediaTags(ends.next().value as Entry, fill)
      return `${tags.map((tag) => `    ${tag}\n    `).join('')}</entry>`
    })
}

const NAMESPACES =
  'xmlns:fh="http://purl.org/syndication/history/1.0" xmlns:media="http://search.yahoo.com/mrss/"'

function mediaTags({ image, media }: Entry, fill: Fill): string[] {
  return [
    ...media.map(({ url, type, length, title }) =>
      element('link', {
        rel: 'enclosure',
        type: fill.plain(type),
        length,
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
