/**
 * Who is owed what. A post is owed to a subscriber when it became ready to be mailed after the last one that was
 * decided for them (`posts.sequence` over `subscribers.settled_sequence`), and it did not reach them in another way
 * (`delivery_posts`). So whatever rhythm they change to, each post is owed to them until they have it, and no longer.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Reader, Writer } from './database.ts'
import type { SubscriberRhythm } from './schema.ts'
import { isMatched, type Where } from './where.ts'

/** Who may get an issue; `where` narrows it to some of them, by hand alone: the schedule is for everybody. */
export type Audience = (
  | { kind: 'rhythm'; rhythm: Exclude<SubscriberRhythm, 'paused'> }
  /** Everybody who is not paused; or the ones named by address key, paused or not: the author means them. */
  | { kind: 'all'; addressKeys: string[] | null }
) & { where?: Where }

/** The posts an issue may hold: all of them that are owed, or (by hand) these, owed or not, unless they have them. */
export type Offer = { keys: number[]; onlyOwed: boolean }

/** People who get the same posts in the same words. `keys` is in the order of the offer. */
export type Group = {
  keys: number[]
  /** The one that these people are spoken to in. */
  language: string
  /** Their own, as they say it: `de` and `de-AT` are spoken to in the same words. */
  theirs: string[]
  count: number
}

/**
 * Everybody who gets something, grouped by what they get and in which words, the largest group first.
 *
 * @param spokenIn the language that somebody is spoken to in, by their own
 */
export async function groupOwed(
  db: Reader,
  audience: Audience,
  offer: Offer,
  spokenIn: (theirs: string) => string,
): Promise<Group[]> {
  if (offer.keys.length === 0) return []
  const { rows } = await sql<{ posts: string; language: string; count: number }>`
    select posts, language, count(*) as count from (${owedSets(audience, offer)}) as owed
    group by posts, language order by count desc, posts, language`.execute(db)
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const language = spokenIn(row.language)
    const known = groups.get(`${row.posts} ${language}`)
    if (known) {
      known.theirs.push(row.language)
      known.count += row.count
    } else {
      const group = { keys: parseSet(row.posts), language, theirs: [row.language], count: row.count }
      groups.set(`${row.posts} ${language}`, group)
    }
  }
  return [...groups.values()].toSorted((one, other) => other.count - one.count)
}

/** Everybody who gets something, by id, one after the other: a list of any length. */
export async function* subscribersOwed(db: Reader, audience: Audience, offer: Offer): AsyncGenerator<Owed> {
  const query = sql<Owed>`${owedSets(audience, offer)} order by id`
  for await (const { rows } of db.getExecutor().stream<Owed>(query.compile(db), 1)) yield* rows
}

type Owed = { id: number; language: string; posts: string }

/**
 * Queues one delivery for each member of a group and records that these posts are theirs now.
 *
 * @returns how many people that were; none where another process was first
 */
export async function enqueueGroup(
  trx: Writer,
  audience: Audience,
  offer: Offer,
  group: Group,
  issue: { number: number; rendition: number; due: string },
): Promise<number> {
  const result = await sql`
    insert into deliveries (kind, issue, subscriber, rendition, address, name, state, due_at, dated_at, attempts)
    select 'issue', ${issue.number}, s.id, ${issue.rendition}, s.address, s.name, 'queued', ${issue.due}, ${issue.due}, 0
    from (${owedSets(audience, offer)}) as owed join subscribers s on s.id = owed.id
    where owed.posts = ${group.keys.join(',')} and owed.language in (${sql.join(group.theirs)})
    order by s.id`.execute(trx)
  for (const key of group.keys) {
    await sql`
      insert into delivery_posts (post, edition, subscriber, delivery)
      select p.key, p.edition, d.subscriber, d.id from deliveries d join posts p on p.key = ${key}
      where d.issue = ${issue.number} and d.rendition = ${issue.rendition}`.execute(trx)
  }
  return Number(result.numAffectedRows ?? 0)
}

/**
 * Moves everybody of a rhythm forward to `through`, except those to whom one of `pending` is still owed. Who must not
 * be mailed moves too, or each round would look again at all that has come since.
 *
 * @param pending keys of posts that could be mailed, or will be once their files can be read again
 */
export async function settleRhythm(
  trx: Writer,
  rhythm: Exclude<SubscriberRhythm, 'paused'>,
  through: number,
  pending: number[],
): Promise<void> {
  const owed =
    pending.length === 0 ? sql`false` : sql`exists (select 1 from posts p where ${isOwed(pending)})`
  await sql`
    update subscribers as s set settled_sequence = ${through}
    where s.status = 'confirmed' and s.rhythm = ${rhythm} and s.settled_sequence < ${through}
      and not (${owed} and ${mayBeMailed})`.execute(trx)
}

/** The lowest place in the order of mailing that anybody of a rhythm still waits at; null where nobody has the rhythm. */
export async function lowestSettled(db: Reader, rhythm: SubscriberRhythm): Promise<number | null> {
  const row = await db
    .selectFrom('subscribers')
    .select(({ fn }) => fn.min('settled_sequence').as('lowest'))
    .where('status', '=', 'confirmed')
    .where('rhythm', '=', rhythm)
    .executeTakeFirst()
  return row?.lowest ?? null
}

/** Why subscribers are not among the recipients, for the plan. */
export type LeftOut = {
  unconfirmed: number
  unsubscribed: number
  suppressed: number
  paused: number
  otherRhythm: number
  /** They would be mailed, and `where` chooses others. */
  unmatched: number
  /** They have all of these posts already. */
  haveIt: number
  /** None of these posts is owed to them, and some they have not: those are from before they joined. */
  nothingNew: number
}

export async function countLeftOut(db: Reader, audience: Audience, offer: Offer): Promise<LeftOut> {
  const hasAll =
    offer.keys.length === 0
      ? sql`false`
      : sql`(select count(*) from delivery_posts r join posts p on p.key = r.post and p.edition = r.edition
          where r.subscriber = s.id and r.post in (${sql.join(offer.keys)})) = ${offer.keys.length}`
  const isOffered =
    offer.keys.length === 0 ? sql`false` : sql`exists (select 1 from posts p where ${isWanted(offer)})`
  const rhythm = audience.kind === 'rhythm' ? sql`s.rhythm <> ${audience.rhythm}` : sql`false`
  const paused = audience.kind === 'all' && audience.addressKeys ? sql`false` : sql`s.rhythm = 'paused'`
  const named =
    audience.kind === 'all' && audience.addressKeys
      ? sql`s.address_key in (${sql.join(audience.addressKeys)})`
      : sql`true`
  const { rows } = await sql<{ reason: keyof LeftOut | 'none'; count: number }>`
    select case
        when s.status = 'unconfirmed' then 'unconfirmed'
        when s.status = 'unsubscribed' then 'unsubscribed'
        when not ${mayBeMailed} then 'suppressed'
        when ${paused} then 'paused'
        when ${rhythm} then 'otherRhythm'
        when not ${isMatched(audience.where)} then 'unmatched'
        when ${hasAll} then 'haveIt'
        when ${isOffered} then 'none'
        else 'nothingNew' end as reason,
      count(*) as count
    from subscribers s where ${named} group by reason`.execute(db)
  const left: LeftOut = {
    unconfirmed: 0,
    unsubscribed: 0,
    suppressed: 0,
    paused: 0,
    otherRhythm: 0,
    unmatched: 0,
    haveIt: 0,
    nothingNew: 0,
  }
  for (const row of rows) if (row.reason !== 'none') left[row.reason] = row.count
  return left
}

/** Each subscriber of the audience with their language and the posts they get, as a list of keys such as `4,7`. */
function owedSets(audience: Audience, offer: Offer): RawBuilder<unknown> {
  const order = sql.join(
    offer.keys.map((key, place) => sql`when ${key} then ${place}`),
    sql` `,
  )
  return sql`
    select s.id as id, s.language as language, group_concat(p.key, ',' order by case p.key ${order} end) as posts
    from subscribers s join posts p on ${isWanted(offer)}
    where s.status = 'confirmed' and ${isIn(audience)} and ${isMatched(audience.where)}
      and ${mayBeMailed}
    group by s.id`
}

function isIn(audience: Audience): RawBuilder<unknown> {
  if (audience.kind === 'rhythm') return sql`s.rhythm = ${audience.rhythm}`
  if (audience.addressKeys === null) return sql`s.rhythm <> 'paused'`
  if (audience.addressKeys.length === 0) return sql`false`
  return sql`s.address_key in (${sql.join(audience.addressKeys)})`
}

function isWanted({ keys, onlyOwed }: Offer): RawBuilder<unknown> {
  return onlyOwed ? isOwed(keys) : sql`p.key in (${sql.join(keys)}) and ${hasNot}`
}

function isOwed(keys: number[]): RawBuilder<unknown> {
  return sql`p.key in (${sql.join(keys)}) and p.sequence > s.settled_sequence and ${hasNot}`
}

const hasNot = sql`not exists (select 1 from delivery_posts r where r.post = p.key and r.edition = p.edition and r.subscriber = s.id)`

const mayBeMailed = sql`not exists (select 1 from suppressions x where x.key = s.address_key)`

function parseSet(posts: string): number[] {
  return posts.split(',').map(Number)
}
