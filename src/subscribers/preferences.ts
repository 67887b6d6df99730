import { type Database, write } from '../store/database.ts'
import { recordEvidence } from '../store/deliveries.ts'
import type { SubscriberRhythm } from '../store/schema.ts'
import { type Subscriber, subscriberOfDelivery, updatePreferences } from '../store/subscribers.ts'

export const RHYTHMS: readonly SubscriberRhythm[] = ['instant', 'daily', 'weekly', 'monthly', 'paused']

export type Preferences = Pick<Subscriber, 'name' | 'rhythm' | 'language'>

/**
 * Saves what a person wants from now on. Nothing is moved for it: what each is owed is asked when it is decided, by the
 * rhythm they have then, and a post that they have is not owed to them in any. What is queued already still comes.
 *
 * @param delivery the one that the token came in
 * @returns the person as they are now: nothing was saved where they are no reader; null where they were erased
 */
export async function savePreferences(
  db: Database,
  delivery: number,
  wanted: Preferences,
  now: Date,
): Promise<Subscriber | null> {
  return write(db, async (trx) => {
    // Whoever uses a link that only this message held has the message.
    await recordEvidence(trx, delivery, 'its preferences link was used', now)
    const subscriber = (await subscriberOfDelivery(trx, delivery))?.subscriber ?? null
    if (subscriber?.status !== 'confirmed') return subscriber
    await updatePreferences(trx, subscriber.id, wanted)
    return { ...subscriber, ...wanted }
  })
}
