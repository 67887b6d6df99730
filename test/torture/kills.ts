/**
 * Kills workers at random moments while an issue goes out to a bad mail server, and counts at the receiving end.
 *
 * The workers are real ones, `posthorn worker`, each in a process of its own, one or two at a time; `kill -9` comes
 * after a random number of steps seen at the server, or a random time after the start. When all kills are done two
 * workers finish the issue, and are then told to stop.
 *
 * A seed gives the same server and the same kills, but not the same run: what is in flight when a signal arrives is
 * the machine's to say.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config.ts'
import { makeMessageId } from '../../src/mail/token.ts'
import { openDatabase } from '../../src/store/database.ts'
import { readIssue } from '../../src/store/issues.ts'
import { readSecret } from '../../src/store/settings.ts'
import { queuedSite } from '../queued-site.ts'
import { dice } from './dice.ts'

export type Torture = {
  people: number
  connections: number
  kills: number
  seed: number
  /** How much of all mail each of the server's four faults befalls. */
  share: number
  /** How much faster than ours the workers' clock runs. */
  speed: number
  /** After how many milliseconds it is given up, and what is not settled by then counts as missing. */
  patienceMs: number
}

export type Toll = {
  sent: number
  failed: number
  skipped: number
  unknown: number
  /** Of those unknown, how many had arrived after all. */
  unknownArrived: number
  /** Message-IDs that were kept twice or more. */
  duplicated: number
  /** Who was told of as sent and has nothing, or is not settled at all. */
  missing: number
  /** Arrived, and told of as failed or skipped. */
  denied: number
  /** Arrived, and the journal has no line that allowed it. */
  unjournaled: number
  kills: number
  /** Connections that a kill cut between the server's 354 and its answer. */
  cut: number
  /** Connections that the server broke after its 354. */
  broken: number
  issue: string
  /** Whether the two workers left at the end went in order when they were told to. */
  stopped: boolean
  seconds: number
}

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const FAST_CLOCK = fileURLToPath(new URL('fast-clock.ts', import.meta.url))
const BAD_SERVER = fileURLToPath(new URL('bad-server.ts', import.meta.url))
const STEPS_OF_A_MESSAGE = 5
/** A fifth of all kills comes at a time of its own: while the worker starts, reads, claims. */
const KILLS_BY_TIME = 0.2
const LONGEST_LIFE_MS = 5_000

export async function torture(wanted: Torture, tell: (line: string) => void = () => {}): Promise<Toll> {
  const { people, connections, kills, seed, speed } = wanted
  const started = performance.now()
  const ends = started + wanted.patienceMs
  const now = new Date()
  const { roll, between, one } = dice(seed)
  const server = await badServer(seed, wanted.share)
  const site = await queuedSite({ people, port: server.port, connections, now })
  server.keepIn(join(site.folder, 'kept'))
  const env = { ...process.env, FAST_CLOCK: `${now.getTime()} ${speed}` }
  const workers = new Set<ChildProcess>()
  let failure: Error | null = null
  const db = await openDatabase(loadConfig(site.folder, {}).database.url)

  function start(): void {
    const args = ['--import', FAST_CLOCK, CLI, 'worker']
    const worker = spawn(process.execPath, args, {
      cwd: site.folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    worker.stderr?.on('data', (text) => {
      said = `${said}${text}`.slice(-2_000)
    })
    workers.add(worker)
    worker.once('exit', (code) => {
      workers.delete(worker)
      if (code !== null && code !== 0) failure = new Error(`a worker ended by itself with ${code}:\n${said}`)
    })
  }

  async function kill(worker: ChildProcess): Promise<void> {
    const gone = once(worker, 'exit')
    worker.kill('SIGKILL')
    await gone
  }

  async function unsettled(): Promise<number> {
    const { count } = await db
      .selectFrom('deliveries')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('state', 'in', ['queued', 'sending'])
      .executeTakeFirstOrThrow()
    return count
  }

  try {
    for (let killed = 0; killed < kills; killed++) {
      const target = between(1, 2)
      while (workers.size < target) start()
      const share = Math.ceil(((await unsettled()) * STEPS_OF_A_MESSAGE) / (kills - killed))
      if (roll() < KILLS_BY_TIME) await sleep(between(0, 1_500))
      else await server.steps(between(1, 2 * share), Math.min(LONGEST_LIFE_MS, ends - performance.now()))
      if (failure) throw failure
      if (performance.now() > ends) break
      await sleep(between(0, 20))
      await kill(one([...workers]))
      if ((killed + 1) % 10 === 0) tell(`${killed + 1} kills, ${await unsettled()} deliveries to go`)
    }
    while (workers.size < 2) start()
    // An issue is over a moment after its last delivery is settled.
    const isOver = async () => (await readIssue(db, site.issue))?.state === 'sent'
    while (!(await isOver()) && !failure && performance.now() < ends) await sleep(200)
    if (failure) throw failure
    const last = [...workers].map((worker) => {
      worker.kill('SIGTERM')
      return once(worker, 'exit')
    })
    const left = await Promise.race([Promise.all(last), sleep(30_000, null, { ref: false })])
    const stopped = left?.every(([code]) => code === 0) ?? false
    const { cut, broken } = server
    const counts = { kills, cut, broken, stopped, seconds: Math.round((performance.now() - started) / 1_000) }
    return { ...(await countToll(site.folder, site.issue)), ...counts }
  } finally {
    for (const worker of workers) worker.kill('SIGKILL')
    server.end()
    await db.destroy()
    site.remove()
  }
}

/** Compares what the server kept, what the database says of each delivery, and what the journal holds. */
async function countToll(folder: string, number: number) {
  const config = loadConfig(folder, {})
  const db = await openDatabase(config.database.url)
  try {
    const secret = await readSecret(db)
    const kept = new Map<string, number>()
    for (const id of linesOf(join(folder, 'kept'))) kept.set(id, (kept.get(id) ?? 0) + 1)
    const allowed = new Set(
      linesOf(config.journal.file).flatMap((line) =>
        line.startsWith('> ') ? [Number(line.split(' ')[1])] : [],
      ),
    )
    const rows = await db.selectFrom('deliveries').selectAll().where('issue', '=', number).execute()
    const toll = { sent: 0, failed: 0, skipped: 0, unknown: 0, unknownArrived: 0, missing: 0, denied: 0 }
    let unjournaled = 0
    for (const row of rows) {
      const messageId = makeMessageId(secret, row, 'blog.example')
      const hasArrived = kept.has(messageId)
      if (row.state === 'queued' || row.state === 'sending') toll.missing++
      else toll[row.state]++
      if (row.state === 'sent' && !hasArrived) toll.missing++
      if (row.state === 'unknown' && hasArrived) toll.unknownArrived++
      if ((row.state === 'failed' || row.state === 'skipped') && hasArrived) toll.denied++
      if (hasArrived && !allowed.has(row.id)) unjournaled++
      kept.set(messageId, kept.get(messageId) ?? 0)
    }
    if (kept.size !== rows.length) throw new Error('the server kept a message that nobody was owed')
    const duplicated = [...kept.values()].filter((copies) => copies > 1).length
    const issue = (await readIssue(db, number))?.state ?? 'gone'
    return { ...toll, unjournaled, duplicated, issue }
  } finally {
    await db.destroy()
  }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean)
}

async function badServer(seed: number, share: number) {
  const args = [BAD_SERVER, String(seed), String(share)]
  const server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: server.stdout })
  const [greeting] = (await once(lines, 'line')) as [string]
  let waiting: { left: number; done: () => void } | null = null
  const it = {
    port: Number(greeting.replace('port ', '')),
    cut: 0,
    broken: 0,
    keepIn: (file: string) => server.stdin.write(`${file}\n`),
    /** Resolves after so many more steps of messages, or so many milliseconds. */
    async steps(count: number, patienceMs: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting = { left: count, done: resolve }
      const timer = setTimeout(resolve, Math.max(0, patienceMs))
      await promise
      clearTimeout(timer)
    },
    end: () => server.stdin.end(),
  }
  lines.on('line', (line) => {
    if (line === 'cut' || line === 'broken') it[line]++
    else if (waiting && --waiting.left <= 0) waiting.done()
  })
  return it
}
