/** A real database with one issue in it, owed to as many people as a test wants. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { type Config, loadConfig } from '../../src/config.ts'
import { type Delivered, deliverDue } from '../../src/deliveries/deliver.ts'
import { letterWriter } from '../../src/deliveries/letter.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { slot } from '../../src/slots.ts'
import { type Database, openDatabase, time, write } from '../../src/store/database.ts'
import type { Claimant } from '../../src/store/deliveries.ts'
import { insertIssue } from '../../src/store/issues.ts'
import { type Journal, openJournal } from '../../src/store/journal.ts'
import { insertRendition } from '../../src/store/renditions.ts'

export const NOW = new Date('2026-11-22T08:00:00Z')
export const SECRET = 'a key for tests'

/** Somebody who claims without a limit, for the mail server of the house. */
export function claimant(owner: string): Claimant {
  return { owner, transport: 'smtp mail.example.org:587', limits: {}, domainLimits: {} }
}

export function later(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000)
}

export type Mailing = {
  path: string
  config: Config
  db: Database
  journal: Journal
  issue: number
  /** A second connection to the same database, as another process has one. */
  reopen: () => Promise<Database>
  /** All of it in another process's hands: a database and a journal of its own. */
  again: () => Promise<Mailing>
  close: () => Promise<void>
}

export async function mailing(people: number): Promise<Mailing> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-deliveries-'))
  const settings = {
    site: { title: 'The Garden & Shed', url: 'https://garden.example' },
    newsletter: { from: { name: 'Ada', email: 'news@garden.example' }, replyTo: 'ada@garden.example' },
    web: { url: 'https://news.garden.example' },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(settings))
  const config = loadConfig(folder, {})
  const path = join(folder, 'posthorn.db')
  const handles: Database[] = []
  const reopen = async () => {
    const db = await openDatabase(`sqlite:${path}`)
    handles.push(db)
    return db
  }
  const db = await reopen()
  const issue = await write(db, async (trx) => {
    const post = {
      id: 'tag:garden.example,2026:tea',
      file: 'tea.md',
      slug: 'tea',
      title: 'Tea',
      source: '',
      hash: '',
    }
    const { key } = await trx
      .insertInto('posts')
      .values({
        ...post,
        date: time(NOW),
        modified_at: time(NOW),
        first_seen_at: time(NOW),
        old: 0,
        sequence: 1,
      })
      .returning('key')
      .executeTakeFirstOrThrow()
    const about = { kind: 'single', rhythm: null, origin: 'schedule', subject: 'Tea' } as const
    const number = await insertIssue(trx, { ...about, posts: [key], due: NOW, hold: null }, NOW)
    const rendition = await insertRendition(trx, number, {
      kind: 'issue',
      posts: String(key),
      language: 'en',
      subject: 'Tea & biscuits',
      html: `<p>Dear ${slot('name')}</p><p><a href="${slot('unsubscribe')}">Unsubscribe</a></p>`,
      text: `Dear ${slot('name')}\n\n.a line with a dot\nUnsubscribe: ${slot('unsubscribe')}\n`,
      created_at: time(NOW),
    })
    await sql`
      with recursive people (n) as (select 1 union all select n + 1 from people where n < ${people})
      insert into subscribers (address, address_key, name, status, rhythm, tags, language, time_zone, created_at,
        confirmed_at, settled_sequence)
      select 'reader' || n || '@example.org', 'reader' || n || '@example.org', 'Reader ' || n, 'confirmed',
        'instant', '[]', 'en', 'UTC', ${time(NOW)}, ${time(NOW)}, 0 from people`.execute(trx)
    await sql`
      insert into deliveries (kind, issue, subscriber, rendition, address, name, state, due_at, dated_at, attempts)
      select 'issue', ${number}, id, ${rendition}, address, name, 'queued', ${time(NOW)}, ${time(NOW)}, 0
      from subscribers order by id`.execute(trx)
    return number
  })
  const journals: Journal[] = []
  const openJournalOf = async (each: Database) => {
    const { journal } = await openJournal(each, config.journal.file, SECRET, NOW)
    journals.push(journal)
    return journal
  }
  const mail: Mailing = {
    path,
    config,
    db,
    journal: await openJournalOf(db),
    issue,
    reopen,
    async again() {
      const other = await reopen()
      return { ...mail, db: other, journal: await openJournalOf(other) }
    },
    async close() {
      for (const each of journals) each.close()
      for (const each of handles) await each.destroy()
    },
  }
  return mail
}

/** Delivers what is due at a moment, as a worker does. */
export async function deliver(
  { db, journal, config }: Pick<Mailing, 'db' | 'journal' | 'config'>,
  transport: Transport,
  now: Date = NOW,
  signal: AbortSignal = new AbortController().signal,
): Promise<Delivered> {
  const writeLetter = letterWriter(db, config, SECRET)
  const outlets = [{ transport, limits: {}, domainLimits: {} }]
  return deliverDue({ db, journal, secret: SECRET, outlets, writeLetter, now: () => now, signal })
}

/** The deliveries in the order in which they were enqueued. */
export async function deliveries(db: Database) {
  return db
    .selectFrom('deliveries')
    .select(['id', 'address', 'state', 'attempts', 'due_at', 'reply', 'claimed_by', 'transport'])
    .orderBy('id')
    .execute()
}

/**
 * How many transactions were committed, read from the write-ahead log as SQLite documents it: a header of 32 bytes,
 * then frames, each a header of 24 bytes and a page; a frame that ends a transaction says how large the database is
 * since then. Nothing may have been checkpointed meanwhile.
 */
export function countCommits(path: string): number {
  const log = readFileSync(`${path}-wal`)
  const frame = 24 + log.readUInt32BE(8)
  let commits = 0
  for (let at = 32; at + frame <= log.length; at += frame) if (log.readUInt32BE(at + 4) > 0) commits++
  return commits
}
