import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { FaultsError, UserError } from '../../src/errors.ts'
import { write } from '../../src/store/database.ts'
import {
  consentsOf,
  countSubscribers,
  eraseSubscriber,
  findSubscriber,
  type Subscriber,
  streamSubscribers,
  suppress,
  unsubscribeSubscriber,
} from '../../src/store/subscribers.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { makeSite, post, type TestSite } from '../site.ts'

function list(site: TestSite, content: string | Buffer): string {
  const file = join(site.folder, 'people.csv')
  writeFileSync(file, content)
  return file
}

async function bring(site: TestSite, content: string | Buffer, options = { confirmed: true }) {
  return importSubscribers(site.db, list(site, content), options, site.config, site.secret, site.now())
}

async function faultsOf(site: TestSite, content: string | Buffer): Promise<string[]> {
  const error = await bring(site, content).catch((error) => error)
  if (!(error instanceof FaultsError)) throw error
  expect(error.hint).toBe('nobody was imported; mend the file and try again')
  expect(await countSubscribers(site.db)).toEqual({ unconfirmed: 0, confirmed: 0, unsubscribed: 0 })
  return error.faults.map(({ file, line, message }) => {
    expect(file).toBe(join(site.folder, 'people.csv'))
    return line === undefined ? message : `${line}: ${message}`
  })
}

async function everybody(site: TestSite): Promise<Subscriber[]> {
  const all: Subscriber[] = []
  for await (const each of streamSubscribers(site.db)) all.push(each)
  return all
}

describe('import', () => {
  test('people who consented elsewhere are readers from now on, with all their columns say', async () => {
    const site = await makeSite()
    site.write('old.md', post('Old', '2026-10-01'))
    await site.round()
    const done = await bring(
      site,
      '\uFEFF"E-Mail", Name ,RHYTHM,Tags,language,Time_Zone,Phone\r\nAda@Example.org,"Lovelace, Ada",weekly,"a; b,a",de-at,Europe/Vienna,1\r\n\r\n grace@example.org ,,,,,,\r\n',
    )
    expect(done).toEqual({
      number: 1,
      rows: 2,
      added: { unconfirmed: 0, confirmed: 2, unsubscribed: 0 },
      known: 0,
      notRaised: 0,
      repeated: 0,
      suppressed: 0,
      newlySuppressed: 0,
      ignored: ['Phone'],
      cautions: [],
    })
    const [ada, grace] = await everybody(site)
    expect(ada).toMatchObject({
      address: 'Ada@example.org',
      name: 'Lovelace, Ada',
      status: 'confirmed',
      rhythm: 'weekly',
      tags: '["a","b"]',
      language: 'de-AT',
      time_zone: 'Europe/Vienna',
    })
    expect(grace).toMatchObject({ rhythm: 'instant', tags: '[]', language: 'en', time_zone: '' })
    expect(await consentsOf(site.db, 1)).toEqual([
      { at: '2026-11-02T09:00:00.000Z', act: 'imported', source: 'people.csv', words: '' },
    ])
    site.write('new.md', post('New', '2026-11-02'))
    await site.round()
    expect(await site.mail()).toEqual(['grace@example.org: New'])
  })

  test('without --confirmed they are unconfirmed and are sent nothing', async () => {
    const site = await makeSite()
    const done = await bring(site, 'address\nada@example.org\n', { confirmed: false })
    expect(done.added).toEqual({ unconfirmed: 1, confirmed: 0, unsubscribed: 0 })
    await site.round()
    expect(await site.mail()).toEqual([])
    expect(await consentsOf(site.db, 1)).toEqual([])
  })

  test.each([
    ['semicolons', 'name;email;tags\nAda;ada@example.org;a,b\n'],
    ['tabs', 'name\temail\ttags\nAda\tada@example.org\ta;b\n'],
    [
      'UTF-16, as spreadsheets write it',
      Buffer.from('\uFEFFname\temail\ttags\nAda\tada@example.org\ta;b\n', 'utf16le'),
    ],
    ['the line ends of an old Mac', 'name,email,tags\rAda,ada@example.org,a;b\r'],
  ])('a file with %s is read', async (_, content) => {
    const site = await makeSite()
    expect((await bring(site, content)).added.confirmed).toBe(1)
    expect((await everybody(site))[0]).toMatchObject({ name: 'Ada', tags: '["a","b"]' })
  })

  test('all faults of a file are told with their lines, and nobody is imported', async () => {
    const site = await makeSite()
    const faults = await faultsOf(
      site,
      [
        'email,name,rhythm,language,time zone,status',
        'good@example.org,Good,,,,',
        'short@example.org,Short',
        'long@example.org,Lovelace, Ada,,,,',
        '"line\r\nbreak@example.org",,,,,',
        '"a,b@example.org",,,,,',
        'a@b@example.org,,,,,',
        `${'a'.repeat(250)}@example.org,,,,,`,
        ',,,,,',
        'eve@example.org,"E\nve",hourly,klingon!,Mars/Base,sleepy',
        'also-good@example.org,,,,,',
        // Node says "PST" is a zone, and cannot say what time it is there.
        'pst@example.org,,,,PST,',
        // And Temporal finds one in a whole moment, which no page could show.
        'moment@example.org,,,,2026-01-01T00:00Z,',
      ].join('\n'),
    )
    expect(faults).toEqual([
      '3: this row has 2 cells, and the header has 6; put a cell that holds a separator in quotes',
      '4: this row has 7 cells, and the header has 6; put a cell that holds a separator in quotes',
      '5: the address is "line\\r\\nbreak@example.org"; it holds a line break or another control character',
      '7: the address is "a,b@example.org"; write one bare address, without a name, comma, space or < >',
      '8: the address is "a@b@example.org"; it has more than one "@"; write one address',
      expect.stringMatching(/^9: the address is "a{80}…"; .* is longer than 64 characters/),
      '10: the address is ""; write an address such as ada@example.org',
      '11: the name is "E\\nve"; it holds a line break or another control character',
      '11: the status is "sleepy"; there are unconfirmed, confirmed, unsubscribed, and the words of other programs',
      '11: the rhythm is "hourly"; there are instant, daily, weekly, monthly, paused',
      '11: the language is "klingon!"; write a language tag such as "en" or "pt-BR"',
      '11: the time zone is "Mars/Base"; write a time zone such as "Europe/Berlin" or "UTC"',
      '14: the time zone is "PST"; write a time zone such as "Europe/Berlin" or "UTC"',
      '15: the time zone is "2026-01-01T00:00Z"; write a time zone such as "Europe/Berlin" or "UTC"',
    ])
  })

  test.each([
    ['', ['the file is empty; its first row has to name the columns']],
    [
      'ada@example.org,Ada\n',
      [
        '1: no column is called "address" or "email"; the first row has to name the columns, and it is "ada@example.org, Ada"',
      ],
    ],
    ['email,Address\n', ['1: two columns are called "address"; leave one']],
    [
      'email,name\nada@example.org,"Ada\n',
      ['2: a quotation mark is opened and never closed; close it, or double it where it is meant'],
    ],
    [
      'email,name\nx,y\nada@example.org,A "B"\n',
      [
        '2: the address is "x"; it needs a name, one "@" and a domain, as in ada@example.org',
        '3: a quotation mark stands inside a cell without quotes; put the cell in quotes and double the mark',
      ],
    ],
    [
      'email,name\nada@example.org,"A" B\n',
      ['2: text follows a closing quotation mark; double the mark where it is meant'],
    ],
    [
      Buffer.from('email,name\nada@example.org,Zo\xeb\n', 'latin1'),
      ['2: this row is not UTF-8; save the file as "CSV UTF-8"'],
    ],
    [
      // A file that was cut within a letter.
      Buffer.concat([Buffer.from('email,name\nada@example.org,Zo'), Buffer.from([0xc3])]),
      ['2: this row is not UTF-8; save the file as "CSV UTF-8"'],
    ],
  ])('the file %j is told what is wrong with it', async (content, expected) => {
    expect(await faultsOf(await makeSite(), content)).toEqual(expected)
  })

  test('a quotation mark that swallows a large file is told, and so is a file of faults, in few words', async () => {
    const site = await makeSite()
    const rows = Array.from({ length: 20_000 }, (_, at) => `nobody ${at}`).join('\n')
    expect(await faultsOf(site, `email\n"${rows}${' '.repeat(1_000_000)}`)).toEqual([
      expect.stringMatching(/^\d+: a row has no end within 1,000,000 characters/),
    ])
    const faults = await faultsOf(site, `email\n${rows}`)
    expect(faults).toHaveLength(101)
    expect(faults[100]).toBe('and 19900 more faults')
  })

  test('a file that is not there, and a folder', async () => {
    const site = await makeSite()
    mkdirSync(join(site.folder, 'folder.csv'))
    for (const [name, why] of [
      ['none.csv', 'there is no such file'],
      ['folder.csv', 'it is a folder'],
    ]) {
      const file = join(site.folder, name as string)
      const error = await importSubscribers(
        site.db,
        file,
        { confirmed: true },
        site.config,
        'key',
        site.now(),
      ).catch((error) => error)
      expect(error).toBeInstanceOf(UserError)
      expect(error.message).toBe(`${file}: cannot be read: ${why}`)
    }
  })

  test('nobody who is here is changed: not who left, not who has not confirmed, not a name', async () => {
    const site = await makeSite()
    await bring(site, 'email,name,rhythm\nleft@example.org,Left,\nreader@example.org,Reader,weekly\n')
    await bring(site, 'email\nwaiting@example.org\n', { confirmed: false })
    await write(site.db, (trx) => unsubscribeSubscriber(trx, 1, site.now()))
    const before = await everybody(site)
    site.setClock('2026-11-03T09:00:00Z')
    const done = await bring(
      site,
      'email,name,rhythm\nLEFT@example.org,L,daily\nreader@EXAMPLE.org,R,daily\nwaiting@example.org,W,\nnew@example.org,,\nNew@example.org,Second,\n',
    )
    expect(done).toMatchObject({
      rows: 5,
      added: { unconfirmed: 0, confirmed: 1, unsubscribed: 0 },
      known: 3,
      repeated: 1,
    })
    const after = await everybody(site)
    expect(after.slice(0, 3)).toEqual(before)
    expect(after[3]).toMatchObject({ address: 'new@example.org', name: '' })
    expect(await consentsOf(site.db, 1)).toHaveLength(1)
  })

  test('no suppression is lifted, and who was erased does not come back', async () => {
    const site = await makeSite()
    await bring(site, 'email\nerased@example.org\n')
    await write(site.db, async (trx) => {
      const person = (await findSubscriber(trx, 'erased@example.org')) as Subscriber
      await eraseSubscriber(trx, person, site.secret, site.now())
      await suppress(trx, 'bounced@example.org', 'bounce', site.now())
    })
    const done = await bring(site, 'email\nErased@Example.org\nBounced@example.org\nada@example.org\n')
    expect(done).toMatchObject({ suppressed: 2, known: 0, added: { confirmed: 1 } })
    expect((await everybody(site)).map((person) => person.address)).toEqual(['ada@example.org'])
    expect(await site.db.selectFrom('suppressions').selectAll().execute()).toHaveLength(2)
  })

  test('who has left elsewhere, by the status column, stays out even with --confirmed', async () => {
    const site = await makeSite()
    const done = await bring(
      site,
      'email,status\nleft@example.org,Unsubscribed\nwaiting@example.org,unconfirmed\nada@example.org,confirmed\n',
    )
    expect(done.added).toEqual({ unconfirmed: 1, confirmed: 1, unsubscribed: 1 })
    await bring(site, 'email\nleft@example.org\n')
    expect((await everybody(site)).map(({ status }) => status)).toEqual([
      'unsubscribed',
      'unconfirmed',
      'confirmed',
    ])
  })

  test('20,000 people come in quickly and in order, and other writers wait for a part of them alone', async () => {
    const site = await makeSite()
    const other = await site.again()
    const rows = Array.from({ length: 20_000 }, (_, at) => `reader${at}@example.org,Reader ${at}`)
    const seen = new Set<number>()
    let isOver = false
    const writing = async () => {
      for (; !isOver; await setImmediate())
        await write(other.db, async (trx) => seen.add((await countSubscribers(trx)).confirmed))
    }
    const started = performance.now()
    const bringing = bring(site, `email,name\n${rows.join('\n')}\n`).finally(() => {
      isOver = true
    })
    const [done] = await Promise.all([bringing, writing()])
    const took = performance.now() - started
    expect([...seen]).toEqual(expect.arrayContaining([0, 10_000]))
    expect(done.added.confirmed).toBe(20_000)
    expect(took).toBeLessThan(5_000)
    const people = await everybody(other)
    expect(people.map((person) => `${person.address},${person.name}`)).toEqual(rows)
    expect(people.map((person) => person.id)).toEqual(rows.map((_, at) => at + 1))
  })
})
