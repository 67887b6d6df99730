import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { type Database, openDatabase, time, write, writeLightly } from '../../src/store/database.ts'
import { migrations } from '../../src/store/migrations.ts'
import { keepSettings, unreckoned } from '../../src/store/schedules.ts'
import { readSecret } from '../../src/store/settings.ts'
import { sqliteDialect } from '../../src/store/sqlite.ts'

const open: Database[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const db of open.splice(0)) await db.destroy()
  for (const child of children.splice(0)) child.kill()
})

async function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'posthorn-database-'))
}

async function opened(path: string): Promise<Database> {
  const db = await openDatabase(`sqlite:${path}`)
  open.push(db)
  return db
}

/** Another process; `next` is what it says next, `tell` makes it go on. */
function otherProcess(act: 'open' | 'hold', path: string) {
  const program = fileURLToPath(new URL('database-child.ts', import.meta.url))
  const child = spawn(process.execPath, [program, act, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    next: async () => (await lines.next()).value as string | undefined,
    tell: () => child.stdin.write('go on\n'),
    ended: new Promise<number | null>((resolve) => child.on('exit', resolve)),
  }
}

async function faultOf(path: string): Promise<UserError> {
  const error = await openDatabase(`sqlite:${path}`).then(
    () => null,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

function suppressAll(db: Database, keys: string[]): Promise<unknown> {
  return write(db, (trx) =>
    trx
      .insertInto('suppressions')
      .values(keys.map((key) => ({ key, reason: 'author' as const, at: time(new Date(0)) })))
      .execute(),
  )
}

async function suppressed(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('suppressions').select('key').orderBy('key').execute()
  return rows.map((row) => row.key)
}

test('what is written lightly is there for all at once, or not at all, and what comes after waits for the disk', async () => {
  const path = join(await newFolder(), 'posthorn.db')
  const [db, other] = [await opened(path), await opened(path)]
  const waits = async () => (await sql<{ synchronous: number }>`pragma synchronous`.execute(db)).rows
  const insert = (key: string, then: () => void = () => {}) =>
    writeLightly(db, async (trx) => {
      await trx
        .insertInto('suppressions')
        .values({ key, reason: 'author', at: time(new Date(0)) })
        .execute()
      then()
    })
  await Promise.all([insert('a'), suppressAll(db, ['b']), insert('c'), suppressAll(other, ['d'])])
  const broken = insert('e', () => {
    throw new Error('broken off')
  })
  await expect(broken).rejects.toThrow('broken off')
  expect(await suppressed(other)).toEqual(['a', 'b', 'c', 'd'])
  // 2 is "full": nothing that was answered is lost.
  expect(await waits()).toEqual([{ synchronous: 2 }])
})

test('a new database is made with its folder, and a second opening finds it as it is', async () => {
  const path = join(await newFolder(), 'deep', 'down', 'posthorn.db')
  const secret = await readSecret(await opened(path))
  expect(await readSecret(await opened(path))).toBe(secret)
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
})

test('what is committed survives a power cut: WAL, and every commit is synced', async () => {
  const db = await opened(join(await newFolder(), 'posthorn.db'))
  const pragma = async (name: string) =>
    Object.values((await sql.raw(`pragma ${name}`).execute(db)).rows[0] as object)
  expect(await pragma('journal_mode')).toEqual(['wal'])
  expect(await pragma('synchronous')).toEqual([2])
  expect(await pragma('foreign_keys')).toEqual([1])
})

test('processes that open a new database at the same moment all get it, once', async () => {
  const path = join(await newFolder(), 'posthorn.db')
  const others = [1, 2, 3, 4].map(() => otherProcess('open', path))
  for (const other of others) expect(await other.next()).toBe('ready')
  for (const other of others) other.tell()
  const secrets = await Promise.all(others.map((other) => other.next()))
  expect(await Promise.all(others.map((other) => other.ended))).toEqual([0, 0, 0, 0])
  expect(new Set(secrets).size).toBe(1)
  const db = await opened(path)
  expect(await suppressed(db)).toHaveLength(4)
  expect(await readSecret(db)).toBe(secrets[0])
})

/** A database as an earlier Posthorn left it. */
async function databaseOf(migration: keyof typeof migrations): Promise<string> {
  const path = join(await newFolder(), 'posthorn.db')
  const old = new Kysely<unknown>({ dialect: sqliteDialect(path) })
  await new Migrator({ db: old, provider: { getMigrations: async () => migrations } }).migrateTo(migration)
  await old.destroy()
  return path
}

test('a database from before sign-ups were capped knows when whom it asked', async () => {
  const path = await databaseOf('0003-pings')
  const shell = new DatabaseSync(path)
  shell.exec(`insert into subscribers select value, value || '@example.org', value || '@example.org', '', 'unconfirmed',
    'instant', '[]', 'en', 'UTC', '2026-11-01T09:00:00.000Z', null, null, 0 from json_each('[1,2]')`)
  shell.exec(`insert into renditions values (1, null, 'confirmation', 'en', '', '', '', '', null)`)
  shell.exec(`insert into deliveries (kind, subscriber, rendition, address, name, state, due_at, dated_at, attempts)
    select 'confirmation', 1, 1, '1@example.org', '', 'sent', value, value, 1
    from json_each('["2026-11-01T09:00:00.000Z", "2026-11-02T09:00:00.000Z"]')`)
  shell.close()
  const db = await opened(path)
  const asked = await db.selectFrom('subscribers').select('asked_at').orderBy('id').execute()
  expect(asked.map((each) => each.asked_at)).toEqual(['2026-11-02T09:00:00.000Z', null])
})

test('a database from before each reader had a slot of their own sends what was due, and their zones hold', async () => {
  const path = await databaseOf('0004-sign-ups')
  const shell = new DatabaseSync(path)
  shell.exec(`insert into subscribers select key + 1, value ->> 0, value ->> 0, '', 'confirmed', value ->> 1,
    '[]', 'en', value ->> 2, '2026-11-01T09:00:00.000Z', '2026-11-01T09:00:00.000Z', null, 0, null from json_each('[
      ["ada@example.org", "weekly", "Europe/Berlin"], ["grace@example.org", "weekly", "Asia/Tokyo"],
      ["linus@example.org", "instant", "Europe/Berlin"]]')`)
  shell.exec(`insert into schedules values ('daily', '08:00 Europe/Berlin', '2026-11-03T07:00:00.000Z'),
    ('weekly', 'Mon 08:00 Europe/Berlin', '2026-11-09T07:00:00.000Z'),
    ('monthly', '1 08:00 Europe/Berlin', '2026-12-01T07:00:00.000Z')`)
  shell.close()
  const db = await opened(path)
  const people = await db
    .selectFrom('subscribers')
    .select(['time_zone', 'next_run_at'])
    .orderBy('id')
    .execute()
  expect(people).toEqual([
    { time_zone: '', next_run_at: '2026-11-09T07:00:00.000Z' },
    { time_zone: 'Asia/Tokyo', next_run_at: '2026-11-09T07:00:00.000Z' },
    { time_zone: '', next_run_at: null },
  ])
  // And the hours of the site are known: nobody's slot is reckoned anew for them.
  const settings = {
    daily: '08:00 Europe/Berlin',
    weekly: 'Mon 08:00 Europe/Berlin',
    monthly: '1 09:00 Europe/Berlin',
  }
  await keepSettings(db, settings, new Date('2026-11-02T09:00:00Z'))
  expect(await unreckoned(db)).toEqual([])
})

test('a database of a newer Posthorn is left alone, and the letter says what to do', async () => {
  const path = join(await newFolder(), 'posthorn.db')
  await (await openDatabase(`sqlite:${path}`)).destroy()
  const later = new DatabaseSync(path)
  later.exec(`insert into kysely_migration values ('0099-tables-of-tomorrow', '2036-01-01T00:00:00Z')`)
  later.close()
  const fault = await faultOf(path)
  expect(fault.message).toBe(
    `${path}: this database is from a newer Posthorn (it knows "0099-tables-of-tomorrow", this one does not)`,
  )
  expect(fault.hint).toBe('update Posthorn, or restore a backup made by this version')
})

test('a file that is no database is not touched', async () => {
  const path = join(await newFolder(), 'posthorn.db')
  await writeFile(path, 'Dear diary, '.repeat(500))
  const fault = await faultOf(path)
  expect(fault.message).toBe(`${path}: this file is not a sound SQLite database`)
  expect(fault.hint).toContain('put a backup in its place')
  expect(existsSync(`${path}-wal`)).toBe(false)
})

test('a folder in the place of the database, and a file in the place of its folder, are told', async () => {
  const folder = await newFolder()
  await mkdir(join(folder, 'posthorn.db'))
  expect((await faultOf(join(folder, 'posthorn.db'))).message).toContain('cannot be opened')
  await writeFile(join(folder, 'data'), '')
  expect((await faultOf(join(folder, 'data', 'posthorn.db'))).message).toContain('cannot be written')
})

test('a database that may only be read is told', async () => {
  const db = await opened(join(await newFolder(), 'posthorn.db'))
  await sql`pragma query_only = on`.execute(db)
  await expect(suppressAll(db, ['ada@example.org'])).rejects.toThrow('the database is read-only')
})

test('on a full disk nothing is half-written, and there is room for the next write once there is room', async () => {
  const path = join(await newFolder(), 'posthorn.db')
  const db = await opened(path)
  await suppressAll(db, ['ada@example.org'])
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db)
  await sql.raw(`pragma max_page_count = ${rows[0]?.page_count}`).execute(db)
  const many = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(200)}`)
  const failing = write(db, async (trx) => {
    await trx
      .insertInto('suppressions')
      .values({ key: 'grace@example.org', reason: 'author', at: '' })
      .execute()
    for (const key of many)
      await trx.insertInto('suppressions').values({ key, reason: 'author', at: '' }).execute()
  })
  const fault = await failing.catch((error) => error)
  expect(fault).toBeInstanceOf(UserError)
  expect(fault.message).toBe(`${path}: the disk is full`)
  expect(fault.hint).toContain('nothing is half-written')
  expect(await suppressed(db)).toEqual(['ada@example.org'])
  await sql`pragma max_page_count = 1000000`.execute(db)
  await suppressAll(db, ['grace@example.org'])
  expect(await suppressed(db)).toEqual(['ada@example.org', 'grace@example.org'])
})

test('a write of which one statement fails leaves nothing', async () => {
  const db = await opened(join(await newFolder(), 'posthorn.db'))
  const failing = write(db, async (trx) => {
    await trx
      .insertInto('suppressions')
      .values({ key: 'ada@example.org', reason: 'author', at: '' })
      .execute()
    throw new Error('changed my mind')
  })
  await expect(failing).rejects.toThrow('changed my mind')
  expect(await suppressed(db)).toEqual([])
  await suppressAll(db, ['grace@example.org'])
})

test('a writer waits for another process in the event loop, which keeps turning', async () => {
  const path = join(await newFolder(), 'posthorn.db')
  const db = await opened(path)
  const other = otherProcess('hold', path)
  expect(await other.next()).toBe('ready')
  other.tell()
  expect(await other.next()).toBe('holding')

  let written = false
  const writing = suppressAll(db, ['ada@example.org']).then(() => {
    written = true
  })
  let turns = 0
  let longest = 0
  for (let last = performance.now(); turns < 200; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }
  expect(written).toBe(false)
  // SQLite's own busy timeout would have blocked every turn for as long as it is.
  expect(longest).toBeLessThan(1_000)

  // Reading waits for nobody: but on one connection a read that came later has its turn after the write.
  other.tell()
  expect(await other.next()).toBe('released')
  await writing
  expect(await suppressed(db)).toEqual(['ada@example.org'])
})

test('two connections in one process take turns', async () => {
  const path = join(await newFolder(), 'posthorn.db')
  const ada = await opened(path)
  const grace = await opened(path)
  const names = Array.from({ length: 50 }, (_, index) => String(index).padStart(2, '0'))
  await Promise.all(names.map((name, index) => suppressAll(index % 2 ? ada : grace, [name])))
  expect(await suppressed(ada)).toEqual(names)
})
