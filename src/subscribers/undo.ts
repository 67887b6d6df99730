import type { Config } from '../config.ts'
import { reckonSlots } from '../issues/schedule.ts'
import { type Database, type Reader, time, write } from '../store/database.ts'
import { requeueSkippedTo } from '../store/deliveries.ts'
import {
  type Consent,
  findSuppression,
  recordConsent,
  restoreSubscriber,
  type Subscriber,
  subscriberOfDelivery,
} from '../store/subscribers.ts'

const GOOD_FOR_MS = 7 * 86_400_000

/** Somebody who has left, and may take it back until seven days have passed. */
export type Left = Subscriber & { unsubscribed_at: string }

/**
 * Who may take back that they left; null where nobody may. It gives back what they had and no more: who had never
 * confirmed is made no reader by it, and an address that must not be mailed stays one.
 *
 * @param delivery the one that the token came in
 */
export async function findUndoable(
  db: Reader,
  delivery: number,
  secret: string,
  now: Date,
): Promise<Left | null> {
  const person = (await subscriberOfDelivery(db, delivery))?.subscriber
  if (person?.status !== 'unsubscribed' || person.confirmed_at === null) return null
  const { unsubscribed_at } = person
  if (unsubscribed_at === null || now.getTime() - Date.parse(unsubscribed_at) > GOOD_FOR_MS) return null
  return (await findSuppression(db, person.address_key, secret)) ? null : { ...person, unsubscribed_at }
}

/**
 * The person's own word that they did not mean to leave: they are a reader as before, in the rhythm, with the tags and
 * in the language that they had, and miss nothing that goes out still. Saying it again changes nothing.
 *
 * @param delivery the one that the token came in
 * @param left the moment of leaving that is meant, as its page said: an old button takes back no later one
 * @param evidence from where it was said, and to which words
 * @returns the reader; null where there is nothing to take back any more
 */
export async function undoLeaving(
  db: Database,
  delivery: number,
  left: string,
  evidence: Pick<Consent, 'source' | 'words'>,
  config: Config,
  secret: string,
  now: Date,
): Promise<Subscriber | null> {
  return write(db, async (trx) => {
    const person = (await subscriberOfDelivery(trx, delivery))?.subscriber
    if (person?.status === 'confirmed') return person
    const undoable = await findUndoable(trx, delivery, secret, now)
    if (undoable === null || undoable.unsubscribed_at !== left) return null
    await restoreSubscriber(trx, undoable.id, now)
    await reckonSlots(trx, config, now)
    await requeueSkippedTo(trx, undoable.id, left)
    await recordConsent(trx, undoable.id, { at: time(now), act: 'returned', ...evidence })
    return undoable
  })
}
