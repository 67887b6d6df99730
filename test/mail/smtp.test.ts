import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { promisify } from 'node:util'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { SmtpConfig } from '../../src/config.ts'
import { smtpTransport, TIMEOUTS, type Timeouts } from '../../src/mail/smtp.ts'
import type { Outcome, Transport } from '../../src/mail/transport.ts'
import { CLOSE, RESET, type Script, type ScriptedServer, STALL, scriptedServer } from './smtp-script.ts'

const ENVELOPE = { from: 'blog@example.org', to: 'ada@example.org', messageId: '1234@example.org' }
const CHUNKS = ['Subject: Tea\r\n\r\n', 'Tea=\r\n', '=2E\r\n', '..\r\n', 'and biscuits\r\n'].map((text) =>
  Buffer.from(text),
)
const BYTES = Buffer.concat(CHUNKS).toString()

const open: { close: () => unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function serverOf(script: Script = {}): Promise<ScriptedServer> {
  const server = await scriptedServer(script)
  open.push(server)
  return server
}

async function transportTo(
  port: number,
  config: Partial<SmtpConfig> = {},
  timeouts: Partial<Timeouts> = {},
): Promise<Transport> {
  const transport = await smtpTransport(
    { host: '127.0.0.1', port, tls: 'never', auth: null, connections: 1, ...config },
    { ...TIMEOUTS, ...timeouts },
  )
  open.push(transport)
  return transport
}

type Handed = { outcome: Outcome; asked: number }

/** Hands over the message, and counts how often it was asked for before its first byte. */
async function hand(
  transport: Transport,
  before: () => boolean | Promise<boolean> = () => true,
  to = ENVELOPE.to,
): Promise<Handed> {
  let asked = 0
  const outcome = await transport.deliver({ ...ENVELOPE, to }, CHUNKS, async () => {
    asked++
    return before()
  })
  return { outcome, asked }
}

function texts(server: ScriptedServer): string[] {
  return server.messages().map(String)
}

/** Bytes of messages that came without a dot. */
function remains(server: ScriptedServer): string {
  return server.sessions.map((session) => session.unfinished.toString()).join('')
}

for (const pipelining of [true, false]) {
  describe(pipelining ? 'with PIPELINING' : 'without PIPELINING', () => {
    test('a message arrives byte for byte, dots and all, and the reply is kept', async () => {
      const server = await serverOf({ pipelining })
      const { outcome, asked } = await hand(await transportTo(server.port))
      expect(outcome).toEqual({ kind: 'sent', reply: '250 2.0.0 queued as 1' })
      expect(asked).toBe(1)
      expect(texts(server)).toEqual([BYTES])
      expect(server.sessions[0]?.commands.slice(1)).toEqual([
        'MAIL FROM:<blog@example.org>',
        'RCPT TO:<ada@example.org>',
        'DATA',
      ])
    })

    test('not one byte leaves before the answer to the last question', async () => {
      const server = await serverOf({ pipelining })
      const { outcome } = await hand(await transportTo(server.port), async () => {
        // The server has said 354, or nobody would have been asked.
        expect(server.sessions[0]?.commands.at(-1)).toBe('DATA')
        await new Promise(setImmediate)
        expect(remains(server)).toBe('')
        expect(server.messages()).toEqual([])
        return true
      })
      expect(outcome.kind).toBe('sent')
    })

    test('messages follow one another on one connection', async () => {
      const server = await serverOf({ pipelining })
      const transport = await transportTo(server.port)
      for (let turn = 0; turn < 3; turn++)
        expect(await hand(transport)).toMatchObject({ outcome: { kind: 'sent' }, asked: 1 })
      expect(server.sessions).toHaveLength(1)
      expect(texts(server)).toEqual([BYTES, BYTES, BYTES])
    })

    describe('nothing was sent when the server', () => {
      const early: [string, Script, Partial<Outcome>][] = [
        ['closes instead of greeting', { greeting: CLOSE }, { scope: 'transport' }],
        ['resets instead of greeting', { greeting: RESET }, { scope: 'transport' }],
        ['greets with 421', { greeting: '421 4.3.2 not now' }, { scope: 'transport' }],
        ['greets with 554', { greeting: '554 5.7.1 not you' }, { scope: 'transport' }],
        ['closes after MAIL', { mail: CLOSE }, { scope: 'message' }],
        ['resets after MAIL', { mail: RESET }, { scope: 'message' }],
        ['closes after RCPT', { rcpt: CLOSE }, { scope: 'message' }],
        ['closes after DATA', { data: CLOSE }, { scope: 'message' }],
        ['resets after DATA', { data: RESET }, { scope: 'message' }],
        ['talks nonsense after DATA', { data: 'hm?' }, { scope: 'message' }],
      ]
      for (const [what, script, expected] of early) {
        test(what, async () => {
          const server = await serverOf({ pipelining, ...script })
          const { outcome, asked } = await hand(await transportTo(server.port))
          expect(outcome).toMatchObject({ kind: 'not sent', ...expected })
          expect(asked).toBe(0)
          expect(texts(server).join('') + remains(server)).toBe('')
        })
      }

      test('never greets', async () => {
        const server = await serverOf({ pipelining, greeting: STALL })
        const { outcome, asked } = await hand(await transportTo(server.port, {}, { greetingMs: 50 }))
        expect(outcome).toMatchObject({ kind: 'not sent', scope: 'transport' })
        expect(asked).toBe(0)
      })

      test('never answers DATA', async () => {
        const server = await serverOf({ pipelining, data: STALL })
        const { outcome, asked } = await hand(await transportTo(server.port, {}, { replyMs: 50 }))
        expect(outcome).toMatchObject({ kind: 'not sent', scope: 'message' })
        expect(asked).toBe(0)
      })
    })

    describe('a refusal before the message leaves the connection fit for the next one:', () => {
      const refusals: [string, Script, number, string, 'sender' | 'recipient' | 'session'][] = [
        ['450 at RCPT', { rcpt: ['450 4.2.1 later', '250 ok'] }, 450, '450 4.2.1 later', 'recipient'],
        ['550 at RCPT', { rcpt: ['550 5.1.1 nobody', '250 ok'] }, 550, '550 5.1.1 nobody', 'recipient'],
        ['552 at MAIL', { mail: ['552 5.3.4 no', '250 ok'] }, 552, '552 5.3.4 no', 'sender'],
        [
          'several lines at RCPT',
          { rcpt: [{ segments: ['550-5.1.1 no', 'body\r\n550 5.1.1 here\r\n'] }, '250 ok'] },
          550,
          '550-5.1.1 nobody 550 5.1.1 here',
          'recipient',
        ],
        ['451 at DATA', { data: ['451 4.3.0 later', '354 go'] }, 451, '451 4.3.0 later', 'session'],
        [
          'a server that takes DATA for nobody',
          { rcpt: ['550 5.1.1 nobody', '250 ok'], data: '354 go ahead' },
          550,
          '550 5.1.1 nobody',
          'recipient',
        ],
      ]
      for (const [what, script, code, reply, phase] of refusals) {
        test(what, async () => {
          const server = await serverOf({ pipelining, ...script })
          const transport = await transportTo(server.port)
          expect(await hand(transport)).toEqual({
            outcome: { kind: 'refused', code, reply, phase },
            asked: 0,
          })
          expect(server.sessions[0]?.commands.at(-1)).toBe('RSET')
          expect(await hand(transport, undefined, 'grace@example.org')).toMatchObject({
            outcome: { kind: 'sent' },
            asked: 1,
          })
          expect(server.sessions).toHaveLength(1)
          expect(texts(server).filter((text) => text !== '')).toEqual([BYTES])
        })
      }
    })

    test('a server that answers RSET by hanging up costs nothing', async () => {
      const server = await serverOf({ pipelining, rcpt: ['550 5.1.1 nobody', '250 ok'], rset: CLOSE })
      const transport = await transportTo(server.port)
      expect((await hand(transport)).outcome.kind).toBe('refused')
      expect((await hand(transport)).outcome.kind).toBe('sent')
      expect(server.sessions).toHaveLength(2)
    })

    describe('a refusal of the message itself ends the connection:', () => {
      for (const reply of ['451 4.3.0 disk full', '554 5.7.1 looks like spam', '421 4.3.2 going down']) {
        test(reply, async () => {
          const server = await serverOf({ pipelining, message: [reply, '250 ok'] })
          const transport = await transportTo(server.port)
          expect(await hand(transport)).toEqual({
            outcome: { kind: 'refused', code: Number(reply.slice(0, 3)), reply, phase: 'message' },
            asked: 1,
          })
          expect((await hand(transport)).outcome.kind).toBe('sent')
          expect(server.sessions.map((session) => session.messages.length)).toEqual([1, 1])
        })
      }
    })

    describe('nobody can know when the server took the dot and then', () => {
      const doubts: [string, Script][] = [
        ['closes', { message: [CLOSE, '250 ok'] }],
        ['resets', { message: [RESET, '250 ok'] }],
        ['says nothing', { message: [STALL, '250 ok'] }],
        ['talks nonsense', { message: ['what was that', '250 ok'] }],
        ['says something that begins like a yes', { message: ['2 of 3 disks are fine', '250 ok'] }],
        ['asks for more', { message: ['354 go on', '250 ok'] }],
        ['closes in the middle of its reply', { message: [{ segments: ['25'], next: 'close' }, '250 ok'] }],
        [
          'closes in the middle of many lines',
          { message: [{ segments: ['250-ok\r\n250'], next: 'close' }, '250 ok'] },
        ],
      ]
      for (const [what, script] of doubts) {
        test(what, async () => {
          const server = await serverOf({ pipelining, ...script })
          const transport = await transportTo(server.port, {}, { replyMs: 100 })
          const { outcome, asked } = await hand(transport)
          expect(outcome.kind).toBe('unknown')
          expect(asked).toBe(1)
          expect(texts(server)).toEqual([BYTES])
          // Doubt about one message is none about the next, on a connection of its own.
          expect((await hand(transport)).outcome.kind).toBe('sent')
          expect(server.sessions.map((session) => session.messages.length)).toEqual([1, 1])
        })
      }
    })

    test('a reply of several lines, and one that comes in pieces, are replies', async () => {
      const server = await serverOf({
        pipelining,
        message: [
          { segments: ['250-2.0.0 thank you\r\n', '250 2.0.0 queued\r\n'] },
          { segments: ['2', '50 2.0.0', ' queued as 2\r', '\n'] },
        ],
      })
      const transport = await transportTo(server.port)
      expect((await hand(transport)).outcome).toEqual({
        kind: 'sent',
        reply: '250-2.0.0 thank you 250 2.0.0 queued',
      })
      expect((await hand(transport)).outcome).toEqual({ kind: 'sent', reply: '250 2.0.0 queued as 2' })
      expect(texts(server)).toEqual([BYTES, BYTES])
    })

    test('a message that is no longer wanted is not sent, not even its dot', async () => {
      const server = await serverOf({ pipelining })
      const transport = await transportTo(server.port)
      const { outcome, asked } = await hand(transport, () => false)
      expect(outcome).toEqual({ kind: 'not sent', reason: 'no longer wanted', scope: 'message' })
      expect(asked).toBe(1)
      expect((await hand(transport)).outcome.kind).toBe('sent')
      expect(server.sessions.map((session) => session.messages.length)).toEqual([0, 1])
      expect(remains(server)).toBe('')
    })

    test('what the ledger throws is thrown, and nothing was sent', async () => {
      const server = await serverOf({ pipelining })
      const transport = await transportTo(server.port)
      const failing = hand(transport, () => {
        throw new Error('the disk is full')
      })
      await expect(failing).rejects.toThrow('the disk is full')
      expect((await hand(transport)).outcome.kind).toBe('sent')
      expect(server.sessions.map((session) => session.messages.length)).toEqual([0, 1])
      expect(remains(server)).toBe('')
    })

    test('a server that hangs up while the ledger is slow was sent nothing', async () => {
      const server = await serverOf({ pipelining })
      const { outcome, asked } = await hand(await transportTo(server.port), async () => {
        await server.hangUp()
        return true
      })
      expect(outcome).toMatchObject({ kind: 'not sent', scope: 'message' })
      expect(asked).toBe(1)
      expect(texts(server).join('') + remains(server)).toBe('')
    })

    test('a server that hangs up while the ledger fails: the failure is what is told', async () => {
      const server = await serverOf({ pipelining })
      const failing = hand(await transportTo(server.port), async () => {
        await server.hangUp()
        throw new Error('the disk is full')
      })
      await expect(failing).rejects.toThrow('the disk is full')
      expect(texts(server).join('') + remains(server)).toBe('')
    })

    test('a server that speaks while the ledger is slow was sent nothing', async () => {
      const server = await serverOf({
        pipelining,
        data: { segments: ['354 go\r\n', '451 4.3.0 or not\r\n'] },
      })
      const { outcome } = await hand(await transportTo(server.port), async () => {
        // Until the client has understood and closed its end, which the server sees.
        while (server.open() > 0) await new Promise(setImmediate)
        return true
      })
      expect(outcome).toMatchObject({ kind: 'not sent', scope: 'message' })
      expect(texts(server).join('') + remains(server)).toBe('')
    })

    test('a connection that the server closed after a message is replaced, and the next message goes out once', async () => {
      const server = await serverOf({ pipelining, message: { segments: ['250 ok\r\n'], next: 'close' } })
      const transport = await transportTo(server.port)
      for (let turn = 0; turn < 3; turn++)
        expect(await hand(transport)).toMatchObject({ outcome: { kind: 'sent' }, asked: 1 })
      expect(server.sessions.map((session) => session.messages.length)).toEqual([1, 1, 1])
    })

    test('a kept connection that dies at the next MAIL is no attempt of that message', async () => {
      for (const death of [CLOSE, RESET]) {
        const server = await serverOf({ pipelining, mail: ['250 ok', death, '250 ok'] })
        const transport = await transportTo(server.port)
        expect((await hand(transport)).outcome.kind).toBe('sent')
        expect(await hand(transport)).toMatchObject({ outcome: { kind: 'sent' }, asked: 1 })
        expect(server.sessions.map((session) => session.messages.length)).toEqual([1, 1])
      }
    })

    test('an envelope that cannot be written is told at once, also on a kept connection', async () => {
      const server = await serverOf({ pipelining })
      const transport = await transportTo(server.port)
      expect((await hand(transport)).outcome.kind).toBe('sent')
      for (const to of ['', 'ada@example.org>\r\nRCPT TO:<grace@example.org']) {
        expect((await hand(transport, undefined, to)).outcome).toMatchObject({
          kind: 'not sent',
          scope: 'message',
        })
      }
      expect(texts(server)).toEqual([BYTES])
      expect(server.sessions.flatMap((session) => session.commands).join()).not.toContain('grace')
    })
  })
}

describe('no message would have gone', () => {
  test('where nobody listens', async () => {
    const server = await scriptedServer()
    await server.close()
    const { outcome, asked } = await hand(await transportTo(server.port))
    expect(outcome).toMatchObject({
      kind: 'not sent',
      scope: 'transport',
      reason: expect.stringMatching(/^smtp 127\.0\.0\.1:\d+: .*ECONNREFUSED/),
    })
    expect(asked).toBe(0)
  })

  test('where the host is unknown', async () => {
    const { outcome } = await hand(await transportTo(25, { host: 'no-such-host.invalid' }, { connectMs: 50 }))
    expect(outcome).toMatchObject({ kind: 'not sent', scope: 'transport' })
    // A machine without a network may ask its silent name servers for a while.
  }, 20_000)

  for (const [what, auth] of [
    ['refuses the password', '535 5.7.8 wrong password'],
    ['hangs up on the password', CLOSE],
    ['resets on the password', RESET],
    ['never answers the password', STALL],
  ] as const) {
    test(`where the server ${what}`, async () => {
      const server = await serverOf({ auth })
      const login = { auth: { user: 'blog', password: 'secret' } }
      const { outcome, asked } = await hand(await transportTo(server.port, login, { replyMs: 50 }))
      expect(outcome).toMatchObject({ kind: 'not sent', scope: 'transport' })
      expect(JSON.stringify(outcome)).not.toContain('secret')
      expect(asked).toBe(0)
      expect(server.sessions[0]?.commands.some((command) => command.startsWith('MAIL'))).toBe(false)
    })
  }

  test('where TLS is required and the server has none: no envelope, no login, no mail in the clear', async () => {
    const server = await serverOf({ auth: '235 welcome' })
    const { outcome, asked } = await hand(
      await transportTo(server.port, { tls: 'required', auth: { user: 'blog', password: 'secret' } }),
    )
    expect(outcome).toMatchObject({ kind: 'not sent', scope: 'transport' })
    expect(asked).toBe(0)
    expect(server.sessions[0]?.commands.map((command) => command.slice(0, 4))).toEqual(['EHLO', 'STAR'])
  })
})

test('a server that never answers QUIT keeps no process alive', async () => {
  const server = await serverOf({ quit: STALL })
  const program = `
    const { smtpTransport } = await import(${JSON.stringify(new URL('../../src/mail/smtp.ts', import.meta.url))})
    const transport = await smtpTransport(
      { kind: 'smtp', host: '127.0.0.1', port: ${server.port}, tls: 'never', auth: null, connections: 1 })
    const envelope = ${JSON.stringify(ENVELOPE)}
    await transport.deliver(envelope, [Buffer.from('Subject: Tea\\r\\n\\r\\n')], async () => true)
    await transport.close()`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  expect(server.sessions[0]?.commands.at(-1)).toBe('QUIT')
})

describe('a real server', () => {
  const pem = readFileSync(new URL('localhost.pem', import.meta.url), 'utf8')
  type Received = { from: string; to: string[]; secure: boolean; user: unknown; text: string }

  async function realServer(
    options: SMTPServerOptions = {},
  ): Promise<{ port: number; received: Received[] }> {
    const received: Received[] = []
    const server = new SMTPServer({
      key: pem,
      cert: pem,
      authOptional: true,
      onAuth: ({ username, password }, _session, done) =>
        password === 'secret' ? done(null, { user: username }) : done(new Error('wrong password')),
      onData(stream, session, done) {
        const parts: Buffer[] = []
        stream.on('data', (part) => parts.push(part))
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope
          received.push({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map((each) => each.address),
            secure: session.secure,
            user: session.user,
            text: Buffer.concat(parts).toString(),
          })
          done(null, 'thank you')
        })
      },
      ...options,
    })
    // What clients do wrong on purpose is told to them, not to us.
    server.on('error', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise<void>((resolve) => server.close(resolve)) })
    return { port: (server.server.address() as AddressInfo).port, received }
  }

  // smtp-server undoes the dots that a client stuffs; ours never writes a line that begins with one.
  const unstuffed = BYTES.replace('\r\n..\r\n', '\r\n.\r\n')

  test('takes mail in the clear where the author says so', async () => {
    const { port, received } = await realServer({ disabledCommands: ['STARTTLS', 'AUTH'] })
    const { outcome, asked } = await hand(await transportTo(port))
    expect(outcome).toEqual({ kind: 'sent', reply: '250 thank you' })
    expect(asked).toBe(1)
    expect(received).toMatchObject([
      { from: ENVELOPE.from, to: [ENVELOPE.to], secure: false, text: unstuffed },
    ])
  })

  test('with a certificate that nobody vouches for gets no mail', async () => {
    const { port, received } = await realServer()
    const { outcome, asked } = await hand(await transportTo(port, { tls: 'required' }))
    expect(outcome).toMatchObject({
      kind: 'not sent',
      scope: 'transport',
      reason: expect.stringContaining('certificate'),
    })
    expect(asked).toBe(0)
    expect(received).toEqual([])
  })

  test('that cannot do TLS gets no mail where it is required', async () => {
    const { port, received } = await realServer({ disabledCommands: ['STARTTLS'] })
    const { outcome } = await hand(await transportTo(port, { tls: 'required' }))
    expect(outcome).toMatchObject({ kind: 'not sent', scope: 'transport' })
    expect(received).toEqual([])
  })

  describe('with a certificate that is trusted', () => {
    beforeAll(() => {
      const before = getCACertificates('default')
      setDefaultCACertificates([...before, pem])
      return () => setDefaultCACertificates(before)
    })

    test('gets its mail over STARTTLS, after the login, many on one connection', async () => {
      const { port, received } = await realServer({ authOptional: false })
      const auth = { user: 'blog', password: 'secret' }
      const transport = await transportTo(port, { tls: 'required', auth })
      for (let turn = 0; turn < 3; turn++) expect((await hand(transport)).outcome.kind).toBe('sent')
      expect(received).toHaveLength(3)
      expect(received[0]).toMatchObject({ secure: true, user: 'blog', text: unstuffed })
    })

    test('that refuses the password is told apart from one that refuses a message', async () => {
      const { port, received } = await realServer({ authOptional: false })
      const { outcome, asked } = await hand(
        await transportTo(port, { tls: 'required', auth: { user: 'blog', password: 'guess' } }),
      )
      expect(outcome).toMatchObject({ kind: 'not sent', scope: 'transport' })
      expect(asked).toBe(0)
      expect(received).toEqual([])
    })

    test('that refuses one person takes mail for the next on the same connection', async () => {
      let connections = 0
      const { port, received } = await realServer({
        onConnect: (_session, done) => {
          connections++
          done()
        },
        onRcptTo: ({ address }, _session, done) =>
          address.startsWith('ada@')
            ? done(Object.assign(new Error('nobody here'), { responseCode: 550 }))
            : done(),
      })
      const transport = await transportTo(port, { tls: 'required' })
      expect((await hand(transport)).outcome).toMatchObject({ kind: 'refused', code: 550 })
      expect((await hand(transport, undefined, 'grace@example.org')).outcome.kind).toBe('sent')
      expect(received.map((each) => each.to)).toEqual([['grace@example.org']])
      expect(connections).toBe(1)
    })
  })
})

// nodemailer is pinned. Whoever moves the pin finds here what has to be looked at in `src/mail/smtp.ts`.
test('nodemailer still has the private parts that the DATA phase is hung on', () => {
  const connection = new SMTPConnection({ host: '127.0.0.1', port: 1 })
  const parts = connection as unknown as Record<string, unknown>
  const about = { hint: 'nodemailer changed inside: go through src/mail/smtp.ts before moving its version' }
  expect({ ...about, actions: parts._responseActions }).toEqual({ ...about, actions: [] })
  expect({ ...about, destroyed: parts._destroyed }).toEqual({ ...about, destroyed: false })
  expect({ ...about, socket: parts._socket }).toEqual({ ...about, socket: false })
  for (const name of ['_createSendStream', '_actionSMTPStream', 'send', 'reset', 'quit', 'close', 'login'])
    expect({ ...about, name, type: typeof parts[name] }).toEqual({ ...about, name, type: 'function' })
  // `send` calls it once the server has answered 354, and with the callback alone.
  expect((parts._createSendStream as () => void).length).toBe(1)
  const actionOf = parts._actionSMTPStream as (reply: string, done: (...given: unknown[]) => void) => void
  const answers: unknown[][] = []
  actionOf.call(connection, '250 ok', (...given) => answers.push(given))
  actionOf.call(connection, '451 later', (...given) => answers.push(given))
  expect(answers[0]).toEqual([null, '250 ok'])
  expect(answers[1]?.[0]).toMatchObject({ responseCode: 451, command: 'DATA', response: '451 later' })
})

test('nodemailer is pinned to one version', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  // Bundled into the package, so it may stand in either list.
  const { nodemailer } = { ...manifest.devDependencies, ...manifest.dependencies }
  expect(nodemailer).toMatch(/^\d+\.\d+\.\d+$/)
})
