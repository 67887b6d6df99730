/** Lists of subscribers that come in as files, and go out as one. */
import { statSync } from 'node:fs'
import { describeFault } from '../errors.ts'
import type { Site } from '../site.ts'
import { exportSubscribers } from '../subscribers/export.ts'
import {
  type Imported,
  type ImportOptions,
  importSubscribers,
  type Rehearsed,
  rehearseImport,
} from '../subscribers/import.ts'
import { readWhere } from '../subscribers/where.ts'
import { count, type Terminal, table } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'

export async function importFile(
  context: Context,
  file: string,
  options: { confirmed?: boolean; dryRun?: boolean; json?: boolean },
): Promise<number> {
  return context.withSite(async (site) => {
    const { terminal } = context
    const confirmed = options.confirmed === true
    const progress = options.json ? null : readingProgress(terminal, file)
    const how: ImportOptions = { confirmed, ...(progress && { onRead: progress.onRead }) }
    const { rehearsed, imported } = await bringIn(site, file, how, options.dryRun === true).finally(() =>
      progress?.end(),
    )
    const code = rehearsed && rehearsed.faults.length > 0 ? EXIT.failed : EXIT.done
    if (options.json) {
      terminal.json(imported)
      return code
    }
    for (const line of rehearsed ? exampleLines(rehearsed, file) : []) terminal.out(line)
    for (const line of importLines(imported)) terminal.out(line)
    if ('number' in imported && imported.number !== null)
      terminal.out(
        `import #${imported.number}; to take it back: posthorn subscribers imports --undo ${imported.number}`,
      )
    for (const caution of imported.cautions) terminal.say(`beware: ${caution}`)
    if (imported.added.unconfirmed > 0 && !confirmed) {
      terminal.say(
        `nobody ${rehearsed ? 'would be' : 'was'} written to: unconfirmed people are mailed nothing until they ask for it themselves`,
      )
      terminal.say('try: `--confirmed`, if they consented elsewhere')
    }
    if (rehearsed) {
      terminal.say('nothing was changed: this was a dry run')
      if (code !== EXIT.done) terminal.say('try: mend the file; with a fault in it nobody is imported')
    }
    return code
  })
}

async function bringIn(
  { db, config, secret, now }: Site,
  file: string,
  options: ImportOptions,
  isRehearsal: boolean,
): Promise<{ rehearsed: Rehearsed | null; imported: Imported | Rehearsed }> {
  const rehearsed = isRehearsal ? await rehearseImport(db, file, options, config, secret) : null
  return {
    rehearsed,
    imported: rehearsed ?? (await importSubscribers(db, file, options, config, secret, now())),
  }
}

/** By the bytes of a file; of a pipe, whose length nobody knows, by its rows. */
function readingProgress(terminal: Terminal, file: string) {
  const size = sizeOf(file)
  const inRows = (rows: number) => `${rows.toLocaleString('en')} rows`
  const inBytes = (bytes: number, size: number) => `${Math.floor((bytes / size) * 100)}%`
  const progress = terminal.progress(file, size, (done) =>
    size === null ? inRows(done) : inBytes(done, size),
  )
  return {
    onRead: ({ rows, bytes }: { rows: number; bytes: number }) =>
      size === null ? progress.to(rows) : progress.to(bytes, inRows(rows)),
    end: () => progress.end(),
  }
}

/** Null where nobody knows it; what is wrong with a file, its reading tells. */
function sizeOf(file: string): number | null {
  try {
    const found = statSync(file)
    return found.isFile() ? found.size : null
  } catch {
    return null
  }
}

function importLines(imported: Imported | Rehearsed): string[] {
  const { rows, added, known, notRaised, repeated, suppressed, newlySuppressed, ignored } = imported
  const parts = [
    [rows, 'rows'],
    [added.confirmed, 'readers from now on'],
    [added.unconfirmed, 'unconfirmed'],
    [added.unsubscribed, 'unsubscribed, and they stay so'],
    [known, 'known already, nothing of them is changed'],
    [notRaised, 'of these are less here than in the file, and stay so'],
    [repeated, 'a second time in the file'],
    [suppressed, 'never to be mailed, left out'],
    [newlySuppressed, 'not to be mailed from now on, as the file says'],
    ['faulty' in imported ? imported.faulty : 0, 'with a fault'],
  ] as const
  const lines = table(
    parts.flatMap(([number, what]) => (number > 0 ? [[number.toLocaleString('en'), what]] : [])),
    [0],
  )
  if (ignored.length > 0) lines.push(`columns not understood and not kept: ${ignored.join(', ')}`)
  return lines
}

/** A line for each of the first rows of a kind, with its place in the file; then one for how many more there are. */
function exampleLines(rehearsed: Rehearsed, file: string): string[] {
  const { examples, added, known, notRaised, repeated, suppressed } = rehearsed
  const BECOMES = {
    confirmed: 'a reader from now on',
    unconfirmed: 'unconfirmed',
    unsubscribed: 'unsubscribed, and stays so',
  }
  const lines = <Example extends { line: number }>(
    all: Example[],
    number: number,
    words: (example: Example) => string,
  ) => [
    ...all.map((example) => `${file}:${example.line}: ${words(example)}`),
    ...(number > all.length
      ? [`${file}: and ${(number - all.length).toLocaleString('en')} more like this`]
      : []),
  ]
  return [
    ...lines(
      examples.added,
      added.confirmed + added.unconfirmed + added.unsubscribed,
      ({ address, status }) => `${address} is new: ${BECOMES[status]}`,
    ),
    ...lines(examples.known, known - notRaised, ({ address }) => `${address} is known, and not changed`),
    ...lines(
      examples.notRaised,
      notRaised,
      ({ address, status }) => `${address} is ${status} here, and stays so`,
    ),
    ...lines(
      examples.repeated,
      repeated,
      ({ address, of }) => `${address} is ${of.address} of line ${of.line} again`,
    ),
    ...lines(
      examples.suppressed,
      suppressed,
      ({ address }) => `${address} is never to be mailed, and left out`,
    ),
    ...rehearsed.faults.map(describeFault),
  ]
}

export async function exportAll(context: Context, options: { where?: string[] }): Promise<number> {
  return context.withSite(async ({ db, config }) => {
    const where = readWhere(options.where, 'everybody', config.site.timeZone)
    const { erased } = await exportSubscribers(
      db,
      context.surroundings.streams.stdout as NodeJS.WriteStream,
      where,
    )
    if (erased > 0)
      context.terminal.say(
        `not in it: ${count(erased, 'person', 'people')} who ${erased === 1 ? 'was' : 'were'} erased; only this site can tell who`,
      )
    return EXIT.done
  })
}
