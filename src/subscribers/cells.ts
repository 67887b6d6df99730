/**
 * What may stand in a cell of a list. Each check takes a cell as it is in the file, trimmed, and gives its value, or
 * what is wrong with it in words that complete "…; ".
 */
import { z } from 'zod'
import { isLanguage, isTimeZone, WEEKDAYS } from '../config-schema.ts'
import type { SubscriberRhythm } from '../store/schema.ts'
import type { Consent, Suppression } from '../store/subscribers.ts'
import { RHYTHMS } from './preferences.ts'

type Checked<Value> = { value: Value } | { fault: string }

// As records, so that the compiler asks for one that is new.
const ACTS: Record<Consent['act'], true> = {
  asked: true,
  confirmed: true,
  imported: true,
  added: true,
  unsubscribed: true,
  returned: true,
  moved: true,
  allowed: true,
}
// Not "erased": what stands for such a person is a hash under the site's own key.
const REASONS: Record<Exclude<Suppression['reason'], 'erased'>, true> = {
  bounce: true,
  complaint: true,
  author: true,
}

export function checkRhythm(cell: string, own: SubscriberRhythm): Checked<SubscriberRhythm> {
  if (cell === '') return { value: own }
  const value = RHYTHMS.find((rhythm) => rhythm === cell.toLowerCase())
  return value ? { value } : { fault: `there are ${RHYTHMS.join(', ')}` }
}

/** Several values in one cell, as `writeList` and other programs write them. */
export function readList(cell: string): Checked<string[]> {
  if (/\p{Cc}/u.test(cell)) return { fault: 'it holds a line break or another control character' }
  // Mailchimp puts each of several into quotes of their own.
  const values = (cell.match(/\s*"(?:[^"]|"")*"\s*(?=[;,]|$)|[^;,]+/g) ?? []).map((written) => {
    const value = written.trim()
    return /^"(?:[^"]|"")*"$/.test(value) ? value.slice(1, -1).replaceAll('""', '"').trim() : value
  })
  return { value: [...new Set(values.filter((value) => value !== ''))] }
}

/** Values as one cell, parted by semicolons. */
export function writeList(values: string[]): string {
  return values.map((value) => (/[;,"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(';')
}

export function checkLanguages(cell: string): Checked<string[]> {
  const list = readList(cell)
  if ('value' in list && !list.value.every(isLanguage)) return { fault: LANGUAGE }
  return list
}

const LANGUAGE = 'write a language tag such as "en" or "pt-BR"'

export function checkLanguage(cell: string): Checked<string> {
  return isLanguage(cell) ? { value: Intl.getCanonicalLocales(cell)[0] as string } : { fault: LANGUAGE }
}

/** @param known zones that were found good: asking takes as long as all the rest of a row, and a list has few */
export function checkTimeZone(cell: string, known: Set<string>): Checked<string> {
  if (known.has(cell)) return { value: cell }
  if (!isTimeZone(cell)) return { fault: 'write a time zone such as "Europe/Berlin" or "UTC"' }
  known.add(cell)
  return { value: cell }
}

export function checkHour(cell: string): Checked<string | null> {
  if (cell === '') return { value: null }
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(cell) ? { value: cell } : { fault: 'write it as 08:00' }
}

export function checkWeekday(cell: string): Checked<string | null> {
  if (cell === '') return { value: null }
  return WEEKDAYS.includes(cell) ? { value: cell } : { fault: `there are ${WEEKDAYS.join(', ')}` }
}

const TIME = z.iso.datetime({ offset: true })

/** A time of RFC 3339, brought to the form that the tables keep; null for none. */
export function checkTime(cell: string): Checked<string | null> {
  if (cell === '') return { value: null }
  const fault = 'write a time such as 2026-11-22T12:44:00Z'
  if (!TIME.safeParse(cell).success) return { fault }
  const value = new Date(cell).toISOString()
  // Years outside of 0 to 9999 have a sign, and would not compare as text.
  return value.length === 24 ? { value } : { fault }
}

export function checkReason(cell: string): Checked<keyof typeof REASONS | null> {
  if (cell === '') return { value: null }
  const reasons = Object.keys(REASONS) as (keyof typeof REASONS)[]
  const value = reasons.find((reason) => reason === cell)
  return value ? { value } : { fault: `there are ${reasons.join(', ')}` }
}

// They are shown on terminals, where a control character may do anything.
const evidence = z.string('is no text').regex(/^[^\p{Cc}]*$/u, 'holds a control character')
const CONSENTS = z.array(
  z.strictObject(
    {
      at: z.string('is no time').transform((cell, context) => {
        const time = checkTime(cell)
        if ('value' in time && time.value !== null) return time.value
        context.addIssue('is no time such as 2026-11-22T12:44:00Z')
        return z.NEVER
      }),
      act: z.enum(Object.keys(ACTS) as Consent['act'][], `is none of ${Object.keys(ACTS).join(', ')}`),
      source: evidence,
      words: evidence,
    },
    'is not { "at", "act", "source", "words" }',
  ),
  'is no list',
)

/** What somebody agreed to, as JSON: `[{"at", "act", "source", "words"}]`, the oldest first; none where it is empty. */
export function checkConsents(cell: string): Checked<Consent[]> {
  if (cell === '') return { value: [] }
  let json: unknown
  try {
    json = JSON.parse(cell)
  } catch {
    return { fault: 'this is not JSON; leave the column as it was exported' }
  }
  const checked = CONSENTS.safeParse(json)
  if (checked.success) return { value: checked.data }
  const [first] = checked.error.issues
  const place = (first?.path ?? []).join('.')
  return { fault: `${place ? `"${place}" ` : 'it '}${first?.message}; leave the column as it was exported` }
}
