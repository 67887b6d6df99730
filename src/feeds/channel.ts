/**
 * Channels: what a feed is about. The site has one, and so has each tag; authors and languages have theirs where there
 * is more than one. A channel is a folder below the one that is served, with a page that lists its posts and a feed
 * in each format.
 */
import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import { isListed, newestFirst, type Post } from '../posts/post.ts'
import { makeSlug } from '../posts/slug.ts'

export type Channel = {
  kind: 'site' | 'tag' | 'author' | 'language'
  /** The tag as most posts spell it, the author's name, a BCP 47 language, or the site's title. */
  name: string
  /** Its folder, with forward slashes and none at the ends: empty for the site, `tags/release`. */
  folder: string
  /** Its public posts, newest first; also those that are left out of feeds. */
  posts: Post[]
}

/** Tags beyond this many, the least used ones, have no channel: their pages and feeds would be most of the site. */
const MOST_TAGS = 1_000
/** A folder's name, in bytes: disks take 255. */
const LONGEST_NAME = 100

/**
 * The channels of a site, the site's own first, then by kind and folder.
 *
 * @param posts all posts, in any order; drafts, unlisted ones and those of the future are left out here
 */
export function channelsOf(posts: Post[], config: Config, now: Date): Channel[] {
  const listed = newestFirst(posts.filter((post) => isListed(post, now)))
  const authors = grouped(listed, (post) => post.authors.map(({ name }) => name).filter(isName))
  const languages = grouped(listed, (post) => [post.language])
  return [
    { kind: 'site', name: config.site.title, folder: '', posts: listed },
    ...channels(
      'tag',
      grouped(listed, (post) => post.tags),
    ),
    ...(authors.size > 1 ? channels('author', authors) : []),
    ...(languages.size > 1 ? channels('language', languages) : []),
  ]
}

/** The folder of a tag's channel. Tags that differ in case or in marks between their words have one. */
export function tagFolder(tag: string): string {
  return folderOf('tag', tag)
}

/** The address of a channel's page, or of a file in its folder. Absolute. */
export function channelUrl(base: string, channel: Pick<Channel, 'folder'>, file = ''): string {
  const folder = channel.folder === '' ? '' : `${encodeURI(channel.folder)}/`
  return new URL(`${base}/${folder}${file}`).href
}

const FOLDERS = { tag: 'tags', author: 'authors', language: 'languages' } as const

/** How often each spelling of a name occurs, and the posts that have it, by the name of the folder. */
type Groups = Map<string, { names: Map<string, number>; posts: Post[] }>

function channels(kind: keyof typeof FOLDERS, groups: Groups): Channel[] {
  return [...groups]
    .toSorted(([a, one], [b, other]) => other.posts.length - one.posts.length || (a < b ? -1 : 1))
    .slice(0, MOST_TAGS)
    .map(([slug, { names, posts }]) => ({
      kind,
      name: mostUsed(names),
      folder: `${FOLDERS[kind]}/${slug}`,
      posts,
    }))
    .toSorted((a, b) => (a.folder < b.folder ? -1 : 1))
}

function grouped(posts: Post[], namesOf: (post: Post) => string[]): Groups {
  const groups: Groups = new Map()
  // Thousands of posts share a handful of names.
  const slugs = new Map<string, string>()
  for (const post of posts)
    for (const name of namesOf(post)) {
      const slug = slugs.get(name) ?? slugOf(name)
      slugs.set(name, slug)
      const group = groups.get(slug) ?? { names: new Map<string, number>(), posts: [] as Post[] }
      groups.set(slug, group)
      group.names.set(name, (group.names.get(name) ?? 0) + 1)
      if (group.posts.at(-1) !== post) group.posts.push(post)
    }
  return groups
}

function folderOf(kind: keyof typeof FOLDERS, name: string): string {
  return `${FOLDERS[kind]}/${slugOf(name)}`
}

// "C++" and "C#" are no "C". What is nothing but marks, or too long, is told from others by a hash.
function slugOf(name: string): string {
  const slug = makeSlug(name.toLowerCase().replaceAll('+', 'plus').replaceAll('#', 'sharp'))
  if (slug !== '' && Buffer.byteLength(slug) <= LONGEST_NAME) return slug
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return makeSlug(`${slug.slice(0, LONGEST_NAME / 4)}-${hash}`)
}

function mostUsed(names: Map<string, number>): string {
  const [[name] = ['']] = [...names].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
  return name
}

// An author who gave an address and no name is not a folder for harvesters.
function isName(name: string): boolean {
  return !name.includes('@')
}
