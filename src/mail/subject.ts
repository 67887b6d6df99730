/** A digest's subject as its author words it: one line of Liquid, from the configuration. */
import { basename } from 'node:path'
import { LiquidError } from 'liquidjs'
import { FaultsError } from '../errors.ts'
import { plain, shorten } from './frame.ts'
import { namesOwn } from './print-only.ts'
import { mistakeOf, openLiquid } from './template.ts'

/** An inbox shows some eighty characters; a loop over three hundred titles would make a header of many lines. */
const LONGEST = 250

/** What a subject may use. */
export type SubjectVariables = {
  site: { title: string }
  /** Such as "4 new posts". */
  title: string
  /** BCP 47: that of the words around the posts. */
  language: string
  /** `daily`, `weekly`, `monthly`; empty for posts that the author chose. */
  rhythm: string
  posts: { title: string; date: string; authors: string }[]
}

/**
 * Fills in the template of a digest's subject.
 *
 * @param variables `posts` in the order in which the digest shows them, at least one
 * @param file the configuration that it stands in, for those who have to mend it
 * @returns plain text on one line
 * @throws FaultsError for whatever it uses that is not there, and where nothing is left
 */
export function renderSubject(template: string, variables: SubjectVariables, file: string): string {
  const fault = (message: string) =>
    new FaultsError([{ file: basename(file), message: `"newsletter.digests.subject": ${message}` }])
  const own = namesOwn(template)
  if (own !== null)
    throw fault(`${own} is each reader’s own, and a subject is the same for all of them; take it out`)
  const filled = fillIn(template, variables)
  if ('mistake' in filled) throw fault(filled.mistake)
  // In a week with one post it would be found out too late that a subject counts on two.
  const alone = fillIn(template, { ...variables, posts: variables.posts.slice(0, 1) })
  if ('mistake' in alone) throw fault(`with one post alone: ${alone.mistake}`)
  return filled.subject
}

function fillIn(template: string, variables: SubjectVariables): { subject: string } | { mistake: string } {
  let said: string
  try {
    said = openLiquid({}, printed).parseAndRenderSync(template, {}, { globals: variables })
  } catch (error) {
    if (!LiquidError.is(error)) throw error
    return { mistake: mistakeOf(error, variables).replace(/\.(\d+)\b/g, '[$1]') }
  }
  const subject = shorten(plain(said.replace(/(?!\s)\p{Cc}/gu, '')), LONGEST)
  return subject.trim() === ''
    ? { mistake: 'nothing is left of it; write words that are there for every digest' }
    : { subject }
}

function printed(value: unknown): string {
  if (typeof value === 'object' && value !== null)
    throw new Error('this prints several things at once; name one of them, such as posts[0].title')
  return String(value ?? '')
}
