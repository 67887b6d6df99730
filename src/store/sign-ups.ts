/**
 * Caps on sign-ups: anybody can type anybody's address into a form, so how many confirmations a form can cause is
 * counted in the database, by every process together. What counts is who asked, never what the address turned out to
 * be: if a reader's address did not count, the cap would tell who reads.
 *
 * A sign-up is kept for a day, the longest that a cap looks back, and names nobody: address, network and domain are
 * keyed hashes. Every span slides: within any hour there are no more than an hour's.
 */
import { sql } from 'kysely'
import { type Database, type Reader, time, type Writer, write, writeLightly } from './database.ts'
import type { Cap } from './schema.ts'

/** Somebody asked, told by hashes. `network` and `domain` are null where no cap of theirs applies. */
export type SignUp = { address: string; network: string | null; domain: string | null; proved: boolean }

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
 * network that has had its share closes the form for nobody else. Those who proved work and those who did not are
 * counted apart, save for the address: neither uses up the room of the other.
 *
 * @param caps of those who proved work, or of those who did not: whichever this one is of
 */
export async function admitSignUp(trx: Writer, signUp: SignUp, caps: Caps, now: Date): Promise<boolean> {
  const turned = await findCap(trx, signUp, caps, now)
  if (turned !== null) await countTurnedAway(trx, turned.cap, now)
  if (turned === null || turned.counts) await insertSignUp(trx, signUp, turned ? 1 : 0, now)
  return turned === null
}

/**
 * Turns a sign-up away where a cap says so; says whether it did. It is what a flood consists of, so nobody waits for
 * the disk: a power cut may forget the count of the last moment, and no more mail goes out for that. One that counts for
 * its network all the same is left to `admitSignUp`: how long it takes must not tell who was asked for today.
 */
export async function turnSignUpAway(db: Database, signUp: SignUp, caps: Caps, now: Date): Promise<boolean> {
  const turned = await findCap(db, signUp, caps, now)
  if (turned === null || turned.counts) return false
  await writeLightly(db, (trx) => countTurnedAway(trx, turned.cap, now))
  return true
}

/** The cap that turns a sign-up away, and whether it counts for its network all the same; null where it may come in. */
async function findCap(
  db: Reader,
  { address, network, domain, proved: hasProved }: SignUp,
  caps: Caps,
  now: Date,
): Promise<{ cap: Cap; counts: boolean } | null> {
  const proved = hasProved ? 1 : 0
  const hour = before(now, HOUR_MS)
  const day = before(now, DAY_MS)
  const { rows } = await sql<Counts>`select
      (select count(*) from sign_ups where address = ${address} and repeated = 0 and at > ${day}) as "sameAddress",
      (select count(*) from sign_ups where network = ${network} and proved = ${proved} and at > ${hour}) as "ofNetwork",
      (select count(*) from sign_ups where network = ${network} and proved = ${proved} and at > ${day}) as today,
      (select count(*) from sign_ups
        where domain = ${domain} and proved = ${proved} and repeated = 0 and at > ${hour}) as "ofDomain",
      (select count(*) from sign_ups where proved = ${proved} and repeated = 0 and at > ${hour}) as "all",
      (select count(*) from sign_ups where proved = ${proved} and repeated = 1 and at > ${hour}) as repeats`.execute(
    db,
  )
  const { sameAddress = 0, ofNetwork = 0, today = 0, ofDomain = 0, all = 0, repeats = 0 } = rows[0] ?? {}
  const beyond = (cap: Cap) => ({ cap: hasProved ? cap : 'unproved', counts: false }) as const
  if (ofNetwork >= caps.network.hour || today >= caps.network.day) return beyond('network')
  if (sameAddress > 0) return { cap: 'address', counts: repeats < REPEATS_KEPT }
  if (ofDomain >= caps.domain.hour) return beyond('domain')
  return all >= caps.site.hour ? beyond('site') : null
}

async function insertSignUp(trx: Writer, signUp: SignUp, repeated: 0 | 1, now: Date): Promise<void> {
  await trx.deleteFrom('sign_ups').where('at', '<=', before(now, DAY_MS)).execute()
  const { proved, ...told } = signUp
  await trx
    .insertInto('sign_ups')
    .values({ ...told, at: time(now), repeated, proved: proved ? 1 : 0 })
    .execute()
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
