/** Five programs that read feeds and are not ours, brought to one form. A field that one of them has no word for is left out. */
import { extractFromJson, extractFromXml } from '@extractus/feed-extractor'
import { parseFeed as parseWithRowanmanning } from '@rowanmanning/feed-parser'
import FeedParser from 'feedparser'
import Parser from 'rss-parser'
import type { FeedFormat } from '../../src/feeds/feed.ts'
import { readAtom, readJson, readRss } from './read-back.ts'

export type ReadEntry = {
  id: string
  url: string
  title: string
  published: string
  updated?: string
  authors?: string
  tags?: string[]
  language?: string | null
  html?: string
}

export type Reader = {
  name: string
  formats: FeedFormat[]
  read(document: string): Promise<ReadEntry[]>
  /** Takes what looks like a tag out of a title, whatever one does. */
  stripsTags?: true
  /** Where it shows the date of the last change as that of the post. */
  showsUpdated?: FeedFormat[]
}

export const READERS: Reader[] = [
  {
    name: 'feedsmith (RSS)',
    formats: ['rss'],
    read: async (document) => readRss(document).entries,
  },
  {
    name: 'feedsmith (Atom)',
    formats: ['atom'],
    read: async (document) => readAtom(document).entries,
  },
  {
    name: 'feedsmith (JSON)',
    formats: ['json'],
    read: async (document) => readJson(document).entries,
  },
  { name: 'rss-parser', formats: ['rss', 'atom'], read: readWithRssParser },
  { name: 'feedparser', formats: ['rss', 'atom'], read: readWithFeedParser, stripsTags: true },
  { name: '@rowanmanning/feed-parser', formats: ['rss', 'atom'], read: readWithRowanmanning },
  {
    name: '@extractus/feed-extractor',
    formats: ['rss', 'atom'],
    read: readWithExtractor,
    showsUpdated: ['atom'],
  },
  { name: '@extractus/feed-extractor (JSON)', formats: ['json'], read: readJsonWithExtractor },
]

async function readWithRssParser(document: string): Promise<ReadEntry[]> {
  const { items } = await new Parser().parseString(document)
  return items.map((item) => ({
    id: text(item.guid ?? item.id),
    url: text(item.link),
    // An empty title with an attribute is an object to it.
    title: typeof item.title === 'string' ? item.title : '',
    published: time(item.isoDate),
    html: text(item['content:encoded'] ?? item.content),
    // Of an Atom entry's authors and categories it gives the first, and an object.
    ...(document.includes('<rss') ? { authors: text(item.creator), tags: item.categories ?? [] } : {}),
  }))
}

async function readWithFeedParser(document: string): Promise<ReadEntry[]> {
  const parser = new FeedParser({ addmeta: false })
  parser.end(document)
  const entries: ReadEntry[] = []
  for await (const item of parser)
    entries.push({
      id: text(item.guid),
      url: text(item.link),
      title: text(item.title),
      published: time(item.pubdate),
      ...(document.includes('<rss') ? {} : { updated: time(item.date) }),
      tags: item.categories,
    })
  return entries
}

async function readWithRowanmanning(document: string): Promise<ReadEntry[]> {
  return parseWithRowanmanning(document).items.map((item) => ({
    id: text(item.id),
    url: text(item.url),
    title: text(item.title),
    published: time(item.published),
    html: text(item.content),
    authors: item.authors.map((author) => author.name).join(', '),
    tags: item.categories.map((category) => category.term),
  }))
}

async function readWithExtractor(document: string): Promise<ReadEntry[]> {
  return (extractFromXml(document, { descriptionMaxLen: 0 }).entries ?? []).map(extracted)
}

async function readJsonWithExtractor(document: string): Promise<ReadEntry[]> {
  return (extractFromJson(JSON.parse(document), { descriptionMaxLen: 0 }).entries ?? []).map(extracted)
}

function extracted(entry: {
  id: string
  link?: string
  title?: string
  published?: Date | string
}): ReadEntry {
  return {
    id: text(entry.id),
    url: text(entry.link),
    title: text(entry.title),
    published: time(entry.published),
  }
}

function text(value: string | null | undefined): string {
  return value ?? ''
}

function time(value: Date | string | null | undefined): string {
  return new Date(value ?? '').toISOString()
}
