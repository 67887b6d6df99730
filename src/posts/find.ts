import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { errorCode, type Fault } from '../errors.ts'

/** The largest file that is read: a novel is 1 MB, so more is a picture in the text or a mistake. */
const LARGEST = 5_000_000

/** How many files are looked at before other work gets its turn. */
const SLICE = 250

/** A post's file; `file` is its path below the posts folder, with forward slashes. */
export type FoundPost = { file: string; path: string; modified: Date; size: number }

/**
 * Walks the posts folder for Markdown files, in the order of their paths. Names that begin with "_" or "." are left
 * out, and so is a folder's README. A symlink is not followed: what it leads to inside the folder is found under its
 * own name, and outside the folder is outside the site.
 *
 * It looks synchronously, in slices: a promise for each file takes ten times as long, and a folder of ten thousand
 * posts is looked at each minute.
 */
export async function findPosts(config: Config): Promise<{ found: FoundPost[]; faults: Fault[] }> {
  const found: FoundPost[] = []
  const faults: Fault[] = []
  let root: string
  try {
    root = await realpath(config.posts.folder)
  } catch (error) {
    const message =
      errorCode(error) === 'ENOENT'
        ? 'there is no such folder; make it, or name another one as "posts.folder" in the configuration'
        : unreadable('folder', error)
    return { found, faults: [{ file: shownFile(config, ''), message }] }
  }
  const walk = async (folder: string): Promise<void> => {
    let entries: string[]
    try {
      entries = readdirSync(join(config.posts.folder, folder))
    } catch (error) {
      faults.push({ file: shownFile(config, folder), message: unreadable('folder', error) })
      return
    }
    for (const [at, name] of entries.sort().entries()) {
      if (at % SLICE === SLICE - 1) await setImmediate()
      if (/^[._]/.test(name) || /^readme\./i.test(name)) continue
      const file = folder === '' ? name : `${folder}/${name}`
      const path = join(config.posts.folder, file)
      const fault = (message: string) => faults.push({ file: shownFile(config, file), message })
      try {
        const entry = lstatSync(path)
        if (entry.isSymbolicLink()) {
          const message = await linkFault(path, root)
          if (message) fault(message)
        } else if (entry.isDirectory()) {
          await walk(file)
        } else if (isMarkdown(name)) {
          const message = fileFault(entry)
          if (message) fault(message)
          else found.push({ file, path, modified: entry.mtime, size: entry.size })
        }
      } catch (error) {
        // A file that went away between the listing and the look is an editor's own, not a fault.
        if (errorCode(error) !== 'ENOENT') fault(unreadable('file', error))
      }
    }
  }
  await walk('')
  return { found, faults }
}

/** A file of the posts folder as the author would name it: from the site folder. */
export function shownFile(config: Config, file: string): string {
  return relative(config.folder, join(config.posts.folder, file)).split(sep).join('/') || '.'
}

/** A cause and a cure for a file or folder that the system does not give. */
export function unreadable(kind: 'file' | 'folder', error: unknown): string {
  const code = errorCode(error)
  if (code === undefined) throw error
  const cures: Record<string, string> = {
    EACCES: 'give yourself the right to read it',
    EPERM: 'give yourself the right to read it',
    ENOTDIR: 'a file stands in its place; name another folder as "posts.folder"',
    ELOOP: 'its symlinks lead in a circle',
    EISDIR: 'a folder stands in its place',
  }
  return `this ${kind} cannot be read (${code}); ${cures[code] ?? 'look at its disk and its rights'}`
}

function isMarkdown(name: string): boolean {
  return /\.(md|markdown)$/i.test(name)
}

function fileFault(entry: Stats): string | null {
  if (!entry.isFile()) return 'this is neither a file nor a folder; take it out of the posts folder'
  if (entry.size > LARGEST)
    return `this file has ${megabytes(entry.size)} MB, and a post may have ${megabytes(LARGEST)}; keep pictures and data in files of their own`
  return null
}

async function linkFault(path: string, root: string): Promise<string | null> {
  let target: string
  try {
    target = await realpath(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    return isMarkdown(path) ? 'this symlink leads nowhere; mend it or take it away' : null
  }
  const inside = target === root || target.startsWith(root + sep)
  if (inside || !(isMarkdown(path) || (await stat(target)).isDirectory())) return null
  return 'this symlink leads out of the posts folder and is not followed; copy what it leads to into the folder'
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1)
}
