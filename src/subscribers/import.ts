/**
 * Brings a list of people in from a CSV file with a header row. All of it is checked first: with one bad row nobody
 * is imported, and all faults are told together. An import never changes anybody who is here, so it neither brings
 * back who left nor lifts a suppression.
 */
import { basename } from 'node:path'
import { checkAddress } from '../address.ts'
import type { Config } from '../config.ts'
import { isLanguage } from '../config-schema.ts'
import { type Fault, FaultsError } from '../errors.ts'
import { keepSlots } from '../issues/schedule.ts'
import type { Database } from '../store/database.ts'
import {
  type ImportCounts,
  type ImportExamples,
  type ImportRow,
  importRows,
  rehearseRows,
} from '../store/imports.ts'
import type { SubscriberRhythm } from '../store/schema.ts'
import { erasedKey } from '../store/subscribers.ts'
import { type Cell, type Column, cautionOf, readSigns, readTitles, type Sign } from './columns.ts'
import { type CsvRow, readCsv } from './csv.ts'
import { readCell } from './formula.ts'
import { checkName } from './name.ts'
import { RHYTHMS } from './preferences.ts'
import { defaults } from './subscribe.ts'

export type Imported = ImportCounts & {
  /** Rows of the file, without its header. */
  rows: number
  /** Columns that were not understood and are not kept, as the file names them. */
  ignored: string[]
  /** What the author should know of such a file. */
  cautions: string[]
}

export type Rehearsed = Imported & {
  /** Rows that have a fault. */
  faulty: number
  /** The first of them, and how many more there are. */
  faults: Fault[]
  examples: ImportExamples
}

/** More would scroll the first away. */
const MOST_FAULTS = 100

/** What comes to light while a file is read. */
type Findings = Pick<Rehearsed, 'rows' | 'ignored' | 'cautions' | 'faulty' | 'faults'>

/**
 * Imports people, all of them in one transaction or none.
 *
 * Without `confirmed` they are unconfirmed and are sent nothing: a confirmation to each of a long list is the very
 * flood that double opt-in is there to prevent. They can ask for one on the page. A row whose own columns say that
 * somebody left or never confirmed stays that, `confirmed` or not.
 *
 * @param file as the author would type it: faults name it, and so does the consent of who becomes a reader
 * @param options `confirmed`: all of them have consented elsewhere and are readers from now on
 * @param secret the site's key
 * @throws FaultsError with each bad row's line, UserError where the file cannot be read; nobody is imported then
 */
export async function importSubscribers(
  db: Database,
  file: string,
  options: { confirmed: boolean },
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
  const counts = await importRows(db, allOrNone(), basename(file), now)
  await keepSlots(db, config, now)
  const { rows, ignored, cautions } = found
  return { rows, ...counts, ignored, cautions }
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
  options: { confirmed: boolean },
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
  options: { confirmed: boolean },
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
      const { line } = row
      const person = readRow(row, columns, config, zones, (message) => wrong({ file, line, message }))
      if (person === null) {
        found.faulty++
        continue
      }
      const status = person.status === 'confirmed' && !options.confirmed ? 'unconfirmed' : person.status
      yield { ...person, status, erased_key: erasedKey(secret, person.address_key) }
    }
    if (columns === null) wrong({ file, message: 'the file is empty; its first row has to name the columns' })
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error
    for (const fault of error.faults) wrong(fault)
  }
  if (untold > 0) found.faults.push({ file, message: `and ${untold} more faults` })
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
  // What a decoder writes for bytes that are no UTF-8.
  if (row.cells.some((cell) => cell.includes('\uFFFD'))) {
    wrong('this row is not UTF-8; save the file as "CSV UTF-8"')
    return null
  }
  const cells: Partial<Record<Cell, string>> = {}
  const signs: [Sign, string][] = []
  for (const [at, column] of columns.entries()) {
    if (column === null) continue
    const value = readCell(row.cells[at] as string).trim()
    if ('cell' in column) cells[column.cell] = value
    else signs.push([column.sign, value])
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
  const own = defaults(config)
  const address = check('address', cell('address'), checkAddress(cell('address')))
  const { name } = check('name', wholeName, checkName(wholeName))
  const wants = readSigns(signs)
  const word = 'word' in wants ? wants.word : ''
  const status = check('status', word, 'word' in wants ? { fault: UNKNOWN_STATUS } : wants)
  const rhythm = check('rhythm', cell('rhythm'), checkRhythm(cell('rhythm'), own.rhythm))
  const tags = check('tags', cell('tags'), checkTags(cell('tags')))
  const language = check('language', cell('language'), checkLanguage(cell('language'), own.language))
  const timeZone = check(
    'time zone',
    cell('time zone'),
    checkTimeZone(cell('time zone'), own.timeZone, zones),
  )
  if (!sound) return null
  return {
    line: row.line,
    address: address.address,
    address_key: address.key,
    name,
    status: status.status,
    rhythm: rhythm.value,
    tags: JSON.stringify(tags.value),
    language: language.value,
    time_zone: timeZone.value,
  }
}

// Not "confirmed" by default: a word of another program's may well mean that somebody left.
const UNKNOWN_STATUS = 'there are unconfirmed, confirmed, unsubscribed, and the words of other programs'

function checkRhythm(cell: string, own: SubscriberRhythm): { value: SubscriberRhythm } | { fault: string } {
  if (cell === '') return { value: own }
  const value = RHYTHMS.find((rhythm) => rhythm === cell.toLowerCase())
  return value ? { value } : { fault: `there are ${RHYTHMS.join(', ')}` }
}

function checkTags(cell: string): { value: string[] } | { fault: string } {
  if (/\p{Cc}/u.test(cell)) return { fault: 'it holds a line break or another control character' }
  // Mailchimp puts each of several into quotes of their own.
  const tags = (cell.match(/\s*"[^"]*"\s*(?=[;,]|$)|[^;,]+/g) ?? []).map((tag) =>
    tag
      .trim()
      .replace(/^"([^"]*)"$/, '$1')
      .trim(),
  )
  return { value: [...new Set(tags.filter((tag) => tag !== ''))] }
}

function checkLanguage(cell: string, own: string): { value: string } | { fault: string } {
  if (cell === '') return { value: own }
  return isLanguage(cell)
    ? { value: Intl.getCanonicalLocales(cell)[0] as string }
    : { fault: 'write a language tag such as "en" or "pt-BR"' }
}

// Asking takes as long as all the rest of a row, and a list has few zones.
function checkTimeZone(cell: string, own: string, known: Set<string>): { value: string } | { fault: string } {
  if (cell === '') return { value: own }
  if (known.has(cell)) return { value: cell }
  try {
    new Intl.DateTimeFormat('en', { timeZone: cell })
    known.add(cell)
    return { value: cell }
  } catch {
    return { fault: 'write a time zone such as "Europe/Berlin" or "UTC"' }
  }
}

/** Text of a stranger's, with its control characters made visible, and not longer than a line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
