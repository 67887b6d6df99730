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
import type { Database } from '../store/database.ts'
import { type ImportCounts, type ImportRow, importRows } from '../store/imports.ts'
import type { SubscriberStatus } from '../store/schema.ts'
import { erasedKey } from '../store/subscribers.ts'
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
}

/** More would scroll the first away. */
const MOST_FAULTS = 100

const STATUSES: SubscriberStatus[] = ['unconfirmed', 'confirmed', 'unsubscribed']

/** What a column is called, in letters alone: `Time Zone`, `time_zone` and `timezone` are one name. */
const COLUMNS = new Map<string, keyof Cells>([
  ['address', 'address'],
  ['email', 'address'],
  ['emailaddress', 'address'],
  ['name', 'name'],
  ['status', 'status'],
  ['rhythm', 'rhythm'],
  ['tags', 'tags'],
  ['language', 'language'],
  ['timezone', 'timeZone'],
])

/** A row by column; a column that the file does not have is empty. */
type Cells = Record<'address' | 'name' | 'status' | 'rhythm' | 'tags' | 'language' | 'timeZone', string>

/** Null for one that is not understood. */
type Column = keyof Cells | null

/**
 * Imports people, all of them in one transaction or none.
 *
 * Without `confirmed` they are unconfirmed and are sent nothing: a confirmation to each of a long list is the very
 * flood that double opt-in is there to prevent. They can ask for one on the page. A row whose own `status` column says
 * `unconfirmed` or `unsubscribed` stays that, `confirmed` or not.
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
  const ignored: string[] = []
  const faults: Fault[] = []
  const zones = new Set<string>()
  let untold = 0
  let rows = 0
  const wrong = (fault: Fault) => (faults.length < MOST_FAULTS ? faults.push(fault) : untold++)

  async function* soundRows(): AsyncGenerator<ImportRow> {
    let columns: Column[] | null = null
    try {
      for await (const row of readCsv(file)) {
        if (columns === null) {
          columns = readHeader(row, file, ignored)
          continue
        }
        rows++
        const { line } = row
        const person = readRow(row, columns, config, zones, (message) => wrong({ file, line, message }))
        if (person === null || faults.length > 0) continue
        const status = person.status === 'confirmed' && !options.confirmed ? 'unconfirmed' : person.status
        yield { ...person, status, erased_key: erasedKey(secret, person.address_key) }
      }
      if (columns === null)
        wrong({ file, message: 'the file is empty; its first row has to name the columns' })
    } catch (error) {
      if (!(error instanceof FaultsError)) throw error
      for (const fault of error.faults) wrong(fault)
    }
    if (untold > 0) faults.push({ file, message: `and ${untold} more faults` })
    if (faults.length > 0) throw new FaultsError(faults, 'nobody was imported; mend the file and try again')
  }

  const counts = await importRows(db, soundRows(), basename(file), now)
  return { rows, ...counts, ignored }
}

function readHeader(row: CsvRow, file: string, ignored: string[]): Column[] {
  const columns = row.cells.map((title) => COLUMNS.get(title.toLowerCase().replace(/[^\p{L}]/gu, '')) ?? null)
  const twice = columns.find((column, at) => column !== null && columns.indexOf(column) !== at)
  const wrong = (message: string) => new FaultsError([{ file, line: row.line, message }])
  if (!columns.includes('address')) {
    throw wrong(
      `no column is called "address" or "email"; the first row has to name the columns, and it is ${shown(row.cells.join(', '))}`,
    )
  }
  if (twice) throw wrong(`two columns are called "${twice}"; leave one`)
  ignored.push(...row.cells.filter((_, at) => columns[at] === null))
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
  const cells: Cells = { address: '', name: '', status: '', rhythm: '', tags: '', language: '', timeZone: '' }
  for (const [at, column] of columns.entries())
    if (column) cells[column] = readCell(row.cells[at] as string).trim()
  // What a decoder writes for bytes that are no UTF-8.
  if (row.cells.some((cell) => cell.includes('\uFFFD'))) {
    wrong('this row is not UTF-8; save the file as "CSV UTF-8"')
    return null
  }
  let sound = true
  const check = <Found extends object>(
    what: string,
    cell: string,
    found: Found,
  ): Exclude<Found, { fault: string }> => {
    if ('fault' in found) {
      wrong(`the ${what} is ${shown(cell)}; ${found.fault}`)
      sound = false
    }
    return found as Exclude<Found, { fault: string }>
  }
  const own = defaults(config)
  const address = check('address', cells.address, checkAddress(cells.address))
  const { name } = check('name', cells.name, checkName(cells.name))
  const status = check('status', cells.status, oneOf(STATUSES, cells.status, 'confirmed'))
  const rhythm = check('rhythm', cells.rhythm, oneOf(RHYTHMS, cells.rhythm, own.rhythm))
  const tags = check('tags', cells.tags, checkTags(cells.tags))
  const language = check('language', cells.language, checkLanguage(cells.language, own.language))
  const timeZone = check('time zone', cells.timeZone, checkTimeZone(cells.timeZone, own.timeZone, zones))
  if (!sound) return null
  return {
    address: address.address,
    address_key: address.key,
    name,
    status: status.value,
    rhythm: rhythm.value,
    tags: JSON.stringify(tags.value),
    language: language.value,
    time_zone: timeZone.value,
  }
}

function oneOf<Word extends string>(
  words: readonly Word[],
  cell: string,
  absent: Word,
): { value: Word } | { fault: string } {
  if (cell === '') return { value: absent }
  const value = words.find((word) => word === cell.toLowerCase())
  return value ? { value } : { fault: `there are ${words.join(', ')}` }
}

function checkTags(cell: string): { value: string[] } | { fault: string } {
  if (/\p{Cc}/u.test(cell)) return { fault: 'it holds a line break or another control character' }
  const tags = cell.split(/[;,]/).map((tag) => tag.trim())
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
