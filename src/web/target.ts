/** What an address of the web server names in the feeds folder. */
import { isPlainPath } from '../public/place.ts'

/** The path below the folder, or null: no way out, nothing hidden. A folder's ends in a slash, the root's is empty. */
export function plainPath(pathname: string): string | null {
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

/** The file that is served for it. */
export function fileOf(path: string): string {
  return path === '' || path.endsWith('/') ? `${path}index.html` : path
}
