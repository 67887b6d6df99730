import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import { describeCuts } from '../../src/feeds/cut.ts'
import type { Post } from '../../src/posts/post.ts'
import { post, site, writeAll } from './example.ts'
import { type Found, readAtom, readJson, readRss } from './read-back.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const LIMIT = 64_000

/** Posts of so many bytes of text each, the first of which is the newest. Its text is of what grows when it is escaped. */
function posts(sizes: number[], changes: Partial<Post> = {}): Post[] {
  return sizes.map((size, n) =>
    post(`p${n}`, {
      date: new Date(Date.UTC(2026, 0, 31) - n * 3_600_000),
      html: `<p class="x">\n</p>`.repeat(Math.ceil(size / 18)),
      ...changes,
    }),
  )
}

async function publish(all: Post[], config: Config): Promise<{ found: Found; lines: string[] }> {
  const { files, cuts } = await writeAll(all, config, NOW)
  for (const { path, bytes } of files) expect([path, bytes <= LIMIT]).toEqual([path, true])
  const read = (file: string) => readFile(join(config.feeds.folder, file), 'utf8')
  const found = readRss(await read('rss.xml'))
  expect(readAtom(await read('atom.xml'))).toEqual(found)
  expect(readJson(await read('feed.json'))).toEqual(found)
  return { found, lines: describeCuts(cuts, config) }
}

const slugs = ({ entries }: Found) => entries.map(({ url }) => url.split('/').at(-2))

test('a feed that would be too large has fewer entries, the newest, and the author is told', async () => {
  const config = await site({ feeds: { size: '64KB' } })
  const { found, lines } = await publish(posts(Array(20).fill(6_000)), config)
  expect(slugs(found)).toEqual(Array.from(found.entries, (_, n) => `p${n}`))
  expect(found.entries.length).toBeGreaterThanOrEqual(5)
  expect(found.entries.every(({ html }) => html.length >= 6_000)).toBe(true)
  expect(lines).toEqual([`rss.xml: ${found.entries.length} of 20 entries fit into 64 KB (feeds.size)`])
})

test('of three long posts the longest are there as summaries, with a link to the whole', async () => {
  const config = await site({ feeds: { size: '64KB' } })
  const { found, lines } = await publish(posts([20_000, 38_000, 30_000, 1_000]), config)
  expect(slugs(found)).toEqual(['p0', 'p1', 'p2'])
  const [first, second, third] = found.entries
  expect(first?.html.length).toBeGreaterThan(20_000)
  expect(second?.html).toBe(
    '<p>Hello.</p>\n<p><a href="https://blog.example/posts/p1/">https://blog.example/posts/p1/</a></p>',
  )
  expect(third?.html.length).toBeLessThan(200)
  expect(lines).toEqual(['rss.xml: 3 of 4 entries fit into 64 KB (feeds.size), 2 of them as summaries'])
})

test('one post of five megabytes is a summary, and the others are whole', async () => {
  const config = await site({ feeds: { size: '64KB' } })
  const summary = 'AT&T <b>5 < 6</b> & so on'
  const [giant] = posts([5_000_000], { summary })
  const others = posts([1_000, 1_000, 1_000, 1_000, 1_000])
  const { found, lines } = await publish([giant as Post, ...others.slice(1)], config)
  expect(found.entries).toHaveLength(5)
  expect(found.entries[0]?.html).toContain('<p>AT&amp;T &lt;b&gt;5 &lt; 6&lt;/b&gt; &amp; so on</p>')
  expect(found.entries.slice(1).every(({ html }) => html.length >= 1_000)).toBe(true)
  expect(lines).toEqual(['rss.xml: 1 of 5 entries are there as summaries, to fit into 64 KB (feeds.size)'])
})

test('what is left out for its size is in an archive, which is no larger', async () => {
  const config = await site({ feeds: { size: '64KB' } })
  const all = posts(Array.from({ length: 30 }, (_, n) => [9_000, 500, 30_000, 90_000][n % 4] as number))
  const { found } = await publish(all, config)
  const seen = new Set(found.entries.map(({ id }) => id))
  for (let n = 1; seen.size < all.length; n++) {
    const archive = await readFile(join(config.feeds.folder, 'archive', `feed-${n}.json`), 'utf8')
    for (const { id } of readJson(archive).entries) seen.add(id)
  }
  expect(seen.size).toBe(30)
})

test('a feed of an everyday size is told of with no word, and words that grow are counted as they grow', async () => {
  const config = await site({ feeds: { size: '64KB' } })
  const plain = await publish(posts(Array(10).fill(2_000)), config)
  expect(plain.lines).toEqual([])
  const words = '<&>"'.repeat(100)
  const { found } = await publish(
    posts(Array(20).fill(100), {
      title: words,
      summary: words,
      tags: Array.from({ length: 20 }, (_, n) => `${words.slice(0, 40)}${n}`),
      authors: [{ name: words }, { name: `${words}!`, url: `https://blog.example/?${'&'.repeat(50)}` }],
      image: `cup.jpg?${'&'.repeat(50)}`,
    }),
    config,
  )
  expect(found.entries.length).toBeGreaterThanOrEqual(3)
})

test('many feeds that are too large are told in two lines', async () => {
  const config = await site({ feeds: { size: '64KB' } })
  const tags = ['a', 'b', 'c', 'd']
  const { lines } = await publish(posts(Array(12).fill(9_000), { tags }), config)
  expect(lines).toHaveLength(2)
  expect(lines[1]).toBe(
    'so are 4 more feeds that would be larger: tags/a/rss.xml, tags/b/rss.xml, tags/c/rss.xml and others',
  )
})
