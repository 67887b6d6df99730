/**
 * An import: many people at once, all or none. Rows are laid down in a table of this connection's own while their file
 * is still being read and checked; nobody else sees it and no lock is held. Then one transaction moves them, with as
 * many statements for a million rows as for one. So a list of any length needs no memory, the file is read once (it
 * may be a pipe, and it cannot change between two looks), and other writers wait for the move alone. A rehearsal is the
 * same without the move.
 */
import { type Kysely, sql } from 'kysely'
import { type Database, type Reader, time, write } from './database.ts'
import type { Schema, SubscriberRhythm, SubscriberStatus } from './schema.ts'

export type ImportRow = {
  /** Where it begins in the file. */
  line: number
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
  /** Those of `known` whom the file would make more than they are here: a reader of somebody who left, for one. */
  notRaised: number
  /** Rows with an address that an earlier row has. */
  repeated: number
  /** Rows of addresses that are never to be mailed, erased ones among them. */
  suppressed: number
}

export type ImportExample = { line: number; address: string }

/** The first rows of each kind, in the order of the file. */
export type ImportExamples = {
  added: (ImportExample & { status: SubscriberStatus })[]
  /** Without those of `notRaised`. */
  known: ImportExample[]
  /** `status`: what they are here, and stay. */
  notRaised: (ImportExample & { status: SubscriberStatus })[]
  /** `of`: the earlier row, which may write the address in another way. */
  repeated: (ImportExample & { of: ImportExample })[]
  suppressed: ImportExample[]
}

type Import = Kysely<Schema & { import_rows: ImportRow & { place: number } }>

// A statement holds at most 32,766 values.
const ROWS_AT_ONCE = 1_000

/** Nobody reads more of a kind on a terminal, and a list of a million is not kept in memory. */
const MOST_EXAMPLES = 20

/**
 * Brings people in. The first row of an address counts, with the least of the statuses that all of its rows have.
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
  return withRows(db, rows, async (connection, { count }) => ({
    ...(await move(connection, source, now)),
    repeated: count,
  }))
}

/** What `importRows` would do now, with examples. Nothing is written that outlives it. */
export async function rehearseRows(
  db: Database,
  rows: AsyncIterable<ImportRow>,
): Promise<ImportCounts & { examples: ImportExamples }> {
  return withRows(db, rows, async (connection, { count, examples }) => ({
    ...(await sortOut(connection)),
    repeated: count,
    examples: { ...(await examplesOf(connection)), repeated: examples },
  }))
}

type Repeated = { count: number; examples: ImportExamples['repeated'] }

function withRows<Result>(
  db: Database,
  rows: AsyncIterable<ImportRow>,
  work: (connection: Database, repeated: Repeated) => Promise<Result>,
): Promise<Result> {
  return db.connection().execute(async (connection) => {
    const own: Import = connection.withTables<{ import_rows: ImportRow & { place: number } }>()
    await sql`create temporary table import_rows (
      place integer primary key, line integer not null, address text not null, address_key text not null unique,
      erased_key text not null, name text not null, status text not null, rhythm text not null, tags text not null,
      language text not null, time_zone text not null)`.execute(own)
    try {
      return await work(connection, await layDown(own, rows))
    } finally {
      await sql`drop table import_rows`.execute(own)
    }
  })
}

async function layDown(own: Import, rows: AsyncIterable<ImportRow>): Promise<Repeated> {
  const repeated: Repeated = { count: 0, examples: [] }
  let place = 0
  let waiting: (ImportRow & { place: number })[] = []
  const insert = async () => {
    if (waiting.length === 0) return
    const result = await own
      .insertInto('import_rows')
      .values(waiting)
      .onConflict((conflict) => conflict.column('address_key').doNothing())
      .executeTakeFirst()
    const count = waiting.length - Number(result.numInsertedOrUpdatedRows)
    const room = MOST_EXAMPLES - repeated.examples.length
    if (count > 0) await lower(own, waiting)
    if (count > 0 && room > 0) repeated.examples.push(...(await firstOf(own, waiting)).slice(0, room))
    repeated.count += count
    waiting = []
  }
  for await (const row of rows) if (waiting.push({ ...row, place: place++ }) === ROWS_AT_ONCE) await insert()
  await insert()
  return repeated
}

/** Two lists that were put together may have somebody as a reader in one and as gone in the other: gone counts. */
async function lower(own: Import, rows: ImportRow[]): Promise<void> {
  const steps = [
    ['unconfirmed', ['confirmed']],
    ['unsubscribed', ['confirmed', 'unconfirmed']],
  ] as const
  for (const [status, from] of steps) {
    const keys = rows.flatMap((row) => (row.status === status ? [row.address_key] : []))
    if (keys.length === 0) continue
    await own
      .updateTable('import_rows')
      .set({ status })
      .where('address_key', 'in', keys)
      .where('status', 'in', from)
      .execute()
  }
}

/** The rows that were not laid down, each with the earlier one that was. */
async function firstOf(
  own: Import,
  rows: (ImportRow & { place: number })[],
): Promise<ImportExamples['repeated']> {
  const keys = rows.map((row) => row.address_key)
  const laid = await own
    .selectFrom('import_rows')
    .select(['address_key', 'place', 'line', 'address'])
    .where('address_key', 'in', keys)
    .execute()
  const byKey = new Map(laid.map((first) => [first.address_key, first]))
  return rows.flatMap(({ place, line, address, address_key }) => {
    const of = byKey.get(address_key)
    return of && of.place !== place ? [{ line, address, of: { line: of.line, address: of.address } }] : []
  })
}

// Two lookups by key: a single one with "or" or "in" over two columns scans all suppressions for each row.
const isSuppressed = sql<boolean>`(exists (select 1 from suppressions x where x.key = r.address_key)
  or exists (select 1 from suppressions x where x.key = r.erased_key))`
const isNew = sql<boolean>`s.id is null and not ${isSuppressed}`
const rank = (status: string) =>
  sql`case ${sql.ref(status)} when 'confirmed' then 2 when 'unconfirmed' then 1 else 0 end`
const wouldRise = sql<boolean>`${rank('r.status')} > ${rank('s.status')}`
const rowsAndPeople = sql`import_rows r left join subscribers s on s.address_key = r.address_key`

async function sortOut(db: Reader): Promise<Omit<ImportCounts, 'repeated'>> {
  const { rows } = await sql<
    Record<'added' | 'known' | 'notRaised' | 'suppressed', number> & Pick<ImportRow, 'status'>
  >`
    select r.status as status, count(s.id) as known,
      count(*) filter (where ${isNew}) as added,
      count(*) filter (where s.id is not null and ${wouldRise}) as "notRaised",
      count(*) filter (where s.id is null and ${isSuppressed}) as suppressed
    from ${rowsAndPeople} group by r.status`.execute(db)
  const counts = {
    added: { unconfirmed: 0, confirmed: 0, unsubscribed: 0 },
    known: 0,
    notRaised: 0,
    suppressed: 0,
  }
  for (const row of rows) {
    counts.added[row.status] = row.added
    counts.known += row.known
    counts.notRaised += row.notRaised
    counts.suppressed += row.suppressed
  }
  return counts
}

async function examplesOf(db: Reader): Promise<Omit<ImportExamples, 'repeated'>> {
  const first = async <Example>(columns: ReturnType<typeof sql>, where: ReturnType<typeof sql>) => {
    const { rows } = await sql<Example>`select r.line as line, ${columns} from ${rowsAndPeople}
      where ${where} order by r.place limit ${MOST_EXAMPLES}`.execute(db)
    return rows
  }
  return {
    added: await first(sql`r.address as address, r.status as status`, isNew),
    known: await first(sql`s.address as address`, sql`s.id is not null and not ${wouldRise}`),
    notRaised: await first(
      sql`s.address as address, s.status as status`,
      sql`s.id is not null and ${wouldRise}`,
    ),
    suppressed: await first(sql`r.address as address`, sql`s.id is null and ${isSuppressed}`),
  }
}

async function move(
  connection: Database,
  source: string,
  now: Date,
): Promise<Omit<ImportCounts, 'repeated'>> {
  const at = time(now)
  return write(connection, async (trx) => {
    const counts = await sortOut(trx)
    const { newest } = await trx
      .selectFrom('subscribers')
      .select(({ fn }) => fn.coalesce(fn.max('id'), sql<number>`0`).as('newest'))
      .executeTakeFirstOrThrow()
    // As with anybody who becomes a reader: what is new from now on is theirs.
    await sql`
      insert into subscribers (address, address_key, name, status, rhythm, tags, language, time_zone, created_at,
        confirmed_at, unsubscribed_at, settled_sequence)
      select r.address, r.address_key, r.name, r.status, r.rhythm, r.tags, r.language, r.time_zone, ${at},
        case r.status when 'confirmed' then ${at} end,
        case r.status when 'unsubscribed' then ${at} end,
        case r.status when 'confirmed' then (select coalesce(max(sequence), 0) from posts) else 0 end
      from ${rowsAndPeople} where ${isNew}
      order by r.place`.execute(trx)
    await sql`
      insert into consents (subscriber, at, act, source, words)
      select id, ${at}, case status when 'confirmed' then 'imported' else 'unsubscribed' end, ${source}, ''
      from subscribers where id > ${newest} and status in ('confirmed', 'unsubscribed')
      order by id`.execute(trx)
    return counts
  })
}
