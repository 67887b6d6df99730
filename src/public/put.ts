/**
 * How a file gets into the folder that is served: by rename, so that a reader finds the old bytes or the new ones.
 *
 * Its modification time is what servers call Last-Modified, and readers compare it to the second. So it is always of a
 * later second than the one before, also where a file is published twice within one: a reader that came between the
 * two would otherwise take the second for the first.
 *
 * `replaceFile` syncs each file to the disk. Here nothing is synced: ten thousand pages would take minutes on a slow
 * disk, and what a power cut leaves half-written is told from the right bytes by the next start, which compares them
 * all and writes them again.
 */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from '../errors.ts'
import { cannotRead, cannotWrite } from '../file.ts'
import { SIBLINGS } from './owned.ts'

/**
 * Makes a file hold these bytes, and touches nothing where it does. What changes loses its compressed siblings: a
 * server that prefers them would go on with the old bytes.
 *
 * Synchronous, since it is done ten thousand times in a row and takes a third of the time so.
 *
 * @returns whether it had to be written
 * @throws UserError where it cannot be written; what was there before still is
 */
export function putFile(path: string, bytes: Buffer): boolean {
  const before = look(path)
  if (before !== null && before.size === bytes.length && holds(path, bytes)) return false
  const beside = `${path}.${randomUUID()}.part`
  try {
    if (before === null) mkdirSync(dirname(path), { recursive: true })
    else for (const end of SIBLINGS) rmSync(path + end, { force: true })
    writeFileSync(beside, bytes)
    if (before !== null) bePast(beside, before.mtimeMs)
    renameSync(beside, path)
  } catch (error) {
    forget(beside)
    throw cannotWrite(path, error)
  }
  return true
}

/** Which bytes a file holds, without looking at them; null where there is none. */
export function versionOf(path: string): string | null {
  const found = look(path)
  return found && `${found.size} ${found.mtimeMs}`
}

/**
 * Puts a compressed sibling beside a file, with the file's own time, so that both have one Last-Modified.
 *
 * @param version of the file that it was made from: where it holds other bytes by now, nothing is put
 */
export function putSibling(
  path: string,
  end: (typeof SIBLINGS)[number],
  bytes: Buffer,
  version: string,
): void {
  const beside = `${path}.${randomUUID()}.part`
  try {
    writeFileSync(beside, bytes)
    const file = look(path)
    if (file !== null && versionOf(path) === version) {
      utimesSync(beside, file.mtimeMs / 1000, file.mtimeMs / 1000)
      renameSync(beside, path + end)
    } else rmSync(beside, { force: true })
  } catch (error) {
    forget(beside)
    throw cannotWrite(path + end, error)
  }
}

/** Whether a file has all its siblings, made since it was written itself. */
export function hasSiblings(path: string): boolean {
  const file = look(path)
  return SIBLINGS.every((end) => {
    const sibling = look(path + end)
    // A sibling of no bytes is what a power cut may leave. Times are kept with fewer digits by some disks.
    return file && sibling && sibling.size > 0 && Math.abs(sibling.mtimeMs - file.mtimeMs) < 1
  })
}

// Where even this fails, as it does below a file, what is to be told is the first failure.
function forget(beside: string): void {
  try {
    rmSync(beside, { force: true })
  } catch (error) {
    if (errorCode(error) === undefined) throw error
  }
}

function bePast(path: string, before: number): void {
  const next = (Math.floor(before / 1000) + 1) * 1000
  const now = Date.now()
  if (now < next) utimesSync(path, now / 1000, next / 1000)
}

function look(path: string): { size: number; mtimeMs: number } | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return null
    throw cannotRead(path, error, 'look at the permissions of its folder')
  }
}

function holds(path: string, bytes: Buffer): boolean {
  try {
    return readFileSync(path).equals(bytes)
  } catch (error) {
    throw cannotRead(path, error, 'look at its permissions, and whether a folder stands in its place')
  }
}
