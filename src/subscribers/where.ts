/**
 * `--where`: a filter on what a subscriber has, such as `tag:release lang:de -domain:example.org`. Terms are parted by
 * spaces and all of them are required; a "-" in front turns one around; a value with spaces stands in quotes.
 */
import { checkAddress } from '../address.ts'
import { isLanguage } from '../config-schema.ts'
import { UserError } from '../errors.ts'
import { readDate } from '../posts/date.ts'
import { time } from '../store/database.ts'
import type { SubscriberStatus } from '../store/schema.ts'
import type { Term, Where } from '../store/where.ts'
import { RHYTHMS } from './preferences.ts'

const STATUSES: readonly SubscriberStatus[] = ['unconfirmed', 'confirmed', 'unsubscribed']

// SQLite takes a condition of a thousand, and nobody reads one of a hundred.
const MOST_TERMS = 100

/** The value as the tables keep it, or what is wrong with it, in words that follow the term. */
type Read = (value: string, timeZone: string) => { value: string } | { fault: string }

const FIELDS: Record<Term['field'], Read> = {
  tag: (value) => (value === '' ? { fault: 'names no tag; write one such as tag:release' } : { value }),
  follows: (value) =>
    value === '' ? { fault: 'names no tag; write one such as follows:release' } : { value },
  lang: (value) =>
    // Five to eight letters are a language by BCP 47, and it has none: "german" would be nobody's.
    /^[a-z]{2,3}(-|$)/i.test(value) && isLanguage(value)
      ? { value: Intl.getCanonicalLocales(value)[0] as string }
      : { fault: 'names no language; write a tag such as lang:de or lang:pt-BR' },
  since(value, timeZone) {
    const day = /^\d{4}-\d{1,2}-\d{1,2}$/.test(value) ? readDate(value, timeZone) : 'unreadable'
    if (day instanceof Date) return { value: time(day) }
    const what = day === 'impossible' ? 'names a day that does not exist' : 'names no day'
    return { fault: `${what}; write it as since:2026-01-31` }
  },
  rhythm: (value) => oneOf(RHYTHMS, 'rhythm', value),
  domain(value) {
    const found = checkAddress(`a@${value}`)
    return 'fault' in found
      ? { fault: 'names no domain; write what follows the "@", such as domain:example.org' }
      : { value: found.key.slice(2) }
  },
  status: (value) => oneOf(STATUSES, 'status', value),
}

/**
 * Reads what was given with `--where`.
 *
 * @param given as typed, once for each time that the option was; undefined where it was not
 * @param of whom it chooses from: everybody on the list, or those who are mailed, whose status is no question
 * @param timeZone of the site, in which days begin
 * @throws UserError with all that is wrong with it
 */
export function readWhere(
  given: readonly string[] | undefined,
  of: 'everybody' | 'recipients',
  timeZone: string,
): Where {
  if (given === undefined) return []
  const faults: string[] = []
  const terms: Term[] = []
  for (const text of given) {
    const words = wordsOf(text)
    // An empty variable in a script must not turn "some" into "all".
    if (words.length === 0) faults.push('it is empty; leave it out for everybody')
    for (const word of words) {
      const term = readTerm(word, of, timeZone)
      if ('fault' in term) faults.push(term.fault)
      else terms.push(term)
    }
  }
  if (terms.length > MOST_TERMS)
    faults.push(`it has ${terms.length} terms, and ${MOST_TERMS} are possible; choose by something shorter`)
  if (faults.length === 0) return terms
  throw new UserError(faults.map((fault) => `--where: ${fault}`).join('\n'), {
    hint: `write it as --where 'tag:release lang:de since:2026-01-31 -tag:"big news"'`,
  })
}

/** A quote opens where a value begins, so tag:rock'n'roll needs none. One that is not closed reaches to the end. */
function wordsOf(text: string): string[] {
  return text.match(/[^\s:"']+:(?:"[^"]*(?:"|$)|'[^']*(?:'|$))|\S+/g) ?? []
}

function readTerm(word: string, of: 'everybody' | 'recipients', timeZone: string): Term | { fault: string } {
  const possible = Object.keys(FIELDS).filter((field) => field !== 'status' || of === 'everybody')
  const parts = /^(?<minus>-?)(?<name>[^:]*):(?<written>.*)$/s.exec(word)?.groups
  if (!parts) return { fault: `${shown(word)} is no term; write FIELD:VALUE, where FIELD is ${or(possible)}` }
  const { minus, name = '', written = '' } = parts
  const field = name.toLowerCase()
  if (!isField(field)) return { fault: `${shown(word)} asks for "${name}"; there are ${or(possible)}` }
  if (!possible.includes(field))
    return { fault: `${shown(word)} is for lists alone: only confirmed readers are mailed; leave it out` }
  const value = unquoted(written)
  if (value === null) return { fault: `${shown(word)} has a quote that is not closed; close it` }
  const read = FIELDS[field](value.trim(), timeZone)
  return 'fault' in read
    ? { fault: `${shown(word)} ${read.fault}` }
    : { field, value: read.value, not: minus === '-' }
}

function isField(name: string): name is Term['field'] {
  return Object.hasOwn(FIELDS, name)
}

function unquoted(written: string): string | null {
  const [quote] = written
  if (quote !== '"' && quote !== "'") return written
  return written.length > 1 && written.endsWith(quote) ? written.slice(1, -1) : null
}

function oneOf(words: readonly string[], field: string, written: string) {
  const value = words.find((word) => word === written.toLowerCase())
  return value ? { value } : { fault: `names no ${field}; there are ${or(words)}` }
}

function or(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** As it was typed, on one line, and not longer than that. */
function shown(word: string): string {
  const line = word.replaceAll(/[\s\p{Cc}]+/gu, ' ')
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}
