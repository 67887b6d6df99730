import { Feed as Generator } from 'feed'
import type { Entry, Feed } from './feed.ts'
import { escapeText, type Fill, startFill } from './fill.ts'

/** The feed as RSS 2.0 with `content:encoded`, `dc:creator` and `atom:link`. */
export function renderRss(feed: Feed): string {
  const fill = startFill()
  const rss = new Generator({
    title: fill.text(feed.title),
    link: fill.text(feed.url),
    // RSS demands a description of every channel, Atom and JSON Feed do not.
    description: fill.text(feed.description || feed.title),
    language: fill.text(feed.language),
    feedLinks: { rss: fill.text(feed.urls.rss) },
    updated: feed.updated ?? new Date(0),
    generator: 'Posthorn',
  })
  for (const entry of feed.entries) {
    rss.addItem({
      id: fill.text(entry.id),
      title: fill.text(entry.title),
      link: fill.text(entry.url),
      date: entry.published,
      ...description(entry, fill),
      ...(entry.html ? { content: fill.html(entry.html) } : {}),
      category: entry.tags.map((tag) => ({ name: fill.text(tag) })),
      extensions: [...creator(entry, fill), ...language(entry, feed, fill)],
    })
  }
  return `${fill.into(complete(rss.rss2(), feed))}\n`
}

// `feed` declares what it knows to be used, and does not look into extensions.
const ROOT =
  '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"' +
  ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'

/** No word of ours is in the markup yet, only tokens, so that a plain search finds `feed`'s own tags. */
function complete(markup: string, feed: Feed): string {
  const rooted = markup.replace(/<rss [^>]*>/, ROOT)
  // An empty feed has no date that is not made up, and RSS lets it have none.
  return feed.updated ? rooted : rooted.replace(/\s*<lastBuildDate>.*<\/lastBuildDate>/, '')
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
    : [{ name: '_attributes', objects: { 'xml:lang': fill.text(entry.language) } }]
}
