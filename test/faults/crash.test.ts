/**
 * Faults of the process: it is killed, or put to sleep for longer than its claims last. Real processes and real
 * signals; the clock is a file, so that a minute passes at once and for everybody. See `network.test.ts` for the other
 * rows of the matrix.
 */
import { cpSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readIssue, summariseIssues } from '../../src/store/issues.ts'
import { post } from '../site.ts'
import { type MailServer, type Move, mailServer, type Plan, type Step } from './server.ts'
import {
  account,
  copyOf,
  deliverToTheEnd,
  type FaultySite,
  fates,
  lineTo,
  makeReaders,
  makeTemplate,
  openForTest,
  openUntilClosed,
  restoreDatabase,
  type Template,
} from './site.ts'
import { type ChildWorker, startWorker } from './worker.ts'

const AT_ONCE = 2

/** One whom it befalls, and one after her: a process starts for each story, and each commit of it costs a sync. */
const TWO = ['ada', 'barbara']
const BOTH_SENT = { ada: 'sent', barbara: 'sent' }

let template: Template
beforeAll(async () => {
  template = await makeTemplate(TWO)
})
afterAll(() => template.remove())

/** What the next worker makes of what a dead one left, when its claims have run out. */
async function goOn(folder: string, server: MailServer): Promise<FaultySite> {
  const site = await openForTest(folder)
  site.pass(61)
  await deliverToTheEnd(site, await lineTo(server.port))
  return site
}

describe('F12: a process that is killed', { timeout: 60_000 }, () => {
  test('at any boundary between database, journal and wire leaves one unknown at most, and only where bytes may have left', {
    timeout: 120_000,
  }, async () => {
    const { boundaries } = (await startWorker({
      folder: copyOf(template.folder),
      port: (await mailServer()).port,
    }).ended) ?? { boundaries: [] as string[] }
    const ended = 'after the outcome'
    const written = boundaries.flatMap((name, at) => (name === 'before the journal is written' ? [at] : []))
    // The first message's way, and what comes after the last one: the others' ways are the same.
    const deaths = boundaries.flatMap((_, at) =>
      at <= boundaries.indexOf(ended) || at > boundaries.lastIndexOf(ended) ? [at] : [],
    )
    const [marked = 0, settled = 0] = written
    expect(deaths.length).toBeGreaterThan(20)
    await inTurns(deaths, async (dieAt) => {
      const name = `${dieAt}: ${boundaries[dieAt]}`
      const folder = copyOf(template.folder)
      const server = await mailServer()
      expect({ name, report: await startWorker({ folder, port: server.port, dieAt }).ended }).toEqual({
        name,
        report: null,
      })
      const site = await goOn(folder, server)
      // From the mark in the journal to the outcome in the journal nobody can know.
      const ada = dieAt > marked && dieAt <= settled ? 'unknown' : 'sent'
      expect({ name, states: await account(site, server) }).toEqual({ name, states: { ...BOTH_SENT, ada } })
    })
  })

  const phases: [string, Step, Move, 'sent' | 'unknown'][] = [
    ['while the server greets it', 'greeting', {}, 'sent'],
    ['when it has said MAIL', 'mail', {}, 'sent'],
    ['when it has said RCPT', 'rcpt', {}, 'sent'],
    ['when it has said DATA', 'data', {}, 'sent'],
    ['when it has said the dot, and the server drops the message', 'dot', { instead: 'hang up' }, 'unknown'],
    ['when it has said the dot, and the server keeps the message', 'dot', {}, 'unknown'],
  ]
  for (const [when, step, move, ada] of phases) {
    test(`${when} leaves ${ada === 'sent' ? 'everything to be sent once' : 'one unknown'}`, async () => {
      const folder = copyOf(template.folder)
      let worker: ChildWorker | null = null
      const server = await mailServer(async (moment) => {
        if (moment.step !== step || moment.turn !== 1) return undefined
        await worker?.kill()
        return move
      })
      worker = startWorker({ folder, port: server.port })
      expect(await worker.ended).toBeNull()
      const site = await goOn(folder, server)
      expect(await account(site, server)).toEqual({ ...BOTH_SENT, ada })
      const arrived = (await fates(site, server))[0]?.arrived
      expect(arrived).toBe(step === 'dot' && move.instead ? 0 : 1)
    })
  }
})

describe('a worker that is asleep for longer than its claims last,', { timeout: 60_000 }, () => {
  /** Sends a worker to sleep at the first turn of a step, lets another one do what it can, and wakes it up. */
  async function oversleep(step: Step, move: Move = {}, theOther: Plan = () => undefined) {
    const folder = copyOf(template.folder)
    const asleep = Promise.withResolvers<void>()
    const waking = Promise.withResolvers<void>()
    let worker: ChildWorker | null = null
    const server = await mailServer(async (moment) => {
      if (moment.step !== step || moment.turn !== 1) return theOther(moment)
      worker?.sleep()
      asleep.resolve()
      await waking.promise
      return move
    })
    worker = startWorker({ folder, port: server.port })
    await asleep.promise
    const site = await openForTest(folder)
    site.pass(61)
    await site.deliver(await lineTo(server.port))
    return {
      server,
      site,
      async wake() {
        waking.resolve()
        worker?.wake()
        return worker?.ended
      },
    }
  }

  for (const [when, step] of [
    ['before it is greeted', 'greeting'],
    ['before its recipient is taken', 'rcpt'],
    ['before the server takes the message', 'data'],
  ] as [string, Step][]) {
    test(`F14: ${when}, has lost them: it sends nothing when it wakes`, async () => {
      const { server, site, wake } = await oversleep(step)
      expect(await account(site, server)).toEqual(BOTH_SENT)
      expect(await wake()).toMatchObject({ sent: 0 })
      expect(await account(site, server)).toEqual(BOTH_SENT)
      expect(await readIssue(site.db, 1)).toMatchObject({ state: 'sent' })
    })
  }

  test('F14: and the other one was told to come back, has lost them all the same', async () => {
    const comeBack: Plan = ({ step, to, turn }) =>
      step === 'rcpt' && turn === 2 && to.startsWith('ada') ? { say: '450 4.2.1 come back' } : undefined
    const { server, site, wake } = await oversleep('rcpt', {}, comeBack)
    expect(await wake()).toMatchObject({ sent: 0 })
    // Nobody holds hers, and the issue is still going out: it is the claim alone that says no.
    expect((await fates(site, server))[0]).toMatchObject({ state: 'queued', arrived: 0 })
    expect(await readIssue(site.db, 1)).toMatchObject({ state: 'sending' })
    await deliverToTheEnd(site, await lineTo(server.port))
    expect(await account(site, server)).toEqual(BOTH_SENT)
  })

  test('F14: and wakes to a connection that is gone, says nothing to the journal that a restore would believe', async () => {
    const { server, site, wake } = await oversleep('rcpt', { instead: 'hang up' })
    expect(await wake()).toMatchObject({ sent: 0 })
    expect(await account(site, server)).toEqual(BOTH_SENT)
    await site.close()
    restoreDatabase(site.folder, template.folder)
    const restored = await openForTest(site.folder)
    await deliverToTheEnd(restored, await lineTo(server.port))
    expect(await account(restored, server)).toEqual(BOTH_SENT)
  })

  test('F15: after the dot, has left an unknown, and the late yes that it wakes to makes it sent', async () => {
    const { server, site, wake } = await oversleep('dot')
    expect((await fates(site, server))[0]).toMatchObject({ state: 'unknown', arrived: 0 })
    expect(await wake()).toMatchObject({ sent: 1 })
    expect(await account(site, server)).toEqual(BOTH_SENT)
  })

  test('F15: after the dot, and the server hangs up instead, has left an unknown that stays one', async () => {
    const { server, site, wake } = await oversleep('dot', { keep: true, instead: 'hang up' })
    expect(await wake()).toMatchObject({ sent: 0 })
    expect(await account(site, server)).toEqual({ ...BOTH_SENT, ada: 'unknown' })
  })

  test('F15: after the dot, and the server refuses for now, is not taken for sent and not sent again', async () => {
    const { server, site, wake } = await oversleep('dot', { say: '451 4.3.0 trouble' })
    expect(await wake()).toMatchObject({ sent: 0 })
    expect(await account(site, server)).toEqual({ ...BOTH_SENT, ada: 'unknown' })
  })
})

describe('F20: a process that is killed', { timeout: 60_000 }, () => {
  /** Everybody is there, and a post that no round has seen yet. */
  let unplanned: Template
  let boundaries: string[]
  beforeAll(async () => {
    unplanned = await makeReaders(TWO)
    const site = await openUntilClosed(unplanned.folder)
    site.write('tea.md', post('Tea', '2026-11-02'))
    await site.close()
    const dry = `${unplanned.folder}-dry`
    cpSync(unplanned.folder, dry, { recursive: true, preserveTimestamps: true })
    boundaries = (await startWorker({ act: 'plan', folder: dry }, () => {}).ended)?.boundaries ?? []
    rmSync(dry, { recursive: true })
  }, 60_000)
  afterAll(() => unplanned.remove())

  async function killPlanning(folder: string, boundary: string): Promise<void> {
    expect(boundaries).toContain(boundary)
    const dieAt = boundaries.indexOf(boundary)
    expect(await startWorker({ act: 'plan', folder, dieAt }).ended).toBeNull()
  }

  test('between enqueueing an issue and its first claim leaves the complete list', async () => {
    const folder = copyOf(unplanned.folder)
    await killPlanning(folder, 'at the end')
    const server = await mailServer()
    const site = await goOn(folder, server)
    expect(await account(site, server)).toEqual(BOTH_SENT)
  })

  for (const boundary of ['before insert into delivery_posts', 'before the commit, the journal is written']) {
    test(`in the middle of enqueueing (${boundary}) leaves no part of a list, and the next round makes the whole`, async () => {
      const folder = copyOf(unplanned.folder)
      await killPlanning(folder, boundary)
      const server = await mailServer()
      const site = await openForTest(folder)
      expect(await fates(site, server)).toEqual([])
      await site.plan()
      await deliverToTheEnd(site, await lineTo(server.port))
      expect(await account(site, server)).toEqual(BOTH_SENT)
      const withMail = (await summariseIssues(site.db, 9)).filter((issue) => issue.deliveries.sent > 0)
      expect(withMail).toMatchObject([{ state: 'sent', posts: ['tea'] }])
    })
  }
})

/** Runs each, a few at a time: as many as the machines that run tests have cores. */
async function inTurns<Each>(each: Each[], run: (one: Each) => Promise<void>): Promise<void> {
  const left = [...each]
  const lane = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await run(one)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}
