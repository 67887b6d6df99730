import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { changeStamp, write } from '../../src/store/database.ts'
import { suppress, unsubscribeSubscriber } from '../../src/store/subscribers.ts'
import { importSubscribers, rehearseImport } from '../../src/subscribers/import.ts'
import { makeSite, type TestSite } from '../site.ts'

function list(site: TestSite, lines: string[]): string {
  const file = join(site.folder, 'people.csv')
  writeFileSync(file, lines.join('\n'))
  return file
}

const bring = (site: TestSite, lines: string[], confirmed = true) =>
  importSubscribers(site.db, list(site, lines), { confirmed }, site.config, site.secret, site.now())

const rehearse = (site: TestSite, lines: string[], confirmed = true) =>
  rehearseImport(site.db, list(site, lines), { confirmed }, site.config, site.secret)

/** All that is kept of people. */
async function everything({ db }: TestSite) {
  return {
    subscribers: await db.selectFrom('subscribers').selectAll().execute(),
    consents: await db.selectFrom('consents').selectAll().execute(),
    suppressions: await db.selectFrom('suppressions').selectAll().execute(),
  }
}

async function siteWithPeople(): Promise<TestSite> {
  const site = await makeSite()
  await bring(site, ['email', 'left@example.org', 'Reader@example.org'])
  await bring(site, ['email', 'waiting@example.org'], false)
  await write(site.db, async (trx) => {
    await unsubscribeSubscriber(trx, 1, site.now())
    await suppress(trx, 'bounced@example.org', 'bounce', site.now())
  })
  return site
}

const LINES = [
  'email,name,status',
  'left@example.org,Left,subscribed',
  'reader@example.org,Another name,',
  'waiting@example.org,,active',
  'bounced@example.org,,',
  'ada@bücher.example,Ada,',
  'ADA@Bu\u0308cher.example,Ada,',
  'kurt@example.org,Kurt,cleaned',
  'Ada@BÜCHER.Example,,',
]

describe('a dry run of an import', () => {
  test('tells who is new, known, not raised, there twice or never mailed, with lines, and writes nothing', async () => {
    const site = await siteWithPeople()
    const before = await everything(site)
    const other = await site.again()
    const stamp = await changeStamp(other.db)
    const { examples, ...counts } = await rehearse(site, LINES)
    expect(counts).toEqual({
      rows: 8,
      added: { unconfirmed: 0, confirmed: 1, unsubscribed: 1 },
      known: 3,
      notRaised: 2,
      repeated: 2,
      suppressed: 1,
      newlySuppressed: 0,
      faulty: 0,
      faults: [],
      ignored: [],
      cautions: [],
    })
    const ada = { line: 6, address: 'ada@xn--bcher-kva.example' }
    expect(examples).toEqual({
      added: [
        { ...ada, status: 'confirmed' },
        { line: 8, address: 'kurt@example.org', status: 'unsubscribed' },
      ],
      known: [{ line: 3, address: 'Reader@example.org' }],
      notRaised: [
        { line: 2, address: 'left@example.org', status: 'unsubscribed' },
        { line: 4, address: 'waiting@example.org', status: 'unconfirmed' },
      ],
      repeated: [
        { line: 7, address: 'ADA@xn--bcher-kva.example', of: ada },
        { line: 9, address: 'Ada@xn--bcher-kva.example', of: ada },
      ],
      suppressed: [{ line: 5, address: 'bounced@example.org' }],
    })
    expect(await everything(site)).toEqual(before)
    expect(await changeStamp(other.db)).toBe(stamp)
  })

  test('foretells what the import then does, which raises nobody and lifts nothing', async () => {
    const site = await siteWithPeople()
    const before = await everything(site)
    const { examples, faulty, faults, ...foretold } = await rehearse(site, LINES)
    expect(await bring(site, LINES)).toEqual({ number: 3, ...foretold })
    const after = await everything(site)
    expect(after.subscribers.slice(0, 3)).toEqual(before.subscribers)
    expect(after.suppressions).toEqual(before.suppressions)
    expect(await rehearse(site, LINES)).toMatchObject({ added: { confirmed: 0, unsubscribed: 0 }, known: 5 })
  })

  test('goes on behind a fault and tells each with its line', async () => {
    const site = await makeSite()
    const found = await rehearse(site, [
      'email,status',
      'ada@example.org,',
      'nobody,perhaps',
      'grace@example.org',
      'alan@example.org,"never closed',
    ])
    expect(found).toMatchObject({ rows: 3, faulty: 2, added: { confirmed: 1 } })
    expect(found.faults.map(({ line, message }) => `${line}: ${message}`)).toEqual([
      '3: the address is "nobody"; it needs a name, one "@" and a domain, as in ada@example.org',
      '3: the status is "perhaps"; there are unconfirmed, confirmed, unsubscribed, and the words of other programs',
      expect.stringMatching(/^4: this row has 1 cell/),
      expect.stringMatching(/^5: a quotation mark is opened and never closed/),
    ])
    expect((await rehearse(site, ['name', 'Ada'])).faults).toMatchObject([{ line: 1 }])
    expect((await rehearse(site, [])).faults).toMatchObject([{ message: expect.stringContaining('empty') }])
  })

  test('counts a long list and shows the first of it', async () => {
    const site = await makeSite()
    const addresses = Array.from({ length: 3_000 }, (_, at) => `reader${at}@example.org`)
    const found = await rehearse(site, ['email', ...addresses, ...addresses])
    expect(found).toMatchObject({ rows: 6_000, added: { confirmed: 3_000 }, repeated: 3_000 })
    expect(found.examples.added.map(({ line }) => line)).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 2),
    )
    expect(found.examples.repeated).toHaveLength(20)
    expect(found.examples.repeated[0]).toMatchObject({ line: 3_002, of: { line: 2 } })
  })

  test('a file that is not there is the same mistake as without it', async () => {
    const site = await makeSite()
    const file = join(site.folder, 'none.csv')
    await expect(rehearseImport(site.db, file, { confirmed: true }, site.config, 'key')).rejects.toThrow(
      UserError,
    )
  })
})
