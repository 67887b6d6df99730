import { type Database, time, type Writer, write } from '../store/database.ts'
import { LEFT, recordEvidence, skipQueuedTo } from '../store/deliveries.ts'
import type { Journal } from '../store/journal.ts'
import { leavingLine } from '../store/journal-lines.ts'
import { forgetMove } from '../store/moves.ts'
import {
  type Consent,
  findSubscriber,
  recordConsent,
  type Subscriber,
  subscriberOfDelivery,
  unsubscribeSubscriber,
} from '../store/subscribers.ts'

type Desk = { db: Database; journal: Journal; secret: string }
type Evidence = Pick<Consent, 'source' | 'words'>

/**
 * The person's own no, for as long as a message of ours lies in a mailbox. It holds at once: what is queued for them
 * is not sent, and it is written into the journal, so that no backup takes it back. Saying it again changes nothing,
 * nor does it where the person was erased meanwhile.
 *
 * @param delivery the one that the token came in
 * @param evidence from where it was said, and to which words
 */
export async function unsubscribe(
  desk: Desk,
  delivery: number,
  evidence: Evidence,
  now: Date,
): Promise<void> {
  await write(desk.db, async (trx) => {
    // Whoever uses a link that only this message held has the message.
    await recordEvidence(trx, delivery, 'its unsubscribe link was used', now)
    await leave(trx, desk, (await subscriberOfDelivery(trx, delivery))?.subscriber, evidence, now)
  })
}

/** The same no, where the person has told the author, who knows no more of them than their address, as it is compared. */
export async function unsubscribeAddress(
  desk: Desk,
  addressKey: string,
  evidence: Evidence,
  now: Date,
): Promise<void> {
  await write(desk.db, async (trx) => leave(trx, desk, await findSubscriber(trx, addressKey), evidence, now))
}

async function leave(
  trx: Writer,
  { journal, secret }: Desk,
  subscriber: Subscriber | null | undefined,
  evidence: Evidence,
  now: Date,
): Promise<void> {
  if (!subscriber || subscriber.status === 'unsubscribed') return
  await unsubscribeSubscriber(trx, subscriber.id, now)
  await skipQueuedTo(trx, subscriber.id, LEFT, now)
  await forgetMove(trx, subscriber.id, LEFT, now)
  await recordConsent(trx, subscriber.id, { at: time(now), act: 'unsubscribed', ...evidence })
  await journal.append(trx, [leavingLine(subscriber, 'unsubscribed', secret)])
}
