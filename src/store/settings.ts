import { randomBytes } from 'node:crypto'
import { type Database, type Reader, time, type Writer, write } from './database.ts'

/** The key that signs tokens and Message-IDs: the configured one, else one made on first use and kept. */
export async function readSecret(db: Database, configured: string | null): Promise<string> {
  if (configured !== null) return configured
  const kept = await readSetting(db, 'secret')
  if (kept !== null) return kept
  return write(db, async (trx) => {
    await trx
      .insertInto('settings')
      .values({ key: 'secret', value: randomBytes(32).toString('base64url') })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return (await readSetting(trx, 'secret')) as string
  })
}

/** When the site's first round recorded what was there as old; null before it. */
export async function firstRoundAt(db: Reader): Promise<Date | null> {
  const value = await readSetting(db, 'first_round_at')
  return value === null ? null : new Date(value)
}

export async function recordFirstRound(trx: Writer, now: Date): Promise<void> {
  await trx
    .insertInto('settings')
    .values({ key: 'first_round_at', value: time(now) })
    .execute()
}

async function readSetting(db: Reader, key: string): Promise<string | null> {
  const row = await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value ?? null
}

/** When a transport began to warm up: with the first message that went through it, and now where none has. */
export async function warmUpSince(db: Database, transport: string, now: Date): Promise<Date> {
  const key = `warm up ${transport}`
  const kept = await readSetting(db, key)
  if (kept !== null) return new Date(kept)
  const { first } = await db
    .selectFrom('deliveries')
    .select(({ fn }) => fn.min('settled_at').as('first'))
    .where('transport', '=', transport)
    .where('state', '=', 'sent')
    .executeTakeFirstOrThrow()
  // A worker that has had nothing to send for a month has warmed up nothing.
  if (first === null) return now
  await write(db, (trx) =>
    trx
      .insertInto('settings')
      .values({ key, value: first })
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  )
  return new Date(first)
}
