/** Originals and recipients: one of each as they are, and hostile ones at random. */
import fc from 'fast-check'
import type { Original, Recipient } from '../../src/mail/message.ts'
import { SLOT_CLOSE, SLOT_NAMES, SLOT_OPEN, slot } from '../../src/slots.ts'

export const ORIGINAL: Original = {
  from: { name: 'The Garden', address: 'news@garden.example' },
  replyTo: 'ada@garden.example',
  subject: 'Tomatoes & other “fruit”',
  html: `<p>Dear ${slot('name')},</p>\n<p><a href="${slot('unsubscribe')}">Leave</a></p>\n`,
  text: `Dear ${slot('name')},\n\nLeave: ${slot('unsubscribe')}\n`,
  language: 'en',
  list: { name: 'The Garden', id: 'posts.garden.example' },
  feedbackId: '7:posts:issue:gardenexample',
}
export const RECIPIENT: Recipient = {
  name: 'Grace',
  address: 'grace@example.org',
  messageId: '0123456789abcdef0123456789abcdef@garden.example',
  date: new Date('2026-03-29T01:30:00Z'),
  slots: { name: 'Grace', unsubscribe: 'https://garden.example/unsubscribe?token=u1-abc' },
}

// What breaks messages: line breaks, dots, encodings that look like ours, letters of all kinds, slots that are none.
const nasty = fc.constantFrom(
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\r\n.\r\n',
    '\n.',
    '.',
    '..',
    '\nFrom Ada',
    'From ',
    ' ',
    '   ',
    '\t',
    ' \n',
  ],
  ...[
    '\0',
    '\u001b',
    '\u0085',
    '\u2028',
    '\u00a0',
    '\ufeff',
    '\ud800',
    '\udfff',
    '\ufffd',
    '$&',
    '$1',
    '%0d%0a',
  ],
  ...[
    '=',
    '=\r\n',
    '=3D',
    '=?utf-8?B?eA==?=',
    '=?utf-8?Q?=0D=0ABcc:_eve@example.org?=',
    '--=_',
    '"',
    '\\',
    "'",
  ],
  ...[
    '<',
    '>',
    ',',
    ';',
    ':',
    '(',
    ')',
    '@',
    '&amp;',
    '</p><script>',
    '\r\nBcc: eve@example.org',
    '<eve@example.org>',
  ],
  ...[
    'x'.repeat(1200),
    'word '.repeat(300),
    '日本語'.repeat(60),
    'שלום עולם',
    '👩‍👩‍👧',
    '🏳️‍🌈'.repeat(20),
    'é',
    'ẞ',
  ],
  ...[`${SLOT_OPEN}constructor${SLOT_CLOSE}`, `${SLOT_OPEN}toString${SLOT_CLOSE}`, SLOT_OPEN, SLOT_CLOSE],
)
const hostile = fc
  .array(fc.oneof({ weight: 3, arbitrary: nasty }, fc.string({ unit: 'binary', maxLength: 20 })), {
    maxLength: 8,
  })
  .map((pieces) => pieces.join(''))
const rendered = fc
  .array(fc.oneof(hostile, fc.constantFrom(...SLOT_NAMES).map(slot)), { maxLength: 6 })
  .map((pieces) => pieces.join(''))

export const originals: fc.Arbitrary<Original> = fc.record({
  from: fc.record({ name: hostile, address: fc.constant('news@garden.example') }),
  replyTo: fc.constantFrom(null, 'ada@garden.example'),
  subject: hostile,
  html: rendered,
  text: rendered,
  language: fc.constantFrom('en', 'pt-BR'),
  list: fc.record({ name: hostile, id: fc.constant('posts.garden.example') }),
  feedbackId: fc.constant('7:posts:issue:gardenexample'),
})
const mailtos = [
  'mailto:leave@garden.example?subject=unsubscribe%20u1-abc',
  // As long as an address may be, each of its characters encoded.
  `mailto:${'%7B'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.example?subject=unsubscribe%20u1-abc`,
]
export const recipients: fc.Arbitrary<Recipient> = fc
  .tuple(
    fc.record({ name: hostile, address: hostile, issue: hostile, preferences: hostile, confirm: hostile }),
    fc.constantFrom(undefined, ...mailtos),
  )
  .map(([slots, leaveByMail]) => ({
    ...RECIPIENT,
    name: slots.name,
    slots: { ...slots, unsubscribe: 'https://garden.example/unsubscribe?token=u1-abc' },
    ...(leaveByMail && { leaveByMail }),
  }))
