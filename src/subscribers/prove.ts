/**
 * The proof of work: who asks has spent some of their computer's time on it. A person does not notice, and
 * whoever wants to type ten thousand addresses pays for each. It is altcha's, so that its widget can do the work too:
 *
 * 1. `makeChallenge` draws a number of guesses, and derives a key from it by PBKDF2. The challenge has one half of the
 *    key; the whole is in it only as a signature. All of it is signed, so nothing has to be kept.
 * 2. The reader's computer guesses 0, 1, 2, … until a key begins with that half. Now it knows the other half.
 * 3. `checkSolution` compares signatures, which costs us next to nothing, whatever a stranger sends.
 *
 * The number is drawn between two bounds, so that the work takes nobody ten times as long as another, as it would where
 * any key with enough zeros were good.
 */
import { createHmac, randomInt } from 'node:crypto'
import { createChallenge, verifySolution } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'
import { z } from 'zod'
import type { Solved } from '../store/solved.ts'

const ALGORITHM = 'PBKDF2/SHA-256'
/** Rounds of one guess. They are a millisecond of ours for each challenge that somebody fetches. */
const COST = 2_000
/**
 * How many guesses it takes: 0.3 s of one core of a desk computer, in the middle, and four times as much on a telephone
 * whose cores are a quarter as fast. Chromium derives one key after the other, however many workers ask.
 */
const GUESSES = { least: 150, most: 450 }
/** Long enough to look for one's glasses between the first field and the button. */
const GOOD_FOR_MS = 20 * 60_000

const hex = z.string().regex(/^[0-9a-f]{2,64}$/)
/** What a form sends, before anybody has looked at the signature. All else would be somebody's to fill. */
const Payload = z.strictObject({
  challenge: z.strictObject({
    parameters: z.strictObject({
      algorithm: z.literal(ALGORITHM),
      cost: z.int(),
      data: z.strictObject({ until: z.int() }),
      keyLength: z.int(),
      keyPrefix: hex,
      keySignature: hex,
      nonce: hex,
      salt: hex,
    }),
    signature: hex,
  }),
  solution: z.strictObject({ counter: z.int(), derivedKey: hex, time: z.number().optional() }),
})

/**
 * A challenge as JSON, in the form that altcha's widget asks for.
 *
 * @param secret the site's key
 */
export async function makeChallenge(secret: string, now: Date): Promise<object> {
  return createChallenge({
    algorithm: ALGORITHM,
    cost: COST,
    counter: randomInt(GUESSES.least, GUESSES.most),
    deriveKey,
    // Not altcha's own `expiresAt`: it is compared with the clock of this machine, where ours is an argument, and with
    // the reader's, which may be wrong, so that their widget would throw away each challenge as soon as it came.
    data: { until: now.getTime() + GOOD_FOR_MS },
    ...keysOf(secret),
  })
}

/**
 * What was solved, where this is the solution of a challenge of ours that is good still; whether it was used before is
 * for `spendSolution` to say. Null for anything else that a form may send, and nobody is told why: a person whose browser
 * runs no script, was asleep for an hour or went back a page has done nothing wrong, and a program is to learn nothing.
 * They are under tighter caps, that is all.
 *
 * @param text what stands in the form: JSON in base64
 */
export async function checkSolution(text: string, secret: string, now: Date): Promise<Solved | null> {
  if (text === '') return null
  const { data: payload } = Payload.safeParse(readJson(Buffer.from(text, 'base64').toString()))
  if (!payload) return null
  const { challenge, solution } = payload
  const { nonce, data } = challenge.parameters
  if (data.until <= now.getTime()) return null
  const { counter, derivedKey } = solution
  const { verified } = await verifySolution({
    challenge,
    solution: { counter, derivedKey },
    deriveKey,
    ...keysOf(secret),
  })
  return verified ? { challenge: nonce, until: new Date(data.until) } : null
}

/** Keys for this alone: who finds one out can forge no link and know nobody by their hash. */
function keysOf(secret: string): { hmacSignatureSecret: string; hmacKeySignatureSecret: string } {
  const key = (purpose: string) => createHmac('sha256', secret).update(purpose).digest('base64url')
  return {
    hmacSignatureSecret: key('work challenge'),
    hmacKeySignatureSecret: key('work solution'),
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
