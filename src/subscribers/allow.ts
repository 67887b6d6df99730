import { type Database, time, write } from '../store/database.ts'
import {
  findSubscriber,
  findSuppression,
  recordConsent,
  type Subscriber,
  type Suppression,
} from '../store/subscribers.ts'
import { liftSuppression } from '../store/suppressions.ts'
import { dayIn } from './day.ts'

/** What the author has let be mailed again: why it was not, and whose it is, if anybody's. */
export type Allowed = { lifted: Suppression; person: Subscriber | null }

/**
 * Lets an address be mailed again by the author's word: its owner has written to them, or its mail server was wrong. It
 * raises nobody's consent: who has left or never confirmed gets no more than before. What it was is kept with what the
 * person agreed to. Whoever was erased stays so: the author promised to know nothing of them.
 *
 * @param addressKey the address as it is compared
 * @param secret the site's key
 * @returns null where nothing kept it from being mailed, or an erasing does
 */
export async function allow(
  { db, secret }: { db: Database; secret: string },
  addressKey: string,
  now: Date,
): Promise<Allowed | null> {
  return write(db, async (trx) => {
    const lifted = await findSuppression(trx, addressKey, secret)
    if (!lifted || lifted.reason === 'erased') return null
    await liftSuppression(trx, addressKey)
    const person = (await findSubscriber(trx, addressKey)) ?? null
    if (person) {
      const { reason, at } = lifted
      const evidence = { source: 'the author', words: `not mailed since ${at}: ${reason}` }
      await recordConsent(trx, person.id, { at: time(now), act: 'allowed', ...evidence })
    }
    return { lifted, person }
  })
}

/** Why an address is not mailed, and since when, in words for the author. */
export function describeSuppression({ reason, at }: Suppression, timeZone: string): string {
  const why = {
    bounce: 'mail to it came back',
    complaint: 'its owner complained about mail from here',
    erased: 'its owner was erased',
    author: 'you said so',
  }[reason]
  return `${why} (${dayIn(at, timeZone)})`
}
