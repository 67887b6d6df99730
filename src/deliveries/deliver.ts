/**
 * Sends what is due: claims deliveries in small batches, writes each letter, hands it to a transport, and writes down
 * what became of it. Any number of processes may do this at once; `store/deliveries.ts` tells how they agree.
 *
 * Several transports share the queue, each with its own connections and limits; a message goes out through the one
 * that claimed it. A transport that cannot be reached is left alone for a while, and the others go on. Where a server
 * only takes fewer connections than ours, the transport goes on with those it has.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLimited } from '../store/allowances.ts'
import { domainScope, readBrakes } from '../store/brakes.ts'
import type { Database } from '../store/database.ts'
import {
  type ClaimedDelivery,
  claimDeliveries,
  type InHand,
  recoverDeliveries,
  releaseClaims,
  type Settlement,
  skipUnwanted,
} from '../store/deliveries.ts'
import { finishIssues, openIssues } from '../store/issues.ts'
import type { Journal } from '../store/journal.ts'
import { judge, judgeUnwritable, type Verdict } from './judge.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { type Consequence, describeConsequence } from './lesson.ts'
import { type Letter, type LetterWriter, UnwritableLetter } from './letter.ts'
import type { Outlet } from './outlet.ts'

export type Delivering = {
  db: Database
  journal: Journal
  secret: string
  outlets: Outlet[]
  writeLetter: LetterWriter
  now: () => Date
  /** Ends it: what is in flight is finished, nothing new is begun. */
  signal: AbortSignal
  /** How long what is in flight may still take after the signal; what has no answer by then is `unknown`. */
  graceMs?: number
  /** Told of every settled delivery. */
  onSettled?: (delivery: ClaimedDelivery, settlement: Settlement) => void
}

export type Delivered = {
  sent: number
  failed: number
  later: number
  unknown: number
  /** Why a transport could take nothing more, in its words; null where all could. */
  unreachable: string | null
  /** What else the author should know, in words: what is left alone for a while and why, which issue was paused. */
  happened: string[]
  /** When there is more to do, where a limit or a brake is what it waits for. */
  retryAt: Date | null
}

/** One run of `deliverDue`, for all of its transports. */
type Run = Delivering & {
  owner: string
  ledger: Ledger
  done: Delivered
  failures: unknown[]
  way: Way
  /** What is claimed and not settled. */
  hand: Set<Claim>
}

/** A delivery that this process has claimed, until then if nothing prolongs it; and its letter, once it is begun. */
type Claim = InHand & { delivery: ClaimedDelivery; until: Date; letter: Promise<Letter> | null }

/** RFC 5321 lets a server take ten minutes to answer; who stops a worker does not wait that long. */
const GRACE_MS = 25_000
/** A limit that frees again this soon is waited for; for longer the next round comes back. */
const PATIENCE_MS = 2_000
const BATCHES_AHEAD = 8
/** What becomes due while one answer is slow is looked for this often. */
const LOOK_AGAIN_MS = 500

/**
 * Delivers until nothing more may go now, or the signal ends it.
 *
 * @throws where the database or the journal cannot be written; what is in flight is finished first, and nothing is
 *   sent unrecorded
 */
export async function deliverDue(delivering: Delivering): Promise<Delivered> {
  const { db, now, signal, outlets } = delivering
  const owner = randomUUID()
  await recoverDeliveries(
    db,
    outlets.map((outlet) => outlet.transport.name),
    now(),
  )
  await openIssues(db, now())
  await skipUnwanted(db, now())

  const allowed = new Map(outlets.map((outlet) => [outlet.transport.name, outlet]))
  const ledger = openLedger(db, delivering.journal, owner, delivering.secret, now, allowed)
  const counts = { sent: 0, failed: 0, later: 0, unknown: 0 }
  const done: Delivered = { ...counts, unreachable: null, happened: [], retryAt: null }
  const breakOff = breakOffLate(outlets, signal, delivering.graceMs ?? GRACE_MS)
  const failures: unknown[] = []
  const run: Run = { ...delivering, owner, ledger, done, failures, way: openWay(), hand: new Set() }
  try {
    for (;;) {
      const cutOff = await Promise.all(outlets.map((outlet) => deliverThrough(outlet, run)))
      if (outlets.length === 1 || !cutOff.includes(true) || signal.aborted || failures.length > 0) break
      // What a transport had claimed when it failed, the others may take at once; it is braked itself by now.
      await releaseClaims(db, owner)
      run.hand.clear()
    }
    await ledger.close()
  } finally {
    breakOff.cancel()
  }
  if (failures.length > 0) throw failures[0]
  await releaseClaims(db, owner)
  await skipUnwanted(db, now())
  await finishIssues(db, now())
  return done
}

/**
 * One transport's lanes, each with one message at a time, fed from one batch.
 *
 * @returns whether it ended because the transport could not be reached
 */
async function deliverThrough(outlet: Outlet, run: Run): Promise<boolean> {
  const { db, now, signal, owner, ledger, done, failures, way, hand, writeLetter } = run
  const { transport, limits, domainLimits } = outlet
  const { name } = transport
  const claimant = { owner, transport: name, limits, domainLimits, inHand: hand }
  let batch: Claim[] = []
  let claiming: Promise<boolean> | null = null
  let isUnreachable = false
  const stopped = () => signal.aborted || failures.length > 0 || isUnreachable

  /** @returns whether it is worth looking at the batch again */
  async function claimMore(): Promise<boolean> {
    const claimed = await claimDeliveries(db, claimant, transport.connections * BATCHES_AHEAD, now())
    for (const delivery of claimed.deliveries) {
      const { domain } = delivery
      const { until } = claimed
      const claim: Claim = { delivery, domain, transport: name, until, isMarked: false, letter: null }
      batch.push(claim)
      hand.add(claim)
    }
    if (claimed.watched) ledger.watch()
    if (batch.length > 0) return true
    const { retryAt } = claimed
    if (retryAt === null) return false
    const wait = retryAt.getTime() - now().getTime()
    if (wait > PATIENCE_MS) {
      if (done.retryAt === null || retryAt < done.retryAt) done.retryAt = retryAt
      return false
    }
    await sleep(Math.max(wait, 1), undefined, { signal }).catch(() => {})
    return true
  }

  async function take(): Promise<Claim | undefined> {
    while (!stopped()) {
      for (let next = batch.shift(); next; next = batch.shift()) {
        if (isHeld(next)) {
          writeAhead()
          return next
        }
        // Stopped for longer than a claim lasts: others may have it by now, so it is not begun.
        hand.delete(next)
      }
      claiming ??= claimMore().finally(() => {
        claiming = null
      })
      if (await claiming) continue
      if (way.isClear()) return undefined
      await way.wait(signal)
    }
    return undefined
  }

  /** While each connection carries a message, the one that comes next is written and signed. */
  function writeAhead(): void {
    for (const claim of batch.slice(0, transport.connections)) letterOf(claim)
  }

  function letterOf(claim: Claim): Promise<Letter> {
    if (claim.letter === null) {
      claim.letter = writeLetter(claim.delivery, transport.sign)
      // Whoever needs it is told, and where it is given back nobody does.
      claim.letter.catch(() => {})
    }
    return claim.letter
  }

  function isHeld(claim: Claim): boolean {
    return now() < ledger.heldUntil(claim.until)
  }

  /** @returns whether the lane goes on */
  async function deliverOne(claim: Claim): Promise<boolean> {
    way.enter()
    try {
      const isDone = await handOver(claim)
      if (isDone) hand.delete(claim)
      else batch.unshift(claim)
      return isDone
    } finally {
      way.leave()
    }
  }

  /** @returns false where it was handed back, and is as it was before */
  async function handOver(claim: Claim): Promise<boolean> {
    const { delivery } = claim
    const letter = await writtenLetter(claim)
    if (letter instanceof UnwritableLetter) {
      await settle(delivery, judgeUnwritable(delivery, letter.message))
      return true
    }
    const isFirst = delivery.attempts === 0 && delivery.tried_at === null && delivery.transport === null
    let isOurs = true
    const outcome = await transport.deliver(
      { ...letter.envelope, isFirst },
      letter.chunks,
      async () => {
        isOurs = await ledger.mark(delivery, name)
        claim.isMarked = isOurs
        return isOurs
      },
      () => {
        isOurs = isHeld(claim)
        return isOurs
      },
    )
    if (!isOurs) {
      // The claim was lost, the person left or the issue was stopped: whoever did that has settled it or will. Or another
      // process has used up the limit, and then the rest of the batch need not come as far as this one did.
      if (isLimited(outlet)) await giveBack(() => true)
      return true
    }
    if (outcome.kind === 'handed back') return false
    if (outcome.kind === 'not sent' && outcome.fault) {
      await leaveTransport(delivery, outcome.reason)
      return true
    }
    await settle(delivery, judge(attemptOf(delivery), outcome, now()))
    return true
  }

  /** Until the author has mended it nothing goes out here, and that is no attempt of any message: it waits, for days too. */
  async function leaveTransport(delivery: ClaimedDelivery, reason: string): Promise<void> {
    isUnreachable = true
    done.unreachable = reason
    tell(await ledger.learn(delivery, name, { kind: 'unreachable', reply: reason }))
  }

  function attemptOf(delivery: ClaimedDelivery): Parameters<typeof judge>[0] {
    const tried = delivery.tried_at === null ? now() : new Date(delivery.tried_at)
    return { id: delivery.id, attempts: delivery.attempts, tried }
  }

  function tell(consequences: Consequence[]): void {
    done.happened.push(...consequences.flatMap((each) => describeConsequence(each) ?? []))
  }

  async function writtenLetter(claim: Claim): Promise<Letter | UnwritableLetter> {
    try {
      return await letterOf(claim)
    } catch (error) {
      if (error instanceof UnwritableLetter) return error
      throw error
    }
  }

  async function settle(delivery: ClaimedDelivery, verdict: Verdict): Promise<void> {
    tell(await ledger.settle(delivery, name, verdict))
    if (verdict.lesson?.kind === 'unreachable') {
      isUnreachable = true
      done.unreachable = verdict.lesson.reply
    }
    if (verdict.lesson?.kind === 'policy' || verdict.lesson?.kind === 'slow down') await giveBackBraked()
    // The issue was paused in the same commit, and each one that is begun still would fail like this one.
    if (verdict.lesson?.kind === 'message' && delivery.issue !== null)
      await giveBack((each) => each.issue === delivery.issue)
    count(done, verdict.settlement)
    run.onSettled?.(delivery, verdict.settlement)
  }

  /** A brake that was just pulled holds for what is claimed and not begun, too: eight messages for each connection. */
  async function giveBackBraked(): Promise<void> {
    const brakes = await readBrakes(db)
    const isBraked = ({ domain }: ClaimedDelivery) =>
      [name, domainScope(domain)].some((scope) => {
        const until = brakes.get(scope)?.until
        return until && until > now()
      })
    await giveBack(isBraked)
  }

  async function giveBack(isStopped: (delivery: ClaimedDelivery) => boolean): Promise<void> {
    const given = batch.filter(({ delivery }) => isStopped(delivery))
    if (given.length === 0) return
    batch = batch.filter(({ delivery }) => !isStopped(delivery))
    await releaseClaims(
      db,
      owner,
      given.map(({ delivery }) => delivery.id),
    )
    for (const claim of given) hand.delete(claim)
  }

  async function lane(): Promise<void> {
    try {
      for (let next = await take(); next && (await deliverOne(next)); ) next = await take()
    } catch (error) {
      failures.push(error)
    }
  }

  await Promise.all(Array.from({ length: transport.connections }, lane))
  return isUnreachable
}

/** What is under way at the moment, through all transports. */
type Way = {
  enter(): void
  leave(): void
  isClear(): boolean
  /** Waits a moment, or until nothing is under way. */
  wait(signal: AbortSignal): Promise<void>
}

// A server may take ten minutes for one answer, and a confirmation that is asked for meanwhile does not wait for that:
// a lane without work stays and looks again until the last one has ended its own.
function openWay(): Way {
  let count = 0
  let clear = new AbortController()
  return {
    enter() {
      count++
    },
    leave() {
      if (--count > 0) return
      clear.abort()
      clear = new AbortController()
    },
    isClear: () => count === 0,
    async wait(signal) {
      const either = AbortSignal.any([signal, clear.signal])
      await sleep(LOOK_AGAIN_MS, undefined, { signal: either }).catch(() => {})
    },
  }
}

function breakOffLate(outlets: Outlet[], signal: AbortSignal, graceMs: number): { cancel(): void } {
  let timer: NodeJS.Timeout | undefined
  const start = () => {
    timer = setTimeout(() => {
      for (const { transport } of outlets) transport.abort()
    }, graceMs)
  }
  if (signal.aborted) start()
  else signal.addEventListener('abort', start, { once: true })
  return {
    cancel() {
      signal.removeEventListener('abort', start)
      clearTimeout(timer)
    },
  }
}

function count(done: Delivered, settlement: Settlement): void {
  switch (settlement.state) {
    case 'sent':
      done.sent++
      break
    case 'failed':
      done.failed++
      break
    case 'unknown':
      done.unknown++
      break
    default:
      done.later++
  }
}
