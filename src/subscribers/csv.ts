/** A CSV file as rows with line numbers, as it is read: a file of any length, in constant memory. */
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { errorCode, type Fault, FaultsError } from '../errors.ts'
import { cannotRead } from '../file.ts'

/** A row; `line` is where it begins, the first being 1. */
export type CsvRow = {
  line: number
  cells: string[]
  /** How much of the file was read by then: some of it may be rows to come. */
  bytes: number
  /** Whether bytes of it could not be decoded. */
  isGarbled: boolean
}

/** No person has more to say, so what is longer is a quotation mark that is never closed. */
const LONGEST_ROW = 1_000_000

const SEPARATORS = [',', ';', '\t']

/**
 * Reads a file whose cells are parted by commas, semicolons or tabs, whichever its first line has most of.
 *
 * @throws UserError where it cannot be read, FaultsError where it is not CSV from a line on
 */
export async function* readCsv(file: string): AsyncGenerator<CsvRow> {
  const chunks: AsyncIterator<Buffer> = createReadStream(file)[Symbol.asyncIterator]()
  // The rows before a broken one are whole and come first; what follows it cannot be trusted.
  let broken: CsvError | undefined
  let countedTwice = 0
  let bytes = 0
  try {
    const first = await chunks.next()
    if (first.done) return
    const decoder = new TextDecoder('utf-8', { fatal: true })
    // UTF-16 is none, and the parser knows it by its first two bytes.
    let isUtf8 = !(first.value[0] === 0xff && first.value[1] === 0xfe)
    const look = (chunk?: Buffer) => {
      if (!isUtf8) return
      try {
        decoder.decode(chunk, { stream: chunk !== undefined })
      } catch {
        isUtf8 = false
      }
    }
    const whole = async function* () {
      try {
        for (let chunk: IteratorResult<Buffer> = first; !chunk.done; chunk = await chunks.next()) {
          bytes += chunk.value.length
          look(chunk.value)
          yield chunk.value
        }
        look()
      } finally {
        await chunks.return?.()
      }
    }
    const parser = parse({
      delimiter: separatorOf(first.value),
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      max_record_size: LONGEST_ROW,
      // Counted by whoever knows the columns, who goes on to find the other faults.
      relax_column_count: true,
      // An error of the parser's would throw away the rows that it holds ready.
      skip_records_with_error: true,
      on_skip: (error) => {
        broken ??= error
        return undefined
      },
    })
    // An error of the source ends the parser with it, and comes out below.
    pipeline(Readable.from(whole()), parser, () => {})
    const rows: AsyncIterable<{ record: string[]; info: { lines: number } }> = parser
    for await (const { record, info } of rows) {
      if (broken && info.lines > Number(broken.lines)) break
      // The parser counts a line break of two characters as two where it stands inside of quotes.
      const breaks = record.join('').match(/\r\n?|\n/g) ?? []
      countedTwice += breaks.filter((each) => each === '\r\n').length
      // What a decoder writes for bytes that are none, unless they were good: then somebody has written it.
      const isGarbled = record.some((cell) => cell.includes('\uFFFD')) && !isUtf8
      yield { line: info.lines - countedTwice - breaks.length, cells: record, bytes, isGarbled }
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    throw cannotRead(file, error, 'name an existing CSV file that this user may read')
  }
  if (broken) throw new FaultsError([faultOf(file, broken, Number(broken.lines) - countedTwice)])
}

function separatorOf(chunk: Buffer): string {
  const line = chunk.toString('latin1').split('\n', 1)[0] ?? ''
  const count = (separator: string) => line.split(separator).length
  return SEPARATORS.toSorted((a, b) => count(b) - count(a))[0] as string
}

function faultOf(file: string, error: CsvError, line: number): Fault {
  const AFTER_QUOTE = 'text follows a closing quotation mark; double the mark where it is meant'
  const words: Partial<Record<CsvError['code'], string>> = {
    CSV_QUOTE_NOT_CLOSED:
      'a quotation mark is opened and never closed; close it, or double it where it is meant',
    CSV_INVALID_CLOSING_QUOTE: AFTER_QUOTE,
    CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: AFTER_QUOTE,
    INVALID_OPENING_QUOTE:
      'a quotation mark stands inside a cell without quotes; put the cell in quotes and double the mark',
    CSV_MAX_RECORD_SIZE:
      'a row has no end within 1,000,000 characters; look for a quotation mark that is never closed',
  }
  return { file, line, message: words[error.code] ?? `this is not CSV: ${error.message}` }
}
