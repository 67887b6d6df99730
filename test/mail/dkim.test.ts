import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { relaxedBody, relaxedField } from '../../src/mail/canonical.ts'
import { signer } from '../../src/mail/dkim.ts'
import { verifySignatures } from '../../src/mail/dkim-verify.ts'
import { compileMessage, type Original, type Recipient, unsigned } from '../../src/mail/message.ts'
import { ORIGINAL, originals, RECIPIENT, recipients } from './any-message.ts'
import { DOMAIN, ED25519, RSA, verdicts } from './signed.ts'

const BOTH = [RSA, ED25519]
const GOOD = ['pass autumn', 'pass winter']

async function signed(original: Original, recipient: Recipient, keys = BOTH): Promise<string> {
  const message = compileMessage(original)(recipient)
  return Buffer.concat(await signer(keys)(message)).toString('latin1')
}

/** What our own verifier says. */
function read(message: string, keys = BOTH) {
  const keyOf = (selector: string, domain: string) => {
    const found = keys.find((each) => each.selector === selector && each.domain === domain)
    return found ? createPublicKey(found.key) : null
  }
  return verifySignatures(Buffer.from(message, 'latin1'), keyOf).map(({ fault }) => fault)
}

test('random messages to random people have two signatures that hold', async () => {
  await fc.assert(
    fc.asyncProperty(originals, recipients, fc.boolean(), async (original, recipient, isList) => {
      const message = await signed(isList ? original : { ...original, list: null }, recipient)
      expect(await verdicts(message, BOTH)).toEqual(GOOD)
      expect(read(message)).toEqual([null, null])
      expect(message).toMatch(/^[\x01-\x7f]*$/)
      for (const line of message.slice(0, message.indexOf('\r\nFrom:')).split('\r\n'))
        expect(line.length).toBeLessThanOrEqual(78)
    }),
    { numRuns: 200, seed: 6376 },
  )
}, 30_000)

test('a body is in the relaxed form as it is written, so that nothing has to be brought there', () => {
  fc.assert(
    fc.property(originals, recipients, (original, recipient) => {
      const body = Buffer.concat(compileMessage(original)(recipient).body).toString('latin1')
      expect(relaxedBody(body)).toBe(body)
    }),
    { numRuns: 300, seed: 344 },
  )
})

test('signed again, by another process with the same keys, it is the same message to the byte', async () => {
  const message = await signed(ORIGINAL, RECIPIENT)
  expect(await signed(ORIGINAL, RECIPIENT)).toBe(message)
  const compiled = compileMessage(ORIGINAL)
  const sign = signer(BOTH)
  const twice = await Promise.all([sign(compiled(RECIPIENT)), sign(compiled(RECIPIENT))])
  expect(twice.map((chunks) => Buffer.concat(chunks).toString('latin1'))).toEqual([message, message])
  // Neither a time, which would be another one then, nor a length, which would leave room for more.
  expect(message).not.toMatch(/[;\s](t|x|l)=/)
})

test('one key makes one signature, and none leaves the message as it is', async () => {
  expect(await verdicts(await signed(ORIGINAL, RECIPIENT, [RSA]), BOTH)).toEqual(['pass autumn'])
  const bare = Buffer.concat(await unsigned(compileMessage(ORIGINAL)(RECIPIENT)))
  expect(await verdicts(bare, BOTH)).toEqual(['none'])
  expect(await signed(ORIGINAL, RECIPIENT)).toContain(bare.toString('latin1'))
})

test('a signature of another key, or one that nobody published, does not hold', async () => {
  const other = { ...RSA, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }
  const message = await signed(ORIGINAL, RECIPIENT)
  expect(await verdicts(message, [other, ED25519])).toEqual(['fail autumn', 'pass winter'])
  expect(read(message, [other, ED25519])).toEqual(['the header is another one, or the key is', null])
  expect(read(message, [ED25519])).toEqual(['there is no key for it', null])
  expect(read(message, [{ ...ED25519, selector: 'autumn' }])[0]).toBe('the key is for another algorithm')
})

describe('on the way, in a message that was signed,', async () => {
  const FIELDS = [
    ...['From', 'Reply-To', 'Subject', 'To', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type', 'List-Id'],
    ...['Content-Language', 'List-Unsubscribe', 'List-Unsubscribe-Post', 'Feedback-ID', 'Auto-Submitted'],
    'Precedence',
  ]
  const message = await signed(ORIGINAL, RECIPIENT)
  const fieldOf = (name: string) =>
    new RegExp(`^${name}: (?:.*\r\n(?:[ \t].*\r\n)*)`, 'm').exec(message)?.[0] as string

  async function isCaught(changed: string): Promise<void> {
    expect(changed).not.toBe(message)
    for (const verdict of await verdicts(changed, BOTH)) expect(verdict).toMatch(/^(fail|neutral) /)
    for (const fault of read(changed)) expect(fault).not.toBeNull()
  }

  test('every field that it has is signed', () => {
    const names = message.slice(0, message.indexOf('\r\n\r\n')).match(/^[A-Za-z-]+(?=:)/gm)
    expect(names?.filter((name) => name !== 'DKIM-Signature').sort()).toEqual(FIELDS.toSorted())
  })

  test.each(FIELDS)('a %s with one byte changed, wherever it is, is caught', async (name) => {
    const field = fieldOf(name)
    const at = message.indexOf(field)
    const places = [...field.matchAll(/[^\s]/g)]
      .map(({ index }) => index)
      .filter((index) => index > name.length)
    for (const place of places) {
      const [before, byte, after] = [
        message.slice(0, at + place),
        message[at + place],
        message.slice(at + place + 1),
      ]
      const changed = `${before}${byte === 'x' ? 'y' : 'x'}${after}`
      for (const fault of read(changed)) expect(fault).not.toBeNull()
      if (place === places[0] || place === places.at(-1)) await isCaught(changed)
    }
  })

  test.each(FIELDS)('a %s that is taken out, or of which there are two, is caught', async (name) => {
    const field = fieldOf(name)
    await isCaught(message.replace(field, ''))
    await isCaught(message.replace(field, field + field))
    await isCaught(field + message)
    await isCaught(message.replace('\r\n\r\n', `\r\n${field}\r\n`))
  })

  test.each(['Cc: eve@example.org', 'Content-Transfer-Encoding: base64'])(
    '%s, put in, is caught',
    async (line) => {
      await isCaught(`${line}\r\n${message}`)
      await isCaught(message.replace('\r\n\r\n', `\r\n${line}\r\n\r\n`))
    },
  )

  test.each(['Reply-To', 'List-Unsubscribe', 'List-Id', 'Precedence'])(
    'a %s, put into a message that has none, is caught',
    async (name) => {
      const bare = await signed({ ...ORIGINAL, list: null, replyTo: null }, RECIPIENT)
      expect(bare).not.toContain(`\n${name}:`)
      expect(await verdicts(bare, BOTH)).toEqual(GOOD)
      await isCaught(`${name}: <https://evil.example/>\r\n${bare}`)
    },
  )

  test('a body with one byte changed, wherever it is, is caught; and so is one with more or less in it', async () => {
    const start = message.indexOf('\r\n\r\n') + 4
    for (let at = start; at < message.length; at++) {
      if (/\s/.test(message[at] as string)) continue
      const changed = `${message.slice(0, at)}${message[at] === 'x' ? 'y' : 'x'}${message.slice(at + 1)}`
      for (const fault of read(changed)) expect(fault).toBe('the body is another one')
      if (at % 50 === 0) await isCaught(changed)
    }
    await isCaught(`${message}<p>One more thing</p>\r\n`)
    await isCaught(message.slice(0, -4))
  })

  test('what relays do to white space, and what they put above, breaks nothing', async () => {
    const head = message.slice(0, message.indexOf('\r\n\r\n'))
    const folded = head.replace('Auto-Submitted: ', 'AUTO-submitted:\r\n\t  ').replaceAll(';\r\n ', '; ')
    const changed = `Received: from here\r\n by there\r\n${folded}${message.slice(head.length)}\r\n\r\n`
    expect(await verdicts(changed, BOTH)).toEqual(GOOD)
    expect(read(changed)).toEqual([null, null])
  })
})

test('the relaxed forms are those of the RFC’s example', () => {
  // RFC 6376, 3.4.5.
  expect(relaxedField('A: X\r\n')).toBe('a:X')
  expect(relaxedField('B : Y\t\r\n\tZ  \r\n')).toBe('b:Y Z')
  expect(relaxedBody(' C \r\nD \t E\r\n\r\n\r\n')).toBe(' C\r\nD E\r\n')
  expect(relaxedBody('')).toBe('')
  expect(relaxedBody('\r\n\r\n')).toBe('')
  expect(relaxedBody('no line end')).toBe('no line end\r\n')
})

test('the domain that signs is named as it is in the DNS', async () => {
  expect(await signed(ORIGINAL, RECIPIENT)).toContain(`\r\n d=${DOMAIN};\r\n s=autumn;\r\n`)
})
