/**
 * Which files of the folder that is served are Posthorn's.
 *
 * The folder is the author's, who may keep more in it: a logo, a page about themselves, another program's output. So
 * Posthorn keeps a list of what it wrote there and touches nothing else: a file that is on the list and not wanted any
 * more is removed; one that is in the way and not on it is a fault. Earlier slugs in the database would not do:
 * pictures have no row. A list in the folder itself would not do either: many static hosts serve files that begin with
 * a dot, and it names the pages of unlisted posts.
 *
 * The list lies beside the journal, as `posthorn.files` beside `posthorn.journal`. It names a file before the file is
 * written and until it is removed, so a crash leaves nothing unlisted. A line of it is a path below the folder; the
 * first line says what it is. Where the list is lost, a page is known again by its bytes or by its generator's name.
 *
 * What has been removed stands on a second list, `posthorn.gone`, until it comes back, so that the web server can say
 * that it is gone and not merely that it is not there: feed readers then stop asking.
 *
 * The siblings `X.gz` and `X.br` of a file X are Posthorn's where X is, and are not listed.
 */
import { rmdir, unlink } from 'node:fs/promises'
import { dirname, join, parse } from 'node:path'
import type { Config } from '../config.ts'
import { errorCode, type Fault, FaultsError, UserError } from '../errors.ts'
import { cannotWrite, fileStamp, readIfThere, replaceFile } from '../file.ts'
import { isPlainPath, shownPath } from './place.ts'
import { inOrder, type Wanted, type WantedFiles } from './wanted.ts'

/** What lies beside the journal, by the end of its name, and what its first line says. */
const LISTS = {
  files:
    '# What Posthorn wrote into the folder that is served and may replace or remove. It touches nothing else there.',
  gone: '# What Posthorn wrote into the folder that is served and removed; its web server answers 410 Gone for it.',
}
/** What every page of Posthorn's own templates says of itself. */
const MARK = '<meta name="generator" content="Posthorn">'
/** How many that are gone are remembered, the latest: who still asks for one of ten years ago gets a 404. */
const MOST_GONE = 10_000

/** What a compressed sibling of a file is called behind the file's own name. */
export const SIBLINGS = ['.gz', '.br'] as const

/** The paths of Posthorn's own files. */
export function readOwned(config: Config): Promise<Set<string>> {
  return readList('files', config)
}

/** Another text once the list is another, written by this process or by one beside it; null where there is none. */
export function ownedStamp(config: Config): string | null {
  return fileStamp(listFile('files', config))
}

/** Makes the list these paths. */
export function writeOwned(paths: Iterable<string>, config: Config): Promise<boolean> {
  return writeList('files', [...new Set(paths)].sort(), config)
}

/** The paths of what was removed; the file it stands in changes whenever they do. */
export function goneFile(config: Config): string {
  return listFile('gone', config)
}

/** Remembers what was removed just now, and forgets what is there again. */
export async function recordGone(
  removed: string[],
  there: Pick<Set<string>, 'has'>,
  config: Config,
): Promise<void> {
  const before = await readList('gone', config)
  const gone = [...new Set([...before, ...removed])].filter((path) => !there.has(path)).slice(-MOST_GONE)
  if (gone.length > 0 || before.size > 0) await writeList('gone', gone, config)
}

async function readList(name: keyof typeof LISTS, config: Config): Promise<Set<string>> {
  const file = listFile(name, config)
  const [, ...paths] = ((await readIfThere(file))?.toString() ?? '').trimEnd().split('\n')
  const strange = paths.find((path) => !isPlainPath(path))
  if (strange !== undefined)
    throw new UserError(
      `${shownPath(file, config)}: "${strange}" is no path below the folder that is served`,
      {
        hint: 'Posthorn removes what this list names; take the line out if you did not write it, or delete the list',
      },
    )
  return new Set(paths)
}

function writeList(name: keyof typeof LISTS, paths: string[], config: Config): Promise<boolean> {
  return replaceFile(listFile(name, config), `${[LISTS[name], ...paths].join('\n')}\n`)
}

function listFile(name: keyof typeof LISTS, { journal }: Config): string {
  const { dir, name: journalName } = parse(journal.file)
  return join(dir, `${journalName}.${name}`)
}

/**
 * Which of the wanted files are Posthorn's to write: those on the list, those not there yet, feeds, whose names nothing
 * else has, and pages that say that they are Posthorn's or have the very bytes, so that a lost list heals. A picture
 * with the very bytes is the author's own copy and stays so.
 *
 * @throws FaultsError where a file of the author's is in the way
 */
export async function chooseOwn(
  wanted: WantedFiles,
  listed: Set<string>,
  config: Config,
): Promise<Set<string>> {
  const ours = new Set<string>()
  const unknown: [string, Wanted][] = []
  for (const [path, file] of wanted) {
    if (listed.has(path) || file.step === 'feed') ours.add(path)
    else unknown.push([path, file])
  }
  const faults: Fault[] = []
  for (const [path, { make, source, step }] of inOrder(unknown)) {
    const file = join(config.feeds.folder, path)
    const there = await readIfThere(file)
    const isOurs = there === null || there.includes(MARK) || there.equals(Buffer.from(await make()))
    if (!isOurs)
      faults.push({
        file: shownPath(file, config),
        message: `this file is not Posthorn's, and ${source ?? 'the list of posts'} needs its place; move it away, or delete it`,
      })
    else if (there === null || step !== 'copy') ours.add(path)
  }
  if (faults.length > 0)
    throw new FaultsError(faults, 'if your own blog has the pages, let "posts.link" be its full address')
  return ours
}

/** Removes a file of the list with its siblings, and the folders that it leaves empty. */
export async function removeOwned(path: string, config: Config): Promise<void> {
  const root = config.feeds.folder
  for (const name of [...SIBLINGS.map((end) => path + end), path]) await remove(join(root, name))
  try {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) await rmdir(join(root, folder))
  } catch (error) {
    keepOn(error, join(root, path))
  }
}

async function remove(file: string): Promise<void> {
  try {
    await unlink(file)
  } catch (error) {
    keepOn(error, file)
  }
}

// Gone already, a folder of the author's in its place, or a folder with more in it: nothing here is ours.
function keepOn(error: unknown, file: string): void {
  if (!['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? ''))
    throw cannotWrite(file, error)
}
