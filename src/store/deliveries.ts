/**
 * The deliveries: one row is one message owed to one address, and the table is the queue.
 *
 * A row is `queued` until a process claims it: `claimed_by` names the process, `claimed_until` when the claim ends.
 * A claim changes nothing else, so a claim that ran out (the process died) just makes the row free again. A claim
 * that is alive is prolonged with each group commit and at least every 15 seconds.
 *
 *     queued --claim--> queued, claimed
 *     queued, claimed --mark--> sending      after the server's 354, before the first byte of the message
 *     sending --settle--> sent               the server took it
 *     sending --settle--> queued | failed    the server refused it: later again, or never
 *     sending --settle--> unknown            bytes left, no answer came
 *     queued, claimed --settle--> queued | failed    nothing left: no connection, or refused before the message
 *     queued --skip--> skipped               the person left, or must not be mailed, before it went
 *
 * `mark` is the one statement that allows a message to leave, and it is committed before the message does. It holds
 * only for a row that is still queued and still claimed by us, of an issue that is still being sent, to a person who
 * still wants it. So whatever happened since the claim, nobody gets what they should not.
 *
 * What a crash leaves: a `sending` row whose claim has run out. Whether its message arrived nobody can know
 * (RFC 1047), so it becomes `unknown`: shown, counted, and never sent again on its own. There is at most one for
 * each open connection. A Maildir is different: writing the same file again is harmless, so the row is queued again.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import type { DeliveryKind, DeliveryState } from './schema.ts'

export const CLAIM_MS = 60_000

export type ClaimedDelivery = {
  id: number
  kind: DeliveryKind
  issue: number | null
  subscriber: number | null
  rendition: number
  address: string
  name: string
  dated_at: string
  attempts: number
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

/** Takes up to `limit` deliveries that are due, for `owner`. Confirmations first: a person waits for those. */
export async function claimDeliveries(
  db: Database,
  owner: string,
  limit: number,
  now: Date,
): Promise<ClaimedDelivery[]> {
  const until = time(new Date(now.getTime() + CLAIM_MS))
  return write(db, async (trx) => {
    const { rows } = await sql<ClaimedDelivery>`
      update deliveries set claimed_by = ${owner}, claimed_until = ${until}
      where id in (
        select d.id from deliveries d left join issues i on i.number = d.issue
        where d.state = 'queued' and d.due_at <= ${time(now)}
          and (d.claimed_until is null or d.claimed_until <= ${time(now)})
          and (d.issue is null or i.state = 'sending')
        order by (d.kind = 'issue'), d.due_at, d.id
        limit ${limit}
      )
      returning id, kind, issue, subscriber, rendition, address, name, dated_at, attempts`.execute(trx)
    // The order above says who is taken; in which order RETURNING tells of them, SQL leaves open.
    return rows.sort((a, b) => Number(a.kind === 'issue') - Number(b.kind === 'issue') || a.id - b.id)
  })
}

/** Gives back what was claimed and not begun. */
export async function releaseClaims(db: Database, owner: string): Promise<void> {
  await write(db, (trx) =>
    trx
      .updateTable('deliveries')
      .set({ claimed_by: null, claimed_until: null })
      .where('claimed_by', '=', owner)
      .where('state', '=', 'queued')
      .execute(),
  )
}

/** Prolongs all claims of `owner`. */
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
 * Allows messages to leave: the rows become `sending`.
 *
 * @returns the ids that may; each other one must not be sent
 */
export async function markSending(
  trx: Writer,
  owner: string,
  transport: string,
  ids: number[],
  now: Date,
): Promise<Set<number>> {
  const { rows } = await sql<{ id: number }>`
    update deliveries set state = 'sending', transport = ${transport}
    where id in (${sql.join(ids)})
      and state = 'queued' and claimed_by = ${owner} and claimed_until > ${time(now)}
      and ${isWanted}
    returning id`.execute(trx)
  return new Set(rows.map((row) => row.id))
}

// An issue that still goes out, to a person who still takes it, at an address that may be mailed. A confirmation
// goes to somebody who is not a reader yet, and a test to whomever the author named.
const isWanted: RawBuilder<boolean> = sql<boolean>`
  (deliveries.kind <> 'issue'
    or (exists (select 1 from issues i where i.number = deliveries.issue and i.state = 'sending')
      and exists (select 1 from subscribers s where s.id = deliveries.subscriber and s.status = 'confirmed')))
  and not exists (select 1 from suppressions x where x.key = lower(deliveries.address))`

/** Writes down what became of deliveries in hand. A row that another process has settled meanwhile is left alone. */
export async function settleDeliveries(
  trx: Writer,
  owner: string,
  settlements: Settlement[],
  now: Date,
): Promise<void> {
  const values = settlements.map(
    (each) =>
      sql`(${each.id}, ${each.state}, ${each.due ? time(each.due) : null}, ${each.reply}, ${each.attempts})`,
  )
  // A late "sent" is evidence: it settles what a lost claim had made unknown.
  await sql`
    update deliveries set
      state = outcome.column2,
      due_at = coalesce(outcome.column3, due_at),
      reply = outcome.column4,
      attempts = outcome.column5,
      claimed_by = null,
      claimed_until = null,
      settled_at = ${time(now)}
    from (values ${sql.join(values)}) as outcome
    where deliveries.id = outcome.column1
      and (claimed_by = ${owner} or (deliveries.state = 'unknown' and outcome.column2 = 'sent'))`.execute(trx)
}

/** Takes out of the queue what nobody wants any more: the person left, or the address must not be mailed. */
export async function skipUnwanted(db: Database, now: Date): Promise<number> {
  return write(db, async (trx) => {
    const result = await sql`
      update deliveries set state = 'skipped', settled_at = ${time(now)}, claimed_by = null, claimed_until = null,
        reply = case
          when exists (select 1 from suppressions x where x.key = lower(deliveries.address)) then 'the address is suppressed'
          else 'no longer subscribed' end
      where state = 'queued' and (claimed_until is null or claimed_until <= ${time(now)})
        and (exists (select 1 from suppressions x where x.key = lower(deliveries.address))
          or (kind = 'issue' and not exists (
            select 1 from subscribers s where s.id = deliveries.subscriber and s.status = 'confirmed')))`.execute(
      trx,
    )
    return Number(result.numAffectedRows ?? 0)
  })
}

/** Settles by rule what a dead process left in hand. Run at start and every minute. */
export async function recoverDeliveries(
  db: Database,
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
    return { queued: Number(queued.numUpdatedRows), unknown: Number(unknown.numUpdatedRows) }
  })
}

/** Queues a message outside of issues: a confirmation, a test. Returns its id. */
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
  return db
    .selectFrom('deliveries')
    .select(['address', 'state', 'attempts', 'reply', 'due_at'])
    .where('issue', '=', issue)
    .where((where) =>
      where.or([
        where('state', 'in', ['failed', 'unknown', 'skipped']),
        where.and([where('state', '=', 'queued'), where('attempts', '>', 0)]),
      ]),
    )
    .orderBy('state')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** How many deliveries are in each state, for one issue or (null) for all. */
export async function countDeliveries(db: Reader, issue: number | null): Promise<StateCounts> {
  let query = db.selectFrom('deliveries').select(['state', ({ fn }) => fn.countAll<number>().as('count')])
  if (issue !== null) query = query.where('issue', '=', issue)
  const counts: StateCounts = { queued: 0, sending: 0, sent: 0, failed: 0, skipped: 0, unknown: 0 }
  for (const row of await query.groupBy('state').execute()) counts[row.state] = row.count
  return counts
}
