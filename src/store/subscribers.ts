import { createHmac } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import type { Address } from '../address.ts'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import { skipQueuedTo } from './deliveries.ts'
import { forgetMove, forgetMovesTo, formerKeys } from './moves.ts'
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

/**
 * Makes somebody a reader from now on: what is new after this moment is theirs, nothing older. So too where they were one
 * whose mail came back.
 */
export async function confirmSubscriber(trx: Writer, id: number, now: Date): Promise<void> {
  await trx
    .updateTable('subscribers')
    .set({
      status: 'confirmed',
      confirmed_at: time(now),
      unsubscribed_at: null,
      settled_sequence: await lastSequence(trx),
      // Who had paused before they left comes back to read.
      rhythm: sql`case when rhythm = 'paused' and confirmed_at is not null then 'instant' else rhythm end`,
      paused_until: null,
      next_run_at: null,
    })
    .where('id', '=', id)
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
export async function restoreSubscriber(trx: Writer, id: number, now: Date): Promise<void> {
  await trx
    .updateTable('subscribers')
    .set({
      status: 'confirmed',
      unsubscribed_at: null,
      next_run_at: sql`case rhythm when 'instant' then max(coalesce(paused_until, ''), ${time(now)}) end`,
    })
    .where('id', '=', id)
    .where('status', '=', 'unsubscribed')
    .execute()
}

/** What a person says of themselves, and what they want. */
export type Choices = Pick<
  Subscriber,
  | 'name'
  | 'rhythm'
  | 'language'
  | 'time_zone'
  | 'hour'
  | 'weekday'
  | 'paused_until'
  | 'followed_tags'
  | 'followed_languages'
>

/** Keeps what a person chose; it holds for whatever is decided for them from now on. */
export async function updateChoices(
  trx: Writer,
  person: Subscriber,
  choices: Choices,
  now: Date,
): Promise<void> {
  const { name, rhythm, language, time_zone, hour, weekday, followed_tags, followed_languages } = choices
  const said = { name, language, followed_tags, followed_languages }
  const wanted = { rhythm, time_zone, hour, weekday, paused_until: pauseOf(choices, now) }
  await trx
    .updateTable('subscribers')
    .set({ ...said, ...wanted, next_run_at: nextRunFor(person, wanted, now) })
    .where('id', '=', person.id)
    .execute()
}

type When = Pick<Choices, 'rhythm' | 'time_zone' | 'hour' | 'weekday' | 'paused_until'>

/**
 * A slot that is due stays due where nothing about it changes, or saving a page at eight would lose the digest of eight.
 * Who changes to every post at once, or ends a pause, gets at once what has gathered, in one mail.
 */
function nextRunFor(person: Subscriber, wanted: When, now: Date): string | null {
  const before = { ...person, paused_until: pauseOf(person, now) }
  const isSame = (keys: (keyof When)[]) => keys.every((key) => before[key] === wanted[key])
  if (wanted.rhythm === 'instant')
    return isSame(['rhythm', 'paused_until']) ? person.next_run_at : (wanted.paused_until ?? time(now))
  return isSame(['rhythm', 'time_zone', 'hour', 'weekday', 'paused_until']) ? person.next_run_at : null
}

/** Until when somebody is paused: one that has passed is none, and one for good has no end. */
function pauseOf(
  { rhythm, paused_until }: Pick<Choices, 'rhythm' | 'paused_until'>,
  now: Date,
): string | null {
  return rhythm !== 'paused' && paused_until !== null && paused_until > time(now) ? paused_until : null
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

/** @param id theirs, or one that they had before it turned out that they are the same person */
async function readSubscriber(db: Reader, id: number): Promise<Subscriber | undefined> {
  return db
    .selectFrom('subscribers')
    .selectAll()
    .where(({ or, eb, selectFrom }) =>
      or([
        eb('id', '=', id),
        eb('id', '=', selectFrom('joined').select('joined.subscriber').where('former', '=', id)),
      ]),
    )
    .executeTakeFirst()
}

/** `address` is where it went, which may be theirs no more, or not yet. */
type SentTo = {
  kind: Schema['deliveries']['kind']
  subscriber: Subscriber | null
  address: string
  datedAt: Date
}

/** The person a message went to, and what kind of message it was; undefined where it went to nobody on the list. */
export async function subscriberOfDelivery(db: Reader, delivery: number): Promise<SentTo | undefined> {
  const row = await db
    .selectFrom('deliveries')
    .select(['kind', 'subscriber', 'address', 'dated_at'])
    .where('id', '=', delivery)
    .executeTakeFirst()
  if (!row) return undefined
  const subscriber = row.subscriber === null ? null : ((await readSubscriber(db, row.subscriber)) ?? null)
  return { kind: row.kind, subscriber, address: row.address, datedAt: new Date(row.dated_at) }
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
 * Not what asks an address that they want to move to: it may be another's, and whether it went says something about them.
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
        by(
          'subscriber',
          'in',
          by.selectFrom('joined').select('former').where('joined.subscriber', '=', subscriber),
        ),
        by.and([by('subscriber', 'is', null), by(sql`lower(address)`, '=', addressKey)]),
      ]),
    )
    .where('deliveries.id', 'not in', (by) =>
      by.selectFrom('moves').select(sql<number>`coalesce(delivery, 0)`.as('delivery')),
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
 * Removes a person and every trace of their address, and of those that they have left. A keyed hash stays of each, so that
 * nobody can bring them back by importing an old list.
 */
export async function eraseSubscriber(
  trx: Writer,
  person: Subscriber,
  secret: string,
  now: Date,
): Promise<void> {
  await forgetMove(trx, person.id, 'erased', now)
  const keys = [person.address_key, ...(await formerKeys(trx, person))]
  await blankDeliveries(trx, person.id, now)
  await trx.deleteFrom('delivery_posts').where('subscriber', '=', person.id).execute()
  await trx.deleteFrom('subscribers').where('id', '=', person.id).execute()
  for (const key of keys) {
    // Whoever else wanted to move there: who has had themselves erased is not to be asked about it.
    await forgetMovesTo(trx, key, 'erased', now)
    // Tests to the same address, and what servers said of it.
    await sql`update deliveries set address = '', name = '', reply = null
      where lower(address) = ${key} and subscriber is null`.execute(trx)
    await trx.deleteFrom('bounces').where('address_key', '=', key).execute()
    await trx.deleteFrom('suppressions').where('key', '=', key).execute()
    await suppress(trx, erasedKey(secret, key), 'erased', now)
  }
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
  const numbers = sql`(select ${subscriber} union all select former from joined where subscriber = ${subscriber})`
  await sql`update deliveries set address = '', name = '', subscriber = null, reply = null
    where subscriber in ${numbers} and state not in ('queued', 'sending')`.execute(trx)
  await sql`update deliveries set address = '', name = '', subscriber = null, state = 'skipped', reply = 'erased',
      settled_at = ${time(now)}, claimed_by = null, claimed_until = null
    where subscriber in ${numbers}`.execute(trx)
}

/**
 * Keeps an address from being mailed. A bounce is dated by the last one, and gives way to every other reason: a
 * complaint is not to be lifted as a bounce may be.
 */
export async function suppress(
  trx: Writer,
  key: string,
  reason: Suppression['reason'],
  now: Date,
): Promise<void> {
  await trx
    .insertInto('suppressions')
    .values({ key, reason, at: time(now) })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet(({ ref }) => ({ reason: ref('excluded.reason'), at: ref('excluded.at') }))
        .where('suppressions.reason', '=', 'bounce'),
    )
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

/** All that stands against mailing an address, as it is compared; first what holds longer than a bounce. */
export async function suppressionsOf(db: Reader, addressKey: string, secret: string): Promise<Suppression[]> {
  return db
    .selectFrom('suppressions')
    .selectAll()
    .where('key', 'in', [addressKey, erasedKey(secret, addressKey)])
    .orderBy(sql`reason = 'bounce'`)
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
