import PostalMime from 'postal-mime'
import { expect, test } from 'vitest'
import { dateText, listIdField, mailboxField, plainField, textField } from '../../src/mail/header.ts'

const ADA = { address: 'ada@example.org' }

test('plain text is left as it is, and folded at its spaces', () => {
  expect(textField('Subject', 'Tea')).toBe('Subject: Tea\r\n')
  expect(textField('Subject', `${'word '.repeat(20)}end`)).toBe(
    `Subject:${' word'.repeat(14)}\r\n${' word'.repeat(6)} end\r\n`,
  )
  expect(textField('Subject', '')).toBe('Subject: \r\n')
})

test('text outside ASCII becomes encoded words of whole characters, 75 letters at the most', async () => {
  const subject = 'Ein Käse 🧀 '.repeat(12).trim()
  const field = textField('Subject', subject)
  const words = field.slice('Subject: '.length).trim().split('\r\n ')
  for (const word of words) {
    expect(word.length).toBeLessThanOrEqual(75)
    const content = Buffer.from(word.split('?')[3] as string, 'base64')
    expect(Buffer.from(content.toString())).toEqual(content)
    expect(content.toString()).not.toContain('\ufffd')
  }
  for (const line of field.split('\r\n')) expect(line.length).toBeLessThanOrEqual(76)
  expect((await PostalMime.parse(`${field}\r\n`)).subject).toBe(subject)
})

test('one word that is too long for a line is encoded, so that it can be cut', () => {
  for (const line of textField('Subject', 'x'.repeat(2000)).split('\r\n'))
    expect(line.length).toBeLessThanOrEqual(78)
})

test('text that looks like an encoded word is encoded', () => {
  expect(textField('Subject', '=?utf-8?B?eA==?=')).toBe('Subject: =?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?=\r\n')
})

test('line breaks and other control characters in text are spaces', () => {
  expect(textField('Subject', ' Tea\r\nBcc: eve@example.org\u0000\u0085\u2028 now\t')).toBe(
    'Subject: Tea Bcc: eve@example.org now\r\n',
  )
})

test('a name is written as atoms, a quoted string or encoded words, whichever it needs', () => {
  expect(mailboxField('To', { name: '', ...ADA })).toBe('To: ada@example.org\r\n')
  expect(mailboxField('To', { name: ' \r\n', ...ADA })).toBe('To: ada@example.org\r\n')
  expect(mailboxField('To', { name: 'Ada Lovelace', ...ADA })).toBe('To: Ada Lovelace <ada@example.org>\r\n')
  expect(mailboxField('To', { name: 'Ada L.', ...ADA })).toBe('To: "Ada L." <ada@example.org>\r\n')
  expect(mailboxField('To', { name: '"Ada" \\ <eve@example.org>, L', ...ADA })).toBe(
    'To: "\\"Ada\\" \\\\ <eve@example.org>, L" <ada@example.org>\r\n',
  )
  expect(mailboxField('To', { name: 'Zoë', ...ADA })).toBe('To: =?utf-8?B?Wm/Dqw==?= <ada@example.org>\r\n')
})

test('a long quoted name is folded at its spaces', async () => {
  const name = `${'Ada, '.repeat(400)}Grace`
  const field = mailboxField('From', { name, ...ADA })
  for (const line of field.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78)
  expect((await PostalMime.parse(`${field}\r\n`)).from).toEqual({ name, address: ADA.address })
})

test('a list is named by a phrase and an identifier', () => {
  expect(listIdField('Tea & Biscuits, weekly', 'posts.example.org')).toBe(
    'List-Id: "Tea & Biscuits, weekly" <posts.example.org>\r\n',
  )
})

test('a date is in UTC with a number for a zone', () => {
  expect(dateText(new Date('2026-03-29T01:30:00Z'))).toBe('Sun, 29 Mar 2026 01:30:00 +0000')
})

test('addresses and identifiers hold printable ASCII that fits a line, or are refused', () => {
  for (const wrong of ['a\r\nBcc: eve@example.org', 'ünicode', 'nul\0', 'x'.repeat(901)])
    expect(() => plainField('Message-ID', wrong)).toThrow('Message-ID cannot hold')
  expect(() => mailboxField('To', { name: 'Ada', address: 'ada@bücher.example' })).toThrow('To cannot hold')
})
