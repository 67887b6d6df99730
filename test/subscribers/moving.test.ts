import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkAddress } from '../../src/address.ts'
import { FaultsError } from '../../src/errors.ts'
import { deliverNow, emptyMemory, publishAndPlan } from '../../src/round.ts'
import { write } from '../../src/store/database.ts'
import type { Schema } from '../../src/store/schema.ts'
import {
  consentsOf,
  eraseSubscriber,
  findSubscriber,
  type Subscriber,
  suppress,
} from '../../src/store/subscribers.ts'
import { exportSubscribers } from '../../src/subscribers/export.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { checkName } from '../../src/subscribers/name.ts'
import { makeSite, post, type TestSite } from '../site.ts'

async function exported(site: TestSite): Promise<{ csv: string; erased: number }> {
  const output = new PassThrough()
  const [csv, { erased }] = await Promise.all([
    text(output),
    exportSubscribers(site.db, output).finally(() => void output.end()),
  ])
  return { csv, erased }
}

async function bring(site: TestSite, csv: string, confirmed = true) {
  const file = join(site.folder, 'list.csv')
  writeFileSync(file, csv)
  return importSubscribers(site.db, file, { confirmed }, site.config, site.secret, site.now())
}

const HEADER =
  'address,name,status,rhythm,tags,language,time zone,hour,weekday,paused until,followed tags,followed languages,created,asked,confirmed,unsubscribed,suppressed,suppressed since,consents'

/** A row of our own export, with these cells. */
function row(cells: Record<string, string>): string {
  const titles = HEADER.split(',')
  return titles.map((title) => `"${(cells[title] ?? '').replaceAll('"', '""')}"`).join(',')
}

const ADA = {
  address: 'ada@example.org',
  status: 'confirmed',
  rhythm: 'weekly',
  language: 'de',
  hour: '07:30',
  weekday: 'Fri',
  'paused until': '2026-12-01T00:00:00.000Z',
  'followed tags': '=release;"big, news"',
  'followed languages': 'de;en-GB',
  created: '2024-05-01T10:00:00.000Z',
  asked: '2024-05-01T10:00:00.000Z',
  confirmed: '2024-05-01T10:05:00.000Z',
  consents: JSON.stringify([
    { at: '2024-05-01T10:00:00.000Z', act: 'asked', source: '192.0.2.0/24', words: 'Subscribe' },
    { at: '2024-05-01T10:05:00.000Z', act: 'confirmed', source: '192.0.2.0/24', words: 'Yes, "please"' },
  ]),
}

describe('a list that moves to another site', () => {
  test('comes with its times, its evidence and what people chose, and what is new from now on is theirs', async () => {
    const site = await makeSite()
    site.write('old.md', post('Old', '2026-10-01'))
    await site.round()
    const done = await bring(site, [HEADER, row(ADA)].join('\n'))
    expect(done).toMatchObject({ added: { confirmed: 1 }, ignored: [], newlySuppressed: 0 })
    expect(await findSubscriber(site.db, 'ada@example.org')).toMatchObject({
      time_zone: '',
      hour: '07:30',
      weekday: 'Fri',
      paused_until: '2026-12-01T00:00:00.000Z',
      followed_tags: '["=release","big, news"]',
      followed_languages: '["de","en-GB"]',
      created_at: '2024-05-01T10:00:00.000Z',
      confirmed_at: '2024-05-01T10:05:00.000Z',
      import: 1,
    })
    expect(await consentsOf(site.db, 1)).toEqual(JSON.parse(ADA.consents))
    const { csv } = await exported(site)
    expect(csv).toContain(`"'=release;""big, news"""`)
    expect(csv.split('\n')[1]).toBe(row({ ...ADA, 'followed tags': `'=release;"big, news"` }))
  })

  test('makes nobody a reader without --confirmed, and believes no evidence then', async () => {
    const site = await makeSite()
    const left = {
      ...ADA,
      address: 'kurt@example.org',
      status: 'unsubscribed',
      unsubscribed: '2025-01-01T00:00:00Z',
    }
    await bring(site, [HEADER, row(ADA), row(left)].join('\n'), false)
    expect(await findSubscriber(site.db, 'ada@example.org')).toMatchObject({
      status: 'unconfirmed',
      created_at: '2024-05-01T10:00:00.000Z',
      asked_at: null,
      confirmed_at: null,
    })
    expect(await consentsOf(site.db, 1)).toEqual([])
    // Nobody vouches that they had confirmed, so no button makes readers of them.
    expect(await findSubscriber(site.db, 'kurt@example.org')).toMatchObject({
      status: 'unsubscribed',
      confirmed_at: null,
      unsubscribed_at: '2025-01-01T00:00:00.000Z',
    })
    expect((await consentsOf(site.db, 2)).map(({ act }) => act)).toEqual(['unsubscribed'])
    // Who was asked two years ago, elsewhere, is not erased for want of an answer.
    await site.round()
    expect(await findSubscriber(site.db, 'ada@example.org')).toBeDefined()
  })

  test('says who must not be mailed, and who is here is not mailed from then on, even what is queued', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    await site.join('grace@example.org')
    await write(site.db, (trx) => suppress(trx, 'known@example.org', 'bounce', site.now()))
    site.write('new.md', post('New', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    const complained = { suppressed: 'complaint', 'suppressed since': '2026-01-01T00:00:00.000Z' }
    const list = [
      HEADER,
      row({ ...ADA, ...complained }),
      row({ ...ADA, ...complained, address: 'kurt@example.org' }),
      row({ address: 'stranger@example.org', status: 'suppressed', suppressed: 'bounce' }),
      row({ address: 'known@example.org', status: 'suppressed', ...complained }),
    ].join('\n')
    expect(await bring(site, list, false)).toMatchObject({
      added: { unconfirmed: 1, confirmed: 0, unsubscribed: 0 },
      known: 1,
      suppressed: 1,
      newlySuppressed: 3,
    })
    const suppressions = await site.db.selectFrom('suppressions').selectAll().execute()
    expect(suppressions).toEqual([
      { key: 'ada@example.org', reason: 'complaint', at: '2026-01-01T00:00:00.000Z' },
      { key: 'known@example.org', reason: 'bounce', at: '2026-11-02T09:00:00.000Z' },
      { key: 'kurt@example.org', reason: 'complaint', at: '2026-01-01T00:00:00.000Z' },
      { key: 'stranger@example.org', reason: 'bounce', at: '2026-11-02T09:00:00.000Z' },
    ])
    await deliverNow(site, new AbortController().signal)
    expect(await site.mail()).toEqual(['grace@example.org: New'])
    // Once more: nothing that is here is lifted or changed.
    expect(await bring(site, list)).toMatchObject({
      number: null,
      suppressed: 2,
      known: 2,
      newlySuppressed: 0,
    })
  })

  test('says what has happened, so nothing in it is later than now', async () => {
    const site = await makeSite()
    const later = '9998-01-01T00:00:00.000Z'
    const times = { created: later, asked: later, confirmed: later }
    const ada = { ...ADA, ...times, status: 'unsubscribed', unsubscribed: later }
    const kurt = {
      ...ADA,
      ...times,
      address: 'kurt@example.org',
      suppressed: 'bounce',
      'suppressed since': later,
    }
    await bring(site, [HEADER, row(ada), row(kurt)].join('\n'))
    const now = '2026-11-02T09:00:00.000Z'
    const theirs = { created_at: now, asked_at: now, confirmed_at: now }
    expect(await findSubscriber(site.db, 'ada@example.org')).toMatchObject({
      ...theirs,
      unsubscribed_at: now,
    })
    expect(await findSubscriber(site.db, 'kurt@example.org')).toMatchObject(theirs)
    expect(await site.db.selectFrom('suppressions').select('at').execute()).toEqual([{ at: now }])
  })

  test('leaves out who was erased, and says how many: their hash is this site’s alone', async () => {
    const site = await makeSite()
    await site.join('ada@example.org')
    await site.join('grace@example.org')
    const { csv: before } = await exported(site)
    await write(site.db, async (trx) => {
      const ada = (await findSubscriber(trx, 'ada@example.org')) as Subscriber
      await eraseSubscriber(trx, ada, site.secret, site.now())
      await suppress(trx, 'stranger@example.org', 'author', site.now())
    })
    const { csv, erased } = await exported(site)
    expect(erased).toBe(1)
    expect(csv).not.toMatch(/ada|hmac/)
    expect(csv).toContain('"stranger@example.org","","suppressed"')
    // Nor does a list of before bring her back, or her address, whatever it says of her.
    const complained = before.replace('"","","[{', '"complaint","","[{')
    expect(await bring(site, complained)).toMatchObject({ known: 1, suppressed: 1, newlySuppressed: 0 })
    expect((await exported(site)).csv).toBe(csv)
  })

  test('a row that stands twice keeps what is least: left, and not to be mailed', async () => {
    const site = await makeSite()
    await bring(
      site,
      [
        HEADER,
        row(ADA),
        row({ address: 'ADA@example.org', status: 'suppressed', suppressed: 'complaint' }),
        row({ ...ADA, address: 'alan@xn--bcher-kva.example' }),
        row({ ...ADA, address: 'alan@BÜCHER.example', status: 'unconfirmed' }),
      ].join('\n'),
    )
    expect(await findSubscriber(site.db, 'ada@example.org')).toMatchObject({ status: 'unsubscribed' })
    expect((await consentsOf(site.db, 1)).map(({ act }) => act)).toEqual([
      'asked',
      'confirmed',
      'unsubscribed',
    ])
    expect((await site.db.selectFrom('suppressions').selectAll().execute()).map(({ key }) => key)).toEqual([
      'ada@example.org',
    ])
    expect(await findSubscriber(site.db, 'alan@xn--bcher-kva.example')).toMatchObject({
      status: 'unconfirmed',
      confirmed_at: null,
    })
  })

  test('every cell of it is checked', async () => {
    const site = await makeSite()
    const wrong: Record<string, string>[] = [
      { hour: '7:30', weekday: 'Friday' },
      { 'paused until': 'tomorrow', created: '2026-02-30T00:00:00Z' },
      { asked: '2026-01-01', confirmed: '1.1.2026', unsubscribed: 'yes' },
      { 'followed languages': 'de;klingon!', suppressed: 'erased', 'suppressed since': 'ever' },
      { consents: '[{"at"' },
      { consents: '[{"at":"soon","act":"asked","source":"","words":""}]' },
      { consents: '[{"at":"2026-01-01T00:00:00Z","act":"agreed","source":"","words":""}]' },
      { consents: '[{"at":"2026-01-01T00:00:00Z","act":"asked","source":"\\u001b[2J","words":""}]' },
      { consents: '{"at":1}' },
      { consents: '[1]' },
      { consents: '[{"at":"2026-01-01T00:00:00Z","act":"asked","source":"","words":"","more":""}]' },
      { consents: '[{"at":"2026-01-01T00:00:00Z","act":"asked","source":""}]' },
      { status: 'suppressed' },
      { language: 'en-u-ca-buddhist' },
    ]
    const rows = wrong.map((cells) => row({ ...ADA, ...cells }))
    const error = await bring(site, [HEADER, ...rows].join('\n')).catch((error) => error)
    if (!(error instanceof FaultsError)) throw error
    expect(error.faults.map(({ line, message }) => `${line}: ${message}`)).toMatchInlineSnapshot(`
      [
        "2: the cell "hour" is "7:30"; write it as 08:00",
        "2: the cell "weekday" is "Friday"; there are Mon, Tue, Wed, Thu, Fri, Sat, Sun",
        "3: the cell "paused until" is "tomorrow"; write a time such as 2026-11-22T12:44:00Z",
        "3: the cell "created" is "2026-02-30T00:00:00Z"; write a time such as 2026-11-22T12:44:00Z",
        "4: the cell "asked" is "2026-01-01"; write a time such as 2026-11-22T12:44:00Z",
        "4: the cell "confirmed" is "1.1.2026"; write a time such as 2026-11-22T12:44:00Z",
        "4: the cell "unsubscribed" is "yes"; write a time such as 2026-11-22T12:44:00Z",
        "5: the cell "suppressed" is "erased"; there are bounce, complaint, author",
        "5: the cell "followed languages" is "de;klingon!"; write a language tag such as "en" or "pt-BR"",
        "5: the cell "suppressed since" is "ever"; write a time such as 2026-11-22T12:44:00Z",
        "6: the cell "consents" is "[{\\"at\\""; this is not JSON; leave the column as it was exported",
        "7: the cell "consents" is "[{\\"at\\":\\"soon\\",\\"act\\":\\"asked\\",\\"source\\":\\"\\",\\"words\\":\\"\\"}]"; "0.at" is no time such as 2026-11-22T12:44:00Z; leave the column as it was exported",
        "8: the cell "consents" is "[{\\"at\\":\\"2026-01-01T00:00:00Z\\",\\"act\\":\\"agreed\\",\\"source\\":\\"\\",\\"words\\":\\"\\"}]"; "0.act" is none of asked, confirmed, imported, added, unsubscribed, returned, moved, allowed; leave the column as it was exported",
        "9: the cell "consents" is "[{\\"at\\":\\"2026-01-01T00:00:00Z\\",\\"act\\":\\"asked\\",\\"source\\":\\"\\\\u001b[2J\\",\\"words\\":\\"\\"}]"; "0.source" holds a control character; leave the column as it was exported",
        "10: the cell "consents" is "{\\"at\\":1}"; it is no list; leave the column as it was exported",
        "11: the cell "consents" is "[1]"; "0" is not { "at", "act", "source", "words" }; leave the column as it was exported",
        "12: the cell "consents" is "[{\\"at\\":\\"2026-01-01T00:00:00Z\\",\\"act\\":\\"asked\\",\\"source\\":\\"\\",\\"words\\":\\"\\",\\"more\\":\\"\\"}]"; "0" is not { "at", "act", "source", "words" }; leave the column as it was exported",
        "13: the cell "consents" is "[{\\"at\\":\\"2026-01-01T00:00:00Z\\",\\"act\\":\\"asked\\",\\"source\\":\\"\\"}]"; "0.words" is no text; leave the column as it was exported",
        "14: the cell "suppressed" is ""; there are bounce, complaint, author",
        "15: the language is "en-u-ca-buddhist"; write a language tag such as "en" or "pt-BR"",
      ]
    `)
    expect(await site.db.selectFrom('subscribers').selectAll().execute()).toEqual([])
  })

  test('columns of its own mean nothing in a list of another program', async () => {
    const site = await makeSite()
    const done = await bring(
      site,
      'email,confirmed,created,hour,suppressed\nada@example.org,yes,01/02/2024,13,no\n',
    )
    expect(done.ignored).toEqual(['confirmed', 'created', 'hour', 'suppressed'])
  })

  test('whoever is in it: the list of the new site is the list of the old one', async () => {
    const cases = fc.record({
      people: fc.uniqueArray(person, { selector: ({ address_key }) => address_key, maxLength: 6 }),
      suppressed: fc.dictionary(
        fc.constantFrom('stranger@example.org', 'a@xn--bcher-kva.example', "'=x@example.org"),
        fc.tuple(reason, time),
      ),
    })
    const [old, empty] = [await makeSite(), await makeSite()]
    await fc.assert(
      fc.asyncProperty(cases, async ({ people, suppressed }) => {
        for (const { db } of [old, empty])
          for (const table of ['subscribers', 'suppressions'] as const) await db.deleteFrom(table).execute()
        await write(old.db, async (trx) => {
          for (const { consents, suppression, ...each } of people) {
            const { id } = await trx
              .insertInto('subscribers')
              .values(each)
              .returning('id')
              .executeTakeFirstOrThrow()
            for (const consent of consents)
              await trx
                .insertInto('consents')
                .values({ ...consent, subscriber: id })
                .execute()
            if (suppression)
              await trx
                .insertInto('suppressions')
                .values({ key: each.address_key, reason: suppression[0], at: suppression[1] })
                .execute()
          }
          for (const [key, [reason, at]] of Object.entries(suppressed))
            await trx
              .insertInto('suppressions')
              .values({ key, reason, at })
              .onConflict((conflict) => conflict.doNothing())
              .execute()
        })
        const { csv } = await exported(old)
        await bring(empty, csv)
        expect((await exported(empty)).csv).toBe(csv)
        for (const cell of (parse(csv) as string[][]).flat())
          expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/)
        // And nothing that the list does not hold differs: the same people, column by column.
        expect(await everybody(empty)).toEqual(await everybody(old))
      }),
      { numRuns: 40 },
    )
  })
})

async function everybody({ db }: TestSite) {
  const people = await db.selectFrom('subscribers').selectAll().orderBy('id').execute()
  return people.map(({ id, import: _, settled_sequence, next_run_at, ...person }) => person)
}

const time = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2026-11-01'), noInvalidDate: true })
  .map((date) => date.toISOString())
const reason = fc.constantFrom('bounce' as const, 'complaint' as const, 'author' as const)
const nasty = fc.constantFrom(
  ...[
    "'",
    '"',
    '=',
    '+',
    '-',
    '@',
    ';',
    ',',
    ' ',
    '\u200f',
    '\uFFFD',
    '＝',
    'é',
    'e\u0301',
    'a',
    'ö',
    '日',
    '\\',
    '[',
  ],
)
const line = fc.string({ unit: nasty, maxLength: 12 })
const tag = line.map((text) => text.trim()).filter((text) => text !== '')
const tags = fc.uniqueArray(tag, { maxLength: 3 }).map((list) => JSON.stringify(list))
const consent = fc.record({
  at: time,
  act: fc.constantFrom('asked' as const, 'confirmed' as const, 'added' as const, 'returned' as const),
  source: line,
  words: line,
})
const person = fc
  .record({
    local: fc.constantFrom('ada', 'Grace', "o'brien", '=x', '-a', '+b', 'a+b', "'=c"),
    domain: fc.constantFrom('example.org', 'bücher.example'),
    name: line,
    status: fc.constantFrom('unconfirmed' as const, 'confirmed' as const, 'unsubscribed' as const),
    rhythm: fc.constantFrom('instant' as const, 'daily' as const, 'weekly' as const, 'monthly' as const),
    tags,
    followed_tags: tags,
    followed_languages: fc.subarray(['de', 'en-GB', 'pt-br']).map((list) => JSON.stringify(list)),
    language: fc.constantFrom('en', 'de-at', 'ja'),
    time_zone: fc.constantFrom('', 'UTC', 'Europe/Berlin'),
    hour: fc.constantFrom(null, '00:00', '23:59'),
    weekday: fc.constantFrom(null, 'Mon', 'Sun'),
    paused_until: fc.option(time),
    asked_at: fc.option(time),
    times: fc.tuple(time, time, time),
    consents: fc.array(consent, { maxLength: 3 }),
    suppression: fc.option(fc.tuple(reason, time), { freq: 3 }),
  })
  .map(({ local, domain, times: [created_at, confirmed, left], consents, ...each }) => {
    const address = checkAddress(`${local}@${domain}`)
    const name = checkName(each.name)
    if ('fault' in address || 'fault' in name) throw new Error('not a person')
    const { status } = each
    // What they are is never without the act that made them so.
    const act = status === 'unsubscribed' ? status : 'confirmed'
    const last = { at: left, act, source: 'here', words: '' } as const
    return {
      ...each,
      address: address.address,
      address_key: address.key,
      name: name.name,
      created_at,
      confirmed_at: status === 'unconfirmed' ? null : confirmed,
      unsubscribed_at: status === 'unsubscribed' ? left : null,
      settled_sequence: 0,
      consents: (status === 'unconfirmed' ? consents : [...consents, last]) as Pick<
        Schema['consents'],
        'at' | 'act' | 'source' | 'words'
      >[],
    }
  })
