import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { parseFeed } from 'feedsmith'
import Parser from 'rss-parser'
import { describe, expect, test } from 'vitest'
import { openMemory, wantsDelta } from '../../src/web/delta.ts'
import { makeSite, post } from '../site.ts'
import { openBrowser } from './browser.ts'

const FEEDS = ['/rss.xml', '/atom.xml', '/feed.json']
const TRAP = 'A feed holds `<item>`, `</item>`, `<entry>` and `</entry>`, or ends by `]]>`.'

async function publish(posts: number) {
  const site = await makeSite()
  for (let number = 1; number <= posts; number++)
    site.write(`post-${number}.md`, post(`Post ${number}`, `2026-10-${10 + number}`, `${TRAP} `.repeat(20)))
  await site.round()
  const browser = await openBrowser(site)
  /** Asks as a reader does that knows deltas, with the tag of its last answer. */
  const poll = (path: string, tag?: string, headers: Record<string, string> = {}) =>
    browser.visit(path, { headers: { 'A-IM': 'feed', ...(tag && { 'If-None-Match': tag }), ...headers } })
  return { site, ...browser, poll }
}

async function titles(path: string, text: string): Promise<string[]> {
  const { feed, format } = parseFeed(text)
  const found = format === 'atom' ? feed.entries : format === 'rdf' ? undefined : feed.items
  const mine = (found ?? []).map((entry) =>
    typeof entry.title === 'string' ? entry.title : String(entry.title?.value),
  )
  if (path !== '/feed.json') {
    const theirs = await new Parser().parseString(text)
    expect(theirs.items.map((item) => item.title)).toEqual(mine)
  }
  return mine
}

describe('a reader that asks for what is new', () => {
  test.each(FEEDS)('gets the new and the changed entry of %s, and nothing when it has them', async (path) => {
    const { site, poll } = await publish(12)
    const first = await poll(path)
    expect(first.status).toBe(200)
    expect((await titles(path, first.text)).length).toBe(12)

    site.write('post-99.md', post('Brand new', '2026-10-31', TRAP))
    site.write('post-7.md', post('Post 7, corrected', '2026-10-17', TRAP))
    await site.round()
    const tag = String(first.headers.etag)
    const second = await poll(path, tag)
    expect(second.status).toBe(226)
    expect(await titles(path, second.text)).toEqual(['Brand new', 'Post 7, corrected'])
    expect(second.headers).toMatchObject({
      im: 'feed',
      'delta-base': tag,
      'content-type': first.headers['content-type'],
      'content-length': String(second.bytes.length),
      'cache-control': 'private, no-store',
      link: first.headers.link,
      vary: expect.stringContaining('A-IM'),
    })

    // The tag is that of the whole feed as it is now.
    const whole = await poll(path, '"nobody knows this one"')
    expect(whole.status).toBe(200)
    expect(whole.headers.etag).toBe(second.headers.etag)
    expect(whole.headers['last-modified']).toBe(second.headers['last-modified'])
    expect(await poll(path, second.headers.etag)).toMatchObject({ status: 304, text: '' })
    for (const entry of await titles(path, second.text))
      expect(await titles(path, whole.text)).toContain(entry)
  })

  test('gets a tenth of the bytes when one of twenty is new, compressed on top', async () => {
    const { site, poll } = await publish(19)
    const first = await poll('/rss.xml')
    site.write('post-99.md', post('Brand new', '2026-10-31', TRAP))
    await site.round()
    const tag = String(first.headers.etag)
    const delta = await poll('/rss.xml', tag)
    expect(delta.status).toBe(226)
    expect(delta.bytes.length).toBeLessThan(first.bytes.length / 10)
    const gzip = await poll('/rss.xml', tag, { 'Accept-Encoding': 'gzip' })
    const br = await poll('/rss.xml', tag, { 'Accept-Encoding': 'gzip, br' })
    expect(gunzipSync(gzip.bytes).toString()).toBe(delta.text)
    expect(brotliDecompressSync(br.bytes).toString()).toBe(delta.text)
    expect(gzip).toMatchObject({ status: 226, headers: { 'content-encoding': 'gzip' } })
  })

  test('may name several versions, weak and in any encoding; the newest that is known counts', async () => {
    const { site, poll } = await publish(3)
    const tags: string[] = []
    for (const number of [4, 5, 6]) {
      tags.push(String((await poll('/atom.xml')).headers.etag))
      site.write(`post-${number}.md`, post(`Post ${number}`, `2026-10-2${number}`))
      await site.round()
    }
    const [oldest, , newest] = tags as [string, string, string]
    const titlesFor = async (named: string) => titles('/atom.xml', (await poll('/atom.xml', named)).text)
    expect(await titlesFor(oldest)).toEqual(['Post 6', 'Post 5', 'Post 4'])
    expect(await titlesFor(`"other", W/${newest.slice(0, -1)}-gz", ${oldest}`)).toEqual(['Post 6'])
  })

  test('gets the whole where it does not ask, is not known, or has nothing of it', async () => {
    const { site, poll, visit } = await publish(2)
    const tag = String((await poll('/rss.xml')).headers.etag)
    site.write('post-3.md', post('Post 3', '2026-10-31'))
    await site.round()
    const ask = async (headers: Record<string, string>) => (await visit('/rss.xml', { headers })).status
    expect(await ask({ 'If-None-Match': tag, 'A-IM': 'feed' })).toBe(226)
    expect(await ask({ 'If-None-Match': tag })).toBe(200)
    expect(await ask({ 'If-None-Match': tag, 'A-IM': 'vcdiff, feed;q=0' })).toBe(200)
    expect(await ask({ 'If-None-Match': '"other"', 'A-IM': 'feed' })).toBe(200)
    expect(await ask({ 'If-Modified-Since': 'Mon, 02 Nov 2020 08:00:00 GMT', 'A-IM': 'feed' })).toBe(200)
    expect(await ask({ 'A-IM': 'feed' })).toBe(200)
    for (const name of ['post-1.md', 'post-2.md', 'post-3.md']) site.remove(name)
    site.write('post-4.md', post('Post 4', '2026-10-31'))
    await site.round()
    expect(await ask({ 'If-None-Match': tag, 'A-IM': 'feed' })).toBe(200)
    // Of a page there are no deltas.
    const page = await visit('/')
    const headers = { 'If-None-Match': String(page.headers.etag), 'A-IM': 'feed' }
    site.remove('post-4.md')
    await site.round()
    expect((await visit('/', { headers })).status).toBe(200)
  })
})

describe('a delta', () => {
  const between = (before: string, after: string, format: 'rss' | 'atom' | 'json') => {
    const memory = openMemory()
    memory.remember('feed', 'old', Buffer.from(before), format)
    return memory.since('feed', 'old', Buffer.from(after), format)?.toString() ?? null
  }
  const item = (text: string) => `\n  <item><title>${text}</title></item>`
  const rss = (...parts: string[]) => `<rss><channel>${parts.join('')}\n</channel></rss>\n`

  test('does not call itself complete, or readers would throw away what is not in it', () => {
    const complete = '<fh:complete/><fh:complete />\n <fh:complete></fh:complete>'
    const title = '<title><![CDATA[<fh:complete/>]]></title><!-- <fh:complete/> -->'
    const delta = between(rss(item('a')), rss(title, complete, item('b'), item('a')), 'rss')
    expect(delta).toBe(rss(title, item('b')))
  })

  test('takes no tag in a text for an entry', () => {
    const trap = '<![CDATA[</item><item>]]><!-- <item> --><?x <item>?>&lt;item&gt;<itemize/>'
    expect(between(rss(item('a'), item(trap)), rss(item('b'), item(trap), item('a')), 'rss')).toBe(
      rss(item('b')),
    )
  })

  test('keeps what stands between and behind the entries', () => {
    const head = '<title>x</title>'
    const delta = between(
      rss(item('a'), item('b')),
      rss(head, item('a'), '<ttl>5</ttl>', item('b'), item('c'), '<z/>'),
      'rss',
    )
    expect(delta).toBe(rss(head, '<ttl>5</ttl>', item('c'), '<z/>'))
  })

  test('is none of what is no feed', () => {
    expect(between('nonsense', 'nonsense', 'rss')).toBeNull()
    expect(between('{', '{', 'json')).toBeNull()
    expect(between('null', 'null', 'json')).toBeNull()
    expect(between('{"items": 7}', '{"items": 7}', 'json')).toBeNull()
    expect(between(rss(item('a')), rss(item('a'), '<item><item>'), 'rss')).toBeNull()
    expect(between(rss(item('a')), rss(item('a'), '<item>'), 'rss')).toBeNull()
  })

  test('is made from the last fifty versions', () => {
    const memory = openMemory()
    for (let number = 1; number <= 60; number++)
      memory.remember('feed', `v${number}`, Buffer.from(rss(item(String(number)))), 'rss')
    expect(memory.newestKnown('feed', ['v10'])).toBeNull()
    expect(memory.newestKnown('feed', ['v11', 'v10', 'v12'])).toBe('v12')
    expect(memory.newestKnown('other', ['v11'])).toBeNull()
  })
})

test.each([
  ['feed', true],
  ['vcdiff, Feed ', true],
  ['feed;q=0.5', true],
  ['feed;q=0', false],
  ['feed; q=0.00', false],
  ['feeds', false],
  ['gzip', false],
  ['', false],
  [undefined, false],
])('A-IM %j asks for it: %j', (header, wanted) => {
  expect(wantsDelta(header)).toBe(wanted)
})

test('a feed too large to be held has no deltas and no trouble', async () => {
  const site = await makeSite()
  mkdirSync(site.config.feeds.folder)
  const file = join(site.config.feeds.folder, 'rss.xml')
  writeFileSync(file, `<rss><channel><item>${'x'.repeat(1_100_000)}</item></channel></rss>`)
  const { visit } = await openBrowser(site)
  const { headers } = await visit('/rss.xml')
  writeFileSync(file, `<rss><channel><item>${'y'.repeat(1_200_000)}</item></channel></rss>`)
  const answer = await visit('/rss.xml', { headers: { 'If-None-Match': `${headers.etag}`, 'A-IM': 'feed' } })
  expect(answer.status).toBe(200)
  expect(answer.bytes.length).toBeGreaterThan(1_200_000)
})
