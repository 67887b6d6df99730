/**
 * Tokens: the signed strings in links. A token names its purpose and the delivery it came in, and is a pure function
 * of them and the site's key: the same message always carries the same links, also after a restore, and nothing has
 * to be stored. It holds no address, so it may stand in a log or be forwarded without telling who it belongs to.
 *
 *     u2s-R0lZ9qW3xk2eJ5uYH1nP4A
 *     |||  128 bits of HMAC-SHA-256 over purpose and delivery
 *     ||the delivery's number in base 36
 *     |the purpose
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export type Purpose = 'unsubscribe' | 'preferences' | 'confirm' | 'undo' | 'move'

const LETTERS: Record<Purpose, string> = {
  unsubscribe: 'u',
  preferences: 'p',
  confirm: 'c',
  undo: 'b',
  move: 'm',
}
const SHAPE = /^([a-z])([0-9a-z]{1,11})-([A-Za-z0-9_-]{22})$/

/** A token of the link for leaving, anywhere in what somebody wrote, such as the subject of their mail. */
export const LEAVING_TOKEN = /(?<![\w-])u[0-9a-z]{1,11}-[A-Za-z0-9_-]{22}(?![\w-])/

/** The keys of a site's links: the first signs, and each opens what it has signed. */
export type LinkKeys = readonly [string, ...string[]]

export function makeToken(secret: string, purpose: Purpose, delivery: number): string {
  return `${LETTERS[purpose]}${delivery.toString(36)}-${signature(secret, purpose, delivery)}`
}

/**
 * The delivery that a token came in, or null for whatever is not a token of ours made for this purpose.
 *
 * @param token anything a stranger may send
 */
export function readToken(secret: string, purpose: Purpose, token: string): number | null {
  const parts = SHAPE.exec(token)
  if (!parts || parts[1] !== LETTERS[purpose]) return null
  const [, , written = '', given = ''] = parts
  return provenDelivery(written, 36, given, (delivery) => signature(secret, purpose, delivery))
}

/** As `readToken`, by whichever of the site's keys it was signed: a link outlives the change of a key. */
export function openToken(keys: LinkKeys, purpose: Purpose, token: string): number | null {
  for (const key of keys) {
    const delivery = readToken(key, purpose, token)
    if (delivery !== null) return delivery
  }
  return null
}

const BOUNCE_SIGNATURE = 20
const BOUNCE = new RegExp(`\\+b-([0-9a-v]{1,11})-([0-9a-v]{${BOUNCE_SIGNATURE}})@`)

/**
 * Where one delivery's bounce goes: the address of all bounces with a token in its local part, `bounces+b-2s-…@`, so
 * that what comes back names its delivery whatever a mail server wrote into it, and nobody can forge one that has
 * another person suppressed. RFC 5321, 2.4 has a local part keep its case, and not every server on the way does:
 * digits and lower-case letters alone. They are 35 at the most, of the 64 that a local part may have (4.5.3.1.1).
 */
export function makeBounceAddress(secret: string, bounces: string, delivery: number): string {
  const at = bounces.lastIndexOf('@')
  const token = `${delivery.toString(32)}-${bounceSignature(secret, delivery)}`
  return `${bounces.slice(0, at)}+b-${token}${bounces.slice(at)}`
}

/**
 * The delivery that an address was made for, or null for any other address.
 *
 * @param address as it came back, in any case
 */
export function readBounceAddress(secret: string, address: string): number | null {
  const parts = BOUNCE.exec(address.toLowerCase())
  if (!parts) return null
  const [, written = '', given = ''] = parts
  return provenDelivery(written, 32, given, (delivery) => bounceSignature(secret, delivery))
}

/** A Message-ID (without angle brackets) that is the same on every attempt and tells nobody who the recipient is. */
export function makeMessageId(
  secret: string,
  delivery: { id: number; kind: string; issue: number | null; subscriber: number | null },
  domain: string,
): string {
  // By issue and person where there are such: these survive a restored database, in which ids may be given again.
  const name =
    delivery.issue === null || delivery.kind !== 'issue'
      ? `${delivery.kind} ${delivery.id}`
      : `issue ${delivery.issue} subscriber ${delivery.subscriber}`
  const left = createHmac('sha256', secret).update(`message ${name}`).digest('hex').slice(0, 32)
  return `${left}@${domain}`
}

function signature(secret: string, purpose: Purpose, delivery: number): string {
  return createHmac('sha256', secret).update(`${purpose} ${delivery}`).digest('base64url').slice(0, 22)
}

// RFC 4648, 7: each letter of "base32hex" stands for five bits, so twenty are 100 bits of the signature.
function bounceSignature(secret: string, delivery: number): string {
  const digest = createHmac('sha256', secret).update(`bounce ${delivery}`).digest()
  return Array.from(digest.subarray(0, BOUNCE_SIGNATURE), (byte) => (byte & 31).toString(32)).join('')
}

/** The delivery of that number where its signature is the one given; both have the length that `sign` makes. */
function provenDelivery(
  written: string,
  radix: number,
  given: string,
  sign: (delivery: number) => string,
): number | null {
  const delivery = Number.parseInt(written, radix)
  // One way to write each number: a zero before it would make another token of the same delivery.
  if (!Number.isSafeInteger(delivery) || delivery.toString(radix) !== written) return null
  // In constant time, so that no stranger can find a signature letter by letter.
  return timingSafeEqual(Buffer.from(sign(delivery)), Buffer.from(given)) ? delivery : null
}
