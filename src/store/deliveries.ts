/**
 * The deliveries: one row is one message owed to one address, and the table is the queue.
 *
 * A row is `queued` until a process claims it: `claimed_by` names the process, `claimed_until` when the claim ends.
 * A claim changes nothing else, so a claim that ran out (the process died) just makes the row free again. A claim
 * lasts 60 seconds and is prolonged every 15. A process that was stopped for longer finds its claims lost: it begins
 * no message with them, and `mark` would refuse it anyway.
 *
 * Limits and brakes are looked at by the claim: no more is claimed than may go, so a limit delays and never drops. A
 * limit is kept by the mark, which counts what leaves, see `allowances.ts`. And what was braked is asked with one message
 * first, whether anything has changed: all connections at once would only have more of them refused for good.
 *
 *     queued --claim--> queued, claimed
 *     queued, claimed --mark--> sending      after the server's 354, before the first byte of the message
 *     sending --settle--> sent               the server took it
 *     sending --settle--> queued | failed    the server refused it: later again, or never
 *     sending --settle--> unknown            bytes left, no answer came
 *     queued, claimed --settle--> queued | failed    nothing left: no connection, or refused before the message
 *     queued, claimed --settle--> sent               an answer came late to the process that has claimed it once more
 *     queued --skip--> skipped               the person left, must not be mailed, or the issue was cancelled before it went
 *
 * `mark` is the one statement that allows a message to leave, and it is committed before the message does. It holds
 * only for a row that is still queued and still claimed by us, of an issue that is still being sent, to a person who
 * still wants it. So whatever happened since the claim, nobody gets what they should not.
 *
 * What a crash leaves: a `sending` row whose claim has run out. Whether its message arrived nobody can know
 * (RFC 1047), so it becomes `unknown`: shown, counted, and never sent again on its own. There is at most one for
 * each open connection. A Maildir is different: writing the same file again is harmless, so the row is queued again,
 * for that Maildir alone: the copy that may lie there is not to be joined by one through another transport.
 * Evidence that comes late settles it after all: the server's 250 to a process that had been stopped, or the person's
 * use of a link that only that message held. Else the author decides: it was sent, or it is sent once more, the same
 * to the byte.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Allowed, admit, domainAllowance, isLimited, readAllowance, UNLIMITED } from './allowances.ts'
import { domainScope, readBrakes } from './brakes.ts'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import type { JournalDelivery } from './journal-lines.ts'
import type { DeliveryKind, DeliveryState } from './schema.ts'
import { keepsBack } from './suppressions.ts'

export const CLAIM_MS = 60_000
/** Why a delivery is skipped whose person has left. */
export const LEFT = 'no longer subscribed'

export type ClaimedDelivery = JournalDelivery & {
  domain: string
  name: string
  dated_at: string
  attempts: number
  tried_at: string | null
  /** The transport that may have a copy of it already. */
  transport: string | null
}

/** What became of one delivery. `due` is when a queued one may be tried again. */
export type Settlement = {
  id: number
  state: Exclude<DeliveryState, 'sending'>
  due: Date | null
  reply: string
  /** How often a server has answered for it, this time included. */
  attempts: number
}

export type StateCounts = Record<DeliveryState, number>

/** Who claims, for which transport, and how much that may send. */
export type Claimant = Allowed & {
  owner: string
  transport: string
  /** What the same process has in hand already, through whichever transport. */
  inHand?: Iterable<InHand>
}

/** A delivery that is claimed and not settled; marked once it may leave. */
export type InHand = { transport: string; domain: string; isMarked: boolean }

export type Claimed = {
  deliveries: ClaimedDelivery[]
  /** Until when the claims hold. */
  until: Date
  /** When to look again, where a limit or a brake is why there is no more. */
  retryAt: Date | null
  /** Whether anything is being watched, so that what is accepted has something to tell. */
  watched: boolean
}

/** Takes up to `room` deliveries that are due. Confirmations first: a person waits for those. */
export async function claimDeliveries(
  db: Database,
  claimant: Claimant,
  room: number,
  now: Date,
): Promise<Claimed> {
  const until = new Date(now.getTime() + CLAIM_MS)
  return write(db, async (trx) => {
    const brakes = await readBrakes(trx)
    const braked = (scope: string) => {
      const brake = brakes.get(scope)?.until
      return brake && brake > now ? brake : null
    }
    const stopped = braked(claimant.transport)
    if (stopped) return { deliveries: [], until, retryAt: stopped, watched: true }
    const inHand = [...(claimant.inHand ?? [])]
    const ours = inHand.filter((each) => each.transport === claimant.transport)
    const waiting = ours.filter((each) => !each.isMarked)
    const whole = await readAllowance(trx, claimant.transport, claimant.limits, now)
    const claimed: Claimed = { deliveries: [], until, retryAt: whole.retryAt, watched: brakes.size > 0 }
    let free = Math.min(room, whole.free - waiting.length)
    if (brakes.get(claimant.transport)?.until) free = Math.min(free, 1 - ours.length)
    const take = async (where: RawBuilder<unknown>, most: number) => {
      const rows = await claim(trx, claimant, until, Math.min(free, most), where, now)
      claimed.deliveries.push(...rows)
      free -= rows.length
      return rows.length
    }
    // How many may go to the domains that are apart from the others, by a limit or a brake.
    const apart = new Map<string, number>()
    for (const [domain, limits] of Object.entries(claimant.domainLimits)) {
      if (braked(domainScope(domain))) continue
      const scope = domainAllowance(claimant.transport, domain)
      const allowance = await readAllowance(trx, scope, limits, now)
      apart.set(domain, allowance.free - waiting.filter((each) => each.domain === domain).length)
      claimed.retryAt = earlier(claimed.retryAt, allowance.retryAt)
    }
    for (const { scope, until: brake } of brakes.values()) {
      if (!brake || !scope.startsWith(domainScope(''))) continue
      const domain = scope.slice(domainScope('').length)
      if (brake > now) {
        apart.set(domain, 0)
        claimed.retryAt = earlier(claimed.retryAt, brake)
        continue
      }
      const one = 1 - inHand.filter((each) => each.domain === domain).length
      apart.set(domain, Math.min(apart.get(domain) ?? one, one))
    }
    const others = apart.size === 0 ? sql`true` : sql`d.domain not in (${sql.join([...apart.keys()])})`
    // All that people wait for goes before any issue: a domain's share of an issue may be as large as the limit.
    for (const part of await queueParts(trx)) {
      for (const [domain, most] of apart)
        apart.set(domain, most - (await take(sql`${part} and d.domain = ${domain}`, most)))
      await take(sql`${part} and ${others}`, free)
    }
    return claimed
  })
}

/**
 * The queue in the parts that it is claimed by: first what is of no issue, then each issue that is being sent, oldest
 * first. Each is a run of an index that begins with what is due. One statement over all of them would walk past every
 * row of a paused issue, a hundred thousand perhaps, at each claim.
 */
async function queueParts(trx: Writer): Promise<RawBuilder<unknown>[]> {
  const issues = await trx
    .selectFrom('issues')
    .select('number')
    .where('state', '=', 'sending')
    .orderBy('number')
    .execute()
  return [
    sql`(d.kind = 'issue') = 0`,
    ...issues.map(({ number }) => sql`d.issue = ${number} and d.kind = 'issue'`),
  ]
}

async function claim(
  trx: Writer,
  claimant: Claimant,
  until: Date,
  limit: number,
  where: RawBuilder<unknown>,
  now: Date,
): Promise<ClaimedDelivery[]> {
  if (limit <= 0) return []
  const { rows } = await sql<ClaimedDelivery>`
    update deliveries set claimed_by = ${claimant.owner}, claimed_until = ${time(until)}
    where id in (
      select d.id from deliveries d
      where ${where} and d.state = 'queued' and d.due_at <= ${time(now)}
        and (d.claimed_until is null or d.claimed_until <= ${time(now)})
        and (d.transport is null or d.transport = ${claimant.transport})
      order by d.due_at, d.id
      limit ${limit}
    )
    returning id, kind, issue, subscriber, rendition, address, domain, name, dated_at, attempts, tried_at,
      transport`.execute(trx)
  // The order above says who is taken; in which order RETURNING tells of them, SQL leaves open.
  return rows.sort((a, b) => Number(a.kind === 'issue') - Number(b.kind === 'issue') || a.id - b.id)
}

function earlier(a: Date | null, b: Date | null): Date | null {
  return a === null || (b !== null && b < a) ? b : a
}

/** Whether there is something that `claimDeliveries` could take, limits and brakes aside. */
export async function isAnythingDue(db: Reader, now: Date): Promise<boolean> {
  const isFree = sql`d.state = 'queued' and d.due_at <= ${time(now)}
    and (d.claimed_until is null or d.claimed_until <= ${time(now)})`
  // By issue, since a paused one may have thousands that are due and not to be sent.
  const { rows } = await sql<{ found: number }>`
    select exists (select 1 from deliveries d where (d.kind = 'issue') = 0 and ${isFree})
      or exists (select 1 from issues i cross join deliveries d where i.state = 'sending' and d.issue = i.number and ${isFree})
      as found`.execute(db)
  return rows[0]?.found === 1
}

/** Gives back what was claimed and not begun: these, or all of it. */
export async function releaseClaims(db: Database, owner: string, ids: number[] | null = null): Promise<void> {
  await write(db, (trx) => {
    const claimed = trx
      .updateTable('deliveries')
      .set({ claimed_by: null, claimed_until: null })
      .where('claimed_by', '=', owner)
      .where('state', '=', 'queued')
    return (ids === null ? claimed : claimed.where('id', 'in', ids)).execute()
  })
}

/** Prolongs all claims of `owner` that have not run out. */
export async function renewClaims(trx: Writer, owner: string, now: Date): Promise<void> {
  await trx
    .updateTable('deliveries')
    .set({ claimed_until: time(new Date(now.getTime() + CLAIM_MS)) })
    .where('claimed_by', '=', owner)
    .where('claimed_until', '>', time(now))
    .where('state', 'in', ['queued', 'sending'])
    .execute()
}

/**
 * Allows messages to leave, as many as the limits allow: the rows become `sending`, and are counted. Those that there
 * is no room for are given back to the queue.
 *
 * @returns the ids that may; each other one must not be sent
 */
export async function markSending(
  trx: Writer,
  owner: string,
  transport: string,
  ids: number[],
  now: Date,
  allowed: Allowed = UNLIMITED,
): Promise<Set<number>> {
  const mayLeave = sql`state = 'queued' and claimed_by = ${owner} and claimed_until > ${time(now)} and ${isWanted}`
  const within = isLimited(allowed) ? await withinLimits(trx, transport, allowed, ids, mayLeave, now) : ids
  if (within.length === 0) return new Set()
  const { rows } = await sql<{ id: number }>`
    update deliveries set state = 'sending', transport = ${transport}
    where id in (${sql.join(within)}) and ${mayLeave}
    returning id`.execute(trx)
  return new Set(rows.map((row) => row.id))
}

async function withinLimits(
  trx: Writer,
  transport: string,
  allowed: Allowed,
  ids: number[],
  mayLeave: RawBuilder<unknown>,
  now: Date,
): Promise<number[]> {
  const { rows } = await sql<{ id: number; domain: string }>`
    select id, domain from deliveries where id in (${sql.join(ids)}) and ${mayLeave} order by id`.execute(trx)
  const admitted = new Set((await admit(trx, transport, allowed, rows, now)).map((row) => row.id))
  const refused = rows.flatMap(({ id }) => (admitted.has(id) ? [] : [id]))
  if (refused.length > 0)
    await trx
      .updateTable('deliveries')
      .set({ claimed_by: null, claimed_until: null })
      .where('id', 'in', refused)
      .execute()
  return [...admitted]
}

// An issue that still goes out, or a welcome, to a person who still takes it, at an address that may be mailed. A
// confirmation goes to somebody who is not a reader yet, also where mail came back long ago, and a test to whomever the
// author named.
const isWanted: RawBuilder<boolean> = sql<boolean>`
  (deliveries.kind <> 'issue'
    or exists (select 1 from issues i where i.number = deliveries.issue and i.state = 'sending'))
  and (deliveries.kind not in ('issue', 'welcome')
    or exists (select 1 from subscribers s where s.id = deliveries.subscriber and s.status = 'confirmed'))
  and not exists (select 1 from suppressions x where x.key = lower(deliveries.address) and ${keepsBack('deliveries')})`

// Where somebody is who may have moved while it was in hand, or since it failed; where they were erased, nowhere.
const addressNow = sql<string>`coalesce((select s.address from subscribers s where s.id = deliveries.subscriber), address)`

/**
 * Writes down what became of deliveries in hand. A row that another process has settled meanwhile is left alone.
 *
 * @returns the ids of those that are settled so now
 */
export async function settleDeliveries(
  trx: Writer,
  owner: string,
  settlements: Settlement[],
  now: Date,
): Promise<Set<number>> {
  const values = settlements.map(
    (each) =>
      sql`(${each.id}, ${each.state}, ${each.due ? time(each.due) : null}, ${each.reply}, ${each.attempts})`,
  )
  // A late "sent" is evidence: it settles what a lost claim had made unknown.
  const { rows } = await sql<{ id: number }>`
    update deliveries set
      state = outcome.column2,
      due_at = coalesce(outcome.column3, due_at),
      transport = case when outcome.column2 = 'queued' then null else transport end,
      address = case when outcome.column2 = 'queued' and kind in ('issue', 'welcome') then ${addressNow} else address end,
      reply = outcome.column4,
      attempts = outcome.column5,
      tried_at = coalesce(tried_at, ${time(now)}),
      claimed_by = null,
      claimed_until = null,
      settled_at = ${time(now)}
    from (values ${sql.join(values)}) as outcome
    where deliveries.id = outcome.column1
      and (claimed_by = ${owner} or (deliveries.state = 'unknown' and outcome.column2 = 'sent'))
    returning deliveries.id`.execute(trx)
  return new Set(rows.map((row) => row.id))
}

/**
 * Takes out of the queue what nobody wants any more: the person left, the address must not be mailed, or the issue
 * was cancelled while the message was in hand and came back refused.
 */
export async function skipUnwanted(db: Database, now: Date): Promise<number> {
  return write(db, async (trx) => {
    const result = await sql`
      update deliveries set state = 'skipped', settled_at = ${time(now)}, claimed_by = null, claimed_until = null,
        reply = case
          when exists (select 1 from suppressions x where x.key = lower(deliveries.address)) then 'the address is suppressed'
          when exists (select 1 from issues i where i.number = deliveries.issue and i.state = 'cancelled') then 'the issue was cancelled'
          else ${LEFT} end
      where state = 'queued' and (claimed_until is null or claimed_until <= ${time(now)})
        and id in (${unwanted})`.execute(trx)
    return Number(result.numAffectedRows ?? 0)
  })
}

// From those who left to what is queued for them, never from all that is queued to those who left.
const unwanted = sql`
  select d.id from subscribers s cross join deliveries d
    where s.status in ('unconfirmed', 'unsubscribed') and d.subscriber = s.id and d.state = 'queued' and d.kind in ('issue', 'welcome')
  union all select d.id from suppressions x cross join subscribers s cross join deliveries d
    where s.address_key = x.key and d.subscriber = s.id and d.state = 'queued' and lower(d.address) = x.key
      and ${keepsBack('d')}
  union all select d.id from deliveries d
    where d.subscriber is null and d.state = 'queued' and d.kind = 'issue'
  union all select d.id from joined j cross join deliveries d
    where d.subscriber = j.former and d.state = 'queued'
  union all select d.id from deliveries d
    where (d.kind = 'issue') = 0 and d.state = 'queued'
      and exists (select 1 from suppressions x where x.key = lower(d.address) and ${keepsBack('d')})
  union all select d.id from issues i cross join deliveries d
    where i.state = 'cancelled' and d.issue = i.number and d.state = 'queued'`

/**
 * Takes late evidence: what reached somebody was sent, whatever became of the answer. Only a message that left can
 * have been read, so nothing but `unknown` changes.
 */
export async function recordEvidence(
  trx: Writer,
  delivery: number,
  evidence: string,
  now: Date,
): Promise<void> {
  await trx
    .updateTable('deliveries')
    .set({ state: 'sent', reply: evidence, settled_at: time(now) })
    .where('id', '=', delivery)
    .where('state', '=', 'unknown')
    .execute()
}

/**
 * Settles an issue's `unknown` deliveries by the author's word.
 *
 * @param decision `sent`: take them for sent; `resend`: send each once more, the same to the byte, save that who has moved
 *   gets it where they are now
 * @returns how many there were
 */
export async function resolveUnknown(
  trx: Writer,
  issue: number,
  decision: 'sent' | 'resend',
  now: Date,
): Promise<number> {
  const unknown = trx.updateTable('deliveries').where('issue', '=', issue).where('state', '=', 'unknown')
  const result =
    decision === 'sent'
      ? await unknown
          .set({ state: 'sent', reply: 'by the author’s word', settled_at: time(now) })
          .executeTakeFirst()
      : await unknown
          .set({
            state: 'queued',
            address: addressNow,
            due_at: time(now),
            tried_at: null,
            transport: null,
            settled_at: null,
          })
          .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

/**
 * Queues an issue's failed deliveries again, each to the address that its person has now; suppressed addresses stay out,
 * and who was erased. Returns how many.
 */
export async function requeueFailed(trx: Writer, issue: number, now: Date): Promise<number> {
  const result = await sql`
    update deliveries set state = 'queued', due_at = ${time(now)}, attempts = 0, tried_at = null, transport = null,
      settled_at = null, address = ${addressNow}
    where issue = ${issue} and kind = 'issue' and state = 'failed'
      and exists (select 1 from subscribers s where s.id = deliveries.subscriber)
      and not exists (select 1 from suppressions x where x.key = lower(${addressNow}))`.execute(trx)
  return Number(result.numAffectedRows ?? 0)
}

/** Dates what was never tried by the moment from which it may go: mail dated days ago is not seen in a mailbox. */
export async function redateQueued(trx: Writer, issue: number, now: Date): Promise<void> {
  await trx
    .updateTable('deliveries')
    .set({ dated_at: sql`max(due_at, ${time(now)})` })
    .where('issue', '=', issue)
    .where('state', '=', 'queued')
    .where('tried_at', 'is', null)
    .execute()
}

/** Takes an issue's queued deliveries out of the queue. Returns how many. */
export async function skipQueued(trx: Writer, issue: number, why: string, now: Date): Promise<number> {
  const result = await trx
    .updateTable('deliveries')
    .set({ state: 'skipped', reply: why, settled_at: time(now), claimed_by: null, claimed_until: null })
    .where('issue', '=', issue)
    .where('state', '=', 'queued')
    .executeTakeFirst()
  // They never got it, so it is theirs to be had if the author sends it to them after all.
  await sql`delete from delivery_posts
    where subscriber in (select subscriber from deliveries where issue = ${issue} and state = 'skipped')
      and delivery in (select id from deliveries where issue = ${issue} and state = 'skipped')`.execute(trx)
  return Number(result.numUpdatedRows)
}

/**
 * Takes what is queued for a person out of the queue, the moment they leave: who comes back before it went is a reader
 * from then on, and nothing of before is theirs.
 */
export async function skipQueuedTo(trx: Writer, subscriber: number, why: string, now: Date): Promise<void> {
  await trx
    .updateTable('deliveries')
    .set({
      state: 'skipped',
      reply: why,
      settled_at: time(now),
      claimed_by: null,
      claimed_until: null,
    })
    .where('subscriber', '=', subscriber)
    .where('kind', 'in', ['issue', 'welcome'])
    .where('state', '=', 'queued')
    .execute()
}

/**
 * Queues again what a person's leaving took out of the queue, unless its issue was cancelled: they have taken it back. None
 * of it had left. An issue that all the others have had meanwhile is sent once more, to them: nothing else brings it.
 *
 * @param since when they left
 */
export async function requeueSkippedTo(trx: Writer, subscriber: number, since: string): Promise<void> {
  await sql`
    update deliveries set state = 'queued', reply = null, settled_at = null
    where subscriber = ${subscriber} and state = 'skipped' and reply = ${LEFT} and settled_at >= ${since}
      and (kind = 'welcome' or exists (select 1 from issues i
        where i.number = deliveries.issue and i.state <> 'cancelled'))`.execute(trx)
  await sql`
    update issues set state = 'sending' where state = 'sent' and number in (
      select d.issue from deliveries d where d.subscriber = ${subscriber} and d.state = 'queued')`.execute(
    trx,
  )
}

/** When somebody was last reached at an address; null where never. */
export async function lastSentTo(db: Reader, address: string): Promise<Date | null> {
  const row = await db
    .selectFrom('deliveries')
    .select(({ fn }) => fn.max('settled_at').as('at'))
    .where(sql`lower(address)`, '=', address.toLowerCase())
    .where('state', '=', 'sent')
    .executeTakeFirst()
  return row?.at ? new Date(row.at) : null
}

/**
 * Settles by rule what a dead process left in hand. Run at start and every minute.
 *
 * @param transports the names of those that the site has now
 */
export async function recoverDeliveries(
  db: Database,
  transports: string[],
  now: Date,
): Promise<{ queued: number; unknown: number }> {
  return write(db, async (trx) => {
    const lost = trx
      .updateTable('deliveries')
      .where('state', '=', 'sending')
      .where('claimed_until', '<=', time(now))
      .set({ claimed_by: null, claimed_until: null })
    const queued = await lost
      .set({ state: 'queued' })
      .where('transport', 'like', 'maildir %')
      .executeTakeFirst()
    const unknown = await lost
      .set({ state: 'unknown', settled_at: time(now), reply: 'the process died before the answer came' })
      .executeTakeFirst()
    // Recovered for a Maildir that is no longer one of ours: whether it lies there this process cannot see.
    const stranded = await trx
      .updateTable('deliveries')
      .set(({ ref, fn, val }) => ({
        state: 'unknown',
        settled_at: time(now),
        reply: fn('concat', [
          val('it may lie in '),
          ref('transport'),
          val(', which is no longer configured'),
        ]),
      }))
      .where('state', '=', 'queued')
      .where('transport', 'is not', null)
      .where('transport', 'not in', transports)
      .executeTakeFirst()
    return {
      queued: Number(queued.numUpdatedRows),
      unknown: Number(unknown.numUpdatedRows + stranded.numUpdatedRows),
    }
  })
}

/** Queues a message outside of issues: a confirmation, a welcome, a test. Returns its id. */
export async function insertDelivery(
  trx: Writer,
  delivery: {
    kind: DeliveryKind
    subscriber: number | null
    rendition: number
    address: string
    name: string
  },
  now: Date,
): Promise<number> {
  const row = await trx
    .insertInto('deliveries')
    .values({
      ...delivery,
      issue: null,
      state: 'queued',
      due_at: time(now),
      dated_at: time(now),
      attempts: 0,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** How many of an issue's deliveries some process holds at the moment. */
export async function countInHand(db: Reader, issue: number, now: Date): Promise<number> {
  const row = await db
    .selectFrom('deliveries')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('issue', '=', issue)
    .where('state', 'in', ['queued', 'sending'])
    .where('claimed_until', '>', time(now))
    .executeTakeFirstOrThrow()
  return row.count
}

/** The first people an issue is for, by address. */
export async function recipientsOf(db: Reader, issue: number, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select('address')
    .where('issue', '=', issue)
    .where('kind', '=', 'issue')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.address || '(erased)')
}

/** What the author should look at: deliveries of an issue that failed or whose fate is unknown. */
export async function troubledDeliveries(db: Reader, issue: number, limit: number) {
  return (
    db
      .selectFrom('deliveries')
      .select(['address', 'state', 'attempts', 'reply', 'due_at'])
      .where('issue', '=', issue)
      .where((where) =>
        where.or([
          where('state', 'in', ['failed', 'unknown', 'skipped']),
          where.and([where('state', '=', 'queued'), where('attempts', '>', 0)]),
        ]),
      )
      // First what needs the author's word.
      .orderBy((order) =>
        order.case().when('state', '=', 'unknown').then(0).when('state', '=', 'failed').then(1).else(2).end(),
      )
      .orderBy('id')
      .limit(limit)
      .execute()
  )
}

/** How many deliveries are in each state, for one issue or (null) for all. */
export async function countDeliveries(db: Reader, issue: number | null): Promise<StateCounts> {
  let query = db.selectFrom('deliveries').select(['state', ({ fn }) => fn.countAll<number>().as('count')])
  if (issue !== null) query = query.where('issue', '=', issue)
  const counts: StateCounts = { queued: 0, sending: 0, sent: 0, failed: 0, skipped: 0, unknown: 0 }
  for (const row of await query.groupBy('state').execute()) counts[row.state] = row.count
  return counts
}
