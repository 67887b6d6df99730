/**
 * Sends what is due: claims deliveries in small batches, writes each letter, hands it to the transport, and writes
 * down what became of it. Any number of processes may do this at once; `store/deliveries.ts` tells how they agree.
 */
import { randomUUID } from 'node:crypto'
import type { Transport } from '../mail/transport.ts'
import type { Database } from '../store/database.ts'
import {
  type ClaimedDelivery,
  claimDeliveries,
  recoverDeliveries,
  releaseClaims,
  type Settlement,
  skipUnwanted,
} from '../store/deliveries.ts'
import { finishIssues, openIssues } from '../store/issues.ts'
import { openLedger } from './ledger.ts'
import type { LetterWriter } from './letter.ts'
import { settleOutcome } from './retry.ts'

export type Delivering = {
  db: Database
  transport: Transport
  writeLetter: LetterWriter
  now: () => Date
  /** Ends it: what is in flight is finished, nothing new is begun. */
  signal: AbortSignal
  /** Told of every settled delivery. */
  onSettled?: (delivery: ClaimedDelivery, settlement: Settlement) => void
}

/** What one run did. `unreachable` is why the transport could take nothing more, in its words. */
export type Delivered = {
  sent: number
  failed: number
  later: number
  unknown: number
  unreachable: string | null
}

/**
 * Delivers until nothing more is due, the signal ends it or the transport cannot be reached.
 *
 * @throws where the database cannot be written; what is in flight is finished first, nothing is sent unrecorded
 */
export async function deliverDue(delivering: Delivering): Promise<Delivered> {
  const { db, transport, writeLetter, now, signal } = delivering
  const owner = randomUUID()
  await recoverDeliveries(db, now())
  await openIssues(db, now())
  await skipUnwanted(db, now())

  const ledger = openLedger(db, owner, transport.name, now)
  const done: Delivered = { sent: 0, failed: 0, later: 0, unknown: 0, unreachable: null }
  let batch: ClaimedDelivery[] = []
  let claiming: Promise<void> | null = null
  let failure: unknown = null
  const stopped = () => signal.aborted || failure !== null || done.unreachable !== null

  async function take(): Promise<ClaimedDelivery | undefined> {
    while (!stopped()) {
      const next = batch.shift()
      if (next) return next
      claiming ??= claimDeliveries(db, owner, transport.connections * 8, now()).then((claimed) => {
        batch = claimed
        claiming = null
      })
      await claiming
      if (batch.length === 0) return undefined
    }
    return undefined
  }

  async function deliverOne(delivery: ClaimedDelivery): Promise<void> {
    const { envelope, chunks } = await writeLetter(delivery)
    let allowed = true
    const outcome = await transport.deliver(envelope, chunks, async () => {
      allowed = await ledger.mark(delivery.id)
      return allowed
    })
    // The claim was lost, the person left or the issue was stopped: whoever did that has settled it or will.
    if (!allowed) return
    const attempt = { id: delivery.id, attempts: delivery.attempts, dated: new Date(delivery.dated_at) }
    const settlement = settleOutcome(attempt, outcome, now())
    await ledger.settle(settlement)
    if (outcome.kind === 'not sent' && outcome.scope === 'transport') done.unreachable = outcome.reason
    count(done, settlement)
    delivering.onSettled?.(delivery, settlement)
  }

  async function lane(): Promise<void> {
    try {
      for (let next = await take(); next; next = await take()) await deliverOne(next)
    } catch (error) {
      failure ??= error
    }
  }

  await Promise.all(Array.from({ length: transport.connections }, lane))
  await ledger.close()
  if (failure !== null) throw failure
  await releaseClaims(db, owner)
  await skipUnwanted(db, now())
  await finishIssues(db, now())
  return done
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
