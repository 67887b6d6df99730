import { Temporal } from 'temporal-polyfill'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

// 2026-01-31, with 09:30[:15[.123]] after a space or T, and a zone: Z, UTC, +01:00 or +0100.
const NUMBERS =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt]|\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*([Zz]|UTC|GMT|[+-]\d{2}:?\d{2})?)?$/
// Astro's own template writes "Jul 08 2022"; its fellow spellings are as plain.
const MONTH_FIRST = /^([a-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})$/i
const DAY_FIRST = /^(\d{1,2})\.?\s+([a-z]{3,9})\.?,?\s+(\d{4})$/i

/**
 * Reads a date of front matter or of a file name. One without a zone is in the site's; one without a time is that
 * day's midnight there; a time that a clock change leaves out is the one an hour later.
 *
 * @param timeZone of the site, such as "Europe/Berlin".
 * @returns the moment, or `impossible` for one that does not exist (2026-02-30), or `unreadable`.
 */
export function readDate(text: string, timeZone: string): Date | 'impossible' | 'unreadable' {
  const found = findFields(text.trim())
  if (!found) return 'unreadable'
  const { year, month, day, hour, minute, second, millisecond } = found.fields
  const zone = found.zone ?? timeZone
  if (zone === 'UTC') return inUtc(found.fields)
  try {
    const local = new Temporal.PlainDateTime(year, month, day, hour, minute, second, millisecond)
    const moment = local.toZonedDateTime(zone)
    return new Date(moment.epochMilliseconds)
  } catch (error) {
    if (error instanceof RangeError) return 'impossible'
    throw error
  }
}

/** No clock changes there, so it needs no Temporal, which is slow. */
function inUtc({
  year,
  month,
  day,
  hour = 0,
  minute = 0,
  second = 0,
  millisecond = 0,
}: Fields): Date | 'impossible' {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, millisecond)
  // 30 February became 2 March, and 25 o'clock another day.
  const exists =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  return exists ? date : 'impossible'
}

type Fields = {
  year: number
  month: number
  day: number
  hour?: number
  minute?: number
  second?: number
  millisecond?: number
}

function findFields(text: string): { fields: Fields; zone?: string } | null {
  const numbers = NUMBERS.exec(text)
  if (numbers) {
    const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', zone] = numbers
    const fields = {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      millisecond: Number(fraction.padEnd(3, '0').slice(0, 3)),
    }
    return zone === undefined ? { fields } : { fields, zone: offset(zone) }
  }
  const words = MONTH_FIRST.exec(text)
  if (words) return wordFields(words[3], words[1], words[2])
  const dayFirst = DAY_FIRST.exec(text)
  return dayFirst ? wordFields(dayFirst[3], dayFirst[2], dayFirst[1]) : null
}

function wordFields(year = '', name = '', day = ''): { fields: Fields } | null {
  const month = MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1
  return month === 0 ? null : { fields: { year: Number(year), month, day: Number(day) } }
}

function offset(zone: string): string {
  return /^[+-]/.test(zone) ? zone.replace(/^(...):?(..)$/, '$1:$2') : 'UTC'
}
