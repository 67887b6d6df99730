import { createHmac } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import type { Address } from '../address.ts'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import { skipQueuedTo } from './deliveries.ts'
import { lastSequence } from './posts.ts'
import type { Schema, SubscriberRhythm, SubscriberStatus } from './schema.ts'
import { isMatched, type Where } from './where.ts'

export type Subscriber = Selectable<Schema['subscribers']>
export type Consent = Omit<Selectable<Schema['consents']>, 'id' | 'subscriber' | 'import'>
export type Suppression = Selectable<Schema['suppressions']>

export type NewSubscriber = Address & {
  name: string
  rhythm: SubscriberRhythm
  tags: string[]
  language: string
  timeZone: string
}

/** Somebody whose address is known and whose consent is not: they get nothing but a confirmation. */
export async function insertSubscriber(trx: Writer, person: NewSubscriber, now: Date): Promise<Subscriber> {
  return trx
    .insertInto('subscribers')
    .values({
      address: person.address,
      address_key: person.key,
      name: person.name,
      status: 'unconfirmed',
      rhythm: person.rhythm,
      tags: JSON.stringify(person.tags),
      language: person.language,
      time_zone: person.timeZone,
      created_at: time(now),
      confirmed_at: null,
      unsubscribed_at: null,
      settled_sequence: 0,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Makes somebody a reader from now on: what is new after this moment is theirs, nothing older. */
export async function confirmSubscriber(trx: Writer, id: number, now: Date): Promise<void> {
  await trx
    .updateTable('subscribers')
    .set({
      status: 'confirmed',
      confirmed_at: time(now),
      unsubscribed_at: null,
      settled_sequence: await lastSequence(trx),
    })
    .where('id', '=', id)
    .where('status', '<>', 'confirmed')
    .execute()
}

export async function unsubscribeSubscriber(trx: Writer, id: number, now: Date): Promise<void> {
  await trx
    .updateTable('subscribers')
    .set({ status: 'unsubscribed', unsubscribed_at: time(now) })
    .where('id', '=', id)
    .where('status', '<>', 'unsubscribed')
    .execute()
}

/**
 * Makes who left a reader again, as if they had not: with what they had chosen, and with what has become new meanwhile
 * still to come.
 */
export async function restoreSubscriber(trx: Writer, id: number): Promise<void> {
  await trx
    .updateTable('subscribers')
    .set({ status: 'confirmed', unsubscribed_at: null })
    .where('id', '=', id)
    .where('status', '=', 'unsubscribed')
    .execute()
}

/** What a person says of themselves; it holds for whatever is decided for them from now on. */
export async function updatePreferences(
  trx: Writer,
  id: number,
  wanted: Pick<Subscriber, 'name' | 'rhythm' | 'language'>,
): Promise<void> {
  const { name, rhythm, language } = wanted
  await trx.updateTable('subscribers').set({ name, rhythm, language }).where('id', '=', id).execute()
}

/** Keeps when a person was sent a confirmation: they have from then on to answer. */
export async function recordAsked(trx: Writer, id: number, now: Date): Promise<void> {
  await trx
    .updateTable('subscribers')
    .set({ asked_at: time(now) })
    .where('id', '=', id)
    .execute()
}

export async function recordConsent(trx: Writer, subscriber: number, consent: Consent): Promise<void> {
  await trx
    .insertInto('consents')
    .values({ subscriber, ...consent })
    .execute()
}

export async function findSubscriber(db: Reader, addressKey: string): Promise<Subscriber | undefined> {
  return db.selectFrom('subscribers').selectAll().where('address_key', '=', addressKey).executeTakeFirst()
}

async function readSubscriber(db: Reader, id: number): Promise<Subscriber | undefined> {
  return db.selectFrom('subscribers').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The person a message went to, and what kind of message it was; undefined where it went to nobody on the list. */
export async function subscriberOfDelivery(
  db: Reader,
  delivery: number,
): Promise<{ kind: Schema['deliveries']['kind']; subscriber: Subscriber | null; datedAt: Date } | undefined> {
  const row = await db
    .selectFrom('deliveries')
    .select(['kind', 'subscriber', 'dated_at'])
    .where('id', '=', delivery)
    .executeTakeFirst()
  if (!row) return undefined
  const subscriber = row.subscriber === null ? null : ((await readSubscriber(db, row.subscriber)) ?? null)
  return { kind: row.kind, subscriber, datedAt: new Date(row.dated_at) }
}

export async function consentsOf(db: Reader, subscriber: number): Promise<Consent[]> {
  return db
    .selectFrom('consents')
    .select(['at', 'act', 'source', 'words'])
    .where('subscriber', '=', subscriber)
    .orderBy('id')
    .execute()
}

/** All subscribers, or those of `where`, one after the other in constant memory, in the order in which they came. */
export async function* streamSubscribers(db: Reader, where?: Where): AsyncGenerator<Subscriber> {
  yield* db.selectFrom('subscribers as s').selectAll().where(isMatched(where)).orderBy('id').stream()
}

export async function countSubscribers(db: Reader): Promise<Record<SubscriberStatus, number>> {
  const counts = { unconfirmed: 0, confirmed: 0, unsubscribed: 0 }
  const rows = await db
    .selectFrom('subscribers')
    .select(['status', sql<number>`count(*)`.as('count')])
    .groupBy('status')
    .execute()
  for (const row of rows) counts[row.status] = row.count
  return counts
}

/**
 * What a person was sent or is owed and how it went, the newest first; tests that the author sent to their address too.
 *
 * @param subscriber null where they are none
 */
export async function deliveriesTo(db: Reader, subscriber: number | null, addressKey: string) {
  return db
    .selectFrom('deliveries')
    .innerJoin('renditions', 'renditions.id', 'deliveries.rendition')
    .select([
      'deliveries.id',
      'deliveries.kind',
      'deliveries.issue',
      'subject',
      'language',
      'address',
      'name',
    ])
    .select(['state', 'due_at', 'dated_at', 'attempts', 'tried_at', 'settled_at', 'reply'])
    .where((by) =>
      by.or([
        by('subscriber', '=', subscriber),
        by.and([by('subscriber', 'is', null), by(sql`lower(address)`, '=', addressKey)]),
      ]),
    )
    .orderBy('deliveries.id', 'desc')
    .execute()
}

/** The posts that a person was mailed or is owed, and the delivery of each; in the order of the posts. */
export async function postsOf(db: Reader, subscriber: number) {
  return db
    .selectFrom('delivery_posts')
    .innerJoin('posts', 'posts.key', 'delivery_posts.post')
    .select(['delivery', 'posts.id', 'posts.title', 'delivery_posts.edition'])
    .where('subscriber', '=', subscriber)
    .orderBy('posts.key')
    .execute()
}

/**
 * Removes a person and every trace of their address. A keyed hash stays, so that nobody can bring them back by
 * importing an old list.
 */
export async function eraseSubscriber(
  trx: Writer,
  person: Subscriber,
  secret: string,
  now: Date,
): Promise<void> {
  await blankDeliveries(trx, person.id, now)
  // Tests to the same address, and what servers said of it.
  await sql`update deliveries set address = '', name = '', reply = null
    where lower(address) = ${person.address_key} and subscriber is null`.execute(trx)
  await trx.deleteFrom('bounces').where('address_key', '=', person.address_key).execute()
  await trx.deleteFrom('delivery_posts').where('subscriber', '=', person.id).execute()
  await trx.deleteFrom('subscribers').where('id', '=', person.id).execute()
  await trx.deleteFrom('suppressions').where('key', '=', person.address_key).execute()
  await suppress(trx, erasedKey(secret, person.address_key), 'erased', now)
}

/**
 * Erases people who were last asked to confirm before a time, and are unconfirmed still, in one small transaction. No
 * hash of them stays: they have done nothing, and may ask again. Who must not be mailed stays, and waits for no answer
 * any more.
 *
 * @returns how many were looked at, at most `most`, and how many of them are gone
 */
export async function eraseUnanswered(
  db: Database,
  askedBefore: Date,
  most: number,
  now: Date,
): Promise<{ looked: number; gone: number }> {
  const unanswered = (reader: Reader) =>
    reader
      .selectFrom('subscribers')
      .select(['id', 'address_key'])
      .where('status', '=', 'unconfirmed')
      .where('asked_at', 'is not', null)
      .where('asked_at', '<', time(askedBefore))
      .orderBy('asked_at')
      .limit(most)
      .execute()
  // Asked first without the lock: most rounds find nobody.
  if ((await unanswered(db)).length === 0) return { looked: 0, gone: 0 }
  return write(db, async (trx) => {
    const people = await unanswered(trx)
    let gone = 0
    for (const { id, address_key } of people) {
      const suppression = await trx
        .selectFrom('suppressions')
        .select('key')
        .where('key', '=', address_key)
        .executeTakeFirst()
      if (suppression) {
        await trx.updateTable('subscribers').set({ asked_at: null }).where('id', '=', id).execute()
        continue
      }
      await blankDeliveries(trx, id, now)
      await trx.deleteFrom('bounces').where('address_key', '=', address_key).execute()
      await trx.deleteFrom('subscribers').where('id', '=', id).execute()
      gone++
    }
    return { looked: people.length, gone }
  })
}

/** Takes a person out of what they were sent, and what is not sent yet out of the queue. */
async function blankDeliveries(trx: Writer, subscriber: number, now: Date): Promise<void> {
  await trx
    .updateTable('deliveries')
    .set({ address: '', name: '', subscriber: null, reply: null })
    .where('subscriber', '=', subscriber)
    .where('state', 'not in', ['queued', 'sending'])
    .execute()
  await trx
    .updateTable('deliveries')
    .set({
      address: '',
      name: '',
      subscriber: null,
      state: 'skipped',
      reply: 'erased',
      settled_at: time(now),
      claimed_by: null,
      claimed_until: null,
    })
    .where('subscriber', '=', subscriber)
    .execute()
}

export async function suppress(
  trx: Writer,
  key: string,
  reason: Suppression['reason'],
  now: Date,
): Promise<void> {
  await trx
    .insertInto('suppressions')
    .values({ key, reason, at: time(now) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const person = await findSubscriber(trx, key)
  if (person) await skipQueuedTo(trx, person.id, 'the address is suppressed', now)
}

/** Why an address is never to be mailed, or undefined where it may be. */
export async function findSuppression(
  db: Reader,
  addressKey: string,
  secret: string,
): Promise<Suppression | undefined> {
  return (await suppressionsOf(db, addressKey, secret))[0]
}

/** Whether the owner of an address, as it is compared, was erased. */
export async function isErased(db: Reader, addressKey: string, secret: string): Promise<boolean> {
  const row = await db
    .selectFrom('suppressions')
    .select('key')
    .where('key', '=', erasedKey(secret, addressKey))
    .executeTakeFirst()
  return row !== undefined
}

/** All that stands against mailing an address, as it is compared. */
export async function suppressionsOf(db: Reader, addressKey: string, secret: string): Promise<Suppression[]> {
  return db
    .selectFrom('suppressions')
    .selectAll()
    .where('key', 'in', [addressKey, erasedKey(secret, addressKey)])
    .execute()
}

export async function countSuppressions(db: Reader): Promise<number> {
  const row = await db
    .selectFrom('suppressions')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return row.count
}

/** What stands in the suppressions for somebody who was erased: it can be recognised, and not read. */
export function erasedKey(secret: string, addressKey: string): string {
  return `hmac:${createHmac('sha256', secret).update(`erased ${addressKey}`).digest('hex')}`
}
