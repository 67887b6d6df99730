import { readdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sql } from 'kysely'
import { SMTPServer } from 'smtp-server'
import { describe, expect, test } from 'vitest'
import { maildirTransport } from '../../src/mail/maildir.ts'
import { smtpTransport, TIMEOUTS } from '../../src/mail/smtp.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { readBrakes } from '../../src/store/brakes.ts'
import { write } from '../../src/store/database.ts'
import { claimDeliveries, countDeliveries, recoverDeliveries } from '../../src/store/deliveries.ts'
import { readIssue } from '../../src/store/issues.ts'
import { suppress, unsubscribeSubscriber } from '../../src/store/subscribers.ts'
import { CLOSE, RESET, type Script, scriptedServer } from '../mail/smtp-script.ts'
import { closing } from './closing.ts'
import { claimant, countCommits, deliver, deliveries, later, NOW } from './mailing.ts'

const { keep, mailTo } = closing()

async function transportTo(port: number, connections = 1): Promise<Transport> {
  const transport = await smtpTransport(
    { host: '127.0.0.1', port, tls: 'never', auth: null, connections },
    { ...TIMEOUTS, replyMs: 2_000 },
  )
  keep(transport)
  return transport
}

async function scripted(script: Script = {}) {
  const server = await scriptedServer(script)
  keep(server)
  return server
}

/** A real mail server; `onMessage` is done before the server says yes. */
async function realServer(onMessage: (to: string) => Promise<unknown> = async () => {}) {
  const arrived: { to: string; id: string }[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part) => parts.push(part))
      stream.on('end', () => {
        const id = /^Message-ID: <(.*)>\r$/m.exec(Buffer.concat(parts).toString())?.[1] ?? ''
        const to = session.envelope.rcptTo.map((each) => each.address).join()
        arrived.push({ to, id })
        onMessage(to).then(() => done(), done)
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  keep({ close: () => new Promise<void>((resolve) => server.close(resolve)) })
  return { port: (server.server.address() as AddressInfo).port, arrived }
}

/** Seconds until the first delivery is tried again: a minute, and what is its own share of a tenth. */
const FIRST_WAIT = 63.132

const readers = (people: number) =>
  Array.from({ length: people }, (_, index) => `reader${index + 1}@example.org`)

test('two hundred people over eight connections get one message each', async () => {
  const mail = await mailTo(200)
  await sql`pragma wal_autocheckpoint = 0`.execute(mail.db)
  const before = countCommits(mail.path)
  const { port, arrived } = await realServer()
  const done = await deliver(mail, await transportTo(port, 8))
  expect(done).toEqual({
    sent: 200,
    failed: 0,
    later: 0,
    unknown: 0,
    unreachable: null,
    happened: [],
    retryAt: null,
  })
  expect(arrived.map((each) => each.to).sort()).toEqual(readers(200).sort())
  expect(new Set(arrived.map((each) => each.id)).size).toBe(200)
  expect((await deliveries(mail.db)).every((each) => each.state === 'sent' && each.attempts === 1)).toBe(true)
  expect(await readIssue(mail.db, mail.issue)).toMatchObject({ state: 'sent', sent_at: NOW.toISOString() })
  // 400 marks and outcomes: in groups, or each would be a commit of its own.
  expect(countCommits(mail.path) - before).toBeLessThan(200)
})

test('a message is marked before its first byte, for every other process to see', async () => {
  const mail = await mailTo(1)
  const other = await mail.reopen()
  const seen: unknown[] = []
  const { port } = await realServer(async () => seen.push(await deliveries(other)))
  await deliver(mail, await transportTo(port))
  expect(seen).toMatchObject([[{ state: 'sending', transport: `smtp 127.0.0.1:${port}` }]])
})

test('two processes on one database send nothing twice and leave nothing', async () => {
  const mail = await mailTo(200)
  const { port, arrived } = await realServer()
  const other = await mail.again()
  const [one, two] = await Promise.all([
    deliver(mail, await transportTo(port, 4)),
    deliver(other, await transportTo(port, 4)),
  ])
  expect(one.sent + two.sent).toBe(200)
  expect(Math.min(one.sent, two.sent)).toBeGreaterThan(0)
  expect(arrived.map((each) => each.to).sort()).toEqual(readers(200).sort())
  expect(await readIssue(mail.db, mail.issue)).toMatchObject({ state: 'sent' })
})

describe('somebody who, while the issue is going out,', () => {
  // Eight are claimed together: one who is claimed already when it happens, and one who is not.
  for (const person of [3, 30]) {
    const about = person < 8 ? 'and is claimed already' : 'and is not claimed yet'
    test(`leaves (${about}) gets no copy`, async () => {
      const mail = await mailTo(40)
      const visitor = await mail.reopen()
      const { port, arrived } = await realServer(async (to) => {
        if (to === 'reader1@example.org')
          await write(visitor, (trx) => unsubscribeSubscriber(trx, person, NOW))
      })
      const done = await deliver(mail, await transportTo(port))
      expect(done.sent).toBe(39)
      expect(arrived.map((each) => each.to)).not.toContain(`reader${person}@example.org`)
      expect((await deliveries(mail.db))[person - 1]).toMatchObject({
        state: 'skipped',
        reply: 'no longer subscribed',
        attempts: 0,
      })
      expect(await readIssue(mail.db, mail.issue)).toMatchObject({ state: 'sent' })
    })
  }

  test('is suppressed gets no copy', async () => {
    const mail = await mailTo(5)
    const visitor = await mail.reopen()
    const { port, arrived } = await realServer(async (to) => {
      if (to === 'reader1@example.org')
        await write(visitor, (trx) => suppress(trx, 'reader4@example.org', 'complaint', NOW))
    })
    await deliver(mail, await transportTo(port))
    expect(arrived).toHaveLength(4)
    expect((await deliveries(mail.db))[3]).toMatchObject({
      state: 'skipped',
      reply: 'the address is suppressed',
    })
  })
})

test('an issue that is paused while it goes out stops there, and goes on when it is resumed', async () => {
  const mail = await mailTo(10)
  const author = await mail.reopen()
  const { port, arrived } = await realServer(async (to) => {
    if (to === 'reader4@example.org') await sql`update issues set state = 'paused'`.execute(author)
  })
  const transport = await transportTo(port)
  await deliver(mail, transport)
  expect(arrived).toHaveLength(4)
  expect(await countDeliveries(mail.db, mail.issue)).toMatchObject({ sent: 4, queued: 6, sending: 0 })
  await sql`update issues set state = 'sending'`.execute(author)
  await deliver(mail, transport, later(60))
  expect(arrived.map((each) => each.to).sort()).toEqual(readers(10).sort())
})

test('a refusal for now is one copy later', async () => {
  const mail = await mailTo(1)
  const server = await scripted({ rcpt: ['450 4.2.1 come back', '250 ok'] })
  const transport = await transportTo(server.port)
  expect(await deliver(mail, transport)).toMatchObject({ sent: 0, later: 1 })
  expect(await deliveries(mail.db)).toMatchObject([
    {
      state: 'queued',
      attempts: 1,
      due_at: later(FIRST_WAIT).toISOString(),
      reply: '450 4.2.1 come back',
      claimed_by: null,
    },
  ])
  expect(await deliver(mail, transport, later(FIRST_WAIT - 0.001))).toMatchObject({ sent: 0, later: 0 })
  expect(server.messages()).toEqual([])
  expect(await deliver(mail, transport, later(FIRST_WAIT))).toMatchObject({ sent: 1 })
  expect(server.messages()).toHaveLength(1)
  expect(await deliveries(mail.db)).toMatchObject([{ state: 'sent', attempts: 2 }])
})

test('a refusal of the message for now is sent again as the same bytes', async () => {
  const mail = await mailTo(1)
  const server = await scripted({ message: ['451 4.3.0 disk full', '250 ok'] })
  await deliver(mail, await transportTo(server.port))
  await deliver(mail, await transportTo(server.port), later(FIRST_WAIT))
  const [once, again, ...more] = server.messages().map(String)
  expect(again).toBe(once)
  expect(more).toEqual([])
})

test('a refusal for good keeps the server’s words, and the others get theirs', async () => {
  const mail = await mailTo(3)
  const server = await scripted({ rcpt: ['250 ok', '550 5.1.1 no such person', '250 ok'] })
  expect(await deliver(mail, await transportTo(server.port))).toMatchObject({ sent: 2, failed: 1 })
  expect((await deliveries(mail.db)).map(({ state, reply }) => ({ state, reply }))).toEqual([
    { state: 'sent', reply: '250 2.0.0 queued as 1' },
    { state: 'failed', reply: '550 5.1.1 no such person' },
    { state: 'sent', reply: '250 2.0.0 queued as 1' },
  ])
  expect(server.sessions).toHaveLength(1)
})

test('a message whose answer never came is unknown, and is never sent again on its own', async () => {
  for (const answer of [CLOSE, RESET]) {
    const mail = await mailTo(1)
    const server = await scripted({ message: answer })
    const transport = await transportTo(server.port)
    expect(await deliver(mail, transport)).toMatchObject({ sent: 0, unknown: 1 })
    for (const seconds of [60, 3600, 86_400]) await deliver(mail, transport, later(seconds))
    expect(server.messages()).toHaveLength(1)
    expect(await deliveries(mail.db)).toMatchObject([
      { state: 'unknown', attempts: 1, reply: expect.stringMatching(/^no answer came: /) },
    ])
    expect(await readIssue(mail.db, mail.issue)).toMatchObject({ state: 'sent' })
  }
})

test('where the mail server cannot be reached everything stays queued, and nothing counts', async () => {
  const mail = await mailTo(100)
  const server = await scriptedServer()
  await server.close()
  const transport = await transportTo(server.port, 8)
  const done = await deliver(mail, transport)
  expect(done).toMatchObject({ sent: 0, failed: 0, unknown: 0 })
  expect(done.unreachable).toMatch(/ECONNREFUSED/)
  const after = await deliveries(mail.db)
  expect(after.every((each) => each.state === 'queued' && each.attempts === 0 && !each.claimed_by)).toBe(true)
  // It is the transport that waits, for a minute: no message does, since another transport may take it at once.
  expect(after.every((each) => each.due_at <= NOW.toISOString())).toBe(true)
  expect(await readBrakes(mail.db)).toEqual(
    new Map([
      [
        transport.name,
        {
          scope: transport.name,
          until: later(60),
          reason: done.unreachable,
          times: 1,
          refused: 0,
          accepted: 0,
        },
      ],
    ]),
  )
  expect(await readIssue(mail.db, mail.issue)).toMatchObject({ state: 'sending' })

  const { port, arrived } = await realServer()
  await deliver(mail, await transportTo(port, 8), later(60))
  expect(arrived).toHaveLength(100)
})

describe('a process that died', () => {
  test('leaves its claims for a minute, then they are free', async () => {
    const mail = await mailTo(10)
    await claimDeliveries(mail.db, claimant('dead'), 10, NOW)
    const { port, arrived } = await realServer()
    await deliver(mail, await transportTo(port), later(59))
    expect(arrived).toEqual([])
    await deliver(mail, await transportTo(port), later(60))
    expect(arrived).toHaveLength(10)
  })

  async function diedSending() {
    const mail = await mailTo(3)
    await claimDeliveries(mail.db, claimant('dead'), 10, NOW)
    await sql`update deliveries set state = 'sending', transport = 'smtp mail.example.org:587' where id = 1`.execute(
      mail.db,
    )
    await sql`update deliveries set state = 'sending', transport = 'maildir outbox' where id = 2`.execute(
      mail.db,
    )
    return mail
  }

  test('while sending leaves an unknown over SMTP, and a message to write again in a Maildir', async () => {
    const mail = await diedSending()
    const names = ['smtp mail.example.org:587', 'maildir outbox']
    expect(await recoverDeliveries(mail.db, names, later(59))).toEqual({ queued: 0, unknown: 0 })
    expect(await recoverDeliveries(mail.db, names, later(60))).toEqual({ queued: 1, unknown: 1 })
    expect(await deliveries(mail.db)).toMatchObject([
      { state: 'unknown', claimed_by: null, reply: 'the process died before the answer came' },
      { state: 'queued', claimed_by: null },
      { state: 'queued', claimed_by: 'dead' },
    ])
    const folder = join(mail.path, '../outbox')
    await deliver(mail, await maildirTransport({ folder }), later(60))
    expect(readdirSync(join(folder, 'new'))).toHaveLength(2)
    expect(await deliveries(mail.db)).toMatchObject([
      { state: 'unknown' },
      { state: 'sent', transport: 'maildir outbox' },
      { state: 'sent', transport: 'maildir outbox' },
    ])
  })

  test('while writing into a Maildir that is no longer configured leaves an unknown, and no second copy elsewhere', async () => {
    const mail = await diedSending()
    const { port, arrived } = await realServer()
    await deliver(mail, await transportTo(port), later(60))
    expect(arrived.map((each) => each.to)).toEqual(['reader3@example.org'])
    expect(await deliveries(mail.db)).toMatchObject([
      { state: 'unknown' },
      { state: 'unknown', reply: 'it may lie in maildir outbox, which is no longer configured' },
      { state: 'sent' },
    ])
  })
})

test('where the database can no longer be written nothing more is sent, and what was in hand becomes unknown', async () => {
  const mail = await mailTo(10)
  const { port, arrived } = await realServer(async () => {
    await sql`pragma query_only = on`.execute(mail.db)
  })
  await expect(deliver(mail, await transportTo(port))).rejects.toThrow('the database is read-only')
  expect(arrived).toHaveLength(1)
  await sql`pragma query_only = off`.execute(mail.db)
  expect(await countDeliveries(mail.db, mail.issue)).toMatchObject({ sending: 1, queued: 9 })
  await deliver(mail, await transportTo(port), later(61)).catch(() => {})
  expect((await deliveries(mail.db))[0]).toMatchObject({ state: 'unknown' })
  expect(arrived.filter((each) => each.to === 'reader1@example.org')).toHaveLength(1)
})

test('a worker that is told to stop finishes what is in hand, begins nothing new and gives back the rest', async () => {
  const mail = await mailTo(20)
  const stop = new AbortController()
  const { port, arrived } = await realServer(async (to) => {
    if (to === 'reader3@example.org') stop.abort()
  })
  const done = await deliver(mail, await transportTo(port), NOW, stop.signal)
  expect(done.sent).toBe(3)
  expect(arrived).toHaveLength(3)
  expect((await deliveries(mail.db)).filter((each) => each.claimed_by !== null)).toEqual([])
  expect(await countDeliveries(mail.db, mail.issue)).toMatchObject({ sent: 3, queued: 17 })
})

test('somebody who waits for a confirmation does not wait for the issue', async () => {
  const mail = await mailTo(20)
  await sql`
    insert into deliveries (kind, rendition, address, name, state, due_at, dated_at, attempts)
    select 'confirmation', id, 'grace@example.org', 'Grace', 'queued', ${NOW.toISOString()}, ${NOW.toISOString()}, 0
    from renditions`.execute(mail.db)
  const { port, arrived } = await realServer()
  await deliver(mail, await transportTo(port))
  expect(arrived[0]?.to).toBe('grace@example.org')
  expect(arrived).toHaveLength(21)
})

test('somebody who asks for a confirmation while one answer is slow does not wait for that', async () => {
  const mail = await mailTo(2)
  const visitor = await mail.reopen()
  const came = Promise.withResolvers<void>()
  const { port, arrived } = await realServer(async (to) => {
    if (to === 'grace@example.org') came.resolve()
    if (to !== 'reader1@example.org') return
    await expect.poll(async () => (await deliveries(visitor))[1]?.state).toBe('sent')
    await sql`
      insert into deliveries (kind, rendition, address, name, state, due_at, dated_at, attempts)
      select 'confirmation', id, 'grace@example.org', 'Grace', 'queued', ${NOW.toISOString()}, ${NOW.toISOString()}, 0
      from renditions`.execute(visitor)
    await came.promise
  })
  expect(await deliver(mail, await transportTo(port, 2))).toMatchObject({ sent: 3, unknown: 0 })
  expect(arrived.map((each) => each.to).sort()).toEqual([
    'grace@example.org',
    'reader1@example.org',
    'reader2@example.org',
  ])
})
