/**
 * Makes the folder that is served hold what is wanted: writes what is new or another, removes what was Posthorn's and
 * is not wanted any more, and leaves the rest alone. What is live comes first; compressed siblings follow.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { compressFile } from './compress.ts'
import { chooseOwn, ownedStamp, readOwned, recordGone, removeOwned, writeOwned } from './owned.ts'
import { shownPath } from './place.ts'
import { hasSiblings, putFile } from './put.ts'
import { STEPS, type Wanted, type WantedFiles } from './wanted.ts'

/** `file` as the author would type it, relative to the site's folder; `written` is false where it was the same. */
export type WrittenFile = {
  file: string
  path: string
  bytes: number
  written: boolean
  step: Wanted['step']
}

/**
 * What a process wrote last: by path, what each file was made from. What is made from the same again is not made
 * again, and not looked at on the disk either, until another process has been at work in the folder. Who deletes the
 * folder, or one that stands in it, gets all of it anew at once; who deletes one page gets it back at the next start.
 */
export type Shown = {
  made: Map<string, { from: string; bytes: number }>
  /** Posthorn's own files, and a stamp of the list that says so; null before the first time. */
  owned: { paths: Set<string>; stamp: string | null } | null
}

export function nothingShown(): Shown {
  return { made: new Map(), owned: null }
}

/** How long other work waits while files are made, at most, in milliseconds. */
const SLICE_MS = 20
/** How many files are compressed at once: there is nothing to gain above the threads that do it. */
const AT_ONCE = 8

/**
 * @param shown kept by a process that does this many times, so that each costs only what has changed
 * @param mayRemove asked about what was Posthorn's and is not wanted any more
 * @throws FaultsError, with nothing written, where a file of the author's is in the way of one and where a template
 *   has a mistake; UserError where a file cannot be written
 */
export async function writePublic(
  wanted: WantedFiles,
  config: Config,
  shown: Shown,
  mayRemove: (path: string) => boolean,
): Promise<WrittenFile[]> {
  const root = config.feeds.folder
  const known = shown.owned
  if (known === null || known.stamp !== ownedStamp(config) || !isThere(known.paths, root)) shown.made.clear()
  const listed = known !== null && shown.made.size > 0 ? known.paths : await readOwned(config)
  // Until all of it is done: what fails half-way is looked at anew.
  shown.owned = null
  const ours = await chooseOwn(inOrder(wanted), listed, config)
  const changed = [...ours].filter((path) => shown.made.get(path)?.from !== wanted.get(path)?.from)
  const unwanted = [...listed].filter((path) => !ours.has(path))
  const stale = unwanted.filter(mayRemove)
  await rehearse(changed, wanted)
  if (changed.length > 0 || unwanted.length > 0) await writeOwned([...listed, ...ours], config)

  const written = new Set<string>()
  for (const step of STEPS) {
    const paths = changed.filter((path) => wanted.get(path)?.step === step)
    for (const path of await putAll(paths, wanted, config, shown)) written.add(path)
  }
  for (const path of stale) {
    await removeOwned(path, config)
    shown.made.delete(path)
  }
  if (unwanted.length > 0) await writeOwned(ours, config)
  if (stale.length > 0 || changed.length > 0) await recordGone(stale, ours, config)
  shown.owned = { paths: ours, stamp: ownedStamp(config) }

  return [...ours].map((path) => ({
    file: shownPath(join(root, path), config),
    path,
    bytes: shown.made.get(path)?.bytes ?? 0,
    written: written.has(path),
    step: (wanted.get(path) as Wanted).step,
  }))
}

/** The files in the order in which they are written. */
function inOrder(wanted: WantedFiles): WantedFiles {
  return new Map(STEPS.flatMap((step) => [...wanted].filter(([, file]) => file.step === step)))
}

/** A template with a mistake is told by the first page that uses it, before anything is written. */
async function rehearse(changed: string[], wanted: WantedFiles): Promise<void> {
  for (const step of ['page', 'list'] as const) {
    const first = changed.find((path) => wanted.get(path)?.step === step)
    if (first !== undefined) await wanted.get(first)?.make()
  }
}

/** Whether somebody took the folder away, or a folder in it: seen by what stands in it directly. */
function isThere(owned: Set<string>, root: string): boolean {
  const fronts = new Set(Array.from(owned, (path) => path.split('/', 1)[0] ?? path))
  return [...fronts].every((name) => existsSync(join(root, name)))
}

/**
 * Makes and puts files, others' work in between.
 *
 * @returns those that were not there like that
 */
async function putAll(paths: string[], wanted: WantedFiles, config: Config, shown: Shown): Promise<string[]> {
  const written: string[] = []
  let since = performance.now()
  for (const path of paths) {
    const { make, from } = wanted.get(path) as Wanted
    const made = make()
    const bytes = typeof made === 'string' ? Buffer.from(made) : await made
    if (putFile(join(config.feeds.folder, path), bytes)) written.push(path)
    shown.made.set(path, { from, bytes: bytes.length })
    if (performance.now() - since < SLICE_MS) continue
    await setImmediate()
    since = performance.now()
  }
  return written
}

/**
 * Gives each file its compressed siblings, where it has none of its present bytes.
 *
 * @param paths of files that may lack them: those written now, and all of them after a start
 * @returns how many got new ones
 */
export async function writeSiblings(paths: string[], wanted: WantedFiles, config: Config): Promise<number> {
  const lacking = paths.filter(
    (path) => wanted.get(path)?.brotli != null && !hasSiblings(join(config.feeds.folder, path)),
  )
  const rest = lacking.values()
  const work = async () => {
    for (const path of rest)
      await compressFile(join(config.feeds.folder, path), (wanted.get(path) as Wanted).brotli as number)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return lacking.length
}
