import { Temporal } from 'temporal-polyfill'
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
