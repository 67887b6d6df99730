/**
 * The deliveries against a model that keeps them in plain objects. Histories are random, the database is a real one;
 * after each step both must agree, and the promises must hold: no message leaves twice unless the author said so,
 * and a delivery moves only as `store/deliveries.ts` tells.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase, time, write } from '../../src/store/database.ts'
import {
  CLAIM_MS,
  claimDeliveries,
  countDeliveries,
  markSending,
  recordEvidence,
  recoverDeliveries,
  releaseClaims,
  renewClaims,
  requeueFailed,
  resolveUnknown,
  settleDeliveries,
  skipQueued,
  skipQueuedTo,
  skipUnwanted,
} from '../../src/store/deliveries.ts'
import { finishIssues, insertIssue, moveIssue, pauseIssue } from '../../src/store/issues.ts'
import { insertRendition } from '../../src/store/renditions.ts'
import type { DeliveryState, IssueState } from '../../src/store/schema.ts'
import { suppress } from '../../src/store/subscribers.ts'

const PEOPLE = 3
const START = new Date('2026-11-22T08:00:00Z')
const SMTP = 'smtp mail.example.org:587'
const MAILDIR = 'maildir outbox'

type Row = {
  state: DeliveryState
  claimedBy: string | null
  claimedUntil: Date | null
  due: Date
  attempts: number
  transport: string | null
  wanted: boolean
  suppressed: boolean
  /** By which transport a copy is, or may be, with the person by now. */
  mayHaveCome: string | null
}

/** A process: what it believes to hold, and which messages it has let go and has no answer for. */
type Process = { owner: string; transport: string; held: Set<number>; inFlight: Set<number> }

type Model = { now: Date; issue: IssueState; rows: Row[]; processes: [Process, Process]; born: number }

type Real = { db: Database; issue: number; first: number; people: number }

/** A step: what the model says must happen, and what the database made of it. */
type Step = fc.AsyncCommand<Model, Real>

/** Where a delivery may go in one step of a kind. What is not named here must not happen. */
const MOVES: Record<string, [DeliveryState, DeliveryState][]> = {
  mark: [['queued', 'sending']],
  settle: [
    ['sending', 'sent'],
    ['sending', 'queued'],
    ['sending', 'failed'],
    ['sending', 'unknown'],
    ['queued', 'failed'],
    // Late, to a process that had lost it to recovery and has claimed it again: it was sent, and is not sent twice.
    ['queued', 'sent'],
    ['unknown', 'sent'],
  ],
  recover: [
    ['sending', 'unknown'],
    ['sending', 'queued'],
  ],
  skip: [['queued', 'skipped']],
  unsubscribe: [['queued', 'skipped']],
  suppress: [['queued', 'skipped']],
  cancel: [['queued', 'skipped']],
  retry: [['failed', 'queued']],
  resolve: [
    ['unknown', 'sent'],
    ['unknown', 'queued'],
  ],
  evidence: [['unknown', 'sent']],
}

function step(
  name: string,
  act: (model: Model, real: Real) => Promise<void>,
  check: (model: Readonly<Model>) => boolean = () => true,
): Step {
  const [kind = ''] = name.split(' ')
  return {
    check,
    async run(model, real) {
      const before = model.rows.map((row) => row.state)
      await act(model, real)
      await agree(model, real)
      for (const [at, { state }] of model.rows.entries()) {
        const from = before[at] as DeliveryState
        if (from !== state) expect(MOVES[kind], `${name}: ${from} to ${state}`).toContainEqual([from, state])
      }
    },
    toString: () => name,
  }
}

async function agree(model: Model, { db, issue, first }: Real): Promise<void> {
  const { rows: found } = await sql<Record<string, unknown>>`
    select d.state, claimed_by, claimed_until, d.due_at, attempts, transport, i.state as issue
    from deliveries d join issues i on i.number = d.issue where d.id >= ${first} order by d.id`.execute(db)
  const wanted = model.rows.map((row) => ({
    state: row.state,
    claimed_by: row.claimedBy,
    claimed_until: row.claimedUntil && time(row.claimedUntil),
    due_at: time(row.due),
    attempts: row.attempts,
    transport: row.transport,
    issue: model.issue,
  }))
  expect(found).toEqual(wanted)
  const counts = { queued: 0, sending: 0, sent: 0, failed: 0, skipped: 0, unknown: 0 }
  for (const row of model.rows) counts[row.state]++
  expect(await countDeliveries(db, issue)).toEqual(counts)
}

const isHeld = ({ claimedUntil }: Row, now: Date) => claimedUntil !== null && claimedUntil > now

function free(row: Row): void {
  row.claimedBy = null
  row.claimedUntil = null
}

function claim(which: 0 | 1, room: number): Step {
  return step(`claim ${room} by ${which}`, async (model, { db, first }) => {
    const { owner, transport, held } = model.processes[which]
    const expected = [...model.rows.entries()]
      .filter(
        ([, row]) =>
          model.issue === 'sending' &&
          row.state === 'queued' &&
          row.due <= model.now &&
          !isHeld(row, model.now) &&
          (row.transport === null || row.transport === transport),
      )
      .sort(([a, left], [b, right]) => left.due.getTime() - right.due.getTime() || a - b)
      .slice(0, room)
    for (const [at, row] of expected) {
      row.claimedBy = owner
      row.claimedUntil = new Date(model.now.getTime() + CLAIM_MS)
      held.add(at)
    }
    const claimant = { owner, transport, limits: {}, domainLimits: {} }
    const { deliveries } = await claimDeliveries(db, claimant, room, model.now)
    expect(deliveries.map(({ id }) => id - first)).toEqual(expected.map(([at]) => at).sort((a, b) => a - b))
  })
}

function mark(which: 0 | 1, most: number): Step {
  return step(
    `mark ${most} by ${which}`,
    async (model, { db, first }) => {
      const { owner, transport, held, inFlight } = model.processes[which]
      const chosen = [...held].slice(0, most)
      const expected = chosen.filter((at) => {
        const row = model.rows[at] as Row
        const isOurs = row.claimedBy === owner && isHeld(row, model.now)
        return row.state === 'queued' && isOurs && model.issue === 'sending' && row.wanted && !row.suppressed
      })
      const ids = chosen.map((at) => first + at)
      const marked = await write(db, (trx) => markSending(trx, owner, transport, ids, model.now))
      expect([...marked].map((id) => id - first).sort()).toEqual(expected.toSorted())
      for (const at of chosen) held.delete(at)
      for (const at of expected) {
        const row = model.rows[at] as Row
        // The promise. A file that is written again is the same file; anything else is another copy.
        const again = transport === MAILDIR ? [null, MAILDIR] : [null]
        expect(again, `delivery ${at} leaves a second time`).toContain(row.mayHaveCome)
        row.mayHaveCome = transport
        row.state = 'sending'
        row.transport = transport
        inFlight.add(at)
      }
    },
    (model) => model.processes[which].held.size > 0,
  )
}

function settle(which: 0 | 1, state: 'sent' | 'queued' | 'failed' | 'unknown'): Step {
  return step(
    `settle ${state} by ${which}`,
    async (model, { db, first }) => {
      const { owner, inFlight } = model.processes[which]
      const [at] = inFlight as Set<number> & [number]
      const row = model.rows[at] as Row
      inFlight.delete(at)
      // A server's refusal is certain: no copy arrived by this attempt.
      const isRefused = state === 'queued' || state === 'failed'
      const isOurs = row.claimedBy === owner
      if (isOurs || (row.state === 'unknown' && state === 'sent')) {
        row.state = state
        row.attempts = 1
        if (state === 'queued') row.due = new Date(model.now.getTime() + 60_000)
        if (state === 'queued') row.transport = null
        if (isRefused) row.mayHaveCome = null
        free(row)
      }
      const due = state === 'queued' ? new Date(model.now.getTime() + 60_000) : null
      const settlement = { id: first + at, state, due, reply: '', attempts: 1 }
      await write(db, (trx) => settleDeliveries(trx, owner, [settlement], model.now))
    },
    (model) => model.processes[which].inFlight.size > 0,
  )
}

/** Nothing of it left: no connection, or refused before the message. */
function giveBack(which: 0 | 1, state: 'queued' | 'failed'): Step {
  return step(
    `settle ${state} before the message by ${which}`,
    async (model, { db, first }) => {
      const { owner, held } = model.processes[which]
      const [at] = held as Set<number> & [number]
      const row = model.rows[at] as Row
      held.delete(at)
      if (row.claimedBy === owner) {
        row.state = state
        row.attempts = 1
        if (state === 'queued') row.transport = null
        free(row)
      }
      const settlement = { id: first + at, state, due: null, reply: '', attempts: 1 }
      await write(db, (trx) => settleDeliveries(trx, owner, [settlement], model.now))
    },
    (model) => model.processes[which].held.size > 0,
  )
}

/** The process is gone, and another one is started in its place. */
function crash(which: 0 | 1): Step {
  return step(`crash of ${which}`, async (model) => {
    const { transport } = model.processes[which]
    model.processes[which] = {
      owner: `process ${model.born++}`,
      transport,
      held: new Set(),
      inFlight: new Set(),
    }
  })
}

function release(which: 0 | 1): Step {
  return step(
    `release by ${which}`,
    async (model, { db }) => {
      const { owner, held } = model.processes[which]
      for (const row of model.rows) if (row.claimedBy === owner && row.state === 'queued') free(row)
      held.clear()
      await releaseClaims(db, owner)
    },
    (model) => model.processes[which].inFlight.size === 0,
  )
}

function renew(which: 0 | 1): Step {
  return step(`renew by ${which}`, async (model, { db }) => {
    const { owner } = model.processes[which]
    for (const row of model.rows)
      if (row.claimedBy === owner && isHeld(row, model.now))
        row.claimedUntil = new Date(model.now.getTime() + CLAIM_MS)
    await write(db, (trx) => renewClaims(trx, owner, model.now))
  })
}

function wait(seconds: number): Step {
  return step(`wait ${seconds} s`, async (model) => {
    model.now = new Date(model.now.getTime() + seconds * 1000)
  })
}

const recover = step('recover', async (model, { db }) => {
  for (const row of model.rows) {
    if (row.state !== 'sending' || isHeld(row, model.now)) continue
    row.state = row.transport === MAILDIR ? 'queued' : 'unknown'
    free(row)
  }
  await recoverDeliveries(db, [SMTP, MAILDIR], model.now)
})

const skip = step('skip', async (model, { db }) => {
  for (const row of model.rows) {
    const isOver = model.issue === 'cancelled'
    if (row.state !== 'queued' || isHeld(row, model.now) || (row.wanted && !row.suppressed && !isOver))
      continue
    row.state = 'skipped'
    free(row)
  }
  await skipUnwanted(db, model.now)
})

const finish = step('finish', async (model, { db }) => {
  const isOpen = model.rows.some((row) => row.state === 'queued' || row.state === 'sending')
  if (model.issue === 'sending' && !isOpen) model.issue = 'sent'
  await finishIssues(db, model.now)
})

const pause = step('pause', async (model, { db, issue }) => {
  const may = model.issue === 'sending'
  if (may) model.issue = 'paused'
  expect(await write(db, (trx) => pauseIssue(trx, issue, 'by hand'))).toBe(may)
})

const resume = step('resume', async (model, { db, issue }) => {
  const may = model.issue === 'paused'
  if (may) model.issue = 'sending'
  expect(await write(db, (trx) => moveIssue(trx, issue, ['paused'], 'sending', null))).toBe(may)
})

const cancel = step(
  'cancel',
  async (model, { db, issue }) => {
    model.issue = 'cancelled'
    for (const row of model.rows) {
      if (row.state !== 'queued') continue
      row.state = 'skipped'
      free(row)
    }
    await write(db, async (trx) => {
      expect(await moveIssue(trx, issue, ['sending', 'paused'], 'cancelled', 'by hand')).toBe(true)
      await skipQueued(trx, issue, 'the issue was cancelled', model.now)
    })
  },
  (model) => model.issue === 'sending' || model.issue === 'paused',
)

const retry = step(
  'retry',
  async (model, { db, issue }) => {
    let queued = 0
    for (const row of model.rows) {
      if (row.state !== 'failed' || row.suppressed) continue
      row.state = 'queued'
      row.due = model.now
      row.attempts = 0
      row.transport = null
      queued++
    }
    if (queued > 0 && model.issue === 'sent') model.issue = 'sending'
    await write(db, async (trx) => {
      expect(await requeueFailed(trx, issue, model.now)).toBe(queued)
      if (queued > 0) await moveIssue(trx, issue, ['sent'], 'sending', null)
    })
  },
  (model) => model.issue !== 'cancelled',
)

function resolve(decision: 'sent' | 'resend'): Step {
  return step(
    `resolve --${decision}`,
    async (model, { db, issue }) => {
      const unknown = model.rows.filter((row) => row.state === 'unknown')
      for (const row of unknown) {
        row.state = decision === 'sent' ? 'sent' : 'queued'
        if (decision === 'sent') continue
        row.due = model.now
        // The author's word: whoever has it gets it twice.
        row.mayHaveCome = null
        row.transport = null
      }
      if (decision === 'resend' && unknown.length > 0 && model.issue === 'sent') model.issue = 'sending'
      await write(db, async (trx) => {
        expect(await resolveUnknown(trx, issue, decision, model.now)).toBe(unknown.length)
        if (decision === 'resend' && unknown.length > 0)
          await moveIssue(trx, issue, ['sent'], 'sending', null)
      })
    },
    (model) => decision === 'sent' || model.issue !== 'cancelled',
  )
}

function unsubscribe(at: number): Step {
  return step(`unsubscribe ${at}`, async (model, real) => {
    ;(model.rows[at] as Row).wanted = false
    skipNow(model, at)
    await setStatus(real, at, 'unsubscribed')
    await write(real.db, (trx) => skipQueuedTo(trx, real.people + at, 'no longer subscribed', model.now))
  })
}

/** Whoever leaves takes what is queued for them along, whoever has claimed it. */
function skipNow(model: Model, at: number): void {
  const row = model.rows[at] as Row
  if (row.state !== 'queued') return
  row.state = 'skipped'
  free(row)
}

function comeBack(at: number): Step {
  return step(`subscribe ${at} again`, async (model, real) => {
    ;(model.rows[at] as Row).wanted = true
    await setStatus(real, at, 'confirmed')
  })
}

function bounce(at: number): Step {
  return step(`suppress ${at}`, async (model, { db, people }) => {
    ;(model.rows[at] as Row).suppressed = true
    skipNow(model, at)
    await write(db, (trx) => suppress(trx, addressOf(people + at).toLowerCase(), 'bounce', model.now))
  })
}

/** The person uses a link that only this message held. Only who may have it can. */
function evidence(at: number): Step {
  return step(
    `evidence of ${at}`,
    async (model, { db, first }) => {
      const row = model.rows[at] as Row
      if (row.state === 'unknown') row.state = 'sent'
      await write(db, (trx) => recordEvidence(trx, first + at, 'its link was used', model.now))
    },
    (model) => (model.rows[at] as Row).mayHaveCome !== null,
  )
}

async function setStatus(
  { db, people }: Real,
  at: number,
  status: 'confirmed' | 'unsubscribed',
): Promise<void> {
  await db
    .updateTable('subscribers')
    .set({ status })
    .where('id', '=', people + at)
    .execute()
}

const either = fc.constantFrom<0 | 1>(0, 1)
const person = fc.nat(PEOPLE - 1)
const transports = fc.constantFrom<[string, string]>([SMTP, SMTP], [SMTP, MAILDIR], [MAILDIR, MAILDIR])
const mails: fc.Arbitrary<Step>[] = [
  fc.tuple(either, fc.integer({ min: 1, max: PEOPLE })).map(([which, room]) => claim(which, room)),
  fc.tuple(either, fc.integer({ min: 1, max: PEOPLE })).map(([which, most]) => mark(which, most)),
  either.map((which) => mark(which, 1)),
  fc
    .tuple(either, fc.constantFrom('sent', 'queued', 'failed', 'unknown'))
    .map(([which, state]) => settle(which, state as 'sent')),
  fc
    .tuple(either, fc.constantFrom('queued', 'failed'))
    .map(([which, state]) => giveBack(which, state as 'queued')),
]
const events: fc.Arbitrary<Step>[] = [
  either.map(crash),
  either.map(release),
  either.map(renew),
  fc.constantFrom(1, 30, 61).map(wait),
  fc.constantFrom(recover, skip, finish, pause, resume, resume, cancel, retry),
  fc.constantFrom<'sent' | 'resend'>('sent', 'resend').map(resolve),
  person.map(unsubscribe),
  person.map(comeBack),
  person.map(bounce),
  person.map(evidence),
]

test('1,000 random histories of two processes end as a plain model of them does, and nobody is mailed twice', async () => {
  const db = await emptyDatabase()
  const seen = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(
      transports,
      fc.commands([...mails, ...mails, ...events], { maxCommands: 40, size: '+1' }),
      async (pair, history) => {
        const real = await freshIssue(db)
        const model = freshModel(pair)
        await fc.asyncModelRun(() => ({ model, real }), history)
        await endOf(model, real)
        for (const row of model.rows) seen.set(row.state, (seen.get(row.state) ?? 0) + 1)
      },
    ),
    { numRuns: 1_000 },
  )
  // Histories that never come to anything would agree as well.
  for (const state of ['sent', 'failed', 'skipped', 'unknown'])
    expect(seen.get(state), state).toBeGreaterThan(10)
}, 120_000)

/** Whatever happened: once all processes are gone and one that works goes on, everybody is dealt with. */
async function endOf(model: Model, real: Real): Promise<void> {
  for (const each of [crash(0), crash(1), wait(61), recover, resume, skip]) await each.run(model, real)
  await wait(61).run(model, real)
  for (const which of [0, 1] as const) {
    await claim(which, PEOPLE).run(model, real)
    if (model.processes[which].held.size > 0) await mark(which, PEOPLE).run(model, real)
    while (model.processes[which].inFlight.size > 0) await settle(which, 'sent').run(model, real)
  }
  await finish.run(model, real)
  expect(['sent', 'cancelled']).toContain(model.issue)
  for (const { state } of model.rows) expect(['sent', 'failed', 'skipped', 'unknown']).toContain(state)
}

async function emptyDatabase(): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-model-'))
  const db = await openDatabase(`sqlite:${join(folder, 'posthorn.db')}`)
  onTestFinished(async () => {
    await db.destroy()
    rmSync(folder, { recursive: true })
  })
  // Nothing here is about power cuts.
  await sql`pragma synchronous = off`.execute(db)
  return db
}

const addressOf = (id: number) => `Reader${id}@example.org`

/** An issue to people of its own; what earlier histories left is gone. */
async function freshIssue(db: Database): Promise<Real> {
  return write(db, async (trx) => {
    for (const table of ['deliveries', 'renditions', 'subscribers', 'suppressions', 'issues'] as const)
      await trx.deleteFrom(table).execute()
    const about = { kind: 'single', rhythm: null, origin: 'schedule', subject: 'Tea' } as const
    const issue = await insertIssue(trx, { ...about, posts: [], due: START, hold: null }, START)
    const text = { posts: null, language: 'en', subject: 'Tea', html: '', text: '', created_at: time(START) }
    const rendition = await insertRendition(trx, issue, { kind: 'issue', ...text })
    const last = async (table: 'subscribers' | 'deliveries') => {
      const { rows } = await sql<{
        seq: number
      }>`select seq from sqlite_sequence where name = ${table}`.execute(trx)
      return rows[0]?.seq ?? 0
    }
    const people = (await last('subscribers')) + 1
    const first = (await last('deliveries')) + 1
    for (let at = 0; at < PEOPLE; at++) {
      const address = addressOf(people + at)
      await sql`insert into subscribers (address, address_key, name, status, rhythm, tags, language, time_zone,
          created_at, confirmed_at, settled_sequence)
        values (${address}, ${address.toLowerCase()}, '', 'confirmed', 'instant', '[]', 'en', 'UTC',
          ${time(START)}, ${time(START)}, 0)`.execute(trx)
      await sql`insert into deliveries (kind, issue, subscriber, rendition, address, name, state, due_at, dated_at,
          attempts)
        values ('issue', ${issue}, ${people + at}, ${rendition}, ${address}, '', 'queued', ${time(START)},
          ${time(START)}, 0)`.execute(trx)
    }
    return { db, issue, first, people }
  })
}

function freshModel([first, second]: [string, string]): Model {
  const rows = Array.from(
    { length: PEOPLE },
    (): Row => ({
      state: 'queued',
      claimedBy: null,
      claimedUntil: null,
      due: START,
      attempts: 0,
      transport: null,
      wanted: true,
      suppressed: false,
      mayHaveCome: null,
    }),
  )
  const process = (owner: string, transport: string): Process => {
    return { owner, transport, held: new Set(), inFlight: new Set() }
  }
  return {
    now: START,
    issue: 'sending',
    rows,
    processes: [process('process 0', first), process('process 1', second)],
    born: 2,
  }
}
