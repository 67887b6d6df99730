/**
 * The ledger: one group commit for the marks and outcomes of all connections.
 *
 * A commit costs a sync of the disk, a thousand messages a second would cost a thousand. So whoever wants a mark or
 * an outcome written down puts it on the page, and one transaction writes the page, to the journal first and then to
 * the database. Between two pages there is a gap of a millisecond or two in which another process gets at the
 * database.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Allowed } from '../store/allowances.ts'
import { isWatching } from '../store/brakes.ts'
import { type Database, type Writer, write } from '../store/database.ts'
import {
  CLAIM_MS,
  type ClaimedDelivery,
  markSending,
  renewClaims,
  type Settlement,
  settleDeliveries,
} from '../store/deliveries.ts'
import type { Journal } from '../store/journal.ts'
import { leavingLine, markLine, outcomeLine, stateLine } from '../store/journal-lines.ts'
import type { Lesson, Verdict } from './judge.ts'
import { applyLesson, type Consequence } from './lesson.ts'

export type Ledger = {
  /**
   * Resolves, once it is durable, to whether this delivery may be sent; throws where it could not be written. One that
   * its transport's limits have no room for may not, and is back in the queue.
   */
  mark(delivery: ClaimedDelivery, transport: string): Promise<boolean>
  /** Resolves once the outcome and what follows from it are durable, to what that is. */
  settle(delivery: ClaimedDelivery, transport: string, verdict: Verdict): Promise<Consequence[]>
  /** As `settle` does, where something was found and the delivery itself stays as it is. */
  learn(delivery: ClaimedDelivery, transport: string, lesson: Lesson): Promise<Consequence[]>
  /** Says that a brake is on or being watched: from now on each accepted message lets go of what it can. */
  watch(): void
  /** Until when a claim holds that was made until then: a prolongation that came in time counts, a late one does not. */
  heldUntil(claimedUntil: Date): Date
  /** Writes what is still on the page and stops. */
  close(): Promise<void>
}

type Line<Entry, Answer> = {
  entry: Entry
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}
type Mark = { delivery: ClaimedDelivery; transport: string }
type Outcome = {
  delivery: ClaimedDelivery
  transport: string
  settlement: Settlement | null
  lesson: Lesson | null
}
type Page = { marks: Line<Mark, boolean>[]; outcomes: Line<Outcome, Consequence[]>[] }
/** Prolongations, each before the claims of the one before it had run out. */
type Chain = { first: Date; until: Date }

const GAP_MS = 1.5

/**
 * @param owner the claim that the deliveries are held by
 * @param secret the site's key, for the journal's hashes
 * @param now the clock, read at each commit
 * @param allowed what each transport may send; one that is not named may send anything
 */
export function openLedger(
  db: Database,
  journal: Journal,
  owner: string,
  secret: string,
  now: () => Date,
  allowed: ReadonlyMap<string, Allowed> = new Map(),
): Ledger {
  let page: Page = { marks: [], outcomes: [] }
  let writing: Promise<void> | null = null
  let renewalDue = false
  let chain: Chain | null = null
  // Only where something is being watched does an accepted message have more to tell than itself.
  let isWatched = false
  // Also while nothing is written: a server may take minutes to answer, and the claim must not run out meanwhile.
  const heartbeat = setInterval(() => {
    renewalDue = true
    schedule()
  }, CLAIM_MS / 4).unref()

  function schedule(): void {
    writing ??= writePages()
  }

  function putDown(entry: Outcome): Promise<Consequence[]> {
    return new Promise((resolve, reject) => {
      page.outcomes.push({ entry, resolve, reject })
      schedule()
    })
  }

  async function writePages(): Promise<void> {
    // Let all connections that are ready in this turn of the loop get onto the same page.
    await sleep(0)
    while (renewalDue || page.marks.length + page.outcomes.length > 0) {
      const full = page
      page = { marks: [], outcomes: [] }
      await writePage(full)
      await sleep(GAP_MS)
    }
    // In the same turn as the last look at the page: what comes after it is scheduled again.
    writing = null
  }

  async function writePage(full: Page): Promise<void> {
    const at = now()
    const renews = renewalDue
    renewalDue = false
    try {
      const { marked, told } = await write(db, async (trx) => {
        const outcomes = full.outcomes.map(entryOf)
        const settled = await settleAll(trx, owner, outcomes, at)
        const found = await applyLessons(trx, outcomes, isWatched, secret, at)
        isWatched = found.watched
        if (renews) await renewClaims(trx, owner, at)
        const marked = await markAll(trx, owner, full.marks.map(entryOf), allowed, at)
        await journal.append(trx, [
          // Whoever overslept its claim has nothing to tell after a restore: another process had the last word.
          ...outcomes.flatMap(({ settlement }) =>
            settlement && settled.has(settlement.id) ? [outcomeLine(settlement.id, settlement.state)] : [],
          ),
          ...found.lines,
          ...full.marks.flatMap(({ entry }) =>
            marked.has(entry.delivery.id) ? [markLine(entry.delivery, secret)] : [],
          ),
        ])
        return { marked, told: found.told }
      })
      if (renews) {
        const until = new Date(at.getTime() + CLAIM_MS)
        // After a late one, what was claimed before is anybody's: only what was still held then is held on.
        chain = chain && at < chain.until ? { ...chain, until } : { first: at, until }
      }
      for (const line of full.outcomes) line.resolve(told.get(line.entry) ?? [])
      for (const line of full.marks) line.resolve(marked.has(line.entry.delivery.id))
    } catch (error) {
      for (const line of [...full.outcomes, ...full.marks]) line.reject(error)
    }
  }

  return {
    mark: (delivery, transport) =>
      new Promise((resolve, reject) => {
        page.marks.push({ entry: { delivery, transport }, resolve, reject })
        schedule()
      }),
    settle: (delivery, transport, { settlement, lesson }) =>
      putDown({ delivery, transport, settlement, lesson }),
    learn: (delivery, transport, lesson) => putDown({ delivery, transport, settlement: null, lesson }),
    watch() {
      isWatched = true
    },
    heldUntil: (claimedUntil) =>
      chain && chain.first < claimedUntil && chain.until > claimedUntil ? chain.until : claimedUntil,
    async close() {
      clearInterval(heartbeat)
      await writing
    },
  }
}

async function settleAll(
  trx: Parameters<typeof markSending>[0],
  owner: string,
  outcomes: Outcome[],
  at: Date,
): Promise<Set<number>> {
  const settlements = outcomes.flatMap(({ settlement }) => settlement ?? [])
  if (settlements.length === 0) return new Set()
  return settleDeliveries(trx, owner, settlements, at)
}

async function markAll(
  trx: Writer,
  owner: string,
  marks: Mark[],
  allowed: ReadonlyMap<string, Allowed>,
  at: Date,
): Promise<Set<number>> {
  const marked = new Set<number>()
  for (const [transport, group] of Map.groupBy(marks, (mark) => mark.transport)) {
    const ids = group.map((mark) => mark.delivery.id)
    for (const id of await markSending(trx, owner, transport, ids, at, allowed.get(transport))) marked.add(id)
  }
  return marked
}

/**
 * @returns what the journal and those who wait are told of it, and whether anything is being watched still, so that the
 *   next accepted message has to let go of it
 */
async function applyLessons(
  trx: Writer,
  outcomes: Outcome[],
  isWatched: boolean,
  secret: string,
  at: Date,
): Promise<{ watched: boolean; lines: string[]; told: Map<Outcome, Consequence[]> }> {
  let watched = isWatched
  const told = new Map<Outcome, Consequence[]>()
  for (const outcome of outcomes) {
    const { delivery, transport, lesson } = outcome
    if (lesson === null || (lesson.kind === 'accepted' && !watched)) continue
    const { address, domain, issue } = delivery
    const consequences: Consequence[] = []
    told.set(outcome, consequences)
    const tell = (consequence: Consequence) => void consequences.push(consequence)
    await applyLesson(trx, lesson, { address, domain, issue, transport, tell }, secret, at)
    if (lesson.kind !== 'accepted') watched = true
  }
  if (watched && outcomes.some((each) => each.lesson?.kind === 'accepted')) watched = await isWatching(trx)
  const lines = [...told.values()].flat().flatMap((consequence) => consequenceLine(consequence, secret) ?? [])
  return { watched, lines, told }
}

/** What a restored database has to know. A brake that it has forgotten is pulled again soon enough. */
function consequenceLine(consequence: Consequence, secret: string): string | null {
  if (consequence.kind === 'braked') return null
  return consequence.kind === 'paused'
    ? stateLine(consequence.issue, 'paused')
    : leavingLine(consequence.person, 'suppressed', secret)
}

function entryOf<Entry>(line: { entry: Entry }): Entry {
  return line.entry
}
