/**
 * Readers on their way to another address. All that a person has is theirs by their number, not by their address: what
 * they were sent, what they agreed to, the links in their messages. So a move changes two columns, and what has not left
 * yet goes to the new address.
 */
import { type Selectable, sql } from 'kysely'
import type { Address } from '../address.ts'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import { joinSubscribers } from './joins.ts'
import type { Schema } from './schema.ts'

export type Move = Selectable<Schema['moves']>
type Person = Pick<Selectable<Schema['subscribers']>, 'id' | 'address_key'>

/** Where a reader wants to go; undefined where they have not said so, or it is settled. */
export async function findMove(db: Reader, subscriber: number): Promise<Move | undefined> {
  return db.selectFrom('moves').selectAll().where('subscriber', '=', subscriber).executeTakeFirst()
}

/** @param delivery what asks the new address; null where nothing does */
export async function insertMove(
  trx: Writer,
  subscriber: number,
  to: Address,
  delivery: number | null,
  now: Date,
): Promise<void> {
  await trx
    .insertInto('moves')
    .values({ subscriber, address: to.address, address_key: to.key, at: time(now), delivery })
    .execute()
}

/**
 * Forgets where a reader wanted to go, and whom that address belongs to: it may have been a mistyped one, of somebody who
 * has nothing to do with this. A message to it that has not left does not leave.
 *
 * @param why it is not to be sent any more
 */
export async function forgetMove(trx: Writer, subscriber: number, why: string, now: Date): Promise<void> {
  const move = await findMove(trx, subscriber)
  if (!move) return
  await trx.deleteFrom('moves').where('subscriber', '=', subscriber).execute()
  if (move.delivery !== null) {
    await trx
      .updateTable('deliveries')
      .set({ state: 'skipped', reply: why, settled_at: time(now), claimed_by: null, claimed_until: null })
      .where('id', '=', move.delivery)
      .where('state', 'in', ['queued', 'sending'])
      .execute()
    await sql`update deliveries set address = '', name = '', subscriber = null,
      reply = case state when 'skipped' then reply end where id = ${move.delivery}`.execute(trx)
  }
  await sql`delete from bounces where address_key = ${move.address_key}
    and not exists (select 1 from subscribers s where s.address_key = bounces.address_key)`.execute(trx)
}

/** Forgets all wishes to move to an address, as it is compared. */
export async function forgetMovesTo(trx: Writer, addressKey: string, why: string, now: Date): Promise<void> {
  const moves = await trx
    .selectFrom('moves')
    .select('subscriber')
    .where('address_key', '=', addressKey)
    .execute()
  for (const { subscriber } of moves) await forgetMove(trx, subscriber, why, now)
}

/** Forgets moves that were asked for before a time, and that nobody has confirmed. */
export async function forgetMoves(db: Database, askedBefore: Date, why: string, now: Date): Promise<void> {
  const old = (reader: Reader) =>
    reader.selectFrom('moves').select('subscriber').where('at', '<', time(askedBefore)).execute()
  // Asked first without the lock: most rounds find none.
  if ((await old(db)).length === 0) return
  await write(db, async (trx) => {
    for (const { subscriber } of await old(trx)) await forgetMove(trx, subscriber, why, now)
  })
}

/**
 * Moves somebody to another address. Who has that address already becomes one with them.
 *
 * A complaint, and the author's no, are about the person: they stand against the new address too, or moving would be a
 * way around them. A bounce is about the old mailbox, and stays there: one that has died is why people move.
 *
 * @returns the number of whoever had the address, who is no more; null where nobody had
 */
export async function moveSubscriber(
  trx: Writer,
  person: Person,
  to: Address,
  now: Date,
): Promise<number | null> {
  const asked = await findMove(trx, person.id)
  if (asked && asked.address_key !== to.key) await forgetMove(trx, person.id, 'they moved elsewhere', now)
  if (asked?.delivery != null && asked.address_key === to.key)
    await trx
      .updateTable('deliveries')
      .set({ state: 'skipped', reply: 'they have moved already', settled_at: time(now), claimed_by: null })
      .where('id', '=', asked.delivery)
      .where('state', '=', 'queued')
      .execute()
  await trx.deleteFrom('moves').where('subscriber', '=', person.id).execute()
  const other = await trx
    .selectFrom('subscribers')
    .selectAll()
    .where('address_key', '=', to.key)
    .where('id', '<>', person.id)
    .executeTakeFirst()
  if (other) {
    await forgetMove(trx, other.id, 'they moved elsewhere', now)
    await joinSubscribers(trx, person.id, other.id, now)
  }
  await sql`
    insert into suppressions (key, reason, at)
    select ${to.key}, reason, at from suppressions
    where key = ${person.address_key} and reason in ('complaint', 'author')
    on conflict do nothing`.execute(trx)
  await trx
    .updateTable('subscribers')
    .set({ address: to.address, address_key: to.key })
    .where('id', '=', person.id)
    .execute()
  // Who has claimed one may have written its letter, to the old address. It is theirs no more, and nobody's until that
  // claim would have run out. One that may lie in a Maildir already stays what it was, and is written there again.
  await trx
    .updateTable('deliveries')
    .set({ address: to.address, claimed_by: null })
    .where('subscriber', '=', person.id)
    .where('state', '=', 'queued')
    .where('kind', 'in', ['issue', 'welcome'])
    .where('transport', 'is', null)
    .execute()
  return other?.id ?? null
}

/** Addresses, as they are compared, that a person was mailed at and has left; not those that are another's by now. */
export async function formerKeys(db: Reader, person: Person): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select distinct lower(d.address) as key from deliveries d
    where (d.subscriber = ${person.id} or d.subscriber in (select former from joined where subscriber = ${person.id}))
      and d.address <> '' and lower(d.address) <> ${person.address_key}
      and not exists (select 1 from subscribers s where s.address_key = lower(d.address))
      and not exists (select 1 from moves m where m.delivery = d.id)`.execute(db)
  return rows.map(({ key }) => key)
}
