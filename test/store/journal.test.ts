/**
 * A database that was restored from a backup, with and without the journal of what happened since. Mail goes into a
 * real Maildir in which each message has its own name, so a second copy would hide behind the first: what left is
 * counted at a transport that writes down every message it is handed.
 */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { type Delivered, deliverDue } from '../../src/deliveries/deliver.ts'
import { enqueueByHand, releaseIssue } from '../../src/deliveries/enqueue.ts'
import { printIssue } from '../../src/deliveries/print.ts'
import { UserError } from '../../src/errors.ts'
import { planByHand } from '../../src/issues/plan.ts'
import { unsigned } from '../../src/mail/message.ts'
import { makeToken, readToken } from '../../src/mail/token.ts'
import type { Outcome, Transport } from '../../src/mail/transport.ts'
import { delivering, emptyMemory, lookAtPosts, publishAndPlan } from '../../src/round.ts'
import { closeSite, openSite, type Site } from '../../src/site.ts'
import { openDatabase } from '../../src/store/database.ts'
import { countDeliveries } from '../../src/store/deliveries.ts'
import { readIssue, summariseIssues } from '../../src/store/issues.ts'
import { openJournal } from '../../src/store/journal.ts'
import type { SubscriberRhythm } from '../../src/store/schema.ts'
import { addSubscriber } from '../../src/subscribers/add.ts'
import { makeFolder, post } from '../site.ts'

const PEOPLE = ['ada', 'barbara', 'grace', 'kurt']

/** A site's folder that is opened and closed, as its processes do, and whose database can be put back. */
type Archive = {
  folder: string
  journal: string
  setClock(time: string): void
  write(file: string, text: string): void
  /** Opens the site for as long as `work` takes. */
  open<Result>(work: (site: Site) => Promise<Result>): Promise<Result>
  /** A round up to the queue, then delivery of at most this many messages. */
  round(most?: number): Promise<Delivered>
  /** Everything that left, in order: `ada: Tea`. */
  left: string[]
  backUp(): void
  restore(): void
}

function archive(settings: Record<string, object> = {}): Archive {
  const folder = makeFolder(settings)
  const database = join(folder, 'data/posthorn.db')
  let now = new Date('2026-11-02T09:00:00Z')
  const left: string[] = []
  const open: Archive['open'] = async (work) => {
    const site = await openSite(loadConfig(folder, {}), () => now)
    try {
      return await work(site)
    } finally {
      await closeSite(site)
    }
  }
  return {
    folder,
    journal: join(folder, 'data/posthorn.journal'),
    left,
    setClock(time) {
      now = new Date(time)
    },
    write(file, text) {
      writeFileSync(join(folder, 'posts', file), text)
      utimesSync(join(folder, 'posts', file), now, now)
    },
    open,
    round: (most = Number.POSITIVE_INFINITY) =>
      open(async (site) => {
        await publishAndPlan(site, emptyMemory())
        return deliver(site, left, most)
      }),
    // The last connection that closes puts everything into the one file.
    backUp: () => copyFileSync(database, join(folder, 'backup.db')),
    restore: () => copyFileSync(join(folder, 'backup.db'), database),
  }
}

/** Delivers until as many as wanted have left; the next one finds the process at its end. */
async function deliver(
  site: Site,
  left: string[],
  most = Number.POSITIVE_INFINITY,
  answer?: Outcome,
): Promise<Delivered> {
  const stop = new AbortController()
  const before = left.length
  const transport: Transport = {
    name: 'smtp mail.example.org:587',
    connections: 1,
    sign: unsigned,
    async deliver({ to }, chunks, beforeFirstByte) {
      if (!(await beforeFirstByte()))
        return { kind: 'not sent', reason: 'no longer wanted', scope: 'message' }
      const subject = /^Subject: (.*)\r$/m.exec(Buffer.concat(chunks).toString())?.[1]
      left.push(`${to.split('@')[0]}: ${subject}`)
      if (left.length - before >= most) stop.abort()
      return answer ?? { kind: 'sent', reply: '250 ok' }
    },
    abort() {},
    async close() {},
  }
  return deliverDue(await delivering(site, [transport], stop.signal))
}

function subscribe(site: Site, name: string, rhythm: SubscriberRhythm = 'instant'): Promise<unknown> {
  const { db, config, secret, now } = site
  return addSubscriber(
    db,
    { address: `${name}@example.org`, rhythm },
    { confirmed: true },
    config,
    secret,
    now(),
  )
}

/** A site with four readers who have had `hello.md`, backed up then. */
async function backedUp(settings: Record<string, object> = {}): Promise<Archive> {
  const site = archive({
    newsletter: { from: { name: 'A test blog', email: 'news@blog.example' }, settle: '0' },
    ...settings,
  })
  await site.round()
  await site.open(async (each) => {
    for (const name of PEOPLE) await subscribe(each, name)
  })
  site.write('hello.md', post('Hello', '2026-11-02'))
  await site.round()
  expect(site.left.splice(0).sort()).toEqual(PEOPLE.map((name) => `${name}: Hello`))
  site.backUp()
  site.setClock('2026-11-03T09:00:00Z')
  return site
}

const mailOf = (title: string) => PEOPLE.map((name) => `${name}: ${title}`)

describe('after yesterday’s database was restored', () => {
  test('nobody is mailed again what went out today, whole or in part, and who has not got it gets it', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.round()
    site.write('cake.md', post('Cake', '2026-11-03'))
    await site.round(2)
    expect(site.left.splice(0)).toEqual([...mailOf('Tea'), 'ada: Cake', 'barbara: Cake'])
    site.restore()
    site.setClock('2026-11-03T10:00:00Z')
    await site.round()
    expect(site.left).toEqual(['grace: Cake', 'kurt: Cake'])
    await site.round()
    expect(site.left).toHaveLength(2)
  })

  test('an issue that it never had is there again with its number, its posts and what it said', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.round()
    const before = await site.open(told)
    site.restore()
    const { after, replayed } = await site.open(async (each) => ({
      after: await told(each),
      replayed: each.replayed,
    }))
    expect(replayed).toMatchObject({ deliveries: 4, issues: 1, held: 0 })
    expect(after).toEqual(before)
    expect(await site.open(async ({ db }) => (await readIssue(db, 2))?.note)).toBe(
      'made again from the journal after a restore',
    )
    // Once.
    expect(await site.open(async (each) => each.replayed)).toMatchObject({
      deliveries: 0,
      issues: 0,
      held: 0,
    })
    site.write('cake.md', post('Cake', '2026-11-03'))
    await site.round()
    expect(
      (await site.open(({ db }) => summariseIssues(db, 9))).map(({ number, subject }) => [number, subject]),
    ).toEqual([
      [3, 'Cake'],
      [2, 'Tea'],
      [1, 'Hello'],
    ])
  })

  test('a post that it never had is found again by its text, or its name, and has its id', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03', 'A long text about tea and how it is made.'))
    site.write('cake.md', post('Cake', '2026-11-03'))
    await site.round()
    const ids = () =>
      site.open(async (each) =>
        (await lookAtPosts(each, emptyMemory())).posts.map(({ id, file }) => [file, id]),
      )
    const before = await ids()
    site.restore()
    renameSync(join(site.folder, 'posts/tea.md'), join(site.folder, 'posts/green-tea.md'))
    site.write('cake.md', post('Cake', '2026-11-03', 'Better cake.'))
    expect(await ids()).toEqual(
      before.map(([file, id]) => [file === 'tea.md' ? 'green-tea.md' : file, id]).sort(),
    )
    site.left.length = 0
    await site.round()
    expect(site.left).toEqual([])
  })

  test('digests keep what they held: who had a post in one does not get it in the next', async () => {
    const site = await backedUp()
    await site.open((each) => subscribe(each, 'weekly', 'weekly'))
    site.backUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.round()
    site.setClock('2026-11-09T09:00:00Z')
    await site.round()
    expect(site.left.splice(0)).toEqual([...mailOf('Tea'), 'weekly: A test blog: Tea'])
    site.restore()
    await site.round()
    site.setClock('2026-11-16T09:00:00Z')
    site.write('cake.md', post('Cake', '2026-11-16'))
    await site.round()
    expect(site.left.sort()).toEqual([...mailOf('Cake'), 'weekly: A test blog: Cake'])
  })

  test('what has no answer in the journal is unknown, and what was refused is not held to be sent', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.open(async (each) => {
      await publishAndPlan(each, emptyMemory())
      await deliver(each, site.left, 1, { kind: 'unknown', reason: 'the line went dead' })
      await deliver(each, site.left, 1, {
        kind: 'refused',
        code: 450,
        reply: '450 4.2.1 later',
        phase: 'recipient',
      })
      await deliver(each, site.left, 1, {
        kind: 'refused',
        code: 550,
        reply: '550 5.7.1 no',
        phase: 'recipient',
      })
    })
    expect(site.left.splice(0)).toEqual(['ada: Tea', 'barbara: Tea', 'grace: Tea'])
    site.restore()
    await site.round()
    expect(site.left).toEqual(['barbara: Tea', 'kurt: Tea'])
    const issues = await site.open(({ db }) => summariseIssues(db, 9))
    expect(
      issues.map(({ number, deliveries: { sent, unknown, failed } }) => [number, sent, unknown, failed]),
    ).toEqual([
      [3, 2, 0, 0],
      [2, 0, 1, 1],
      [1, 4, 0, 0],
    ])
  })

  test('a backup from the middle of an issue goes on with those whom the journal does not name', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.round(1)
    site.backUp()
    await site.round(2)
    expect(site.left).toEqual(['ada: Tea', 'barbara: Tea', 'grace: Tea'])
    site.restore()
    await site.round()
    expect(site.left.sort()).toEqual(mailOf('Tea'))
  })

  test('a token from a message that it never knew names no delivery ever after', async () => {
    // Before the first message of all, when no number has been given yet.
    const site = archive()
    await site.round()
    site.backUp()
    await site.open(async (each) => {
      const { db, config, secret, now } = each
      await addSubscriber(db, { address: 'ada@example.org' }, { confirmed: false }, config, secret, now())
      await deliver(each, site.left)
    })
    expect(site.left).toHaveLength(1)
    site.restore()
    await site.open(async (each) => {
      const { db, config, secret, now } = each
      await addSubscriber(db, { address: 'eve@example.org' }, { confirmed: false }, config, secret, now())
      const old = readToken(secret, 'confirm', makeToken(secret, 'confirm', 1))
      const { id } = await db.selectFrom('deliveries').select('id').executeTakeFirstOrThrow()
      expect(old).toBe(1)
      expect(id).toBeGreaterThan(1)
    })
  })

  test('what the author’s guard held is held again, and does not go out by the restore', async () => {
    const site = await backedUp()
    site.write('archive.md', post('Archive', '2026-01-01'))
    await site.round()
    expect(await site.open(async ({ db }) => (await readIssue(db, 2))?.state)).toBe('held')
    site.restore()
    await site.round()
    const issues = await site.open(({ db }) => summariseIssues(db, 9))
    expect(
      issues.filter((issue) => issue.number > 1).map(({ state, deliveries }) => [state, deliveries.queued]),
    ).toEqual([
      ['held', 4],
      ['cancelled', 0],
    ])
    expect(site.left).toEqual([])
  })

  test('what the author sent by hand says how to reach the others', async () => {
    const site = await backedUp()
    await site.open(async (each) => {
      for (const name of ['yan', 'zoe']) await subscribe(each, name)
    })
    site.backUp()
    await site.open(async (each) => {
      const { posts } = await lookAtPosts(each, emptyMemory())
      const issue = await planByHand(
        each.db,
        { kind: 'posts', posts, addressKeys: null },
        posts,
        each.config,
        each.now(),
        each.now(),
      )
      await enqueueByHand(each, issue, await printIssue(issue, each.config), each.now())
      await deliver(each, site.left, 1)
    })
    expect(site.left.splice(0)).toEqual(['yan: Hello'])
    site.restore()
    await site.round()
    expect(site.left).toEqual([])
    expect(await site.open(async ({ db }) => (await readIssue(db, 2))?.note)).toContain('posthorn send')
  })
})

async function told({ db }: Site) {
  const issues = (await summariseIssues(db, 9)).map(({ note: _, ...issue }) => issue)
  const renditions = await db
    .selectFrom('renditions')
    .select(['id', 'issue', 'subject', 'html', 'text', 'posts'])
    .orderBy('id')
    .execute()
  const deliveries = await db
    .selectFrom('deliveries')
    .select(['id', 'issue', 'subscriber', 'address', 'state'])
    .orderBy('id')
    .execute()
  const had = await db.selectFrom('delivery_posts').selectAll().orderBy('delivery').execute()
  return { issues, renditions, deliveries, had }
}

describe('where the journal cannot tell', () => {
  test.each([
    ['is gone', (journal: string) => rmSync(journal)],
    [
      'is another database’s',
      (journal: string) => writeFileSync(journal, '# posthorn journal of-somebody-else\n'),
    ],
  ])(
    'because it %s, half-sent issues are held with a note, and go on at the author’s word',
    async (_, spoil) => {
      const site = await backedUp()
      site.write('tea.md', post('Tea', '2026-11-03'))
      await site.round(1)
      spoil(site.journal)
      await site.round()
      expect(site.left).toEqual(['ada: Tea'])
      const issues = await site.open(({ db }) => summariseIssues(db, 9))
      expect(issues.map(({ number, state }) => [number, state])).toEqual([
        [2, 'held'],
        [1, 'sent'],
      ])
      expect(issues[0]?.note).toMatch(/journal .* is (gone|another database's), so nobody can tell/)
      await site.open(async (each) => {
        const { posts } = await lookAtPosts(each, emptyMemory())
        expect(await releaseIssue(each, 2, posts, each.now())).toBe(true)
      })
      await site.round()
      expect(site.left.sort()).toEqual(mailOf('Tea'))
      // What goes on from here is in the new journal.
      site.write('cake.md', post('Cake', '2026-11-03'))
      await site.round()
      expect(site.left).toHaveLength(8)
    },
  )

  test('because a line of it is damaged, half-sent issues are held, and what can be read still counts', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.round(1)
    site.backUp()
    const from = statSync(site.journal).size
    await site.round(2)
    // A disk that lost a sector: the first line of what came since.
    const bytes = readFileSync(site.journal)
    const end = bytes.indexOf('\n', from)
    bytes.fill(0, from, end)
    writeFileSync(site.journal, bytes)
    site.restore()
    const before = site.left.length
    await site.round()
    expect(site.left.length).toBe(before)
    const { state, note } = (await site.open(({ db }) => readIssue(db, 2))) ?? {}
    expect({ state, note }).toEqual({
      state: 'held',
      note: expect.stringMatching(/posthorn\.journal.*cannot be read/),
    })
  })

  test('because it is older than the database, nothing has to be done', async () => {
    const site = await backedUp()
    copyFileSync(site.journal, `${site.journal}.old`)
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.round(1)
    renameSync(`${site.journal}.old`, site.journal)
    await site.round()
    expect(site.left.sort()).toEqual(mailOf('Tea'))
  })
})

describe('after a crash', () => {
  test('a journal that is one group ahead makes unknown what it marked', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.open((each) => publishAndPlan(each, emptyMemory()))
    site.backUp()
    await site.round(1)
    // What was committed after the mark was not, and neither was the mark: as if the power went in between.
    site.restore()
    const lines = readFileSync(site.journal, 'utf8').trimEnd().split('\n')
    expect(lines.at(-1)).toMatch(/^\+ \d+$/)
    writeFileSync(site.journal, `${lines.slice(0, -1).join('\n')}\n`)
    await site.round()
    expect(site.left.sort()).toEqual(mailOf('Tea'))
    expect(await site.open(({ db }) => countDeliveries(db, 2))).toMatchObject({ sent: 3, unknown: 1 })
  })

  test.each(['+ 1', '> 1', '+ ', 'i {"num', '~ 5'])(
    'a last line cut off as %j counts for nothing, now and after a restore',
    async (torn) => {
      const site = await backedUp()
      site.backUp()
      appendFileSync(site.journal, torn)
      site.write('tea.md', post('Tea', '2026-11-03'))
      await site.round()
      expect(site.left.splice(0)).toEqual(mailOf('Tea'))
      const before = await site.open(told)
      site.restore()
      await site.round()
      expect(site.left).toEqual([])
      expect(await site.open(told)).toEqual(before)
    },
  )

  test('a line cut off from another’s number does not unsay what is known of a delivery', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.open((each) => publishAndPlan(each, emptyMemory()))
    site.backUp()
    await site.round(1)
    const [, id] = /\n\+ (\d+)\n$/.exec(readFileSync(site.journal, 'utf8')) ?? []
    appendFileSync(site.journal, `> ${id}`)
    await site.round(1)
    expect(site.left).toEqual(['ada: Tea', 'barbara: Tea'])
    site.restore()
    await site.round()
    expect(site.left).toEqual(mailOf('Tea'))
  })
})

describe('a journal', () => {
  test('names nobody', async () => {
    const site = await backedUp()
    const text = readFileSync(site.journal, 'utf8')
    expect(text.split('\n').filter((line) => line.startsWith('>'))).toHaveLength(4)
    expect(text).not.toMatch(/barbara|grace|kurt|example\.org/i)
  })

  test('belongs to the people of its marks: a restored stranger with the same number has not got it', async () => {
    const site = await backedUp()
    site.backUp()
    await site.open((each) => subscribe(each, 'yan'))
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.round()
    expect(site.left.splice(0)).toEqual([...mailOf('Tea'), 'yan: Tea'])
    site.restore()
    await site.open(async () => {})
    await site.open((each) => subscribe(each, 'zoe'))
    site.write('cake.md', post('Cake', '2026-11-03'))
    await site.round()
    expect(site.left.sort()).toEqual([...mailOf('Cake'), 'zoe: Cake'])
  })

  test('where a folder stands, or in a place that is a file, is told in a letter', async () => {
    const site = await backedUp()
    rmSync(site.journal)
    mkdirSync(site.journal)
    expect(await letter(site.open(async () => {}))).toMatch(
      /posthorn\.journal: cannot be written: a folder stands where the file has to be/,
    )
    const { db, path } = await emptyDatabase(site.folder)
    expect(await letter(openJournal(db, join(path, 'journal'), 'secret', new Date()))).toMatch(
      /a file stands where a folder has to be/,
    )
  })

  test('that is no journal is refused, and left as it is', async () => {
    const site = await backedUp()
    writeFileSync(site.journal, 'Dear diary,\n')
    expect(await letter(site.open(async () => {}))).toMatch(
      /posthorn\.journal: this is not a journal of Posthorn/,
    )
    expect(readFileSync(site.journal, 'utf8')).toBe('Dear diary,\n')
  })

  test('on a full disk sends nothing, says so, and goes on once there is room', async () => {
    const site = await backedUp()
    site.write('tea.md', post('Tea', '2026-11-03'))
    await site.open((each) => publishAndPlan(each, emptyMemory()))
    // Room for half a line: the system writes that much, and says how much it was.
    const limit = Math.ceil(statSync(site.journal).size / 1024) + 64
    await site.open(async ({ db }) => {
      const filler = `~ 0\n`.repeat(Math.floor((limit * 1024 - statSync(site.journal).size - 24) / 4))
      appendFileSync(site.journal, filler)
      await sql`update settings set value = replace(value, substr(value, instr(value, ' ')), ${` ${statSync(site.journal).size}`}) where key = 'journal'`.execute(
        db,
      )
    })
    const size = statSync(site.journal).size
    const child = fileURLToPath(new URL('journal-child.ts', import.meta.url))
    const command = `ulimit -f ${limit}; exec "$0" "$@"`
    const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, child, site.folder], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^left: 0\n.*posthorn\.journal: cannot be written: /)
    // Nothing of the group that could not be written.
    expect(statSync(site.journal).size).toBe(size)
    site.setClock('2026-11-03T09:01:00Z')
    await site.round()
    expect(site.left.sort()).toEqual(mailOf('Tea'))
  })
})

async function letter(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  return (error as UserError).message
}

async function emptyDatabase(folder: string) {
  const path = join(folder, 'empty.db')
  const db = await openDatabase(`sqlite:${path}`)
  onTestFinished(() => db.destroy())
  return { db, path }
}
