/**
 * Faults of the network and of the mail server, one story for each row of the fault matrix. What is asserted is what
 * the server kept, by Message-ID.
 *
 * F1 to F11 and F23 are here; F12, F14, F15 and F20 in `crash.test.ts`, F13 in `kill.test.ts`, F16 and F19 in
 * `disk.test.ts`, F17, F18 and F24 in `people.test.ts`. F21 (a relay bounces later) and F22 (webhooks and forged
 * bounces) are about the intake of bounces, which Posthorn does not have yet: there is nothing to break.
 */
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { write } from '../../src/store/database.ts'
import { resolveUnknown } from '../../src/store/deliveries.ts'
import { moveIssue, readIssue } from '../../src/store/issues.ts'
import { scriptedServer } from '../mail/smtp-script.ts'
import { type MailServer, type Move, mailServer, once, type Plan, type Step } from './server.ts'
import {
  account,
  all,
  brakeOn,
  deliverToTheEnd,
  type FaultySite,
  fates,
  lineTo,
  makeTemplate,
  NOON,
  openCopy,
  PEOPLE,
  suppressed,
  type Template,
} from './site.ts'

let template: Template
beforeAll(async () => {
  template = await makeTemplate(PEOPLE)
})
afterAll(() => template.remove())

async function siteAndServer(plan?: Plan): Promise<{ site: FaultySite; server: MailServer }> {
  return { site: await openCopy(template.folder), server: await mailServer(plan) }
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Looks again until it is so; the test's own time limit ends what never is. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate)
}

/** Where everybody waits until the last one has come. */
function meeting(people: number): () => Promise<void> {
  const all = Promise.withResolvers<void>()
  let come = 0
  return () => {
    if (++come === people) all.resolve()
    return all.promise
  }
}

describe('F1: where the mail server cannot be reached', () => {
  for (const [how, host] of [
    ['it refuses the connection', '127.0.0.1'],
    ['its name is unknown', 'no-such-host.invalid'],
  ] as const) {
    test(`because ${how}, everybody stays queued, no attempt counts, and all get it once it is back`, async () => {
      const { site, server } = await siteAndServer()
      const away = await lineTo(await unusedPort(), { host, timeouts: { connectMs: 50 } })
      const done = await site.deliver(away)
      expect(done.unreachable).toMatch(/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|DNS|timeout/i)
      expect(await fates(site, server)).toMatchObject(
        PEOPLE.map((name) => ({ name, state: 'queued', attempts: 0, arrived: 0 })),
      )
      // It is left alone for a minute, then for longer, and the rounds between do not even knock.
      const brake = await brakeOn(site, away.name)
      expect(brake).toMatchObject({ until: new Date(NOON.getTime() + 60_000).toISOString(), times: 1 })
      site.pass(30)
      expect(await site.deliver(away)).toMatchObject({ unreachable: null, later: 0 })
      site.pass(30)
      expect((await site.deliver(away)).unreachable).not.toBeNull()
      expect(await brakeOn(site, away.name)).toMatchObject({ times: 2 })
      await deliverToTheEnd(site, await lineTo(server.port))
      expect(await account(site, server)).toEqual(all('sent'))
      expect((await fates(site, server)).map((each) => each.attempts)).toEqual(PEOPLE.map(() => 1))
    })
  }

  test('for days, everybody has failed in the end for a reason that is told, and nobody is suppressed', async () => {
    const { site, server } = await siteAndServer()
    const away = await lineTo(await unusedPort())
    // Each round knocks once, and a day counts from the first knock for each.
    for (let day = 0; day < 2 * PEOPLE.length; day++) {
      await site.deliver(away)
      site.pass(25 * 3600)
    }
    expect(await account(site, server)).toEqual(all('failed'))
    expect((await fates(site, server))[0]?.reply).toMatch(/^given up after a day; .*ECONNREFUSED/)
    expect(await suppressed(site)).toEqual([])
  })
})

describe('F2: a server that, instead of greeting,', () => {
  const greetings: [string, Move][] = [
    ['hangs up', { instead: 'hang up' }],
    ['says 421', { say: '421 4.3.2 not now' }],
    ['says 554', { say: '554 5.7.1 not you' }],
  ]
  for (const [what, move] of greetings) {
    test(`${what}, is left alone for a minute, suppresses nobody, and then gets one copy for each`, async () => {
      const { site, server } = await siteAndServer(once('greeting', move))
      const line = await lineTo(server.port)
      await site.deliver(line)
      expect(await fates(site, server)).toMatchObject(PEOPLE.map(() => ({ state: 'queued', attempts: 0 })))
      expect(await brakeOn(site, line.name)).toMatchObject({ times: 1 })
      await deliverToTheEnd(site, line)
      expect(await account(site, server)).toEqual(all('sent'))
      expect(await suppressed(site)).toEqual([])
      expect(await brakeOn(site, line.name)).toBeUndefined()
    })
  }
})

describe('F3: a server that hangs up', () => {
  for (const pipelining of [false, true])
    for (const [after, step] of [
      ['MAIL', 'mail'],
      ['RCPT', 'rcpt'],
      ['DATA', 'data'],
    ] as [string, Step][]) {
      test(`after ${after}${pipelining ? ', with PIPELINING,' : ''} gets one copy for each in the end`, async () => {
        const site = await openCopy(template.folder)
        const server = await mailServer(once(step, { instead: 'hang up' }), { pipelining })
        const line = await lineTo(server.port)
        await site.deliver(line)
        expect((await fates(site, server))[0]).toMatchObject({ state: 'queued', attempts: 1, arrived: 0 })
        await deliverToTheEnd(site, line)
        expect(await account(site, server)).toEqual(all('sent'))
      })
    }
})

test('F4: a server that says 450 to a recipient is asked again a minute later, and gets one copy', async () => {
  const { site, server } = await siteAndServer(once('rcpt', { say: '450 4.2.1 come back' }))
  const line = await lineTo(server.port)
  await site.deliver(line)
  const [ada] = await fates(site, server)
  expect(ada).toMatchObject({ state: 'queued', attempts: 1, arrived: 0, reply: '450 4.2.1 come back' })
  const wait = (ada?.dueAt.getTime() ?? 0) - NOON.getTime()
  // A minute, and a tenth more or less.
  expect(Math.abs(wait - 60_000)).toBeLessThanOrEqual(6_000)
  site.setClock(new Date(NOON.getTime() + wait - 1))
  await site.deliver(line)
  expect((await fates(site, server))[0]).toMatchObject({ arrived: 0 })
  site.setClock(new Date(NOON.getTime() + wait))
  await site.deliver(line)
  expect(await account(site, server)).toEqual(all('sent'))
})

test('F5: an address that does not exist fails and is suppressed, and the connection goes on with the others', async () => {
  const { site, server } = await siteAndServer(({ step, to }) =>
    step === 'rcpt' && to.startsWith('edsger') ? { say: '550 5.1.1 no such person' } : undefined,
  )
  await deliverToTheEnd(site, await lineTo(server.port))
  expect(await account(site, server)).toEqual(all('sent', { edsger: 'failed' }))
  expect(await suppressed(site)).toEqual(['edsger@example.org'])
  expect(server.sessions).toHaveLength(1)
  expect(server.sessions[0]?.commands).toContain('RSET')
})

describe('F6: a message that, after its dot, is refused for now with', () => {
  for (const reply of ['452 4.3.1 no room', '451 4.3.0 trouble', '421 4.3.2 going down']) {
    test(`${reply.slice(0, 3)} is one copy in the end`, async () => {
      const { site, server } = await siteAndServer(once('dot', { say: reply }))
      const line = await lineTo(server.port)
      await site.deliver(line)
      expect((await fates(site, server))[0]).toMatchObject({ state: 'queued', arrived: 0, reply })
      await deliverToTheEnd(site, line)
      expect(await account(site, server)).toEqual(all('sent'))
      expect(await suppressed(site)).toEqual([])
    })
  }
})

describe('F7: a message refused by policy after its dot', () => {
  const REFUSED = '554 5.7.1 we do not like you'

  test('has failed and suppresses nobody; five in a row pull the brake, and the sixth is not even tried', async () => {
    const { site, server } = await siteAndServer(({ step }) =>
      step === 'dot' ? { say: REFUSED } : undefined,
    )
    const line = await lineTo(server.port)
    await site.deliver(line)
    expect((await fates(site, server)).map((each) => each.state)).toEqual([
      ...PEOPLE.slice(0, 5).map(() => 'failed'),
      'queued',
    ])
    expect(await brakeOn(site, line.name)).toMatchObject({ times: 1, reason: REFUSED })
    expect(await suppressed(site)).toEqual([])
    server.follow(() => undefined)
    await deliverToTheEnd(site, line)
    expect(await account(site, server)).toEqual(all('failed', { niklaus: 'sent' }))
  })

  test('on all connections at once pulls the brake once', async () => {
    const together = meeting(PEOPLE.length)
    const { site, server } = await siteAndServer(async ({ step }) => {
      if (step !== 'dot') return undefined
      await together()
      return { say: REFUSED }
    })
    const line = await lineTo(server.port, { connections: PEOPLE.length })
    await site.deliver(line)
    expect(await account(site, server)).toEqual(all('failed'))
    expect(await brakeOn(site, line.name)).toMatchObject({ times: 1 })
  })

  test('pulls a brake that the last message in flight does not let go', async () => {
    const braked = Promise.withResolvers<void>()
    const { site, server } = await siteAndServer(async ({ step, to }) => {
      if (step !== 'dot') return undefined
      if (to.startsWith('ada')) return { say: '421 4.7.0 too much of it' }
      await braked.promise
      return undefined
    })
    const line = await lineTo(server.port, { connections: 2 })
    const delivering = site.deliver(line)
    const other = await site.again()
    await until(async () => (await brakeOn(other, line.name)) !== undefined)
    braked.resolve()
    await delivering
    expect((await fates(site, server)).map((each) => each.state)).toEqual([
      'queued',
      'sent',
      ...PEOPLE.slice(2).map(() => 'queued'),
    ])
    expect(await brakeOn(site, line.name)).toMatchObject({ times: 1 })
    server.follow(() => undefined)
    await deliverToTheEnd(site, line)
    expect(await account(site, server)).toEqual(all('sent'))
  })
})

describe('F8: a server that keeps a message and hangs up instead of saying so', () => {
  const pocket: Plan = ({ step, to }) =>
    step === 'dot' && to.startsWith('ada') ? { keep: true, instead: 'hang up' } : undefined

  test('has the one copy that there will be: it is unknown', async () => {
    const { site, server } = await siteAndServer(pocket)
    const line = await lineTo(server.port)
    await deliverToTheEnd(site, line)
    for (const hours of [1, 24]) {
      site.pass(hours * 3600)
      await site.deliver(line)
    }
    expect(await account(site, server)).toEqual(all('sent', { ada: 'unknown' }))
    expect(server.kept.size).toBe(PEOPLE.length)
  })

  test('gets a second one, the same to the byte, where the author says so', async () => {
    const { site, server } = await siteAndServer(pocket)
    const line = await lineTo(server.port)
    await deliverToTheEnd(site, line)
    server.follow(() => undefined)
    site.pass(3600)
    await write(site.db, async (trx) => {
      expect(await resolveUnknown(trx, 1, 'resend', site.now())).toBe(1)
      await moveIssue(trx, 1, ['sent'], 'sending', null)
    })
    await deliverToTheEnd(site, line)
    expect(await account(site, server, ['ada'])).toEqual(all('sent'))
    const copies = [...server.kept.values()].find((each) => each.length > 1) ?? []
    expect(copies).toHaveLength(2)
    expect(copies[0]?.equals(copies[1] as Buffer)).toBe(true)
  })
})

describe('F9: a server that drops a message', () => {
  test('when the dot has come leaves an unknown, which is never called sent and never sent again', async () => {
    const { site, server } = await siteAndServer(once('dot', { keep: false, instead: 'hang up' }))
    const line = await lineTo(server.port)
    await deliverToTheEnd(site, line)
    site.pass(24 * 3600)
    await site.deliver(line)
    expect(await account(site, server)).toEqual(all('sent', { ada: 'unknown' }))
    expect(server.kept.size).toBe(PEOPLE.length - 1)
    expect(await readIssue(site.db, 1)).toMatchObject({ state: 'sent' })
  })
})

test('F10: a server that keeps a message and then says nothing until we lose patience leaves an unknown', async () => {
  const { site, server } = await siteAndServer(once('dot', { keep: true, instead: 'stall' }))
  await deliverToTheEnd(site, await lineTo(server.port, { timeouts: { replyMs: 200 } }))
  expect(await account(site, server)).toEqual(all('sent', { ada: 'unknown' }))
  expect(server.kept.size).toBe(PEOPLE.length)
  expect((await fates(site, server))[0]?.reply).toMatch(/^no answer came: .*timeout/i)
})

describe('F11: the answer to a message', () => {
  const answers: [string, string | string[], 'sent' | 'unknown'][] = [
    ['in two segments is a yes', ['25', '0 2.0.0 queued\r\n'], 'sent'],
    ['that comes byte by byte is a yes', [...'250 2.0.0 queued\r\n'], 'sent'],
    ['on three lines is a yes', '250-2.0.0 queued\r\n250-as 1\r\n250 thank you', 'sent'],
    ['that is no reply at all is unknown', 'hm?', 'unknown'],
    ['that only begins like a yes is unknown', '2 of 3 disks are full', 'unknown'],
  ]
  for (const [what, say, state] of answers) {
    test(what, async () => {
      const { site, server } = await siteAndServer(once('dot', { say, keep: true }))
      await deliverToTheEnd(site, await lineTo(server.port, { timeouts: { replyMs: 2_000 } }))
      expect(await account(site, server)).toEqual(all('sent', { ada: state }))
    })
  }
})

describe('F23: where TLS is required, a server', () => {
  const pem = readFileSync(new URL('../mail/localhost.pem', import.meta.url), 'utf8')

  async function nothingLeft(site: FaultySite, port: number): Promise<string> {
    const line = await lineTo(port, { tls: 'required', timeouts: { replyMs: 2_000 } })
    const done = await site.deliver(line)
    expect(done).toMatchObject({ sent: 0, failed: 0, unknown: 0 })
    expect(await brakeOn(site, line.name)).toMatchObject({ times: 1 })
    const rows = await site.db.selectFrom('deliveries').select(['state', 'attempts']).execute()
    expect(rows).toEqual(PEOPLE.map(() => ({ state: 'queued', attempts: 0 })))
    return done.unreachable ?? ''
  }

  for (const [what, starttls] of [
    ['that has none', '502 5.5.1 not here'],
    ['that hangs up at STARTTLS', { next: 'close' }],
    ['that says 454 to STARTTLS', '454 4.7.0 not now'],
  ] as const) {
    test(`${what} gets no envelope and no mail, and the reason is told`, async () => {
      const site = await openCopy(template.folder)
      const server = await scriptedServer({ starttls })
      onTestFinished(() => server.close())
      expect(await nothingLeft(site, server.port)).toMatch(/STARTTLS|closed|TLS/i)
      const commands = server.sessions.flatMap((session) => session.commands)
      expect(commands.map((command) => command.slice(0, 4))).toEqual(['EHLO', 'STAR'])
    })
  }

  test('whose certificate nobody vouches for gets no mail, and the reason is told', async () => {
    const site = await openCopy(template.folder)
    let messages = 0
    const server = new SMTPServer({
      key: pem,
      cert: pem,
      authOptional: true,
      onMailFrom(_address, _session, done) {
        messages++
        done()
      },
    })
    server.on('error', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)))
    expect(await nothingLeft(site, (server.server.address() as AddressInfo).port)).toContain('certificate')
    expect(messages).toBe(0)
  })
})
