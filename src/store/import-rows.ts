/**
 * The rows of a list, laid down in a table of this connection's own while their file is still being read and checked;
 * nobody else sees it and no lock is held. So a list of any length needs no memory, and the file is read once (it may be a
 * pipe, and it cannot change between two looks).
 */
import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { Database } from './database.ts'
import type { Schema, SubscriberRhythm, SubscriberStatus, Time } from './schema.ts'
import type { Subscriber, Suppression } from './subscribers.ts'

/** A row of a list: of somebody as they will be here, where a time of null is the moment of the import, or none. */
export type ImportRow = Pick<
  Subscriber,
  | 'address'
  | 'address_key'
  | 'name'
  | 'tags'
  | 'language'
  | 'time_zone'
  | 'hour'
  | 'weekday'
  | 'paused_until'
  | 'followed_tags'
  | 'followed_languages'
  | 'asked_at'
  | 'confirmed_at'
  | 'unsubscribed_at'
> & {
  /** Where it begins in the file. */
  line: number
  /** `address_key` as it would be suppressed once erased. */
  erased_key: string
  status: SubscriberStatus
  rhythm: SubscriberRhythm
  created_at: Time | null
  /** Why, and since when, the list says that this address is not to be mailed; null where it does not. */
  suppressed_as: Suppression['reason'] | null
  suppressed_at: Time | null
  /** A JSON list of `Consent`, the oldest first. */
  consents: string
  /** 1 for a row that says just that: the address is nobody's. */
  is_nobody: 0 | 1
}

export type ImportExample = { line: number; address: string }

/** A row of an address that an earlier one (`of`) has, perhaps written in another way. */
export type Repeated = ImportExample & { of: ImportExample }

/** Nobody reads more of a kind on a terminal, and a list of a million is not kept in memory. */
export const MOST_EXAMPLES = 20

type LaidRow = ImportRow & { place: number }
type Import = Kysely<Schema & { import_rows: LaidRow }>

const LAID: Record<keyof LaidRow, string> = {
  place: 'integer primary key',
  line: 'integer not null',
  address: 'text not null',
  address_key: 'text not null unique',
  erased_key: 'text not null',
  name: 'text not null',
  status: 'text not null',
  rhythm: 'text not null',
  tags: 'text not null',
  language: 'text not null',
  time_zone: 'text not null',
  hour: 'text',
  weekday: 'text',
  paused_until: 'text',
  followed_tags: 'text not null',
  followed_languages: 'text not null',
  created_at: 'text',
  asked_at: 'text',
  confirmed_at: 'text',
  unsubscribed_at: 'text',
  suppressed_as: 'text',
  suppressed_at: 'text',
  consents: 'text not null',
  is_nobody: 'integer not null',
}
const COLUMNS = Object.keys(LAID) as (keyof LaidRow)[]

// A statement holds at most 32,766 values.
const ROWS_AT_ONCE = 500

/** How many rows there are, and how many of them were not laid down since an earlier one has their address. */
export type Laid = { laid: number; count: number; examples: Repeated[] }

/**
 * Lays the rows down for a piece of work. The first row of an address counts, with the least of the statuses that all of
 * its rows have.
 *
 * @param rows read to their end before the work begins
 */
export function withRows<Result>(
  db: Database,
  rows: AsyncIterable<ImportRow>,
  work: (connection: Database, laid: Laid) => Promise<Result>,
): Promise<Result> {
  return db.connection().execute(async (connection) => {
    const own: Import = connection.withTables<{ import_rows: LaidRow }>()
    const columns = COLUMNS.map((name) => `${name} ${LAID[name]}`)
    await sql.raw(`create temporary table import_rows (${columns.join(', ')})`).execute(own)
    try {
      return await work(connection, await layDown(own, rows))
    } finally {
      await sql`drop table import_rows`.execute(own)
    }
  })
}

async function layDown(own: Import, rows: AsyncIterable<ImportRow>): Promise<Laid> {
  const repeated: Laid = { laid: 0, count: 0, examples: [] }
  let place = 0
  let waiting: LaidRow[] = []
  const insert = async () => {
    if (waiting.length === 0) return
    const { numAffectedRows } = await own.executeQuery(insertion(waiting))
    const count = waiting.length - Number(numAffectedRows)
    const room = MOST_EXAMPLES - repeated.examples.length
    if (count > 0) await lower(own, waiting)
    if (count > 0 && room > 0) repeated.examples.push(...(await firstOf(own, waiting)).slice(0, room))
    repeated.count += count
    waiting = []
  }
  for await (const row of rows) if (waiting.push({ ...row, place: place++ }) === ROWS_AT_ONCE) await insert()
  await insert()
  return { ...repeated, laid: place }
}

/** Not by the query builder: it would make a tree of every row, and that takes longer than all the rest. */
function insertion(rows: LaidRow[]): CompiledQuery {
  const places = `(${COLUMNS.map(() => '?').join(',')})`
  return CompiledQuery.raw(
    `insert into import_rows (${COLUMNS.join(',')}) values ${rows.map(() => places).join(',')} on conflict (address_key) do nothing`,
    rows.flatMap((row) => COLUMNS.map((name) => row[name])),
  )
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
      .set({ status, asked_at: null })
      .where('address_key', 'in', keys)
      .where('status', 'in', from)
      .execute()
  }
  for (const { address_key, suppressed_as, suppressed_at } of rows)
    if (suppressed_as !== null)
      await own
        .updateTable('import_rows')
        .set({ suppressed_as, suppressed_at })
        .where('address_key', '=', address_key)
        .where('suppressed_as', 'is', null)
        .execute()
}

/** The rows that were not laid down, each with the earlier one that was. */
async function firstOf(own: Import, rows: LaidRow[]): Promise<Repeated[]> {
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
