/** A CSV file as rows with line numbers, as it is read: a file of any length, in constant memory. */
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { errorCode, type Fault, FaultsError, UserError } from '../errors.ts'

/** A row; `line` is where it begins, the first being 1. */
export type CsvRow = { line: number; cells: string[] }

const SEPARATORS = [',', ';', '\t']

/**
 * Reads a file whose cells are parted by commas, semicolons or tabs, whichever its first line has most of.
 *
 * @throws UserError where it cannot be read, FaultsError where it is not CSV from a line on
 */
export async function* readCsv(file: string): AsyncGenerator<CsvRow> {
  const chunks: AsyncIterator<Buffer> = createReadStream(file)[Symbol.asyncIterator]()
  try {
    const first = await chunks.next()
    if (first.done) return
    const whole = async function* () {
      yield first.value
      yield* { [Symbol.asyncIterator]: () => chunks }
    }
    const parser = parse({
      delimiter: separatorOf(first.value),
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      // Counted by whoever knows the columns, who goes on to find the other faults.
      relax_column_count: true,
    })
    // An error of the source ends the parser with it, and comes out below.
    pipeline(Readable.from(whole()), parser, () => {})
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[]
      info: { lines: number }
    }>) {
      const breaks = record.join('').split('\n').length - 1
      yield { line: info.lines - breaks, cells: record }
    }
  } catch (error) {
    if (error instanceof CsvError) throw new FaultsError([faultOf(file, error)])
    if (errorCode(error) === undefined || error instanceof UserError) throw error
    throw new UserError(`${file}: cannot be read (${errorCode(error)})`, {
      hint: 'name an existing CSV file that this user may read',
      cause: error,
    })
  }
}

function separatorOf(chunk: Buffer): string {
  const line = chunk.toString('latin1').split('\n', 1)[0] ?? ''
  const count = (separator: string) => line.split(separator).length
  return SEPARATORS.toSorted((a, b) => count(b) - count(a))[0] as string
}

function faultOf(file: string, error: CsvError): Fault {
  const line = Number(error.lines) || 1
  const words: Partial<Record<CsvError['code'], string>> = {
    CSV_QUOTE_NOT_CLOSED:
      'a quotation mark is opened and never closed; close it, or double it where it is meant',
    CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quotation mark; double the mark where it is meant',
    INVALID_OPENING_QUOTE:
      'a quotation mark stands inside a cell without quotes; put the cell in quotes and double the mark',
    CSV_MAX_RECORD_SIZE:
      'a row before this line has no end within 128,000 characters; look for a quotation mark that is never closed',
  }
  return { file, line, message: words[error.code] ?? `this is not CSV: ${error.message}` }
}
