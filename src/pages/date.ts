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
