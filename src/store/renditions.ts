import type { Selectable } from 'kysely'
import type { Reader, Writer } from './database.ts'
import type { Schema } from './schema.ts'

export type Rendition = Selectable<Schema['renditions']>
export type NewRendition = Pick<
  Rendition,
  'kind' | 'posts' | 'language' | 'subject' | 'html' | 'text' | 'created_at'
>

export async function insertRendition(
  trx: Writer,
  issue: number | null,
  rendition: NewRendition,
): Promise<number> {
  const row = await trx
    .insertInto('renditions')
    .values({ issue, ...rendition })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

export async function readRendition(db: Reader, id: number): Promise<Rendition> {
  return db.selectFrom('renditions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

/** The renditions of an issue in the order they were made: the one for most people first. */
export async function renditionsOf(db: Reader, issue: number): Promise<Rendition[]> {
  return db.selectFrom('renditions').selectAll().where('issue', '=', issue).orderBy('id').execute()
}

/** A rendition outside of issues that says exactly this, if one was kept: the same confirmation serves everybody. */
export async function sameRendition(db: Reader, wanted: NewRendition): Promise<number | null> {
  const row = await db
    .selectFrom('renditions')
    .select('id')
    .where('issue', 'is', null)
    .where('kind', '=', wanted.kind)
    .where('language', '=', wanted.language)
    .where('subject', '=', wanted.subject)
    .where('html', '=', wanted.html)
    .where('text', '=', wanted.text)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  return row?.id ?? null
}

/** Puts what was rendered anew in the place of what nobody has been sent yet. */
export async function replaceRendition(
  trx: Writer,
  id: number,
  rendition: Pick<Rendition, 'subject' | 'html' | 'text'>,
): Promise<void> {
  const { subject, html, text } = rendition
  await trx.updateTable('renditions').set({ subject, html, text }).where('id', '=', id).execute()
}
