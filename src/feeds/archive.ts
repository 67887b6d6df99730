/**
 * Which posts stand in which document of a feed (RFC 5005, 4): the newest in the current one, which readers poll, the
 * others in archives, which never change, so that who has one need not ask for it again. Each post stands in one of
 * them.
 *
 * "The set of entries contained in an archive document published at a particular URI SHOULD NOT change over time", and
 * there is no memory here but the posts. So a document begins and ends where the posts themselves say. Counting from the
 * oldest would do for new posts, but one old post that is deleted or written late would move all that follow, each by
 * one place, into other documents. Here a document ends at a post whose id happens to be of a certain kind (a checksum
 * of it is), once there are enough in it: what changes among the old changes its own document, and the others begin
 * and end where they did. Months would do as well, had every month a handful of posts.
 *
 * The current document holds the newest `entries`, and those before them that do not fill an archive yet; it never
 * holds twice as many. A document ends early where it would be larger than a feed may be.
 *
 * Only the site's feed and those of languages have archives. The feeds of a tag or an author end at the newest: all
 * their posts are in the site's archives, with their tags and authors, and archives of their own would write and
 * compress each post of the blog three more times for each of its tags.
 */
import { crc32 } from 'node:zlib'
import type { Post } from '../posts/post.ts'
import { FEWEST, type Fitted, type Measure, shorten, sizeOf, takeFitting } from './size.ts'

/** A feed's posts by document, each newest first. */
export type Documents = {
  current: Fitted
  /** The oldest first. */
  archives: Fitted[]
  /** How many entries the current one would have if there were no limit to its size. */
  wanted: number
  /** True where the current one has all posts. */
  complete: boolean
}

/**
 * Puts a channel's posts into documents.
 *
 * @param posts newest first
 * @param entries how many the current document has at least, where there are as many
 * @param archived whether the older ones go into archives, or nowhere
 */
export function cutFeed(posts: Post[], entries: number, archived: boolean, measure: Measure): Documents {
  const runs = archived ? cutRuns(posts.toReversed(), entries, measure) : []
  let rest = archived ? posts.length : Math.min(entries, posts.length)
  let old = 0
  for (; old < runs.length && rest - lengthOf(runs[old]) >= entries; old++) rest -= lengthOf(runs[old])
  const wanted = rest
  const current = takeFitting(posts.slice(0, rest), measure)
  // What does not fit into the current document is in an archive too early, and some of what fits is in both: "If
  // duplicate entries are found, clients SHOULD consider only the most recently updated entry" (4.2).
  for (; old < runs.length && rest > current.posts.length; old++) rest -= lengthOf(runs[old])
  const archives = runs.slice(0, old).map((run) => shorten(run.toReversed(), measure))
  return { current, archives, wanted, complete: current.posts.length === posts.length }
}

/** The runs that are full: no newer post can become part of one. */
function cutRuns(oldestFirst: Post[], entries: number, measure: Measure): Post[][] {
  const least = Math.ceil(entries / 2)
  const oneIn = Math.ceil(entries / 4)
  const full: Post[][] = []
  let run: Post[] = []
  let bytes = measure.head
  const close = () => {
    full.push(run)
    run = []
    bytes = measure.head
  }
  for (const post of oldestFirst) {
    const size = sizeOf(post, measure)
    if (bytes + size > measure.limit && run.length >= Math.min(FEWEST, entries)) close()
    run.push(post)
    bytes += size
    if (run.length >= entries || (run.length >= least && crc32(post.id) % oneIn === 0)) close()
  }
  return full
}

function lengthOf(run: Post[] | undefined): number {
  return run?.length ?? 0
}
