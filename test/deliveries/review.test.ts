import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { loadConfig, type SmtpConfig } from '../../src/config.ts'
import { type Delivered, deliverDue } from '../../src/deliveries/deliver.ts'
import { judge } from '../../src/deliveries/judge.ts'
import { openLedger } from '../../src/deliveries/ledger.ts'
import { letterWriter } from '../../src/deliveries/letter.ts'
import { readRefusal } from '../../src/deliveries/reply.ts'
import { maildirTransport } from '../../src/mail/maildir.ts'
import { smtpTransport, TIMEOUTS } from '../../src/mail/smtp.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { type Allowed, UNLIMITED } from '../../src/store/allowances.ts'
import { readBrakes, setBrake } from '../../src/store/brakes.ts'
import { write } from '../../src/store/database.ts'
import { CLAIM_MS, claimDeliveries, countDeliveries, markSending } from '../../src/store/deliveries.ts'
import { readIssue } from '../../src/store/issues.ts'
import { CLOSE, STALL } from '../mail/smtp-script.ts'
import { closing } from './closing.ts'
import { claimant, deliveries, later, type Mailing, NOW, SECRET } from './mailing.ts'

const { keep, mailTo, serverWith } = closing(() => vi.useRealTimers())

async function lineTo(
  port: number,
  { connections = 1, auth = null }: Partial<Pick<SmtpConfig, 'connections' | 'auth'>> = {},
): Promise<Transport> {
  const transport = await smtpTransport(
    { host: '127.0.0.1', port, tls: 'never', auth, connections },
    TIMEOUTS,
  )
  keep(transport)
  return transport
}

type Circumstances = { now?: () => Date; allowed?: Allowed; signal?: AbortSignal; graceMs?: number }

async function deliver(
  { db, journal, config }: Mailing,
  transport: Transport,
  {
    now = () => NOW,
    allowed = UNLIMITED,
    signal = new AbortController().signal,
    graceMs = 25_000,
  }: Circumstances = {},
): Promise<Delivered> {
  const writeLetter = letterWriter(db, config, SECRET)
  const outlets = [{ transport, ...allowed }]
  return deliverDue({ db, journal, secret: SECRET, outlets, writeLetter, now, signal, graceMs })
}

const UNTOUCHED = { state: 'queued', attempts: 0, claimed_by: null }

describe('a server that allows fewer connections than ours', () => {
  for (const refusal of ['421 4.7.0 too many connections', null]) {
    test(`${refusal ? 'and says so' : 'and hangs up'} gets everything through those it allows`, async () => {
      const mail = await mailTo(30)
      const server = await serverWith({
        greeting: () =>
          server.open() <= 2 ? '220 welcome' : { segments: refusal ? [`${refusal}\r\n`] : [], next: 'close' },
      })
      const done = await deliver(mail, await lineTo(server.port, { connections: 6 }))
      expect(done).toMatchObject({ sent: 30, later: 0, unreachable: null, happened: [] })
      expect(server.messages()).toHaveLength(30)
      expect(await readBrakes(mail.db)).toEqual(new Map())
    })
  }
})

describe('after a brake', () => {
  const brake = { until: NOW, reason: '554 5.7.1 blocked', times: 1, refused: 4, accepted: 0 }

  for (const kind of ['transport', 'domain']) {
    test(`on a ${kind} one message asks, and a server that still refuses gets no second one`, async () => {
      const mail = await mailTo(20)
      const server = await serverWith({
        message:
          kind === 'transport'
            ? '554 5.7.1 blocked'
            : '550 5.7.1 host mx.example.org[192.0.2.1] said: 554 5.7.1 blocked',
      })
      const transport = await lineTo(server.port, { connections: 4 })
      const scope = kind === 'transport' ? transport.name : 'domain example.org'
      await write(mail.db, (trx) => setBrake(trx, { ...brake, scope }))
      expect(await deliver(mail, transport)).toMatchObject({ sent: 0, failed: 1 })
      expect(server.messages()).toHaveLength(1)
      expect((await readBrakes(mail.db)).get(scope)).toMatchObject({ times: 2 })
    })
  }

  test('one message asks, and a server that takes it gets all others', async () => {
    const mail = await mailTo(20)
    let seen = -1
    const server = await serverWith({
      message: () => {
        if (seen < 0) seen = server.sessions.length
        return '250 ok'
      },
    })
    const transport = await lineTo(server.port, { connections: 4 })
    await write(mail.db, (trx) => setBrake(trx, { ...brake, scope: transport.name }))
    expect(await deliver(mail, transport)).toMatchObject({ sent: 20 })
    expect(seen).toBe(1)
    expect(server.sessions.length).toBeGreaterThan(1)
  })
})

describe('a limit', () => {
  const oneADay: Allowed = { limits: { day: 1 }, domainLimits: {} }

  test('is not used up by what never left', async () => {
    const mail = await mailTo(3)
    const auth = { user: 'blog', password: 'guess' }
    const strict = await serverWith({ auth: '535 5.7.8 wrong password' })
    expect((await deliver(mail, await lineTo(strict.port, { auth }), { allowed: oneADay })).sent).toBe(0)
    const good = await serverWith({ auth: '235 welcome', rcpt: ['550 5.1.1 nobody', '250 ok'] })
    const transport = {
      ...(await lineTo(good.port, { auth })),
      name: `smtp 127.0.0.1:${strict.port} as blog`,
    }
    const now = () => later(60)
    expect(await deliver(mail, transport, { allowed: oneADay, now })).toMatchObject({ sent: 1, failed: 1 })
  })

  test('is kept where two processes have claimed more than it has room for', async () => {
    const mail = await mailTo(6)
    const allowed: Allowed = { limits: { hour: 5 }, domainLimits: { 'example.org': { hour: 4 } } }
    const marked: number[] = []
    for (const owner of ['ada', 'grace']) {
      const { deliveries: claimed } = await claimDeliveries(
        mail.db,
        { ...claimant(owner), ...allowed },
        3,
        NOW,
      )
      expect(claimed).toHaveLength(3)
    }
    for (const owner of ['ada', 'grace']) {
      const { transport } = claimant(owner)
      const ids = [1, 2, 3, 4, 5, 6]
      const may = await write(mail.db, (trx) => markSending(trx, owner, transport, ids, NOW, allowed))
      marked.push(...may)
    }
    expect(marked).toEqual([1, 2, 3, 4])
    expect((await deliveries(mail.db)).slice(4)).toMatchObject([UNTOUCHED, UNTOUCHED])
  })

  test('sends no more than there is room for down to 354, where one process is alone', async () => {
    const mail = await mailTo(20)
    const server = await serverWith({})
    const allowed: Allowed = { limits: { hour: 7 }, domainLimits: {} }
    const done = await deliver(mail, await lineTo(server.port, { connections: 4 }), { allowed })
    expect(done.sent).toBe(7)
    const commands = server.sessions.flatMap((session) => session.commands)
    expect(commands.filter((command) => command.startsWith('MAIL'))).toHaveLength(7)
  })
})

describe('a worker that must end', () => {
  test('ends connections that are just being opened, and holds it against nobody', async () => {
    const mail = await mailTo(3)
    const stop = new AbortController()
    const server = await serverWith({
      greeting: () => {
        stop.abort()
        return STALL
      },
    })
    const transport = await lineTo(server.port, { connections: 2 })
    const done = await deliver(mail, transport, { signal: stop.signal, graceMs: 1 })
    expect(done).toMatchObject({ sent: 0, later: 0, unreachable: null })
    expect(await deliveries(mail.db)).toMatchObject([UNTOUCHED, UNTOUCHED, UNTOUCHED])
    expect(await readBrakes(mail.db)).toEqual(new Map())
  })

  test('opens no new connection for what was under way on an old one', async () => {
    const mail = await mailTo(2)
    const stop = new AbortController()
    let turn = 0
    const server = await serverWith({
      mail: () => {
        if (++turn === 1) return '250 ok'
        stop.abort()
        return STALL
      },
    })
    const done = await deliver(mail, await lineTo(server.port), { signal: stop.signal, graceMs: 1 })
    expect(done).toMatchObject({ sent: 1, later: 0, unknown: 0 })
    expect(server.sessions).toHaveLength(1)
    expect((await deliveries(mail.db))[1]).toMatchObject(UNTOUCHED)
  })
})

describe('a process that slept', () => {
  test('for longer than its claims last does not get them back by prolonging them too late', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const mail = await mailTo(1)
    let now = NOW
    const ledger = openLedger(mail.db, mail.journal, 'ada', SECRET, () => now)
    const { deliveries: claimed, until } = await claimDeliveries(mail.db, claimant('ada'), 1, NOW)
    const beat = async (seconds: number) => {
      now = later(seconds)
      vi.advanceTimersByTime(CLAIM_MS / 4)
      await ledger.mark({ ...(claimed[0] as (typeof claimed)[0]), id: 999 }, 'smtp')
      return ledger.heldUntil(until)
    }
    expect(await beat(15)).toEqual(later(75))
    expect(await beat(70)).toEqual(later(130))
    expect(await beat(131)).toEqual(until)
    expect(await beat(146)).toEqual(until)
    await ledger.close()
  })

  test('while a connection was being opened says nothing of its message', async () => {
    const mail = await mailTo(2)
    let now = NOW
    const server = await serverWith({
      greeting: () => {
        now = later(61)
        return '220 welcome'
      },
    })
    await deliver(mail, await lineTo(server.port), { now: () => now })
    const [session] = server.sessions
    const to = session?.commands.filter((command) => command.startsWith('MAIL')).length
    // Both were lost, claimed anew, and then sent: once each.
    expect(to).toBe(server.messages().length)
    expect((await countDeliveries(mail.db, mail.issue)).sent).toBe(server.messages().length)
  })
})

describe('what the author has to mend', () => {
  test('holds the issue for days, is told as such, and counts as no attempt', async () => {
    const mail = await mailTo(2)
    const auth = { user: 'blog', password: 'guess' }
    const server = await serverWith({ auth: ['535 5.7.8 wrong password', '535 5.7.8 no', '235 welcome'] })
    const transport = await lineTo(server.port, { auth })
    expect(transport.name).toBe(`smtp 127.0.0.1:${server.port} as blog`)
    const first = await deliver(mail, transport)
    expect(first.unreachable).toMatch(/wrong password; this is for the author to mend: .*"auth"/)
    expect(first.happened).toEqual([
      expect.stringMatching(/^smtp .* as blog is left alone until 2026-11-22 08:01 UTC: Invalid login: 535/),
    ])
    const inTwoDays = () => later(2 * 24 * 3600)
    await deliver(mail, transport, { now: inTwoDays })
    expect(await deliveries(mail.db)).toMatchObject([UNTOUCHED, UNTOUCHED])
    const inThreeDays = () => later(3 * 24 * 3600)
    expect(await deliver(mail, transport, { now: inThreeDays })).toMatchObject({ sent: 2 })
  })

  test('a login that fails for now is only waited for', async () => {
    const mail = await mailTo(1)
    const server = await serverWith({ auth: '454 4.7.0 not now' })
    const auth = { user: 'blog', password: 'secret' }
    const done = await deliver(mail, await lineTo(server.port, { auth }))
    expect(done.unreachable).toContain('454 4.7.0 not now')
    expect(done.unreachable).not.toContain('author')
  })

  test('an issue that is paused is told', async () => {
    const mail = await mailTo(2)
    const server = await serverWith({ message: '552 5.3.4 too big' })
    const { happened } = await deliver(mail, await lineTo(server.port))
    expect(happened).toEqual([
      'issue #1 is paused: the server does not take this message: 552 5.3.4 too big; to go on: posthorn issues resume 1',
    ])
    expect(await readIssue(mail.db, 1)).toMatchObject({ state: 'paused' })
  })
})

test('one message that is asked to come back stops no other, but a server that is sent too much is left alone', () => {
  const meaningOf = (reply: string) => readRefusal({ code: 451, reply, phase: 'recipient' })
  expect(meaningOf('451 4.7.1 try again in five minutes')).toBe('later')
  expect(meaningOf('451 4.7.28 an unusual rate of mail')).toBe('slow down')
})

test('a mailbox that a server without enhanced codes calls full for a day counts as full', () => {
  const outcome = { kind: 'refused', code: 452, reply: '452 over quota', phase: 'recipient' } as const
  const attempt = { id: 7, attempts: 9, tried: NOW }
  expect(judge(attempt, outcome, later(24 * 3600)).lesson).toEqual({ kind: 'full', reply: '452 over quota' })
  expect(judge(attempt, outcome, later(60)).lesson).toBeNull()
})

test('a server’s words are kept without control characters, and not without end', async () => {
  const mail = await mailTo(2)
  const server = await serverWith({
    rcpt: ['550 5.1.1 \x1b]0;owned\x07\x1b[31mno\x00\x9b\tbody', `550 5.1.1 ${'no '.repeat(1000)}`],
  })
  await deliver(mail, await lineTo(server.port))
  const [first, second] = (await deliveries(mail.db)).map((each) => each.reply ?? '')
  expect(first).toBe('550 5.1.1 ]0;owned[31mno body')
  expect(second?.length).toBeLessThanOrEqual(500)
})

test('a server that hangs up on everybody is still unreachable', async () => {
  const mail = await mailTo(4)
  const server = await serverWith({ greeting: CLOSE })
  const transport = await lineTo(server.port, { connections: 4 })
  expect((await deliver(mail, transport)).unreachable).toMatch(/closed/)
  expect((await readBrakes(mail.db)).get(transport.name)).toMatchObject({ times: 1 })
})

test('a message that cannot be in a Maildir is not looked for among all that was read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-review-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'cur'))
  writeFileSync(join(folder, 'cur', '1@example.org:2,S'), '')
  const transport = await maildirTransport({ folder })
  const envelope = { from: 'news@example.org', to: 'ada@example.org', messageId: '1@example.org' }
  const reply = async (isFirst: boolean) => {
    const outcome = await transport.deliver({ ...envelope, isFirst }, [Buffer.from('')], async () => true)
    return outcome.kind === 'sent' ? outcome.reply.split('/')[1] : outcome
  }
  expect([await reply(false), await reply(true)]).toEqual(['cur', 'new'])
})

describe('two transports', () => {
  function load(transports: object[]) {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-review-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const site = { title: 'The Garden', url: 'https://garden.example' }
    const newsletter = { from: { name: 'Ada', email: 'news@garden.example' } }
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ site, newsletter, transports }, null, 2))
    return loadConfig(folder, {})
  }
  const account = (user: string, host = 'mail.example.org') => ({
    ...{ kind: 'smtp', host },
    auth: { user, password: 'secret' },
  })

  test('on one server or with one folder name are two where account and place are', async () => {
    const { transports } = load([account('ada'), account('grace')])
    const [ada, grace] = await Promise.all(transports.map((each) => smtpTransport(each as SmtpConfig)))
    expect([ada?.name, grace?.name]).toEqual(
      ['ada', 'grace'].map((user) => `smtp mail.example.org:587 as ${user}`),
    )
    expect(
      load([
        { kind: 'maildir', folder: 'a/mail' },
        { kind: 'maildir', folder: 'b/mail' },
      ]).transports,
    ).toMatchObject([{ shown: 'a/mail' }, { shown: 'b/mail' }])
  })

  test('that are the same are a fault', () => {
    expect(() => load([account('ada'), account('ada', 'MAIL.example.org')])).toThrow(
      /config\.json:\d+: "transports\[1\]" is the same as "transports\[0\]": smtp mail\.example\.org:587 as ada/,
    )
    expect(() => load([{ kind: 'maildir' }, { kind: 'maildir', folder: './outbox/' }])).toThrow(
      'maildir outbox',
    )
  })
})
