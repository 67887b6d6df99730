import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Meaning, type Phase, quotedHost, readRefusal } from '../../src/deliveries/reply.ts'

const PHASES: readonly Phase[] = ['session', 'sender', 'recipient', 'message']
/** What is held against the person, now or later. */
const PERSONAL: readonly Meaning[] = ['no such address', 'maybe no such address', 'full']

/** As servers say it, in one line as the transport keeps it, and what it means. The code is the first in it. */
const REPLIES: Record<string, [Phase, string, Meaning][]> = {
  Gmail: [
    [
      'recipient',
      "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser a1 - gsmtp",
      'no such address',
    ],
    [
      'recipient',
      '550-5.2.1 The email account that you tried to reach is inactive. 550 5.2.1 https://support.google.com/mail/?p=DisabledUser a1 - gsmtp',
      'maybe no such address',
    ],
    [
      'recipient',
      '450-4.2.1 The user you are trying to contact is receiving mail at a rate that 450-4.2.1 prevents additional messages from being delivered. - gsmtp',
      'later',
    ],
    [
      'recipient',
      "452-4.2.2 The recipient's inbox is out of storage space. 452 4.2.2 https://support.google.com/mail/?p=OverQuotaTemp - gsmtp",
      'later',
    ],
    [
      'recipient',
      "552-5.2.2 The recipient's inbox is out of storage space and inactive. 552 5.2.2 https://support.google.com/mail/?p=OverQuotaPerm - gsmtp",
      'full',
    ],
    [
      'message',
      '550-5.7.26 Your email has been blocked because the sender is unauthenticated. 550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp',
      'policy',
    ],
    [
      'message',
      '550-5.7.1 [192.0.2.1 12] Our system has detected that this message is likely 550-5.7.1 unsolicited mail. - gsmtp',
      'policy',
    ],
    [
      'message',
      '421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating 421-4.7.28 from your IP address. To protect our users from spam, mail has been temporarily rate limited. - gsmtp',
      'slow down',
    ],
    ['message', '421 4.3.0 Temporary System Problem. Try again later (10). - gsmtp', 'slow down'],
    [
      'message',
      "552-5.3.4 Your message exceeded Google's message size limits. 552 5.3.4 https://support.google.com/mail/?p=MaxSizeError - gsmtp",
      'message',
    ],
    [
      'message',
      "552-5.2.3 Your message exceeded Google's message size limits. To learn how to share files 552 5.2.3 go to https://support.google.com/mail/?p=MaxSizeError",
      'message',
    ],
    ['recipient', '550-5.4.5 Daily user sending limit exceeded. - gsmtp', 'policy'],
    ['sender', '530-5.7.0 Authentication Required. - gsmtp', 'policy'],
    ['sender', '555 5.5.2 Syntax error, goodbye. - gsmtp', 'message'],
    ['message', '550-5.7.1 Messages missing a valid Message-ID header are not accepted. - gsmtp', 'policy'],
  ],
  Outlook: [
    [
      'recipient',
      '550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [AM1.example]',
      'maybe no such address',
    ],
    [
      'recipient',
      '550 5.4.1 Recipient address rejected: Access denied. [AM1.prod.protection.outlook.com]',
      'maybe no such address',
    ],
    [
      'recipient',
      '550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/',
      'policy',
    ],
    [
      'message',
      '550 5.7.515 Access denied, sending domain garden.example does not meet the required authentication level.',
      'policy',
    ],
    [
      'sender',
      '550 5.7.1 Unfortunately, messages from [192.0.2.1] weren’t sent. Please contact your Internet service provider since part of their network is on our block list (S3140).',
      'policy',
    ],
    ['recipient', '451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)', 'slow down'],
    [
      'sender',
      '451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.',
      'slow down',
    ],
    ['recipient', '550 5.1.8 Access denied, bad outbound sender. AS(42004)', 'policy'],
  ],
  Yahoo: [
    [
      'message',
      "554 delivery error: dd This user doesn't have a yahoo.com account (ada@yahoo.com) [0] - mta1.mail.example",
      'refused',
    ],
    [
      'message',
      '554 30 Sorry, your message to ada@yahoo.com cannot be delivered. This mailbox is disabled (554.30).',
      'refused',
    ],
    [
      'message',
      '554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com',
      'policy',
    ],
    [
      'sender',
      '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1',
      'slow down',
    ],
    ['recipient', '451 Resources temporarily unavailable. Please try again later [#4.16.5].', 'later'],
    ['recipient', '552 1 Requested mail action aborted, mailbox not found', 'maybe no such address'],
    [
      'session',
      '553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in a blocklist',
      'policy',
    ],
  ],
  Exchange: [
    [
      'recipient',
      '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@example.org not found by SMTP address lookup',
      'no such address',
    ],
    ['recipient', '550 5.1.1 User unknown', 'no such address'],
    ['recipient', '501 5.1.3 Invalid address', 'no such address'],
    [
      'recipient',
      '550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour.',
      'refused',
    ],
    ['message', '432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded', 'later'],
    [
      'session',
      '421 4.3.2 The maximum number of concurrent server connections has exceeded a limit',
      'slow down',
    ],
    ['sender', '452 4.3.1 Insufficient system resources', 'later'],
    ['sender', '552 5.3.4 Message size exceeds fixed maximum message size', 'message'],
    ['message', '554 5.6.0 Corrupt message content', 'policy'],
    ['message', '554 5.4.14 Hop count exceeded - possible mail loop', 'policy'],
    ['sender', '503 5.5.2 Need Rcpt command', 'message'],
  ],
  Postfix: [
    [
      'recipient',
      '550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown in relay recipient table',
      'no such address',
    ],
    ['recipient', '450 4.1.1 <ada@example.org>: Recipient address rejected: unverified address', 'later'],
    [
      'recipient',
      '450 4.2.0 <ada@example.org>: Recipient address rejected: Greylisted, see postgrey',
      'later',
    ],
    ['recipient', '450 4.7.1 <ada@example.org>: Recipient address rejected: Greylisting in action', 'later'],
    ['recipient', '450 4.1.2 <ada@nowhere.example>: Recipient address rejected: Domain not found', 'later'],
    [
      'recipient',
      '550 5.1.2 <ada@nowhere.example>: Recipient address rejected: Domain not found',
      'maybe no such address',
    ],
    ['recipient', '451 4.3.0 <ada@example.org>: Temporary lookup failure', 'later'],
    ['sender', '452 4.3.1 Insufficient system storage', 'later'],
    ['sender', '552 5.3.4 Message size exceeds fixed limit', 'message'],
    ['recipient', '554 5.7.1 <ada@example.org>: Relay access denied', 'policy'],
    [
      'recipient',
      '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example; see https://www.example/query/ip/192.0.2.1',
      'policy',
    ],
    ['recipient', '550 5.1.8 <news@garden.example>: Sender address rejected: Domain not found', 'policy'],
    [
      'recipient',
      '550 5.1.0 <news@garden.example>: Sender address rejected: User unknown in local recipient table',
      'policy',
    ],
    ['recipient', '504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname', 'message'],
    ['recipient', '501 5.1.3 Bad recipient address syntax', 'no such address'],
    ['recipient', '552 5.2.2 <ada@example.org>: Quota exceeded (mailbox for user is full)', 'full'],
    ['message', '500 5.5.2 Error: bad syntax', 'message'],
    ['message', '552 5.2.2 <ada@example.org> Quota exceeded (mailbox for user is full)', 'full'],
    ['message', '550 5.1.1 <ada@example.org>: user unknown', 'no such address'],
    ['sender', '550 5.1.1 <news@garden.example>: user unknown', 'policy'],
    [
      'recipient',
      '556 5.1.10 <ada@example.org>: Recipient address rejected: Domain does not accept mail (nullMX)',
      'no such address',
    ],
    [
      'recipient',
      '550 5.1.1 <ada@example.org>: Recipient address rejected: undeliverable address: host mx.example.org[192.0.2.9] said: 550 5.1.1 <ada@example.org>: no (in reply to RCPT TO command)',
      'no such address',
    ],
    [
      'recipient',
      '550 5.1.1 <ada@example.org>: Recipient address rejected: undeliverable address: host mx.example.org[192.0.2.9] said: 550 5.7.1 blocked (in reply to RCPT TO command)',
      'policy',
    ],
  ],
  'an old server, without enhanced codes,': [
    ['recipient', '550 No such user here', 'no such address'],
    ['recipient', '550 Requested action not taken: mailbox unavailable', 'maybe no such address'],
    ['recipient', '553 sorry, no mailbox here by that name. (#5.1.1 - chkuser)', 'no such address'],
    ['recipient', "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", 'policy'],
    ['recipient', '551 User not local', 'refused'],
    ['recipient', '550 Mailbox quota exceeded', 'full'],
    ['recipient', '552 Requested mail action aborted: exceeded storage allocation', 'full'],
    ['recipient', '556 Domain has a null MX', 'no such address'],
    ['recipient', '550 relay not permitted', 'policy'],
    ['recipient', '550 Sender verify failed', 'policy'],
    ['recipient', '554 Service unavailable; Client host [192.0.2.1] blocked using dnsbl.example', 'policy'],
    ['recipient', '550 Denied for 5.1.1.23: on a blacklist', 'policy'],
    ['recipient', '550 5.1.1.23 is not welcome', 'maybe no such address'],
    ['recipient', '501 <ada..l@example.org>: malformed address', 'refused'],
    ['recipient', '503 bad sequence of commands', 'message'],
    ['recipient', '450 Requested mail action not taken: mailbox unavailable', 'later'],
    ['message', '554 Transaction failed: looks like spam', 'policy'],
    ['message', '552 Message size exceeds maximum permitted', 'message'],
    ['message', '451 Local error in processing', 'later'],
    ['sender', '550 not you', 'policy'],
    ['session', '500 Line too long', 'message'],
  ],
}

for (const [who, replies] of Object.entries(REPLIES)) {
  describe(who, () => {
    for (const [phase, reply, meaning] of replies)
      test(`at ${phase}: ${reply}`, () => {
        expect(readRefusal({ code: Number(reply.slice(0, 3)), reply, phase })).toBe(meaning)
      })
  })
}

describe('whatever a server says', () => {
  const phase = fc.constantFrom(...PHASES)
  const words = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          ...['mailbox', 'user', 'unknown', 'not found', 'full', 'quota', 'spam', 'sender', 'null MX'],
          ...['said: 550', 'host mx.example[192.0.2.1]', '5.1.1', '4.2.2', '5.1.1.9', '(#5.5.0)', '550-'],
        ),
      )
      .map((parts) => parts.join(' ')),
  )
  const detail = fc.nat(999)

  test('it has one meaning, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), words, phase, (code, text, at) => {
        expect(readRefusal({ code, reply: `${code} ${text}`, phase: at })).toEqual(expect.any(String))
        expect(quotedHost(text) ?? '').toEqual(expect.any(String))
      }),
      { numRuns: 2_000 },
    )
  })

  test('a 4xx is never for good', () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 499 }), words, phase, (code, text, at) => {
        expect(['later', 'slow down']).toContain(readRefusal({ code, reply: `${code} ${text}`, phase: at }))
      }),
      { numRuns: 2_000 },
    )
  })

  test('a 5.7 or 5.6 is never about the person, nor is what was said before their address was', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 599 }),
        fc.constantFrom(6, 7),
        detail,
        words.filter((text) => quotedHost(text) === null),
        phase,
        (code, subject, number, text, at) => {
          const reply = `${code} 5.${subject}.${number} ${text}`
          expect(readRefusal({ code, reply, phase: at })).toBe('policy')
        },
      ),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 599 }),
        words,
        fc.constantFrom<Phase>('session', 'sender'),
        (code, text, at) => {
          expect(PERSONAL).not.toContain(readRefusal({ code, reply: `${code} ${text}`, phase: at }))
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('the host that a relay quotes is', () => {
  const quotes: [string, string | null][] = [
    ['host gmail-smtp-in.l.google.com[192.0.2.1] said: 550-5.7.26 no', 'gmail-smtp-in.l.google.com'],
    [
      '550 5.1.1 <a@b.example>: rejected: host MX.B.example[2001:db8::1] said: 550 no (in reply to RCPT TO command)',
      'mx.b.example',
    ],
    ['host mx.b.example[192.0.2.1]:25 said: 421 busy', 'mx.b.example'],
    ['host mx.b.example[192.0.2.1] refused to talk to me: 554 5.7.1 go away', 'mx.b.example'],
    ['host mail.b.example[private/dovecot-lmtp] said: 552 5.2.2 full', 'mail.b.example'],
    ['host mx_1.b.example said: 550 no', 'mx_1.b.example'],
    ['550 5.7.1 Client host [192.0.2.1] blocked using zen.example', null],
    ['550 the host said nothing', null],
    ['ghost mx.example[192.0.2.1] said: boo', null],
    ['', null],
  ]
  for (const [reply, host] of quotes)
    test(`${host ?? 'nobody’s'} in ${JSON.stringify(reply)}`, () => expect(quotedHost(reply)).toBe(host))
})
