/**
 * Brings a list of people in from a CSV file with a header row. All of it is checked first: with one bad row nobody
 * is imported, and all faults are told together. An import never changes anybody who is here, so it neither brings
 * back who left nor lifts a suppression.
 */
import { basename } from 'node:path'
import { checkAddress } from '../address.ts'
import type { Config } from '../config.ts'
import { type Fault, FaultsError } from '../errors.ts'
import { keepSlots } from '../issues/schedule.ts'
import type { Database } from '../store/database.ts'
import type { ImportRow } from '../store/import-rows.ts'
import { type ImportCounts, type ImportExamples, importRows, rehearseRows } from '../store/imports.ts'
import { erasedKey } from '../store/subscribers.ts'
import {
  checkConsents,
  checkHour,
  checkLanguage,
  checkLanguages,
  checkReason,
  checkRhythm,
  checkTime,
  checkTimeZone,
  checkWeekday,
  readList,
} from './cells.ts'
import { type Cell, type Column, cautionOf, readSigns, readTitles, type Sign, SUPPRESSED } from './columns.ts'
import { type CsvRow, readCsv } from './csv.ts'
import { readCell } from './formula.ts'
import { checkName } from './name.ts'
import { defaults } from './subscribe.ts'
import { removeHalfDone } from './undo-import.ts'

type Counted = ImportCounts & {
  /** Rows of the file, without its header. */
  rows: number
  /** Columns that were not understood and are not kept, as the file names them. */
  ignored: string[]
  /** What the author should know of such a file. */
  cautions: string[]
}

export type Imported = Counted & {
  /** What it is taken back by; null where it added nobody. */
  number: number | null
}

export type Rehearsed = Counted & {
  /** Rows that have a fault. */
  faulty: number
  /** The first of them, and how many more there are. */
  faults: Fault[]
  examples: ImportExamples
}

/** More would scroll the first away. */
const MOST_FAULTS = 100

export type ImportOptions = {
  /** All of them have consented elsewhere, and are readers from now on. */
  confirmed: boolean
  /** Told now and then how far the reading is. */
  onRead?: (read: { rows: number; bytes: number }) => void
}

const ROWS_BETWEEN_WORDS = 1_000

/** What comes to light while a file is read. */
type Findings = Pick<Rehearsed, 'rows' | 'ignored' | 'cautions' | 'faulty' | 'faults'>

/**
 * Imports people, all of them or none.
 *
 * Without `confirmed` they are unconfirmed and are sent nothing: a confirmation to each of a long list is the very
 * flood that double opt-in is there to prevent. They can ask for one on the page. A row whose own columns say that
 * somebody left or never confirmed stays that, `confirmed` or not. Times and evidence of our own export are believed
 * with `confirmed` alone, since anybody can write a file. Addresses that it says are not to be mailed are not, in any case.
 *
 * @param file as the author would type it: faults name it, and so does the consent of who becomes a reader
 * @param secret the site's key
 * @throws FaultsError with each bad row's line, UserError where the file cannot be read; nobody is imported then
 */
export async function importSubscribers(
  db: Database,
  file: string,
  options: ImportOptions,
  config: Config,
  secret: string,
  now: Date,
): Promise<Imported> {
  const found = noFindings()
  async function* allOrNone(): AsyncGenerator<ImportRow> {
    for await (const row of soundRows(file, options, config, secret, found))
      if (found.faults.length === 0) yield row
    if (found.faults.length > 0)
      throw new FaultsError(found.faults, 'nobody was imported; mend the file and try again')
  }
  // With a fault in the file nothing is changed, not even what was left half-done.
  const beforeMove = async (connection: Database) => {
    for (const { number, people } of await removeHalfDone(connection, now))
      found.cautions.push(
        `import #${number} had been cut off after ${people.toLocaleString('en')} people, so they were removed first`,
      )
  }
  const { number, ...counts } = await importRows(db, allOrNone(), basename(file), beforeMove, now)
  await keepSlots(db, config, now)
  const { rows, ignored, cautions } = found
  return { number, rows, ...counts, ignored, cautions }
}

/**
 * What `importSubscribers` would do with this file now, and what is wrong with it. Rows with a fault are left out of the
 * counts; nothing is written.
 *
 * @throws UserError where the file cannot be read
 */
export async function rehearseImport(
  db: Database,
  file: string,
  options: ImportOptions,
  config: Config,
  secret: string,
): Promise<Rehearsed> {
  const found = noFindings()
  const { examples, ...counts } = await rehearseRows(db, soundRows(file, options, config, secret, found))
  const { rows, ignored, cautions, faulty, faults } = found
  return { rows, ...counts, faulty, ignored, cautions, faults, examples }
}

function noFindings(): Findings {
  return { rows: 0, ignored: [], cautions: [], faulty: 0, faults: [] }
}

/** The rows without a fault; the others are in `found` once all are read. */
async function* soundRows(
  file: string,
  options: ImportOptions,
  config: Config,
  secret: string,
  found: Findings,
): AsyncGenerator<ImportRow> {
  const zones = new Set<string>()
  let untold = 0
  let columns: Column[] | null = null
  const wrong = (fault: Fault) => (found.faults.length < MOST_FAULTS ? found.faults.push(fault) : untold++)
  try {
    for await (const row of readCsv(file)) {
      if (columns === null) {
        columns = readHeader(row, file, found)
        continue
      }
      found.rows++
      if (found.rows % ROWS_BETWEEN_WORDS === 0) options.onRead?.({ rows: found.rows, bytes: row.bytes })
      const { line } = row
      const person = readRow(row, columns, config, zones, (message) => wrong({ file, line, message }))
      if (person === null) {
        found.faulty++
        continue
      }
      const believed = options.confirmed ? person : { ...person, ...unvouched(person) }
      yield { ...believed, erased_key: erasedKey(secret, person.address_key) }
    }
    if (columns === null) wrong({ file, message: 'the file is empty; its first row has to name the columns' })
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error
    for (const fault of error.faults) wrong(fault)
  }
  if (untold > 0) found.faults.push({ file, message: `and ${untold} more faults` })
}

/** What nobody vouches for. Who was asked long ago, elsewhere, is not to be erased for want of an answer. */
function unvouched({ status }: Pick<ImportRow, 'status'>): Partial<ImportRow> {
  return {
    status: status === 'confirmed' ? 'unconfirmed' : status,
    asked_at: null,
    confirmed_at: null,
    consents: '[]',
  }
}

function readHeader(row: CsvRow, file: string, found: Findings): Column[] {
  const columns = readTitles(row.cells)
  const cells = columns.flatMap((column) => (column && 'cell' in column ? [column.cell] : []))
  const twice = cells.find((cell, at) => cells.indexOf(cell) !== at)
  const wrong = (message: string) => new FaultsError([{ file, line: row.line, message }])
  if (!cells.includes('address')) {
    throw wrong(
      `no column is called "address" or "email"; the first row has to name the columns, and it is ${shown(row.cells.join(', '))}`,
    )
  }
  if (twice) throw wrong(`two columns are called "${twice}"; leave one`)
  found.ignored.push(...row.cells.filter((_, at) => columns[at] === null))
  const caution = cautionOf(row.cells)
  if (caution) found.cautions.push(caution)
  return columns
}

function readRow(
  row: CsvRow,
  columns: Column[],
  config: Config,
  zones: Set<string>,
  wrong: (message: string) => void,
): Omit<ImportRow, 'erased_key'> | null {
  if (row.cells.length !== columns.length) {
    wrong(
      `this row has ${row.cells.length} ${row.cells.length === 1 ? 'cell' : 'cells'}, and the header has ${columns.length}; put a cell that holds a separator in quotes`,
    )
    return null
  }
  if (row.isGarbled) {
    wrong('this row is not UTF-8; save the file as "CSV UTF-8"')
    return null
  }
  const cells: Partial<Record<Cell, string>> = {}
  const signs: [Sign, string][] = []
  for (const [at, column] of columns.entries()) {
    if (column === null) continue
    const value = readCell(row.cells[at] as string).trim()
    if ('cell' in column) cells[column.cell] = value
    if ('sign' in column) signs.push([column.sign, value])
  }
  const cell = (name: Cell) => cells[name] ?? ''
  const wholeName = cell('name') || `${cell('first name')} ${cell('last name')}`.trim()
  let sound = true
  const check = <Found extends object>(
    what: string,
    value: string,
    found: Found,
  ): Exclude<Found, { fault: string }> => {
    if ('fault' in found) {
      wrong(`the ${what} is ${shown(value)}; ${found.fault}`)
      sound = false
    }
    return found as Exclude<Found, { fault: string }>
  }
  const value = <Value>(name: Cell, read: (value: string) => { value: Value } | { fault: string }) =>
    check(SPOKEN.has(name) ? name : `cell "${name}"`, cell(name), read(cell(name))).value
  const site = defaults(config)
  const isOwn = cells.consents !== undefined
  const address = check('address', cell('address'), checkAddress(cell('address')))
  const { name } = check('name', wholeName, checkName(wholeName))
  const wants = readSigns(signs)
  const word = 'word' in wants ? wants.word : ''
  const { status } = check('status', word, 'word' in wants ? { fault: UNKNOWN_STATUS } : wants)
  const rhythm = value('rhythm', (cell) => checkRhythm(cell, site.rhythm))
  const tags = value('tags', readList)
  const language = value('language', (cell) => (cell === '' ? { value: site.language } : checkLanguage(cell)))
  const timeZone = value('time zone', (cell) =>
    cell === '' ? { value: isOwn ? '' : site.timeZone } : checkTimeZone(cell, zones),
  )
  const suppressed = value('suppressed', checkReason)
  const isNobody = isOwn && signs.some(([sign, word]) => sign === 'status' && word === SUPPRESSED)
  if (isNobody && cell('suppressed') === '') check('cell "suppressed"', '', checkReason('-'))
  const person: Omit<ImportRow, 'erased_key'> = {
    line: row.line,
    address: address.address,
    address_key: address.key,
    name,
    status,
    rhythm,
    tags: JSON.stringify(tags),
    // As it was here before: one that a configuration once gave may be written in another way.
    language: isOwn && cell('language') !== '' ? cell('language') : language,
    time_zone: timeZone,
    hour: value('hour', checkHour),
    weekday: value('weekday', checkWeekday),
    paused_until: value('paused until', checkTime),
    followed_tags: JSON.stringify(value('followed tags', readList)),
    followed_languages: JSON.stringify(value('followed languages', checkLanguages)),
    created_at: value('created', checkTime),
    asked_at: value('asked', checkTime),
    confirmed_at: value('confirmed', checkTime),
    unsubscribed_at: value('unsubscribed', checkTime),
    suppressed_as: suppressed,
    suppressed_at: value('suppressed since', checkTime),
    consents: JSON.stringify(value('consents', checkConsents)),
    is_nobody: isNobody ? 1 : 0,
  }
  return sound ? person : null
}

/** Cells that are called by what they are; the others, by their columns. */
const SPOKEN = new Set<Cell>(['rhythm', 'tags', 'language', 'time zone'])

// Not "confirmed" by default: a word of another program's may well mean that somebody left.
const UNKNOWN_STATUS = 'there are unconfirmed, confirmed, unsubscribed, and the words of other programs'

/** Text of a stranger's, with its control characters made visible, and not longer than a line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
