/**
 * Pings: what the WebSub hub knows of each feed, and what it is to be told.
 *
 * A row is a topic, the address of a feed. `told` is the version (a SHA-256) that the hub was told of last, `wanted`
 * the one that it is to be told of; where it knows the latest there is nothing wanted. A newer version takes the place
 * of an older one that was still wanted: a hub fetches what is there, so to tell it twice would tell it nothing more.
 *
 *     noted      a feed was written        wanted = its version, due now
 *     claimed    a process goes to tell    one process at a time, for two minutes at most
 *     put off    not at its address yet    due later, later still each time; never given up
 *     told       the hub said yes          told = that version; wanted is gone, or is the newer one
 *
 * A claim that was not given back was left by a process that died. Nobody knows whether its ping went out, so the hub is
 * told again: at least once, and twice only if a process dies between the hub's yes and the commit. A hub that finds
 * nothing new tells nobody.
 */
import { type Selectable, sql } from 'kysely'
import { type Reader, time, type Writer } from './database.ts'
import type { Schema } from './schema.ts'

/** A feed on disk: its address, the SHA-256 of its bytes, and how many they are. */
export type Version = { topic: string; version: string; bytes: number }
/** A version that the hub is to be told of; `looks` is how often it was looked for before. */
export type Ping = Version & { looks: number }
/** A hub that takes no pings for now. */
export type Silence = { address: string; since: Date; until: Date; reason: string; times: number }

// A statement holds at most 32,766 values.
const ROWS_AT_ONCE = 1_000

/** The latest version noted of each topic. */
export async function readNoted(db: Reader): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('pings')
    .select(['topic', latest().as('version')])
    .execute()
  return new Map(rows.map((row) => [row.topic, row.version]))
}

/** Notes versions that the hub is to be told of. What it was told of, or is to be told of already, stays as it is. */
export async function wantPings(trx: Writer, versions: Version[], now: Date): Promise<void> {
  const rows = versions.map(({ topic, version, bytes }) => ({
    topic,
    wanted: version,
    bytes,
    since: time(now),
    due_at: time(now),
    looks: 0,
  }))
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE)
    await trx
      .insertInto('pings')
      .values(rows.slice(from, from + ROWS_AT_ONCE))
      .onConflict((conflict) =>
        conflict
          .column('topic')
          .doUpdateSet({
            // Null where an author took a change back before the hub was told of it.
            wanted: sql`nullif(excluded.wanted, pings.told)`,
            bytes: sql`excluded.bytes`,
            since: sql`case when pings.told is excluded.wanted then null else coalesce(pings.since, excluded.since) end`,
            due_at: sql`excluded.due_at`,
            looks: 0,
          })
          .where(latest(), 'is not', sql<string>`excluded.wanted`),
      )
      .execute()
}

/** Forgets topics that are no feeds any more. */
export async function forgetTopics(trx: Writer, topics: string[]): Promise<void> {
  for (let from = 0; from < topics.length; from += ROWS_AT_ONCE)
    await trx
      .deleteFrom('pings')
      .where('topic', 'in', topics.slice(from, from + ROWS_AT_ONCE))
      .execute()
}

/** Whether there is anything that `claimPings` would take. */
export async function isPingDue(db: Reader, now: Date): Promise<boolean> {
  return (await due(db, now).select('topic').limit(1).executeTakeFirst()) !== undefined
}

/** Takes what is due and nobody else has in hand. The site's own feeds, whose addresses are shortest, come first. */
export async function claimPings(
  trx: Writer,
  claim: { by: string; until: Date; most: number },
  now: Date,
): Promise<Ping[]> {
  const rows = await due(trx, now)
    .select(['topic', 'wanted', 'bytes', 'looks'])
    .orderBy('due_at')
    .orderBy(sql`length(topic)`)
    .orderBy('topic')
    .limit(claim.most)
    .execute()
  if (rows.length === 0) return []
  await trx
    .updateTable('pings')
    .set({ claimed_by: claim.by, claimed_until: time(claim.until) })
    .where(
      'topic',
      'in',
      rows.map((row) => row.topic),
    )
    .execute()
  return rows.map(({ topic, wanted, bytes, looks }) => ({ topic, version: wanted as string, bytes, looks }))
}

/** Gives back what is claimed as it was. */
export async function releasePings(trx: Writer, by: string): Promise<void> {
  await trx
    .updateTable('pings')
    .set({ claimed_by: null, claimed_until: null })
    .where('claimed_by', '=', by)
    .execute()
}

/** Writes down that the hub was told, and gives back the claim. A version that was noted meanwhile is wanted still, and the same since when. */
export async function recordTold(trx: Writer, pings: Version[], now: Date): Promise<void> {
  for (const { topic, version } of pings)
    await trx
      .updateTable('pings')
      .set({
        told: version,
        wanted: sql`nullif(${latest()}, ${version})`,
        claimed_by: null,
        claimed_until: null,
        since: sql`case when ${latest()} is ${version} then null else coalesce(since, ${time(now)}) end`,
      })
      .where('topic', '=', topic)
      .execute()
}

/**
 * Puts off what was looked for and is not told, and gives it back. What was written anew meanwhile is due at once, and
 * stays so.
 */
export async function putOff(trx: Writer, pings: (Version & { until: Date })[]): Promise<void> {
  for (const { topic, version, until } of pings)
    await trx
      .updateTable('pings')
      .set({
        looks: sql`case when wanted is ${version} then looks + 1 else looks end`,
        due_at: sql`case when wanted is ${version} then ${time(until)} else due_at end`,
        claimed_by: null,
        claimed_until: null,
      })
      .where('topic', '=', topic)
      .execute()
}

/** How many feeds the hub has not been told of, since when, and how often the oldest of them was looked for. */
export async function readUntold(db: Reader): Promise<{ feeds: number; since: Date | null; looks: number }> {
  const row = await db
    .selectFrom('pings')
    .select(({ fn }) => [
      fn.countAll<number>().as('feeds'),
      fn.min('since').as('since'),
      fn.max('looks').as('looks'),
    ])
    .where('wanted', 'is not', null)
    .executeTakeFirstOrThrow()
  return {
    feeds: row.feeds,
    since: row.since === null ? null : new Date(row.since),
    looks: row.looks ?? 0,
  }
}

/** Why a hub is left alone and until when; null for one that took the last ping, or never had one. */
export async function readSilence(db: Reader, address: string): Promise<Silence | null> {
  const row = await db.selectFrom('hubs').selectAll().where('address', '=', address).executeTakeFirst()
  return row ? { ...row, since: new Date(row.since), until: new Date(row.until) } : null
}

export async function setSilence(trx: Writer, silence: Silence): Promise<void> {
  const row: Selectable<Schema['hubs']> = {
    ...silence,
    since: time(silence.since),
    until: time(silence.until),
  }
  await trx
    .insertInto('hubs')
    .values(row)
    .onConflict((conflict) => conflict.column('address').doUpdateSet(row))
    .execute()
}

export async function clearSilence(trx: Writer, address: string): Promise<void> {
  await trx.deleteFrom('hubs').where('address', '=', address).execute()
}

function due(db: Reader, now: Date) {
  return db
    .selectFrom('pings')
    .where('wanted', 'is not', null)
    .where('due_at', '<=', time(now))
    .where((or) => or.or([or('claimed_until', 'is', null), or('claimed_until', '<=', time(now))]))
}

// One of the two is there in every row.
function latest() {
  return sql<string>`coalesce(pings.wanted, pings.told)`
}
