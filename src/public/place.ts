/** Where the bytes behind an address lie in the folder that is served at the site's address. */
import { relative } from 'node:path'
import type { Config } from '../config.ts'

/**
 * The file of an address of the site, relative to the folder, with forward slashes: `/posts/hello/` and
 * `/posts/hello` are `posts/hello/index.html`, which every static host serves for both without a setting;
 * `/posts/hello.html` is itself.
 *
 * @returns null for an address outside of the site, or one that no plain path can stand for
 */
export function pageFile(url: string, siteUrl: string): string | null {
  const path = filePath(url, siteUrl)
  if (path === null) return null
  if (/\.html?$/i.test(path)) return path
  return path === '' ? 'index.html' : `${path}/index.html`
}

/** The file of an address that names a file and no page, such as a picture's. */
export function filePath(url: string, siteUrl: string): string | null {
  const site = new URL(`${siteUrl}/`)
  const found = new URL(url)
  if (found.origin !== site.origin || !`${found.pathname}/`.startsWith(site.pathname)) return null
  const segments = found.pathname.slice(site.pathname.length).replace(/\/$/, '').split('/').map(decode)
  if (segments.length === 1 && segments[0] === '') return ''
  return segments.every(isPlainName) ? segments.join('/') : null
}

/** An absolute path as the author would type it, relative to the site's folder. */
export function shownPath(path: string, config: Pick<Config, 'folder'>): string {
  return relative(config.folder, path).replaceAll('\\', '/')
}

/** True for a relative path that stays below the folder it is joined to, on every system. */
export function isPlainPath(path: string): boolean {
  return path.split('/').every(isPlainName)
}

// A segment that was `%2e%2e` or `a%2fb` in the address is a path only once decoded, so it is judged decoded.
function isPlainName(name: string | null): boolean {
  if (name === null || name === '' || name === '.' || name === '..') return false
  return !/[\u0000-\u001f\u007f/\\]/.test(name) && Buffer.byteLength(name) <= 255
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    // A `%` that encodes nothing: no file of ours has such an address.
    return null
  }
}
