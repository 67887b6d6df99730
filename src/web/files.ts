/**
 * The files of the feeds folder: feeds, pages, pictures. `serveStatic` of hono knows neither ETag nor 304, which feed
 * readers poll by, follows links out of the folder, and serves dot files.
 */
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { Readable } from 'node:stream'
import type { Context, Hono } from 'hono'
import { getMimeType } from 'hono/utils/mime'
import { errorCode } from '../errors.ts'
import { FORMATS } from '../feeds/feed.ts'
import { isPlainPath } from '../pages/place.ts'
import { FILE_POLICY } from './headers.ts'
import type { Web } from './page.ts'

const FEED_TYPES = new Map<string, string>(
  Object.values(FORMATS).map(({ file, type }) => [file, `${type}; charset=utf-8`]),
)

/** Serves what is in the folder; `index.html` for a folder itself. */
export function files(app: Hono, web: Web): void {
  app.get('*', async (c) => {
    const path = plainPath(new URL(c.req.url).pathname)
    if (path === null) return c.notFound()
    const isFolder = path === '' || path.endsWith('/')
    const found = await openFile(web.config.feeds.folder, isFolder ? `${path}index.html` : path)
    if (found === 'folder' && !isFolder) return toFolder(c, path)
    if (found === null || found === 'folder') return c.notFound()
    try {
      return await answer(c, found)
    } catch (error) {
      await found.file.close()
      throw error
    }
  })
}

type Found = { file: FileHandle; name: string; size: number; modified: Date; tag: string }

/** The path below the folder that an address names, or null: no way out, nothing hidden. */
function plainPath(pathname: string): string | null {
  let path: string
  try {
    path = pathname.slice(1).split('/').map(decodeURIComponent).join('/')
    // Judged with the segments as they are once decoded, which `%2f` makes more of.
    if (path.split('/').length !== pathname.slice(1).split('/').length) return null
  } catch {
    return null
  }
  const bare = path.replace(/\/$/, '')
  if (bare === '') return path === '' ? '' : null
  return isPlainPath(bare) && !bare.split('/').some((name) => name.startsWith('.')) ? path : null
}

async function openFile(folder: string, path: string): Promise<Found | 'folder' | null> {
  try {
    const root = await realpath(folder)
    const real = await realpath(join(root, path))
    // A link in the folder may lead to another file of it, and no further.
    if (!real.startsWith(root + sep)) return null
    // Asked before it is opened: opening a pipe waits for whoever writes into it.
    const kind = await stat(real)
    if (!kind.isFile()) return kind.isDirectory() ? 'folder' : null
    const file = await open(real)
    const { size, mtime, mtimeMs, ino } = await file.stat()
    const tag = `"${[size, Math.round(mtimeMs * 1000), ino].map((part) => part.toString(36)).join('-')}"`
    return { file, name: path.slice(path.lastIndexOf('/') + 1), size, modified: mtime, tag }
  } catch (error) {
    const absent = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EACCES', 'EPERM', 'EISDIR', 'ENXIO']
    if (absent.includes(errorCode(error) ?? '')) return null
    throw error
  }
}

async function answer(c: Context, found: Found): Promise<Response> {
  c.header('Content-Security-Policy', FILE_POLICY)
  // Blog pages are public; video hosts want to know on which site they play.
  c.header('Referrer-Policy', 'strict-origin-when-cross-origin')
  // Ask each time whether it is still the same: that is one 304.
  c.header('Cache-Control', 'no-cache')
  c.header('ETag', found.tag)
  c.header('Last-Modified', found.modified.toUTCString())
  if (isUnchanged(c, found)) {
    await found.file.close()
    return c.body(null, 304)
  }
  c.header(
    'Content-Type',
    FEED_TYPES.get(found.name) ?? getMimeType(found.name) ?? 'application/octet-stream',
  )
  c.header('Content-Length', String(found.size))
  if (c.req.method === 'HEAD' || found.size === 0) {
    await found.file.close()
    return c.body(null)
  }
  // No more than was measured: the file may grow meanwhile.
  const bytes = found.file.createReadStream({ end: found.size - 1 })
  return c.body(Readable.toWeb(bytes) as ReadableStream)
}

// RFC 9110, 13.1.3: "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match header field".
function isUnchanged(c: Context, found: Found): boolean {
  const tags = c.req.header('If-None-Match')
  if (tags !== undefined)
    return tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === found.tag)
  const since = Date.parse(c.req.header('If-Modified-Since') ?? '')
  return Math.floor(found.modified.getTime() / 1000) * 1000 <= since
}

/** To the same name with a slash, which relative links in its page need. Relative, as a proxy may add to the path. */
function toFolder(c: Context, path: string): Response {
  const name = encodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
  return c.redirect(`./${name}/${new URL(c.req.url).search}`, 301)
}
