/** Moments as an author reads and writes them, in the site's time zone. */
import { UserError } from '../errors.ts'
import { readDate } from '../posts/date.ts'
import type { Site } from '../site.ts'
import { moment } from '../terminal.ts'

/** A moment in the site's time zone, with its name. */
export function shownTime(date: Date, site: Site): string {
  return `${moment(date, site.config.site.timeZone)} ${site.config.site.timeZone}`
}

/**
 * The moment that `--at` means.
 *
 * @throws UserError for what is no time, or is past
 */
export function readTime(text: string, site: Site): Date {
  const date = readDate(text, site.config.site.timeZone)
  if (!(date instanceof Date)) {
    throw new UserError(`--at is "${text}", which is no time`, {
      hint: `write it as "2026-11-23 08:00" (${site.config.site.timeZone}) or 2026-11-23T08:00:00Z`,
    })
  }
  if (date.getTime() < site.now().getTime()) {
    throw new UserError(`--at is "${text}", which is past: ${shownTime(date, site)}`, {
      hint: 'leave it out to send now',
    })
  }
  return date
}
