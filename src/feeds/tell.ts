/** What the feeds of a channel say: posts as entries, in words that all three formats can hold. */
import type { Config } from '../config.ts'
import { escapeHtml } from '../markup.ts'
import { cleanText } from '../posts/characters.ts'
import { type Author, correctedAt, type Post } from '../posts/post.ts'
import { resolveMedia } from '../posts/resolve.ts'
import { type Channel, channelUrl } from './channel.ts'
import {
  archiveFile,
  type Entry,
  type Feed,
  type FeedAuthor,
  FORMATS,
  feedTitle,
  type Media,
  type Podcast,
  type Urls,
} from './feed.ts'
import type { Fitted } from './size.ts'

/** One document of a channel's feed. */
export type Part = Fitted & {
  /** Its number where it is an archive; null for the current one. */
  archive: number | null
  /** How many archives there are. */
  archives: number
  complete: boolean
}

/**
 * A document of a channel's feed.
 *
 * @param now which corrections have come by now; it is told nowhere
 * @param mediaOf the files of posts that have any
 */
export function toFeed(
  channel: Channel,
  part: Part,
  config: Config,
  now: Date,
  mediaOf: (post: Post) => Media[] = () => [],
): Feed {
  const entries = part.posts.map((post) => toEntry(post, part.shortened.has(post), mediaOf(post), now))
  const site = new URL(config.site.url).href
  const title = line(config.site.title)
  const page = channel.kind === 'site' ? site : channelUrl(config.site.url, channel)
  const urls = (number: number | null): Urls => ({
    rss: documentUrl('rss', number, channel, config),
    atom: documentUrl('atom', number, channel, config),
    json: documentUrl('json', number, channel, config),
  })
  const { archive, archives, complete } = part
  const before = archive === null ? archives : archive - 1
  return {
    id: page,
    title: line(feedTitle(config, channel)),
    description: channel.kind === 'site' ? line(config.site.description) : '',
    url: page,
    urls: urls(archive),
    language: channel.kind === 'language' ? channel.name : config.site.language,
    author: people(config.site.author ? [config.site.author] : [], site)[0] ?? { name: title, url: null },
    hub: archive === null ? (config.feeds.hub ?? null) : null,
    history: {
      complete,
      archive: archive !== null,
      current: urls(null),
      previous: before > 0 ? urls(before) : null,
      next: archive !== null && archive < archives ? urls(archive + 1) : null,
    },
    podcast: channel.kind === 'site' ? toPodcast(config) : null,
    updated: newest(entries.map((entry) => entry.updated)),
    entries,
  }
}

function documentUrl(format: keyof Urls, number: number | null, channel: Channel, config: Config): string {
  const file = number === null ? FORMATS[format].file : archiveFile(format, number)
  return channelUrl(config.feeds.url, channel, file)
}

function toEntry(post: Post, isShortened: boolean, media: Media[], now: Date): Entry {
  const url = new URL(post.url).href
  const summary = line(post.summary)
  return {
    id: post.id,
    url,
    title: line(post.title),
    published: wholeSecond(post.date),
    updated: wholeSecond(lastChange(post, now)),
    summary,
    html: isShortened ? shortHtml(summary, url) : post.html,
    authors: people(post.authors, url),
    tags: [...new Set(post.tags.map(line))].filter((tag) => tag !== ''),
    language: post.language,
    image: post.image === null ? null : resolveMedia(post.image, url),
    media: media.map((file) => ({ ...file, title: file.title === null ? null : line(file.title) })),
    episode: post.episode,
  }
}

// The address itself says that there is more to read, in every language.
function shortHtml(summary: string, url: string): string {
  const shown = escapeHtml(url)
  return `${summary === '' ? '' : `<p>${escapeHtml(summary)}</p>\n`}<p><a href="${shown}">${shown}</a></p>`
}

function toPodcast({ site, feeds }: Config): Podcast | null {
  if (!feeds.podcast) return null
  const { image, category, subcategory, explicit, author, owner, type } = feeds.podcast
  const by = line(author ?? site.author?.name ?? site.title)
  return {
    image: new URL(image, `${site.url}/`).href,
    category,
    subcategory: subcategory ?? null,
    explicit,
    author: by,
    owner: owner ? { name: line(owner.name ?? by), email: owner.email } : null,
    type,
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

/** Whoever gave an address in the place of a name is not told: what stands in a feed is harvested. */
function people(authors: Pick<Author, 'name' | 'url'>[], base: string): FeedAuthor[] {
  return authors
    .map(({ name, url }) => ({ name: line(name), url: resolveMedia(url ?? '', base) }))
    .filter(({ name }) => name !== '' && !/^[^\s@]+@[^\s@]+$/.test(name))
}

/** Text on one line, so that the readers who keep white space and those who do not agree. */
function line(text: string): string {
  return cleanText(text)
    .replace(/[\t\n ]+/g, ' ')
    .trim()
}
