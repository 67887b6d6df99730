import { Temporal } from 'temporal-polyfill'

/** A moment as people of a language write it: `text`, and `iso` for `<time datetime>`. */
export type ShowDate = (date: Date, language: string) => { iso: string; text: string }

/** Dates on the clock of a time zone. Making a format takes longer than rendering a page, so each is made once. */
export function datesIn(timeZone: string): ShowDate {
  const formats = new Map<string, Intl.DateTimeFormat>()
  return (date, language) => {
    // English where Intl does not know the language, or it would take the machine's and differ from one to the next.
    const format =
      formats.get(language) ?? new Intl.DateTimeFormat([language, 'en'], { dateStyle: 'long', timeZone })
    formats.set(language, format)
    return { iso: date.toISOString(), text: format.format(date) }
  }
}

/** The year of a moment on the clock of a time zone. The zone is asked once for each New Year: it is slow to answer. */
export function yearsIn(timeZone: string): (date: Date) => number {
  const starts = new Map<number, number>()
  const startOf = (year: number): number => {
    const start =
      starts.get(year) ??
      Temporal.PlainDate.from({ year, month: 1, day: 1 }).toZonedDateTime({ timeZone }).epochMilliseconds
    starts.set(year, start)
    return start
  }
  // Posts are asked about in their order, so most are of the same year as the one before.
  let known = { from: 0, to: 0, year: 0 }
  return (date) => {
    const time = date.getTime()
    if (time >= known.from && time < known.to) return known.year
    let year = date.getUTCFullYear()
    if (time < startOf(year)) year -= 1
    else if (time >= startOf(year + 1)) year += 1
    known = { from: startOf(year), to: startOf(year + 1), year }
    return year
  }
}
