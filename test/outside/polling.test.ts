import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { ask, type Blog, makeBlog } from './blog.ts'
import { missing } from './programs.ts'

// Debian's own, which sees Debian's packages; another one may come first in PATH.
const PYTHON = '/usr/bin/python3'
const XML_FEEDS = ['rss.xml', 'atom.xml']
const POSTS = 20

/** A blog that is served, with as many posts as are in a feed. */
async function openBlog(): Promise<Blog> {
  const blog = await makeBlog({ entries: POSTS })
  for (let day = 1; day <= POSTS; day++) writePost(blog, day, `Tea on day ${day} & cake`)
  await blog.build()
  await blog.serve()
  return blog
}

function writePost(blog: Blog, day: number, title: string): void {
  const date = `2026-01-${String(day).padStart(2, '0')}`
  const text = 'It goes on & on. '.repeat(50)
  blog.write(`day-${day}.md`, `---\ntitle: ${title}\ndate: ${date}\n---\n\n${text}\n`)
}

const POLL = `
import feedparser, json, sys
url, etag, modified = sys.argv[1:]
feed = feedparser.parse(url, etag=etag or None, modified=modified or None)
print(json.dumps({
  "status": feed.status,
  "bozo": bool(feed.bozo),
  "etag": feed.get("etag", ""),
  "modified": feed.get("modified", ""),
  "im": feed.headers.get("im", ""),
  "entries": {entry.id: [entry.title, entry.link, entry.content[0].value] for entry in feed.entries},
}))
`

type Polled = {
  status: number
  bozo: boolean
  etag: string
  modified: string
  im: string
  entries: Record<string, [title: string, url: string, html: string]>
}

describe.skipIf(missing(PYTHON, '-c', 'import feedparser'))('feedparser', () => {
  const poll = async (url: string, etag = '', modified = ''): Promise<Polled> =>
    JSON.parse(await ask(PYTHON, ['-c', POLL, url, etag, modified]))

  test.each(XML_FEEDS)(
    'that has %s is told that nothing is new, then what is, and loses nothing',
    async (file) => {
      const blog = await openBlog()
      const url = `${blog.url}/${file}`
      const first = await poll(url)
      expect(first).toMatchObject({ status: 200, bozo: false })
      expect(Object.keys(first.entries)).toHaveLength(POSTS)
      for (const known of [[first.etag, first.modified], [first.etag], ['', first.modified]])
        expect(await poll(url, ...known)).toMatchObject({ status: 304, entries: {} })

      writePost(blog, 3, 'Day 3 was corrected')
      writePost(blog, POSTS + 1, 'A new day')
      await blog.build()
      const news = await poll(url, first.etag, first.modified)
      expect(news).toMatchObject({ status: 226, im: 'feed', bozo: false })
      expect(Object.values(news.entries).map(([title]) => title)).toEqual([
        'A new day',
        'Day 3 was corrected',
      ])

      // What a reader that merges has is what one has that comes for the first time.
      const whole = await poll(url)
      expect(whole.status).toBe(200)
      expect({ ...first.entries, ...news.entries }).toMatchObject(whole.entries)
      expect(Object.keys({ ...first.entries, ...news.entries })).toHaveLength(POSTS + 1)
      expect(news.etag).toBe(whole.etag)
      expect(await poll(url, news.etag, news.modified)).toMatchObject({ status: 304 })
    },
  )
})

describe.skipIf(missing('newsboat', '-v'))('newsboat', () => {
  test.each(XML_FEEDS)('that has %s takes what is new and keeps what it has', async (file) => {
    const blog = await openBlog()
    const home = mkdtempSync(join(tmpdir(), 'newsboat-'))
    writeFileSync(join(home, 'urls'), `${blog.url}/${file}\n`)
    writeFileSync(join(home, 'config'), '')
    const cache = join(home, 'cache.db')
    const reload = async () => {
      const files = ['-u', join(home, 'urls'), '-c', cache, '-C', join(home, 'config')]
      await ask('newsboat', ['-q', ...files, '-x', 'reload'], { HOME: home })
      const database = new DatabaseSync(cache)
      const rows = database.prepare('select title from rss_item where deleted = 0 order by pubDate').all()
      database.close()
      return rows.map(({ title }) => title)
    }
    const titles = Array.from({ length: POSTS }, (_, index) => `Tea on day ${index + 1} & cake`)
    // Of the first time it forgets the ETag: it has no row yet to note it in.
    expect(await reload()).toEqual(titles)
    expect(await reload()).toEqual(titles)
    expect(blog.answered()).toEqual([`200 /${file}`, `200 /${file}`])

    writePost(blog, 3, 'Day 3 was corrected')
    writePost(blog, POSTS + 1, 'A new day')
    await blog.build()
    titles[2] = 'Day 3 was corrected'
    titles.push('A new day')
    expect(await reload()).toEqual(titles)
    expect(await reload()).toEqual(titles)
    expect(blog.answered()).toEqual([`226 /${file}`, `304 /${file}`])
  })
})
