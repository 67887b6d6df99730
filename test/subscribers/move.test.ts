/**
 * Readers who move, beside the pages that they do it on: by the author's word, to an address that is on the list already,
 * and in a database that is older than the move.
 */
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeToken } from '../../src/mail/token.ts'
import { emptyMemory, publishAndPlan } from '../../src/round.ts'
import { closeSite } from '../../src/site.ts'
import { type Database, openDatabase, time, type Writer, write } from '../../src/store/database.ts'
import { requeueFailed } from '../../src/store/deliveries.ts'
import { moveIssue } from '../../src/store/issues.ts'
import { joinSubscribers } from '../../src/store/joins.ts'
import type { DeliveryState } from '../../src/store/schema.ts'
import {
  consentsOf,
  eraseSubscriber,
  findSubscriber,
  findSuppression,
  insertSubscriber,
  type Subscriber,
  subscriberOfDelivery,
  suppress,
} from '../../src/store/subscribers.ts'
import { everythingKept } from '../../src/subscribers/kept.ts'
import { askToMove, move, moveByAuthor } from '../../src/subscribers/move.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { openSite } from '../commands/session.ts'
import '../seed.ts'
import { makeSite, post, type TestSite } from '../site.ts'

const OLD = 'ada@example.org'
const NEW = 'countess@example.net'
const EVIDENCE = { source: '192.0.2.0/24', words: 'Yes' }
const PRINTED = { language: 'en', rendition: { subject: 'Your new address', html: '', text: '' } }

/** Ada asks for another address, by the link of her newest message. Gives the delivery that asks it. */
async function ask(site: TestSite, address = NEW): Promise<number> {
  const newest = async () => {
    const { rows } = await sql<{ id: number }>`
      select max(id) as id from deliveries where subscriber = (select min(id) from subscribers)`.execute(
      site.db,
    )
    return rows[0]?.id as number
  }
  const wanted = { address, key: address, network: null }
  await askToMove(site.db, await newest(), wanted, PRINTED, site.secret, site.now())
  return newest()
}

async function yes(site: TestSite, delivery: number) {
  return move(site, delivery, EVIDENCE, null, site.now())
}

async function readers(...addresses: string[]): Promise<TestSite> {
  const site = await makeSite()
  await site.round()
  for (const address of addresses) await site.join(address)
  site.write('one.md', post('One', '2026-11-02'))
  await site.round()
  return site
}

const mailed = async (site: TestSite) => (await site.mail()).filter((line) => !line.includes('new address'))

describe('to an address that is on the list', () => {
  test('both are one from then on: nothing comes twice, and what neither had comes once', async () => {
    const site = await readers(OLD, NEW)
    const delivery = await ask(site)
    await site.round()
    // One that is queued for both, and one that the other has had already.
    site.write('two.md', post('Two', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    await site.db.updateTable('subscribers').set({ rhythm: 'daily' }).where('id', '=', 1).execute()
    site.write('three.md', post('Three', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    await sql`update deliveries set state = 'sent' where subscriber = 2 and issue = 3`.execute(site.db)
    expect(await yes(site, delivery)).toMatchObject({ id: 1, address: NEW, rhythm: 'daily' })
    site.setClock('2026-11-03T09:00:00Z')
    site.write('four.md', post('Four', '2026-11-02'))
    await site.round()
    expect(await mailed(site)).toEqual([
      `${OLD}: One`,
      `${NEW}: A test blog: Four`,
      `${NEW}: One`,
      `${NEW}: Two`,
    ])
    expect(await site.db.selectFrom('subscribers').select(['id', 'address', 'status']).execute()).toEqual([
      { id: 1, address: NEW, status: 'confirmed' },
    ])
    expect((await consentsOf(site.db, 1)).map(({ act }) => act)).toEqual(['added', 'added', 'moved'])
  })

  test('every link of either leads to the one, above all that for leaving, and all of it is shown and erased', async () => {
    const site = await readers(OLD, NEW)
    await yes(site, await ask(site))
    const ada = (await findSubscriber(site.db, NEW)) as Subscriber
    const { deliveries } = await everythingKept(site.db, ada, NEW, site.secret)
    expect(deliveries.map(({ address, kind, posts }) => [address, kind, posts.length])).toEqual([
      [NEW, 'confirmation', 0],
      [NEW, 'issue', 1],
      [OLD, 'issue', 0],
    ])
    for (const id of [1, 2]) expect((await subscriberOfDelivery(site.db, id))?.subscriber?.id).toBe(1)
    await unsubscribe(site, 2, EVIDENCE, site.now())
    expect(await findSubscriber(site.db, NEW)).toMatchObject({ id: 1, status: 'unsubscribed' })
    await write(site.db, (trx) => eraseSubscriber(trx, ada, site.secret, site.now()))
    const rows = await Promise.all([
      site.db.selectFrom('deliveries').select(['address', 'subscriber']).execute(),
      site.db.selectFrom('joined').selectAll().execute(),
      site.db.selectFrom('delivery_posts').selectAll().execute(),
    ])
    expect(JSON.stringify(rows)).not.toMatch(/@|[12]/)
  })

  test.each(['unsubscribed', 'unconfirmed'] as const)(
    'of somebody %s, they are a reader there',
    async (status) => {
      const site = await readers(OLD, NEW)
      await site.db.updateTable('subscribers').set({ status }).where('id', '=', 2).execute()
      await yes(site, await ask(site))
      site.write('two.md', post('Two', '2026-11-02'))
      await site.round()
      expect((await mailed(site)).filter((line) => line.includes('Two'))).toEqual([`${NEW}: Two`])
    },
  )

  test('what the other left before it went is still owed to them', async () => {
    const site = await readers(OLD, NEW)
    await site.db.updateTable('subscribers').set({ rhythm: 'daily' }).where('id', '=', 1).execute()
    site.write('two.md', post('Two', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    await unsubscribe(site, 2, EVIDENCE, site.now())
    await yes(site, await ask(site))
    site.setClock('2026-11-03T09:00:00Z')
    await site.round()
    expect((await mailed(site)).filter((line) => line.includes('Two'))).toEqual([`${NEW}: A test blog: Two`])
  })

  test('and on to one more: all three are one', async () => {
    const site = await readers(OLD, NEW, 'third@example.org')
    await yes(site, await ask(site))
    site.setClock('2026-11-03T09:00:00Z')
    await yes(site, await ask(site, 'third@example.org'))
    for (const id of [1, 2, 3]) expect((await subscriberOfDelivery(site.db, id))?.subscriber?.id).toBe(1)
    expect(await site.db.selectFrom('joined').selectAll().execute()).toEqual([
      { former: 2, subscriber: 1 },
      { former: 3, subscriber: 1 },
    ])
  })
})

describe('whatever two people were sent before they turned out to be one', () => {
  let db: Database
  const now = new Date('2026-11-02T09:00:00Z')
  const posts = [1, 2, 3, 4, 5]

  beforeAll(async () => {
    db = await openDatabase('sqlite::memory:')
    return () => db.destroy()
  })

  const STATES = ['sent', 'unknown', 'sending', 'queued', 'failed', 'skipped'] as const
  type Sent = { state: DeliveryState; posts: number[] } | null
  const some = (shown: fc.Arbitrary<number[]>): fc.Arbitrary<Sent> =>
    fc.option(fc.record({ state: fc.constantFrom(...STATES), posts: shown }))
  /** What each of two people has of each issue. */
  const single = fc.tuple(
    ...[1, 2, 3, 1, 2].map((key) => fc.tuple(some(fc.constant([key])), some(fc.constant([key])))),
  )
  const digest = fc.uniqueArray(fc.constantFrom(...posts), { minLength: 1, maxLength: 2 })
  const any = fc.tuple(...[1, 2, 3, 4].map(() => fc.tuple(some(digest), some(digest))))

  /** Joins two such people, and takes it back. `check` sees how often each post went and waits, before and after. */
  async function joined(history: [Sent, Sent][], check: (before: Count[], after: Count[]) => void) {
    const undo = new Error('undo')
    const work = async (trx: Writer) => {
      const [stays = 0, goes = 0] = await enter(trx, history, now)
      const before = await counts(trx)
      await joinSubscribers(trx, stays, goes, now)
      const after = await counts(trx)
      check(before, after)
      // Nothing is left under the number of the one who is gone that could go, or that leads nowhere.
      const { rows } =
        await sql`select 1 from deliveries where subscriber = ${goes} and state in ('queued', 'failed')
        union all select 1 from delivery_posts where subscriber = ${goes}`.execute(trx)
      expect(rows).toEqual([])
      for (const { id } of await trx.selectFrom('deliveries').select('id').execute())
        expect((await subscriberOfDelivery(trx, id))?.subscriber?.id).toBe(stays)
      // What failed and is sent again by the author is nothing that came otherwise.
      for (const issue of history.keys()) await requeueFailed(trx, issue + 1, now)
      for (const [at, { went, waits }] of (await counts(trx)).entries())
        expect(went + waits).toBeLessThanOrEqual(Math.max(1, before[at]?.went ?? 0))
      // And theirs is what they got, so that no later issue brings it.
      const { rows: theirs } = await sql<{ post: number }>`
        select distinct post from delivery_posts where subscriber = ${stays}`.execute(trx)
      const got = after.flatMap(({ went, waits }, at) => (went + waits > 0 ? [posts[at]] : []))
      expect(theirs.map(({ post }) => post)).toEqual(expect.arrayContaining(got))
      throw undo
    }
    await write(db, work).catch((error: unknown) => {
      if (error !== undo) throw error
    })
  }

  type Count = { went: number; waits: number }
  async function counts(trx: Writer): Promise<Count[]> {
    const { rows } = await sql<Count>`
      select p.key, (select count(*) from shown s join deliveries d on d.id = s.delivery
          where s.post = p.key and d.state in ('sent', 'sending', 'unknown')) as went,
        (select count(*) from shown s join deliveries d on d.id = s.delivery
          where s.post = p.key and d.state = 'queued') as waits
      from posts p order by p.key`.execute(trx)
    return rows.map(({ went, waits }) => ({ went, waits }))
  }

  test('one message for each post comes, where none had come', async () => {
    await fc.assert(
      fc.asyncProperty(single, (history) =>
        joined(history, (before, after) => {
          for (const [at, { went, waits }] of before.entries())
            expect(after[at]).toEqual({ went, waits: went === 0 && waits > 0 ? 1 : 0 })
        }),
      ),
      { numRuns: 50 },
    )
  })

  test('no post of a digest comes twice', async () => {
    await fc.assert(
      fc.asyncProperty(any, (history) =>
        joined(history, (before, after) => {
          for (const [at, { went }] of before.entries()) {
            expect(after[at]?.went).toBe(went)
            expect((after[at]?.waits ?? 0) + went).toBeLessThanOrEqual(Math.max(1, went))
          }
        }),
      ),
      { numRuns: 50 },
    )
  })

  /** Writes it all down. `shown` has the posts of each delivery, whoever's they are by the tables. */
  async function enter(trx: Writer, history: [Sent, Sent][], now: Date): Promise<number[]> {
    const at = time(now)
    await sql`create temp table shown (delivery integer, post integer)`.execute(trx)
    for (const key of posts)
      await sql`insert into posts (key, id, file, slug, title, date, source, hash, modified_at, first_seen_at, old, sequence)
        values (${key}, ${`post ${key}`}, null, '', '', '', '', '', '', '', 0, ${key})`.execute(trx)
    const people: number[] = []
    for (const address of [OLD, NEW]) {
      const about = { name: '', rhythm: 'instant' as const, tags: [], language: 'en', timeZone: '' }
      people.push((await insertSubscriber(trx, { address, key: address, ...about }, now)).id)
    }
    for (const [index, both] of history.entries()) {
      const issue = index + 1
      await sql`insert into issues (number, kind, state, origin, subject, created_at, due_at)
        values (${issue}, 'digest', 'sending', 'schedule', '', ${at}, ${at})`.execute(trx)
      await sql`insert into renditions (id, issue, kind, language, subject, html, text, created_at)
        values (${issue}, ${issue}, 'issue', 'en', '', '', '', ${at})`.execute(trx)
      for (const [which, sent] of both.entries()) {
        const subscriber = people[which] as number
        // What somebody has in one issue is in none of their others, as the tables promise.
        const { rows: had } = await sql<{ post: number }>`
          select post from delivery_posts where subscriber = ${subscriber}`.execute(trx)
        const shown = sent?.posts.filter((key) => !had.some(({ post }) => post === key)) ?? []
        if (sent === null || shown.length === 0) continue
        const { rows } = await sql<{ id: number }>`
          insert into deliveries (kind, issue, subscriber, rendition, address, name, state, due_at, dated_at, attempts)
          values ('issue', ${issue}, ${subscriber}, ${issue}, ${which === 0 ? OLD : NEW}, '', ${sent.state}, ${at}, ${at}, 0)
          returning id`.execute(trx)
        const id = rows[0]?.id
        for (const post of shown) {
          await sql`insert into temp.shown values (${id}, ${post})`.execute(trx)
          await sql`insert into delivery_posts values (${post}, 1, ${subscriber}, ${id})`.execute(trx)
        }
      }
    }
    return people
  }
})

describe('in a database that is older than the move', () => {
  /** Ada has asked for another address, by a message that she had; copied then, and as it was before. */
  async function backedUp(...others: string[]) {
    const site = await readers(OLD, ...others)
    const database = join(site.folder, 'data/posthorn.db')
    const copy = (name: string) => sql`vacuum into ${join(site.folder, name)}`.execute(site.db)
    await copy('before.db')
    const delivery = await ask(site)
    await copy('asked.db')
    await yes(site, delivery)
    const restore = async (name: string) => {
      await closeSite(site)
      for (const end of ['-wal', '-shm']) rmSync(`${database}${end}`, { force: true })
      copyFileSync(join(site.folder, name), database)
      return site.again()
    }
    return { site, restore }
  }

  test('what she got at the new one does not come to the old one, and the author is told', async () => {
    const { site, restore } = await backedUp()
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    const again = await restore('before.db')
    expect(again.replayed).toMatchObject({ deliveries: 1, strayed: 1, held: 0 })
    again.write('three.md', post('Three', '2026-11-02'))
    await again.round()
    expect(await mailed(again)).toEqual([`${OLD}: One`, `${OLD}: Three`, `${NEW}: Two`])
  })

  test('one that knows where she wanted to go has her there', async () => {
    const { site, restore } = await backedUp()
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    const again = await restore('asked.db')
    expect(again.replayed).toMatchObject({ strayed: 0 })
    expect(await findSubscriber(again.db, NEW)).toMatchObject({ id: 1, status: 'confirmed' })
    again.write('three.md', post('Three', '2026-11-02'))
    await again.round()
    expect(await mailed(again)).toEqual([`${OLD}: One`, `${NEW}: Three`, `${NEW}: Two`])
  })

  test('and one that has somebody else there has both as one', async () => {
    const { site, restore } = await backedUp(NEW)
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    const again = await restore('before.db')
    expect(again.replayed).toMatchObject({ strayed: 0 })
    again.write('three.md', post('Three', '2026-11-02'))
    await again.round()
    expect(await mailed(again)).toEqual([`${OLD}: One`, `${NEW}: One`, `${NEW}: Three`, `${NEW}: Two`])
  })

  test('she has left there too if she left since', async () => {
    const { site, restore } = await backedUp()
    await unsubscribe(site, 1, EVIDENCE, site.now())
    const again = await restore('before.db')
    expect(again.replayed).toMatchObject({ people: 1 })
    expect(await findSubscriber(again.db, OLD)).toMatchObject({ status: 'unsubscribed' })
  })
})

describe('by the author’s word', () => {
  test('the new address is asked, or it is done at once', async () => {
    const { posthorn, files, setClock } = openSite()
    await posthorn(`subscribers add ${OLD} --confirmed`)
    expect(await posthorn(`subscribers move ${OLD} Countess@Example.net`)).toMatchInlineSnapshot(`
      "$ posthorn subscribers move ada@example.org Countess@Example.net
      Countess@example.net is asked to confirm; until then mail goes to ada@example.org"
    `)
    expect(Object.values(files('outbox/new')).join()).toContain('To: Countess@example.net')
    expect(await posthorn(`subscribers show ${OLD}`)).toMatchInlineSnapshot(`
      "$ posthorn subscribers show ada@example.org
      address    ada@example.org
      status     confirmed
      rhythm     instant
      language   en
      created    Mon 2 Nov 2026, 10:00 Europe/Berlin
      confirmed  Mon 2 Nov 2026, 10:00 Europe/Berlin
      Mon 2 Nov 2026, 10:00 Europe/Berlin  wants to move to Countess@example.net, which has not confirmed
      Mon 2 Nov 2026, 10:00 Europe/Berlin  added  the author"
    `)
    setClock('2026-11-03T09:00:00Z')
    expect(await posthorn(`subscribers move ${OLD} ada@example.net --confirmed`)).toMatchInlineSnapshot(`
      "$ posthorn subscribers move ada@example.org ada@example.net --confirmed
      ada@example.org has moved to ada@example.net, with all that was theirs"
    `)
    expect(await posthorn('subscribers list')).toMatchInlineSnapshot(`
      "$ posthorn subscribers list
      ada@example.net                  confirmed    instant
      ! 1 subscriber"
    `)
    expect(await posthorn('subscribers show ada@example.net')).toMatchInlineSnapshot(`
      "$ posthorn subscribers show ada@example.net
      address    ada@example.net
      status     confirmed
      rhythm     instant
      language   en
      created    Mon 2 Nov 2026, 10:00 Europe/Berlin
      confirmed  Mon 2 Nov 2026, 10:00 Europe/Berlin
      Mon 2 Nov 2026, 10:00 Europe/Berlin  added  the author
      Tue 3 Nov 2026, 10:00 Europe/Berlin  moved  the author"
    `)
  })

  test('what cannot be done is told', async () => {
    const { posthorn } = openSite()
    for (const name of ['ada', 'grace', 'eve'])
      await posthorn(`subscribers add ${name}@example.org --confirmed`)
    await posthorn('subscribers add kurt@example.org')
    await posthorn('subscribers erase eve@example.org --yes')
    const told: string[] = []
    for (const line of [
      'nobody@example.org b@example.org',
      'ada b@example.org',
      `${OLD} b@`,
      `${OLD} ADA@example.org`,
      'kurt@example.org b@example.org',
      `${OLD} eve@example.org`,
      `${OLD} grace@example.org --confirmed`,
    ])
      told.push(await posthorn(`subscribers move ${line}`))
    expect(told.join('\n')).toMatchInlineSnapshot(`
      "$ posthorn subscribers move nobody@example.org b@example.org
      ! posthorn: nobody@example.org is not known here
      ! try: \`posthorn subscribers list\` shows who is
      (exit 1)
      $ posthorn subscribers move ada b@example.org
      ! posthorn: "ada" is no address: it needs a name, one "@" and a domain, as in ada@example.org
      (exit 1)
      $ posthorn subscribers move ada@example.org b@
      ! posthorn: "b@" is no address: it needs a name, one "@" and a domain, as in ada@example.org
      (exit 1)
      $ posthorn subscribers move ada@example.org ADA@example.org
      ! posthorn: ada@example.org is the address that they have; write another
      (exit 1)
      $ posthorn subscribers move kurt@example.org b@example.org
      ! posthorn: kurt@example.org is unconfirmed, and only readers move
      ! try: they can subscribe with the new address at https://mail.blog.example/subscribe
      (exit 1)
      $ posthorn subscribers move ada@example.org eve@example.org
      ! posthorn: eve@example.org must not be mailed: its owner was erased (2026-11-02)
      ! try: nothing that adds or imports people lifts this
      (exit 1)
      $ posthorn subscribers move ada@example.org grace@example.org --confirmed
      ! posthorn: grace@example.org is a subscriber already (confirmed)
      ! try: leave \`--confirmed\` out: its owner is asked then, and with their yes both become one
      (exit 1)"
    `)
    expect(await posthorn(`subscribers move ${OLD} grace@example.org`)).toContain('is asked to confirm')
  })

  test('what failed at the old one goes to the new one when the author tries again', async () => {
    const site = await readers(OLD, 'grace@example.org')
    await sql`update deliveries set state = 'failed' where subscriber = 1`.execute(site.db)
    await write(site.db, (trx) => suppress(trx, OLD, 'bounce', site.now()))
    await moveByAuthor(site, OLD, NEW, { confirmed: true }, site.config, site.now())
    await write(site.db, async (trx) => {
      expect(await requeueFailed(trx, 1, site.now())).toBe(1)
      await moveIssue(trx, 1, ['sent'], 'sending', null)
    })
    await site.round()
    expect(await site.mail()).toContain(`${NEW}: One`)
  })

  test('nobody gets around a complaint by it', async () => {
    const site = await readers(OLD)
    await write(site.db, (trx) => suppress(trx, OLD, 'complaint', site.now()))
    const byAuthor = (confirmed: boolean) =>
      moveByAuthor(site, OLD, NEW, { confirmed }, site.config, site.now())
    await expect(byAuthor(false)).rejects.toThrow('must not be mailed: its owner complained')
    await byAuthor(true)
    expect(await findSuppression(site.db, NEW, site.secret)).toMatchObject({ reason: 'complaint' })
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    expect(await site.mail()).toEqual([`${OLD}: One`])
  })
})

test('an old link of theirs is not the yes to a move', async () => {
  const site = await readers(OLD)
  expect(makeToken(site.secret, 'move', 1)).not.toBe(makeToken(site.secret, 'confirm', 1))
  expect(await yes(site, 1)).toBeNull()
})
