/**
 * An import: many people at once, all or none. Rows are laid down in a table of this connection's own while their file
 * is still being read and checked; nobody else sees it and no lock is held. Then one transaction moves them, with as
 * many statements for a million rows as for one. So a list of any length needs no memory, the file is read once (it
 * may be a pipe, and it cannot change between two looks), and other writers wait for the move alone.
 */
import { type Kysely, sql } from 'kysely'
import { type Database, time, write } from './database.ts'
import type { Schema, SubscriberRhythm, SubscriberStatus } from './schema.ts'

export type ImportRow = {
  address: string
  address_key: string
  /** `address_key` as it would be suppressed once erased. */
  erased_key: string
  name: string
  status: SubscriberStatus
  rhythm: SubscriberRhythm
  tags: string
  language: string
  time_zone: string
}

export type ImportCounts = {
  /** New people by the status they have now. */
  added: Record<SubscriberStatus, number>
  /** Rows of people who were here before: nothing of them is changed. */
  known: number
  /** Rows with an address that an earlier row has. */
  repeated: number
  /** Rows of addresses that are never to be mailed, erased ones among them. */
  suppressed: number
}

type Import = Kysely<Schema & { import_rows: ImportRow }>

// A statement holds at most 32,766 values.
const ROWS_AT_ONCE = 1_000

/**
 * Brings people in. The first row of an address counts.
 *
 * @param rows read to their end before anything is written; where they throw, nothing is
 * @param source where the list came from, for the consent of those who become readers
 */
export async function importRows(
  db: Database,
  rows: AsyncIterable<ImportRow>,
  source: string,
  now: Date,
): Promise<ImportCounts> {
  return db.connection().execute(async (connection) => {
    const own = connection.withTables<{ import_rows: ImportRow }>()
    await sql`create temporary table import_rows (
      place integer primary key, address text not null, address_key text not null unique, erased_key text not null,
      name text not null, status text not null, rhythm text not null, tags text not null, language text not null,
      time_zone text not null)`.execute(own)
    try {
      const repeated = await layDown(own, rows)
      return { ...(await move(connection, source, now)), repeated }
    } finally {
      await sql`drop table import_rows`.execute(own)
    }
  })
}

async function layDown(own: Import, rows: AsyncIterable<ImportRow>): Promise<number> {
  let repeated = 0
  let waiting: ImportRow[] = []
  const insert = async () => {
    if (waiting.length === 0) return
    const result = await own
      .insertInto('import_rows')
      .values(waiting)
      .onConflict((conflict) => conflict.column('address_key').doNothing())
      .executeTakeFirst()
    repeated += waiting.length - Number(result.numInsertedOrUpdatedRows)
    waiting = []
  }
  for await (const row of rows) if (waiting.push(row) === ROWS_AT_ONCE) await insert()
  await insert()
  return repeated
}

async function move(
  connection: Database,
  source: string,
  now: Date,
): Promise<Omit<ImportCounts, 'repeated'>> {
  const isKnown = sql`exists (select 1 from subscribers s where s.address_key = r.address_key)`
  // Two lookups by key: a single one with "or" or "in" over two columns scans all suppressions for each row.
  const isSuppressed = sql`(exists (select 1 from suppressions x where x.key = r.address_key)
    or exists (select 1 from suppressions x where x.key = r.erased_key))`
  const at = time(now)
  return write(connection, async (trx) => {
    const { rows } = await sql<{ known: number; suppressed: number; newest: number }>`select
      (select count(*) from import_rows r where ${isKnown}) as known,
      (select count(*) from import_rows r where not ${isKnown} and ${isSuppressed}) as suppressed,
      (select coalesce(max(id), 0) from subscribers) as newest`.execute(trx)
    const { known, suppressed, newest } = rows[0] as (typeof rows)[0]
    // As with anybody who becomes a reader: what is new from now on is theirs.
    await sql`
      insert into subscribers (address, address_key, name, status, rhythm, tags, language, time_zone, created_at,
        confirmed_at, unsubscribed_at, settled_sequence)
      select address, address_key, name, status, rhythm, tags, language, time_zone, ${at},
        case status when 'confirmed' then ${at} end,
        case status when 'unsubscribed' then ${at} end,
        case status when 'confirmed' then (select coalesce(max(sequence), 0) from posts) else 0 end
      from import_rows r where not ${isKnown} and not ${isSuppressed}
      order by place`.execute(trx)
    await sql`
      insert into consents (subscriber, at, act, source, words)
      select id, ${at}, case status when 'confirmed' then 'imported' else 'unsubscribed' end, ${source}, ''
      from subscribers where id > ${newest} and status in ('confirmed', 'unsubscribed')
      order by id`.execute(trx)
    const counts = await trx
      .selectFrom('subscribers')
      .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
      .where('id', '>', newest)
      .groupBy('status')
      .execute()
    const added = { unconfirmed: 0, confirmed: 0, unsubscribed: 0 }
    for (const { status, count } of counts) added[status] = count
    return { added, known, suppressed }
  })
}
