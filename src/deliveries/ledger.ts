/**
 * The ledger: one group commit for the marks and outcomes of all connections.
 *
 * A commit costs a sync of the disk, a thousand messages a second would cost a thousand. So whoever wants a mark or
 * an outcome written down puts it on the page, and one transaction writes the page. Between two pages there is a gap
 * of a millisecond or two in which another process gets at the database.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, write } from '../store/database.ts'
import { CLAIM_MS, markSending, renewClaims, type Settlement, settleDeliveries } from '../store/deliveries.ts'

export type Ledger = {
  /** Resolves, once it is durable, to whether this delivery may be sent; throws where it could not be written. */
  mark(id: number): Promise<boolean>
  /** Resolves once the outcome is durable. */
  settle(settlement: Settlement): Promise<void>
  /** Writes what is still on the page and stops. */
  close(): Promise<void>
}

type Line<Entry, Answer> = {
  entry: Entry
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}
type Page = { marks: Line<number, boolean>[]; settlements: Line<Settlement, void>[] }

const GAP_MS = 1.5

/**
 * @param owner the claim that the deliveries are held by
 * @param transport the name kept with each message that leaves
 * @param now the clock, read at each commit
 */
export function openLedger(db: Database, owner: string, transport: string, now: () => Date): Ledger {
  let page: Page = { marks: [], settlements: [] }
  let writing: Promise<void> | null = null
  let renewalDue = false
  // Also while nothing is written: a server may take minutes to answer, and the claim must not run out meanwhile.
  const heartbeat = setInterval(() => {
    renewalDue = true
    schedule()
  }, CLAIM_MS / 4).unref()

  function schedule(): void {
    writing ??= writePages()
  }

  async function writePages(): Promise<void> {
    // Let all connections that are ready in this turn of the loop get onto the same page.
    await sleep(0)
    while (renewalDue || page.marks.length + page.settlements.length > 0) {
      const full = page
      page = { marks: [], settlements: [] }
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
      const allowed = await write(db, async (trx) => {
        if (full.settlements.length > 0) await settleDeliveries(trx, owner, full.settlements.map(entryOf), at)
        if (renews) await renewClaims(trx, owner, at)
        return full.marks.length === 0
          ? new Set<number>()
          : markSending(trx, owner, transport, full.marks.map(entryOf), at)
      })
      for (const line of full.settlements) line.resolve()
      for (const line of full.marks) line.resolve(allowed.has(line.entry))
    } catch (error) {
      for (const line of [...full.settlements, ...full.marks]) line.reject(error)
    }
  }

  return {
    mark: (id) =>
      new Promise((resolve, reject) => {
        page.marks.push({ entry: id, resolve, reject })
        schedule()
      }),
    settle: (settlement) =>
      new Promise((resolve, reject) => {
        page.settlements.push({ entry: settlement, resolve, reject })
        schedule()
      }),
    async close() {
      clearInterval(heartbeat)
      await writing
    },
  }
}

function entryOf<Entry>(line: { entry: Entry }): Entry {
  return line.entry
}
