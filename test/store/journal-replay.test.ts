/**
 * What a restored database is told by the journal beside who got what: that the author stopped an issue, that somebody
 * left, which numbers are taken. And the file itself: cut off, torn, or longer than anybody's memory.
 */
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { deliverDue } from '../../src/deliveries/deliver.ts'
import { openLog } from '../../src/log.ts'
import { unsigned } from '../../src/mail/message.ts'
import type { Outcome, Transport } from '../../src/mail/transport.ts'
import { delivering, emptyMemory, publishAndPlan } from '../../src/round.ts'
import { closeSite, openSite, type Site } from '../../src/site.ts'
import { openDatabase, write } from '../../src/store/database.ts'
import { countDeliveries } from '../../src/store/deliveries.ts'
import { readIssue, summariseIssues } from '../../src/store/issues.ts'
import { openJournal } from '../../src/store/journal.ts'
import { issueLine, leavingLine, markLine, outcomeLine } from '../../src/store/journal-lines.ts'
import { consentsOf, findSubscriber, findSuppression } from '../../src/store/subscribers.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { work } from '../../src/worker.ts'
import { openSession } from '../commands/session.ts'
import { mailing, NOW, SECRET } from '../deliveries/mailing.ts'
import { makeFolder, post } from '../site.ts'

const EVIDENCE = { source: '192.0.2.0', words: 'POST to the link of a message' }

/** A site with Ada and Grace, backed up before anything went out; commands are typed, rounds deliver nothing themselves. */
async function backedUp() {
  const folder = makeFolder()
  const session = openSession(folder, '2026-11-03T09:00:00Z')
  const database = join(folder, 'data/posthorn.db')
  const site = {
    ...session,
    journal: join(folder, 'data/posthorn.journal'),
    backUp: () => copyFileSync(database, join(folder, 'backup.db')),
    restore: () => copyFileSync(join(folder, 'backup.db'), database),
    async open<Result>(look: (site: Site) => Promise<Result>): Promise<Result> {
      const opened = await openSite(loadConfig(folder, {}), () => new Date('2026-11-03T09:00:00Z'))
      try {
        return await look(opened)
      } finally {
        await closeSite(opened)
      }
    },
    /** A round up to the queue. */
    plan: () => site.open((opened) => publishAndPlan(opened, emptyMemory())),
    issue: (number: number) => site.open(({ db }) => readIssue(db, number)),
    states: () =>
      site.open(async ({ db }) =>
        (await summariseIssues(db, 9)).map(
          ({ number, state, deliveries }) => `#${number} ${state}, ${deliveries.queued} queued`,
        ),
      ),
  }
  await site.plan()
  for (const name of ['ada', 'grace']) await site.posthorn(`subscribers add ${name}@example.org --confirmed`)
  site.backUp()
  return site
}

/** Delivers to one after the other until as many as wanted have an answer. */
async function deliver(site: Site, most: number, answer: Outcome = { kind: 'sent', reply: '250 ok' }) {
  const stop = new AbortController()
  const left: string[] = []
  const transport: Transport = {
    name: 'smtp mail.example.org:587',
    connections: 1,
    sign: unsigned,
    async deliver({ to }, _, beforeFirstByte) {
      if (!(await beforeFirstByte()))
        return { kind: 'not sent', reason: 'no longer wanted', scope: 'message' }
      left.push(to)
      if (left.length === most) stop.abort()
      return answer
    },
    abort() {},
    async close() {},
  }
  await deliverDue(await delivering(site, [transport], stop.signal))
  return left
}

test('an issue that the author cancelled stays cancelled', async () => {
  const site = await backedUp()
  site.write('posts/tea.md', post('Tea', '2026-11-03'))
  await site.plan()
  site.backUp()
  await site.posthorn('issues cancel 1')
  site.restore()
  expect(await site.states()).toEqual(['#1 cancelled, 0 queued'])
  expect(await site.open((each) => deliver(each, 9))).toEqual([])
})

test('an issue that the author paused stays paused, and one that was resumed goes on', async () => {
  const site = await backedUp()
  site.write('posts/tea.md', post('Tea', '2026-11-03'))
  await site.plan()
  site.backUp()
  await site.posthorn('issues pause 1')
  site.restore()
  expect(await site.states()).toEqual(['#1 paused, 2 queued'])
  site.backUp()
  await site.posthorn('issues resume 1')
  site.restore()
  expect(await site.states()).toEqual(['#1 sending, 2 queued'])
})

test('an issue that a server’s refusal paused stays paused', async () => {
  const site = await backedUp()
  site.write('posts/tea.md', post('Tea', '2026-11-03'))
  await site.plan()
  site.backUp()
  const reply = '552 5.3.4 message too big'
  await site.open((each) => deliver(each, 1, { kind: 'refused', code: 552, reply, phase: 'message' }))
  expect((await site.issue(1))?.state).toBe('paused')
  site.restore()
  expect((await site.issue(1))?.state).toBe('paused')
})

test.each([
  ['held, and cancelled by the author,', ['issues cancel 1'], '2026-01-01', 'cancelled'],
  ['held', [], '2026-01-01', /held \("Tea" is dated 306 days ago\)/],
  ['on its way, and cancelled', ['issues cancel 1'], '2026-11-03', 'cancelled'],
  ['on its way, and paused', ['issues pause 1'], '2026-11-03', 'paused'],
])(
  'a post whose issue the database never had, and was %s, waits for the author',
  async (_, lines, date, how) => {
    const site = await backedUp()
    site.write('posts/tea.md', post('Tea', date))
    await site.plan()
    for (const line of lines) expect(await site.posthorn(line)).not.toContain('exit')
    site.restore()
    await site.plan()
    expect(await site.states()).toEqual(['#2 held, 2 queued', '#1 cancelled, 0 queued'])
    expect((await site.issue(2))?.note).toMatch(how)
    expect(await site.open((each) => deliver(each, 9))).toEqual([])
    // Once the author has looked it goes out.
    await site.posthorn('issues release 2')
    expect(await site.open((each) => deliver(each, 9))).toHaveLength(2)
  },
)

test('a post that was released goes on to those who have not got it', async () => {
  const site = await backedUp()
  site.write('posts/tea.md', post('Tea', '2026-01-01'))
  await site.plan()
  await site.posthorn('issues release 1')
  const first = await site.open((each) => deliver(each, 1))
  site.restore()
  await site.plan()
  expect(await site.states()).toEqual(['#2 sending, 1 queued', '#1 sent, 0 queued'])
  const second = await site.open((each) => deliver(each, 9))
  expect([...first, ...second].sort()).toEqual(['ada@example.org', 'grace@example.org'])
})

test.each([
  ['for later', 'send tea --at 2026-11-09T09:00 --yes', 'planned'],
  ['to some only', 'send tea --to ada@example.org --yes', 'sent by hand'],
])('a post that the author sent %s is not mailed to all by the schedule', async (_, line, how) => {
  const site = await backedUp()
  site.write('posts/tea.md', post('Tea', '2026-11-03'))
  expect(await site.posthorn(line)).not.toContain('exit')
  site.restore()
  await site.plan()
  expect((await site.states())[0]).toMatch(/^#2 held, [12] queued$/)
  expect((await site.issue(2))?.note).toContain(how)
})

test('who unsubscribed is not mailed again, and it stands among their consents', async () => {
  const site = await backedUp()
  site.write('posts/tea.md', post('Tea', '2026-11-03'))
  await site.plan()
  site.backUp()
  await site.open((each) => unsubscribe(each, 1, EVIDENCE, each.now()))
  site.restore()
  await site.open(async (each) => {
    const ada = await findSubscriber(each.db, 'ada@example.org')
    expect(ada?.status).toBe('unsubscribed')
    expect(await consentsOf(each.db, ada?.id ?? 0)).toMatchObject([
      { act: 'added' },
      { act: 'unsubscribed', source: 'told by the journal' },
    ])
    expect(await deliver(each, 9)).toEqual(['grace@example.org'])
  })
})

test('an address that does not exist is not tried again', async () => {
  const site = await backedUp()
  site.write('posts/tea.md', post('Tea', '2026-11-03'))
  await site.plan()
  const reply = '550 5.1.1 no such user'
  await site.open((each) => deliver(each, 1, { kind: 'refused', code: 550, reply, phase: 'recipient' }))
  site.restore()
  await site.open(async ({ db, secret }) => {
    expect(await findSuppression(db, 'ada@example.org', secret)).toMatchObject({ reason: 'bounce' })
    expect(await findSuppression(db, 'grace@example.org', secret)).toBeUndefined()
  })
})

test('who was erased is erased again', async () => {
  const site = await backedUp()
  await site.posthorn('subscribers erase ada@example.org --yes')
  site.restore()
  await site.open(async ({ db, secret }) => {
    expect(await findSubscriber(db, 'ada@example.org')).toBeUndefined()
    expect(await findSuppression(db, 'ada@example.org', secret)).toMatchObject({ reason: 'erased' })
  })
})

test('a no of somebody who had the number in another database is not Ada’s', async () => {
  const site = await backedUp()
  const line = await site.open(async ({ secret }) =>
    leavingLine({ id: 1, address: 'eve@example.org' }, 'unsubscribed', secret),
  )
  appendFileSync(site.journal, `${line}\n`)
  expect(
    await site.open(async ({ db, replayed }) => [
      replayed.people,
      await findSubscriber(db, 'ada@example.org'),
    ]),
  ).toMatchObject([0, { status: 'confirmed' }])
})

test('a number that the journal names is never given to another person', async () => {
  const folder = makeFolder()
  const site = openSession(folder, '2026-11-03T09:00:00Z')
  // Before the first person of all, when no number has been given yet.
  await site.posthorn('worker --once')
  copyFileSync(join(folder, 'data/posthorn.db'), join(folder, 'backup.db'))
  await site.posthorn('subscribers add ada@example.org --confirmed')
  site.write('posts/tea.md', post('Tea', '2026-11-03'))
  expect(await site.posthorn('worker --once')).toContain('sent')
  copyFileSync(join(folder, 'backup.db'), join(folder, 'data/posthorn.db'))
  await site.posthorn('subscribers add eve@example.org --confirmed')
  const db = await openDatabase(`sqlite:${join(folder, 'data/posthorn.db')}`)
  onTestFinished(() => db.destroy())
  expect((await findSubscriber(db, 'eve@example.org'))?.id).toBe(2)
})

test.each(['+ 1', 'i {"num', '> 1 issue 1 1 1 0123456', '\0\0\0'])(
  'a last line cut off as %j is gone once the journal is opened, and before the next line',
  async (torn) => {
    const site = await backedUp()
    const before = readFileSync(site.journal, 'utf8')
    appendFileSync(site.journal, torn)
    await site.open(async ({ db, journal }) => {
      expect(readFileSync(site.journal, 'utf8')).toBe(before)
      appendFileSync(site.journal, torn)
      await write(db, (trx) => journal.append(trx, [outcomeLine(7, 'sent')]))
    })
    expect(readFileSync(site.journal, 'utf8')).toBe(`${before}+ 7\n`)
  },
)

test('a first line that was cut off begins anew', async () => {
  const folder = makeFolder()
  const path = join(folder, 'a.journal')
  const db = await openDatabase(`sqlite:${join(folder, 'a.db')}`)
  onTestFinished(() => db.destroy())
  writeFileSync(path, '# posthorn journal 0b1c')
  const { journal, replayed } = await openJournal(db, path, SECRET, NOW)
  journal.close()
  expect(replayed.held).toBe(0)
  expect(readFileSync(path, 'utf8')).toMatch(/^# posthorn journal [0-9a-f-]{36}\n$/)
})

test('an issue that was written down and never came to pass does not keep a site from opening', async () => {
  const site = await backedUp()
  const about = { number: 1, kind: 'single', rhythm: null, origin: 'schedule' } as const
  const tea = {
    id: 'tag:blog.example,2026:tea',
    file: 'tea.md',
    slug: 'tea',
    title: 'Tea',
    hash: '',
    edition: 1,
  }
  const line = issueLine({
    ...about,
    ...{ subject: 'Tea', due: '2026-11-03T09:00:00.000Z', hold: null },
    posts: [{ ...tea, date: '2026-11-03T09:00:00.000Z' }],
    renditions: [{ id: 1, posts: [tea.id], language: 'en', subject: 'Tea', html: 'tea', text: 'tea' }],
  })
  // The number of its rendition is a confirmation's by now.
  await site.posthorn('subscribers add kurt@example.org')
  appendFileSync(site.journal, `${line}\n${line}\n`)
  expect(await site.open(async ({ replayed }) => replayed)).toMatchObject({ issues: 1, held: 0 })
  expect(await site.states()).toEqual(['#1 cancelled, 0 queued'])
})

test('thousands of lines, one of them longer than what is read at once, are told as one', async () => {
  const people = 2_500
  const mail = await mailing(people)
  onTestFinished(() => mail.close())
  const ids = Array.from({ length: people }, (_, at) => at + 1)
  const lines = ids.map((id) =>
    markLine(
      {
        id,
        kind: 'issue',
        issue: mail.issue,
        subscriber: id,
        rendition: 1,
        address: `Reader${id}@example.org`,
      },
      SECRET,
    ),
  )
  const long = issueLine({
    ...{ number: mail.issue, kind: 'single', rhythm: null, origin: 'schedule', subject: 'Tea' },
    ...{ due: NOW.toISOString(), hold: null, posts: [] },
    renditions: [{ id: 1, posts: [], language: 'en', subject: 'Tea', html: '茶'.repeat(100_000), text: '' }],
  })
  const outcomes = ids
    .filter((id) => id % 2 === 0)
    .map((id) => outcomeLine(id, id % 4 === 0 ? 'sent' : 'queued'))
  appendFileSync(mail.config.journal.file, [...lines, long, ...outcomes, ''].join('\n'))
  const { journal, replayed } = await openJournal(mail.db, mail.config.journal.file, SECRET, NOW)
  journal.close()
  expect(replayed).toEqual({ deliveries: 1_875, issues: 0, people: 0, strayed: 0, held: 0 })
  expect(await countDeliveries(mail.db, mail.issue)).toMatchObject({ sent: 625, unknown: 1_250, queued: 625 })
})

test('what was told is said by a command, and by the worker', async () => {
  const site = await backedUp()
  site.write('posts/tea.md', post('Tea', '2026-11-03'))
  await site.plan()
  await site.open((each) => deliver(each, 2))
  await site.open((each) => unsubscribe(each, 1, EVIDENCE, each.now()))
  site.restore()
  const told =
    'the journal knew more than the database, which is older: 2 deliveries, 1 issue, 1 person who left'
  expect(await site.posthorn('status')).toContain(`! ${told}`)
  expect(await site.posthorn('status')).not.toContain('the journal knew')
  site.restore()
  const said: string[] = []
  const log = openLog(new Writable({ write: (line, _, done) => done(void said.push(String(line))) }))
  const stop = new AbortController()
  await site.open(async (each) => {
    const { finished } = await work(each, log, stop.signal)
    stop.abort()
    await finished
  })
  expect(said.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ level: 40, msg: told }),
  )
})
