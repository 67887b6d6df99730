/**
 * How large a feed may become (`feeds.size`), and what goes when it would become larger. A post that no feed has room
 * for is there with its summary and a link. Then the oldest go, but the newest three stay. Where they are too much still,
 * the longest of them is there with its summary and a link, then the next.
 *
 * It is decided once, for all three formats, so that they say the same, and before anything is written, so that nothing
 * is written in vain: by an upper bound of what an entry takes, which most of the time is its HTML.
 */
import type { Post } from '../posts/post.ts'

export type Measure = {
  /** The most a document may take, in bytes. */
  limit: number
  /** What it takes without entries. */
  head: number
  /** What each post takes, as far as it was asked. */
  sizes: Map<Post, number>
}

/** Posts that fit into a document, in the order they were in; the shortened ones without their text. */
export type Fitted = { posts: Post[]; shortened: Set<Post> }

/** Fewer entries than this are no feed: who was away for a week would miss some. */
export const FEWEST = 3

/** Markup that an entry, an author, a tag and a file take at most, in the format that takes most. */
const ENTRY = 1_200
const AUTHOR = 160
const TAG = 60
const FILE = 500
/** `<` takes six bytes, `&#x3C;`, and no other character more. */
const CHARACTER = 6

/** The bytes that a post takes at most, in any format. */
export function sizeOf(post: Post, measure: Measure): number {
  const known = measure.sizes.get(post)
  if (known !== undefined) return known
  const size = isTooLong(post, measure) ? shortSize(post) : fullSize(post)
  measure.sizes.set(post, size)
  return size
}

/** As many of the posts from the first on as fit. */
export function takeFitting(posts: Post[], measure: Measure): Fitted {
  let bytes = measure.head
  const beyond = posts.findIndex((post, index) => {
    bytes += sizeOf(post, measure)
    return bytes > measure.limit && index >= FEWEST
  })
  return shorten(beyond < 0 ? posts : posts.slice(0, beyond), measure)
}

/** All of the posts, some shortened where they do not fit otherwise. */
export function shorten(posts: Post[], measure: Measure): Fitted {
  const shortened = new Set(posts.filter((post) => isTooLong(post, measure)))
  let bytes = posts.reduce((sum, post) => sum + sizeOf(post, measure), measure.head)
  if (bytes > measure.limit)
    for (const post of posts.toSorted((a, b) => b.htmlBytes - a.htmlBytes)) {
      if (bytes <= measure.limit) break
      if (shortened.has(post) || shortSize(post) >= fullSize(post)) continue
      bytes += shortSize(post) - fullSize(post)
      shortened.add(post)
    }
  return { posts, shortened }
}

function isTooLong(post: Post, { head, limit }: Measure): boolean {
  return post.htmlBytes > limit / 2 && head + fullSize(post) > limit
}

function fullSize(post: Post): number {
  return aroundSize(post) + post.htmlBytes
}

/** Its summary again, and its address twice. */
function shortSize(post: Post): number {
  return aroundSize(post) + 100 + CHARACTER * (post.summary.length + 2 * post.url.length)
}

function aroundSize(post: Post): number {
  let bytes = ENTRY
  let characters = post.id.length + post.url.length + post.title.length + post.summary.length
  for (const { name, url } of post.authors) {
    bytes += AUTHOR
    characters += name.length + (url?.length ?? 0)
  }
  for (const tag of post.tags) {
    bytes += TAG
    characters += tag.length
  }
  for (const file of post.image === null
    ? post.attachments
    : [{ url: post.image, title: '' }, ...post.attachments]) {
    bytes += FILE
    characters += 2 * (file.url.length + post.url.length) + (file.title?.length ?? 0)
  }
  return bytes + CHARACTER * characters
}
