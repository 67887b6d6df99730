/**
 * When an address that is not mailed may be asked whether it is there again, and how it comes to be mailed once more.
 *
 * A complaint, the author's word and an erasing hold until the author says otherwise, or for good. A bounce says that a
 * mailbox was not there, and mailboxes come back: after thirty days their owner may ask on the form, and is sent a
 * confirmation and nothing else. Only their yes lifts the suppression. Where that confirmation comes back as well, the
 * thirty days begin anew.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Writer } from './database.ts'
import type { Schema } from './schema.ts'

const BOUNCE_DAYS = 30
const DAY_MS = 86_400_000

/** Whether a suppression is a bounce that was thirty days old at a moment: then a confirmation may go there. */
export function isOldBounce({ reason, at }: Schema['suppressions'], moment: Date): boolean {
  return reason === 'bounce' && moment.getTime() - Date.parse(at) >= BOUNCE_DAYS * DAY_MS
}

/**
 * Whether a suppression `x` keeps a delivery back, as SQL. It looks at when the delivery was dated and not at the clock:
 * what was queued while the bounce was fresh does not leave later, and what may leave may do so at each attempt.
 *
 * @param delivery what the table of deliveries is called there
 */
export function keepsBack(delivery: 'd' | 'deliveries'): RawBuilder<boolean> {
  const [kind, dated] = [sql.ref(`${delivery}.kind`), sql.ref(`${delivery}.dated_at`)]
  return sql<boolean>`not (${kind} = 'confirmation' and x.reason = 'bounce'
    and x.at <= strftime('%Y-%m-%dT%H:%M:%fZ', ${dated}, ${`-${BOUNCE_DAYS} days`}))`
}

/**
 * Lets an address be mailed again, and forgets what servers said of it, so that no old refusal counts with a new one.
 * The journal is not told. After an older backup is restored the address may be suppressed once more, as of that day,
 * since its bounce stands in the journal: that errs to the side of silence, and can be lifted again.
 *
 * @param key the address as it is compared; what stays of somebody who was erased is none, and stays
 */
export async function liftSuppression(trx: Writer, key: string): Promise<void> {
  await trx.deleteFrom('suppressions').where('key', '=', key).execute()
  await trx.deleteFrom('bounces').where('address_key', '=', key).execute()
}
