/** Everything that a list of another site needs, one row after the other in constant memory. */
import { sql } from 'kysely'
import type { Reader } from './database.ts'
import type { Subscriber, Suppression } from './subscribers.ts'
import { isMatched, type Where } from './where.ts'

/** A person, why they are not to be mailed, and their consents as a JSON list, the oldest first. */
export type Exported = Subscriber & {
  reason: Suppression['reason'] | null
  suppressed_at: string | null
  consents: string
}

/** All subscribers, or those of `where`, in the order in which they came. */
export async function* streamExported(db: Reader, where?: Where): AsyncGenerator<Exported> {
  yield* db
    .selectFrom('subscribers as s')
    .leftJoin('suppressions as x', 'x.key', 's.address_key')
    .selectAll('s')
    .select(['x.reason', 'x.at as suppressed_at'])
    .select(
      sql<string>`(select json_group_array(
        json_object('at', c.at, 'act', c.act, 'source', c.source, 'words', c.words) order by c.id)
        from consents c where c.subscriber = s.id)`.as('consents'),
    )
    .where(isMatched(where))
    .orderBy('s.id')
    .stream()
}

/** Addresses that are not to be mailed and are nobody's here, those of the erased left out: they are hashes. */
export async function* streamStrangersSuppressed(db: Reader): AsyncGenerator<Suppression> {
  yield* db
    .selectFrom('suppressions as x')
    .selectAll()
    .where('reason', '<>', 'erased')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('subscribers as s').select('s.id').whereRef('s.address_key', '=', 'x.key'))),
    )
    .orderBy('key')
    .stream()
}

/** How many were erased. */
export async function countErased(db: Reader): Promise<number> {
  const row = await db
    .selectFrom('suppressions')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('reason', '=', 'erased')
    .executeTakeFirstOrThrow()
  return row.count
}
