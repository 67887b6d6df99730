/**
 * Caps on sign-ups: anybody can type anybody's address into a form, so how many confirmations a form can cause is
 * counted in the database, by every process together. What counts is who asked, never what the address turned out to
 * be: if a reader's address did not count, the cap would tell who reads.
 *
 * A sign-up is kept for a day, the longest that a cap looks back, and names nobody: address, network and domain are
 * keyed hashes. Every span slides: within any hour there are no more than an hour's.
 */
import { sql } from 'kysely'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import type { Cap } from './schema.ts'

/** Somebody asked, told by hashes. `network` and `domain` are null where no cap of theirs applies. */
export type SignUp = { address: string; network: string | null; domain: string | null }

export type Caps = {
  network: { hour: number; day: number }
  domain: { hour: number }
  site: { hour: number }
}

type Counts = Record<'sameAddress' | 'ofNetwork' | 'today' | 'ofDomain' | 'all' | 'repeats', number>

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * Asking again for an address counts for the network, or a network could find out who was asked for today. So many in
 * an hour are counted: a million of them are not to fill the disk, and mail nobody anyway.
 */
const REPEATS_KEPT = 1_000

/**
 * Counts a sign-up, and says whether it may cause a mail: under all caps, and the first of its address within a day.
 * One that may not is counted as turned away, and uses up nothing of the caps after the one that turned it away: a
 * network that has had its share closes the form for nobody else.
 */
export async function admitSignUp(trx: Writer, signUp: SignUp, caps: Caps, now: Date): Promise<boolean> {
  await trx.deleteFrom('sign_ups').where('at', '<=', before(now, DAY_MS)).execute()
  const { address, network, domain } = signUp
  const hour = before(now, HOUR_MS)
  const { rows } = await sql<Counts>`select
      (select count(*) from sign_ups where address = ${address} and repeated = 0) as "sameAddress",
      (select count(*) from sign_ups where network = ${network} and at > ${hour}) as "ofNetwork",
      (select count(*) from sign_ups where network = ${network}) as today,
      (select count(*) from sign_ups where domain = ${domain} and repeated = 0 and at > ${hour}) as "ofDomain",
      (select count(*) from sign_ups where repeated = 0 and at > ${hour}) as "all",
      (select count(*) from sign_ups where repeated = 1 and at > ${hour}) as repeats`.execute(trx)
  const { sameAddress = 0, ofNetwork = 0, today = 0, ofDomain = 0, all = 0, repeats = 0 } = rows[0] ?? {}
  const cap: Cap | null =
    ofNetwork >= caps.network.hour || today >= caps.network.day
      ? 'network'
      : sameAddress > 0
        ? 'address'
        : ofDomain >= caps.domain.hour
          ? 'domain'
          : all >= caps.site.hour
            ? 'site'
            : null
  if (cap !== null) await countTurnedAway(trx, cap, now)
  const isRepeated = cap === 'address'
  if (cap !== null && !(isRepeated && repeats < REPEATS_KEPT)) return false
  await trx
    .insertInto('sign_ups')
    .values({ at: time(now), address, network, domain, repeated: isRepeated ? 1 : 0 })
    .execute()
  return cap === null
}

/** Forgets what no cap looks at any more, also where nobody asks any more. */
export async function forgetSignUps(db: Database, now: Date): Promise<void> {
  const day = before(now, DAY_MS)
  const old = await db.selectFrom('sign_ups').select('at').where('at', '<=', day).limit(1).executeTakeFirst()
  if (old) await write(db, (trx) => trx.deleteFrom('sign_ups').where('at', '<=', day).execute())
}

/** How many were turned away by each cap, by the hour in which it was, within the last day. */
export async function readTurnedAway(
  db: Reader,
  now: Date,
): Promise<{ hour: string; cap: Cap; count: number }[]> {
  return db
    .selectFrom('turned_away')
    .selectAll()
    .where('hour', '>', hourOf(new Date(now.getTime() - DAY_MS)))
    .execute()
}

async function countTurnedAway(trx: Writer, cap: Cap, now: Date): Promise<void> {
  await trx
    .deleteFrom('turned_away')
    .where('hour', '<=', hourOf(new Date(now.getTime() - DAY_MS)))
    .execute()
  await trx
    .insertInto('turned_away')
    .values({ hour: hourOf(now), cap, count: 1 })
    .onConflict((conflict) =>
      conflict.columns(['hour', 'cap']).doUpdateSet({ count: sql`turned_away.count + 1` }),
    )
    .execute()
}

function before(now: Date, span: number): string {
  return time(new Date(now.getTime() - span))
}

function hourOf(date: Date): string {
  return time(new Date(Math.floor(date.getTime() / HOUR_MS) * HOUR_MS))
}
