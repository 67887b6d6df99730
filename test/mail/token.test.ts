import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkAddress } from '../../src/address.ts'
import { BOUNCES_LOCAL_PART } from '../../src/config-schema.ts'
import {
  makeBounceAddress,
  makeMessageId,
  makeToken,
  openToken,
  type Purpose,
  readBounceAddress,
  readToken,
} from '../../src/mail/token.ts'

const SECRET = 'a key for tests'
const purposes = fc.constantFrom<Purpose[]>('unsubscribe', 'preferences', 'confirm', 'undo', 'move')
const ids = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })

test('a token is read back as the delivery it came in', () => {
  fc.assert(
    fc.property(purposes, ids, (purpose, id) => {
      const token = makeToken(SECRET, purpose, id)
      expect(readToken(SECRET, purpose, token)).toBe(id)
      expect(makeToken(SECRET, purpose, id)).toBe(token)
      expect(token).toMatch(/^[a-z][0-9a-z]+-[A-Za-z0-9_-]{22}$/)
    }),
  )
})

test('a token is opened by each key that the site has, and by no other', () => {
  const token = makeToken('a former key', 'unsubscribe', 7)
  expect(openToken([SECRET, 'another', 'a former key'], 'unsubscribe', token)).toBe(7)
  expect(openToken([SECRET, 'another', 'a former key'], 'preferences', token)).toBeNull()
  expect(openToken([SECRET, 'another'], 'unsubscribe', token)).toBeNull()
})

test('a token of one purpose, or of another key, opens nothing', () => {
  const token = makeToken(SECRET, 'unsubscribe', 7)
  expect(readToken(SECRET, 'confirm', token)).toBeNull()
  expect(readToken(SECRET, 'confirm', `c${token.slice(1)}`)).toBeNull()
  expect(readToken('another key', 'unsubscribe', token)).toBeNull()
})

test('a token in which anything was changed opens nothing', () => {
  const letters = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_'
  for (const token of [makeToken(SECRET, 'unsubscribe', 7), makeToken(SECRET, 'unsubscribe', 123_456)]) {
    for (let at = 0; at < token.length; at++) {
      expect(readToken(SECRET, 'unsubscribe', token.slice(0, at) + token.slice(at + 1))).toBeNull()
      for (const letter of letters) {
        const changed = token.slice(0, at) + letter + token.slice(at + 1)
        if (changed !== token) expect(readToken(SECRET, 'unsubscribe', changed)).toBeNull()
        const longer = token.slice(0, at) + letter + token.slice(at)
        if (longer !== token) expect(readToken(SECRET, 'unsubscribe', longer)).toBeNull()
      }
    }
  }
})

test('whatever a stranger sends, reading it never throws and opens nothing', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[upc][0-9a-z]{1,11}-[A-Za-z0-9_-]{22}$/),
  )
  fc.assert(
    fc.property(anything, purposes, (token, purpose) => {
      expect(readToken(SECRET, purpose, token)).toBeNull()
    }),
    { numRuns: 2000 },
  )
})

describe('the address that bounces of one delivery go to', () => {
  const BOUNCES = 'bounces@garden.example'

  test('is read back as the delivery, also where a server changed its case', () => {
    fc.assert(
      fc.property(ids, (id) => {
        const address = makeBounceAddress(SECRET, BOUNCES, id)
        expect(readBounceAddress(SECRET, address)).toBe(id)
        expect(readBounceAddress(SECRET, address.toUpperCase())).toBe(id)
        expect(makeBounceAddress(SECRET, BOUNCES, id)).toBe(address)
        expect(address).toMatch(/^bounces\+b-[0-9a-v]+-[0-9a-v]{20}@garden\.example$/)
      }),
    )
  })

  test('is an address that mail servers take, whatever the newsletter’s is', () => {
    const longest = `${'b'.repeat(BOUNCES_LOCAL_PART)}@garden.example`
    const address = makeBounceAddress(SECRET, longest, Number.MAX_SAFE_INTEGER)
    expect(address.lastIndexOf('@')).toBe(64)
    expect(checkAddress(address)).toMatchObject({ address })
    expect(readBounceAddress(SECRET, address)).toBe(Number.MAX_SAFE_INTEGER)
    expect(readBounceAddress(SECRET, makeBounceAddress(SECRET, 'a+b-c@garden.example', 7))).toBe(7)
  })

  test('cannot be made by anybody else', () => {
    const address = makeBounceAddress(SECRET, BOUNCES, 7)
    expect(readBounceAddress('another key', address)).toBeNull()
    expect(readBounceAddress(SECRET, BOUNCES)).toBeNull()
    for (let at = 0; at < address.indexOf('@'); at++) {
      expect(readBounceAddress(SECRET, address.slice(0, at) + address.slice(at + 1)) ?? 7).toBe(7)
      if (at < 'bounces+b-'.length) continue
      for (const letter of '0123456789abcdefghijklmnopqrstuvw-+_.') {
        const changed = address.slice(0, at) + letter + address.slice(at + 1)
        if (changed !== address) expect(readBounceAddress(SECRET, changed)).toBeNull()
      }
    }
    // The number is written in one way.
    expect(readBounceAddress(SECRET, address.replace('+b-7-', '+b-07-'))).toBeNull()
  })

  test('is not a link: the one opens nothing of the other', () => {
    const token = /b-(\w+)-(\w+)@/.exec(makeBounceAddress(SECRET, BOUNCES, 7)) as RegExpExecArray
    for (const letter of 'upcb')
      expect(readToken(SECRET, 'unsubscribe', `${letter}7-${token[2]}00`)).toBeNull()
  })
})

describe('a Message-ID', () => {
  const delivery = { id: 5, kind: 'issue', issue: 3, subscriber: 8 }

  test('is the same on every attempt, and after a restore in which ids were given anew', () => {
    const once = makeMessageId(SECRET, delivery, 'example.org')
    expect(once).toMatch(/^[0-9a-f]{32}@example\.org$/)
    expect(makeMessageId(SECRET, { ...delivery, id: 99 }, 'example.org')).toBe(once)
  })

  test('is another one for every other message', () => {
    const others = [
      { ...delivery, issue: 4 },
      { ...delivery, subscriber: 9 },
      { ...delivery, issue: 38, subscriber: 8 },
      { id: 5, kind: 'confirmation', issue: null, subscriber: 8 },
      { id: 6, kind: 'confirmation', issue: null, subscriber: 8 },
      { id: 5, kind: 'test', issue: null, subscriber: null },
    ]
    const ids = [delivery, ...others].map((each) => makeMessageId(SECRET, each, 'example.org'))
    expect(new Set(ids).size).toBe(ids.length)
  })
})
