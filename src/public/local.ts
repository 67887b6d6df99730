/** Which file on this disk an address in a post means, if it is one that the site shows. */
import type { Config } from '../config.ts'
import { isRelative } from '../posts/addresses.ts'
import type { Post } from '../posts/post.ts'
import { type Beside, besidePath, findInside } from './beside.ts'
import { filePath } from './place.ts'

export type LocalFile = Omit<Beside, 'to'>

/**
 * The file behind an address: one beside the post, also where its page is elsewhere, else one in the folder that is
 * served. What is hidden, no plain path, or outside of these folders is none.
 *
 * @param address as the author wrote it, or absolute
 * @param url the same, absolute
 * @param post null for an address that is in no post
 */
export async function findLocal(
  address: string,
  url: string,
  post: Pick<Post, 'file' | 'url'> | null,
  config: Pick<Config, 'site' | 'posts' | 'feeds'>,
): Promise<LocalFile | null> {
  const beside = post && fromPage(address, url, post)
  const path = beside && post && besidePath(beside, post.file)
  const found = path ? await findInside(path, config.posts.folder) : null
  if (found) return found
  for (const base of new Set([config.site.url, config.feeds.url])) {
    const served = filePath(url, base)
    if (!served || served.split('/').some((name) => name.startsWith('.'))) continue
    const there = await findInside(served, config.feeds.folder)
    if (there) return there
  }
  return null
}

/** An address as it would be written in the post; null where it leads elsewhere. */
function fromPage(address: string, url: string, post: Pick<Post, 'url'>): string | null {
  if (isRelative(address)) return address
  const folder = new URL('.', post.url).href
  return url.startsWith(folder) && url.length > folder.length ? url.slice(folder.length) : null
}
