import PostalMime, { type Email } from 'postal-mime'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Letter, letterWriter } from '../../src/deliveries/letter.ts'
import { unsigned } from '../../src/mail/message.ts'
import { makeToken, readBounceAddress, readToken } from '../../src/mail/token.ts'
import { write } from '../../src/store/database.ts'
import { type ClaimedDelivery, claimDeliveries } from '../../src/store/deliveries.ts'
import { insertRendition } from '../../src/store/renditions.ts'
import { decodeQuotedPrintable } from '../mail/press.ts'
import { claimant, type Mailing, mailing, NOW, SECRET } from './mailing.ts'

// What mailbox providers require of one message. Each test is one of their rules.

let mail: Mailing
let claimed: ClaimedDelivery[]
let letters: Letter[]
let emails: Email[]

beforeEach(async () => {
  mail = await mailing(20)
  claimed = (await claimDeliveries(mail.db, claimant('ada'), 20, NOW)).deliveries
  const writeLetter = letterWriter(mail.db, mail.config, SECRET)
  letters = await Promise.all(claimed.map((each) => writeLetter(each, unsigned)))
  emails = await Promise.all(letters.map((letter) => PostalMime.parse(Buffer.concat(letter.chunks))))
})
afterEach(() => mail.close())

const first = () => emails[0] as Email
const bytes = (letter: Letter | undefined) => Buffer.concat(letter?.chunks ?? []).toString('latin1')
const valuesOf = (email: Email, key: string) =>
  email.headers.filter((header) => header.key === key).map((header) => header.value)

/** A rendition of no issue. */
function renditionOf({ kind, text }: { kind: 'confirmation' | 'welcome'; text: string }): Promise<number> {
  const html = `<a href="${text.trim()}">Yes</a>`
  const row = {
    kind,
    posts: null,
    language: 'en',
    subject: 'Hello',
    html,
    text,
    created_at: NOW.toISOString(),
  }
  return write(mail.db, (trx) => insertRendition(trx, null, row))
}

async function written(delivery: ClaimedDelivery): Promise<Email> {
  const { chunks } = await letterWriter(mail.db, mail.config, SECRET)(delivery, unsigned)
  return PostalMime.parse(Buffer.concat(chunks))
}

test('there is one From with one mailbox, of the newsletter', () => {
  expect(valuesOf(first(), 'from')).toEqual(['Ada <news@garden.example>'])
  expect(first().replyTo).toEqual([{ name: '', address: 'ada@garden.example' }])
})

test('no header field comes twice', () => {
  for (const email of emails) {
    const keys = email.headers.map((header) => header.key)
    expect(new Set(keys).size).toBe(keys.length)
  }
})

test('the Message-ID is long, of our own domain, tells nothing, and is another one for every person', () => {
  for (const email of emails) expect(email.messageId).toMatch(/^<[0-9a-f]{32}@garden\.example>$/)
  expect(new Set(emails.map((email) => email.messageId)).size).toBe(20)
  expect(letters[0]?.envelope.messageId).toBe(first().messageId?.slice(1, -1))
})

test('a letter that is written again, by another process and a day later, is the same letter', async () => {
  const other = letterWriter(await mail.reopen(), mail.config, SECRET)
  const again = await Promise.all(
    claimed.map((delivery) =>
      other({ ...delivery, attempts: 5, due_at: 'later' } as ClaimedDelivery, unsigned),
    ),
  )
  expect(again.map(bytes)).toEqual(letters.map(bytes))
})

test('the Date is the one that was written down, and not in the future', () => {
  for (const email of emails) expect(email.date).toBe(NOW.toISOString())
})

test('the bytes are ASCII with CRLF, no line is too long, and none begins with a dot', () => {
  for (const letter of letters) {
    const message = bytes(letter)
    expect(message).toMatch(/^[\x01-\x7f]*$/)
    expect(message.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    for (const line of message.split('\r\n')) {
      expect(line.length).toBeLessThanOrEqual(998)
      expect(line.startsWith('.')).toBe(false)
    }
  }
})

test('the way out is one https address in one field, and one click', () => {
  emails.forEach((email, index) => {
    const token = makeToken(SECRET, 'unsubscribe', (claimed[index] as ClaimedDelivery).id)
    expect(valuesOf(email, 'list-unsubscribe')).toEqual([
      `<https://news.garden.example/unsubscribe?token=${token}>`,
    ])
    expect(valuesOf(email, 'list-unsubscribe-post')).toEqual(['List-Unsubscribe=One-Click'])
    expect(email.html).toContain(`href="https://news.garden.example/unsubscribe?token=${token}"`)
    expect(email.text).toContain(`Unsubscribe: https://news.garden.example/unsubscribe?token=${token}`)
    expect(readToken(SECRET, 'unsubscribe', token)).toBe(claimed[index]?.id)
    // Nobody who sees the link learns whose it is.
    expect(valuesOf(email, 'list-unsubscribe')[0]).not.toContain('reader')
  })
})

test('where somebody reads such mail, the way out by mail stands behind it in the same field', async () => {
  const newsletter = { ...mail.config.newsletter, unsubscribe: 'leave+a&b%c@garden.example' }
  const writeLetter = letterWriter(mail.db, { ...mail.config, newsletter }, SECRET)
  const [delivery] = claimed as [ClaimedDelivery]
  const valuesIn = async (delivery: ClaimedDelivery) =>
    valuesOf(
      await PostalMime.parse(Buffer.concat((await writeLetter(delivery, unsigned)).chunks)),
      'list-unsubscribe',
    )
  const token = makeToken(SECRET, 'unsubscribe', delivery.id)
  const [value = '', ...others] = await valuesIn(delivery)
  expect(others).toEqual([])
  expect(value).toBe(
    `<https://news.garden.example/unsubscribe?token=${token}>, <mailto:leave%2Ba%26b%25c@garden.example?subject=unsubscribe%20${token}>`,
  )
  const mailto = new URL(value.split(', ')[1]?.slice(1, -1) ?? '')
  expect(decodeURIComponent(mailto.pathname)).toBe(newsletter.unsubscribe)
  expect(mailto.searchParams.get('subject')).toBe(`unsubscribe ${token}`)
  // Nobody is subscribed by a confirmation.
  const rendition = await renditionOf({ kind: 'confirmation', text: 'https://garden.example\n' })
  expect(await valuesIn({ ...delivery, kind: 'confirmation', issue: null, rendition })).toEqual([])
})

test('the list has one name, without an @, in every issue', () => {
  for (const email of emails)
    expect(valuesOf(email, 'list-id')).toEqual(['The Garden & Shed <posts.garden.example>'])
})

test('no vacation answers it', () => {
  expect(valuesOf(first(), 'auto-submitted')).toEqual(['auto-generated'])
  expect(valuesOf(first(), 'precedence')).toEqual(['bulk'])
})

test('complaints are counted for the issue, the list, the kind of mail and the sender, never for one person', () => {
  for (const email of emails)
    expect(valuesOf(email, 'feedback-id')).toEqual([`${mail.issue}:posts:issue:gardenexample`])
})

test('its language is that of the rendition', () => {
  expect(valuesOf(first(), 'content-language')).toEqual(['en'])
})

test('the subject is no answer to anything, and the sender’s name says nothing of it', () => {
  expect(first().subject).toBe('Tea & biscuits')
  expect(valuesOf(first(), 'in-reply-to')).toEqual([])
  expect(first().from?.name).toBe('Ada')
})

test('the way to their own settings has its own token', async () => {
  const text = '\uE000preferences\uE001\n'
  const delivery = claimed[0] as ClaimedDelivery
  const rendition = await renditionOf({ kind: 'welcome', text })
  const email = await written({ ...delivery, kind: 'welcome', issue: null, rendition })
  const token =
    /^https:\/\/news\.garden\.example\/preferences\?token=(\S+)\s*$/.exec(email.text ?? '')?.[1] ?? ''
  expect(readToken(SECRET, 'preferences', token)).toBe(delivery.id)
  expect(readToken(SECRET, 'unsubscribe', token)).toBeNull()
  // A welcome is of the list, and one can leave at once.
  expect(valuesOf(email, 'list-id')).toHaveLength(1)
  expect(valuesOf(email, 'list-unsubscribe')).toHaveLength(1)
  expect(valuesOf(email, 'feedback-id')).toEqual(['none:posts:welcome:gardenexample'])
})

test('what cannot be delivered comes back to an address of its own, where the newsletter has one for that', async () => {
  const newsletter = { ...mail.config.newsletter, bounces: 'bounces@garden.example' }
  const writeLetter = letterWriter(mail.db, { ...mail.config, newsletter }, SECRET)
  for (const delivery of claimed.slice(0, 3)) {
    const { envelope, chunks } = await writeLetter(delivery, unsigned)
    expect(envelope.from).toMatch(/^bounces\+b-[0-9a-v]+-[0-9a-v]{20}@garden\.example$/)
    expect(readBounceAddress(SECRET, envelope.from)).toBe(delivery.id)
    expect(Buffer.concat(chunks).toString()).not.toContain('bounces')
  }
})

test('text comes first, then HTML, both with the person’s own name', () => {
  const message = bytes(letters[0])
  expect(message.indexOf('text/plain')).toBeLessThan(message.indexOf('text/html'))
  expect(message).toContain('Content-Type: multipart/alternative;')
  expect(first().text).toContain('Dear Reader 1\n')
  expect(first().html).toContain('<p>Dear Reader 1</p>')
  expect(first().attachments).toEqual([])
})

test('the envelope is one person’s, and nobody else is named in the letter', () => {
  letters.forEach((letter, index) => {
    const { address } = claimed[index] as ClaimedDelivery
    expect(letter.envelope).toMatchObject({ from: 'news@garden.example', to: address })
    expect(emails[index]?.to).toEqual([{ name: `Reader ${index + 1}`, address }])
    expect(emails[index]?.cc).toBeUndefined()
    expect(emails[index]?.bcc).toBeUndefined()
  })
})

test('of a thousand letters of one issue each has its own reader’s links and name, and nobody else’s', async () => {
  const crowd = await mailing(1000)
  onTestFinished(() => crowd.close())
  const { deliveries } = await claimDeliveries(crowd.db, claimant('ada'), 1000, NOW)
  expect(deliveries).toHaveLength(1000)
  const writeLetter = letterWriter(crowd.db, crowd.config, SECRET)
  const ids = new Set<string>()
  for (const { id, name, address, ...delivery } of deliveries) {
    const letter = await writeLetter({ id, name, address, ...delivery }, unsigned)
    const message = decodeQuotedPrintable(bytes(letter).replace(/\r\n(?=[ \t])/g, ''))
    const tokens = Array.from(message.matchAll(/token=([\w-]+)/g), ([, token]) => String(token))
    expect(tokens.map((token) => readToken(SECRET, 'unsubscribe', token))).toEqual([id, id, id])
    expect(new Set(message.match(/reader\d+@[\w.]+/g))).toEqual(new Set([address]))
    expect(new Set(message.match(/Reader \d+/g))).toEqual(new Set([name]))
    expect(letter.envelope.to).toBe(address)
    ids.add(letter.envelope.messageId)
  }
  expect(ids.size).toBe(1000)
})

test('what letters share is one piece of memory', () => {
  const shared = new Set(letters[0]?.chunks)
  // Their own header fields, and a name and a link in text and HTML.
  for (const { chunks } of letters.slice(1))
    expect(chunks.filter((chunk) => !shared.has(chunk))).toHaveLength(5)
})

describe('a confirmation', () => {
  test('asks one person, is part of no list, and has no way out of one', async () => {
    const rendition = await renditionOf({ kind: 'confirmation', text: '\uE000confirm\uE001\n' })
    const delivery = {
      ...(claimed[0] as ClaimedDelivery),
      kind: 'confirmation' as const,
      issue: null,
      rendition,
    }
    const email = await written(delivery)
    expect(valuesOf(email, 'feedback-id')).toEqual(['none:posts:confirmation:gardenexample'])
    expect(email.headers.map((header) => header.key).filter((key) => key.startsWith('list-'))).toEqual([])
    expect(valuesOf(email, 'precedence')).toEqual([])
    expect(valuesOf(email, 'auto-submitted')).toEqual(['auto-generated'])
    const token = makeToken(SECRET, 'confirm', delivery.id)
    expect(email.text?.trim()).toBe(`https://news.garden.example/confirm?token=${token}`)
  })
})

test('a rendition that is not there is told each time it is asked for, and stands in the way of no other', async () => {
  const writeLetter = letterWriter(mail.db, mail.config, SECRET)
  const delivery = claimed[0] as ClaimedDelivery
  for (let turn = 0; turn < 2; turn++)
    await expect(writeLetter({ ...delivery, rendition: 999 }, unsigned)).rejects.toThrow()
  expect(bytes(await writeLetter(delivery, unsigned))).toBe(bytes(letters[0]))
})
