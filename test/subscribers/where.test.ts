import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { streamSubscribers } from '../../src/store/subscribers.ts'
import type { Term } from '../../src/store/where.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { readWhere } from '../../src/subscribers/where.ts'
import { makeSite } from '../site.ts'

const read = (...given: string[]) => readWhere(given, 'everybody', 'Europe/Berlin')
const shown = ({ field, value, not }: Term) => `${not ? 'not ' : ''}${field} ${value}`

function faultsOf(text: string, of: 'everybody' | 'recipients' = 'everybody'): string[] {
  try {
    readWhere([text], of, 'Europe/Berlin')
  } catch (error) {
    if (error instanceof UserError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('a filter', () => {
  test.each([
    ['tag:release', ['tag release']],
    ['  tag:release   lang:de\n', ['tag release', 'lang de']],
    ['-tag:release', ['not tag release']],
    [`tag:"big news" -tag:'bad news'`, ['tag big news', 'not tag bad news']],
    [`tag:"it's here" tag:rock'n'roll tag:5"`, ["tag it's here", "tag rock'n'roll", 'tag 5"']],
    ['tag:a:b tag:-x tag:C++', ['tag a:b', 'tag -x', 'tag C++']],
    ['TAG:Release Rhythm:Weekly', ['tag Release', 'rhythm weekly']],
    ['follows:"Big News"', ['follows Big News']],
    ['lang:pt-br', ['lang pt-BR']],
    ['domain:Bücher.example', ['domain xn--bcher-kva.example']],
    ['status:unsubscribed', ['status unsubscribed']],
    // A day begins in the site's zone, an hour before Greenwich in winter and two in summer.
    [
      'since:2026-01-31 -since:2026-7-1',
      ['since 2026-01-30T23:00:00.000Z', 'not since 2026-06-30T22:00:00.000Z'],
    ],
  ])('%s', (text, terms) => {
    expect(read(text).map(shown)).toEqual(terms)
  })

  test('that is given twice requires both, and one that is not given nothing', () => {
    expect(read('tag:a', 'tag:b').map(shown)).toEqual(['tag a', 'tag b'])
    expect(readWhere(undefined, 'recipients', 'UTC')).toEqual([])
  })

  test.each([
    ['', ['--where: it is empty; leave it out for everybody']],
    [
      'release',
      [
        '--where: release is no term; write FIELD:VALUE, where FIELD is tag, follows, lang, since, rhythm, domain or status',
      ],
    ],
    [
      'tags:release',
      [
        '--where: tags:release asks for "tags"; there are tag, follows, lang, since, rhythm, domain or status',
      ],
    ],
    [
      '--tag:a',
      ['--where: --tag:a asks for "-tag"; there are tag, follows, lang, since, rhythm, domain or status'],
    ],
    [
      'constructor:a',
      [
        '--where: constructor:a asks for "constructor"; there are tag, follows, lang, since, rhythm, domain or status',
      ],
    ],
    ['tag:', ['--where: tag: names no tag; write one such as tag:release']],
    ['follows:""', ['--where: follows:"" names no tag; write one such as follows:release']],
    ['tag:" "', ['--where: tag:" " names no tag; write one such as tag:release']],
    ['lang:de tag:"big news', ['--where: tag:"big news has a quote that is not closed; close it']],
    ['lang:german', ['--where: lang:german names no language; write a tag such as lang:de or lang:pt-BR']],
    ['since:yesterday', ['--where: since:yesterday names no day; write it as since:2026-01-31']],
    [
      'since:2026-02-30',
      ['--where: since:2026-02-30 names a day that does not exist; write it as since:2026-01-31'],
    ],
    [
      'rhythm:hourly',
      ['--where: rhythm:hourly names no rhythm; there are instant, daily, weekly, monthly or paused'],
    ],
    [
      'status:gone',
      ['--where: status:gone names no status; there are unconfirmed, confirmed or unsubscribed'],
    ],
    [
      'domain:@example.org',
      [
        '--where: domain:@example.org names no domain; write what follows the "@", such as domain:example.org',
      ],
    ],
    ['tag:a '.repeat(101), ['--where: it has 101 terms, and 100 are possible; choose by something shorter']],
  ])('says what is wrong with %j', (text, faults) => {
    expect(faultsOf(text)).toEqual(faults)
  })

  test('tells all that is wrong with it at once', () => {
    expect(faultsOf('tags:a lang:de since:today')).toHaveLength(2)
  })

  test('of those who are mailed asks for no status', () => {
    expect(faultsOf('status:confirmed', 'recipients')).toEqual([
      '--where: status:confirmed is for lists alone: only confirmed readers are mailed; leave it out',
    ])
    expect(faultsOf('stat:confirmed', 'recipients')).toEqual([
      '--where: stat:confirmed asks for "stat"; there are tag, follows, lang, since, rhythm or domain',
    ])
  })

  test('and its opposite part the list in two', async () => {
    const site = await makeSite()
    const file = join(site.folder, 'people.csv')
    const rows = Array.from({ length: 60 }, (_, at) => {
      const status = ['confirmed', 'unsubscribed'][at % 2]
      const rhythm = ['instant', 'weekly', 'paused'][at % 3]
      const tags = ['', 'a', 'b;a', 'Ä'][at % 4]
      return `${at}@${at % 7}.example,${status},${rhythm},${tags},${['de', 'de-AT', 'en'][at % 3]}`
    })
    writeFileSync(file, `email,status,rhythm,tags,language\n${rows.join('\n')}\n`)
    await importSubscribers(site.db, file, { confirmed: true }, site.config, site.secret, site.now())
    const found = async (text: string) => {
      const ids: number[] = []
      for await (const { id } of streamSubscribers(site.db, read(text))) ids.push(id)
      return ids
    }
    for (const term of [
      'tag:A',
      'tag:ä',
      'lang:de',
      'since:2026-11-02',
      'rhythm:paused',
      'status:confirmed',
      'domain:3.example',
    ]) {
      const [those, others] = [await found(term), await found(`-${term}`)]
      expect([...those, ...others], term).toHaveLength(60)
      expect(those.filter((id) => others.includes(id))).toEqual([])
      expect(those.length, term).toBeGreaterThan(0)
      expect(await found(`${term} -${term}`)).toEqual([])
    }
  })

  test('is read or told to be wrong, whatever is typed', () => {
    const bits = [
      'tag',
      'lang',
      'since',
      'domain',
      ':',
      '-',
      '"',
      "'",
      ' ',
      '\n',
      'de',
      '2026-02-30',
      '@',
      '\0',
      'ü',
    ]
    const text = fc.string({ unit: fc.oneof(fc.constantFrom(...bits), fc.string()) })
    fc.assert(fc.property(text, (typed) => void faultsOf(typed)))
  })

  test('of any tag in quotes is that tag', () => {
    const tag = fc.string({ minLength: 1 }).filter((each) => each.trim() === each && !each.includes('"'))
    fc.assert(
      fc.property(tag, fc.boolean(), (value, not) => {
        expect(read(`${not ? '-' : ''}tag:"${value}"`)).toEqual([{ field: 'tag', value, not }])
      }),
    )
  })
})
