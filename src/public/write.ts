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
import { inOrder, type Wanted, type WantedFiles } from './wanted.ts'

/** `file` as the author would type it, relative to the site's folder; `written` is false where it was the same. */
export type WrittenFile = {
  file: string
  path: string
  bytes: number
  written: boolean
  step: Wanted['step']
  entries?: number
}

/**
 * What a process wrote last: by path, what each file was made from. What is made from the same again is not made
 * again, and not looked at on the disk either, until another process has been at work in the folder. Who deletes the
 * folder, or one that stands in it, gets all of it anew at once; who deletes one page gets it back at the next start.
 */
export type Shown = {
  made: Map<string, { from: string; bytes: number }>
  /**
   * Posthorn's own files, those of them or of their folders that stand in the served folder directly, and a stamp of
   * the list that says so; null before the first time.
   */
  owned: { paths: Set<string>; fronts: Set<string>; stamp: string | null } | null
  /** Files that may lack their compressed siblings, and how hard brotli works on each. */
  lacking: Map<string, number>
}

export function nothingShown(): Shown {
  return { made: new Map(), owned: null, lacking: new Map() }
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
  if (!isUntouched(config, shown)) shown.made.clear()
  const listed = known !== null && shown.made.size > 0 ? known.paths : await readOwned(config)
  // Until all of it is done: what fails half-way is looked at anew.
  shown.owned = null
  const ours = await chooseOwn(wanted, listed, config)
  const changed: [string, Wanted][] = []
  for (const path of ours) {
    const file = wanted.get(path) as Wanted
    if (shown.made.get(path)?.from !== file.from) changed.push([path, file])
  }
  const unwanted = [...listed].filter((path) => !ours.has(path))
  const stale = unwanted.filter(mayRemove)
  await rehearse(changed)
  const isNew = changed.some(([path]) => !listed.has(path))
  if (isNew) await writeOwned([...listed, ...ours], config)

  const written = await putAll(inOrder(changed), config, shown)
  for (const path of stale) await removeOwned(path, config)
  for (const path of unwanted) {
    shown.made.delete(path)
    shown.lacking.delete(path)
  }
  if (unwanted.length > 0) await writeOwned(ours, config)
  if (stale.length > 0 || isNew) await recordGone(stale, ours, config)
  const isSame = known !== null && changed.length === 0 && unwanted.length === 0
  const fronts = isSame ? known.fronts : new Set(Array.from(ours, (path) => path.split('/', 1)[0] ?? path))
  shown.owned = { paths: ours, fronts, stamp: ownedStamp(config) }

  const prefix = shownPath(root, config)
  return Array.from(ours, (path) => {
    const { step, entries } = wanted.get(path) as Wanted
    return {
      file: prefix === '.' ? path : `${prefix}/${path}`,
      path,
      bytes: shown.made.get(path)?.bytes ?? 0,
      written: written.has(path),
      step,
      ...(entries === undefined ? {} : { entries }),
    }
  })
}

/**
 * Whether the folder is as this process left it, as far as can be seen at a glance: no other process has been at work
 * in it, and nobody took it away, or a folder that stands in it.
 */
export function isUntouched(config: Config, { owned }: Shown): boolean {
  if (owned === null || owned.stamp !== ownedStamp(config)) return false
  return [...owned.fronts].every((name) => existsSync(join(config.feeds.folder, name)))
}

/** A template with a mistake is told by the first page that uses it, before anything is written. */
async function rehearse(changed: [string, Wanted][]): Promise<void> {
  for (const step of ['page', 'list'] as const)
    await changed.find(([, file]) => file.step === step)?.[1].make()
}

/**
 * Makes and puts files, others' work in between.
 *
 * @returns those that were not there like that
 */
async function putAll(files: [string, Wanted][], config: Config, shown: Shown): Promise<Set<string>> {
  const written = new Set<string>()
  let since = performance.now()
  for (const [path, { make, from, brotli }] of files) {
    const made = make()
    const bytes = typeof made === 'string' ? Buffer.from(made) : await made
    if (putFile(join(config.feeds.folder, path), bytes)) written.add(path)
    shown.made.set(path, { from, bytes: bytes.length })
    if (brotli !== null) shown.lacking.set(path, brotli)
    if (performance.now() - since < SLICE_MS) continue
    await setImmediate()
    since = performance.now()
  }
  return written
}

/**
 * Gives each file its compressed siblings, where it has none of its present bytes. It takes many times as long as to
 * write the files, so it comes when what waits for them has been done.
 */
export async function compressFiles(config: Config, shown: Shown, signal?: AbortSignal): Promise<void> {
  const rest = [...shown.lacking].values()
  const work = async () => {
    for (const [path, brotli] of rest) {
      if (signal?.aborted) return
      const file = join(config.feeds.folder, path)
      // Before, not after: a round that writes it anew meanwhile puts it back.
      shown.lacking.delete(path)
      if (!hasSiblings(file)) await compressFile(file, brotli)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}
