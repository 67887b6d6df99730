import { type Database, time, write } from '../store/database.ts'
import {
  type Consent,
  recordConsent,
  subscriberOfDelivery,
  unsubscribeSubscriber,
} from '../store/subscribers.ts'

/**
 * The person's own no, for as long as a message of ours lies in a mailbox. It holds at once: what is queued for them
 * is not sent. Saying it again changes nothing, nor does it where the person was erased meanwhile.
 *
 * @param delivery the one that the token came in
 * @param evidence from where it was said, and to which words
 */
export async function unsubscribe(
  db: Database,
  delivery: number,
  evidence: Pick<Consent, 'source' | 'words'>,
  now: Date,
): Promise<void> {
  await write(db, async (trx) => {
    const subscriber = (await subscriberOfDelivery(trx, delivery))?.subscriber
    if (!subscriber || subscriber.status === 'unsubscribed') return
    await unsubscribeSubscriber(trx, subscriber.id, now)
    await recordConsent(trx, subscriber.id, { at: time(now), act: 'unsubscribed', ...evidence })
  })
}
