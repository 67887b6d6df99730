/**
 * Conditional requests (RFC 9110, 13): "I have this version, is there another?" Readers poll by them all day, and
 * nearly every answer is a 304.
 *
 * A version has one name, and each encoding of it a tag of its own, `"name"`, `"name-gz"`, `"name-br"`: "a strong
 * entity tag for a content-encoded representation has to be distinct from the entity tag of an unencoded
 * representation" (8.8.3.3). A reader may ask with any of them, and as they came out of a proxy: weak, or with the
 * ending that it has put there.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Encoding } from './encoding.ts'

/** A version as requests name it. */
export type Validators = {
  version: string
  /** Its tag in the encoding that would be sent. */
  tag: string
  /** In milliseconds, of a whole second; null while that second lies ahead. */
  modified: number | null
}

/** `unchanged` is a 304, `refused` a 412. */
export type Verdict = 'send' | 'unchanged' | 'refused'

const ENDINGS: Record<Encoding, string> = { identity: '', gzip: '-gz', br: '-br' }

/** The strong tag of a version in an encoding. */
export function tagOf(version: string, encoding: Encoding): string {
  return `"${version}${ENDINGS[encoding]}"`
}

/** In the order of RFC 9110, 13.2.2. Only for GET and HEAD of what is there. */
export function judge(headers: IncomingHttpHeaders, found: Validators, now: () => Date): Verdict {
  const match = headers['if-match']
  if (match !== undefined) {
    // "An origin server MUST use the strong comparison function when comparing entity tags for If-Match" (13.1.1).
    if (match.trim() !== '*' && !versionsIn(match, 'strong').includes(found.version)) return 'refused'
  } else if (headers['if-unmodified-since'] !== undefined) {
    const since = readDate(headers['if-unmodified-since'], now)
    if (since !== null && found.modified !== null && found.modified > since) return 'refused'
  }
  // "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match header field" (13.1.3).
  const none = headers['if-none-match']
  // Nearly always it is the very tag that they were given.
  if (none === found.tag) return 'unchanged'
  if (none !== undefined)
    return none.trim() === '*' || versionsIn(none).includes(found.version) ? 'unchanged' : 'send'
  const since = headers['if-modified-since']
  if (since === undefined || found.modified === null) return 'send'
  // "A recipient MUST ignore the If-Modified-Since header field if the received field value is not a valid HTTP-date".
  const date = readDate(since, now)
  return date !== null && found.modified <= date ? 'unchanged' : 'send'
}

/** Whether a request says which version it has. */
export function isConditional(headers: IncomingHttpHeaders): boolean {
  return headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined
}

// `etagc` of 8.8.3, which has no escapes: a quotation mark ends a tag.
const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g

/** The versions whose tags are listed, without what an encoding, ours or Apache's, has put behind them. */
export function versionsIn(list: string, comparison: 'weak' | 'strong' = 'weak'): string[] {
  return Array.from(list.matchAll(TAG))
    .filter(([, weak]) => comparison === 'weak' || weak === undefined)
    .map(([, , opaque = '']) => opaque.replace(/[-;](?:gz|br|gzip)$/, ''))
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)'
const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^\\w{3}, (?<day>\\d\\d) (?<month>\\w{3}) (?<year>\\d{4}) (?<time>${TIME}) GMT$`),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^\\w{6,9}, (?<day>\\d\\d)-(?<month>\\w{3})-(?<year>\\d\\d) (?<time>${TIME}) GMT$`),
  // Sun Nov  6 08:49:37 1994
  new RegExp(`^\\w{3} (?<month>\\w{3}) (?<day>[ \\d]\\d) (?<time>${TIME}) (?<year>\\d{4})$`),
]

/** A date in one of the three forms of 5.6.7, in milliseconds; null for anything else. */
export function readDate(written: string, now: () => Date): number | null {
  for (const form of FORMS) {
    const groups = form.exec(written.trim())?.groups
    if (groups === undefined) continue
    const { day = '', month = '', year = '', time = '' } = groups
    const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
    const place = MONTHS.indexOf(month)
    if (place < 0 || hours > 23 || minutes > 59 || seconds > 60) return null
    const whole = year.length === 2 ? nearestYear(Number(year), now().getUTCFullYear()) : Number(year)
    const date = Date.UTC(whole, place, Number(day), hours, minutes, seconds)
    return new Date(date).getUTCMonth() === place || seconds === 60 ? date : null
  }
  return null
}

// "Recipients of a timestamp value in rfc850-date format, which uses a two-digit year, MUST interpret a timestamp that
// appears to be more than 50 years in the future as representing the most recent year in the past that had the same
// last two digits."
function nearestYear(digits: number, thisYear: number): number {
  const year = thisYear - (thisYear % 100) + digits
  return year > thisYear + 50 ? year - 100 : year
}
