/** What somebody has, as a condition on a row of `subscribers s`. What can be written for it: `subscribers/where.ts`. */
import { type RawBuilder, type SqlBool, sql } from 'kysely'

/** One thing that a person has, or (`not`) has not. The value is in the form that the tables keep. */
export type Term = {
  field: 'tag' | 'follows' | 'lang' | 'since' | 'rhythm' | 'status' | 'domain'
  value: string
  not: boolean
}

/** All of it is required; nothing at all is true of everybody. */
export type Where = readonly Term[]

/** True of a subscriber `s` who has all of it. Values are bound, never written into the statement. */
export function isMatched(where: Where = []): RawBuilder<SqlBool> {
  if (where.length === 0) return sql`true`
  const terms = where.map((term) => (term.not ? sql`not ${has(term)}` : has(term)))
  return sql`(${sql.join(terms, sql` and `)})`
}

// None of these is ever null, so "not" is true of all the others.
function has({ field, value }: Term): RawBuilder<SqlBool> {
  switch (field) {
    case 'tag':
      return isAmong(sql`s.tags`, value)
    case 'follows':
      return isAmong(sql`s.followed_tags`, value)
    case 'lang':
      return isInRange(sql`s.language`, sql`${value}`)
    case 'since':
      return sql`(coalesce(s.confirmed_at, s.created_at) >= ${value})`
    case 'rhythm':
      return sql`(s.rhythm = ${value})`
    case 'status':
      return sql`(s.status = ${value})`
    case 'domain':
      return sql`(substr(s.address_key, ${-value.length - 1}) = ${`@${value}`})`
  }
}

function isAmong(tags: RawBuilder<unknown>, tag: string): RawBuilder<SqlBool> {
  return sql`exists (select 1 from json_each(${tags}) t where folded(t.value) = folded(${tag}))`
}

/**
 * Whether a language is of a range: German of "de" and of "de-AT" is of "de". RFC 4647, 3.3.1: equal, or a prefix "such
 * that the first character following the prefix is "-"".
 */
export function isInRange(language: RawBuilder<unknown>, range: RawBuilder<unknown>): RawBuilder<SqlBool> {
  return sql`(substr(lower(${language}) || '-', 1, length(${range}) + 1) = lower(${range}) || '-')`
}
