import type { Config } from '../config.ts'
import { enqueuePersonal } from '../deliveries/enqueue.ts'
import { reckonSlots } from '../issues/schedule.ts'
import { type Database, type Reader, time, write } from '../store/database.ts'
import {
  type Consent,
  confirmSubscriber,
  findSuppression,
  recordConsent,
  type Subscriber,
  subscriberOfDelivery,
} from '../store/subscribers.ts'
import { isOldBounce, liftSuppression } from '../store/suppressions.ts'
import type { Welcome } from './welcome.ts'

/** How long a confirmation is good, from its Date. */
export const GOOD_FOR_MS = 7 * 86_400_000

/** Somebody whose yes counts; `isReader` where it has nothing to add any more. */
type Confirmable = Subscriber & { isReader: boolean }

/**
 * Whom a confirmation would make a reader; null where it does nothing any more. It is good for seven days, and not
 * once its owner has left again: who unsubscribed after it was sent is not brought back by an old button. Nor is an
 * address that must not be mailed, save one whose mail had come back thirty days before the confirmation was sent: that
 * this one arrived is the best sign that the mailbox is there again.
 *
 * @param delivery the one that the token came in
 */
export async function findConfirmable(
  db: Reader,
  delivery: number,
  secret: string,
  now: Date,
): Promise<Confirmable | null> {
  const sent = await subscriberOfDelivery(db, delivery)
  if (sent?.kind !== 'confirmation' || !sent.subscriber) return null
  if (now.getTime() - sent.datedAt.getTime() > GOOD_FOR_MS) return null
  const { subscriber } = sent
  if (subscriber.unsubscribed_at && subscriber.unsubscribed_at >= time(sent.datedAt)) return null
  const suppression = await findSuppression(db, subscriber.address_key, secret)
  if (suppression && !isOldBounce(suppression, sent.datedAt)) return null
  return { ...subscriber, isReader: subscriber.status === 'confirmed' && !suppression }
}

/**
 * The person's own yes: they are a reader from now on, and what is new after this moment is theirs. It lifts an old
 * bounce. A welcome goes to them. Saying it again changes nothing, and sends nothing.
 *
 * @param evidence from where it was said, and to which words
 * @param welcome as it is printed for them; null where it cannot be, or the author wants none: their yes counts all the same
 * @returns whether the confirmation was still good
 */
export async function confirm(
  db: Database,
  delivery: number,
  evidence: Pick<Consent, 'source' | 'words'>,
  welcome: Welcome | null,
  config: Config,
  secret: string,
  now: Date,
): Promise<boolean> {
  return write(db, async (trx) => {
    const subscriber = await findConfirmable(trx, delivery, secret, now)
    if (!subscriber) return false
    if (subscriber.isReader) return true
    await liftSuppression(trx, subscriber.address_key)
    await confirmSubscriber(trx, subscriber.id, now)
    await reckonSlots(trx, config, now)
    await recordConsent(trx, subscriber.id, { at: time(now), act: 'confirmed', ...evidence })
    if (welcome) await enqueuePersonal(trx, 'welcome', subscriber, welcome.rendition, welcome.language, now)
    return true
  })
}
