import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Config, writesPages } from '../config.ts'
import { errorCode } from '../errors.ts'
import { replaceFile } from '../file.ts'
import type { Post } from '../posts/post.ts'
import { chooseOwn, readOwned, removeOwned, writeOwned } from './owned.ts'
import { shownPath } from './place.ts'
import { type Wanted, wantedFiles } from './wanted.ts'

/** `file` as the author would type it, relative to the site's folder; `written` is false where it was the same. */
export type WrittenPage = { file: string; bytes: number; written: boolean }

/** Each file is synced to the disk, which is slow one by one. */
const AT_ONCE = 16

/** What this process wrote last, by path: a page made of the same things is not made again. Starts empty. */
export type PagesMade = Map<string, { from: string; bytes: number; refersTo: string[] }>

/**
 * Writes pages for a site that has no blog of its own: one for each public post, a list of them, and the pictures that
 * posts refer to, as files that any static host can serve. They go into the feeds folder, and those of posts that
 * are gone, hidden or elsewhere by now are removed.
 *
 * Does nothing where `posts.link` is a full address: the blog there has the pages, and what an earlier setting left in
 * the folder may be its output by now.
 *
 * @param made kept by a process that does many rounds, so that each costs only what has changed
 * @throws FaultsError, with nothing written, where a page has no place to go or a file of the author's is in its way,
 *   and where a template has a mistake; UserError where a file cannot be written
 */
export async function writePages(
  posts: Post[],
  config: Config,
  now: Date,
  made: PagesMade = new Map(),
): Promise<WrittenPage[]> {
  if (!writesPages(config)) return []
  const listed = await readOwned(config)
  const wanted = await wantedFiles(posts, config, now, made)
  const ours = await chooseOwn(wanted, listed, config)
  let claimed: Promise<void> | undefined
  const claim = () => {
    claimed ??= writeOwned([...listed, ...ours], config)
    return claimed
  }

  const done: WrittenPage[] = []
  for (const batch of batches([...ours])) {
    const written = batch.map((path) => writeOne(path, wanted.get(path) as Wanted, config, made, claim))
    done.push(...(await Promise.all(written)))
  }
  for (const path of listed) if (!ours.has(path)) await removeOwned(path, config)
  await writeOwned(ours, config)
  return done
}

/** The last file, the list of posts, by itself: it never leads to a page that could not be written. */
function batches(paths: string[]): string[][] {
  const found: string[][] = []
  for (let first = 0; first < paths.length - 1; first += AT_ONCE)
    found.push(paths.slice(first, Math.min(first + AT_ONCE, paths.length - 1)))
  return [...found, paths.slice(-1)]
}

/** @param claim is done before a file is written, and after it was made: a mistake in a template leaves no trace */
async function writeOne(
  path: string,
  page: Wanted,
  config: Config,
  made: PagesMade,
  claim: () => Promise<void>,
): Promise<WrittenPage> {
  const place = join(config.feeds.folder, path)
  const file = shownPath(place, config)
  const before = made.get(path)
  if (before?.from === page.from && (await sizeOf(place)) === before.bytes)
    return { file, bytes: before.bytes, written: false }
  const content = Buffer.from(await page.make())
  await claim()
  const written = await replaceFile(place, content)
  made.set(path, { from: page.from, bytes: content.length, refersTo: page.refersTo })
  return { file, bytes: content.length, written }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}
