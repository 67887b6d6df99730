/**
 * Pages for the older posts of a channel that has many: their titles by year. The newest stand on the channel's own
 * page with their summaries.
 *
 * A page has whole years, as many as make it worth opening, counted from the oldest; a year with too many has several.
 * So a new post changes the newest page, and all others keep their address and their bytes.
 */
import { type Channel, channelUrl } from '../feeds/channel.ts'
import { inFolder } from '../feeds/wanted.ts'
import type { Post } from '../posts/post.ts'
import { listed, titleOf } from './listed.ts'
import { type Press, renderPage } from './page.ts'

export type Archive = {
  /** Below the folder that is served: `archive/2024`, `tags/release/archive/2019-2`. */
  folder: string
  /** `2024`, `2019–2021`, or `2024 (2)` where a year has several. */
  name: string
  /** Newest first. */
  posts: Post[]
}

/** A page with fewer posts takes another year, and so many more than the newest stand on the channel's own page. */
const FEW = 100
/** A page has no more than these. */
const MOST = 500

/**
 * The archive pages of a channel, newest first; none where its own page has room for all of its posts.
 *
 * @param newest how many stand on the channel's page with their summaries
 */
export function archivesOf(channel: Channel, newest: number, yearOf: (date: Date) => number): Archive[] {
  if (channel.posts.length <= newest + FEW) return []
  return groups(channel.posts, yearOf)
    .map(({ from, to, part, posts }) => ({
      folder: inFolder(channel, `archive/${from}${part > 1 ? `-${part}` : ''}`),
      name: `${from === to ? from : `${from}–${to}`}${part > 1 ? ` (${part})` : ''}`,
      posts: posts.toReversed(),
    }))
    .toReversed()
}

type Group = { from: number; to: number; part: number; posts: Post[] }

/** Oldest first, as are the posts in each. */
function groups(posts: Post[], yearOf: (date: Date) => number): Group[] {
  const found: Group[] = []
  for (const [year, ofYear] of byYear(posts, yearOf)) {
    const last = found.at(-1)
    if (last && last.posts.length < FEW && last.posts.length + ofYear.length <= MOST) {
      last.to = year
      last.posts.push(...ofYear)
    } else {
      for (let part = 1; (part - 1) * MOST < ofYear.length; part++)
        found.push({ from: year, to: year, part, posts: ofYear.slice((part - 1) * MOST, part * MOST) })
    }
  }
  return found
}

/** Oldest first, both the years and the posts in each. */
function byYear(posts: Post[], yearOf: (date: Date) => number): Map<number, Post[]> {
  const years = new Map<number, Post[]>()
  for (const post of posts.toReversed()) {
    const year = yearOf(post.date)
    const ofYear = years.get(year)
    if (ofYear) ofYear.push(post)
    else years.set(year, [post])
  }
  return years
}

/**
 * One archive page, by `templates/archive.html`.
 *
 * @param beside the archives before and after it
 */
export function renderArchive(
  archive: Archive,
  beside: { newer: Archive | undefined; older: Archive | undefined },
  channel: Channel,
  press: Press,
): string {
  const { config, templates, show, frame, yearOf } = press
  const { language, title, url } = config.site
  const link = (to: Archive | undefined) => (to ? { name: to.name, url: channelUrl(url, to) } : null)
  const content = templates.render('archive', {
    ...frame(language, channel),
    channel: { kind: channel.kind, name: titleOf(channel), url: channelUrl(url, channel) },
    name: archive.name,
    years: Array.from(byYear(archive.posts, yearOf))
      .toReversed()
      .map(([year, posts]) => ({
        name: String(year),
        posts: posts.toReversed().map((post) => listed(post, language, show)),
      })),
    newer: link(beside.newer),
    older: link(beside.older),
  })
  const page = {
    title: channel.kind === 'site' ? archive.name : `${titleOf(channel)}, ${archive.name}`,
    content,
    language,
    canonical: channelUrl(url, archive),
    description: `${channel.kind === 'site' ? title : titleOf(channel)}, ${archive.name}`,
    channel,
  }
  return renderPage(page, config, press)
}
