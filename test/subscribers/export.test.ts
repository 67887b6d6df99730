import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { write } from '../../src/store/database.ts'
import { streamSubscribers, suppress, unsubscribeSubscriber } from '../../src/store/subscribers.ts'
import { exportSubscribers } from '../../src/subscribers/export.ts'
import { guardCell, readCell } from '../../src/subscribers/formula.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { makeSite, type TestSite } from '../site.ts'

async function exported(site: TestSite): Promise<string> {
  const output = new PassThrough()
  const [whole] = await Promise.all([
    text(output),
    exportSubscribers(site.db, output).then(() => void output.end()),
  ])
  return whole
}

async function bring(site: TestSite, content: string) {
  const file = join(site.folder, 'list.csv')
  writeFileSync(file, content)
  return importSubscribers(site.db, file, { confirmed: true }, site.config, site.secret, site.now())
}

describe('export', () => {
  test('all columns of everybody, in the order in which they came', async () => {
    const site = await makeSite()
    await bring(site, 'email,name,tags\nada@example.org,"Lovelace, ""Ada""",a;b\ngrace@example.org,,\n')
    const then = new Date('2026-11-03T09:00:00Z')
    await write(site.db, async (trx) => {
      await unsubscribeSubscriber(trx, 2, then)
      await suppress(trx, 'grace@example.org', 'complaint', then)
      await suppress(trx, 'stranger@example.org', 'bounce', then)
    })
    expect(await exported(site)).toBe(
      [
        '"address","name","status","rhythm","tags","language","time zone","hour","weekday","paused until","followed tags","followed languages","created","asked","confirmed","unsubscribed","suppressed","suppressed since","consents"',
        '"ada@example.org","Lovelace, ""Ada""","confirmed","instant","a;b","en","","","","","","","2026-11-02T09:00:00.000Z","","2026-11-02T09:00:00.000Z","","","","[{""at"":""2026-11-02T09:00:00.000Z"",""act"":""imported"",""source"":""list.csv"",""words"":""""}]"',
        '"grace@example.org","","unsubscribed","instant","","en","","","","","","","2026-11-02T09:00:00.000Z","","2026-11-02T09:00:00.000Z","2026-11-03T09:00:00.000Z","complaint","2026-11-03T09:00:00.000Z","[{""at"":""2026-11-02T09:00:00.000Z"",""act"":""imported"",""source"":""list.csv"",""words"":""""}]"',
        '"stranger@example.org","","suppressed","","","","","","","","","","","","","","bounce","2026-11-03T09:00:00.000Z",""',
        '',
      ].join('\n'),
    )
  })

  test('a name that a spreadsheet would run is text there, and the same name again here', async () => {
    const names = [
      '=HYPERLINK("http://x.example","Hi")',
      '+1',
      '-1',
      '@SUM(A1)',
      "'=1",
      "''+2",
      "'quoted'",
      '=1;=2',
    ]
    const site = await makeSite()
    const rows = names.map(
      (name, at) => `=${at}@example.org,"${guardCell(name).replaceAll('"', '""')}",-tag;=b`,
    )
    await bring(site, `email,name,tags\n${rows.join('\n')}\n`)
    const csv = await exported(site)
    const cells = (parse(csv) as string[][]).flat()
    expect(cells.filter((cell) => /^[=+\-@\t\r\n]/.test(cell))).toEqual([])
    expect(csv.split('\n')[1]).toContain(`"'=0@example.org","'=HYPERLINK(""http://x.example"",""Hi"")"`)

    const other = await makeSite()
    await bring(other, csv)
    const known = async ({ db }: TestSite) => {
      const all: string[][] = []
      for await (const { address, name, tags } of streamSubscribers(db)) all.push([address, name, tags])
      return all
    }
    expect(await known(other)).toEqual(await known(site))
    expect((await known(other)).map(([, name]) => name)).toEqual(names)
  })

  test('a cell guarded and read is the same text, whatever it is', () => {
    const text = fc.string({
      unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\r', '\n', '＝', 'a', '"'),
    })
    fc.assert(
      fc.property(text, (value) => {
        expect(readCell(guardCell(value))).toBe(value)
        expect(guardCell(value)).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/)
      }),
    )
  })

  test('a tag with a comma is one tag again', async () => {
    const site = await makeSite()
    await bring(site, 'email,tags\nada@example.org,"""Release, major"";math"\n')
    const other = await makeSite()
    await bring(other, await exported(site))
    for (const { db } of [site, other])
      for await (const { tags } of streamSubscribers(db))
        expect(JSON.parse(tags)).toEqual(['Release, major', 'math'])
  })

  test('who left in one database has left in the next, even where the list is imported as confirmed', async () => {
    const site = await makeSite()
    await bring(site, 'email\nada@example.org\ngrace@example.org\n')
    await write(site.db, (trx) => unsubscribeSubscriber(trx, 2, site.now()))
    const other = await makeSite()
    const done = await bring(other, await exported(site))
    expect(done.added).toEqual({ unconfirmed: 0, confirmed: 1, unsubscribed: 1 })
    expect(done.ignored).toEqual([])
  })
})
