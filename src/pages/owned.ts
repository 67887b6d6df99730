/**
 * Which files of the pages' folder are Posthorn's.
 *
 * The folder is the author's, who may keep more in it: a logo, a page about themselves, another program's output. So
 * Posthorn keeps a list of what it wrote there, `.posthorn-pages`, and touches nothing else: a file that is on the
 * list and not wanted any more is removed; one that is in the way and not on it is a fault. Earlier slugs in the
 * database would not do: the author may throw the database away and keep the folder, and pictures have no row. A mark
 * inside the pages would not do either: pictures have no place for it.
 *
 * The list names a file before the file is written and until it is removed, so a crash leaves nothing unlisted. A
 * line of it is a path below the folder; the first line says what it is.
 */
import { rmdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../config.ts'
import { errorCode, type Fault, FaultsError, UserError } from '../errors.ts'
import { cannotWrite, readIfThere, replaceFile } from '../file.ts'
import { isPlainPath, shownPath } from './place.ts'
import type { Wanted } from './wanted.ts'

const LIST = '.posthorn-pages'
const ABOUT =
  '# What Posthorn wrote into this folder and may replace or remove. It touches nothing else here.'

/** The paths on the list. */
export async function readOwned(config: Config): Promise<Set<string>> {
  const file = join(config.feeds.folder, LIST)
  const [, ...paths] = ((await readIfThere(file))?.toString() ?? '').trimEnd().split('\n')
  const strange = paths.find((path) => !isPlainPath(path))
  if (strange !== undefined)
    throw new UserError(`${shownPath(file, config)}: "${strange}" is no file of the pages' folder`, {
      hint: 'Posthorn removes what this list names; take the line out if you did not write it, or delete the list',
    })
  return new Set(paths)
}

/** Makes the list these paths. */
export async function writeOwned(paths: Iterable<string>, config: Config): Promise<void> {
  const lines = [ABOUT, ...[...new Set(paths)].sort()]
  await replaceFile(join(config.feeds.folder, LIST), `${lines.join('\n')}\n`)
}

/**
 * Which of the wanted files are Posthorn's to write: those on the list, those not there yet, and pages that are there
 * with the very bytes, so that a lost list heals. A picture with the very bytes is the author's own copy and stays so.
 *
 * @throws FaultsError where a file of the author's is in the way
 */
export async function chooseOwn(
  wanted: Map<string, Wanted>,
  listed: Set<string>,
  config: Config,
): Promise<Set<string>> {
  const ours = new Set<string>()
  const faults: Fault[] = []
  for (const [path, page] of wanted) {
    const file = join(config.feeds.folder, path)
    const there = listed.has(path) ? null : await readIfThere(file)
    const same = there?.equals(Buffer.from(await page.make())) ?? true
    if (!same)
      faults.push({
        file: shownPath(file, config),
        message: `this file is not Posthorn's, and ${page.source ?? 'the list of posts'} needs its place; move it away, or delete it`,
      })
    else if (there === null || !page.isCopy) ours.add(path)
  }
  if (faults.length > 0)
    throw new FaultsError(faults, 'if your own blog has the pages, let "posts.link" be its full address')
  return ours
}

/** Removes a file of the list, and the folders that it leaves empty. */
export async function removeOwned(path: string, config: Config): Promise<void> {
  const root = config.feeds.folder
  try {
    await unlink(join(root, path))
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) await rmdir(join(root, folder))
  } catch (error) {
    // Gone already, a folder of the author's in its place, or a folder with more in it: nothing here is ours.
    const code = errorCode(error) ?? ''
    if (!['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(code))
      throw cannotWrite(join(root, path), error)
  }
}
