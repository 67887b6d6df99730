/**
 * When digests are due. A digest goes out at an hour of the wall clock in the site's time zone, so the moment is
 * reckoned from the calendar each time and never by adding hours: `08:00` stays `08:00` when the clocks change.
 *
 * An hour that is skipped when clocks go forward is due at the first minute after the gap; an hour that comes twice
 * is due the first time. A worker that slept past slots finds one slot due, the oldest, and goes on from now: so it
 * sends one digest, never one for each night it slept.
 */
import { Temporal } from 'temporal-polyfill'
import type { Config } from '../config.ts'
import type { DigestRhythm, Schedule } from '../store/schedules.ts'

const RHYTHMS: readonly DigestRhythm[] = ['daily', 'weekly', 'monthly']

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/**
 * The first slot after a moment.
 *
 * @param hour the setting: `08:00`, `Mon 08:00` or `1 08:00` (a day from 1 to 28)
 * @param timeZone an IANA name
 */
export function nextSlot(rhythm: DigestRhythm, hour: string, timeZone: string, after: Date): Date {
  const now = Temporal.Instant.fromEpochMilliseconds(after.getTime()).toZonedDateTimeISO(timeZone)
  const [day, clock] = hour.includes(' ') ? (hour.split(' ') as [string, string]) : ['', hour]
  const time = Temporal.PlainTime.from(clock)
  let date = firstDay(rhythm, day, now.toPlainDate())
  for (;;) {
    const slot = atWallClock(date.toPlainDateTime(time), timeZone)
    if (slot.getTime() > after.getTime()) return slot
    date = nextDay(rhythm, date)
  }
}

/** The slots as the configuration wants them, reckoned from now; `hour` tells when a setting was changed. */
export function wantedSchedules(config: Config, now: Date): (Schedule & { hour: string })[] {
  return RHYTHMS.map((rhythm) => {
    const setting = config.newsletter.digests[rhythm]
    return {
      rhythm,
      hour: `${setting} ${config.site.timeZone}`,
      next: nextSlot(rhythm, setting, config.site.timeZone, now),
    }
  })
}

function firstDay(rhythm: DigestRhythm, day: string, today: Temporal.PlainDate): Temporal.PlainDate {
  switch (rhythm) {
    case 'daily':
      return today
    case 'weekly':
      return today.add({ days: (WEEKDAYS.indexOf(day) + 1 - today.dayOfWeek + 7) % 7 })
    case 'monthly':
      return today.with({ day: Number(day) })
  }
}

function nextDay(rhythm: DigestRhythm, date: Temporal.PlainDate): Temporal.PlainDate {
  switch (rhythm) {
    case 'daily':
      return date.add({ days: 1 })
    case 'weekly':
      return date.add({ weeks: 1 })
    case 'monthly':
      return date.add({ months: 1 })
  }
}

function atWallClock(local: Temporal.PlainDateTime, timeZone: string): Date {
  const earlier = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  // In a gap no such hour exists: Temporal answers with one before it, and the gap's end comes next.
  const exists = earlier.toPlainDateTime().equals(local)
  const moment = exists ? earlier : (earlier.getTimeZoneTransition('next') ?? earlier)
  return new Date(moment.epochMilliseconds)
}
