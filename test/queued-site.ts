/** A site in a folder of its own whose one post is queued for as many people as wanted, as the first round after it was written leaves it. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { loadConfig } from '../src/config.ts'
import { emptyMemory, publishAndPlan } from '../src/round.ts'
import { closeSite, openSite, type Site } from '../src/site.ts'
import { type Database, time, write } from '../src/store/database.ts'

export type QueuedSite = { folder: string; issue: number; remove(): void }

type Wanted = {
  people: number
  port: number
  connections: number
  limits?: object
  /** As the configuration has it. */
  dkim?: object
  now: Date
}

export async function queuedSite({
  people,
  port,
  connections,
  limits = {},
  dkim,
  now,
}: Wanted): Promise<QueuedSite> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-mailing-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const transport = { kind: 'smtp', host: '127.0.0.1', port, tls: 'never', connections, limits, dkim }
    const settings = {
      site: { title: 'A test blog', url: 'https://blog.example' },
      newsletter: { from: { name: 'A test blog', email: 'news@blog.example' }, settle: '0' },
      transports: [transport],
      web: { url: 'http://localhost:8025', listen: '127.0.0.1:0' },
    }
    writeFileSync(join(folder, 'config.json'), JSON.stringify(settings))
    mkdirSync(join(folder, 'posts'))
    const site = await openSite(loadConfig(folder, {}), () => now)
    try {
      return { folder, issue: await enqueueOnePost(site, people), remove }
    } finally {
      await closeSite(site)
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** Writes a post of some 1,400 words and plans it for everybody. Returns the issue's number. */
async function enqueueOnePost(site: Site, people: number): Promise<number> {
  const memory = emptyMemory()
  const now = site.now()
  // What is there at the first round is old, so that one comes first.
  await publishAndPlan(site, memory)
  await insertReaders(site.db, people, now)
  const file = join(site.config.folder, 'posts', 'tea.md')
  const text = Array.from(
    { length: 100 },
    (_, n) => `${n}. Warm the pot, count the spoons; ß, é and “so on”.\n\n`,
  )
  writeFileSync(file, `---\ntitle: Tea\ndate: ${time(now)}\n---\n\n${text.join('')}`)
  utimesSync(file, now, now)
  const { enqueued } = await publishAndPlan(site, memory)
  const [issue] = enqueued
  if (issue?.recipients !== people || issue.hold !== null)
    throw new Error(
      `the post was to be queued for ${people} people, and this was: ${JSON.stringify(enqueued)}`,
    )
  return issue.number
}

async function insertReaders(db: Database, people: number, now: Date): Promise<void> {
  await write(db, (trx) =>
    sql`
      with recursive people (n) as (select 1 union all select n + 1 from people where n < ${people})
      insert into subscribers (address, address_key, name, status, rhythm, tags, language, time_zone, created_at,
        confirmed_at, settled_sequence)
      select 'reader' || n || '@example.org', 'reader' || n || '@example.org', 'Reader ' || n, 'confirmed',
        'instant', '[]', 'en', 'UTC', ${time(now)}, ${time(now)}, 0 from people`.execute(trx),
  )
}
