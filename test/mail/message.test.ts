import fc from 'fast-check'
import MailComposer from 'nodemailer/lib/mail-composer'
import PostalMime, { type Address, type Email } from 'postal-mime'
import { describe, expect, test } from 'vitest'
import {
  chunksOf,
  compileMessage,
  type Original,
  type Recipient,
  withoutSlots,
} from '../../src/mail/message.ts'
import { SLOT_CLOSE, SLOT_OPEN, type SlotName, slot } from '../../src/slots.ts'
import { ORIGINAL, originals, RECIPIENT, recipients } from './any-message.ts'

function bytesOf(original: Original, recipient: Recipient): string {
  return Buffer.concat(chunksOf(compileMessage(original)(recipient))).toString('latin1')
}

/** The header fields of a message, unfolded: name and value. */
function fieldsOf(message: string): [string, string][] {
  const head = message.slice(0, message.indexOf('\r\n\r\n')).replace(/\r\n[ \t]/g, ' ')
  return head.split('\r\n').map((line) => [line.split(':')[0] as string, line.replace(/^[^:]*: ?/, '')])
}

/** The same message by nodemailer, which is told finished text and HTML with line breaks of one kind. */
async function composed(original: Original, recipient: Recipient): Promise<Buffer> {
  const filled = (source: string, escaped: (value: string) => string) =>
    source
      .toWellFormed()
      .replace(
        /\uE000(unsubscribe|preferences|confirm|move|issue|name|address)\uE001/g,
        (_, name: SlotName) => escaped((recipient.slots[name] ?? '').toWellFormed()),
      )
      .replace(/\r\n?/g, '\n')
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return new MailComposer({
    from: original.from,
    to: { name: recipient.name, address: recipient.address },
    ...(original.replyTo === null ? {} : { replyTo: original.replyTo }),
    subject: original.subject,
    text: filled(original.text, (value) => value.replace(/[\r\n]+/g, ' ')),
    html: filled(original.html, (value) => value.replace(/[&<>"']/g, (each) => entities[each] as string)),
    messageId: `<${recipient.messageId}>`,
    date: recipient.date,
    headers: { 'List-Unsubscribe': waysOut(recipient) },
    textEncoding: 'quoted-printable',
  })
    .compile()
    .build()
}

function waysOut({ slots, leaveByMail }: Recipient): string {
  return `<${slots.unsubscribe}>${leaveByMail ? `, <${leaveByMail}>` : ''}`
}

/**
 * Free text as a header can hold it: white space is one space, and none at the ends. Readers drop a byte order mark
 * where an encoded word begins, which is another place in our encoding than in nodemailer's.
 */
function oneLine(text: string | undefined): string {
  return (text ?? '')
    .toWellFormed()
    .replaceAll('\ufeff', '')
    .replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim()
}

/** What a reader of the message is shown. */
function shown(email: Email) {
  const person = (each: Address | undefined) => ({
    name: oneLine(each?.name),
    address: each?.address,
  })
  const body = (text: string | undefined) => (text ?? '').replace(/\r\n?/g, '\n').replace(/\n+$/, '')
  return {
    subject: oneLine(email.subject),
    from: person(email.from),
    to: email.to?.map(person),
    replyTo: email.replyTo?.map(person),
    text: body(email.text),
    html: body(email.html),
    messageId: email.messageId,
    date: email.date,
    unsubscribe: email.headers
      .filter((header) => header.key === 'list-unsubscribe')
      .map((header) => header.value),
  }
}

/** nodemailer lets text pass that looks like an encoded word, and readers decode it; ours does not, see below. */
function withoutEncodedWords(original: Original, recipient: Recipient): [Original, Recipient] {
  const plain = (text: string) => text.replaceAll('=?', '= ?')
  const from = { ...original.from, name: plain(original.from.name) }
  return [
    { ...original, subject: plain(original.subject), from },
    { ...recipient, name: plain(recipient.name) },
  ]
}

test('1,000 random messages read the same as those that nodemailer composes', async () => {
  await fc.assert(
    fc.asyncProperty(originals, recipients, async (anyOriginal, anyRecipient) => {
      const [original, recipient] = withoutEncodedWords(anyOriginal, anyRecipient)
      const ours = await PostalMime.parse(Buffer.concat(chunksOf(compileMessage(original)(recipient))))
      const theirs = await PostalMime.parse(await composed(original, recipient))
      expect(shown(ours)).toEqual(shown(theirs))
      expect(shown(ours).unsubscribe).toEqual([waysOut(recipient)])
    }),
    { numRuns: 1000, seed: 20261122 },
  )
}, 60_000)

test('names and subjects arrive as they were written, also where they look like encoded words', async () => {
  await fc.assert(
    fc.asyncProperty(originals, recipients, async (original, recipient) => {
      const { subject, from, to } = shown(
        await PostalMime.parse(Buffer.concat(chunksOf(compileMessage(original)(recipient)))),
      )
      expect({ subject, from: from.name, to: to?.map((each) => each.name) }).toEqual({
        subject: oneLine(original.subject),
        from: oneLine(original.from.name),
        to: [oneLine(recipient.name)],
      })
    }),
    { numRuns: 300, seed: 8 },
  )
}, 30_000)

describe('whatever is put in,', () => {
  test('the bytes are what the wire needs, the same every time, and no header field comes from outside', () => {
    const known = [
      ...['From', 'Reply-To', 'Subject', 'List-Id', 'Auto-Submitted', 'Precedence', 'Content-Language'],
      'Feedback-ID',
      ...[
        'To',
        'Date',
        'Message-ID',
        'List-Unsubscribe',
        'List-Unsubscribe-Post',
        'MIME-Version',
        'Content-Type',
      ],
    ]
    fc.assert(
      fc.property(originals, recipients, (original, recipient) => {
        const message = bytesOf(original, recipient)
        expect(message).toMatch(/^[\x01-\x7f]*$/)
        expect(message.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
        expect(message.endsWith('\r\n')).toBe(true)
        const bodyAt = message.indexOf('\r\n\r\n')
        const lines = message.split('\r\n')
        expect(lines.filter((line) => line.length > 998 || /^(\.|From )/.test(line))).toEqual([])
        const body = message.slice(bodyAt).split('\r\n')
        expect(body.filter((line) => line.length > 76)).toEqual([])
        const head = message.slice(0, bodyAt).split('\r\n')
        expect(head.filter((line) => !/\S/.test(line))).toEqual([])
        const names = fieldsOf(message).map(([name]) => name)
        expect(names.filter((name) => !known.includes(name))).toEqual([])
        expect(new Set(names).size).toBe(names.length)
        expect(bytesOf(original, recipient)).toBe(message)
      }),
      { numRuns: 1000, seed: 41 },
    )
  }, 60_000)

  test('what two recipients share is one piece of memory', () => {
    fc.assert(
      fc.property(originals, recipients, recipients, (original, ada, grace) => {
        const compiled = compileMessage(original)
        const forAda = new Set(chunksOf(compiled(ada)))
        const own = chunksOf(compiled(grace)).filter((chunk) => !forAda.has(chunk))
        const filled = [
          ...`${original.text}${original.html}`.matchAll(
            /\uE000(unsubscribe|preferences|confirm|move|issue|name|address)\uE001/g,
          ),
        ]
        // Their own header fields, and each slot that has something in it.
        expect(own).toHaveLength(1 + filled.filter((match) => grace.slots[match[1] as SlotName]).length)
      }),
      { numRuns: 300, seed: 7 },
    )
  })
})

test('a list that is not one has no way out of it: a confirmation carries no List fields', () => {
  const names = fieldsOf(bytesOf({ ...ORIGINAL, list: null }, RECIPIENT)).map(([name]) => name)
  expect(names.filter((name) => name.startsWith('List-') || name === 'Precedence')).toEqual([])
  expect(names).toContain('Auto-Submitted')
})

test('the way out by mail stands behind the link, on a line of its own where both are too long for one', () => {
  const header = (leaveByMail: string) =>
    /^List-Unsubscribe: .*(?:\r\n .*)*/m.exec(bytesOf(ORIGINAL, { ...RECIPIENT, leaveByMail }))?.[0]
  const link = RECIPIENT.slots.unsubscribe
  expect(header('mailto:a@b.example')).toBe(`List-Unsubscribe: <${link}>,\r\n <mailto:a@b.example>`)
  const long = `mailto:${'a'.repeat(800)}`
  expect(header(long)).toBe(`List-Unsubscribe: <${link}>,\r\n <${long}>`)
  expect(() => header(`mailto:${'a'.repeat(1000)}`)).toThrow('List-Unsubscribe cannot hold')
})

test('slots without a value are empty, and what is in a value is never a slot', () => {
  const original = { ...ORIGINAL, text: `[${slot('name')}] [${slot('confirm')}] [${slot('issue')}]\n` }
  const slots = { name: slot('issue'), issue: 'https://garden.example/issues/1' }
  const text = bytesOf(original, { ...RECIPIENT, slots }).split('quoted-printable\r\n\r\n')[1] as string
  expect(text.replaceAll('=\r\n', '').split('\r\n')[0]).toBe(
    '[=EE=80=80issue=EE=80=81] [] [https://garden.example/issues/1]',
  )
})

test('a post may hold the characters of a slot around any word', () => {
  const odd = `${SLOT_OPEN}constructor${SLOT_CLOSE} ${SLOT_OPEN}${SLOT_CLOSE} ${SLOT_OPEN}name`
  expect(bytesOf({ ...ORIGINAL, text: odd, html: odd }, RECIPIENT)).toContain('constructor')
  expect(withoutSlots(`${odd} ${slot('name')}!`)).toBe(`${odd} !`)
})

test('an address or link that would break a header is a bug, and does not leave', () => {
  const broken = 'grace@example.org\r\nBcc: eve@example.org'
  expect(() => bytesOf(ORIGINAL, { ...RECIPIENT, address: broken })).toThrow('To cannot hold')
  expect(() => bytesOf(ORIGINAL, { ...RECIPIENT, messageId: broken })).toThrow('Message-ID cannot hold')
  expect(() => bytesOf({ ...ORIGINAL, language: broken }, RECIPIENT)).toThrow('Content-Language cannot hold')
  const slots = { unsubscribe: `https://garden.example/${'x'.repeat(1000)}` }
  expect(() => bytesOf(ORIGINAL, { ...RECIPIENT, slots })).toThrow('List-Unsubscribe cannot hold')
})

test('one message, byte for byte', async () => {
  const original: Original = {
    ...ORIGINAL,
    from: { name: 'Ada’s Garden & Shed, est. 2013', address: 'news@garden.example' },
    subject: 'Tomaten, 番茄 and عربي: how many are too many, and what to do with all of them 🍅',
    html: `<!doctype html>\n<p lang="de">Grüße, ${slot('name')}!</p>\n<p>.htaccess</p>\n<a href="${slot('unsubscribe')}">Leave</a>\n`,
    text: `Grüße, ${slot('name')}!\n\n.htaccess is a file, and so on for more than one line of seventy-six characters.\nFrom here on   \n-- \nLeave: ${slot('unsubscribe')}\n`,
    language: 'de',
  }
  const slots = { ...RECIPIENT.slots, name: 'Gráinne "<b>"' }
  await expect(bytesOf(original, { ...RECIPIENT, name: 'Gráinne "<b>"', slots })).toMatchFileSnapshot(
    'golden/message.eml',
  )
})
