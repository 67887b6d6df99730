/** Solutions of the proof of work that were used: each counts once, whichever process is asked with it. */
import { type Database, time, type Writer, write } from './database.ts'

/** A challenge whose solution was checked. */
export type Solved = {
  /** What no other challenge has: a random number. */
  challenge: string
  /** How long the solution is good. */
  until: Date
}

/**
 * Uses a solution up. What is good no more is forgotten here, since nobody needs to be kept from using it: the table is
 * never longer than the work that was done while a challenge is good.
 *
 * @returns false where it was used before
 */
export async function spendSolution(trx: Writer, { challenge, until }: Solved, now: Date): Promise<boolean> {
  await trx.deleteFrom('solved').where('until', '<=', time(now)).execute()
  const { numInsertedOrUpdatedRows = 0n } = await trx
    .insertInto('solved')
    .values({ challenge, until: time(until) })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows > 0n
}

/** Forgets the last of them, also where nobody asks any more. */
export async function forgetSolved(db: Database, now: Date): Promise<void> {
  const at = time(now)
  const old = await db
    .selectFrom('solved')
    .select('until')
    .where('until', '<=', at)
    .limit(1)
    .executeTakeFirst()
  if (old) await write(db, (trx) => trx.deleteFrom('solved').where('until', '<=', at).execute())
}
