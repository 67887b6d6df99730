import type { ServerResponse } from 'node:http'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { pingHub, whyHubCannotFetch } from '../../src/hub/ping.ts'
import { time, write } from '../../src/store/database.ts'
import { claimPings, readSilence, readUntold } from '../../src/store/pings.ts'
import { openSession } from '../commands/session.ts'
import { makeFolder } from '../site.ts'
import { type Blog, openBlog } from './blog.ts'

const FEEDS = { 'rss.xml': 'rss 1', 'atom.xml': 'atom 1', 'feed.json': 'json 1' }
const NEWER = { 'rss.xml': 'rss 2', 'atom.xml': 'atom 2', 'feed.json': 'json 2' }
/** The site's own feed last: a hub that takes only one takes that. */
const ALL = ['feed.json', 'atom.xml', 'rss.xml']

async function published(feeds: Record<string, string> = FEEDS): Promise<Blog> {
  const blog = await openBlog()
  await blog.write(feeds)
  blog.upload()
  return blog
}

const lines = (done: { happened: { line: string }[] }) => done.happened.map(({ line }) => line)
const untold = async ({ site }: Blog) => (await readUntold(site.db)).feeds

describe('a publish', () => {
  test('is told to the hub in one request, and never again', async () => {
    const blog = await published()
    const { told, happened } = await blog.step()
    expect(told).toHaveLength(3)
    expect(blog.told()).toEqual([ALL])
    expect(blog.hub.heard[0]?.get('hub.mode')).toBe('publish')
    expect(blog.hub.types[0]).toMatch(/^application\/x-www-form-urlencoded\b/)
    expect(happened).toEqual([
      {
        level: 'info',
        line: `the hub ${blog.site.config.feeds.hub} was told of rss.xml, atom.xml and feed.json`,
      },
    ])
    await blog.write({})
    expect(await blog.step('09:01')).toEqual({ told: [], waiting: [], happened: [] })
    expect(blog.told()).toHaveLength(1)
    expect(blog.fetched).toHaveLength(3)
  })

  test('of one feed is a ping for that feed', async () => {
    const blog = await published()
    await blog.step()
    await blog.write({ 'atom.xml': 'atom 2' })
    blog.upload()
    await blog.step('09:05')
    expect(blog.told()).toEqual([ALL, ['atom.xml']])
  })

  test('that writes the same bytes anew is none, also for a process that has just started', async () => {
    const blog = await published()
    await blog.step()
    await blog.write(FEEDS)
    await blog.write(FEEDS, { site: await blog.site.again(), noted: new Map() })
    await blog.step('09:05')
    expect(blog.told()).toHaveLength(1)
  })

  test('that another process wrote and never noted is noted by the next round', async () => {
    const blog = await published()
    await blog.step()
    await blog.write(NEWER, { site: { ...blog.site, config: withoutHub(blog) }, noted: new Map() })
    expect(await untold(blog)).toBe(0)
    await blog.write({})
    expect(await untold(blog)).toBe(3)
  })

  test('that is taken back before the hub was told is none', async () => {
    const blog = await published()
    await blog.step()
    await blog.write(NEWER)
    await blog.write(FEEDS)
    expect(await untold(blog)).toBe(0)
    await blog.step('09:05')
    expect(blog.told()).toHaveLength(1)
  })

  test('of hundreds of feeds is told in requests of a hundred, the site’s own in the first', async () => {
    const tags = Array.from({ length: 130 }, (_, tag) => [`tags/tag-${tag}/rss.xml`, `tag ${tag}`])
    const blog = await published({ ...Object.fromEntries(tags), ...FEEDS })
    const { told, happened } = await blog.step()
    expect(told).toHaveLength(133)
    expect(blog.told().map((topics) => topics.length)).toEqual([100, 33])
    expect(blog.told()[0]?.slice(-3)).toEqual(ALL)
    expect(happened[0]?.line).toContain('rss.xml, atom.xml, feed.json and 97 more')
  })

  test('is nothing to a site without a hub', async () => {
    const blog = await openBlog({ hub: undefined })
    await blog.write(FEEDS)
    expect(await untold(blog)).toBe(0)
    expect(await blog.step()).toEqual({ told: [], waiting: [], happened: [] })
  })

  test('is of feeds alone, and not of pages, pictures and archives', async () => {
    const blog = await published({
      ...FEEDS,
      'index.html': 'page',
      'archive/rss-1.xml': 'old',
      'feed.json.gz': 'z',
    })
    await blog.step()
    expect(blog.told()).toEqual([ALL])
  })

  test('a feed that is gone is forgotten', async () => {
    const blog = await published({ ...FEEDS, 'tags/tea/rss.xml': 'tea' })
    blog.remove('tags/tea/rss.xml')
    await blog.write({})
    await blog.step()
    expect(blog.told()).toEqual([ALL])
    expect(await untold(blog)).toBe(0)
  })
})

describe('the hub is told when the new bytes are where readers find them', () => {
  test('and not while the host has the old ones, which is said once', async () => {
    const blog = await published()
    await blog.step()
    await blog.write(NEWER)
    const early = await blog.step('09:10')
    expect(early.waiting).toHaveLength(3)
    expect(lines(early)).toEqual([
      `not at ${blog.site.config.feeds.url} yet: rss.xml, atom.xml and feed.json (there is another version); the hub is told when they are`,
    ])
    blog.fetched.length = 0
    expect(await blog.step('09:10')).toMatchObject({ waiting: [], happened: [] })
    expect(blog.fetched).toEqual([])
    expect(await blog.step('09:11')).toMatchObject({ waiting: { length: 3 }, happened: [] })
    expect(blog.told()).toHaveLength(1)
    blog.upload()
    await blog.step('09:13')
    expect(blog.told()).toEqual([ALL, ALL])
  })

  test('hours later too: it is looked for ever less, and never given up', async () => {
    const blog = await openBlog()
    await blog.write({ 'rss.xml': 'rss 1' })
    for (let minute = 0; minute < 12 * 60; minute += 5) await blog.step(clock(minute))
    expect(blog.fetched.length).toBeGreaterThan(40)
    expect(blog.fetched.length).toBeLessThan(60)
    blog.upload()
    await blog.step(clock(12 * 60 + 15))
    expect(blog.told()).toEqual([['rss.xml']])
  })

  test('compressed as well', async () => {
    const blog = await published()
    const br = (bytes: string) => bytes.startsWith('rss')
    blog.serve.answer = (response, bytes) =>
      response
        .writeHead(200, { 'Content-Encoding': br(bytes) ? 'br' : 'gzip' })
        .end(br(bytes) ? brotliCompressSync(bytes) : gzipSync(bytes))
    await blog.step()
    expect(blog.told()).toEqual([ALL])
  })

  test('while an upload is under way it waits, seven minutes at most', async () => {
    const blog = await openBlog()
    await blog.write(FEEDS)
    blog.upload('rss.xml', 'atom.xml')
    for (const at of ['09:00', '09:01', '09:03']) await blog.step(at)
    expect(blog.told()).toEqual([])
    await blog.step('09:07')
    expect(blog.told()).toEqual([['atom.xml', 'rss.xml']])
    blog.upload()
    await blog.step('09:15')
    expect(blog.told()[1]).toEqual(['feed.json'])
  })

  test('an upload that is done within the minute is one ping', async () => {
    const blog = await openBlog()
    await blog.write(FEEDS)
    blog.upload('rss.xml')
    await blog.step('09:00')
    blog.upload()
    await blog.step('09:01')
    expect(blog.told()).toEqual([ALL])
  })

  test('a host that is slow, breaks off or never ends costs a moment', async () => {
    const blog = await published()
    const feeds = ['rss.xml', 'atom.xml', 'feed.json']
    const misdeeds: Blog['serve']['answer'][] = [() => {}, (response) => response.destroy(), forever]
    blog.serve.answer = (response, bytes) => misdeeds[feeds.indexOf(fileOf(bytes))]?.(response, bytes)
    const done = await blog.step('09:00', blog.site, { requestMs: 60, stepMs: 5_000 })
    expect(done.waiting).toHaveLength(3)
    expect(blog.told()).toEqual([])
  })

  test('a step whose time is up leaves the rest to the next', async () => {
    const blog = await published()
    blog.serve.answer = () => {}
    await blog.step('09:00', blog.site, { requestMs: 5_000, stepMs: 60 })
    blog.serve.answer = (response, bytes) => response.end(bytes)
    await blog.step('09:01')
    expect(blog.told()).toEqual([ALL])
  })
})

describe('a hub that does not take it', () => {
  test('is tried again after a minute, then two, then four, by whichever process is there', async () => {
    const blog = await published()
    blog.hub.answer = (response) =>
      response.writeHead(503, { 'Content-Type': 'text/plain' }).end('so busy\u001b[31m\n')
    const { told, happened } = await blog.step('09:00')
    expect(told).toEqual([])
    expect(happened).toEqual([
      {
        level: 'warn',
        line: `the hub ${blog.site.config.feeds.hub} could not be told of rss.xml, atom.xml and feed.json: it answered 503, so busy[31m; it is tried again at 2026-11-02 09:01 UTC`,
      },
    ])
    const again = await blog.site.again()
    const tried = []
    for (let minute = 0; minute < 10; minute++) {
      blog.hub.heard.length = 0
      await blog.step(`09:0${minute}`, again)
      if (blog.hub.heard.length > 0) tried.push(minute)
    }
    expect(tried).toEqual([1, 3, 7])
    blog.hub.answer = (response) => response.writeHead(202).end()
    await blog.step('09:15', again)
    expect(blog.told()).toEqual([ALL])
    expect(await readSilence(blog.site.db, blog.site.config.feeds.hub ?? '')).toBeNull()
  })

  test('is told of a newer version once, and not of the one before', async () => {
    const blog = await published()
    blog.hub.answer = (response) => response.writeHead(500).end()
    await blog.step('09:00')
    await blog.write({ 'rss.xml': 'rss 2' })
    blog.upload()
    blog.hub.answer = (response) => response.writeHead(204).end()
    await blog.step('09:00')
    expect(blog.told()).toHaveLength(1)
    await blog.step('09:01')
    expect(blog.told()).toEqual([ALL, ALL])
    expect(await untold(blog)).toBe(0)
  })

  test('is left alone for as long as it asks, and for a minute at least and a day at most', async () => {
    const blog = await published({ 'rss.xml': 'rss 1' })
    const untilAfter = async (value: string, day: number) => {
      blog.hub.answer = (response) => response.writeHead(429, { 'Retry-After': value }).end()
      blog.site.setClock(`2026-11-0${day}T09:00:00Z`)
      await blog.step()
      const silence = await readSilence(blog.site.db, blog.site.config.feeds.hub ?? '')
      return silence?.until.toISOString().slice(8, 16)
    }
    expect(await untilAfter('120', 2)).toBe('02T09:02')
    expect(await untilAfter('Tue, 03 Nov 2026 09:40:00 GMT', 3)).toBe('03T09:40')
    expect(await untilAfter('0', 4)).toBe('04T09:01')
    expect(await untilAfter('999999999', 5)).toBe('06T09:00')
    expect(await untilAfter('soon', 7)).toBe('07T09:16')
  })

  test('as it is down, or never answers, is no matter for anybody else', async () => {
    const blog = await published()
    blog.hub.answer = () => {}
    const slow = await blog.step('09:00', blog.site, { requestMs: 60, stepMs: 5_000 })
    expect(lines(slow)[0]).toContain('feed.json: no answer came in time; it is tried again')
    await blog.hub.close()
    const down = await blog.step('09:01')
    expect(lines(down)[0]).toContain('feed.json: nothing listens there; it is tried again')
    expect(await untold(blog)).toBe(3)
  })

  test('as it has moved is not taken for a yes, whatever page is there now', async () => {
    const blog = await published()
    blog.hub.answer = (response) => response.writeHead(302, { Location: '/new/' }).end()
    const there = new URL('/new/', blog.site.config.feeds.hub).href
    expect(lines(await blog.step())[0]).toContain(`it is at ${there} now; write that as "feeds.hub"`)
    expect(blog.told()).toHaveLength(1)
    expect(await untold(blog)).toBe(3)
  })

  test('as the worker is stopped is not blamed, and told by the next one at once', async () => {
    const blog = await published()
    const stopped = new AbortController()
    blog.hub.answer = () => stopped.abort()
    const done = await pingHub({ ...blog.site, signal: stopped.signal })
    expect(done).toEqual({ told: [], waiting: [], happened: [] })
    blog.hub.answer = (response) => response.writeHead(204).end()
    await blog.step()
    expect(blog.told()).toEqual([ALL, ALL])
  })

  test('shows in status, with what it said and since when', async () => {
    const blog = await published()
    blog.hub.answer = (response) => response.writeHead(503).end()
    const address = blog.site.config.feeds.hub ?? ''
    const { posthorn, json } = openSession(blog.site.folder, '2026-11-02T09:02:00Z')
    const shown = async () => (await posthorn('status')).split('\n').filter((line) => line.includes(address))
    expect(await shown()).toEqual([])
    await blog.step('09:00')
    await blog.step('09:01')
    expect(await shown()).toEqual([
      `the hub ${address} could not be told of 3 feeds since Mon 2 Nov 2026, 10:00 Europe/Berlin: it answered 503; the next try is Mon 2 Nov 2026, 10:03 Europe/Berlin`,
    ])
    expect(await json('status --json')).toMatchObject({
      hub: {
        address,
        untold: 3,
        since: '2026-11-02T09:00:00.000Z',
        until: '2026-11-02T09:03:00.000Z',
        reason: 'it answered 503',
      },
    })
    blog.hub.answer = (response) => response.writeHead(204).end()
    await blog.step('09:03')
    await blog.write(NEWER)
    await blog.step('09:04')
    expect(await shown()).toEqual([
      `the hub ${address} is not told of 3 feeds since Mon 2 Nov 2026, 10:03 Europe/Berlin: what is at ${blog.site.config.feeds.url} is not what was written here; upload it, or mend "feeds.url"`,
    ])
    blog.upload()
    await blog.step('09:05')
    expect(await shown()).toEqual([])
    expect(await json('status --json')).toMatchObject({
      hub: { address, untold: 0, since: null, reason: null },
    })
  })
})

describe('several processes', () => {
  test('that step at the same moment tell it once', async () => {
    const blog = await published()
    const others = [await blog.site.again(), await blog.site.again()]
    await Promise.all([blog.step(), ...others.map((other) => blog.step(undefined, other))])
    expect(blog.told()).toEqual([ALL])
  })

  test('that both note one publish do not make it look younger', async () => {
    const blog = await published()
    const other = { site: await blog.site.again(), noted: new Map() }
    await blog.write({}, other)
    await blog.write(NEWER)
    await blog.step('09:00')
    await blog.write({}, other)
    expect((await blog.step('09:00')).waiting).toEqual([])
  })

  test('one that died between the hub’s yes and its own note is made up for after two minutes', async () => {
    const blog = await published()
    const now = new Date('2026-11-02T09:00:00Z')
    const until = new Date('2026-11-02T09:02:00Z')
    await write(blog.site.db, (trx) => claimPings(trx, { by: 'a process that died', until, most: 100 }, now))
    await blog.step('09:01')
    expect(blog.told()).toEqual([])
    await blog.step('09:02')
    expect(blog.told()).toEqual([ALL])
  })

  test('what is written while the hub is answering is told next', async () => {
    const blog = await published({ 'rss.xml': 'rss 1' })
    blog.hub.answer = async (response) => {
      blog.hub.answer = (next) => next.writeHead(204).end()
      await blog.write({ 'rss.xml': 'rss 2' })
      blog.upload()
      response.writeHead(204).end()
    }
    await blog.step()
    expect(blog.told()).toEqual([['rss.xml'], ['rss.xml']])
    const row = await blog.site.db.selectFrom('pings').selectAll().executeTakeFirstOrThrow()
    expect(row).toMatchObject({ wanted: null, since: null, claimed_by: null })
  })

  test('what is taken back while the hub is answering is told next', async () => {
    const blog = await published({ 'rss.xml': 'rss 1' })
    await blog.step()
    await blog.write({ 'rss.xml': 'rss 2' })
    blog.upload()
    blog.hub.answer = async (response) => {
      blog.hub.answer = (next) => next.writeHead(204).end()
      await blog.write({ 'rss.xml': 'rss 1' })
      response.writeHead(204).end()
    }
    await blog.step('09:05')
    expect(await readUntold(blog.site.db)).toMatchObject({ feeds: 1 })
    blog.upload()
    await blog.step('09:06')
    expect(blog.told()).toHaveLength(3)
    expect(await untold(blog)).toBe(0)
  })
})

test('feeds that only this machine reaches are said to be no use to a hub out there', () => {
  const said = (url: string, hub: string) =>
    whyHubCannotFetch(loadConfig(makeFolder({ feeds: { url, hub } }), {}))
  expect(said('http://localhost:8025', 'https://hub.example/')).toBe(
    'the hub https://hub.example/ cannot fetch the feeds: "feeds.url" is http://localhost:8025, which only this machine reaches',
  )
  expect(said('http://localhost:8025', 'http://127.0.0.1:9000/')).toBeNull()
  expect(said('https://blog.example', 'https://hub.example/')).toBeNull()
})

function forever(response: ServerResponse): void {
  while (response.write('x'.repeat(10_000)));
  response.once('drain', () => forever(response))
}

function clock(minute: number): string {
  return time(new Date(Date.UTC(2026, 10, 2, 9, minute) % 86_400_000)).slice(11, 16)
}

function fileOf(bytes: string): string {
  return Object.entries(FEEDS).find(([, text]) => text === bytes)?.[0] ?? ''
}

function withoutHub({ site }: Blog) {
  const { hub, ...feeds } = site.config.feeds
  return { ...site.config, feeds }
}
