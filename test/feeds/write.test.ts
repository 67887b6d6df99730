import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Config } from '../../src/config.ts'
import { UserError } from '../../src/errors.ts'
import { FORMATS } from '../../src/feeds/feed.ts'
import type { Post } from '../../src/posts/post.ts'
import { post, site, toFeed, writeFeeds } from './example.ts'
import { type Found, readAtom, readJson, readRss } from './read-back.ts'

const NOW = new Date('2026-03-01T12:00:00Z')

afterEach(() => {
  vi.unstubAllEnvs()
})

async function written(config: Config): Promise<string[]> {
  return Promise.all(
    Object.values(FORMATS).map(({ file }) => readFile(join(config.feeds.folder, file), 'utf8')),
  )
}

/** What others see of the folder. */
async function shown(config: Config): Promise<string[]> {
  return (await readdir(config.feeds.folder)).filter((name) => !name.startsWith('.')).sort()
}

async function publish(posts: Post[], config: Config, now = NOW): Promise<[Found, Found, Found]> {
  await writeFeeds(posts, config, now)
  const [rss, atom, json] = (await written(config)) as [string, string, string]
  return [readRss(rss), readAtom(atom), readJson(json)]
}

test('three files are written, and told with their sizes', async () => {
  const config = await site()
  const done = await writeFeeds([post('one'), post('two')], config, NOW)
  expect(done.map(({ file, written }) => ({ file, written }))).toEqual([
    { file: 'public/rss.xml', written: true },
    { file: 'public/atom.xml', written: true },
    { file: 'public/feed.json', written: true },
  ])
  for (const { file, bytes } of done) expect((await stat(join(config.folder, file))).size).toBe(bytes)
  expect(await shown(config)).toEqual(['atom.xml', 'feed.json', 'feeds.opml', 'rss.xml'])
})

test('a second time, on a later day, nothing is written', async () => {
  const config = await site()
  await writeFeeds([post('one')], config, NOW)
  const before = await stat(join(config.feeds.folder, 'atom.xml'))
  const again = await writeFeeds([post('one')], config, new Date('2031-05-06T07:08:09Z'))
  expect(again.map((feed) => feed.written)).toEqual([false, false, false])
  expect((await stat(join(config.feeds.folder, 'atom.xml'))).mtimeMs).toBe(before.mtimeMs)
})

test('drafts, posts of tomorrow and posts that stay out of feeds are in none of them', async () => {
  const config = await site()
  const posts = [
    post('shown'),
    post('secret-draft', { draft: true }),
    post('secret-tomorrow', { date: new Date('2026-03-01T12:00:01Z') }),
    post('secret-mail-only', { feed: false }),
  ]
  await publish(posts, config)
  for (const document of await written(config)) {
    expect(document).toContain('/posts/shown/')
    expect(document).not.toContain('secret')
  }
})

test('a scheduled post is in the feeds from its second on', async () => {
  const config = await site()
  const scheduled = [post('soon', { date: new Date('2026-03-01T12:00:00Z') })]
  expect((await publish(scheduled, config, new Date('2026-03-01T11:59:59Z')))[0].entries).toEqual([])
  expect((await publish(scheduled, config, NOW))[0].entries).toHaveLength(1)
})

test('the newest posts come first, as many as the site wants, in whatever order they were read', async () => {
  const config = await site({ feeds: { entries: 2 } })
  const posts = [
    post('b', { date: new Date('2026-01-02T00:00:00Z') }),
    post('newest', { date: new Date('2026-01-03T00:00:00Z') }),
    post('a', { date: new Date('2026-01-02T00:00:00Z') }),
    post('oldest', { date: new Date('2026-01-01T00:00:00Z') }),
  ]
  const found = await publish(posts, config)
  for (const { entries } of found) {
    expect(entries.map((entry) => entry.url.split('/').at(-2))).toEqual(['newest', 'a'])
  }
  const again = await writeFeeds(posts.toReversed(), config, NOW)
  expect(again.some((feed) => feed.written)).toBe(false)
})

test('a time zone or a locale of the machine changes nothing', async () => {
  const config = await site()
  const posts = [post('i', { title: 'Iı', date: new Date('2026-03-29T00:30:00Z') }), post('ı')]
  await writeFeeds(posts, config, new Date('2026-04-01T00:00:00Z'))
  vi.stubEnv('TZ', 'Pacific/Kiritimati')
  vi.stubEnv('LC_ALL', 'tr_TR.UTF-8')
  expect(new Date(0).getTimezoneOffset()).not.toBe(0)
  const again = await writeFeeds(posts, config, new Date('2026-04-01T00:00:00Z'))
  expect(again.map((feed) => feed.written)).toEqual([false, false, false])
})

test('a feed is as new as the newest change in it', async () => {
  const config = await site()
  const corrected = post('corrected', {
    date: new Date('2026-01-01T00:00:00Z'),
    updated: new Date('2026-02-02T00:00:00Z'),
  })
  const feed = toFeed([corrected, post('later', { date: new Date('2026-01-31T00:00:00Z') })], config, NOW)
  expect(feed.updated).toEqual(new Date('2026-02-02T00:00:00Z'))
  expect(feed.entries.map((entry) => entry.updated.toISOString())).toEqual([
    '2026-01-31T00:00:00.000Z',
    '2026-02-02T00:00:00.000Z',
  ])
})

test('a correction dated before its post, or still to come, counts from the post itself', async () => {
  const config = await site()
  const date = new Date('2026-02-01T00:00:00Z')
  for (const updated of ['2026-01-01T00:00:00Z', '2041-01-01T00:00:00Z']) {
    const feed = toFeed([post('odd', { date, updated: new Date(updated) })], config, NOW)
    expect(feed.entries[0]?.updated).toEqual(date)
    expect(feed.updated).toEqual(date)
  }
})

test('a site without posts has three feeds without entries, the same every day', async () => {
  const config = await site()
  const found = await publish([], config)
  expect(found.map((feed) => feed.entries)).toEqual([[], [], []])
  const [rss, atom] = await written(config)
  expect(rss).not.toContain('lastBuildDate')
  expect(atom).toContain('<updated>1970-01-01T00:00:00.000Z</updated>')
  const again = await writeFeeds([], config, new Date('2027-01-01T00:00:00Z'))
  expect(again.some((feed) => feed.written)).toBe(false)
})

test('an id is the same text in every format, even where it is an address in an odd form', async () => {
  const config = await site()
  const ids = [
    'HTTPS://Blog.Example:443/p/../1',
    'urn:uuid:1225C695-cfb8-4ebb-aaaa-80da344efa6a',
    'tag:a.example,2026:x&y',
  ]
  const posts = ids.map((id, index) =>
    post(`p${index}`, { id, date: new Date(Date.UTC(2026, 0, 9 - index)) }),
  )
  for (const { entries } of await publish(posts, config))
    expect(entries.map((entry) => entry.id)).toEqual(ids)
})

test('addresses in a post are absolute, and so is its picture', async () => {
  const config = await site()
  const picture = post('picture', { image: '../cup.jpg?a=1&b=2' }, '[next](../next/) ![cup](cup.jpg)')
  for (const { entries } of await publish([picture], config)) {
    expect(entries[0]?.html).toContain('href="https://blog.example/posts/next/"')
    expect(entries[0]?.html).toContain('src="https://blog.example/posts/picture/cup.jpg"')
  }
  const json = JSON.parse(await readFile(join(config.feeds.folder, 'feed.json'), 'utf8'))
  expect(json.items[0].image).toBe('https://blog.example/posts/cup.jpg?a=1&b=2')
})

test('a picture or an author page that is no web address is left out', async () => {
  const config = await site()
  const odd = post('odd', {
    image: 'data:image/png;base64,AA',
    authors: [{ name: 'Ada', url: 'javascript:alert(1)' }],
  })
  await publish([odd], config)
  for (const document of await written(config)) expect(document).not.toMatch(/data:|javascript:/)
})

test('no e-mail address of an author is published', async () => {
  const config = await site()
  await publish([post('one', { authors: [{ name: 'Grace', email: 'grace@example.org' }] })], config)
  for (const document of await written(config)) expect(document).not.toContain('@')
})

test('an author who gave an e-mail address in the place of a name is in no feed, and nobody is in their place', async () => {
  const config = await site()
  await publish(
    [post('one', { authors: [{ name: 'grace@example.org', email: 'grace@example.org' }] })],
    config,
  )
  const [rss = '', atom = '', json = ''] = await written(config)
  for (const document of [rss, atom, json]) expect(document).not.toContain('grace')
  expect(rss).not.toContain('dc:creator>')
  // Of an entry without an author, the feed's is the author.
  expect(atom.match(/<author>/g)).toHaveLength(1)
})

test('someone who is known by an address that is no e-mail address is shown', async () => {
  const config = await site()
  await publish([post('one', { authors: [{ name: '@grace@social.example' }] })], config)
  for (const document of await written(config)) expect(document).toContain('@grace@social.example')
})

test('a feed of a tag, an author or a language has an id, an address and a title of its own', async () => {
  const config = await site()
  const posts = [
    post('one', { tags: ['C++'], authors: [{ name: 'Grace' }] }),
    post('zwei', { language: 'de', authors: [{ name: 'Ada' }] }),
  ]
  await writeFeeds(posts, config, NOW)
  for (const [folder, title] of [
    ['tags/cplusplus', 'Tea & <code>: C++'],
    ['authors/grace', 'Tea & <code>: Grace'],
    ['languages/de', 'Tea & <code>: Deutsch'],
  ] as const) {
    const read = (file: string) => readFile(join(config.feeds.folder, folder, file), 'utf8')
    const [rss, atom] = [await read('rss.xml'), await read('atom.xml')]
    expect(readRss(rss).title).toBe(title)
    expect(rss).toContain(`<atom:link href="https://blog.example/${folder}/rss.xml" rel="self"`)
    expect(atom).toContain(`<id>https://blog.example/${folder}/</id>`)
    expect(JSON.parse(await read('feed.json'))).toMatchObject({
      title,
      home_page_url: `https://blog.example/${folder}/`,
      feed_url: `https://blog.example/${folder}/feed.json`,
    })
  }
})

test('a script does not come back to life when the characters that hid it are taken out', async () => {
  const config = await site()
  const hidden = ['&#x7f;', '&#x1;', '\u0080', '\ud800', '\u0000'].map(
    (character) =>
      `<a href="java${character}script:alert(1)">a</a> <scr${character}ipt>alert(1)</scr${character}ipt>`,
  )
  for (const { entries } of await publish([post('odd', {}, hidden.join('\n\n'))], config)) {
    expect(entries[0]?.html).not.toMatch(/javascript:|<script/i)
  }
})

test('where a feed cannot be written, the letter names the file', async () => {
  const config = await site()
  await mkdir(join(config.feeds.folder, 'atom.xml'), { recursive: true })
  const letter = await writeFeeds([post('one')], config, NOW).catch((error: unknown) => error)
  expect(letter).toBeInstanceOf(UserError)
  expect(String(letter)).toContain('atom.xml')
})
