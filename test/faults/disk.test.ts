/**
 * Faults of the disk: a database or a journal that cannot be written at the worst moments, and one that was restored
 * from yesterday. See `network.test.ts` for the other rows of the matrix.
 */
import { copyFileSync, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Transport } from '../../src/mail/transport.ts'
import { readIssue } from '../../src/store/issues.ts'
import { type MailServer, mailServer, once } from './server.ts'
import {
  account,
  all,
  copyOf,
  databaseOf,
  deliverToTheEnd,
  type FaultySite,
  fates,
  lineTo,
  makeFolder,
  makeReaders,
  openForTest,
  openUntilClosed,
  PEOPLE,
  queuePost,
  restoreDatabase,
  type Template,
} from './site.ts'

let template: Template
/** The same site on the day before: nothing is queued yet. */
let dayBefore: Template
beforeAll(async () => {
  dayBefore = await makeReaders(PEOPLE)
  template = await queuePost(dayBefore)
})
afterAll(() => {
  template.remove()
  dayBefore.remove()
})

describe('F16:', () => {
  type Trouble = {
    begin(site: FaultySite): Promise<unknown>
    end(site: FaultySite): Promise<unknown>
    told: RegExp
  }
  const troubles: Record<string, Trouble> = {
    'the database is read-only': {
      begin: ({ db }) => sql`pragma query_only = on`.execute(db),
      end: ({ db }) => sql`pragma query_only = off`.execute(db),
      told: /the database is read-only/,
    },
    'the disk is full': {
      // SQLite makes it as many pages as there are.
      begin: ({ db }) => sql`pragma max_page_count = 1`.execute(db),
      end: ({ db }) => sql`pragma max_page_count = 1000000`.execute(db),
      told: /the disk is full/,
    },
    'another process does not let go of the database': holdTheLock(),
    'the journal cannot be written': failAppending(async () => {
      throw new Error('ENOSPC: no space left on device, write')
    }),
    'the commit fails after the journal was written': failAppending(async (append) => {
      await append()
      throw new Error('EIO: i/o error, write')
    }),
  }

  for (const [what, trouble] of Object.entries(troubles)) {
    test(`where ${what} when a message is to be marked, nothing is sent, and all of it later`, async () => {
      const { site, server, line } = await makeTrouble(trouble, 'mark')
      await expect(site.deliver(line)).rejects.toThrow(trouble.told)
      expect(server.kept.size).toBe(0)
      expect(server.sessions.map((session) => session.unfinished.length)).toEqual([0])
      await trouble.end(site)
      await goOn(site, server)
      expect(await account(site, server)).toEqual(all('sent'))
    })

    test(`where ${what} when an outcome is to be written, that one is unknown, and nobody gets a second copy`, async () => {
      const { site, server, line } = await makeTrouble(trouble, 'outcome')
      await expect(site.deliver(line)).rejects.toThrow(trouble.told)
      expect(server.kept.size).toBe(1)
      await trouble.end(site)
      await goOn(site, server)
      expect(await account(site, server)).toEqual(all('sent', { ada: 'unknown' }))
    })
  }

  test('where another process holds the database for a moment, the message waits for its mark, and goes', async () => {
    const site = await openForTest(copyOf(template.folder))
    const other = otherHand(site)
    let bytesWhileLocked = -1
    const server = await mailServer(({ step, turn }) => {
      if (step !== 'data' || turn !== 1) return undefined
      other.exec('begin immediate')
      turnsOfTheLoop(50).then(() => {
        bytesWhileLocked = (server.sessions[0]?.unfinished.length ?? 0) + server.kept.size
        other.exec('commit')
      })
      return undefined
    })
    await site.deliver(await lineTo(server.port))
    expect(bytesWhileLocked).toBe(0)
    expect(await account(site, server)).toEqual(all('sent'))
  })

  /** A site whose trouble begins at the first mark, or the first outcome; both would make the row grow by a page. */
  async function makeTrouble(trouble: Trouble, when: 'mark' | 'outcome') {
    const site = await openForTest(copyOf(template.folder))
    const long = Array.from({ length: 12 }, () => `250-2.0.0 ${'x'.repeat(480)}\r\n`).join('')
    const server = await mailServer(once('dot', { say: `${long}250 2.0.0 queued` }))
    const smtp = await lineTo(server.port)
    let begun = false
    const begin = async () => {
      if (!begun) await trouble.begin(site)
      begun = true
    }
    const line: Transport = {
      ...smtp,
      name: `smtp ${'x'.repeat(5_000)}`,
      async deliver(envelope, chunks, beforeFirstByte) {
        const outcome = await smtp.deliver(envelope, chunks, async () => {
          if (when === 'mark') await begin()
          return beforeFirstByte()
        })
        if (when === 'outcome') await begin()
        return outcome
      },
    }
    return { site, server, line }
  }

  async function goOn(site: FaultySite, server: MailServer): Promise<void> {
    site.pass(61)
    await deliverToTheEnd(site, await lineTo(server.port))
  }

  function failAppending(fail: (append: () => Promise<void>) => Promise<void>): Trouble {
    let end = () => {}
    return {
      async begin({ journal }) {
        const { append } = journal
        journal.append = (trx, lines) => fail(() => append(trx, lines))
        end = () => {
          journal.append = append
        }
      },
      end: async () => end(),
      told: /ENOSPC|EIO/,
    }
  }

  function holdTheLock(): Trouble {
    let other: DatabaseSync
    let ticking: NodeJS.Timeout
    return {
      async begin(site) {
        other = otherHand(site)
        other.exec('begin immediate')
        // A stuck process is waited for half a minute, by a clock that is made to run.
        vi.useFakeTimers({ toFake: ['performance'] })
        ticking = setInterval(() => vi.advanceTimersByTime(5_000), 1)
        onTestFinished(() => this.end(site).then(() => {}))
      },
      async end() {
        clearInterval(ticking)
        vi.useRealTimers()
        if (other.isTransaction) other.exec('rollback')
      },
      told: /another process has held the database/,
    }
  }
})

describe('F19: yesterday’s database, restored in the middle of an issue,', () => {
  /** Sends an issue to three of six and stops; one of the three is unknown. */
  async function halfSent() {
    const folder = copyOf(template.folder)
    const stop = new AbortController()
    const server = await mailServer(({ step, to, turn }) => {
      if (step !== 'dot') return undefined
      if (turn === 3) stop.abort()
      return to.startsWith('barbara') ? { keep: true, instead: 'hang up' } : undefined
    })
    const site = await openForTest(folder)
    await site.deliver(await lineTo(server.port), { signal: stop.signal })
    await site.close()
    expect(server.kept.size).toBe(3)
    return { folder, server }
  }

  test('is told by the journal who has it, and nobody gets it twice', async () => {
    const { folder, server } = await halfSent()
    restoreDatabase(folder, template.folder)
    const site = await openForTest(folder)
    expect(site.replayed).toMatchObject({ deliveries: 3, held: 0 })
    await deliverToTheEnd(site, await lineTo(server.port))
    expect(await account(site, server)).toEqual(all('sent', { barbara: 'unknown' }))
  })

  test('and again after that, is told again', async () => {
    const { folder, server } = await halfSent()
    restoreDatabase(folder, template.folder)
    const once = await openForTest(folder)
    await deliverToTheEnd(once, await lineTo(server.port))
    await once.close()
    restoreDatabase(folder, template.folder)
    const site = await openForTest(folder)
    expect(site.replayed).toMatchObject({ deliveries: 6 })
    await site.deliver(await lineTo(server.port))
    expect(await account(site, server)).toEqual(all('sent', { barbara: 'unknown' }))
  })

  test('from before the issue was made, has it again, and those who lack it get it once', async () => {
    const { folder, server } = await halfSent()
    restoreDatabase(folder, dayBefore.folder)
    const site = await openForTest(folder)
    expect(site.replayed).toMatchObject({ deliveries: 3, issues: 1, held: 0 })
    await site.plan()
    await deliverToTheEnd(site, await lineTo(server.port))
    await account(site, server)
    const letters = await Promise.all(
      [...server.kept.values()].flat().map((bytes) => PostalMime.parse(bytes)),
    )
    expect(letters.map((letter) => letter.to?.[0]?.address?.split('@')[0]).sort()).toEqual(PEOPLE)
  })

  const gaps: [string, (folder: string) => void][] = [
    ['has no journal', (folder) => rmSync(journalOf(folder))],
    ['has another database’s journal', (folder) => copyFileSync(journalOf(stranger), journalOf(folder))],
  ]
  let stranger: string
  beforeAll(async () => {
    stranger = makeFolder()
    await (await openUntilClosed(stranger)).close()
  })
  afterAll(() => rmSync(stranger, { recursive: true, force: true }))

  for (const [what, lose] of gaps) {
    test(`${what}: the issue is held, and nothing is sent, however often it starts`, async () => {
      const { folder, server } = await halfSent()
      restoreDatabase(folder, template.folder)
      lose(folder)
      for (let start = 0; start < 2; start++) {
        const site = await openForTest(folder)
        expect(site.replayed.held).toBe(start === 0 ? 1 : 0)
        site.pass(3600)
        await site.plan()
        expect(await site.deliver(await lineTo(server.port))).toMatchObject({ sent: 0, later: 0 })
        expect(await readIssue(site.db, 1)).toMatchObject({
          state: 'held',
          note: expect.stringContaining('journal'),
        })
        expect((await fates(site, server)).map((each) => each.state)).toEqual(PEOPLE.map(() => 'queued'))
        await site.close()
      }
      expect([...server.kept.values()].map((copies) => copies.length)).toEqual([1, 1, 1])
    })
  }

  test('that is the journal, and not the database, changes nothing: the database knows more', async () => {
    const { folder, server } = await halfSent()
    cpSync(journalOf(template.folder), journalOf(folder))
    const site = await openForTest(folder)
    expect(site.replayed).toMatchObject({ deliveries: 0, issues: 0, held: 0 })
    await deliverToTheEnd(site, await lineTo(server.port))
    expect(await account(site, server)).toEqual(all('sent', { barbara: 'unknown' }))
  })
})

function journalOf(folder: string): string {
  return join(folder, 'data/posthorn.journal')
}

/** A connection of somebody else: a backup, or a shell. */
function otherHand(site: FaultySite): DatabaseSync {
  const other = new DatabaseSync(databaseOf(site.folder))
  onTestFinished(() => other.close())
  return other
}

async function turnsOfTheLoop(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
}
