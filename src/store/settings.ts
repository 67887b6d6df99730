import { randomBytes } from 'node:crypto'
import { type Database, type Reader, time, type Writer, write } from './database.ts'

const YEAR_MS = 366 * 86_400_000
const REPLACED = 'secret replaced at'

/**
 * The site's own key, made on first use and kept for good: Message-IDs and all keyed hashes are of it, so that who was
 * erased is known for ever. It signs links too, unless the configuration names another.
 */
export async function readSecret(db: Database): Promise<string> {
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

/**
 * The keys of links: the first signs, all open. Where the configuration names some, the site's own key opens for one more
 * year what it has signed before that, and then no more: a stolen copy of the database should open nothing.
 *
 * @param named by the configuration; empty where it names none
 * @param own the site's own key
 */
export async function readLinkKeys(
  db: Database,
  named: string[],
  own: string,
  now: Date,
): Promise<[string, ...string[]]> {
  const replaced = await readSetting(db, REPLACED)
  const [first, ...former] = named
  if (first === undefined) {
    if (replaced !== null)
      await write(db, (trx) => trx.deleteFrom('settings').where('key', '=', REPLACED).execute())
    return [own]
  }
  const since = replaced ?? (await recordReplaced(db, now))
  return now.getTime() - Date.parse(since) <= YEAR_MS ? [first, ...former, own] : [first, ...former]
}

/** From when on the site's own key signs no links; it never did where nothing was ever sent. */
async function recordReplaced(db: Database, now: Date): Promise<string> {
  return write(db, async (trx) => {
    const sent = await trx.selectFrom('deliveries').select('id').limit(1).executeTakeFirst()
    const value = time(sent ? now : new Date(0))
    await trx
      .insertInto('settings')
      .values({ key: REPLACED, value })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return (await readSetting(trx, REPLACED)) as string
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

export async function readSetting(db: Reader, key: string): Promise<string | null> {
  const row = await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value ?? null
}

export async function writeSetting(trx: Writer, key: string, value: string): Promise<void> {
  await trx
    .insertInto('settings')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
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
