import { Temporal } from 'temporal-polyfill'
import { type Faulty, faulty } from '../address.ts'
import type { Config } from '../config.ts'
import { reckonSlots } from '../issues/schedule.ts'
import { type Database, time, write } from '../store/database.ts'
import { recordEvidence } from '../store/deliveries.ts'
import type { SubscriberRhythm } from '../store/schema.ts'
import { type Choices, type Subscriber, subscriberOfDelivery, updateChoices } from '../store/subscribers.ts'

export const RHYTHMS: readonly SubscriberRhythm[] = ['instant', 'daily', 'weekly', 'monthly', 'paused']

/**
 * Saves what a person wants from now on; what is left out stays as it is. Nothing is moved for it: what each is owed is
 * asked when it is decided, by what they want then, and a post that they have is not owed to them in any. What is queued
 * already still comes.
 *
 * @param delivery the one that the token came in
 * @returns the person as they are now: nothing was saved where they are no reader; null where they were erased
 */
export async function savePreferences(
  db: Database,
  delivery: number,
  wanted: Partial<Choices>,
  config: Config,
  now: Date,
): Promise<Subscriber | null> {
  return write(db, async (trx) => {
    // Whoever uses a link that only this message held has the message.
    await recordEvidence(trx, delivery, 'its preferences link was used', now)
    const subscriber = (await subscriberOfDelivery(trx, delivery))?.subscriber ?? null
    if (subscriber?.status !== 'confirmed') return subscriber
    await updateChoices(trx, subscriber, { ...subscriber, ...wanted }, now)
    await reckonSlots(trx, config, now)
    return (await subscriberOfDelivery(trx, delivery))?.subscriber ?? null
  })
}

/**
 * The moment until which somebody is paused who wants mail again from a day on: that day's first, where they are.
 *
 * @param day `2026-12-24`
 * @param timeZone an IANA name
 */
export function pauseEnd(day: string, timeZone: string): string {
  const start = Temporal.PlainDate.from(day).toZonedDateTime(timeZone)
  return time(new Date(start.epochMilliseconds))
}

/** The day that somebody who is paused until a moment has mail again from: the one that `pauseEnd` was asked about. */
export function pauseDay(until: string, timeZone: string): string {
  // Half a day is room for a zone that was changed meanwhile: the day that they chose stays that day.
  const noon = Temporal.Instant.from(until).toZonedDateTimeISO(timeZone).add({ hours: 12 })
  return noon.toPlainDate().toString()
}

/** So far off is a slip of the finger, or somebody who wants to leave. */
const LONGEST_PAUSE = { years: 2 }

/**
 * Checks the day that somebody wants mail again from: after today, where they are, and within two years.
 *
 * @param typed as a browser sends it: `2026-12-24`
 * @param timeZone an IANA name
 * @returns the day, or what is wrong with it
 */
export function checkPause(typed: string, timeZone: string, now: Date): { day: string } | Faulty {
  const day = readDay(typed.trim())
  if (day === null) return faulty((words) => words.day)
  const today = todayIn(timeZone, now)
  if (Temporal.PlainDate.compare(day, today) <= 0) return faulty((words) => words.pastDay)
  if (Temporal.PlainDate.compare(day, today.add(LONGEST_PAUSE)) > 0) return faulty((words) => words.farDay)
  return { day: day.toString() }
}

/** The first and the last day that `checkPause` takes. */
export function pauseDays(timeZone: string, now: Date): { first: string; last: string } {
  const today = todayIn(timeZone, now)
  return { first: today.add({ days: 1 }).toString(), last: today.add(LONGEST_PAUSE).toString() }
}

function todayIn(timeZone: string, now: Date): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone).toPlainDate()
}

function readDay(text: string): Temporal.PlainDate | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null
  try {
    return Temporal.PlainDate.from(text)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
