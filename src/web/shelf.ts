/**
 * The feeds folder as the web server has it at hand: small files with their bytes, and with those of `X.gz` and `X.br`
 * beside them, so that nothing is read, hashed or compressed for a request.
 *
 * The folder is written by a round of this process, of another one, and by the author, so what is held is compared
 * with the disk before it is given: by its time, size and inode, once in each turn of the event loop. Among thousands
 * of requests a second that costs next to nothing, and one alone never gets bytes of a moment ago. A time for which
 * the shelf believes itself would be as fast, but a WebSub hub that is pinged asks back at once, and would be given
 * the feed without the post that it was pinged for.
 *
 * Looking and reading are synchronous: a stat is a microsecond, a change is read once, and an answer that needs no
 * promise is several times as fast as one that does.
 */
import { hash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { errorCode } from '../errors.ts'
import type { Encoding } from './encoding.ts'
import { openLru } from './lru.ts'

/** What is larger than this is read from the disk by each request for it. */
const LARGEST_HELD = 1024 * 1024
const MOST_HELD = 64 * 1024 * 1024
/** What a file costs beside its bytes, more or less: its headers, its place in the shelf. */
const OVERHEAD = 2048

/** One form of a file. `bytes` is null where it is too large to be held. */
export type Body = { encoding: Encoding; bytes: Buffer | null; size: number; file: string; stat: Stats }

export type Stored = {
  /** Below the folder, with forward slashes. */
  path: string
  /** Names the content: a hash of it, or for a large file its size, time and inode. Letters, digits and dots. */
  version: string
  modified: Date
  /** As it is, and compressed where there is such a file; `identity` comes first. */
  bodies: [Body, ...Body[]]
}

export type Shelf<Ready> = {
  /** @param path plain, below the folder: that nothing hidden is asked for is the caller's business */
  find(path: string): Ready | 'folder' | null
  /** Opens a body that is not held. Null where the file is another one by now: find it again. */
  open(body: Body): number | null
  /** Looks at a file again in this turn. */
  forget(path: string): void
}

const SIBLINGS = [
  { encoding: 'br', ending: '.br', expand: brotliDecompressSync },
  { encoding: 'gzip', ending: '.gz', expand: gunzipSync },
] as const

type Look = [own: Stats, ...siblings: (Stats | undefined)[]]
type Kept<Ready> = { ready: Ready; look: Look; turn: number }

/** @param prepare makes of a file, once for each version of it, whatever answers need */
export function openShelf<Ready>(folder: string, prepare: (stored: Stored) => Ready): Shelf<Ready> {
  const kept = openLru<Kept<Ready>>(MOST_HELD)
  const turn = countTurns()

  return {
    find(path) {
      const held = kept.get(path)
      if (held?.turn === turn()) return held.ready
      try {
        const file = join(folder, path)
        const look = lookAt(file)
        if (look === null || look === 'folder') {
          kept.delete(path)
          return look === 'folder' && isInside(folder, file) ? 'folder' : null
        }
        if (held !== undefined && isSame(held.look, look)) {
          held.turn = turn()
          return held.ready
        }
        // A link in the folder may lead to another file of it, and no further.
        if (!isInside(folder, file)) return null
        const stored = read(folder, path, file, look)
        const ready = prepare(stored)
        const bytes = stored.bodies.reduce((sum, body) => sum + (body.bytes?.length ?? 0), OVERHEAD)
        kept.set(path, { ready, look, turn: turn() }, bytes)
        return ready
      } catch (error) {
        kept.delete(path)
        if (isAbsent(error)) return null
        throw error
      }
    },
    open({ file, stat }) {
      let opened: number
      try {
        opened = openSync(file, 'r')
      } catch (error) {
        if (isAbsent(error)) return null
        throw error
      }
      if (isSameStat(fstatSync(opened), stat)) return opened
      closeSync(opened)
      return null
    },
    forget: kept.delete,
  }
}

/** The number of the event loop's turn: requests that came together are in the same one. */
function countTurns(): () => number {
  let turn = 0
  let ends = false
  return () => {
    if (!ends) {
      ends = true
      setImmediate(() => {
        turn++
        ends = false
      })
    }
    return turn
  }
}

function lookAt(file: string): Look | 'folder' | null {
  const own = statSync(file, { throwIfNoEntry: false })
  if (own?.isDirectory()) return 'folder'
  // Neither pipes, which wait for whoever writes into them, nor devices.
  if (!own?.isFile()) return null
  return [own, ...SIBLINGS.map(({ ending }) => statSync(file + ending, { throwIfNoEntry: false }))]
}

function isSame(before: Look, now: Look): boolean {
  return now.every((stat, place) => isSameStat(before[place], stat))
}

function isSameStat(one: Stats | undefined, other: Stats | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return (
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.size === other.size &&
    one.ino === other.ino
  )
}

function isInside(folder: string, file: string): boolean {
  return realpathSync.native(file).startsWith(realpathSync.native(folder) + sep)
}

function read(folder: string, path: string, file: string, [own, ...siblings]: Look): Stored {
  const bytes = own.size <= LARGEST_HELD ? readFileSync(file) : null
  const body: Body = { encoding: 'identity', bytes, size: bytes?.length ?? own.size, file, stat: own }
  const compressed = SIBLINGS.flatMap(({ encoding, ending, expand }, place) => {
    const stat = siblings[place]
    if (!stat?.isFile() || !isInside(folder, file + ending)) return []
    const small = readSibling(file + ending, stat, own, bytes, expand)
    return small === null ? [] : [{ encoding, ...small, file: file + ending, stat }]
  })
  const version =
    bytes === null
      ? [own.size, Math.round(own.mtimeMs * 1000), own.ino].map((part) => part.toString(36)).join('.')
      : hash('sha256', bytes, 'hex').slice(0, 32)
  return { path, version, modified: own.mtime, bodies: [body, ...compressed] }
}

/**
 * A compressed form, where it is one of this very content. A file and its siblings are replaced one after the other,
 * and copied to a server without their times, so what is held is expanded once and compared; only of a large file is
 * the time believed.
 */
function readSibling(
  file: string,
  stat: Stats,
  own: Stats,
  whole: Buffer | null,
  expand: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer,
): { bytes: Buffer | null; size: number } | null {
  if (whole === null) return stat.mtimeMs >= own.mtimeMs ? { bytes: null, size: stat.size } : null
  if (stat.size >= whole.length) return null
  const bytes = readFileSync(file)
  try {
    return expand(bytes, { maxOutputLength: whole.length + 1 }).equals(whole)
      ? { bytes, size: bytes.length }
      : null
  } catch {
    // Half a file, another format, or one that expands to more: whatever it is, it is not this file.
    return null
  }
}

function isAbsent(error: unknown): boolean {
  const codes = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EACCES', 'EPERM', 'EISDIR', 'ENXIO']
  return codes.includes(errorCode(error) ?? '')
}
