import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TransportConfig } from '../../src/config.ts'
import { type Delivered, deliverDue } from '../../src/deliveries/deliver.ts'
import { limitTransports, openTransports } from '../../src/deliveries/outlet.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { delivering, emptyMemory, publishAndPlan } from '../../src/round.ts'
import type { Site } from '../../src/site.ts'
import { type Limits, readAllowance, SPANS, type Span, spendAllowance } from '../../src/store/allowances.ts'
import { setBrake } from '../../src/store/brakes.ts'
import { type Database, openDatabase, write } from '../../src/store/database.ts'
import { countDeliveries } from '../../src/store/deliveries.ts'
import { addSubscriber } from '../../src/subscribers/add.ts'
import { makeSite, post, type TestSite } from '../site.ts'

const MS: Record<Span, number> = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }
const START = new Date('2026-11-22T08:00:00.000Z')
const at = (ms: number) => new Date(START.getTime() + ms)

async function emptyDatabase(): Promise<{ db: Database; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-limits-'))
  const path = join(folder, 'posthorn.db')
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const db = await opened(path)
  return { db, path }
}

async function opened(path: string): Promise<Database> {
  const db = await openDatabase(`sqlite:${path}`)
  onTestFinished(() => db.destroy())
  // Nothing here is about power cuts.
  await sql`pragma synchronous = off`.execute(db)
  return db
}

/** Takes as many as may go, up to `wanted`, as a claim does. */
function spend(db: Database, limits: Limits, wanted: number, now: Date, scope = 'smtp a'): Promise<number> {
  return write(db, async (trx) => {
    const { free } = await readAllowance(trx, scope, limits, now)
    const taken = Math.min(free, wanted)
    await spendAllowance(trx, scope, limits, taken, now)
    return taken
  })
}

describe('an allowance', () => {
  test.each(SPANS)(
    'of a %s is used up, says when there is room, and has it then and not before',
    async (span) => {
      const { db } = await emptyDatabase()
      const limits = { [span]: 10 }
      expect(await spend(db, limits, 7, START)).toBe(7)
      expect(await spend(db, limits, 7, at(1))).toBe(3)
      const { free, retryAt } = await write(db, (trx) => readAllowance(trx, 'smtp a', limits, at(2)))
      expect(free).toBe(0)
      const room = (retryAt as Date).getTime() - START.getTime()
      // A sixtieth at most is given away.
      expect(room).toBeGreaterThanOrEqual(MS[span])
      expect(room).toBeLessThanOrEqual((MS[span] * 61) / 60)
      expect(await spend(db, limits, 20, at(room - 1))).toBe(0)
      expect(await spend(db, limits, 20, at(room))).toBe(10)
    },
  )

  test('is the least of all that are set, and the last of them to have room says when', async () => {
    const { db } = await emptyDatabase()
    const limits = { second: 5, minute: 8, day: 9 }
    expect(await spend(db, limits, 100, START)).toBe(5)
    expect(await spend(db, limits, 100, at(1_000))).toBe(3)
    const minute = await write(db, (trx) => readAllowance(trx, 'smtp a', limits, at(1_000)))
    expect(minute).toEqual({ free: 0, retryAt: at(61_000) })
    expect(await spend(db, limits, 100, at(61_000))).toBe(1)
    const day = await write(db, (trx) => readAllowance(trx, 'smtp a', limits, at(62_000)))
    expect(day.retryAt?.getTime()).toBeGreaterThanOrEqual(at(MS.day).getTime())
  })

  test('is one for two processes, each scope has its own, and a restart forgets nothing', async () => {
    const { db, path } = await emptyDatabase()
    const other = await opened(path)
    const taken: number[] = []
    await Promise.all(
      [db, other].map(async (each) => {
        for (let turn = 0; turn < 20; turn++) taken.push(await spend(each, { hour: 25 }, 1, at(turn)))
      }),
    )
    expect(taken.reduce((sum, each) => sum + each, 0)).toBe(25)
    const restarted = await opened(path)
    expect(await spend(restarted, { hour: 25 }, 1, at(60_000))).toBe(0)
    expect(await spend(restarted, { hour: 25 }, 30, at(60_000), 'smtp b')).toBe(25)
  })

  test('keeps no more than the slices of its span', async () => {
    const { db } = await emptyDatabase()
    for (let minute = 0; minute < 300; minute++) await spend(db, { hour: 1_000 }, 1, at(minute * 60_000))
    const { count } = await db
      .selectFrom('allowances')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    expect(count).toBe(61)
  })

  test('is never more than the limit within any span, and at least it within a span and a sixtieth', async () => {
    const { db } = await emptyDatabase()
    const asks = fc.array(
      fc.record({
        share: fc.double({ min: 0, max: 0.5, noNaN: true }),
        wanted: fc.integer({ min: 1, max: 8 }),
      }),
      {
        minLength: 10,
        maxLength: 40,
      },
    )
    let scopes = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Span>('minute', 'hour', 'day'),
        fc.integer({ min: 1, max: 12 }),
        asks,
        async (span, limit, history) => {
          const scope = `smtp ${scopes++}`
          const limits = { [span]: limit }
          const went: { at: number; count: number }[] = []
          let now = 0
          for (const { share, wanted } of history) {
            now += Math.round(share * MS[span])
            const count = await spend(db, limits, wanted, at(now), scope)
            went.push({ at: now, count })
            const within = (ms: number) =>
              went.filter((each) => each.at > now - ms).reduce((sum, each) => sum + each.count, 0)
            // Any span that is too full is too full when its last message goes.
            expect(within(MS[span])).toBeLessThanOrEqual(limit)
            // Whoever was given less than they wanted had a span, and the slice that it began in, used up. A look back of
            // a span and a sixtieth may see more beside that: what went before that slice began.
            if (count < wanted) expect(within((MS[span] * 61) / 60)).toBeGreaterThanOrEqual(limit)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  test('of a second is never exceeded in a second of the clock', async () => {
    const { db } = await emptyDatabase()
    const steps = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 10, maxLength: 30 })
    let scopes = 0
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), steps, async (second, waits) => {
        const scope = `smtp ${scopes++}`
        const went = new Map<number, number>()
        let now = 0
        for (const wait of waits) {
          now += wait
          const count = await spend(db, { second }, 3, at(now), scope)
          const tick = Math.floor(now / 1000)
          went.set(tick, (went.get(tick) ?? 0) + count)
        }
        expect(Math.max(...went.values())).toBeLessThanOrEqual(second)
      }),
      { numRuns: 50 },
    )
  })
})

/** A site with an issue in its queue for these people; nothing of it has gone. */
async function mailingSite(people: string[], limits: object): Promise<TestSite> {
  const site = await makeSite({ transports: [{ kind: 'maildir', limits }] }, '2026-11-22T08:00:00Z')
  await sql`pragma synchronous = off`.execute(site.db)
  await site.round()
  for (const address of people) await site.join(address)
  site.write('tea.md', post('Tea', '2026-11-22'))
  await publishAndPlan(site, emptyMemory())
  return site
}

async function deliver(site: Site, transport?: Transport): Promise<Delivered> {
  const transports = transport ? [transport] : await openTransports(site.config.transports)
  return deliverDue(await delivering(site, transports, new AbortController().signal))
}

const readers = (count: number, domain = 'example.org') =>
  Array.from({ length: count }, (_, at) => `reader${at}@${domain}`)

/** How long after the start, as `1h 1m`. */
function after(date: Date | null): string | null {
  if (date === null) return null
  const seconds = (date.getTime() - START.getTime()) / 1000
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return parts.map((part, at) => `${part}${'hms'[at]}`).join(' ')
}

/** Delivers whenever there is room, until nothing waits: what went when. */
async function deliverAll(site: TestSite): Promise<[string | null, number][]> {
  const went: [string | null, number][] = []
  for (let turn = 0; turn < 20; turn++) {
    const { sent, retryAt } = await deliver(site)
    if (sent > 0) went.push([after(site.now()), sent])
    if ((await countDeliveries(site.db, null)).queued === 0) return went
    expect(retryAt?.getTime(), 'it says when there is room').toBeGreaterThan(site.now().getTime())
    site.setClock((retryAt as Date).toISOString())
  }
  throw new Error(`never done: ${JSON.stringify(went)}`)
}

describe('an issue under a limit', () => {
  test.each([
    [{ minute: 3 }, ['0h 0m 0s', '0h 1m 1s', '0h 2m 2s']],
    [{ hour: 3 }, ['0h 0m 0s', '1h 1m 0s', '2h 2m 0s']],
    [{ day: 3 }, ['0h 0m 0s', '24h 24m 0s', '48h 48m 0s']],
    [{ minute: 3, hour: 100 }, ['0h 0m 0s', '0h 1m 1s', '0h 2m 2s']],
  ])('of %j goes out little by little, to everybody', async (limits, times) => {
    const site = await mailingSite(readers(8), limits)
    expect(await deliverAll(site)).toEqual(times.map((time, at) => [time, at < 2 ? 3 : 2]))
    expect(await countDeliveries(site.db, null)).toMatchObject({ sent: 8, failed: 0, skipped: 0 })
    expect((await site.mail()).length).toBe(8)
  })

  test('does not go faster because somebody looks more often, nor because the worker was started again', async () => {
    const site = await mailingSite(readers(5), { hour: 2 })
    expect((await deliver(site)).sent).toBe(2)
    for (const time of ['08:00:01', '08:30:00', '09:00:57']) {
      site.setClock(`2026-11-22T${time}Z`)
      expect(await deliver(await site.again())).toMatchObject({ sent: 0, retryAt: at(MS.hour + 60_000) })
    }
    site.setClock('2026-11-22T09:01:00Z')
    expect(await deliver(await site.again())).toMatchObject({ sent: 2 })
  })

  test('keeps it where two processes send at once', async () => {
    const site = await mailingSite(readers(12), { hour: 7 })
    const other = await site.again()
    const done = await Promise.all([deliver(site), deliver(other)])
    expect(done.reduce((sum, { sent }) => sum + sent, 0)).toBe(7)
    expect((await site.mail()).length).toBe(7)
  })

  test('that takes days is not given up because of one bad minute on the third', async () => {
    const site = await mailingSite(readers(3), { day: 1 })
    expect((await deliver(site)).sent).toBe(1)
    site.setClock('2026-11-24T08:00:00Z')
    const busy: Transport = {
      ...((await openTransports(site.config.transports))[0] as Transport),
      deliver: async () => ({ kind: 'refused', code: 450, reply: '450 4.2.1 come back', phase: 'recipient' }),
    }
    expect(await deliver(site, busy)).toMatchObject({ sent: 0, failed: 0, later: 2 })
    site.setClock('2026-11-25T08:24:00Z')
    expect(await deliver(site)).toMatchObject({ sent: 1, failed: 0 })
    site.setClock('2026-11-26T08:48:00Z')
    expect(await deliver(site)).toMatchObject({ sent: 1, failed: 0 })
    expect(await countDeliveries(site.db, null)).toMatchObject({ sent: 3 })
  })

  test('that one server refuses for a day and more is given up, as long as it was tried', async () => {
    const site = await mailingSite(readers(1), {})
    const [maildir] = await openTransports(site.config.transports)
    const busy: Transport = {
      ...(maildir as Transport),
      deliver: async () => ({ kind: 'refused', code: 450, reply: '450 4.2.1 come back', phase: 'recipient' }),
    }
    expect(await deliver(site, busy)).toMatchObject({ later: 1 })
    site.setClock('2026-11-23T03:00:00Z')
    expect(await deliver(site, busy)).toMatchObject({ later: 1, failed: 0 })
    site.setClock('2026-11-23T08:00:00Z')
    expect(await deliver(site, busy)).toMatchObject({ later: 0, failed: 1 })
  })

  test('of one domain waits for that domain alone', async () => {
    const domains = { 'Slow.example': { hour: 1 } }
    const site = await mailingSite([...readers(3, 'slow.example'), ...readers(4, 'quick.example')], {
      domains,
    })
    const first = await deliver(site)
    expect(first).toMatchObject({ sent: 5, retryAt: at(MS.hour + 60_000) })
    expect((await site.mail()).filter((line) => line.includes('slow.example')).length).toBe(1)
    expect(await deliverAll(site)).toEqual([
      ['1h 1m 0s', 1],
      ['2h 2m 0s', 1],
    ])
  })

  test('lets confirmations go first, also past a domain that would use it up', async () => {
    const domains = { 'big.example': { hour: 100 } }
    const site = await mailingSite(readers(5, 'big.example'), { hour: 2, domains })
    site.setClock('2026-11-22T08:10:00Z')
    await addSubscriber(
      site.db,
      { address: 'zoe@small.example' },
      { confirmed: false },
      site.config,
      site.secret,
      site.now(),
    )
    await addSubscriber(
      site.db,
      { address: 'yan@big.example' },
      { confirmed: false },
      site.config,
      site.secret,
      site.now(),
    )
    expect((await deliver(site)).sent).toBe(2)
    const to = (await site.messages()).map((message) => message.to?.[0]?.address)
    expect(to.sort()).toEqual(['yan@big.example', 'zoe@small.example'])
  })

  test('keeps each of two limits where a domain has one of its own', async () => {
    const site = await mailingSite([...readers(6, 'big.example'), ...readers(6, 'small.example')], {
      hour: 5,
      domains: { 'big.example': { hour: 2 } },
    })
    expect((await deliver(site)).sent).toBe(5)
    expect((await site.mail()).filter((line) => line.includes('big.example')).length).toBe(2)
    await deliverAll(site)
    expect((await site.mail()).length).toBe(12)
  })

  test('waits for a second within one run', async () => {
    const site = await mailingSite(readers(3), { second: 2 })
    // A clock that goes: half a second each time that anybody looks.
    let looks = 0
    const { sent, retryAt } = await deliver({ ...site, now: () => at(500 * looks++) })
    expect({ sent, retryAt }).toEqual({ sent: 3, retryAt: null })
  })
})

describe('a transport that warms up', () => {
  const warmUp = { start: 2, factor: 2, ceiling: 5 }

  test('sends more each day, up to its ceiling', async () => {
    const site = await mailingSite(readers(14), { warmUp })
    const went: number[] = []
    for (const time of ['22T08', '23T09', '24T10', '25T11']) {
      site.setClock(`2026-11-${time}:00:00Z`)
      went.push((await deliver(site)).sent)
    }
    expect(went).toEqual([2, 4, 5, 3])
  })

  test('begins with its first message, however long it was there before', async () => {
    const site = await mailingSite([], { warmUp })
    site.setClock('2026-12-22T08:00:00Z')
    await deliver(site)
    for (const address of readers(3)) await site.join(address)
    site.write('coffee.md', post('Coffee', '2026-12-22'))
    await publishAndPlan(site, emptyMemory())
    expect((await deliver(site)).sent).toBe(2)
    site.setClock('2026-12-23T09:00:00Z')
    expect((await deliver(site)).sent).toBe(1)
  })

  test('is held to the day’s limit where that is less', async () => {
    const { db } = await emptyDatabase()
    const config = (limits: object) =>
      ({ kind: 'maildir', folder: '/tmp', limits: { domains: {}, ...limits } }) as TransportConfig
    const outlet = async (limits: object, now: Date) => {
      const transport = { name: 'maildir outbox' } as Transport
      return (await limitTransports(db, [transport], [config(limits)], now))[0]?.limits
    }
    expect(await outlet({ warmUp }, START)).toEqual({ day: 2 })
    expect(await outlet({ warmUp, day: 1, hour: 9 }, START)).toEqual({ day: 1, hour: 9 })
    expect(await outlet({ warmUp: { start: 50, factor: 1.5, ceiling: 60 } }, START)).toEqual({ day: 50 })
  })
})

describe('a brake', () => {
  const until = at(15 * 60_000)
  const brake = { until, reason: '421 busy', times: 1, refused: 0, accepted: 0 }

  test('on the transport holds everything, and says until when', async () => {
    const site = await mailingSite(readers(2), {})
    await write(site.db, (trx) => setBrake(trx, { ...brake, scope: 'maildir outbox' }))
    expect(await deliver(site)).toMatchObject({ sent: 0, retryAt: until })
    site.setClock(until.toISOString())
    expect(await deliver(site)).toMatchObject({ sent: 2, retryAt: null })
  })

  test('on a domain holds that domain, and says until when', async () => {
    const site = await mailingSite([...readers(2, 'slow.example'), ...readers(2)], {})
    await write(site.db, (trx) => setBrake(trx, { ...brake, scope: 'domain slow.example' }))
    expect(await deliver(site)).toMatchObject({ sent: 2, retryAt: until })
    site.setClock(until.toISOString())
    expect(await deliver(site)).toMatchObject({ sent: 2, retryAt: null })
  })
})
