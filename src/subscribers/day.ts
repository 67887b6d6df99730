import { Temporal } from 'temporal-polyfill'

/**
 * The day of a moment on the calendar of a time zone, `2026-12-24`.
 *
 * @param moment RFC 3339; null where it was never told
 */
export function dayIn(moment: string | null, timeZone: string): string {
  if (moment === null) return 'an unknown day'
  return Temporal.Instant.from(moment).toZonedDateTimeISO(timeZone).toPlainDate().toString()
}
