/**
 * An import: many people at once, all or none. Rows are laid down first (`import-rows.ts`); a rehearsal is the same
 * without what follows.
 *
 * Then they are moved, ten thousand in a transaction: a million in one would keep every other writer waiting for eight
 * seconds, and on a slow disk for longer than they wait. Each of these people is whole, and may be mailed while the
 * others are still to come. A move that fails takes back what it has moved. One whose process dies leaves a batch that
 * says until when it was believed to be alive (`moving_until`); the next import takes it back before it moves its own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { UserError } from '../errors.ts'
import { undoBatch } from './batches.ts'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import { type ImportExample, type ImportRow, MOST_EXAMPLES, type Repeated, withRows } from './import-rows.ts'
import type { SubscriberStatus, Time } from './schema.ts'

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

/** The first rows of each kind, in the order of the file. */
export type ImportExamples = {
  added: (ImportExample & { status: SubscriberStatus })[]
  /** Without those of `notRaised`. */
  known: ImportExample[]
  /** `status`: what they are here, and stay. */
  notRaised: (ImportExample & { status: SubscriberStatus })[]
  repeated: Repeated[]
  suppressed: ImportExample[]
}

const MOVED_AT_ONCE = 10_000
/** Others ask for the lock every few milliseconds. */
const BETWEEN_MS = 5
const CLAIM_MS = 60_000

/**
 * Brings people in.
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
  // As with anybody who becomes a reader: what is new from now on is theirs. When digests are due is reckoned once
  // the list is in.
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
