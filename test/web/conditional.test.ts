import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readDate } from '../../src/web/conditional.ts'
import { makeSite } from '../site.ts'
import { type Answer, openBrowser } from './browser.ts'

const WORDS = 'the same words again and again, '.repeat(100)
const MODIFIED = 'Mon, 02 Nov 2026 08:00:00 GMT'

async function serveFeed() {
  const site = await makeSite()
  const feed = join(site.config.feeds.folder, 'rss.xml')
  mkdirSync(site.config.feeds.folder)
  writeFileSync(`${feed}.gz`, gzipSync(WORDS))
  writeFileSync(`${feed}.br`, brotliCompressSync(WORDS))
  writeFileSync(feed, WORDS)
  utimesSync(feed, new Date(MODIFIED), new Date(MODIFIED))
  return { site, feed, ...(await openBrowser(site)) }
}

describe('a reader that says what it has', () => {
  test('is sent what it has not, and 304 for what it has', async () => {
    const { visit } = await serveFeed()
    const tagFor = async (encoding: string) =>
      String((await visit('/rss.xml', { headers: { 'Accept-Encoding': encoding } })).headers.etag)
    const [plain, gzip, br] = [await tagFor('identity'), await tagFor('gzip'), await tagFor('br')]
    expect(new Set([plain, gzip, br]).size).toBe(3)
    for (const tag of [plain, gzip, br]) expect(tag).toMatch(/^"[0-9a-f]{32}(-gz|-br)?"$/)
    const apache = `${plain.slice(0, -1)}-gzip"`

    const none = 'If-None-Match'
    const since = 'If-Modified-Since'
    const table: [number, Record<string, string>][] = [
      [304, { [none]: plain }],
      [304, { [none]: gzip }],
      [304, { [none]: br }],
      [304, { [none]: `W/${plain}` }],
      [304, { [none]: `W/${gzip}` }],
      [304, { [none]: apache }],
      [304, { [none]: `W/${apache}` }],
      [304, { [none]: '*' }],
      [304, { [none]: ' * ' }],
      [304, { [none]: `"a", "b,c" , W/${plain}` }],
      [304, { [none]: `"a",${br}` }],
      [304, { [none]: plain, 'Accept-Encoding': 'gzip' }],
      [304, { [none]: gzip, 'Accept-Encoding': 'br' }],
      [304, { [none]: br, 'Accept-Encoding': 'identity' }],
      [200, { [none]: '"a"' }],
      [200, { [none]: '"a", "b"' }],
      [200, { [none]: plain.slice(1, -1) }],
      [200, { [none]: plain.toUpperCase().replace(/[A-F]/, '0') }],
      [200, { [none]: '' }],
      [200, { [none]: '"*"' }],
      [200, { [none]: 'nonsense' }],
      [200, { [none]: `"a${plain.slice(1)}` }],
      [304, { [since]: MODIFIED }],
      [304, { [since]: 'Monday, 02-Nov-26 08:00:00 GMT' }],
      [304, { [since]: 'Mon Nov  2 08:00:00 2026' }],
      [304, { [since]: 'Mon, 02 Nov 2026 08:00:01 GMT' }],
      [304, { [since]: 'Mon, 02 Nov 2037 08:00:00 GMT' }],
      [200, { [since]: 'Mon, 02 Nov 2026 07:59:59 GMT' }],
      [200, { [since]: 'Monday, 02-Nov-77 08:00:00 GMT' }],
      [200, { [since]: 'Thu, 01 Jan 1970 00:00:00 GMT' }],
      [200, { [since]: 'nonsense' }],
      [200, { [since]: '' }],
      [200, { [since]: '2037-11-02T08:00:00Z' }],
      [200, { [since]: 'Mon, 02 Nov 2037 08:00:00 +0200' }],
      [200, { [since]: 'Mon, 31 Feb 2037 08:00:00 GMT' }],
      [304, { [none]: plain, [since]: 'Thu, 01 Jan 1970 00:00:00 GMT' }],
      [200, { [none]: '"a"', [since]: MODIFIED }],
      [200, { [none]: 'nonsense', [since]: MODIFIED }],
      [200, { 'If-Match': plain }],
      [200, { 'If-Match': '*' }],
      [412, { 'If-Match': '"a"' }],
      [412, { 'If-Match': `W/${plain}` }],
      [304, { 'If-Match': plain, [none]: plain }],
      [200, { 'If-Unmodified-Since': MODIFIED }],
      [412, { 'If-Unmodified-Since': 'Mon, 02 Nov 2026 07:59:59 GMT' }],
    ]
    for (const [method, stay] of [
      ['GET', false],
      ['GET', true],
      ['HEAD', false],
      ['HEAD', true],
    ] as const) {
      const ask = (headers: Record<string, string>) => visit('/rss.xml', { method, headers, stay })
      const answers = table.map(async ([, headers]) => (await ask(headers)).status)
      const told = (statuses: number[]) =>
        table.map(([, headers], place) => `${statuses[place]} ${JSON.stringify(headers)}`)
      expect(told(await Promise.all(answers))).toEqual(told(table.map(([status]) => status)))
    }
  })

  test('gets with 304 what a 200 says of its keeping, and no bytes; with HEAD the same headers as with GET', async () => {
    const { visit } = await serveFeed()
    for (const encoding of ['identity', 'gzip', 'br']) {
      const headers = { 'Accept-Encoding': encoding }
      const whole = await visit('/rss.xml', { headers })
      const again = await visit('/rss.xml', {
        headers: { ...headers, 'If-None-Match': `${whole.headers.etag}` },
      })
      expect(again).toMatchObject({ status: 304, text: '' })
      expect(again.headers['content-length']).toBeUndefined()
      for (const name of ['etag', 'cache-control', 'vary', 'last-modified']) {
        expect(again.headers[name], name).toBe(whole.headers[name])
        expect(again.headers[name], name).toBeTruthy()
      }
      const head = await visit('/rss.xml', { method: 'HEAD', headers })
      expect(head.text).toBe('')
      expect(stable(head)).toEqual(stable(whole))
    }
  })

  test('sees a new version at once, even one of the same length and time', async () => {
    const { feed, visit } = await serveFeed()
    const before = await visit('/rss.xml')
    writeFileSync(feed, WORDS.replaceAll('again', 'never'))
    utimesSync(feed, new Date(MODIFIED), new Date(MODIFIED))
    const after = await visit('/rss.xml', { headers: { 'If-None-Match': `${before.headers.etag}` } })
    expect(after.status).toBe(200)
    expect(after.text).toContain('never and never')
    // What is compressed beside it is of the version before.
    const packed = await visit('/rss.xml', { headers: { 'Accept-Encoding': 'gzip, br' } })
    expect(packed.headers['content-encoding']).toBeUndefined()
    expect(packed.text).toContain('never and never')
  })

  test('hears no date that lies ahead, and nothing is decided by one', async () => {
    const { site, feed, visit } = await serveFeed()
    const ahead = new Date('2026-11-02T09:00:01.200Z')
    utimesSync(feed, ahead, ahead)
    const headers = { 'If-Modified-Since': 'Mon, 02 Nov 2026 09:00:01 GMT' }
    const early = await visit('/rss.xml', { headers })
    expect(early.status).toBe(200)
    expect(early.headers['last-modified']).toBeUndefined()
    expect(early.headers.etag).toBeTruthy()
    site.setClock('2026-11-02T09:00:01Z')
    expect((await visit('/rss.xml')).headers['last-modified']).toBe('Mon, 02 Nov 2026 09:00:01 GMT')
    expect((await visit('/rss.xml', { headers })).status).toBe(304)
  })

  test('a picture may be kept for an hour, a page is asked for each time, a feed for five minutes, or one with a hub', async () => {
    const cacheOf = async (settings: Record<string, object>, path: string) => {
      const site = await makeSite(settings)
      const file = join(site.config.feeds.folder, path)
      mkdirSync(site.config.feeds.folder)
      writeFileSync(file, 'x')
      return (await (await openBrowser(site)).visit(`/${path}`)).headers['cache-control']
    }
    expect(await cacheOf({}, 'atom.xml')).toBe('public, max-age=300')
    expect(await cacheOf({ feeds: { hub: 'https://hub.example/' } }, 'feed.json')).toBe('public, max-age=60')
    expect(await cacheOf({}, 'hello.html')).toBe('no-cache')
    expect(await cacheOf({}, 'cat.webp')).toContain('max-age=3600')
  })
})

test.each([
  ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
  // Fifty years from now is the future, one more is the past.
  ['Sunday, 06-Nov-76 08:49:37 GMT', '2076-11-06T08:49:37.000Z'],
  ['Sunday, 06-Nov-77 08:49:37 GMT', '1977-11-06T08:49:37.000Z'],
  ['Sun, 06 Nov 1994 08:49:37', null],
  ['Sun, 06 Nov 1994 24:00:00 GMT', null],
  ['Sun, 6 Nov 1994 08:49:37 GMT', null],
  ['06 Nov 1994 08:49:37 GMT', null],
  ['0', null],
])('the date %j is %j', (written, moment) => {
  const found = readDate(written, () => new Date('2026-11-02T09:00:00Z'))
  expect(found === null ? null : new Date(found).toISOString()).toBe(moment)
})

/** The headers without the server's clock and connection. */
function stable({ headers }: Answer) {
  const { date, connection, 'keep-alive': alive, ...others } = headers
  return others
}
