/**
 * Files that others read while we write them: feeds, pages, the configuration of a new site. Each is written beside
 * its place, synced, and moved there by rename, so that a reader finds the old bytes or the new ones and a full disk
 * leaves the old.
 */
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, UserError } from './errors.ts'

/**
 * Makes `path` hold `bytes`, and touches nothing where it does already.
 *
 * @returns whether it had to be written
 * @throws UserError where the file cannot be written; what was there before still is
 */
export async function replaceFile(path: string, bytes: Buffer | string): Promise<boolean> {
  const wanted = Buffer.from(bytes)
  if ((await readIfThere(path))?.equals(wanted)) return false
  const beside = `${path}.${randomUUID()}.part`
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(beside, 'w')
    try {
      await file.writeFile(wanted)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    // Where even this fails, as it does below a file, what is to be told is the first failure.
    await rm(beside, { force: true }).catch(() => {})
    throw cannotWrite(path, error)
  }
  return true
}

/** The bytes of a file, or null where there is none. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null
    throw cannotRead(path, error, 'look at its permissions, and whether a folder stands in its place')
  }
}

/**
 * A text that is another one as soon as the file is another; null where there is none. Synchronous, since it is asked
 * for many files in a row.
 */
export function fileStamp(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false })
  return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : null
}

/** The letter for a file that the system does not give. */
export function cannotRead(path: string, error: unknown, hint: string): UserError {
  const code = errorCode(error)
  const causes: Record<string, string> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'permission is denied',
    EPERM: 'permission is denied',
  }
  return new UserError(`${path}: cannot be read: ${causes[code ?? ''] ?? code ?? error}`, {
    hint,
    cause: error,
  })
}

/** The letter for a write that the system refused. */
export function cannotWrite(path: string, error: unknown): UserError {
  const code = errorCode(error)
  const cures: Record<string, [string, string]> = {
    ENOSPC: ['the disk is full', 'free some space and run it again: nothing is half-written'],
    EDQUOT: ['the disk quota is used up', 'free some space and run it again: nothing is half-written'],
    EACCES: ['permission is denied', 'give this user write permission on the folder'],
    EPERM: ['permission is denied', 'give this user write permission on the folder'],
    EROFS: ['the file system is read-only', 'name a folder on another file system'],
    ENOTDIR: ['a file stands where a folder has to be', 'move that file away, or name another folder'],
    EEXIST: ['a file stands where a folder has to be', 'move that file away, or name another folder'],
    EISDIR: ['a folder stands where the file has to be', 'move that folder away, or name another place'],
    EFBIG: ['it is larger than this system lets a file be', 'raise the limit on file sizes'],
  }
  const [cause, hint] = cures[code ?? ''] ?? [String(code ?? error), 'look at the folder it is in']
  return new UserError(`${path}: cannot be written: ${cause}`, { hint, cause: error })
}
