import { type Database, emptyLog, write } from '../store/database.ts'
import { recordEvidence } from '../store/deliveries.ts'
import type { Journal } from '../store/journal.ts'
import { leavingLine } from '../store/journal-lines.ts'
import { eraseSubscriber, findSubscriber, subscriberOfDelivery } from '../store/subscribers.ts'

/**
 * Removes a person and every trace of their address, at once: what is queued for them is not sent, and no link in any
 * of their messages opens anything again. It is written into the journal, so that no backup takes it back. A keyed hash
 * of the address stays, so that no import and no form does.
 *
 * @param whom an address as it is compared, said by the author; or the delivery that the person's own token came in
 * @returns whether there was anybody: the second of two clicks finds nobody
 */
export async function erase(
  { db, journal, secret }: { db: Database; journal: Journal; secret: string },
  whom: { addressKey: string } | { delivery: number },
  now: Date,
): Promise<boolean> {
  const isErased = await write(db, async (trx) => {
    // Whoever uses a link that only this message held has the message.
    if ('delivery' in whom) await recordEvidence(trx, whom.delivery, 'its preferences link was used', now)
    const person =
      'delivery' in whom
        ? (await subscriberOfDelivery(trx, whom.delivery))?.subscriber
        : await findSubscriber(trx, whom.addressKey)
    if (!person) return false
    await eraseSubscriber(trx, person, secret, now)
    await journal.append(trx, [leavingLine(person, 'erased', secret)])
    return true
  })
  if (isErased) await emptyLog(db)
  return isErased
}
