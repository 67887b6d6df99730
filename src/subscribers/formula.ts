/**
 * A spreadsheet runs a cell that begins with one of these as a formula, quoted or not, and anybody can sign up under
 * the name `=HYPERLINK(…)`. An apostrophe in front makes it text, in every spreadsheet. A cell that has apostrophes
 * in front of such a character already gets one more, so that taking one away always gives the value back.
 */
const RUNS = /^'*[=+\-@\t\r\n＝＋－＠]/
const GUARDED = /^'+[=+\-@\t\r\n＝＋－＠]/

/** A value as a cell that no spreadsheet runs. */
export function guardCell(value: string): string {
  return RUNS.test(value) ? `'${value}` : value
}

/** The value of a cell that may have been guarded. */
export function readCell(cell: string): string {
  return GUARDED.test(cell) ? cell.slice(1) : cell
}
