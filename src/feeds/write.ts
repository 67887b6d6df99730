import { join, relative } from 'node:path'
import type { Config } from '../config.ts'
import { replaceFile } from '../file.ts'
import { cleanText } from '../posts/characters.ts'
import { toHtml } from '../posts/html.ts'
import { type Author, correctedAt, isPublic, newestFirst, type Post } from '../posts/post.ts'
import { resolveMedia } from '../posts/resolve.ts'
import { renderAtom } from './atom.ts'
import { type Entry, type Feed, type FeedAuthor, FORMATS, feedUrl } from './feed.ts'
import { renderJson } from './json.ts'
import { renderRss } from './rss.ts'

/** `file` as the author would type it, relative to the site's folder; `written` is false where it was the same. */
export type WrittenFeed = { file: string; bytes: number; entries: number; written: boolean }

const DOCUMENTS = [
  { file: FORMATS.rss.file, render: renderRss },
  { file: FORMATS.atom.file, render: renderAtom },
  { file: FORMATS.json.file, render: renderJson },
]

/**
 * Writes the newest posts to `rss.xml`, `atom.xml` and `feed.json` in the feeds folder. The same posts give the same
 * bytes on any day and machine, and a file that would not change is left alone, so that those who poll it get a 304.
 *
 * @param posts all posts, in any order; drafts, future ones and those with `feed: false` are left out here.
 * @param now which posts and corrections have come by now; it is written nowhere.
 * @throws UserError where a file cannot be written; those before it are whole and new, those after it whole and old
 */
export async function writeFeeds(posts: Post[], config: Config, now: Date): Promise<WrittenFeed[]> {
  const feed = toFeed(posts, config, now)
  const documents = DOCUMENTS.map(({ file, render }) => ({
    path: join(config.feeds.folder, file),
    bytes: Buffer.from(render(feed)),
  }))
  const done: WrittenFeed[] = []
  for (const { path, bytes } of documents) {
    const written = await replaceFile(path, bytes)
    const file = relative(config.folder, path).replaceAll('\\', '/')
    done.push({ file, bytes: bytes.length, entries: feed.entries.length, written })
  }
  return done
}

/** What the feeds say at `now`: the newest public posts, as many as the configuration wants. */
export function toFeed(posts: Post[], config: Config, now: Date): Feed {
  const entries = newestFirst(posts.filter((post) => post.feed && isPublic(post, now)))
    .slice(0, config.feeds.entries)
    .map((post) => toEntry(post, now))
  const site = new URL(config.site.url).href
  const title = line(config.site.title)
  return {
    id: site,
    title,
    description: line(config.site.description),
    url: site,
    urls: {
      rss: feedUrl(config, FORMATS.rss.file),
      atom: feedUrl(config, FORMATS.atom.file),
      json: feedUrl(config, FORMATS.json.file),
    },
    language: config.site.language,
    author: people(config.site.author ? [config.site.author] : [], site)[0] ?? { name: title, url: null },
    updated: newest(entries.map((entry) => entry.updated)),
    entries,
  }
}

function toEntry(post: Post, now: Date): Entry {
  const url = new URL(post.url).href
  return {
    id: post.id,
    url,
    title: line(post.title),
    published: wholeSecond(post.date),
    updated: wholeSecond(lastChange(post, now)),
    summary: line(post.summary),
    html: toHtml(post.body, url),
    authors: people(post.authors, url),
    tags: [...new Set(post.tags.map(line))].filter((tag) => tag !== ''),
    language: post.language,
    image: post.image === null ? null : resolveMedia(post.image, url),
  }
}

/**
 * The author's word, unless it cannot be true: nothing changes before it is published, and a reader that has seen a
 * date of next year takes every change until then for an old one.
 */
function lastChange(post: Post, now: Date): Date {
  return correctedAt(post, now) ?? post.date
}

/** RSS has no finer times, and the three are to say the same. */
function wholeSecond(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000)
}

function newest(dates: Date[]): Date | null {
  return dates.reduce<Date | null>((latest, date) => (latest && latest >= date ? latest : date), null)
}

function people(authors: Pick<Author, 'name' | 'url'>[], base: string): FeedAuthor[] {
  return authors
    .map(({ name, url }) => ({ name: line(name), url: resolveMedia(url ?? '', base) }))
    .filter(({ name }) => name !== '')
}

/** Text on one line, so that the readers who keep white space and those who do not agree. */
function line(text: string): string {
  return cleanText(text)
    .replace(/[\t\n ]+/g, ' ')
    .trim()
}
