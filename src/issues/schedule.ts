/**
 * When digests are due. A digest goes out at an hour of the wall clock in its reader's time zone, so the moment is
 * reckoned from the calendar each time and never by adding hours: `08:00` stays `08:00` when the clocks change.
 *
 * An hour that is skipped when clocks go forward is due at the first minute after the gap; an hour that comes twice
 * is due the first time. A worker that slept past slots finds one slot due, the oldest, and goes on from now: so it
 * sends one digest, never one for each night it slept.
 *
 * Each reader's next slot is kept with them. The clock that wakes the worker says only when to look.
 */
import { Temporal } from 'temporal-polyfill'
import type { Config } from '../config.ts'
import { isTimeZone, WEEKDAYS } from '../config-schema.ts'
import { type Database, type Writer, write } from '../store/database.ts'
import {
  type DigestRhythm,
  forgetFarSlots,
  type Hours,
  keepSettings,
  keepSlotsOf,
  type Schedule,
  unreckoned,
} from '../store/schedules.ts'

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

/**
 * The next slot of somebody's digests, by what they chose and the site's hours for what they left to it. Where they are
 * paused until a day it is the first from then on.
 */
export function nextRun(
  rhythm: DigestRhythm,
  hours: Hours,
  pausedUntil: string | null,
  config: Config,
  now: Date,
): Date {
  const resumed = pausedUntil === null ? 0 : Date.parse(pausedUntil)
  // A slot at the first moment of that day is one of that day.
  const after = new Date(Math.max(now.getTime(), resumed - 1))
  return nextSlot(rhythm, settingFor(rhythm, hours, config), zoneOf(hours, config), after)
}

/**
 * Where somebody's clock is: where they said, or where the site is. A zone that this Node does not know (a newer one wrote
 * it) is the site's until it is known again: one such reader must not stop the rounds of all.
 */
export function zoneOf({ time_zone }: Pick<Hours, 'time_zone'>, { site }: Config): string {
  return time_zone !== '' && isTimeZone(time_zone) ? time_zone : site.timeZone
}

/** A site's setting for a rhythm, such as `Mon 08:00`, with the day and the hour that somebody chose in it. */
function settingFor(rhythm: DigestRhythm, chosen: Hours, { newsletter }: Config): string {
  const setting = newsletter.digests[rhythm]
  const [day = '', hour = ''] = setting.includes(' ') ? setting.split(' ') : ['', setting]
  const theirDay = rhythm === 'weekly' ? (chosen.weekday ?? day) : day
  return `${theirDay} ${chosen.hour ?? hour}`.trim()
}

/**
 * Reckons the next slot of everybody who has none yet: in the transaction that made them a reader or took what they
 * chose, so that a worker which sleeps meanwhile finds them due.
 */
export async function reckonSlots(trx: Writer, config: Config, now: Date): Promise<void> {
  const schedules = await unreckoned(trx)
  const next = (each: Schedule) => nextRun(each.rhythm, each, each.paused_until, config, now)
  await keepSlotsOf(
    trx,
    schedules.map((each) => ({ ...each, next: next(each) })),
  )
}

/** As `reckonSlots`, and anew where the site's hours were changed or the clock was set back. */
export async function keepSlots(db: Database, config: Config, now: Date): Promise<void> {
  const { daily, weekly, monthly } = config.newsletter.digests
  const zone = config.site.timeZone
  const settings = { daily: `${daily} ${zone}`, weekly: `${weekly} ${zone}`, monthly: `${monthly} ${zone}` }
  await keepSettings(db, settings, now)
  await forgetFarSlots(db, now)
  // Asked first without the lock: most rounds find nobody.
  if ((await unreckoned(db)).length > 0) await write(db, (trx) => reckonSlots(trx, config, now))
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
