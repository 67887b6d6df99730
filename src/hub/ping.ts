/**
 * The ping: one POST to the WebSub hub for each publish, once the new bytes are where readers find them.
 *
 * What is to be told stands in the database (`store/pings.ts`), put there by `noteFeeds` when feeds were written. A step
 * here claims what is due, looks for each feed at its address, and tells the hub of those that are there. So nothing is
 * lost by a restart, an outage or a host that gets its files hours later:
 *
 *     not at its address yet   looked for again after 1, 2, 4, 8, then every 15 minutes, for as long as it takes. To
 *                              give up would be to tell nobody when it comes. A host that alters what it serves is
 *                              never told of, and `posthorn status` says so.
 *     some there, some not     a deploy is under way: seven minutes to finish, then what is there is told alone
 *     the hub says no          no request to it for 1 minute, doubling up to 4 hours, or as long as `Retry-After` says,
 *                              also for feeds that change meanwhile; never given up either
 *
 * At least once: a process that dies between the hub's yes and the commit leaves a claim, and whoever comes after it
 * tells the hub again, which then finds nothing new. Two processes tell once: a claim is taken in a transaction.
 *
 * Nothing of this throws for the network, takes longer than its patience, or is waited for by mail.
 */
import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import { isLoopback } from '../config-schema.ts'
import { type Database, write } from '../store/database.ts'
import {
  claimPings,
  clearSilence,
  isPingDue,
  type Ping,
  putOff,
  readSilence,
  recordTold,
  releasePings,
  setSilence,
} from '../store/pings.ts'
import { lookFor } from './look.ts'
import { tellHub } from './tell.ts'

const MINUTE = 60_000
const LOOK_WAITS = [1, 2, 4, 8, 15].map((minutes) => minutes * MINUTE)
const HUB_WAITS = [1, 2, 4, 8, 16, 32, 64, 128, 240].map((minutes) => minutes * MINUTE)
/** What a hub may ask for at most. */
const LONGEST_WAIT = 24 * 60 * MINUTE
/** After 1, 2 and 4 minutes the feeds that are there do not wait for the others any longer. */
const LOOKS_TOGETHER = 3
/** Longer than any step takes; what is claimed longer was left by a process that died. */
const CLAIM_MS = 2 * MINUTE
/** A body of that many addresses is some 10 KB. */
const TOPICS_AT_ONCE = 100
const LOOKS_AT_ONCE = 8
const NAMES_SHOWN = 4

/** How long one request may take, and how long a step goes on before it leaves the rest to the next. */
export type Patience = { requestMs: number; stepMs: number }
const PATIENCE: Patience = { requestMs: 10_000, stepMs: 30_000 }

export type Pinged = {
  /** Addresses of the feeds that the hub was told of. */
  told: string[]
  /** Those that were looked for at their addresses in vain. */
  waiting: string[]
  /** What the author should know, in words. */
  happened: { level: 'info' | 'warn'; line: string }[]
}

export type Pinging = { config: Config; db: Database; now: () => Date; signal: AbortSignal }

/** Tells the hub what it is to be told by now; see above. Does nothing without `feeds.hub`. */
export async function pingHub(pinging: Pinging, patience = PATIENCE): Promise<Pinged> {
  const { config, db, now, signal } = pinging
  const done: Pinged = { told: [], waiting: [], happened: [] }
  const { hub } = config.feeds
  if (!hub) return done
  const step = AbortSignal.any([signal, AbortSignal.timeout(patience.stepMs)])
  while (!step.aborted) {
    // Looked first: a write, even of nothing, waits for every other writer.
    if (!(await isPingDue(db, now()))) break
    const silence = await readSilence(db, hub)
    if (silence && silence.until > now()) break
    const by = randomUUID()
    const until = new Date(now().getTime() + CLAIM_MS)
    const pings = await write(db, (trx) => claimPings(trx, { by, until, most: TOPICS_AT_ONCE }, now()))
    if (pings.length === 0) break
    await pingOnce({ ...pinging, hub, step, by, requestMs: patience.requestMs }, pings, done)
  }
  return done
}

type Step = Pinging & { hub: string; step: AbortSignal; by: string; requestMs: number }

async function pingOnce(context: Step, pings: Ping[], done: Pinged): Promise<void> {
  const { config, db, now, signal } = context
  const looks = await lookForAll(context, pings)
  // Told to stop: what was looked for says nothing, and is looked for by the next process.
  if (signal.aborted) return write(db, (trx) => releasePings(trx, context.by))
  const absent = pings.filter((ping) => looks.get(ping) !== null)
  const isDeploying = absent.some((ping) => ping.looks < LOOKS_TOGETHER)
  const later = isDeploying ? pings : absent
  if (later.length > 0) {
    await write(db, (trx) =>
      putOff(
        trx,
        later.map((ping) => ({ ...ping, until: nextLook(ping, now()) })),
      ),
    )
    done.waiting.push(...absent.map((ping) => ping.topic))
    const first = absent.filter((ping) => ping.looks === 0)
    if (first[0]) {
      const names = shownTopics(first, config)
      const found = looks.get(first[0])
      const line = `not at ${config.feeds.url} yet: ${names} (${found}); the hub is told when they are`
      done.happened.push({ level: 'info', line })
    }
  }
  const present = pings.filter((ping) => !later.includes(ping))
  if (present.length > 0) await tell(context, present, done)
}

async function tell({ config, db, now, signal, hub, by, requestMs }: Step, pings: Ping[], done: Pinged) {
  // The site's own feeds, whose addresses are shortest, last: a hub that knows no repeats takes the last.
  const topics = pings.map((ping) => ping.topic).sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
  const request = AbortSignal.any([signal, AbortSignal.timeout(requestMs)])
  const answer = await tellHub(hub, topics, now(), request)
  const names = shownTopics(pings, config)
  if (answer.ok) {
    await write(db, async (trx) => {
      await recordTold(trx, pings, now())
      await clearSilence(trx, hub)
    })
    done.told.push(...topics)
    done.happened.push({ level: 'info', line: `the hub ${hub} was told of ${names}` })
    const hint = whyHubCannotFetch(config)
    if (hint) done.happened.push({ level: 'warn', line: hint })
    return
  }
  // Cut off because we are told to stop: that is no fault of the hub's.
  if (signal.aborted) return write(db, (trx) => releasePings(trx, by))
  const before = await readSilence(db, hub)
  const times = before?.times ?? 0
  const asked = answer.after === null ? null : Math.min(Math.max(answer.after, MINUTE), LONGEST_WAIT)
  const wait = asked ?? (HUB_WAITS[Math.min(times, HUB_WAITS.length - 1)] as number)
  const silence = {
    address: hub,
    since: before?.since ?? now(),
    until: new Date(now().getTime() + wait),
    reason: answer.reason,
    times: times + 1,
  }
  await write(db, async (trx) => {
    await setSilence(trx, silence)
    await releasePings(trx, by)
  })
  const again = `${silence.until.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const line = `the hub ${hub} could not be told of ${names}: ${answer.reason}; it is tried again at ${again}`
  done.happened.push({ level: 'warn', line })
}

/** Why a hub has no use for a ping, where the feeds are for this machine alone; null where they are not. */
export function whyHubCannotFetch(config: Config): string | null {
  const { hub, url } = config.feeds
  if (!hub || !isLoopback(new URL(url).hostname) || isLoopback(new URL(hub).hostname)) return null
  return `the hub ${hub} cannot fetch the feeds: "feeds.url" is ${url}, which only this machine reaches`
}

/** `rss.xml, atom.xml and feed.json`, as they are called below `feeds.url`; the shortest of many. */
function shownTopics(pings: Ping[], config: Config): string {
  const names = pings
    .map((ping) => ping.topic.replace(`${new URL(config.feeds.url).href.replace(/\/$/, '')}/`, ''))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  const shown = names.length > NAMES_SHOWN ? names.slice(0, NAMES_SHOWN - 1) : names.slice(0, -1)
  const last = names.length > NAMES_SHOWN ? `${names.length - shown.length} more` : names.at(-1)
  return shown.length > 0 ? `${shown.join(', ')} and ${last}` : String(last)
}

async function lookForAll({ step, requestMs }: Step, pings: Ping[]): Promise<Map<Ping, string | null>> {
  const found = new Map<Ping, string | null>()
  const queue = pings.values()
  const look = async () => {
    for (const ping of queue)
      found.set(ping, await lookFor(ping, AbortSignal.any([step, AbortSignal.timeout(requestMs)])))
  }
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, look))
  return found
}

function nextLook({ looks }: Ping, now: Date): Date {
  return new Date(now.getTime() + (LOOK_WAITS[Math.min(looks, LOOK_WAITS.length - 1)] as number))
}
