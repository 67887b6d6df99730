/**
 * Tells of saves. Each folder is watched by itself and not its files, nor by `recursive`: many editors write a new file
 * and put it in the place of the old one, and a watch on a file goes away with the file.
 */
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../errors.ts'

/** A folder to watch: with all folders in it but some, or only what has one of these names. */
export type Place = { folder: string; without: string[] } | { folder: string; names: string[] }

export type Watch = {
  close(): void
  /** Looks which places there are now, as it does by itself after each save. */
  look(): void
  /** Folders that the system lets nobody watch, with its word for why. */
  unwatched: Map<string, string>
}

/** One save is several events: the file is emptied, written and renamed. */
const QUIET_MS = 40
/** Whoever writes all the time is not waited for. */
const LONGEST_MS = 400
/** More folders than this would take what other programs need, too. */
const MOST_FOLDERS = 4_000

/**
 * @param places asked for again after each save: folders come and go, and the configuration names others
 * @param saved called once for each save, after the last of its events
 */
export function watchSaves(places: () => Place[], saved: () => void): Watch {
  const watched = new Map<string, { watcher: FSWatcher; inode: number }>()
  const unwatched = new Map<string, string>()
  let wanted = new Map<string, string[] | null>()
  let timer: NodeJS.Timeout | undefined
  let first = 0

  function stir(): void {
    clearTimeout(timer)
    if (first === 0) first = performance.now()
    const wait = Math.max(0, Math.min(QUIET_MS, first + LONGEST_MS - performance.now()))
    timer = setTimeout(() => {
      first = 0
      look()
      saved()
    }, wait)
  }

  function look(): void {
    wanted = foldersOf(places())
    for (const [folder, { watcher, inode }] of watched) {
      // A folder that was removed and made again is another one, and the old watch hears nothing of it.
      if (wanted.has(folder) && inodeOf(folder) === inode) continue
      watcher.close()
      watched.delete(folder)
    }
    unwatched.clear()
    for (const folder of wanted.keys()) if (!watched.has(folder)) open(folder)
  }

  function open(folder: string): void {
    const inode = inodeOf(folder)
    if (inode === null) return
    try {
      const watcher = watch(folder, (_, name) => {
        const names = wanted.get(folder)
        // Some systems do not say which file it was.
        if (name === null || (names ? names.includes(name) : !isScratch(name))) stir()
      })
      watcher.on('error', () => {
        watcher.close()
        watched.delete(folder)
        stir()
      })
      watched.set(folder, { watcher, inode })
    } catch (error) {
      unwatched.set(folder, errorCode(error) ?? String(error))
    }
  }

  look()
  return {
    unwatched,
    look,
    close() {
      clearTimeout(timer)
      for (const { watcher } of watched.values()) watcher.close()
      watched.clear()
    },
  }
}

/** The folders to watch, each with the names that matter in it, null where all do. */
function foldersOf(places: Place[]): Map<string, string[] | null> {
  const folders = new Map<string, string[] | null>()
  for (const place of places) {
    if ('names' in place) {
      const before = folders.get(place.folder)
      if (before !== null) folders.set(place.folder, [...(before ?? []), ...place.names])
      continue
    }
    const open = [place.folder]
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      if (folders.size >= MOST_FOLDERS) return folders
      folders.set(folder, null)
      open.push(...foldersIn(folder).filter((each) => !place.without.includes(each)))
    }
  }
  return folders
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !isScratch(entry.name) && entry.name !== 'node_modules')
      .map(({ name }) => join(folder, name))
  } catch (error) {
    // It went away meanwhile, or was never there; reading what is in it tells better than we could.
    if (errorCode(error) !== undefined) return []
    throw error
  }
}

function inodeOf(folder: string): number | null {
  return statSync(folder, { throwIfNoEntry: false })?.ino ?? null
}

/** What editors write beside a file while they save it. */
function isScratch(name: string): boolean {
  return name.startsWith('.') || name.endsWith('~')
}
