import type { Config } from '../config.ts'
import type { Reader } from '../store/database.ts'
import { newestPostRows } from '../store/posts.ts'
import { rereadLastGood } from './identity.ts'
import { isListed, type Post } from './post.ts'

/** So many are looked at: whose newest posts are all drafts or hidden shows fewer. */
const LOOKED_AT = 30

/**
 * The newest posts that anybody may see and that may be mailed, newest first, as the last round knew them: for those
 * who have no posts folder at hand.
 */
export async function newestPosts(db: Reader, count: number, config: Config, now: Date): Promise<Post[]> {
  const posts: Post[] = []
  for (const row of await newestPostRows(db, now, LOOKED_AT)) {
    if (posts.length === count) break
    const post = await rereadLastGood(db, row, config)
    if (post?.mail && isListed(post, now)) posts.push(post)
  }
  return posts
}
