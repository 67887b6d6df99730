/**
 * Who is owed what. A post is owed to a subscriber when it became ready to be mailed after the last one that was
 * decided for them (`posts.sequence` over `subscribers.settled_sequence`), they follow what it is about, and it did not
 * reach them in another way (`delivery_posts`). So whatever rhythm they change to, each post is owed to them until they
 * have it, and no longer. What somebody follows counts when it is decided: a post that was passed over then is over.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { type Reader, time, type Writer } from './database.ts'
import { type DigestRhythm, type Hours, hoursOf, slotRows } from './schedules.ts'
import { isInRange, isMatched, type Where } from './where.ts'

/** Whom the schedule owes something at a moment. */
export type Waiting =
  /** Those who want every post at once, but for whom something has gathered. */
  | { kind: 'instant' }
  /** Those whose slot has come; of `instant` those for whom something has gathered while they were paused. */
  | { kind: 'due'; rhythm: DigestRhythm | 'instant'; by: Date }

/** Who may get an issue; `where` narrows it to some of them, by hand alone: the schedule is for everybody. */
export type Audience = (
  | Waiting
  /** Everybody of a rhythm who is not paused at that moment, whenever their slot is. */
  | { kind: 'rhythm'; rhythm: DigestRhythm; at: Date }
  /** Everybody who is not paused at that moment. */
  | { kind: 'all'; at: Date }
  /** These, paused or not and whatever they follow: the author means them. */
  | { kind: 'named'; addressKeys: string[] }
) & { where?: Where }

/** A post and what somebody may follow of it; null where that cannot be told at the moment, and it may be for anybody. */
export type Offered = { key: number; tags: string[] | null; language: string | null }

/** The posts an issue may hold: all of them that are owed, or (by hand) these, owed or not, unless they have them. */
export type Offer = { posts: Offered[]; onlyOwed: boolean }

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
 * Everybody who gets something, grouped by what they get and in which words.
 *
 * @param spokenIn the language that somebody is spoken to in, by their own
 */
export async function groupOwed(
  db: Reader,
  audience: Audience,
  offer: Offer,
  spokenIn: (theirs: string) => string,
): Promise<Group[]> {
  return offer.posts.length === 0 ? [] : grouped(db, sql`(${owedSets(audience, offer)})`, spokenIn)
}

async function grouped(
  db: Reader,
  owed: RawBuilder<unknown>,
  spokenIn: (theirs: string) => string,
): Promise<Group[]> {
  const { rows } = await sql<{ posts: string; language: string; count: number }>`
    select posts, language, count(*) as count from ${owed} as owed
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
  return [...groups.values()]
}

/** Everybody who gets something, by id, one after the other: a list of any length. */
export async function* subscribersOwed(db: Reader, audience: Audience, offer: Offer): AsyncGenerator<Owed> {
  const query = sql<Owed>`${owedSets(audience, offer)} order by id`
  for await (const { rows } of db.getExecutor().stream<Owed>(query.compile(db), 1)) yield* rows
}

type Owed = { id: number; language: string; posts: string }

/**
 * The groups as they are now, and who is in them kept aside for `enqueueGroup`: a thousand readers who follow different
 * tags are a thousand groups, and to ask for each of them anew who is in it took minutes.
 *
 * @param work what is done with them, in the same transaction
 */
export async function withOwed<Result>(
  trx: Writer,
  audience: Audience,
  offer: Offer,
  spokenIn: (theirs: string) => string,
  work: (groups: Group[]) => Promise<Result>,
): Promise<Result> {
  if (offer.posts.length === 0) return work([])
  await sql`create temporary table owed (posts text, language text, id integer,
    primary key (posts, language, id)) without rowid`.execute(trx)
  await sql`insert into owed select posts, language, id from (${owedSets(audience, offer)})
    order by posts, language, id`.execute(trx)
  const result = await work(await grouped(trx, sql`temp.owed`, spokenIn))
  await sql`drop table temp.owed`.execute(trx)
  return result
}

/**
 * Queues one delivery for each member of a group, inside `withOwed`.
 *
 * @returns how many people that were
 */
export async function enqueueGroup(
  trx: Writer,
  group: Group,
  issue: { number: number; rendition: number; due: string },
): Promise<number> {
  const result = await sql`
    insert into deliveries (kind, issue, subscriber, rendition, address, name, state, due_at, dated_at, attempts)
    select 'issue', ${issue.number}, s.id, ${issue.rendition}, s.address, s.name, 'queued', ${issue.due}, ${issue.due}, 0
    from temp.owed as owed join subscribers s on s.id = owed.id
    where owed.posts = ${group.keys.join(',')} and owed.language in (${sql.join(group.theirs)})
    order by s.id`.execute(trx)
  return Number(result.numAffectedRows ?? 0)
}

/** Records that the posts of an issue are theirs now who are to get them. */
export async function recordShares(trx: Writer, issue: number): Promise<void> {
  await sql`
    insert into delivery_posts (post, edition, subscriber, delivery)
    select p.key, p.edition, d.subscriber, d.id
    from deliveries d cross join renditions r on r.id = d.rendition
      cross join json_each('[' || r.posts || ']') k cross join posts p on p.key = k.value
    where d.issue = ${issue}`.execute(trx)
}

/**
 * Moves everybody of an audience who waits at `from` or later forward to `through`, except those to whom one of `pending`
 * is still owed. Who must not be mailed moves too, or each round would look again at all that has come since.
 *
 * @param pending posts that could be mailed, or will be once their files can be read again
 */
export async function settle(
  trx: Writer,
  audience: Waiting,
  { from, through }: { from: number; through: number },
  pending: Offered[],
): Promise<void> {
  await sql`
    update subscribers as s set settled_sequence = ${through}
    where s.status = 'confirmed' and ${isIn(audience)} and s.settled_sequence >= ${from} and s.settled_sequence < ${through}
      and not ${isStillOwed(pending)}`.execute(trx)
}

/**
 * Moves the slots of all who are due on, each by their own hours. Who is owed one of `ready` still, since their share
 * changed while it was being rendered, stays due, and so does who became due meanwhile and waits at an earlier place than
 * `from`: their turn is the next round and not the next slot.
 *
 * @param nextRun the slot that follows; null where nothing gathers for them any more
 */
export async function moveSlots(
  trx: Writer,
  audience: Waiting & { kind: 'due' },
  from: number,
  ready: Offered[],
  nextRun: (hours: Hours) => Date | null,
): Promise<void> {
  const isDue = sql<SqlBool>`s.status = 'confirmed' and ${isIn(audience)} and s.settled_sequence >= ${from}`
  const { rows } = await sql<Hours>`
    select distinct weekday, hour, time_zone from subscribers s where ${isDue}`.execute(trx)
  if (rows.length === 0) return
  // Reckoned once for all who have the same: a million readers have a few thousand schedules.
  const slots = rows.map((hours) => ({ ...hours, next: nextRun(hours) }))
  await sql`
    with slots as materialized (${slotRows(slots)})
    update subscribers as s set next_run_at = slots.next, paused_until = null
    from slots where ${isDue} and slots.hours = ${hoursOf('s')} and not ${isStillOwed(ready)}`.execute(trx)
}

/** The lowest place in the order of mailing that anybody of an audience still waits at; null where it is nobody. */
export async function lowestSettled(db: Reader, audience: Audience): Promise<number | null> {
  const { rows } = await sql<{ lowest: number | null }>`
    select min(s.settled_sequence) as lowest from subscribers s
    where s.status = 'confirmed' and ${isIn(audience)}`.execute(db)
  return rows[0]?.lowest ?? null
}

/** Why subscribers are not among the recipients, for the plan. */
export type LeftOut = {
  unconfirmed: number
  unsubscribed: number
  suppressed: number
  paused: number
  otherRhythm: number
  /** It is their rhythm, and their slot is still to come. */
  later: number
  /** They would be mailed, and `where` chooses others. */
  unmatched: number
  /** They follow other tags or languages than these posts have. */
  unfollowed: number
  /** They have all of these posts already. */
  haveIt: number
  /** None of these posts is owed to them, and some they have not: those are from before they joined. */
  nothingNew: number
}

export async function countLeftOut(db: Reader, audience: Audience, offer: Offer): Promise<LeftOut> {
  const some = (condition: RawBuilder<unknown>) =>
    offer.posts.length === 0
      ? sql`false`
      : sql`exists (select 1 from ${offered(offer.posts)} o join posts p on p.key = o.key where ${condition})`
  const hasAll = sql`(${offer.posts.length > 0} and not ${some(hasNot)})`
  const isNew = offer.onlyOwed ? sql`p.sequence > s.settled_sequence and ${hasNot}` : hasNot
  const named =
    audience.kind === 'named' ? sql`s.address_key in (${sql.join(audience.addressKeys)})` : sql`true`
  const { rows } = await sql<{ reason: keyof LeftOut | 'none'; count: number }>`
    select case
        when s.status = 'unconfirmed' then 'unconfirmed'
        when s.status = 'unsubscribed' then 'unsubscribed'
        when not ${mayBeMailed} then 'suppressed'
        when ${isPausedFor(audience)} then 'paused'
        when ${'rhythm' in audience ? sql`s.rhythm <> ${audience.rhythm}` : sql`false`} then 'otherRhythm'
        when ${audience.kind === 'instant' ? sql`s.rhythm <> 'instant'` : sql`false`} then 'otherRhythm'
        when (${isIn(audience)}) is not true then 'later'
        when not ${isMatched(audience.where)} then 'unmatched'
        when ${hasAll} then 'haveIt'
        when ${some(sql`${isNew} and ${follows(audience)}`)} then 'none'
        when ${some(isNew)} then 'unfollowed'
        else 'nothingNew' end as reason,
      count(*) as count
    from subscribers s where ${named} group by reason`.execute(db)
  const left: LeftOut = {
    unconfirmed: 0,
    unsubscribed: 0,
    suppressed: 0,
    paused: 0,
    otherRhythm: 0,
    later: 0,
    unmatched: 0,
    unfollowed: 0,
    haveIt: 0,
    nothingNew: 0,
  }
  for (const row of rows) if (row.reason !== 'none') left[row.reason] = row.count
  return left
}

/** Each subscriber of the audience with their language and the posts they get, as a list of keys such as `4,7`. */
function owedSets(audience: Audience, { posts, onlyOwed }: Offer): RawBuilder<unknown> {
  return sql`
    select s.id as id, s.language as language, group_concat(p.key, ',' order by o.place) as posts
    from subscribers s join ${offered(posts)} o join posts p on p.key = o.key
    where s.status = 'confirmed' and ${isIn(audience)} and ${isMatched(audience.where)}
      and ${mayBeMailed} and ${follows(audience)} and ${hasNot}
      and ${onlyOwed ? sql`p.sequence > s.settled_sequence` : sql`true`}
    group by s.id`
}

function isIn(audience: Audience): RawBuilder<SqlBool> {
  switch (audience.kind) {
    case 'instant':
      return sql`s.rhythm = 'instant' and s.next_run_at is null`
    case 'due':
      return sql`s.rhythm = ${audience.rhythm} and s.next_run_at <= ${time(audience.by)}`
    case 'rhythm':
      return sql`s.rhythm = ${audience.rhythm} and not ${isPausedFor(audience)}`
    case 'all':
      return sql`not ${isPausedFor(audience)}`
    case 'named':
      return audience.addressKeys.length === 0
        ? sql`false`
        : sql`s.address_key in (${sql.join(audience.addressKeys)})`
  }
}

function isPausedFor(audience: Audience): RawBuilder<SqlBool> {
  switch (audience.kind) {
    case 'named':
      return sql`false`
    case 'instant':
      return sql`(s.rhythm = 'paused' or s.paused_until is not null)`
    case 'due':
      return isPausedAt(audience.by)
    case 'rhythm':
    case 'all':
      return isPausedAt(audience.at)
  }
}

function isPausedAt(moment: Date): RawBuilder<SqlBool> {
  return sql`(s.rhythm = 'paused' or coalesce(s.paused_until, '') > ${time(moment)})`
}

/** The posts of an offer in its order, as rows that a statement of any length can hold: `place`, `key`, `tags`, `language`. */
function offered(posts: Offered[]): RawBuilder<unknown> {
  return sql`(select e.key as place, e.value ->> 'key' as key, e.value ->> 'tags' as tags,
    e.value ->> 'language' as language from json_each(${JSON.stringify(posts)}) e)`
}

/** Whether a subscriber `s` follows what a post `o` is about: one of their tags, in one of their languages. */
function follows(audience: Audience): RawBuilder<SqlBool> {
  return audience.kind === 'named' ? sql`true` : FOLLOWS
}

const FOLLOWS = sql<SqlBool>`(
  (s.followed_tags = '[]' or o.tags is null or exists (
    select 1 from json_each(s.followed_tags) f join json_each(o.tags) t on folded(t.value) = folded(f.value)))
  and (s.followed_languages = '[]' or o.language is null or exists (
    select 1 from json_each(s.followed_languages) f where ${isInRange(sql`o.language`, sql`f.value`)})))`

const hasNot = sql<SqlBool>`not exists (select 1 from delivery_posts r where r.post = p.key and r.edition = p.edition and r.subscriber = s.id)`

const mayBeMailed = sql<SqlBool>`not exists (select 1 from suppressions x where x.key = s.address_key)`

function isStillOwed(posts: Offered[]): RawBuilder<SqlBool> {
  if (posts.length === 0) return sql`false`
  return sql`(exists (select 1 from ${offered(posts)} o join posts p on p.key = o.key
    where p.sequence > s.settled_sequence and ${FOLLOWS} and ${hasNot}) and ${mayBeMailed})`
}

function parseSet(posts: string): number[] {
  return posts.split(',').map(Number)
}
