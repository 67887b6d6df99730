import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { deliverNow, emptyMemory, publishAndPlan } from '../../src/round.ts'
import { readBatches } from '../../src/store/batches.ts'
import { write } from '../../src/store/database.ts'
import { eraseSubscriber, findSubscriber, type Subscriber, suppress } from '../../src/store/subscribers.ts'
import { confirm } from '../../src/subscribers/confirm.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { askToSubscribe } from '../../src/subscribers/subscribe.ts'
import { undoImport } from '../../src/subscribers/undo-import.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { makeSite, post, type TestSite } from '../site.ts'

const EVIDENCE = { source: '192.0.2.0/24', words: 'Yes' }
const PRINTED = { kind: 'confirmation', language: 'en', subject: 'Confirm', html: '', text: '' } as const

async function bring(site: TestSite, rows: string[], confirmed = true) {
  const file = join(site.folder, 'people.csv')
  writeFileSync(file, ['email', ...rows.map((name) => `${name}@example.org`)].join('\n'))
  return importSubscribers(site.db, file, { confirmed }, site.config, site.secret, site.now())
}

async function names({ db }: TestSite): Promise<string> {
  const people = await db.selectFrom('subscribers').select('address').orderBy('id').execute()
  return people.map(({ address }) => address.replace('@example.org', '')).join(' ')
}

/** The tables that hold anything of a person's. */
async function traces({ db }: TestSite) {
  return {
    consents: await db.selectFrom('consents').selectAll().execute(),
    suppressions: await db.selectFrom('suppressions').selectAll().execute(),
    deliveries: await db
      .selectFrom('deliveries')
      .select(['subscriber', 'address', 'state', 'reply'])
      .execute(),
    posts: await db.selectFrom('delivery_posts').select('subscriber').execute(),
    bounces: await db.selectFrom('bounces').selectAll().execute(),
  }
}

/** Plans what is new, and mails none of it yet. */
async function plan(site: TestSite) {
  await publishAndPlan(site, emptyMemory())
}

describe('an import that is taken back', () => {
  test('leaves nothing of it, so that the same list can come again', async () => {
    const site = await makeSite()
    await site.join('reader@example.org')
    const before = await traces(site)
    const list = ['ada', 'grace', 'reader']
    const first = await bring(site, list)
    expect(first.number).toBe(1)
    expect(await undoImport(site.db, 1, site.now())).toEqual({ removed: 2, stayed: {}, examples: [] })
    expect(await names(site)).toBe('reader')
    expect(await traces(site)).toEqual(before)
    expect(await bring(site, list)).toEqual({ ...first, number: 2 })
    expect(await names(site)).toBe('reader ada grace')
    expect(await readBatches(site.db)).toMatchObject([
      { number: 1, people: 2, here: 0, undoneAt: '2026-11-02T09:00:00.000Z' },
      { number: 2, file: 'people.csv', people: 2, here: 2, left: 0, undoneAt: null },
    ])
  })

  test('keeps whoever did anything since, and takes no other list’s people', async () => {
    const site = await makeSite()
    await bring(site, ['before'])
    await bring(site, ['asked', 'confirmed', 'erased', 'waiting'], false)
    await bring(site, ['after'])
    const ask = async (name: string) => {
      const key = `${name}@example.org`
      const asked = {
        address: key,
        key,
        name: '',
        language: 'en',
        network: null,
        timeZone: '',
        solved: null,
        evidence: EVIDENCE,
      }
      await askToSubscribe(site.db, asked, PRINTED, site.config, site.secret, site.now())
    }
    site.setClock('2026-11-03T09:00:00Z')
    await ask('asked')
    await ask('confirmed')
    const { id } = await site.db
      .selectFrom('deliveries')
      .select('id')
      .where('address', '=', 'confirmed@example.org')
      .executeTakeFirstOrThrow()
    await confirm(site.db, id, EVIDENCE, null, site.config, site.secret, site.now())
    await write(site.db, async (trx) => {
      const person = (await findSubscriber(trx, 'erased@example.org')) as Subscriber
      await eraseSubscriber(trx, person, site.secret, site.now())
    })
    expect(await undoImport(site.db, 2, site.now())).toEqual({
      removed: 1,
      stayed: { asked: 1, confirmed: 1 },
      examples: [
        { address: 'asked@example.org', since: 'asked' },
        { address: 'confirmed@example.org', since: 'confirmed' },
      ],
    })
    expect(await names(site)).toBe('before asked confirmed after')
    // Who was erased meanwhile is not brought back by the same list; who waited is.
    expect(await bring(site, ['erased', 'waiting'])).toMatchObject({ suppressed: 1, added: { confirmed: 1 } })
  })

  test('keeps whoever was mailed, or left; what is queued for the others is not sent', async () => {
    const site = await makeSite()
    await site.round()
    await bring(site, ['mailed', 'left'])
    site.write('first.md', post('First', '2026-11-02'))
    await site.round()
    const { id } = await site.db
      .selectFrom('deliveries')
      .select('id')
      .where('address', '=', 'left@example.org')
      .executeTakeFirstOrThrow()
    site.setClock('2026-11-02T10:00:00Z')
    await unsubscribe(site, id, EVIDENCE, site.now())
    expect(await readBatches(site.db)).toMatchObject([{ number: 1, people: 2, here: 2, left: 1 }])
    await bring(site, ['ada', 'bounced'])
    site.write('second.md', post('Second', '2026-11-02'))
    await plan(site)
    await write(site.db, (trx) => suppress(trx, 'bounced@example.org', 'bounce', site.now()))
    expect(await undoImport(site.db, 1, site.now())).toMatchObject({
      removed: 0,
      stayed: { mailed: 1, unsubscribed: 1 },
    })
    expect(await undoImport(site.db, 2, site.now())).toMatchObject({ removed: 2, stayed: {} })
    const after = await traces(site)
    expect(after.suppressions.map(({ key }) => key)).toEqual(['bounced@example.org'])
    expect(after.deliveries.filter(({ subscriber }) => subscriber === null)).toEqual([
      { subscriber: null, address: '', state: 'skipped', reply: 'its import was taken back' },
      { subscriber: null, address: '', state: 'skipped', reply: null },
    ])
    await deliverNow(site, new AbortController().signal)
    expect(await site.mail()).toEqual([
      'left@example.org: First',
      'mailed@example.org: First',
      'mailed@example.org: Second',
    ])
  })

  test('a number that is none, and one that was taken back already', async () => {
    const site = await makeSite()
    await bring(site, ['ada'])
    expect(await bring(site, ['ada'])).toMatchObject({ number: null, known: 1 })
    await undoImport(site.db, 1, site.now())
    for (const [number, why] of [
      [1, 'import #1 was taken back already'],
      [2, 'there is no import #2'],
    ] as const) {
      const error = await undoImport(site.db, number, site.now()).catch((error) => error)
      expect(error).toBeInstanceOf(UserError)
      expect(error.message).toBe(why)
    }
  })
})

describe('an import that is not brought to its end', () => {
  test('takes back by itself what it has moved, where it fails', async () => {
    const site = await makeSite()
    await bring(site, ['reader'])
    // In the second part of the move.
    await sql`create trigger bad before insert on subscribers when new.address = 'r10500@example.org'
      begin select raise(abort, 'the disk is bad'); end`.execute(site.db)
    const list = Array.from({ length: 10_600 }, (_, at) => `r${at}`)
    await expect(bring(site, list)).rejects.toThrow('the disk is bad')
    expect(await names(site)).toBe('reader')
    expect(await site.db.selectFrom('consents').selectAll().execute()).toHaveLength(1)
    await sql`drop trigger bad`.execute(site.db)
    expect(await bring(site, list)).toMatchObject({ number: 3, added: { confirmed: 10_600 }, cautions: [] })
    expect(await names(site)).toBe(['reader', ...list].join(' '))
    expect(await readBatches(site.db, 3)).toMatchObject([{ people: 10_600, here: 10_600, movingUntil: null }])
  })

  test('is taken back by the next one, where its process died', async () => {
    const site = await makeSite()
    await bring(site, ['ada', 'grace'])
    // As it stands while the rest is still to come.
    await site.db.updateTable('imports').set({ moving_until: '2026-11-02T09:01:00.000Z' }).execute()
    for (const work of [
      () => bring(site, ['ada', 'grace', 'kurt']),
      () => undoImport(site.db, 1, site.now()),
    ])
      await expect(work()).rejects.toThrow('import #1 is under way, or was cut off a moment ago')
    expect(await names(site)).toBe('ada grace')
    site.setClock('2026-11-02T09:02:00Z')
    await expect(bring(site, ['ada', 'not an address'])).rejects.toThrow('write one bare address')
    expect(await names(site)).toBe('ada grace')
    expect(await bring(site, ['ada', 'grace', 'kurt'])).toMatchObject({
      number: 2,
      added: { confirmed: 3 },
      cautions: ['import #1 had been cut off after 2 people, so they were removed first'],
    })
    expect(await names(site)).toBe('ada grace kurt')
  })
})
