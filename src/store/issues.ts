import { type Selectable, sql } from 'kysely'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import { FIRST_EDITION } from './owed.ts'
import type { Schema } from './schema.ts'

export type Issue = Selectable<Schema['issues']>
export type NewIssue = Pick<Issue, 'kind' | 'rhythm' | 'origin' | 'subject'> & {
  /** Keys of posts, in the order the mail shows them. */
  posts: number[]
  due: Date
}

/** A new issue: being sent when its time has come, planned before that. */
export async function insertIssue(trx: Writer, issue: NewIssue, now: Date): Promise<number> {
  const { posts, due, ...columns } = issue
  const { number } = await trx
    .insertInto('issues')
    .values({
      ...columns,
      state: due.getTime() <= now.getTime() ? 'sending' : 'planned',
      created_at: time(now),
      due_at: time(due),
      sent_at: null,
    })
    .returning('number')
    .executeTakeFirstOrThrow()
  const rows = posts.map((post, position) => ({ issue: number, post, edition: FIRST_EDITION, position }))
  await trx.insertInto('issue_posts').values(rows).execute()
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

export type IssueSummary = {
  number: number
  kind: Issue['kind']
  state: Issue['state']
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
  return issues.map(({ number, kind, state, subject }) => {
    const deliveries = { queued: 0, sending: 0, sent: 0, failed: 0, skipped: 0, unknown: 0 }
    for (const row of counts) if (row.issue === number) deliveries[row.state] = row.count
    const slugs = posts.filter((row) => row.issue === number).map((row) => row.slug)
    return { number, kind, state, subject, posts: slugs, deliveries }
  })
}
