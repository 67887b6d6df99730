/**
 * What the columns of a list mean: of Posthorn's own export, and of what Mailchimp, Substack, Buttondown, Ghost,
 * listmonk, Beehiiv and Kit write. Nobody has to say whose file it is, since none of them contradict each other.
 *
 * Several columns of a file may say whether somebody wants mail. The one that says least counts: a Beehiiv row that is
 * `active` and has an `unsubscribed_at` is of somebody who left.
 */
import type { SubscriberStatus } from '../store/schema.ts'

/** The status of an address that is not to be mailed, and is nobody's of the list. */
export const SUPPRESSED = 'suppressed'

/** A column of which a file has one at most. */
export type Cell =
  | 'address'
  | 'name'
  | 'first name'
  | 'last name'
  | 'rhythm'
  | 'tags'
  | 'language'
  | 'time zone'
  | OwnCell

/** Those of Posthorn's own export alone. */
type OwnCell =
  | 'hour'
  | 'weekday'
  | 'paused until'
  | 'followed tags'
  | 'followed languages'
  | 'created'
  | 'asked'
  | 'confirmed'
  | 'unsubscribed'
  | 'suppressed'
  | 'suppressed since'
  | 'consents'

/**
 * A column that says whether somebody wants mail: `status` in a word, `state` in a word or else the region somebody
 * lives in, `wants` with a yes or no or a word, `left` with a no, a yes or the time.
 */
export type Sign = 'status' | 'state' | 'wants' | 'left'

/** A column of either sort, or of both; null for one that is not understood. */
export type Column = { cell: Cell } | { sign: Sign } | { cell: Cell; sign: Sign } | null

const CELLS: Record<Exclude<Cell, OwnCell>, string[]> = {
  address: ['address', 'email', 'emailaddress', 'subscriberemail'],
  name: ['name', 'fullname', 'subscribername'],
  'first name': ['firstname'],
  'last name': ['lastname'],
  rhythm: ['rhythm'],
  // Ghost's are labels.
  tags: ['tags', 'labels'],
  language: ['language'],
  'time zone': ['timezone'],
}

const SIGNS: Record<Sign, string[]> = {
  status: ['status', 'subscriberstatus', 'subscribertype'],
  state: ['state'],
  wants: ['subscribed', 'subscribedtoemails'],
  left: [
    // Ours, and Beehiiv's.
    'unsubscribed',
    'unsubscribedat',
    // Mailchimp's have no status: those who left, and those whose mail came back, are in files of their own.
    'unsubtime',
    'cleantime',
    // Substack's.
    'emaildisabled',
    // Buttondown's.
    'unsubscriptiondate',
    'undeliverabilitydate',
    // Kit's.
    'canceledat',
    'cancelledat',
  ],
}

// In a list of another program's these may mean anything, a yes or a day of any form. Our own is known by its evidence.
const OWN = new Map<string, Column>([
  ['hour', { cell: 'hour' }],
  ['weekday', { cell: 'weekday' }],
  ['pauseduntil', { cell: 'paused until' }],
  ['followedtags', { cell: 'followed tags' }],
  ['followedlanguages', { cell: 'followed languages' }],
  ['created', { cell: 'created' }],
  ['asked', { cell: 'asked' }],
  ['confirmed', { cell: 'confirmed' }],
  ['unsubscribed', { cell: 'unsubscribed', sign: 'left' }],
  ['suppressed', { cell: 'suppressed' }],
  ['suppressedsince', { cell: 'suppressed since' }],
  ['consents', { cell: 'consents' }],
])

const WORDS: Record<SubscriberStatus, string[]> = {
  confirmed: [
    'confirmed',
    // Mailchimp; Beehiiv and Kit; Kit, for who has not opened a mail for long; listmonk.
    ...['subscribed', 'active', 'cold', 'enabled'],
    // Buttondown. All of them are about payment, and are sent what is free.
    ...[
      'regular',
      'free',
      'paid',
      'premium',
      'trialed',
      'unpaid',
      'gifted',
      'churning',
      'churned',
      'paused',
      'pastdue',
    ],
  ],
  unconfirmed: [
    'unconfirmed',
    // Mailchimp and Beehiiv; Mailchimp, for a customer who never asked; Beehiiv; Buttondown.
    ...['pending', 'nonsubscribed', 'validating', 'needsattention', 'needsapproval', 'unactivated'],
  ],
  unsubscribed: [
    'unsubscribed',
    // Ours, of an address that nobody here has.
    SUPPRESSED,
    // Mailchimp.
    ...['cleaned', 'archived', 'deleted'],
    // Beehiiv, for who left; Kit, for who never confirmed. Neither is to be mailed.
    ...['inactive', 'invalid'],
    // Kit.
    ...['cancelled', 'canceled', 'bounced', 'complained'],
    // listmonk.
    ...['disabled', 'blocklisted', 'blacklisted'],
    // Buttondown.
    ...['removed', 'undeliverable', 'blocked', 'spammy', 'malformed'],
  ],
}

const COLUMNS = new Map<string, Column>([
  ...Object.entries(CELLS).flatMap(([cell, names]) =>
    names.map((name) => [name, { cell: cell as Cell }] as const),
  ),
  ...Object.entries(SIGNS).flatMap(([sign, names]) =>
    names.map((name) => [name, { sign: sign as Sign }] as const),
  ),
])

const STATUSES = new Map(
  Object.entries(WORDS).flatMap(([status, words]) =>
    words.map((word) => [word, status as SubscriberStatus] as const),
  ),
)

const LEAST_FIRST: SubscriberStatus[] = ['unsubscribed', 'unconfirmed', 'confirmed']

/** What each title of a header means. `Time Zone`, `time_zone` and `timezone` are one name. */
export function readTitles(titles: string[]): Column[] {
  const names = titles.map(letters)
  const isOwn = names.includes('consents')
  // Anything may have a type: of a Substack's it is who pays. Buttondown's says whether they are subscribed.
  const isButtondown = names.includes('creationdate') || names.includes('metadata')
  return names.map((name) => {
    if (isButtondown && name === 'type') return { sign: 'status' }
    return (isOwn ? OWN.get(name) : undefined) ?? COLUMNS.get(name) ?? null
  })
}

/** What nobody could see in the rows of such a file, and should know before they are mailed; null for nothing. */
export function cautionOf(titles: string[]): string | null {
  const names = titles.map(letters)
  const isListmonk = names.includes('uuid') && names.includes('attributes') && names.includes('status')
  return isListmonk
    ? 'an export of listmonk does not say who left a list or never confirmed: make it of those who are confirmed on the list'
    : null
}

/**
 * Whether somebody wants mail, by all the signs of a row; confirmed where none says anything.
 *
 * @returns the status, or the word that is not understood
 */
export function readSigns(signs: [Sign, string][]): { status: SubscriberStatus } | { word: string } {
  const said = new Set<SubscriberStatus>()
  for (const [sign, cell] of signs) {
    const word = letters(cell)
    const status = STATUSES.get(word)
    if (cell === '') continue
    if (sign === 'status' && !status) return { word: cell }
    if ((sign === 'status' || sign === 'state') && status) said.add(status)
    if (sign === 'wants') {
      const wanted = isNo(cell) ? 'unsubscribed' : isYes(cell) ? 'confirmed' : status
      if (!wanted) return { word: cell }
      said.add(wanted)
    }
    if (sign === 'left' && !isNo(cell)) said.add('unsubscribed')
  }
  return { status: LEAST_FIRST.find((status) => said.has(status)) ?? 'confirmed' }
}

function isNo(cell: string): boolean {
  return /^(false|no|n|f|0|null|none)$/i.test(cell)
}

function isYes(cell: string): boolean {
  return /^(true|yes|y|t|1)$/i.test(cell)
}

function letters(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}]/gu, '')
}
