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

export type Purpose = 'unsubscribe' | 'confirm'

const LETTERS: Record<Purpose, string> = { unsubscribe: 'u', confirm: 'c' }
const SHAPE = /^([a-z])([0-9a-z]{1,11})-([A-Za-z0-9_-]{22})$/

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
  const delivery = Number.parseInt(parts[2] as string, 36)
  // One way to write each number: a zero before it would make another token of the same delivery.
  if (!Number.isSafeInteger(delivery) || delivery.toString(36) !== parts[2]) return null
  const expected = Buffer.from(signature(secret, purpose, delivery))
  // In constant time, so that no stranger can find a signature letter by letter.
  return timingSafeEqual(expected, Buffer.from(parts[3] as string)) ? delivery : null
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
