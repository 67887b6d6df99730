import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import { cutFeed } from '../../src/feeds/archive.ts'
import { channelsOf } from '../../src/feeds/channel.ts'
import type { FeedFormat } from '../../src/feeds/feed.ts'
import { wantedFeeds } from '../../src/feeds/wanted.ts'
import type { Post } from '../../src/posts/post.ts'
import { post, site, writeAll } from './example.ts'
import { readAtom, readJson, readRss } from './read-back.ts'

const NOW = new Date('2026-03-01T12:00:00Z')

/** Posts 0 to `count` - 1, an hour apart. */
function posts(count: number, changes: (n: number) => Partial<Post> = () => ({})): Post[] {
  return Array.from({ length: count }, (_, n) =>
    post(`p${n}`, {
      date: new Date(Date.UTC(2020, 0, 1, n)),
      html: `<p>${n}</p>`,
      ...changes(n),
    }),
  )
}

async function publish(all: Post[], config: Config): Promise<Map<string, string>> {
  const { files } = await wantedFeeds(channelsOf(all, config, NOW), config, NOW)
  return new Map(Array.from(files, ([path, { make }]) => [path, String(make())]))
}

// What a reader does that knows nothing but the feed's own address.
const LINKS: Record<
  FeedFormat,
  { first: string; read: (document: string) => { entries: { id: string }[] }; older: RegExp }
> = {
  rss: { first: 'rss.xml', read: readRss, older: /<atom:link href="([^"]*)" rel="prev-archive"/ },
  atom: { first: 'atom.xml', read: readAtom, older: /<link rel="prev-archive"[^>]* href="([^"]*)"/ },
  json: { first: 'feed.json', read: readJson, older: /"next_url": "([^"]*)"/ },
}

function walk(
  files: Map<string, string>,
  format: FeedFormat,
  channel = '',
): { paths: string[]; ids: string[] } {
  const { first, read, older } = LINKS[format]
  const paths: string[] = []
  const ids: string[] = []
  for (let path: string | null = channel + first; path !== null; ) {
    const document = files.get(path)
    if (document === undefined) throw new Error(`${path} is linked and not there`)
    paths.push(path)
    ids.push(...read(document).entries.map(({ id }) => id))
    const [, url] = older.exec(document) ?? []
    path = url === undefined ? null : url.replace('https://blog.example/', '')
  }
  return { paths, ids }
}

const archivesOf = (files: Map<string, string>) =>
  new Map([...files].filter(([path]) => /(^|\/)archive\//.test(path)))

describe('posts that are more than a feed has', () => {
  test.each(['rss', 'atom', 'json'] as const)(
    'are reached from the %s feed, each once, newest first',
    async (format) => {
      const all = posts(300)
      const { paths, ids } = walk(await publish(all, await site()), format)
      expect(ids).toEqual(all.map(({ id }) => id).reverse())
      expect(paths.length).toBeGreaterThan(15)
      expect(paths.at(-1)).toMatch(/^archive\/(rss|atom|feed)-1\.(xml|json)$/)
    },
  )

  test('leave every archive as it is when one more is written, but for the last one’s link to a new one', async () => {
    const config = await site({ feeds: { entries: 6 } })
    let before = archivesOf(await publish(posts(60), config))
    for (let more = 1; more <= 20; more++) {
      const files = await publish(posts(60 + more), config)
      const changed = [...before].filter(([path, text]) => files.get(path) !== text)
      for (const [path, text] of changed) {
        const withoutNext = files.get(path)?.replace(/\s*<(?:atom:)?link [^>]*rel="next-archive"[^>]*>/, '')
        expect([path, withoutNext]).toEqual([path, text])
      }
      before = archivesOf(files)
      expect(walk(files, 'atom').ids).toHaveLength(60 + more)
    }
  })

  test('leave most archives as they are when an old one is deleted or written late', async () => {
    const config = await site({ feeds: { entries: 8 } })
    const all = posts(400)
    const before = archivesOf(await publish(all, config))
    const late = post('late', { date: new Date(Date.UTC(2020, 0, 5, 5, 30)), html: '<p>Late.</p>' })
    for (const changed of [all.filter((each) => each.slug !== 'p100'), [...all, late]]) {
      const after = archivesOf(await publish(changed, config))
      const same = [...before].filter(([path, text]) => after.get(path) === text)
      expect(same.length).toBeGreaterThan(before.size * 0.9)
    }
  })
})

test('a feed with everything in it says so, and another one does not', async () => {
  const config = await site({ feeds: { entries: 3 } })
  const whole = await publish(posts(3), config)
  expect(whole.get('rss.xml')).toContain('<fh:complete/>')
  expect(whole.get('atom.xml')).toContain('<fh:complete/>')
  expect(archivesOf(whole).size).toBe(0)
  const part = await publish(posts(20), config)
  for (const document of part.values()) expect(document).not.toContain('<fh:complete/>')
})

test('an archive says that it is one, of which feed, and what is around it', async () => {
  const files = await publish(posts(60), await site({ feeds: { entries: 5, hub: 'https://hub.example/' } }))
  const rss = files.get('archive/rss-2.xml') ?? ''
  expect(rss).toContain('<fh:archive/>')
  for (const [rel, path] of [
    ['self', 'archive/rss-2.xml'],
    ['current', 'rss.xml'],
    ['prev-archive', 'archive/rss-1.xml'],
    ['next-archive', 'archive/rss-3.xml'],
  ])
    expect(rss).toContain(
      `<atom:link href="https://blog.example/${path}" rel="${rel}" type="application/rss+xml"/>`,
    )
  const atom = files.get('archive/atom-2.xml') ?? ''
  expect(atom).toContain('<fh:archive/>')
  for (const rel of ['self', 'current', 'prev-archive', 'next-archive'])
    expect(atom).toContain(`<link rel="${rel}"`)
  const json = JSON.parse(files.get('archive/feed-2.json') ?? '')
  expect(json).toMatchObject({
    feed_url: 'https://blog.example/feed.json',
    next_url: 'https://blog.example/archive/feed-1.json',
  })
  // Nobody is told of what does not change.
  for (const document of [rss, atom, JSON.stringify(json)]) expect(document).not.toContain('hub.example')
  expect(files.get('archive/rss-1.xml')).not.toContain('prev-archive')
  const last = walk(files, 'rss').paths[1] as string
  expect(files.get(last)).not.toContain('next-archive')
})

test('languages have archives, tags and authors have none', async () => {
  const all = posts(40, (n) => ({
    language: n % 2 ? 'de' : 'en',
    tags: ['tea'],
    authors: [{ name: n % 3 ? 'Ada' : 'Grace' }],
  }))
  const files = await publish(all, await site({ feeds: { entries: 4 } }))
  const folders = new Set([...archivesOf(files).keys()].map((path) => path.slice(0, path.lastIndexOf('/'))))
  expect(folders).toEqual(new Set(['archive', 'languages/de/archive', 'languages/en/archive']))
  expect(walk(files, 'json', 'languages/de/').ids).toHaveLength(20)
  expect(readRss(files.get('tags/tea/rss.xml') ?? '').entries).toHaveLength(4)
})

test('archives that are no more are taken away', async () => {
  const config = await site({ feeds: { entries: 2 } })
  await writeAll(posts(12), config, NOW)
  expect(await readdir(config.feeds.folder)).toContain('archive')
  await writeAll(posts(2), config, NOW)
  expect(await readdir(config.feeds.folder)).not.toContain('archive')
})

describe('where posts begin and end documents', () => {
  const measure = () => ({ limit: 512_000, head: 5_000, sizes: new Map<Post, number>() })

  test('the current one has as many as the author asked for, and not twice as many', () => {
    for (const entries of [1, 2, 3, 5, 20])
      for (let count = 0; count < 120; count++) {
        const all = posts(count).reverse()
        const { current, archives } = cutFeed(all, entries, true, measure())
        expect(current.posts.length).toBeGreaterThanOrEqual(Math.min(count, entries))
        expect(current.posts.length).toBeLessThan(2 * entries)
        const told = [...archives.flatMap((run) => run.posts.toReversed()), ...current.posts.toReversed()]
        expect(told).toEqual(all.toReversed())
        for (const run of archives) expect(run.posts.length).toBeGreaterThanOrEqual(Math.ceil(entries / 2))
      }
  })

  test('no post is missed and no archive changes, however long posts are', () => {
    const lengths = [100, 40_000, 200_000, 300_000, 1_000, 6_000_000, 90_000]
    const all = posts(80, (n) => ({ htmlBytes: lengths[(n * n) % lengths.length] as number }))
    let before: Post[][] = []
    for (let count = 1; count <= all.length; count++) {
      const { current, archives } = cutFeed(all.slice(0, count).reverse(), 10, true, measure())
      const runs = archives.map((run) => run.posts)
      expect(runs.slice(0, before.length)).toEqual(before)
      expect(new Set([...runs.flat(), ...current.posts]).size).toBe(count)
      expect(current.posts).toEqual(all.slice(count - current.posts.length, count).reverse())
      before = runs
    }
  })
})
