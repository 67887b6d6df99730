import { parseAtomFeed, parseJsonFeed, parseRssFeed } from 'feedsmith'
import Parser from 'rss-parser'

/** What an independent parser finds in a feed: what is nowhere is null, so that all formats can be compared. */
export type Found = {
  title: string
  url: string
  language: string
  entries: FoundEntry[]
}

type FoundEntry = {
  id: string
  url: string
  title: string
  published: string
  summary: string
  html: string
  /** All names, since RSS has them in one. */
  authors: string
  tags: string[]
  language: string | null
}

export function readRss(document: string): Found {
  const rss = parseRssFeed(document)
  return {
    title: rss.title ?? '',
    url: rss.link ?? '',
    language: rss.language ?? '',
    entries: (rss.items ?? []).map((item) => ({
      id: item.guid?.value ?? '',
      url: item.link ?? '',
      title: item.title ?? '',
      published: seconds(item.pubDate),
      summary: htmlToText(item.description ?? ''),
      html: item.content?.encoded ?? '',
      authors: (item.dc?.creators ?? []).join(', '),
      tags: (item.categories ?? []).map((category) => category.name ?? ''),
      language: item.xml?.lang ?? null,
    })),
  }
}

export function readAtom(document: string): Found {
  const atom = parseAtomFeed(document)
  return {
    title: atom.title?.value ?? '',
    url: atom.links?.find((link) => link.rel === 'alternate')?.href ?? '',
    language: atom.xml?.lang ?? '',
    entries: (atom.entries ?? []).map((entry) => ({
      id: entry.id ?? '',
      url: entry.links?.find((link) => link.rel === 'alternate')?.href ?? '',
      title: entry.title?.value ?? '',
      published: seconds(entry.published),
      summary: entry.summary?.value ?? '',
      html: entry.content?.value ?? '',
      authors: (entry.authors ?? []).map((author) => author.name).join(', '),
      tags: (entry.categories ?? []).map((category) => category.term ?? ''),
      language: entry.xml?.lang ?? null,
    })),
  }
}

export function readJson(document: string): Found {
  const json = parseJsonFeed(document)
  return {
    title: json.title ?? '',
    url: json.home_page_url ?? '',
    language: json.language ?? '',
    entries: (json.items ?? []).map((item) => ({
      id: item.id ?? '',
      url: item.url ?? '',
      title: item.title ?? '',
      published: seconds(item.date_published),
      summary: item.summary ?? '',
      html: item.content_html ?? '',
      authors: (item.authors ?? []).map((author) => author.name).join(', '),
      tags: item.tags ?? [],
      language: item.language ?? null,
    })),
  }
}

/** A second opinion on RSS and Atom, from a strict XML parser: it throws where a document is not well-formed. */
export async function readStrictly(document: string): Promise<{ id: string; url: string; title: string }[]> {
  const found = await new Parser().parseString(document)
  return found.items.map((item) => ({
    id: item.guid ?? item.id ?? '',
    url: item.link ?? '',
    title: item.title ?? '',
  }))
}

function seconds(date: string | undefined): string {
  return new Date(date ?? '').toISOString()
}

function htmlToText(html: string): string {
  return html.replace(/&#x([0-9A-F]+);/g, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
}
