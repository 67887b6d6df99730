/** Refusals that say something about an address: kept until they say enough to stop writing to it. */
import { type Reader, time, type Writer } from './database.ts'
import type { Schema } from './schema.ts'

export type BounceKind = Schema['bounces']['kind']
export type Bounce = { kind: BounceKind; issue: number | null; at: Date }

export async function insertBounce(
  trx: Writer,
  addressKey: string,
  bounce: Bounce & { reply: string },
): Promise<void> {
  const { kind, issue, at, reply } = bounce
  await trx
    .insertInto('bounces')
    .values({ address_key: addressKey, kind, issue, at: time(at), reply })
    .execute()
}

/** The refusals of one kind since a moment, oldest first. */
export async function bouncesSince(
  db: Reader,
  addressKey: string,
  kind: BounceKind,
  since: Date | null,
): Promise<Bounce[]> {
  let query = db
    .selectFrom('bounces')
    .select(['kind', 'issue', 'at'])
    .where('address_key', '=', addressKey)
    .where('kind', '=', kind)
  if (since) query = query.where('at', '>', time(since))
  const rows = await query.orderBy('at').execute()
  return rows.map((row) => ({ ...row, at: new Date(row.at) }))
}

/** All refusals that are kept of an address, as they are told to its owner; oldest first. */
export async function bouncesOf(db: Reader, addressKey: string) {
  return db
    .selectFrom('bounces')
    .select(['kind', 'issue', 'at', 'reply'])
    .where('address_key', '=', addressKey)
    .orderBy('id')
    .execute()
}
