import { Feed as Generator } from 'feed'
import type { Feed, FeedAuthor } from './feed.ts'
import { type Fill, startFill } from './fill.ts'

/** The feed as Atom 1.0 (RFC 4287). */
export function renderAtom(feed: Feed): string {
  const fill = startFill()
  const atom = new Generator({
    id: fill.text(feed.id),
    title: fill.text(feed.title),
    ...(feed.description ? { description: fill.text(feed.description) } : {}),
    link: fill.text(feed.url),
    feedLinks: { atom: fill.text(feed.urls.atom) },
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
      id: fill.text(entry.id),
      title: fill.text(entry.title),
      link: fill.text(entry.url),
      published: entry.published,
      date: entry.updated,
      ...(entry.summary ? { description: fill.text(entry.summary) } : {}),
      ...(entry.html ? { content: fill.html(entry.html) } : {}),
      author: entry.authors.map((author) => person(author, fill)),
      category: entry.tags.map((tag) => ({ term: fill.text(tag) })),
    })
  }
  return `${fill.into(complete(atom.atom1(), feed, fill))}\n`
}

/**
 * What `feed` has no option for in Atom. No word of ours is in the markup yet, only tokens, so that a plain search
 * finds `feed`'s own tags and nothing else.
 */
function complete(markup: string, feed: Feed, fill: Fill): string {
  const entries = feed.entries.values()
  return markup
    .replace('<feed ', `<feed xml:lang="${fill.text(feed.language)}" `)
    .replace('<link rel="alternate" ', '<link rel="alternate" type="text/html" ')
    .replace('<link rel="self" ', '<link rel="self" type="application/atom+xml" ')
    .replaceAll('<link href=', '<link rel="alternate" type="text/html" href=')
    .replaceAll('<title type="html">', '<title type="text">')
    .replaceAll('<summary type="html">', '<summary type="text">')
    .replaceAll('<entry>', () => {
      const language = entries.next().value?.language ?? feed.language
      return language === feed.language ? '<entry>' : `<entry xml:lang="${fill.text(language)}">`
    })
}

function person(author: FeedAuthor, fill: Fill) {
  return { name: fill.text(author.name), ...(author.url ? { link: fill.text(author.url) } : {}) }
}
