/**
 * The worker: a round each minute. A round reads the posts, writes what changed, plans what is owed and delivers what
 * is due; each step asks the database or the disk what is to be done, so a round that was cut off anywhere is
 * finished by the next one.
 */
import { schedule } from 'node-cron'
import { type Delivered, type Delivering, deliverDue } from './deliveries/deliver.ts'
import { type Enqueued, enqueueDeliveries } from './deliveries/enqueue.ts'
import { letterWriter } from './deliveries/letter.ts'
import { describeFault, type Fault, FaultsError, UserError } from './errors.ts'
import { type WrittenFeed, writeFeeds } from './feeds/write.ts'
import { planIssues } from './issues/plan.ts'
import type { Log } from './log.ts'
import { openTransport, type Transport } from './mail/transport.ts'
import { type PagesMade, type WrittenPage, writePages } from './pages/write.ts'
import { type Identified, identifyPosts } from './posts/identity.ts'
import type { ReadPost } from './posts/post.ts'
import { readPosts } from './posts/read.ts'
import type { Site } from './site.ts'

/** What a process keeps from round to round, so that an unchanged post costs nothing. */
export type Memory = { posts: Map<string, ReadPost>; pages: PagesMade }

export type Published = Identified & { faults: Fault[]; feeds: WrittenFeed[]; pages: WrittenPage[] }
export type Round = Published & { enqueued: Enqueued[]; delivered: Delivered }

export function emptyMemory(): Memory {
  return { posts: new Map(), pages: new Map() }
}

/** What the posts folder holds, each post with its identity. Nothing is written but what the database has to know. */
export async function lookAtPosts(site: Site, memory: Memory): Promise<Identified & { faults: Fault[] }> {
  const read = await readPosts(site.config, memory.posts)
  memory.posts = new Map(read.posts.map((post) => [post.file, post]))
  return { ...(await identifyPosts(site.db, read, site.config, site.now())), faults: read.faults }
}

/** Posts to feeds and pages. A post that cannot be read keeps its last good form, and its fault is told. */
export async function publish(site: Site, memory: Memory): Promise<Published> {
  return writeOut(site, memory, await lookAtPosts(site, memory))
}

/**
 * Posts to feeds and pages, all or nothing.
 *
 * @throws FaultsError with every fault of the folder, and nothing is written
 */
export async function publishStrictly(site: Site, memory: Memory): Promise<Published> {
  const read = await readPosts(site.config, memory.posts)
  if (read.faults.length > 0) throw new FaultsError(read.faults)
  const identified = await identifyPosts(site.db, read, site.config, site.now())
  return writeOut(site, memory, { ...identified, faults: [] })
}

/** One round, in full. */
export async function round(
  site: Site,
  transport: Transport,
  memory: Memory,
  signal: AbortSignal,
): Promise<Round> {
  const published = await publish(site, memory)
  const turns = await planIssues(site.db, published.posts, site.config, site.now())
  const enqueued = await enqueueDeliveries(site.db, turns, site.config, site.now())
  const delivered = await deliverDue(delivering(site, transport, signal))
  return { ...published, enqueued, delivered }
}

/** What `deliverDue` needs, from a site. */
export function delivering(site: Site, transport: Transport, signal: AbortSignal): Delivering {
  const { db, config, secret, now } = site
  return { db, transport, writeLetter: letterWriter(db, config, secret), now, signal }
}

export type Worker = {
  /** Delivers what was just enqueued without waiting for the minute. */
  wake(): void
  /** Resolves when the signal has ended it and what was in flight is finished. */
  finished: Promise<void>
}

/** Works until the signal: a round now, and one each minute. A round that fails is told, and the next one tries again. */
export function work(site: Site, log: Log, signal: AbortSignal): Worker {
  const memory = emptyMemory()
  const told = new Set<string>()
  let running: Promise<void> = Promise.resolve()
  const transport = openTransport(site.config.transports[0])

  // One thing at a time: a tick that comes while a round is under way has nothing to add to it.
  let waiting = 0
  function run(task: (transport: Transport) => Promise<void>): Promise<void> {
    if (waiting > 1 || signal.aborted) return running
    waiting++
    running = running.then(async () => {
      try {
        if (!signal.aborted) await task(await transport)
      } catch (error) {
        tellRoundFailure(log, error)
      } finally {
        waiting--
      }
    })
    return running
  }

  const tick = () => run(async (to) => tellRound(log, await round(site, to, memory, signal), told))
  const clock = schedule('* * * * *', tick, { noOverlap: true })
  void tick()

  const finished = new Promise<void>((resolve, reject) => {
    const stop = async () => {
      await clock.stop()
      await running
      await (await transport).close()
    }
    if (signal.aborted) stop().then(resolve, reject)
    else signal.addEventListener('abort', () => stop().then(resolve, reject), { once: true })
  })
  return {
    wake: () => void run(async (to) => tellDelivered(log, await deliverDue(delivering(site, to, signal)))),
    finished,
  }
}

async function writeOut(
  site: Site,
  memory: Memory,
  seen: Identified & { faults: Fault[] },
): Promise<Published> {
  const { config, now } = site
  // Pages first: whoever finds a new entry in a feed finds its page, and a page without a place stops both.
  const pages = await writePages(seen.posts, config, now(), memory.pages)
  const feeds = await writeFeeds(seen.posts, config, now())
  return { ...seen, feeds, pages }
}

function tellRound(log: Log, done: Round, told: Set<string>): void {
  for (const fault of done.faults) {
    const line = describeFault(fault)
    if (!told.has(line)) log.warn({ file: fault.file, line: fault.line }, line)
  }
  told.clear()
  for (const fault of done.faults) told.add(describeFault(fault))
  if (done.firstRound)
    log.info(
      { posts: done.firstRound.length },
      `first round: ${done.firstRound.length} posts recorded as old, none mailed`,
    )
  for (const post of done.datedLongAgo)
    log.info(
      { file: post.file },
      `${post.file} is dated long ago, so it is not mailed; to mail it: posthorn send ${post.slug}`,
    )
  const changed = [...done.feeds, ...done.pages].filter((file) => file.written)
  if (changed.length > 0) log.info({ files: changed.length }, `${changed.length} feeds and pages written`)
  for (const issue of done.enqueued)
    log.info(
      { issue: issue.number, recipients: issue.recipients },
      `issue #${issue.number}, ${issue.subject}: for ${issue.recipients} people`,
    )
  tellDelivered(log, done.delivered)
}

function tellDelivered(log: Log, delivered: Delivered): void {
  const { sent, failed, later, unknown, unreachable } = delivered
  if (sent + failed + unknown > 0 || later > 0) {
    log.info(
      { sent, failed, later, unknown },
      `messages: ${sent} sent, ${failed} failed, ${later} to be tried again, ${unknown} unknown`,
    )
  }
  if (unreachable) log.warn({ reason: unreachable }, `no mail goes out for now: ${unreachable}`)
}

function tellRoundFailure(log: Log, error: unknown): void {
  if (error instanceof UserError)
    log.error({ hint: error.hint }, error.hint ? `${error.message} (${error.hint})` : error.message)
  else
    log.error(
      { err: error },
      `this round failed, the next one tries again: ${error instanceof Error ? error.message : error}`,
    )
}
