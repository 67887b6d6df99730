import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ask, type Blog, makeBlog } from './blog.ts'
import { missing } from './programs.ts'

// Debian's own, which sees Debian's packages; another one may come first in PATH.
const PYTHON = '/usr/bin/python3'

// What a reader does that knows nothing but the feed's own address. JSON Feed calls the way to what is older next_url.
const WALK = `
import feedparser, json, sys, urllib.request
url, walked = sys.argv[1], []
while url and len(walked) < 1000:
    if url.endswith(".json"):
        feed = json.load(urllib.request.urlopen(url))
        entries, url = [item["id"] for item in feed["items"]], feed.get("next_url")
    else:
        feed = feedparser.parse(url)
        assert feed.status == 200 and not feed.bozo, (url, feed.get("bozo_exception"))
        entries = [entry.id for entry in feed.entries]
        url = next((link.href for link in feed.feed.links if link.rel == "prev-archive"), None)
    walked.append(entries)
print(json.dumps(walked))
`

/** Posts `from` to `to` - 1, an hour apart. */
function writePosts(blog: Blog, from: number, to: number, text: string): void {
  for (let n = from; n < to; n++) {
    const date = new Date(Date.UTC(2020, 0, 1, n)).toISOString()
    blog.write(`p${n}.md`, `---\ntitle: Post ${n}\ndate: ${date}\nid: urn:post:${n}\n---\n\n${text}\n`)
  }
}

function newestFirst(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `urn:post:${count - 1 - index}`)
}

function archivesIn({ folder }: Blog): Map<string, string> {
  const files = readdirSync(join(folder, 'archive')).filter((file) =>
    /^(rss|atom|feed)-.*(xml|json)$/.test(file),
  )
  return new Map(files.map((file) => [file, readFileSync(join(folder, 'archive', file), 'utf8')]))
}

describe.skipIf(missing(PYTHON, '-c', 'import feedparser'))('a reader that follows the archives', () => {
  const walk = async (url: string): Promise<string[][]> => JSON.parse(await ask(PYTHON, ['-c', WALK, url]))

  test('finds each of a thousand posts once, newest first, in every format', async () => {
    const blog = await makeBlog()
    writePosts(blog, 0, 1_000, 'Tea & cake.')
    await blog.build()
    await blog.serve()
    for (const file of ['rss.xml', 'atom.xml', 'feed.json']) {
      const walked = await walk(`${blog.url}/${file}`)
      expect(walked.flat()).toEqual(newestFirst(1_000))
      expect(walked.length).toBeGreaterThan(40)
    }

    // Of new posts the archives learn nothing, save that the newest of them is told of one that follows it.
    const { size } = archivesIn(blog)
    for (const count of [1_001, 1_030]) {
      const before = archivesIn(blog)
      writePosts(blog, 1_000, count, 'News.')
      await blog.build()
      const after = archivesIn(blog)
      const changed = [...before].filter(([file, text]) => after.get(file) !== text)
      expect(changed).toHaveLength(after.size > before.size ? 2 : 0)
      for (const [file, text] of changed)
        expect([
          file,
          after.get(file)?.replace(/\s*<(?:atom:)?link [^>]*rel="next-archive"[^>]*>/, ''),
        ]).toEqual([file, text])
      expect((await walk(`${blog.url}/atom.xml`)).flat()).toEqual(newestFirst(count))
    }
    expect(archivesIn(blog).size).toBeGreaterThan(size)
  })

  test('misses none where feeds may not become as large as they would', async () => {
    const blog = await makeBlog({ size: '64KB' })
    writePosts(blog, 0, 100, 'It goes on & on. '.repeat(600))
    await blog.build()
    await blog.serve()
    for (const file of ['rss.xml', 'atom.xml', 'feed.json']) {
      const walked = await walk(`${blog.url}/${file}`)
      expect(walked[0]?.length).toBeLessThan(20)
      expect([...new Set(walked.flat())]).toEqual(newestFirst(100))
    }
    for (const text of archivesIn(blog).values()) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64_000)
  })
})
