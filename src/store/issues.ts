import { type Selectable, sql } from 'kysely'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import type { Schema } from './schema.ts'

export type Issue = Selectable<Schema['issues']>
export type NewIssue = Pick<Issue, 'kind' | 'rhythm' | 'origin' | 'subject'> & {
  /** Keys of posts, in the order the mail shows them. */
  posts: number[]
  due: Date
  /** Why it waits for the author's release; null where it goes by itself. */
  hold: string | null
}

/** A new issue: being sent when its time has come, planned before that. */
export async function insertIssue(trx: Writer, issue: NewIssue, now: Date): Promise<number> {
  const { posts, due, hold, ...columns } = issue
  const { number } = await trx
    .insertInto('issues')
    .values({
      ...columns,
      state: hold !== null ? 'held' : due.getTime() <= now.getTime() ? 'sending' : 'planned',
      note: hold,
      created_at: time(now),
      due_at: time(due),
      sent_at: null,
    })
    .returning('number')
    .executeTakeFirstOrThrow()
  for (const [position, post] of posts.entries()) {
    await sql`insert into issue_posts (issue, post, edition, position)
      select ${number}, key, edition, ${position} from posts where key = ${post}`.execute(trx)
  }
  return number
}

/** Starts the planned issues whose time has come. */
export async function openIssues(db: Database, now: Date): Promise<void> {
  const due = await db
    .selectFrom('issues')
    .select('number')
    .where('state', '=', 'planned')
    .where('due_at', '<=', time(now))
    .execute()
  if (due.length === 0) return
  await write(db, (trx) =>
    trx
      .updateTable('issues')
      .set({ state: 'sending' })
      .where('state', '=', 'planned')
      .where('due_at', '<=', time(now))
      .execute(),
  )
}

/** An issue is sent once none of its deliveries is queued or in hand. What is `unknown` then is shown beside it. */
export async function finishIssues(db: Database, now: Date): Promise<void> {
  const open = await db.selectFrom('issues').select('number').where('state', '=', 'sending').execute()
  if (open.length === 0) return
  await write(db, (trx) =>
    trx
      .updateTable('issues')
      .set({ state: 'sent', sent_at: time(now) })
      .where('state', '=', 'sending')
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('deliveries')
              .select('id')
              .whereRef('deliveries.issue', '=', 'issues.number')
              .where('deliveries.state', 'in', ['queued', 'sending']),
          ),
        ),
      )
      .execute(),
  )
}

export async function readIssue(db: Reader, number: number): Promise<Issue | undefined> {
  return db.selectFrom('issues').selectAll().where('number', '=', number).executeTakeFirst()
}

/** The posts of an issue, by key, in the order shown. */
export async function postsOf(db: Reader, number: number): Promise<number[]> {
  const rows = await db
    .selectFrom('issue_posts')
    .select('post')
    .where('issue', '=', number)
    .orderBy('position')
    .execute()
  return rows.map((row) => row.post)
}

export type IssueSummary = {
  number: number
  kind: Issue['kind']
  state: Issue['state']
  note: string | null
  subject: string
  posts: string[]
  deliveries: Record<Schema['deliveries']['state'], number>
}

/** Issues as a person wants to see them, the newest first. */
export async function summariseIssues(db: Reader, limit: number): Promise<IssueSummary[]> {
  const issues = await db.selectFrom('issues').selectAll().orderBy('number', 'desc').limit(limit).execute()
  if (issues.length === 0) return []
  const numbers = issues.map((issue) => issue.number)
  const posts = await db
    .selectFrom('issue_posts')
    .innerJoin('posts', 'posts.key', 'issue_posts.post')
    .select(['issue', 'slug'])
    .where('issue', 'in', numbers)
    .orderBy('position')
    .execute()
  const counts = await db
    .selectFrom('deliveries')
    .select(['issue', 'state', sql<number>`count(*)`.as('count')])
    .where('issue', 'in', numbers)
    .where('kind', '=', 'issue')
    .groupBy(['issue', 'state'])
    .execute()
  return issues.map(({ number, kind, state, note, subject }) => {
    const deliveries = { queued: 0, sending: 0, sent: 0, failed: 0, skipped: 0, unknown: 0 }
    for (const row of counts) if (row.issue === number) deliveries[row.state] = row.count
    const slugs = posts.filter((row) => row.issue === number).map((row) => row.slug)
    return { number, kind, state, note, subject, posts: slugs, deliveries }
  })
}

/** Stops an issue that is being sent, and says why. */
export async function pauseIssue(trx: Writer, number: number, note: string | null): Promise<boolean> {
  return moveIssue(trx, number, ['planned', 'sending'], 'paused', note)
}

/** Gives an issue that was rendered anew the subject that it has now. */
export async function renameIssue(trx: Writer, number: number, subject: string): Promise<void> {
  await trx.updateTable('issues').set({ subject }).where('number', '=', number).execute()
}

/** Moves an issue from one of some states to another; false where it is in none of them. */
export async function moveIssue(
  trx: Writer,
  number: number,
  from: Issue['state'][],
  to: Issue['state'],
  note: string | null,
): Promise<boolean> {
  const result = await trx
    .updateTable('issues')
    .set({ state: to, note })
    .where('number', '=', number)
    .where('state', 'in', from)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
