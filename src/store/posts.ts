import { type Selectable, sql } from 'kysely'
import { type Reader, time, type Writer } from './database.ts'
import type { Schema } from './schema.ts'

/** What is known of a post, without its text. */
export type PostRow = Omit<Selectable<Schema['posts']>, 'source'>
export type NewPostRow = Omit<
  Selectable<Schema['posts']>,
  'key' | 'first_seen_at' | 'old' | 'sequence' | 'edition' | 'doubt' | 'gone_at'
>

const COLUMNS = [
  'key',
  'id',
  'file',
  'slug',
  'title',
  'date',
  'hash',
  'modified_at',
  'first_seen_at',
  'old',
  'sequence',
  'edition',
  'doubt',
  'gone_at',
  'tags',
  'language',
] as const

export async function readPostRows(db: Reader): Promise<PostRow[]> {
  return db.selectFrom('posts').select(COLUMNS).execute()
}

/** Some of them, in any order. */
export async function readSomePostRows(db: Reader, keys: number[]): Promise<PostRow[]> {
  return db.selectFrom('posts').select(COLUMNS).where('key', 'in', keys).execute()
}

/** The newest that have a file and a date that has come, drafts and what is hidden among them. */
export async function newestPostRows(db: Reader, now: Date, limit: number): Promise<PostRow[]> {
  return db
    .selectFrom('posts')
    .select(COLUMNS)
    .where('file', 'is not', null)
    .where('date', '<=', time(now))
    .orderBy('date', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** How often each tag and each language is used, as it is spelt, by posts that are out and may be mailed. */
export async function countTopics(db: Reader, now: Date): Promise<{ tags: Used[]; languages: Used[] }> {
  const isOut = sql`p.language is not null and p.file is not null and p.date <= ${time(now)}`
  const { rows: tags } = await sql<Used>`
    select t.value as name, count(*) as posts from posts p, json_each(p.tags) t where ${isOut} group by t.value`.execute(
    db,
  )
  const { rows: languages } = await sql<Used>`
    select p.language as name, count(*) as posts from posts p where ${isOut} group by p.language`.execute(db)
  return { tags, languages }
}

export type Used = { name: string; posts: number }

/** The text of a post as it was when it could last be read. */
export async function readPostSource(db: Reader, key: number): Promise<string> {
  const row = await db.selectFrom('posts').select('source').where('key', '=', key).executeTakeFirstOrThrow()
  return row.source
}

/**
 * The posts that took their place in the order of mailing after `sequence`, in that order, and have a file.
 *
 * @param goneAfter or had one until then
 */
export async function postsAfter(db: Reader, sequence: number, goneAfter: Date): Promise<{ key: number }[]> {
  return db
    .selectFrom('posts')
    .select('key')
    .where('sequence', '>', sequence)
    .where((by) => by.or([by('file', 'is not', null), by('gone_at', '>', time(goneAfter))]))
    .orderBy('sequence')
    .execute()
}

/**
 * A post that was never seen before: `old` is one that was there at the first round, `doubt` is why the schedule
 * should not mail it without a look by the author.
 */
export type NewPost = NewPostRow & { old: boolean; doubt: string | null; edition: number }

/** How many posts one statement inserts: with more, it takes longer to prepare than to run. */
const BATCH = 50

/** @returns the rows, in any order */
export async function insertPosts(trx: Writer, posts: NewPost[], now: Date): Promise<PostRow[]> {
  const rows: PostRow[] = []
  for (let first = 0; first < posts.length; first += BATCH) {
    const values = posts
      .slice(first, first + BATCH)
      .map((post) => ({ ...post, old: post.old ? 1 : 0, first_seen_at: time(now), sequence: null }))
    rows.push(...(await trx.insertInto('posts').values(values).returning(COLUMNS).execute()))
  }
  return rows
}

export async function updatePost(trx: Writer, key: number, post: NewPostRow): Promise<void> {
  await trx
    .updateTable('posts')
    .set({ ...post, gone_at: null })
    .where('key', '=', key)
    .execute()
}

/** Lets go of file names, so that others may take them: of posts whose files are gone, or have moved. */
export async function releaseFiles(trx: Writer, keys: number[], now: Date): Promise<void> {
  if (keys.length === 0) return
  await trx
    .updateTable('posts')
    .set({ file: null, gone_at: time(now) })
    .where('key', 'in', keys)
    .execute()
}

/** A post that is ready to be mailed: which mailing of it this is, and what is odd about it. */
export type ReadyPost = { key: number; edition: number; doubt: string | null }

/** Gives posts their places in the order of mailing, after all that have one; a repeated post gets a new one. */
export async function assignSequence(trx: Writer, posts: ReadyPost[]): Promise<void> {
  for (const { key, edition, doubt } of posts) {
    await sql`
      update posts set
        sequence = (select coalesce(max(sequence), 0) + 1 from posts),
        old = 0,
        edition = ${edition},
        doubt = case when doubt is null then ${doubt} when ${doubt} is null then doubt else doubt || '; ' || ${doubt} end
      where key = ${key} and ((sequence is null and old = 0) or edition < ${edition})`.execute(trx)
  }
}

/** Why posts should not be mailed without a look, by key; those about which nothing is odd are left out. */
export async function readDoubts(db: Reader, keys: number[]): Promise<Map<number, string>> {
  if (keys.length === 0) return new Map()
  const rows = await db
    .selectFrom('posts')
    .select(['key', 'doubt'])
    .where('key', 'in', keys)
    .where('doubt', 'is not', null)
    .execute()
  return new Map(rows.map((row) => [row.key, row.doubt as string]))
}

/** The author has looked: these posts are as good as any. */
export async function clearDoubts(trx: Writer, keys: number[]): Promise<void> {
  if (keys.length > 0) await trx.updateTable('posts').set({ doubt: null }).where('key', 'in', keys).execute()
}

/** The last place given in the order of mailing; 0 before the first. */
export async function lastSequence(db: Reader): Promise<number> {
  const row = await db
    .selectFrom('posts')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .executeTakeFirst()
  return row?.last ?? 0
}
