/**
 * `npm run bench`: what Posthorn promises about time, measured; `npm run bench -- speed` for a part of it. Where two things are compared they take turns in the
 * same run and the ratio is what counts: a machine has good and bad minutes. Exits 1 where a promise is broken.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { createPrivateKey, sign } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { createTransport } from 'nodemailer'
import { checkAddress } from '../../src/address.ts'
import { loadConfig } from '../../src/config.ts'
import { deliverDue } from '../../src/deliveries/deliver.ts'
import { openTransports } from '../../src/deliveries/outlet.ts'
import { printConfirmation } from '../../src/deliveries/print.ts'
import { makeKey } from '../../src/mail/dkim-key.ts'
import { delivering } from '../../src/round.ts'
import { closeSite, openSite } from '../../src/site.ts'
import { openDatabase, write } from '../../src/store/database.ts'
import { skipQueued } from '../../src/store/deliveries.ts'
import { moveIssue, pauseIssue } from '../../src/store/issues.ts'
import { renditionsOf } from '../../src/store/renditions.ts'
import { askToSubscribe } from '../../src/subscribers/subscribe.ts'
import { table } from '../../src/terminal.ts'
import { countCommits } from '../deliveries/mailing.ts'
import { type QueuedSite, queuedSite } from '../queued-site.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const CONNECTIONS = 10
const EXACT = 0.02
const CONTROL_MS = 1_000
const VISITOR_MS = 50
/** A worse share than this is starving. */
const FAIR = 0.5

const rows: string[][] = []
const broken: string[] = []

function row(what: string, figure: string, promise = '', holds = true): void {
  rows.push([what, figure, promise === '' ? '' : `${promise}: ${holds ? 'yes' : 'NO'}`])
  if (!holds) broken.push(what)
}

type Sink = { port: number; count(): Promise<number>; times(): Promise<number[]>; end(): void }

async function openSink(): Promise<Sink> {
  const child = fork(new URL('sink.ts', import.meta.url))
  const ask = async <Answer>(question?: string): Promise<Answer> => {
    const answer = once(child, 'message')
    if (question !== undefined) child.send(question)
    return (await answer)[0]
  }
  const { port } = await ask<{ port: number }>()
  return {
    port,
    count: async () => (await ask<{ count: number }>('count')).count,
    times: async () => (await ask<{ times: number[] }>('times')).times,
    end: () => child.disconnect(),
  }
}

/** A site, its sink, and a place to clean up. */
async function mailed<Result>(
  people: number,
  limits: object,
  work: (site: QueuedSite, sink: Sink) => Promise<Result>,
  dkim?: Dkim,
): Promise<Result> {
  const sink = await openSink()
  const site = await queuedSite({
    people,
    port: sink.port,
    connections: CONNECTIONS,
    limits,
    ...(dkim ? { dkim } : {}),
    now: new Date(),
  })
  try {
    return await work(site, sink)
  } finally {
    sink.end()
    site.remove()
  }
}

function startWorker({ folder }: QueuedSite): { stop(): Promise<void> } {
  const worker = spawn(process.execPath, [CLI, 'worker'], { cwd: folder, stdio: 'ignore' })
  const gone = once(worker, 'exit')
  return {
    async stop() {
      worker.kill('SIGTERM')
      await gone
    },
  }
}

async function until(isSo: () => Promise<boolean>, patienceMs = 30_000): Promise<void> {
  const ends = performance.now() + patienceMs
  while (!(await isSo())) {
    if (performance.now() > ends) throw new Error('what the bench waits for does not come')
    await sleep(50)
  }
}

const median = (figures: number[]) => percentile(figures, 50)
function percentile(figures: number[], part: number): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * part) / 100))] as number
}
const clock = () => performance.timeOrigin + performance.now()
const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** What a limit per second lets through in a minute. */
async function measureSecond(limit: number): Promise<void> {
  await mailed(limit * 70, { second: limit }, async (site, sink) => {
    const worker = startWorker(site)
    await until(async () => (await sink.count()) > 0)
    await sleep(63_000)
    await worker.stop()
    const times = (await sink.times()).toSorted((a, b) => a - b)
    const from = (times[0] as number) + 2_000
    const went = times.filter((at) => at >= from && at < from + 60_000).length
    const off = went / (limit * 60) - 1
    row(
      `limit of ${limit} a second, over a minute`,
      `${went} messages, ${percent(off)} off`,
      'exact to 2 %',
      Math.abs(off) <= EXACT,
    )
  })
}

/** What a limit per minute lets through: the most in any minute, and over the whole of two. */
async function measureMinute(limit: number): Promise<void> {
  await mailed(limit * 3, { minute: limit }, async (site, sink) => {
    const worker = startWorker(site)
    // Each minute's share goes at once; what counts is when the third begins.
    await until(async () => (await sink.count()) > 2 * limit, 140_000)
    await worker.stop()
    const times = (await sink.times()).toSorted((a, b) => a - b)
    const spans = [limit, 2 * limit].map((n) => ((times[n] as number) - (times[n - limit] as number)) / 1_000)
    const off = spans.map((seconds) => 60 / seconds - 1)
    const worst = off.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0] as number
    row(
      `limit of ${limit} a minute`,
      `the next ${limit} after ${spans.map((seconds) => seconds.toFixed(2)).join(' s and ')} s, ${percent(worst)} off`,
      'exact to 2 %',
      Math.abs(worst) <= EXACT,
    )
  })
}

/** From the moment a command is committed to the last message that leaves, or the first that leaves again. */
async function measureControl(): Promise<void> {
  await mailed(12_000, {}, async (site, sink) => {
    const worker = startWorker(site)
    const db = await openDatabase(loadConfig(site.folder, {}).database.url)
    try {
      for (const stop of ['pause', 'cancel'] as const) {
        const begun = await sink.count()
        await until(async () => (await sink.count()) > begun + 200)
        await sleep(500)
        const asked = clock()
        const number = site.issue
        await write(db, async (trx) => {
          if (stop === 'pause') return pauseIssue(trx, number, 'by hand')
          await moveIssue(trx, number, ['sending'], 'cancelled', 'by hand')
          await skipQueued(trx, number, 'the issue was cancelled', new Date())
        })
        const told = clock()
        await sleep(3_000)
        const times = await sink.times()
        const last = Math.max(0, times.reduce((latest, at) => Math.max(latest, at), 0) - told)
        const rate = times.filter((at) => at > asked - 500 && at <= asked).length * 2
        row(
          `${stop} at ${rate} messages a second, to the last one`,
          `${last.toFixed(0)} ms`,
          'within a second',
          last <= CONTROL_MS,
        )
        if (stop === 'cancel') continue
        await write(db, (trx) => moveIssue(trx, number, ['paused'], 'sending', null))
        const resumed = clock()
        const before = await sink.count()
        await until(async () => (await sink.count()) > before, 70_000)
        const first = (await sink.times()).filter((at) => at > resumed)[0] as number
        row(
          'resume, to the next message',
          `${(first - resumed).toFixed(0)} ms`,
          'within a second',
          first - resumed <= CONTROL_MS,
        )
      }
    } finally {
      await db.destroy()
      await worker.stop()
    }
  })
}

type Dkim = { domain: string; selector: string; privateKeyFile: string }

/** Both signed, with one key of RSA-2048. */
async function measureSigned(rounds: number, people: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'))
  try {
    const privateKeyFile = join(folder, 'key.pem')
    writeFileSync(privateKeyFile, makeKey('rsa'))
    await measureSpeed(rounds, people, { domain: 'blog.example', selector: 'bench', privateKeyFile })
    const { cpu } = await paceOf(200, async () => {
      const key = createPrivateKey(readFileSync(privateKeyFile))
      for (let n = 0; n < 200; n++) sign('sha256', Buffer.from(String(n)), key)
    })
    row('ms of CPU a bare signature, RSA-2048', cpu.toFixed(2))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Messages a second with ledger and journal against a pool of nodemailer's without, in turns; both signed, or neither. */
async function measureSpeed(rounds: number, people: number, dkim?: Dkim): Promise<void> {
  const ours: Pace[] = []
  const theirs: Pace[] = []
  const syncs: number[] = []
  let commits = 0
  // The first round warms both up and does not count.
  for (let round = 0; round <= rounds; round++) {
    const turn = async ({ folder, issue }: QueuedSite, sink: Sink) => {
      const site = await openSite(loadConfig(folder, {}), () => new Date())
      const transports = await openTransports(site.config.transports)
      try {
        const path = site.config.database.url.replace('sqlite:', '')
        if (round === 0) await sql`pragma wal_autocheckpoint = 0`.execute(site.db)
        const before = round === 0 && statSync(`${path}-wal`).size > 0 ? countCommits(path) : 0
        const all = await delivering(site, transports, new AbortController().signal)
        const pace = await paceOf(people, async () => {
          const { sent } = await deliverDue(all)
          if (sent !== people) throw new Error(`${sent} of ${people} were sent`)
        })
        if (round === 0) commits = (countCommits(path) - before) / people
        else ours.push(pace)
        const [rendition] = await renditionsOf(site.db, issue)
        if (!rendition) throw new Error('the issue has no rendition')
        const pool = await poolPace(sink.port, people, rendition, dkim)
        if (round > 0) theirs.push(pool)
        syncs.push(...syncTimes(join(folder, 'sync')))
      } finally {
        for (const transport of transports) await transport.close()
        await closeSite(site)
      }
    }
    await mailed(people, {}, turn, dkim)
  }
  const which = dkim ? 'signed, ' : ''
  const list = (figures: number[], digits = 0) =>
    `${median(figures).toFixed(digits)} (${figures.map((figure) => figure.toFixed(digits)).join(' ')})`
  const ratio = (of: (pace: Pace, round: number) => number) => list(ours.map(of), 2)
  const pool = (round: number) => theirs[round] as Pace
  row(`${which}messages a second, ledger and journal on`, list(ours.map(({ rate }) => rate)))
  row(`  a nodemailer pool, ${which}no ledger`, list(theirs.map(({ rate }) => rate)))
  row(
    '  ours to the pool',
    ratio(({ rate }, round) => rate / pool(round).rate),
  )
  row(
    `${which}ms of CPU a message, ledger and journal on`,
    list(
      ours.map(({ cpu }) => cpu),
      2,
    ),
  )
  row(
    `  a nodemailer pool, ${which}no ledger`,
    list(
      theirs.map(({ cpu }) => cpu),
      2,
    ),
  )
  row(
    '  the pool to ours',
    ratio(({ cpu }, round) => pool(round).cpu / cpu),
  )
  row(
    'an fdatasync of this disk',
    `${median(syncs).toFixed(2)} ms, p95 ${percentile(syncs, 95).toFixed(2)} ms`,
  )
  row('commits a message', commits.toFixed(3), 'grouped, under 1', commits < 1)
}

/** Messages a second, and milliseconds of this process's CPU for each: a busy machine spoils the first, not the second. */
type Pace = { rate: number; cpu: number }

async function paceOf(people: number, work: () => Promise<void>): Promise<Pace> {
  const started = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { rate: people / ((performance.now() - started) / 1_000), cpu: (user + system) / 1_000 / people }
}

async function poolPace(
  port: number,
  people: number,
  { subject, html, text }: { subject: string; html: string; text: string },
  dkim?: Dkim,
): Promise<Pace> {
  const pool = createTransport({
    pool: true,
    host: '127.0.0.1',
    port,
    secure: false,
    ignoreTLS: true,
    maxConnections: CONNECTIONS,
    maxMessages: Number.POSITIVE_INFINITY,
    allowInternalNetworkInterfaces: true,
    ...(dkim ? { dkim: poolKey(dkim) } : {}),
  } as Parameters<typeof createTransport>[0])
  const from = 'A test blog <news@blog.example>'
  let next = 1
  // As many at a time as there are connections, with one more for each to be ready.
  const lane = async () => {
    for (let n = next++; n <= people; n = next++)
      await pool.sendMail({ from, to: `reader${n}@example.org`, subject, html, text })
  }
  try {
    return await paceOf(people, async () => {
      await Promise.all(Array.from({ length: 2 * CONNECTIONS }, lane))
    })
  } finally {
    pool.close()
  }
}

function poolKey({ domain, selector, privateKeyFile }: Dkim) {
  return { domainName: domain, keySelector: selector, privateKey: readFileSync(privateKeyFile, 'utf8') }
}

function syncTimes(path: string): number[] {
  const file = openSync(path, 'w')
  const times: number[] = []
  for (let n = 0; n < 20; n++) {
    writeSync(file, 'x'.repeat(4096))
    const started = performance.now()
    fdatasyncSync(file)
    times.push(performance.now() - started)
  }
  closeSync(file)
  return times
}

type Delivered = { sent: number; seconds: number; maxRss: number }

async function deliverers(folder: string, processes: number): Promise<{ go(): Promise<Delivered[]> }> {
  const children = await Promise.all(
    Array.from({ length: processes }, async (): Promise<ChildProcess> => {
      const child = fork(new URL('deliver-once.ts', import.meta.url), [folder])
      await once(child, 'message')
      return child
    }),
  )
  return {
    go: () =>
      Promise.all(
        children.map(async (child): Promise<Delivered> => {
          child.send('go')
          return (await once(child, 'message'))[0]
        }),
      ),
  }
}

/** The most memory a process takes that delivers to few and to many. */
async function measureMemory(few: number, many: number): Promise<void> {
  const took: number[] = []
  for (const people of [few, many]) {
    await mailed(people, {}, async ({ folder }) => {
      const [delivered] = await (await deliverers(folder, 1)).go()
      took.push((delivered as Delivered).maxRss / 1_048_576)
    })
  }
  const [least, most] = took as [number, number]
  row(
    `memory for ${few} and ${many} recipients`,
    `${least.toFixed(0)} MB and ${most.toFixed(0)} MB`,
    'does not grow with the list',
    most - least < 32,
  )
}

/** Two processes that send from one database, and a visitor who subscribes meanwhile. */
async function measureTwo(people: number): Promise<void> {
  await mailed(people, {}, async ({ folder }) => {
    const config = loadConfig(folder, {})
    const site = await openSite(config, () => new Date())
    try {
      const printed = await printConfirmation(config, 'en')
      const running = await deliverers(folder, 2)
      const finished = running.go()
      let isRunning = true
      void finished.finally(() => {
        isRunning = false
      })
      const waits: number[] = []
      for (let n = 0; isRunning; n++) {
        const address = checkAddress(`visitor${n}@example.net`)
        if ('fault' in address) throw new Error(address.fault)
        const evidence = { source: '127.0.0.0/24', words: '' }
        const asked = {
          ...address,
          name: '',
          language: 'en',
          timeZone: '',
          solved: null,
          network: null,
          evidence,
        }
        // Each a minute after the one before, or the caps would turn most of them away.
        const at = new Date(Date.UTC(2025, 0, 1, 0, n))
        const started = performance.now()
        await askToSubscribe(site.db, asked, printed, config, site.secret, at)
        if (isRunning) waits.push(performance.now() - started)
        await sleep(20)
      }
      const done = await finished
      const shares = done.map(({ sent }) => sent)
      const fair = Math.min(...shares) / Math.max(...shares)
      row('two processes on one database', `${shares.join(' and ')} sent`, 'neither starves', fair >= FAIR)
      const [p50, p95] = [percentile(waits, 50), percentile(waits, 95)]
      row(
        `a subscription beside them (${waits.length} of them)`,
        `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, most ${Math.max(...waits).toFixed(1)} ms`,
        'under 50 ms for 19 of 20',
        p95 < VISITOR_MS,
      )
    } finally {
      await closeSite(site)
    }
  })
}

const parts: Record<string, () => Promise<unknown>> = {
  control: measureControl,
  speed: () => measureSpeed(5, 1_000),
  signed: () => measureSigned(5, 1_000),
  two: () => measureTwo(4_000),
  memory: () => measureMemory(1_000, 20_000),
}
const wanted = process.argv.slice(2)
const isWanted = (part: string) => wanted.length === 0 || wanted.includes(part)

console.log(`Node ${process.version}, ${availableParallelism()} CPUs`)
// Limits are mostly waiting: they go on beside the rest.
const limits = isWanted('limits') ? Promise.all([measureMinute(600), measureSecond(50)]) : null
for (const [part, measure] of Object.entries(parts)) if (isWanted(part)) await measure()
await limits
for (const line of table(rows)) console.log(line)
for (const what of broken) console.log(`BROKEN: ${what}`)
process.exitCode = broken.length > 0 ? 1 : 0
