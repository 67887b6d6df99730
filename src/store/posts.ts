import { type Selectable, sql } from 'kysely'
import { type Reader, time, type Writer } from './database.ts'
import type { Schema } from './schema.ts'

/** What is known of a post, without its text. */
export type PostRow = Omit<Selectable<Schema['posts']>, 'source'>
export type NewPostRow = Omit<Selectable<Schema['posts']>, 'key' | 'first_seen_at' | 'old' | 'sequence'>

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
] as const

export async function readPostRows(db: Reader): Promise<PostRow[]> {
  return db.selectFrom('posts').select(COLUMNS).execute()
}

/** The text of a post as it was when it could last be read. */
export async function readPostSource(db: Reader, key: number): Promise<string> {
  const row = await db.selectFrom('posts').select('source').where('key', '=', key).executeTakeFirstOrThrow()
  return row.source
}

/** The posts that took their place in the order of mailing after `sequence`, in that order, and have a file still. */
export async function postsAfter(db: Reader, sequence: number): Promise<{ key: number }[]> {
  return db
    .selectFrom('posts')
    .select('key')
    .where('sequence', '>', sequence)
    .where('file', 'is not', null)
    .orderBy('sequence')
    .execute()
}

/** A post that was never seen before; `old` is for those that were there at the first round. */
export async function insertPost(trx: Writer, post: NewPostRow, old: boolean, now: Date): Promise<PostRow> {
  return trx
    .insertInto('posts')
    .values({ ...post, first_seen_at: time(now), old: old ? 1 : 0, sequence: null })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
}

export async function updatePost(trx: Writer, key: number, post: NewPostRow): Promise<void> {
  await trx.updateTable('posts').set(post).where('key', '=', key).execute()
}

/** Lets go of file names, so that others may take them: of posts whose files are gone, or have moved. */
export async function releaseFiles(trx: Writer, keys: number[]): Promise<void> {
  if (keys.length > 0) await trx.updateTable('posts').set({ file: null }).where('key', 'in', keys).execute()
}

/** Takes posts out of the order of mailing for good; the author may still send them by hand. */
export async function recordOld(trx: Writer, keys: number[]): Promise<void> {
  if (keys.length > 0) await trx.updateTable('posts').set({ old: 1 }).where('key', 'in', keys).execute()
}

/** Gives posts their places in the order of mailing, after all that have one. */
export async function assignSequence(trx: Writer, keys: number[]): Promise<void> {
  for (const key of keys) {
    await sql`update posts set sequence = (select coalesce(max(sequence), 0) + 1 from posts)
      where key = ${key} and sequence is null and old = 0`.execute(trx)
  }
}

/** The last place given in the order of mailing; 0 before the first. */
export async function lastSequence(db: Reader): Promise<number> {
  const row = await db
    .selectFrom('posts')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .executeTakeFirst()
  return row?.last ?? 0
}
