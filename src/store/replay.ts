/**
 * What a database that was restored is told by the journal: who got what since the backup was made, which issues there
 * were, who is not to be mailed any more, and who moved. A post that went out to some is owed to the others still, and
 * goes to them in another issue; where the author had stopped its issue, or had meant it for some only, it waits for them.
 *
 * What is told of deliveries is gathered in a temporary table, which lies on the disk: a file of gigabytes takes no
 * more memory than one of kilobytes.
 */
import { sql } from 'kysely'
import { keyOf } from '../address.ts'
import { time, type Writer } from './database.ts'
import { LEFT, skipQueued, skipQueuedTo } from './deliveries.ts'
import { moveIssue } from './issues.ts'
import { addressHash, type JournalIssue, type Line, readLine, type Sign } from './journal-lines.ts'
import { findMove, moveSubscriber } from './moves.ts'
import type { IssueState } from './schema.ts'
import {
  eraseSubscriber,
  findSuppression,
  recordConsent,
  type Subscriber,
  suppress,
  unsubscribeSubscriber,
} from './subscribers.ts'

/**
 * What the journal knew better, and how many issues are held because it could not tell. `strayed` are people who had moved
 * to an address that it does not know: it holds hashes.
 */
export type Replayed = { deliveries: number; issues: number; people: number; strayed: number; held: number }

const TOLD = 'told by the journal'
const RESTORED = 'made again from the journal after a restore'
const BATCH = 1000

/** What the journal tells of an issue. */
type ToldIssue = { state: IssueState; made: JournalIssue | null }
type Left = Extract<Line, { kind: 'leaving' }>
type Moved = Extract<Line, { kind: 'moving' }>
type Told = { issues: Map<number, ToldIssue>; people: (Left | Moved)[]; isDamaged: boolean }
/**
 * The hashes of the addresses that a person who moved has had. Who is mailed at one of them in the database, and was at
 * another by the journal, is the same person: without this they would get all of it again.
 */
type Moves = Map<number, Set<string>>

/**
 * Brings the database up to what these lines tell.
 *
 * @param lines what the journal holds beyond the moment at which the database stood still
 */
export async function replay(
  trx: Writer,
  lines: Iterable<string>,
  secret: string,
  now: Date,
): Promise<Omit<Replayed, 'held'> & { isDamaged: boolean }> {
  await sql`create temp table told (id integer primary key, issue integer, subscriber integer, rendition integer,
    hash text, sign text not null)`.execute(trx)
  const { issues, people: lived, isDamaged } = await gather(trx, lines, now)
  // A number that was in a token or stands in the journal must never name another.
  await passOver(trx, 'deliveries', await highest(trx, 'id'))
  const named = lived.reduce((most, { subscriber }) => Math.max(most, subscriber), 0)
  await passOver(trx, 'subscribers', Math.max(named, await highest(trx, 'subscriber')))
  const moves = movesOf(lived)
  const deliveries = await settleTold(trx, moves, secret, now)
  let moved = 0
  for (const [number, told] of issues) if (await finish(trx, number, told, now)) moved++
  let people = 0
  for (const each of lived)
    if (each.kind === 'moving') await letMove(trx, each, moves, secret, now)
    else if (await letLeave(trx, each, moves, secret, now)) people++
  const strayed = await countStrayed(trx, lived, moves, secret)
  await sql`drop table temp.told`.execute(trx)
  return { deliveries, issues: moved, people, strayed, isDamaged }
}

/** Holds every issue that is not over: what went out of it since is not to be found out. */
export async function holdUnsent(trx: Writer, why: string): Promise<number> {
  const result = await trx
    .updateTable('issues')
    .set({ state: 'held', note: why })
    .where('state', 'in', ['planned', 'sending', 'paused'])
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

async function gather(trx: Writer, lines: Iterable<string>, now: Date): Promise<Told> {
  const told: Told = { issues: new Map(), people: [], isDamaged: false }
  let batch: ToldDelivery[] = []
  for (const text of lines) {
    if (text === '' || text.startsWith('# ')) continue
    const line = readLine(text)
    if (line === null) told.isDamaged = true
    else if (line.kind === 'leaving' || line.kind === 'moving') told.people.push(line)
    else if (line.kind === 'state') {
      const made = told.issues.get(line.issue)?.made ?? null
      told.issues.set(line.issue, { state: line.state, made })
    } else if (line.kind === 'issue') {
      const { issue } = line
      // What was released was written down again, as it was then.
      const made = (await makeAgain(trx, issue, told.issues.get(issue.number)?.made ?? null, now))
        ? issue
        : null
      const state = issue.hold ? 'held' : new Date(issue.due) > now ? 'planned' : 'sending'
      told.issues.set(issue.number, { state, made: made && { ...made, renditions: [] } })
    } else if (batch.push(toldOf(line)) === BATCH) {
      await keepTold(trx, batch)
      batch = []
    }
  }
  await keepTold(trx, batch)
  return told
}

type ToldDelivery = [
  id: number,
  issue: number | null,
  subscriber: number | null,
  rendition: number | null,
  hash: string | null,
  sign: Sign,
]

function toldOf(line: Extract<Line, { kind: 'mark' | 'outcome' }>): ToldDelivery {
  if (line.kind === 'outcome') return [line.id, null, null, null, null, line.sign]
  return [line.id, line.issue, line.subscriber, line.rendition, line.hash, '>']
}

async function keepTold(trx: Writer, batch: ToldDelivery[]): Promise<void> {
  await sql`
    insert into temp.told
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
    from json_each(${JSON.stringify(batch)}) where true
    on conflict (id) do update set sign = excluded.sign, hash = coalesce(excluded.hash, hash),
      issue = coalesce(excluded.issue, issue), subscriber = coalesce(excluded.subscriber, subscriber),
      rendition = coalesce(excluded.rendition, rendition)`.execute(trx)
}

async function highest(trx: Writer, column: 'id' | 'subscriber'): Promise<number> {
  const { rows } = await sql<{ most: number | null }>`
    select max(${sql.ref(column)}) as most from temp.told`.execute(trx)
  return rows[0]?.most ?? 0
}

async function passOver(trx: Writer, table: 'deliveries' | 'subscribers', most: number): Promise<void> {
  await sql`update sqlite_sequence set seq = max(seq, ${most}) where name = ${table}`.execute(trx)
  // SQLite makes this row with the table's first, and there may have been none.
  await sql`insert into sqlite_sequence (name, seq) select ${table}, ${most}
    where not exists (select 1 from sqlite_sequence where name = ${table})`.execute(trx)
}

/** @returns how many deliveries the journal knew better */
async function settleTold(trx: Writer, moves: Moves, secret: string, now: Date): Promise<number> {
  let settled = 0
  for (let last = 0; ; ) {
    const { rows } = await sql<{
      id: number
      subscriber: number | null
      hash: string | null
      sign: Sign
      address: string | null
      state: string | null
      person: string | null
    }>`
      select t.id, t.subscriber, t.hash, t.sign, d.address, d.state, s.address as person
      from temp.told t left join deliveries d on d.id = t.id left join subscribers s on s.id = t.subscriber
      where t.id > ${last} order by t.id limit ${BATCH}`.execute(trx)
    if (rows.length === 0) return settled
    last = rows.at(-1)?.id ?? last
    const known: [id: number, state: string][] = []
    const missing: [id: number, state: string][] = []
    for (const { id, subscriber, hash, sign, address, state, person } of rows) {
      // Certainly not sent, and queued again: the database may go on from there.
      if (sign === '~') continue
      const told = sign === '+' ? 'sent' : sign === '-' ? 'failed' : 'unknown'
      const isTheirs = (address: string) =>
        hash !== null && isSame(moves, subscriber, addressHash(address, secret), hash)
      if (address === null) {
        if (person !== null && isTheirs(person)) missing.push([id, told])
      } else if ((hash === null || isTheirs(address)) && state !== 'sent' && state !== told)
        known.push([id, told])
    }
    settled += (await settleKnown(trx, known, now)) + (await restoreMissing(trx, missing, now))
  }
}

async function settleKnown(trx: Writer, known: [number, string][], now: Date): Promise<number> {
  const result = await sql`
    update deliveries set state = j.value ->> 1, reply = ${TOLD}, settled_at = ${time(now)},
      claimed_by = null, claimed_until = null
    from json_each(${JSON.stringify(known)}) j where deliveries.id = j.value ->> 0`.execute(trx)
  return Number(result.numAffectedRows ?? 0)
}

/** Deliveries that the database never had: of issues enqueued after the backup, to people it knows. */
async function restoreMissing(trx: Writer, missing: [number, string][], now: Date): Promise<number> {
  const list = JSON.stringify(missing)
  const result = await sql`
    insert into deliveries (id, kind, issue, subscriber, rendition, address, name, state, due_at, dated_at, attempts,
      reply, settled_at)
    select t.id, 'issue', i.number, s.id, r.id, s.address, s.name, j.value ->> 1, i.due_at, i.due_at, 1,
      ${TOLD}, ${time(now)}
    from json_each(${list}) j
      join temp.told t on t.id = j.value ->> 0
      join issues i on i.number = t.issue
      join renditions r on r.id = t.rendition and r.issue = t.issue
      join subscribers s on s.id = t.subscriber
    where true
    on conflict do nothing`.execute(trx)
  await sql`
    insert into delivery_posts (post, edition, subscriber, delivery)
    select p.post, p.edition, d.subscriber, d.id
    from json_each(${list}) j
      join deliveries d on d.id = j.value ->> 0
      join renditions r on r.id = d.rendition
      join issue_posts p on p.issue = d.issue
    where instr(',' || r.posts || ',', ',' || p.post || ',') > 0
    on conflict do nothing`.execute(trx)
  return Number(result.numAffectedRows ?? 0)
}

/**
 * An issue that the database never had.
 *
 * @param before how an earlier line told it: that one never came to pass, or was released since
 * @returns false where the database has it
 */
async function makeAgain(
  trx: Writer,
  issue: JournalIssue,
  before: JournalIssue | null,
  now: Date,
): Promise<boolean> {
  const { number, kind, rhythm, origin, subject, due } = issue
  if (before) await forget(trx, number)
  const known = await trx
    .selectFrom('issues')
    .select('number')
    .where('number', '=', number)
    .executeTakeFirst()
  if (known) return false
  await trx
    .insertInto('issues')
    .values({
      ...{ number, kind, rhythm, origin, subject },
      state: 'sent',
      created_at: due,
      due_at: due,
      sent_at: time(now),
      note: RESTORED,
    })
    .execute()
  const keys = new Map<string, number>()
  for (const [position, post] of issue.posts.entries()) {
    const key =
      (await trx.selectFrom('posts').select('key').where('id', '=', post.id).executeTakeFirst())?.key ??
      (await restorePost(trx, post))
    await trx
      .insertInto('issue_posts')
      .values({ issue: number, post: key, edition: post.edition, position })
      .execute()
    keys.set(post.id, key)
  }
  for (const { id, posts, language, subject, html, text } of issue.renditions) {
    await trx
      .insertInto('renditions')
      .values({
        ...{ id, language, subject, html, text },
        issue: number,
        kind: 'issue',
        posts: posts.map((post) => keys.get(post)).join(','),
        created_at: due,
      })
      // Where the transaction of the line was not kept, another rendition may have the number, and nobody was sent this.
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  return true
}

async function forget(trx: Writer, number: number): Promise<void> {
  await trx.deleteFrom('renditions').where('issue', '=', number).execute()
  await trx.deleteFrom('issue_posts').where('issue', '=', number).execute()
  await trx.deleteFrom('issues').where('number', '=', number).execute()
}

async function restorePost(trx: Writer, post: JournalIssue['posts'][number]): Promise<number> {
  const { id, slug, title, date, hash, edition } = post
  const row = await trx
    .insertInto('posts')
    .values({
      id,
      // The next round finds the file, by its text or its name, and fills in the rest.
      file: null,
      ...{ slug, title, date, hash, edition },
      source: '',
      modified_at: date,
      first_seen_at: date,
      old: 0,
      sequence: sql<number>`(select coalesce(max(sequence), 0) + 1 from posts)`,
      doubt: null,
    })
    .returning('key')
    .executeTakeFirstOrThrow()
  return row.key
}

/** What is known of an issue once all is told: the author's no holds as it did. */
async function finish(trx: Writer, number: number, told: ToldIssue, now: Date): Promise<boolean> {
  if (told.made) {
    await finishMade(trx, told.made, told.state)
    return true
  }
  switch (told.state) {
    case 'cancelled':
      if (!(await moveIssue(trx, number, ['planned', 'held', 'sending', 'paused'], 'cancelled', TOLD)))
        return false
      await skipQueued(trx, number, 'the issue was cancelled', now)
      return true
    case 'paused':
      return moveIssue(trx, number, ['planned', 'sending'], 'paused', TOLD)
    case 'planned':
    case 'sending':
      // One that is held here was released since, as its posts were then: the author releases it as they are now.
      return moveIssue(trx, number, ['paused'], told.state, null)
    default:
      return false
  }
}

async function finishMade(trx: Writer, issue: JournalIssue, state: IssueState): Promise<void> {
  const { number, origin } = issue
  const begun = await trx
    .selectFrom('deliveries')
    .select('id')
    .where('issue', '=', number)
    .limit(1)
    .executeTakeFirst()
  // Whom the author meant by an issue of theirs, the author alone knows.
  const others =
    origin === 'author' ? '; `posthorn send` with the same post reaches those who have not got it' : ''
  const stopped = state === 'sending' ? '' : `; it was ${state}`
  await trx
    .updateTable('issues')
    // What has no delivery was never begun.
    .set({
      state: begun && state !== 'cancelled' ? 'sent' : 'cancelled',
      note: `${RESTORED}${stopped}${others}`,
    })
    .where('number', '=', number)
    .execute()
  if (state === 'sending' && origin === 'schedule') return
  const how = state === 'sending' ? 'sent by hand' : state
  const why = issue.hold && state === 'held' ? ` (${issue.hold})` : ''
  const doubt = `an issue with it, made after this backup, was ${how}${why}`
  await sql`
    update posts set doubt = case when doubt is null then ${doubt} else doubt || '; ' || ${doubt} end
    where key in (select post from issue_posts where issue = ${number})`.execute(trx)
}

/** A person's no, or what stands for it. Where another has the number by now, it is not theirs. */
async function letLeave(
  trx: Writer,
  { subscriber, hash, how }: Left,
  moves: Moves,
  secret: string,
  now: Date,
): Promise<boolean> {
  const person = await personOf(trx, subscriber)
  if (!person) return false
  const own = addressHash(person.address, secret)
  if (!isSame(moves, subscriber, own, hash)) return false
  switch (how) {
    case 'unsubscribed':
      return unsubscribeAgain(trx, person, now)
    case 'suppressed':
      // It was about one mailbox, and another address stands here.
      if (own !== hash) return false
      // Also where it was lifted since, which the journal does not tell: the author or the person lifts it once more.
      if (await findSuppression(trx, person.address_key, secret)) return false
      await suppress(trx, person.address_key, 'bounce', now)
      return true
    case 'erased':
      await eraseSubscriber(trx, person, secret, now)
      return true
    default: {
      const never: never = how
      return never
    }
  }
}

async function unsubscribeAgain(trx: Writer, person: Subscriber, now: Date): Promise<boolean> {
  if (person.status === 'unsubscribed') return false
  await unsubscribeSubscriber(trx, person.id, now)
  await skipQueuedTo(trx, person.id, LEFT, now)
  await recordConsent(trx, person.id, { at: time(now), act: 'unsubscribed', source: TOLD, words: '' })
  return true
}

function movesOf(people: (Left | Moved)[]): Moves {
  const moves: Moves = new Map()
  for (const each of people) {
    if (each.kind !== 'moving') continue
    const { subscriber, from, to } = each
    moves.set(subscriber, (moves.get(subscriber) ?? new Set()).add(from).add(to))
  }
  return moves
}

/** Whether two hashes are of one person's addresses. */
function isSame(moves: Moves, subscriber: number | null, one: string, other: string): boolean {
  if (one === other) return true
  const had = subscriber === null ? undefined : moves.get(subscriber)
  return had?.has(one) === true && had.has(other)
}

/**
 * A move that this database was not told of. The journal has a hash of the new address, so it is made again where the
 * address itself stands here: somebody had it, or it had been asked for already.
 */
async function letMove(
  trx: Writer,
  { subscriber, to, joined }: Moved,
  moves: Moves,
  secret: string,
  now: Date,
): Promise<void> {
  const person = await personOf(trx, subscriber)
  if (!person || !moves.get(subscriber)?.has(addressHash(person.address, secret))) return
  if (addressHash(person.address, secret) === to) return
  const asked = (await findMove(trx, subscriber))?.address
  const other = joined === null ? undefined : (await personOf(trx, joined))?.address
  const address = [asked, other].find((each) => each !== undefined && addressHash(each, secret) === to)
  if (address === undefined) return
  await moveSubscriber(trx, person, { address, key: keyOf(address) }, now)
  await recordConsent(trx, subscriber, { at: time(now), act: 'moved', source: TOLD, words: '' })
}

/** How many who had moved are back where they were. */
async function countStrayed(
  trx: Writer,
  people: (Left | Moved)[],
  moves: Moves,
  secret: string,
): Promise<number> {
  let strayed = 0
  for (const [subscriber, had] of moves) {
    const person = await personOf(trx, subscriber)
    const own = person && addressHash(person.address, secret)
    const last = people.findLast((each) => each.kind === 'moving' && each.subscriber === subscriber) as Moved
    if (own && had.has(own) && own !== last.to) strayed++
  }
  return strayed
}

async function personOf(trx: Writer, id: number): Promise<Subscriber | undefined> {
  return trx.selectFrom('subscribers').selectAll().where('id', '=', id).executeTakeFirst()
}
