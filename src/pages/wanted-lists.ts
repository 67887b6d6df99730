/** Which lists of posts the folder that is served has to hold: pages for people, and the sitemap. */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Channel, channelUrl } from '../feeds/channel.ts'
import { inFolder } from '../feeds/wanted.ts'
import { correctedAt, type Post } from '../posts/post.ts'
import type { Wanted, WantedFiles } from '../public/wanted.ts'
import { archivesOf, renderArchive } from './archive.ts'
import { CONTENTS, type ContentsKind, renderContents } from './contents.ts'
import { renderList } from './list.ts'
import type { Press } from './page.ts'
import { type Mapped, MOST_MAPPED, renderSitemap, renderSitemapIndex } from './sitemap.ts'

/** The file that stands for a folder. */
export const LIST = 'index.html'
/** How hard brotli works on pages: there are many, and most are read by few. */
export const BROTLI = 5
const SITEMAP = 'sitemap.xml'

export type ListsMemory = {
  /** The lists of each channel, by its folder, with what they were made from. */
  channels: Map<string, { all: string; posts: Post[]; files: [string, Wanted][] }>
  seals: WeakMap<Post, number>
}

export function emptyListsMemory(): ListsMemory {
  return { channels: new Map(), seals: new WeakMap() }
}

/**
 * The page of each channel with its archives, those that list all tags, all authors and all languages, and the
 * sitemap.
 *
 * @param all another text once anything but the posts is another that a page is made from
 */
export function wantedLists(
  channels: Channel[],
  all: string,
  press: Press,
  now: Date,
  memory: ListsMemory = emptyListsMemory(),
): WantedFiles {
  const wanted: WantedFiles = new Map()
  const { site, feeds } = press.config
  const posts = channels[0]?.posts ?? []
  // A correction that is dated ahead shows when its time has come, though no post is another then.
  const isSettled = posts.every(({ updated }) => updated === null || updated <= now)
  const seals = isSettled ? memory.seals : new WeakMap<Post, number>()
  for (const post of posts) if (!seals.has(post)) seals.set(post, seal(post, now))
  const add = (path: string, words: unknown[], shown: Post[], make: () => string) =>
    wanted.set(path, {
      source: null,
      from: digest([all, ...words], shown, seals),
      make,
      step: 'list',
      brotli: BROTLI,
    })
  const kinds = (Object.keys(CONTENTS) as ContentsKind[])
    .map((kind) => ({ kind, some: channels.filter((channel) => channel.kind === kind) }))
    .filter(({ some }) => some.length > 0)
  const contents = kinds.map(({ kind }) => ({ kind, url: channelUrl(site.url, { folder: CONTENTS[kind] }) }))

  for (const channel of channels) {
    const { folder, name } = channel
    const around = `${all} ${kinds.length} ${name}`
    const before = memory.channels.get(folder)
    if (isSettled && before?.all === around && areSame(before.posts, channel.posts)) {
      for (const [path, file] of before.files) wanted.set(path, file)
      continue
    }
    const first = wanted.size
    const archives = archivesOf(channel, feeds.entries, press.yearOf)
    const names = archives.map((archive) => `${archive.folder} ${archive.name}`)
    const here = archives.length > 0 ? channel.posts.slice(0, feeds.entries) : channel.posts
    const counts = archives.map((archive) => archive.posts.length)
    add(inFolder({ folder }, LIST), [name, kinds.length, ...names, ...counts], here, () =>
      renderList(channel, archives, contents, press),
    )
    archives.forEach((archive, index) => {
      const beside = { newer: archives[index - 1], older: archives[index + 1] }
      const words = [name, names[index - 1], names[index], names[index + 1]]
      add(inFolder(archive, LIST), words, archive.posts, () => renderArchive(archive, beside, channel, press))
    })
    memory.channels.set(folder, { all: around, posts: channel.posts, files: [...wanted].slice(first) })
  }
  for (const { kind, some } of kinds) {
    const words = some.map(({ folder, name, posts }) => `${folder} ${name} ${posts.length}`)
    add(inFolder({ folder: CONTENTS[kind] }, LIST), words, [], () => renderContents(kind, some, press))
  }

  const lists = Array.from(wanted.keys(), (path) => channelUrl(site.url, { folder: folderOf(path) }))
  const pages = [...posts.toReversed(), ...lists]
  const parts = Array.from({ length: Math.ceil(pages.length / MOST_MAPPED) }, (_, index) =>
    pages.slice(index * MOST_MAPPED, (index + 1) * MOST_MAPPED),
  )
  const names = parts.length === 1 ? [SITEMAP] : parts.map((_, index) => `sitemap-${index + 1}.xml`)
  parts.forEach((part, index) => {
    const addresses = part.filter((page) => typeof page === 'string')
    const shown = part.filter((page) => typeof page !== 'string')
    add(names[index] as string, addresses, shown, () => renderSitemap(part.map((page) => mapped(page, now))))
  })
  if (parts.length > 1) {
    const urls = names.map((name) => channelUrl(site.url, { folder: '' }, name))
    add(SITEMAP, urls, [], () => renderSitemapIndex(urls))
  }
  return wanted
}

function mapped(page: Post | string, now: Date): Mapped {
  if (typeof page === 'string') return { url: page, changed: null }
  return { url: page.url, changed: (correctedAt(page, now) ?? page.date).toISOString() }
}

/**
 * A number that is another once lists say something else about a post: 32 bits for its text and 20 for its name and
 * correction. Lists name each post several times over, so this is short, and made once for each.
 */
function seal(post: Post, now: Date): number {
  const other = crc32(`${post.file} ${correctedAt(post, now)?.getTime()}`)
  return Number.parseInt(post.hash.slice(0, 8), 16) * 2 ** 20 + (other >>> 12)
}

function digest(words: unknown[], posts: Post[], seals: WeakMap<Post, number>): string {
  const numbers = new Float64Array(posts.length)
  for (let index = 0; index < posts.length; index++) numbers[index] = seals.get(posts[index] as Post) ?? 0
  return `${hash('sha256', words.join('\n'), 'base64url')} ${hash('sha256', numbers, 'base64url')}`
}

function areSame(some: Post[], others: Post[]): boolean {
  return some.length === others.length && some.every((post, at) => post === others[at])
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.length - LIST.length - 1))
}
