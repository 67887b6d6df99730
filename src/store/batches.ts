/**
 * An import is a batch: it has a number, and can be taken back. What it brought goes, and what people have done since
 * stays: who has confirmed, asked, left or changed anything here, or was mailed, is no longer the list's doing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import type { Time } from './schema.ts'
import type { Consent } from './subscribers.ts'

export type Batch = {
  number: number
  at: Time
  /** The file's name, without its folder. */
  file: string
  /** How many it brought. */
  people: number
  /** How many of them are here still, in whatever status. */
  here: number
  /** How many of these have unsubscribed since. */
  left: number
  /** While it is being moved in, until when that is believed; null once all of it is here. */
  movingUntil: Time | null
  /** When it was taken back; null where it was not. */
  undoneAt: Time | null
}

/** Why somebody whom an import brought stays when it is taken back: what they did last, or that they were mailed. */
export type Since = Consent['act'] | 'mailed'

export type Undone = {
  removed: number
  stayed: Partial<Record<Since, number>>
  /** The first of those who stayed. */
  examples: { address: string; since: Since }[]
}

// Their pages are all over the indexes: with fewer at once, each page is written many times.
const UNDONE_AT_ONCE = 10_000
/** Others ask for the lock every few milliseconds. */
const BETWEEN_MS = 5

/** Nobody reads more of them on a terminal. */
const MOST_EXAMPLES = 20

/** All imports that brought anybody, or the one of a number; the oldest first. */
export async function readBatches(db: Reader, number?: number): Promise<Batch[]> {
  const { rows } = await sql<Batch>`
    select i.number, i.at, i.file, i.people, i.moving_until as "movingUntil", i.undone_at as "undoneAt", count(s.id) as here,
      count(*) filter (where s.status = 'unsubscribed' and s.unsubscribed_at > i.at) as left
    from imports i left join subscribers s on s.import = i.number
    where ${number === undefined ? sql`true` : sql`i.number = ${number}`}
    group by i.number order by i.number`.execute(db)
  return rows
}

/** Imports that are being moved in, or whose process died over it. */
export async function batchesMoving(
  db: Reader,
): Promise<{ number: number; people: number; movingUntil: Time }[]> {
  return db
    .selectFrom('imports')
    .select(['number', 'people', 'moving_until as movingUntil'])
    .where('moving_until', 'is not', null)
    .$narrowType<{ movingUntil: Time }>()
    .execute()
}

/** How many would go, were an import taken back now. */
export async function countRemovable(db: Reader, number: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from subscribers s where s.import = ${number} and ${since} is null`.execute(db)
  return rows[0]?.count ?? 0
}

// A token that changes anything without an act is in a message that was sent.
const since = sql<Since | null>`coalesce(
  (select c.act from consents c where c.subscriber = s.id and c.import is null order by c.id desc limit 1),
  case when exists (select 1 from deliveries d where d.subscriber = s.id and d.state in ('sending', 'sent', 'unknown'))
    then 'mailed' end)`

/**
 * Takes an import back. Who goes leaves no trace and no hash: they have done nothing, and the same list may bring them
 * again. What is queued for them is skipped. Suppressions stay, whoever made them.
 *
 * Ten thousand people in a transaction, as they came: where it is cut off, taking it back once more removes the rest.
 */
export async function undoBatch(db: Database, number: number, now: Date): Promise<Undone> {
  const undone: Undone = { removed: 0, stayed: {}, examples: [] }
  for (let after: number | null = 0; after !== null; ) {
    const from: number = after
    const part = await write(db, (trx) => undoPart(trx, number, from, now))
    for (const { since, count } of part.counts) {
      if (since === null) undone.removed += count
      else undone.stayed[since] = (undone.stayed[since] ?? 0) + count
    }
    undone.examples.push(...part.examples.slice(0, MOST_EXAMPLES - undone.examples.length))
    after = part.last
    if (after !== null) await sleep(BETWEEN_MS)
  }
  return undone
}

type UndonePart = Pick<Undone, 'examples'> & {
  counts: { since: Since | null; count: number }[]
  /** The last subscriber who was looked at; null where it was the last of all. */
  last: number | null
}

async function undoPart(trx: Writer, number: number, after: number, now: Date): Promise<UndonePart> {
  await sql`create temporary table import_batch (id integer primary key, since text)`.execute(trx)
  await sql`insert into import_batch select s.id, ${since} from subscribers s
    where s.import = ${number} and s.id > ${after} order by s.id limit ${UNDONE_AT_ONCE}`.execute(trx)
  const going = sql`select id from import_batch where since is null`
  await sql`
    update deliveries set address = '', name = '', subscriber = null, claimed_by = null, claimed_until = null,
      reply = case state when 'queued' then 'its import was taken back' end,
      settled_at = case state when 'queued' then ${time(now)} else settled_at end,
      state = case state when 'queued' then 'skipped' else state end
    where subscriber in (${going})`.execute(trx)
  await sql`delete from bounces where exists (
    select 1 from subscribers s where s.address_key = bounces.address_key and s.id in (${going}))`.execute(
    trx,
  )
  await sql`delete from delivery_posts where subscriber in (${going})`.execute(trx)
  await sql`delete from consents where subscriber in (${going})`.execute(trx)
  await sql`delete from subscribers where id in (${going})`.execute(trx)
  const counts = await sql<{ since: Since | null; count: number }>`
    select since, count(*) as count from import_batch group by since order by since`.execute(trx)
  const examples = await sql<{ address: string; since: Since }>`
    select s.address, b.since from import_batch b join subscribers s on s.id = b.id
    where b.since is not null order by s.id limit ${MOST_EXAMPLES}`.execute(trx)
  const found = await sql<{ last: number }>`select id as last from import_batch
    order by id desc limit 1`.execute(trx)
  await sql`drop table import_batch`.execute(trx)
  const looked = counts.rows.reduce((sum, { count }) => sum + count, 0)
  const last = looked < UNDONE_AT_ONCE ? null : (found.rows[0]?.last ?? null)
  if (last === null)
    await trx
      .updateTable('imports')
      .set({ undone_at: time(now), moving_until: null })
      .where('number', '=', number)
      .execute()
  return { counts: counts.rows, examples: examples.rows, last }
}
