/** What the feeds of a channel say: posts as entries, in words that all three formats can hold. */
import type { Config } from '../config.ts'
import { cleanText } from '../posts/characters.ts'
import { type Author, correctedAt, type Post } from '../posts/post.ts'
import { resolveMedia } from '../posts/resolve.ts'
import { type Channel, channelUrl } from './channel.ts'
import { type Entry, type Feed, type FeedAuthor, FORMATS } from './feed.ts'

/** The feed of a channel at `now`, with these posts of it, newest first. */
export function toFeed(channel: Channel, posts: Post[], config: Config, now: Date): Feed {
  const entries = posts.map((post) => toEntry(post, now))
  const site = new URL(config.site.url).href
  const title = line(config.site.title)
  const page = channel.kind === 'site' ? site : channelUrl(config.site.url, channel)
  return {
    id: page,
    title: channel.kind === 'site' ? title : `${title}: ${line(channel.name)}`,
    description: channel.kind === 'site' ? line(config.site.description) : '',
    url: page,
    urls: {
      rss: channelUrl(config.feeds.url, channel, FORMATS.rss.file),
      atom: channelUrl(config.feeds.url, channel, FORMATS.atom.file),
      json: channelUrl(config.feeds.url, channel, FORMATS.json.file),
    },
    language: channel.kind === 'language' ? channel.name : config.site.language,
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
    html: post.html,
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
