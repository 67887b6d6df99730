import { describe, expect, test } from 'vitest'
import type { Lesson } from '../../src/deliveries/judge.ts'
import { applyLesson, type Consequence } from '../../src/deliveries/lesson.ts'
import { smtpTransport, TIMEOUTS } from '../../src/mail/smtp.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { type Brake, readBrakes } from '../../src/store/brakes.ts'
import { type Database, time, write } from '../../src/store/database.ts'
import { claimDeliveries } from '../../src/store/deliveries.ts'
import { readIssue } from '../../src/store/issues.ts'
import { erase } from '../../src/subscribers/erase.ts'
import { scriptedServer } from '../mail/smtp-script.ts'
import { closing } from './closing.ts'
import { claimant, deliver, deliveries, later, type Mailing, NOW, SECRET } from './mailing.ts'

const SMTP = 'smtp mail.example.org:587'
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const { keep, mailTo, serverWith } = closing()

async function transportTo(port: number): Promise<Transport> {
  const transport = await smtpTransport(
    { host: '127.0.0.1', port, tls: 'never', auth: null, connections: 1 },
    { ...TIMEOUTS, replyMs: 2_000 },
  )
  keep(transport)
  return transport
}

/**
 * A server has said something about the first reader, so many seconds from now.
 *
 * @returns what the journal is told of it
 */
async function say({ db }: Mailing, lesson: Lesson, seconds = 0, issue: number | null = 1) {
  const told: Consequence[] = []
  const tell = (consequence: Consequence) => void told.push(consequence)
  const subject = { address: 'Reader1@example.org', domain: 'example.org', issue, transport: SMTP, tell }
  await write(db, (trx) => applyLesson(trx, lesson, subject, SECRET, later(seconds)))
  return told
}

/** The first reader got a message, so many seconds from now. */
async function reach({ db }: Mailing, seconds: number): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ state: 'sent', settled_at: time(later(seconds)) })
    .where('id', '=', 1)
    .execute()
}

async function suppressed(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('suppressions').select(['key', 'reason']).execute()
  return rows.map((row) => `${row.key}: ${row.reason}`)
}

async function brakes(db: Database): Promise<Brake[]> {
  return [...(await readBrakes(db)).values()]
}

const GIVEN_UP = ['reader1@example.org: bounce']
const gone: Lesson = { kind: 'no such address', reply: '550 5.1.1 nobody' }
const maybe: Lesson = { kind: 'maybe no such address', reply: '550 mailbox unavailable' }
const full: Lesson = { kind: 'full', reply: '552 5.2.2 full' }
const policy: Lesson = { kind: 'policy', reply: '554 5.7.1 blocked', host: null }
const accepted: Lesson = { kind: 'accepted' }
const unreachable: Lesson = { kind: 'unreachable', reply: 'ECONNREFUSED' }

describe('an address', () => {
  test('that does not exist is never written to again', async () => {
    const mail = await mailTo(2)
    expect(await say(mail, gone)).toMatchObject([
      {
        kind: 'suppressed',
        person: { id: 1, address: 'reader1@example.org' },
      },
    ])
    expect(await suppressed(mail.db)).toEqual(GIVEN_UP)
    expect(await mail.db.selectFrom('bounces').select(['address_key', 'kind', 'reply']).execute()).toEqual([
      { address_key: 'reader1@example.org', kind: 'hard', reply: '550 5.1.1 nobody' },
    ])
  })

  test('that was erased while its message was on its way is not remembered by the answer', async () => {
    const mail = await mailTo(1)
    await erase({ ...mail, secret: SECRET }, { addressKey: 'reader1@example.org' }, NOW)
    for (const lesson of [gone, maybe, full]) expect(await say(mail, lesson, 2 * DAY)).toEqual([])
    expect(await suppressed(mail.db)).toEqual([expect.stringMatching(/^hmac:[0-9a-f]{64}: erased$/)])
    expect(await mail.db.selectFrom('bounces').selectAll().execute()).toEqual([])
  })

  test('that may not exist is given up the second time, when that is a day later', async () => {
    const mail = await mailTo(1)
    await say(mail, maybe)
    await say(mail, maybe, DAY - 1)
    expect(await suppressed(mail.db)).toEqual([])
    await say(mail, maybe, DAY)
    expect(await suppressed(mail.db)).toEqual(GIVEN_UP)
  })

  test('that may not exist and is reached in between starts anew', async () => {
    const mail = await mailTo(1)
    await say(mail, maybe)
    await reach(mail, HOUR)
    await say(mail, maybe, 2 * DAY)
    expect(await suppressed(mail.db)).toEqual([])
    await say(mail, maybe, 3 * DAY)
    expect(await suppressed(mail.db)).toEqual(GIVEN_UP)
  })

  test('whose mailbox is full is given up after three issues in two weeks', async () => {
    const mail = await mailTo(1)
    await say(mail, full, 0, 1)
    await say(mail, full, 7 * DAY, 2)
    await say(mail, full, 14 * DAY - 1, 3)
    expect(await suppressed(mail.db)).toEqual([])
    await say(mail, full, 14 * DAY, 3)
    expect(await suppressed(mail.db)).toEqual(GIVEN_UP)
  })

  test('whose mailbox is full for longer is kept while fewer than three issues say so', async () => {
    const mail = await mailTo(1)
    for (const day of [0, 1, 20, 40]) await say(mail, full, day * DAY, day < 20 ? 1 : 2)
    expect(await suppressed(mail.db)).toEqual([])
  })

  test('whose mailbox was emptied in between starts anew', async () => {
    const mail = await mailTo(1)
    await say(mail, full, 0, 1)
    await say(mail, full, 7 * DAY, 2)
    await reach(mail, 8 * DAY)
    for (const [issue, day] of [14, 21, 27].entries()) await say(mail, full, day * DAY, 3 + issue)
    expect(await suppressed(mail.db)).toEqual([])
    await say(mail, full, 28 * DAY, 6)
    expect(await suppressed(mail.db)).toEqual(GIVEN_UP)
  })

  test('is not held to account for what a server has against us', async () => {
    const mail = await mailTo(1)
    for (let day = 0; day < 40; day++) await say(mail, policy, day * DAY, day)
    expect(await suppressed(mail.db)).toEqual([])
    expect(await mail.db.selectFrom('bounces').selectAll().execute()).toEqual([])
  })
})

describe('a brake', () => {
  test('is pulled by the fifth refusal in a row, holds everything, and lets go by itself', async () => {
    const mail = await mailTo(3)
    for (let second = 1; second <= 4; second++) await say(mail, policy, second)
    expect(await claimDeliveries(mail.db, claimant('ada'), 1, later(4))).toMatchObject({
      deliveries: [{ id: 1 }],
      watched: true,
    })
    await say(mail, policy, 5)
    const until = later(5 + 15 * MINUTE)
    expect(await brakes(mail.db)).toMatchObject([{ scope: SMTP, until, reason: policy.reply, times: 1 }])
    const held = await claimDeliveries(mail.db, claimant('grace'), 9, later(4 + 15 * MINUTE))
    expect(held).toMatchObject({ deliveries: [], retryAt: until })
    // Nobody knows yet whether anything has changed: one message tries, and the others follow it.
    const trying = await claimDeliveries(mail.db, claimant('grace'), 9, until)
    expect(trying.deliveries).toHaveLength(1)
    await say(mail, accepted, 5 + 15 * MINUTE)
    const free = await claimDeliveries(mail.db, claimant('linus'), 9, until)
    expect([...trying.deliveries, ...free.deliveries].map((each) => each.id).sort()).toEqual([1, 2, 3])
  })

  test('is pulled again by one refusal after it, each time for longer, until a message is accepted', async () => {
    const mail = await mailTo(1)
    for (let turn = 0; turn < 5; turn++) await say(mail, policy)
    let at = 0
    for (const minutes of [15, 60, 240, 240]) {
      const [brake] = await brakes(mail.db)
      expect(brake?.until).toEqual(later(at + minutes * MINUTE))
      at += minutes * MINUTE
      await say(mail, policy, at)
    }
    at += 240 * MINUTE
    await say(mail, accepted, at)
    expect(await brakes(mail.db)).toEqual([])
    for (let turn = 0; turn < 4; turn++) await say(mail, policy, at)
    expect(await brakes(mail.db)).toMatchObject([{ until: null, times: 0 }])
  })

  test('is not moved by what was in flight when it was pulled', async () => {
    const mail = await mailTo(1)
    for (let turn = 0; turn < 5; turn++) await say(mail, policy)
    const before = await brakes(mail.db)
    for (const lesson of [policy, accepted, unreachable]) await say(mail, lesson, 1)
    expect(await brakes(mail.db)).toEqual(before)
  })

  test('is pulled by five refusals among fewer than a hundred messages, in a row or not', async () => {
    const mail = await mailTo(1)
    for (let turn = 0; turn < 5; turn++) {
      expect(await brakes(mail.db)).toMatchObject(turn === 0 ? [] : [{ until: null }])
      await say(mail, policy)
      if (turn < 4) for (let each = 0; each < 23; each++) await say(mail, accepted)
    }
    expect(await brakes(mail.db)).toMatchObject([{ scope: SMTP, until: later(15 * MINUTE) }])
  })

  test('is not pulled by one refusal in twenty, however many messages there are', async () => {
    const mail = await mailTo(1)
    for (let turn = 0; turn < 25; turn++) {
      await say(mail, policy)
      for (let each = 0; each < 24; each++) await say(mail, accepted)
      for (const brake of await brakes(mail.db)) expect(brake.until).toBeNull()
    }
  })

  test('and an issue that is paused do not say about whom a server said it', async () => {
    const mail = await mailTo(1)
    const reply = '554 5.7.1 <reader1@EXAMPLE.org>: relay access denied for Reader1@example.org'
    for (let times = 0; times < 5; times++) await say(mail, { ...policy, reply })
    await say(mail, { kind: 'message', reply })
    const said = '554 5.7.1 <ADDRESS>: relay access denied for ADDRESS'
    expect(await brakes(mail.db)).toMatchObject([{ reason: said }])
    expect((await readIssue(mail.db, mail.issue))?.note).toContain(said)
  })

  test('is on the domain whose host a relay quotes, and mail for others goes on', async () => {
    const mail = await mailTo(2)
    await mail.db.updateTable('deliveries').set({ address: 'ada@example.net' }).where('id', '=', 2).execute()
    for (let turn = 0; turn < 5; turn++) await say(mail, { ...policy, host: 'mx.example.org' })
    const until = later(15 * MINUTE)
    expect(await brakes(mail.db)).toMatchObject([{ scope: 'domain example.org', until }])
    const others = await claimDeliveries(mail.db, claimant('ada'), 9, NOW)
    expect(others).toMatchObject({ deliveries: [{ address: 'ada@example.net' }], retryAt: until })
    const all = await claimDeliveries(mail.db, claimant('grace'), 9, until)
    expect(all.deliveries.map((each) => each.address)).toContain('reader1@example.org')
  })

  test('holds a busy server’s transport for a minute at first, and Gmail’s, which asks for it, for ten', async () => {
    for (const [reply, minutes] of [
      ['421 4.3.2 too many connections', [1, 5, 15, 60, 240, 240]],
      ['421-4.7.28 unusual rate of unsolicited mail', [10, 20, 60, 60]],
      ['451 4.7.500 server busy', [10, 20, 60, 60]],
    ] as const) {
      const mail = await mailTo(1)
      let at = 0
      for (const wait of minutes) {
        await say(mail, { kind: 'slow down', reply, host: null }, at)
        expect(await brakes(mail.db)).toMatchObject([{ scope: SMTP, until: later(at + wait * MINUTE) }])
        at += wait * MINUTE
      }
    }
  })

  test('takes a transport that cannot be reached out for a minute, then five, then fifteen', async () => {
    const mail = await mailTo(1)
    let at = 0
    for (const wait of [1, 5, 15, 15]) {
      // All its connections find out, and that is one outage.
      for (let each = 0; each < 8; each++) await say(mail, unreachable, at)
      expect(await brakes(mail.db)).toMatchObject([{ until: later(at + wait * MINUTE) }])
      at += wait * MINUTE
    }
    await say(mail, accepted, at)
    expect(await brakes(mail.db)).toEqual([])
  })
})

describe('over the wire,', () => {
  test('somebody who is not there is suppressed, and the next issue is not for them', async () => {
    const mail = await mailTo(2)
    const { port } = await serverWith({ rcpt: ['550 5.1.1 nobody', '250 ok'] })
    expect(await deliver(mail, await transportTo(port))).toMatchObject({ sent: 1, failed: 1 })
    expect(await suppressed(mail.db)).toEqual(GIVEN_UP)
  })

  test('a server that does not trust us fails five messages, suppresses nobody, and the rest waits', async () => {
    const mail = await mailTo(12)
    const server = await serverWith({ message: [...Array(5).fill('550 5.7.1 bad reputation'), '250 ok'] })
    const transport = await transportTo(server.port)
    const until = later(15 * MINUTE)
    const done = await deliver(mail, transport)
    expect(done).toMatchObject({ sent: 0, failed: 5, retryAt: until })
    expect(await suppressed(mail.db)).toEqual([])
    expect(await deliver(mail, transport, later(14 * MINUTE))).toMatchObject({ sent: 0, failed: 0 })
    expect(await deliver(mail, transport, until)).toMatchObject({ sent: 7 })
    expect(await brakes(mail.db)).toEqual([])
    expect(server.messages()).toHaveLength(12)
  })

  test('a busy server is left alone, and the message that it would not take goes out later, once', async () => {
    const mail = await mailTo(3)
    const server = await serverWith({ rcpt: ['421 4.3.2 busy', '250 ok'] })
    const transport = await transportTo(server.port)
    expect(await deliver(mail, transport)).toMatchObject({ sent: 0, failed: 0, retryAt: later(MINUTE) })
    expect(await deliver(mail, transport, later(2 * MINUTE))).toMatchObject({ sent: 3 })
    expect(server.messages()).toHaveLength(3)
  })

  test('a message that is too big stops its issue, which says what the server said', async () => {
    const mail = await mailTo(5)
    const { port } = await serverWith({ mail: '552 5.3.4 message size exceeds fixed limit' })
    expect(await deliver(mail, await transportTo(port))).toMatchObject({ sent: 0, failed: 1 })
    expect(await readIssue(mail.db, mail.issue)).toMatchObject({
      state: 'paused',
      note: 'the server does not take this message: 552 5.3.4 message size exceeds fixed limit',
    })
    expect((await deliveries(mail.db)).map((each) => each.state)).toEqual([
      'failed',
      ...Array(4).fill('queued'),
    ])
    expect(await suppressed(mail.db)).toEqual([])
  })

  test('an address whose form a server does not like stops nothing', async () => {
    const mail = await mailTo(3)
    const { port } = await serverWith({ rcpt: ['501 malformed address', '250 ok'] })
    expect(await deliver(mail, await transportTo(port))).toMatchObject({ sent: 2, failed: 1 })
    expect(await readIssue(mail.db, mail.issue)).toMatchObject({ state: 'sent' })
    expect(await suppressed(mail.db)).toEqual([])
  })

  test('a server that went away takes its transport out, and it comes back', async () => {
    const mail = await mailTo(3)
    const gone = await scriptedServer()
    await gone.close()
    const away = await transportTo(gone.port)
    expect((await deliver(mail, away)).unreachable).toMatch(/ECONNREFUSED/)
    expect(await deliver(mail, away, later(50))).toMatchObject({ sent: 0, unreachable: null })
    expect(await brakes(mail.db)).toMatchObject([{ scope: away.name, until: later(MINUTE), times: 1 }])
    expect((await deliver(mail, away, later(MINUTE))).unreachable).toMatch(/ECONNREFUSED/)
    expect(await brakes(mail.db)).toMatchObject([{ until: later(6 * MINUTE), times: 2 }])
    expect((await deliveries(mail.db)).every((each) => each.state === 'queued')).toBe(true)
  })
})
