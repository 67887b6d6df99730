/**
 * An import: many people at once, all or none. Rows are laid down in a table of this connection's own while their file
 * is still being read and checked; nobody else sees it and no lock is held. So a list of any length needs no memory, and
 * the file is read once (it may be a pipe, and it cannot change between two looks). A rehearsal is the same without what
 * follows.
 *
 * Then they are moved, ten thousand in a transaction: a million in one would keep every other writer waiting for eight
 * seconds, and on a slow disk for longer than they wait. Each of these people is whole, and may be mailed while the
 * others are still to come. A move that fails takes back what it has moved. One whose process dies leaves a batch that
 * says until when it was believed to be alive (`moving_until`); the next import takes it back before it moves its own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { UserError } from '../errors.ts'
import { undoBatch } from './batches.ts'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
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
  /** Addresses that are not to be mailed from now on, since the list says so. */
  newlySuppressed: number
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

const MOVED_AT_ONCE = 10_000
/** Others ask for the lock every few milliseconds. */
const BETWEEN_MS = 5
const CLAIM_MS = 60_000

/** Nobody reads more of a kind on a terminal, and a list of a million is not kept in memory. */
const MOST_EXAMPLES = 20

/**
 * Brings people in. The first row of an address counts, with the least of the statuses that all of its rows have.
 *
 * @param rows read to their end before anything is written; where they throw, nothing is
 * @param source where the list came from, for the consent of those who become readers
 * @param beforeMove done once all rows are read; where it throws, nothing is written
 * @returns the number that it is taken back by; null where it added nobody
 */
export async function importRows(
  db: Database,
  rows: AsyncIterable<ImportRow>,
  source: string,
  beforeMove: (connection: Database) => Promise<void>,
  now: Date,
): Promise<ImportCounts & { number: number | null }> {
  const started = performance.now()
  // Reading takes as long as it takes, and a claim is to hold from when it is made.
  const clock = () => new Date(now.getTime() + performance.now() - started)
  return withRows(db, rows, async (connection, { laid, count }) => {
    await beforeMove(connection)
    return { ...(await move(connection, laid, source, time(now), clock)), repeated: count }
  })
}

/** What `importRows` would do now, with examples. Nothing is written that outlives it. */
export async function rehearseRows(
  db: Database,
  rows: AsyncIterable<ImportRow>,
): Promise<ImportCounts & { examples: ImportExamples }> {
  return withRows(db, rows, async (connection, { count, examples }) => ({
    ...(await sortOut(connection, null)),
    repeated: count,
    examples: { ...(await examplesOf(connection)), repeated: examples },
  }))
}

/** How many rows there are, and how many of them were not laid down since an earlier one has their address. */
type Laid = { laid: number; count: number; examples: ImportExamples['repeated'] }

function withRows<Result>(
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
async function firstOf(own: Import, rows: LaidRow[]): Promise<ImportExamples['repeated']> {
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
const isErased = sql<boolean>`exists (select 1 from suppressions x where x.key = r.erased_key)`
const isSuppressed = sql<boolean>`exists (select 1 from suppressions x where x.key = r.address_key)`
// Whom the list itself says not to mail comes along: a list that is imported again must not lose them.
const isNew = sql<boolean>`s.id is null and not r.is_nobody and not ${isErased}
  and (r.suppressed_as is not null or not ${isSuppressed})`
const isBarred = sql<boolean>`r.suppressed_as is not null and not ${isErased} and not ${isSuppressed}`
const isLeftOut = sql<boolean>`case when r.is_nobody then not (${isBarred})
  else s.id is null and not (${isNew}) end`
const isKnown = sql<boolean>`s.id is not null and not r.is_nobody`
const rank = (status: string) =>
  sql`case ${sql.ref(status)} when 'confirmed' then 2 when 'unconfirmed' then 1 else 0 end`
const wouldRise = sql<boolean>`${rank('r.status')} > ${rank('s.status')}`
const rowsAndPeople = sql`import_rows r left join subscribers s on s.address_key = r.address_key`

/** Places of rows, the second not among them; all of them where there is none. */
type Part = readonly [from: number, to: number]
const isIn = (part: Part | null) =>
  part === null ? sql`true` : sql`r.place >= ${part[0]} and r.place < ${part[1]}`

type Sorted = Omit<ImportCounts, 'repeated'>

async function sortOut(db: Reader, part: Part | null): Promise<Sorted> {
  const { rows } = await sql<
    Record<'added' | 'known' | 'notRaised' | 'suppressed' | 'barred', number> & Pick<ImportRow, 'status'>
  >`
    select r.status as status,
      count(*) filter (where ${isNew}) as added,
      count(*) filter (where ${isKnown}) as known,
      count(*) filter (where ${isKnown} and ${wouldRise}) as "notRaised",
      count(*) filter (where ${isLeftOut}) as suppressed,
      count(*) filter (where ${isBarred}) as barred
    from ${rowsAndPeople} where ${isIn(part)} group by r.status`.execute(db)
  const counts = nothing()
  for (const row of rows) {
    counts.added[row.status] = row.added
    counts.known += row.known
    counts.notRaised += row.notRaised
    counts.suppressed += row.suppressed
    counts.newlySuppressed += row.barred
  }
  return counts
}

function nothing(): Sorted {
  const added = { unconfirmed: 0, confirmed: 0, unsubscribed: 0 }
  return { added, known: 0, notRaised: 0, suppressed: 0, newlySuppressed: 0 }
}

async function examplesOf(db: Reader): Promise<Omit<ImportExamples, 'repeated'>> {
  const first = async <Example>(columns: ReturnType<typeof sql>, where: ReturnType<typeof sql>) => {
    const { rows } = await sql<Example>`select r.line as line, ${columns} from ${rowsAndPeople}
      where ${where} order by r.place limit ${MOST_EXAMPLES}`.execute(db)
    return rows
  }
  return {
    added: await first(sql`r.address as address, r.status as status`, isNew),
    known: await first(sql`s.address as address`, sql`${isKnown} and not ${wouldRise}`),
    notRaised: await first(sql`s.address as address, s.status as status`, sql`${isKnown} and ${wouldRise}`),
    suppressed: await first(sql`r.address as address`, isLeftOut),
  }
}

type Moved = Sorted & { number: number | null }

async function move(
  connection: Database,
  rows: number,
  source: string,
  at: Time,
  clock: () => Date,
): Promise<Moved> {
  const sum: Moved = { ...nothing(), number: null }
  try {
    for (let from = 0; from < rows; from += MOVED_AT_ONCE) {
      const part: Part = [from, from + MOVED_AT_ONCE]
      const moved = await write(connection, (trx) => movePart(trx, part, sum.number, source, at, clock()))
      sum.number = moved.number
      for (const status of ['unconfirmed', 'confirmed', 'unsubscribed'] as const)
        sum.added[status] += moved.added[status]
      for (const kind of ['known', 'notRaised', 'suppressed', 'newlySuppressed'] as const)
        sum[kind] += moved[kind]
      await sleep(BETWEEN_MS)
    }
    const { number } = sum
    if (number !== null)
      await write(connection, (trx) =>
        trx.updateTable('imports').set({ moving_until: null }).where('number', '=', number).execute(),
      )
    return sum
  } catch (error) {
    const { number } = sum
    // Where this fails too, the first failure is the one to tell: the next import takes it back.
    if (number !== null) await undoBatch(connection, number, clock()).catch(() => {})
    throw error
  }
}

async function movePart(
  trx: Writer,
  part: Part,
  begun: number | null,
  source: string,
  at: Time,
  now: Date,
): Promise<Moved> {
  const counts = await sortOut(trx, part)
  const people = Object.values(counts.added).reduce((sum, each) => sum + each, 0)
  const number = await keepBatch(trx, begun, people, source, at, now)
  if (number !== null && people > 0) await bringIn(trx, part, number, source, at)
  // After the people: who is suppressed already is not brought in.
  if (counts.newlySuppressed > 0) await suppressAsTold(trx, part, at)
  return { ...counts, number }
}

/** Begins the batch with its first people, and says with each part that somebody is at it. */
async function keepBatch(
  trx: Writer,
  begun: number | null,
  people: number,
  source: string,
  at: Time,
  now: Date,
): Promise<number | null> {
  const moving_until = time(new Date(now.getTime() + CLAIM_MS))
  if (begun === null) {
    if (people === 0) return null
    const { number } = await trx
      .insertInto('imports')
      .values({ at, file: source, people, moving_until, undone_at: null })
      .returning('number')
      .executeTakeFirstOrThrow()
    return number
  }
  const { numUpdatedRows } = await trx
    .updateTable('imports')
    .set(({ eb }) => ({ people: eb('people', '+', people), moving_until }))
    .where('number', '=', begun)
    .where('moving_until', 'is not', null)
    .executeTakeFirst()
  if (numUpdatedRows === 1n) return begun
  throw new UserError(
    `import #${begun} was taken back by another process, which believed that this one had died`,
    {
      hint: 'import the file again',
    },
  )
}

async function bringIn(trx: Writer, part: Part, number: number, source: string, at: Time): Promise<void> {
  const { newest } = await trx
    .selectFrom('subscribers')
    .select(({ fn }) => fn.coalesce(fn.max('id'), sql<number>`0`).as('newest'))
    .executeTakeFirstOrThrow()
  // Who left in the year 3000 could not come back before, and who was asked then is not asked again today.
  const was = (column: 'created_at' | 'asked_at' | 'confirmed_at' | 'unsubscribed_at') =>
    sql`min(${sql.ref(`r.${column}`)}, ${at})`
  // As with anybody who becomes a reader: what is new from now on is theirs. When a digest is due the next round reckons.
  await sql`
    insert into subscribers (address, address_key, name, status, rhythm, tags, language, time_zone, hour, weekday,
      paused_until, followed_tags, followed_languages, created_at, asked_at, confirmed_at, unsubscribed_at,
      settled_sequence, next_run_at, import)
    select r.address, r.address_key, r.name, r.status, r.rhythm, r.tags, r.language, r.time_zone, r.hour, r.weekday,
      r.paused_until, r.followed_tags, r.followed_languages, coalesce(${was('created_at')}, ${at}), ${was('asked_at')},
      case r.status when 'confirmed' then coalesce(${was('confirmed_at')}, ${at})
        when 'unsubscribed' then ${was('confirmed_at')} end,
      case r.status when 'unsubscribed' then coalesce(${was('unsubscribed_at')}, ${at}) end,
      case r.status when 'confirmed' then (select coalesce(max(sequence), 0) from posts) else 0 end,
      case when r.status = 'confirmed' and r.rhythm = 'instant' then r.paused_until end, ${number}
    from ${rowsAndPeople} where ${isIn(part)} and ${isNew}
    order by r.place`.execute(trx)
  await sql`
    insert into consents (subscriber, at, act, source, words, import)
    select s.id, c.value ->> 'at', c.value ->> 'act', c.value ->> 'source', c.value ->> 'words', ${number}
    from import_rows r cross join subscribers s on s.address_key = r.address_key, json_each(r.consents) c
    where ${isIn(part)} and r.consents <> '[]' and s.id > ${newest}
    order by r.place, c.key`.execute(trx)
  // For whom the list brings no evidence of what they are, it is the list.
  await sql`
    insert into consents (subscriber, at, act, source, words, import)
    select s.id, ${at}, case status when 'confirmed' then 'imported' else 'unsubscribed' end, ${source}, '', ${number}
    from subscribers s
    where s.id > ${newest} and status in ('confirmed', 'unsubscribed') and not exists (
      select 1 from consents c where c.subscriber = s.id and (s.status = 'confirmed' or c.act = 'unsubscribed'))
    order by s.id`.execute(trx)
}

async function suppressAsTold(trx: Writer, part: Part, at: Time): Promise<void> {
  await sql`
    insert into suppressions (key, reason, at)
    select r.address_key, r.suppressed_as, min(coalesce(r.suppressed_at, ${at}), ${at}) from import_rows r
    where ${isIn(part)} and ${isBarred}`.execute(trx)
  await sql`
    update deliveries set state = 'skipped', reply = 'the address is suppressed', settled_at = ${at},
      claimed_by = null, claimed_until = null
    where state = 'queued' and kind in ('issue', 'welcome') and subscriber in (
      select s.id from import_rows r join subscribers s on s.address_key = r.address_key
      where ${isIn(part)} and r.suppressed_as is not null)`.execute(trx)
}
