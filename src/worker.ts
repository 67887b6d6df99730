/**
 * The worker: a round each minute, and mail going out beside it. The two do not wait for each other: an issue for
 * many people takes hours under a limit, and a post that is written meanwhile belongs into the feeds at once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { schedule } from 'node-cron'
import { type Delivered, deliverDue } from './deliveries/deliver.ts'
import { openTransports } from './deliveries/outlet.ts'
import { describeFault, UserError } from './errors.ts'
import { describeCuts } from './feeds/cut.ts'
import { pingHub } from './hub/ping.ts'
import type { Log } from './log.ts'
import { compressFiles } from './public/write.ts'
import { delivering, emptyMemory, type Planned, publishAndPlan } from './round.ts'
import { describeReplayed, type Site } from './site.ts'
import { outsideChanges } from './store/database.ts'
import { isAnythingDue, recoverDeliveries } from './store/deliveries.ts'
import { countTurnedAway, describeTurnedAway, type TurnedAway } from './subscribers/caps.ts'
import { describeForgotten } from './subscribers/forget.ts'

export type Worker = {
  /** Delivers what was just enqueued without waiting for the minute. */
  wake(): void
  /** Resolves when the signal has ended it and what was in flight is finished. */
  finished: Promise<void>
}

const MINUTE = 60_000
/** What the author commands works within a second. */
const LOOK_MS = 400

/** Works until the signal: a round now, and one each minute. A round that fails is told, and the next one tries again. */
export async function work(site: Site, log: Log, signal: AbortSignal): Promise<Worker> {
  const memory = emptyMemory()
  const told = new Set<string>()
  // Empty at first: what was turned away while no worker listened is told as well.
  const turnedAway = new Map<string, number>()
  const replayed = describeReplayed(site.replayed)
  if (replayed) log.warn(site.replayed, replayed)
  const transports = await openTransports(site.config.transports)
  let timer: NodeJS.Timeout | undefined

  const mailing = oneAtATime(signal, log, async () => {
    clearTimeout(timer)
    const delivered = await deliverDue(await delivering(site, transports, signal))
    tellDelivered(log, delivered)
    // A limit that frees again before the next minute is not left waiting for it.
    const wait = delivered.retryAt ? delivered.retryAt.getTime() - site.now().getTime() : MINUTE
    if (wait < MINUTE && !signal.aborted) timer = setTimeout(mailing.run, Math.max(wait, 1))
  })
  const rounds = oneAtATime(signal, log, async () => {
    // Also while this process is mailing: another one may have died with deliveries in hand.
    await recoverDeliveries(
      site.db,
      transports.map((each) => each.name),
      site.now(),
    )
    tellTurnedAway(log, await countTurnedAway(site.db, site.now(), turnedAway))
    try {
      tellPlanned(log, await publishAndPlan(site, memory), site, told)
    } finally {
      // What is queued needs no post and no template any more: it goes out, whatever is wrong with these.
      mailing.run()
    }
    pinging.run()
    compressing.run()
  })
  const compressing = oneAtATime(signal, log, async () => {
    await compressFiles(site.config, memory.shown, signal)
  })
  const pinging = oneAtATime(signal, log, async () => {
    for (const { level, line } of (await pingHub({ ...site, signal })).happened) log[level](line)
  })

  const clock = schedule('* * * * *', rounds.run, { noOverlap: true })
  rounds.run()
  const outside = watchOutside(site, mailing.run)

  const finished = new Promise<void>((resolve, reject) => {
    const stop = async () => {
      await clock.stop()
      clearTimeout(timer)
      await outside.stop()
      await rounds.idle()
      await mailing.idle()
      await pinging.idle()
      await compressing.idle()
      for (const transport of transports) await transport.close()
    }
    if (signal.aborted) stop().then(resolve, reject)
    else signal.addEventListener('abort', () => stop().then(resolve, reject), { once: true })
  })
  return { wake: mailing.run, finished }
}

/**
 * Looks whether another process left something to be sent: an issue that the author resumed, a confirmation that
 * somebody asked for at a `serve`.
 */
function watchOutside(site: Site, found: () => void): { stop(): Promise<void> } {
  const stopped = new AbortController()
  async function watch(): Promise<void> {
    let seen = await outsideChanges(site.db)
    while (!stopped.signal.aborted) {
      await sleep(LOOK_MS, undefined, { signal: stopped.signal }).catch(() => {})
      const changes = await outsideChanges(site.db)
      if (changes !== seen && (await isAnythingDue(site.db, site.now()))) found()
      seen = changes
    }
  }
  // Where the database cannot be read the round fails as well, and tells it; from then on a minute has to do.
  const watching = watch().catch(() => {})
  return {
    stop() {
      stopped.abort()
      return watching
    },
  }
}

/** Runs a task again for whoever asked while it ran, once, however many they were. */
function oneAtATime(
  signal: AbortSignal,
  log: Log,
  task: () => Promise<void>,
): { run(): void; idle(): Promise<void> } {
  let running: Promise<void> | null = null
  let again = false
  async function loop(): Promise<void> {
    while (again && !signal.aborted) {
      again = false
      try {
        await task()
      } catch (error) {
        tellFailure(log, error)
      }
    }
    running = null
  }
  return {
    run() {
      again = true
      running ??= loop()
    },
    async idle() {
      await running
    },
  }
}

function tellTurnedAway(log: Log, turnedAway: TurnedAway): void {
  const described = describeTurnedAway(turnedAway)
  if (described !== '') log.warn({ turnedAway }, `sign-ups turned away: ${described}`)
}

function tellPlanned(log: Log, done: Planned, site: Site, told: Set<string>): void {
  const cuts = describeCuts(done.cuts, site.config)
  for (const fault of done.faults) {
    const line = describeFault(fault)
    if (!told.has(line)) log.warn({ file: fault.file, line: fault.line }, line)
  }
  for (const line of cuts) if (!told.has(line)) log.warn(line)
  told.clear()
  for (const line of [...done.faults.map(describeFault), ...cuts]) told.add(line)
  if (done.firstRound)
    log.info(
      { posts: done.firstRound.length },
      `first round: ${done.firstRound.length} posts recorded as old, none mailed`,
    )
  if (done.forgotten > 0) log.info({ forgotten: done.forgotten }, describeForgotten(done.forgotten))
  const changed = done.files.filter((file) => file.written)
  if (changed.length > 0) log.info({ files: changed.length }, `${changed.length} feeds and pages written`)
  for (const issue of done.enqueued) {
    const facts = { issue: issue.number, recipients: issue.recipients }
    const name = `issue #${issue.number}, ${issue.subject}: for ${issue.recipients} ${issue.recipients === 1 ? 'person' : 'people'}`
    if (issue.hold === null) log.info(facts, name)
    else
      log.warn(facts, `${name}, held: ${issue.hold}; to let it go: posthorn issues release ${issue.number}`)
  }
}

function tellDelivered(log: Log, delivered: Delivered): void {
  const { sent, failed, later, unknown, unreachable, happened } = delivered
  if (sent + failed + unknown + later > 0) {
    log.info(
      { sent, failed, later, unknown },
      `messages: ${sent} sent, ${failed} failed, ${later} to be tried again, ${unknown} unknown`,
    )
  }
  for (const event of happened) log.warn(event)
  // Unless that was just told, with the time until when.
  if (unreachable && happened.length === 0)
    log.warn({ reason: unreachable }, `no mail goes out for now: ${unreachable}`)
}

function tellFailure(log: Log, error: unknown): void {
  if (error instanceof UserError)
    log.error({ hint: error.hint }, error.hint ? `${error.message} (${error.hint})` : error.message)
  else
    log.error(
      { err: error },
      `this round failed, the next one tries again: ${error instanceof Error ? error.message : error}`,
    )
}
