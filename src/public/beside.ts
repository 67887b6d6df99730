/**
 * The pictures and other files that a post refers to by a relative address, such as `street.png` in
 * `posts/from-file-to-mailbox/index.md`. They lie beside the post and are copied beside its page.
 */
import { realpath, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Post } from '../posts/post.ts'
import { filePath, isPlainPath } from './place.ts'

export type Beside = {
  /** Absolute path of the author's file. */
  from: string
  /** Path below the pages' folder, where the page's relative address leads. */
  to: string
  /** Another text once the file is another. */
  stamp: string
  /** In bytes. */
  size: number
}

/**
 * The file behind a relative address of a post.
 *
 * @param address one of the post's `refersTo`, or of the files it names in its front matter
 * @returns null where there is no such file, or none that may be shown: the author may have put it into the pages'
 *   folder by hand, or on the host
 */
export async function findBeside(
  address: string,
  post: Post,
  postsFolder: string,
  siteUrl: string,
): Promise<Beside | null> {
  const bare = withoutQuery(address)
  const path = besidePath(address, post.file)
  const to = URL.canParse(bare, post.url) ? filePath(new URL(bare, post.url).href, siteUrl) : null
  if (path === null || !to) return null
  const found = await findInside(path, postsFolder)
  return found && { ...found, to }
}

/**
 * A file that may be shown, by its path below a folder: a real one, no post, and inside of the folder also where a
 * symlink leads to it.
 */
export async function findInside(path: string, folder: string): Promise<Omit<Beside, 'to'> | null> {
  try {
    const from = await realpath(join(folder, path))
    // A symlink may lead to anything that the author can read, keys and drafts elsewhere included.
    if (!from.startsWith((await realpath(folder)) + sep) || isPost(from)) return null
    const found = await stat(from)
    if (!found.isFile()) return null
    const { size, mtimeMs, ino } = found
    return { from, stamp: `${from} ${size} ${mtimeMs} ${ino}`, size }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(errorCode(error) ?? '')) return null
    throw error
  }
}

/** Where the file of a relative address would be below the posts folder; null outside of it, hidden, or a post. */
export function besidePath(address: string, file: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(withoutQuery(address))
  } catch {
    return null
  }
  const path = join(dirname(file), decoded).replaceAll(sep, '/')
  const hidden = path.split('/').some((name) => name.startsWith('.'))
  return hidden || !isPlainPath(path) || isPost(path) ? null : path
}

function withoutQuery(address: string): string {
  return address.replace(/[?#].*$/s, '')
}

// A link to a post's source would publish it, drafts and front matter included.
function isPost(path: string): boolean {
  return /\.(md|markdown)$/i.test(path)
}
