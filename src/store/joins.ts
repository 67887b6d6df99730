/**
 * Two rows that turn out to be one person, who has proved to own both addresses. What one of them has got is theirs, so it
 * does not come again; what was on its way to both goes once.
 *
 * Of an issue a person has one delivery. Where both rows have one, the lesser keeps the number of the row that goes, and
 * `joined` says whose that is: its links have to work, above all the one for leaving.
 */
import { sql } from 'kysely'
import { time, type Writer } from './database.ts'
import type { DeliveryState } from './schema.ts'

const JOINED = 'it came to another address of theirs'

type Row = { id: number; issue: number; state: DeliveryState; subscriber: number }

/**
 * Makes one person of two. The one who stays keeps what they have chosen, and how far it was decided what comes to them.
 *
 * @param stays the number of the one who stays
 * @param goes the number of the other, whose row is gone then
 */
export async function joinSubscribers(trx: Writer, stays: number, goes: number, now: Date): Promise<void> {
  const { again, beside } = await compare(trx, stays, goes)
  await trx
    .updateTable('deliveries')
    .set({ state: 'skipped', reply: JOINED, settled_at: time(now), claimed_by: null, claimed_until: null })
    .where((by) =>
      by.or([
        by('id', 'in', again),
        // Asks or greets somebody who is a reader already.
        by.and([by('subscriber', '=', goes), by('kind', '<>', 'issue'), by('state', '=', 'queued')]),
      ]),
    )
    .execute()
  await trx.deleteFrom('delivery_posts').where('delivery', 'in', again).execute()
  // What the other never got is not theirs: it may still be owed.
  await sql`delete from delivery_posts where subscriber = ${goes}
    and delivery in (select id from deliveries where subscriber = ${goes} and state = 'skipped')`.execute(trx)
  await sql`update or replace delivery_posts set subscriber = ${stays} where subscriber = ${goes}`.execute(
    trx,
  )

  // In this order, since at no moment may two of one issue be one person's.
  await trx.updateTable('deliveries').set({ subscriber: null }).where('id', 'in', beside).execute()
  await trx.updateTable('deliveries').set({ subscriber: stays }).where('subscriber', '=', goes).execute()
  await trx.updateTable('deliveries').set({ subscriber: goes }).where('id', 'in', beside).execute()

  await trx.updateTable('consents').set({ subscriber: stays }).where('subscriber', '=', goes).execute()
  await trx.updateTable('joined').set({ subscriber: stays }).where('subscriber', '=', goes).execute()
  await trx.insertInto('joined').values({ former: goes, subscriber: stays }).execute()
  await trx.deleteFrom('subscribers').where('id', '=', goes).execute()
}

/**
 * Which deliveries of either would bring what the other has got or is about to get, and which stand beside another of the
 * same issue. One that has left counts before one that waits, and that before one that failed. A digest that holds one
 * post of those goes as a whole: a post that comes to nobody is less than one that comes twice, which is promised never to.
 */
async function compare(
  trx: Writer,
  stays: number,
  goes: number,
): Promise<{ again: number[]; beside: number[] }> {
  const posts = await trx
    .selectFrom('delivery_posts')
    .select(['post', 'edition', 'delivery'])
    .where('subscriber', 'in', [stays, goes])
    .execute()
  const postsOf = Map.groupBy(posts, ({ delivery }) => delivery)
  const rows = await trx
    .selectFrom('deliveries')
    .select(['id', 'issue', 'state', 'subscriber'])
    .where('subscriber', 'in', [stays, goes])
    .where('kind', '=', 'issue')
    .orderBy('id')
    .$narrowType<{ issue: number; subscriber: number }>()
    .execute()
  const isOthers = ({ subscriber }: Row) => Number(subscriber === goes)
  rows.sort((one, other) => rank(one) - rank(other) || isOthers(one) - isOthers(other))
  const had = new Set<string>()
  const ofIssue = new Map<number, Row>()
  const again: number[] = []
  const beside: number[] = []
  for (const row of rows) {
    const shown = (postsOf.get(row.id) ?? []).map(({ post, edition }) => `${post} ${edition}`)
    const twin = ofIssue.get(row.issue)
    const isOpen = row.state === 'queued' || row.state === 'failed'
    if (isOpen && (shown.some((each) => had.has(each)) || (twin && rank(twin) > 0))) {
      again.push(row.id)
      if (twin) beside.push(row.id)
      else ofIssue.set(row.issue, row)
      continue
    }
    if (row.state !== 'skipped') for (const each of shown) had.add(each)
    // What waits has to be found under the person's own number, or it would not go.
    if (twin && isOpen) beside.push(twin.id)
    else if (twin) beside.push(row.id)
    if (!twin || isOpen) ofIssue.set(row.issue, row)
  }
  return { again, beside }
}

function rank({ state }: Row): number {
  return { sending: 0, sent: 0, unknown: 0, queued: 1, failed: 2, skipped: 3 }[state]
}
