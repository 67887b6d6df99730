/** The files that a preview shows: nothing of it needs to be published yet. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { errorCode } from '../errors.ts'
import { isMediaName, mediaFolder } from '../pictures/media.ts'
import { findInside } from '../public/beside.ts'
import { isPlainPath } from '../public/place.ts'
import { journalIn } from './make.ts'

/**
 * A picture that was made for the mail, a file beside a post, or one that the site serves; null where there is none.
 *
 * @param pathname as somebody asked for it
 * @param from.beside files of the author's, by their paths below the site's address
 */
export async function fileAt(
  pathname: string,
  { config, beside, scratch }: { config: Config; beside: ReadonlyMap<string, string>; scratch: string },
): Promise<Buffer | null> {
  const path = decoded(pathname.slice(1))
  if (path === null || !isPlainPath(path) || path.split('/').some((part) => part.startsWith('.'))) return null
  const [first, name = ''] = path.split('/')
  if (first === 'media' && isMediaName(name)) {
    const made = await readFound(join(mediaFolder({ journal: journalIn(scratch) }), name))
    if (made) return made
  }
  const below = belowSite(path, config)
  const file = beside.get(below) ?? (await findInside(below, config.feeds.folder))?.from
  return file === undefined ? null : readFound(file)
}

function belowSite(path: string, { site }: Config): string {
  const base = new URL(`${site.url}/`).pathname.slice(1)
  return path.startsWith(base) ? path.slice(base.length) : path
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    // A "%" that encodes nothing.
    return null
  }
}

async function readFound(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file)
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes(errorCode(error) ?? '')) return null
    throw error
  }
}
