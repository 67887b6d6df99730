import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, test } from 'vitest'
import { filesIn, makeTortureFolder, NOW, publishFolder, TOLD, type Told } from '../feeds/torture.ts'
import { type Blog, makeBlog } from './blog.ts'
import { missing } from './programs.ts'
import { buildSampleSite } from './sample-site.ts'

// Debian's own, which sees Debian's packages; another one may come first in PATH.
const PYTHON = '/usr/bin/python3'
const XML_FEEDS = ['rss.xml', 'atom.xml']
const SCHEMA = join(import.meta.dirname, 'atom.rnc')

/** What the torture posts became, in the folder that is served. */
let folder: string
let files: string[]

beforeAll(async () => {
  folder = await publishFolder(makeTortureFolder(), NOW)
  files = [...filesIn(folder).keys()]
})

function urlOf({ slug }: Told): string {
  return `https://blog.example/posts/${encodeURIComponent(slug)}/`
}

function seconds(time: string): number {
  return Date.parse(time) / 1000
}

describe.skipIf(missing('xmllint', '--version'))('xmllint', () => {
  test('finds the feeds of the sample site well formed', async () => {
    const site = await buildSampleSite()
    for (const feed of XML_FEEDS) expect(run('xmllint', '--noout', join(site, 'public', feed))).toBe('')
  })

  test('finds every XML file of the torture posts well formed', () => {
    const documents = files.filter((file) => /\.(xml|opml)$/.test(file))
    expect(documents).toEqual(expect.arrayContaining(XML_FEEDS))
    expect(run('xmllint', '--noout', ...documents.map((file) => join(folder, file)))).toBe('')
  })

  test('finds every XML file of a podcast with archives well formed', async () => {
    const { folder: show } = await makeShow()
    const documents = [...filesIn(show).keys()].filter((file) => /\.(xml|opml)$/.test(file))
    expect(run('xmllint', '--noout', ...documents.map((file) => join(show, file)))).toBe('')
  })
})

describe.skipIf(missing('sh', '-c', 'command -v jing'))('jing', () => {
  test('finds every Atom feed valid, and so every archive', async () => {
    const site = await buildSampleSite()
    const { folder: show } = await makeShow()
    const documents = [join(site, 'public'), folder, show].flatMap((place) =>
      [...filesIn(place).keys()]
        .filter((file) => /(^|\/)atom[^/]*\.xml$/.test(file))
        .map((file) => join(place, file)),
    )
    expect(documents).toEqual(
      expect.arrayContaining(
        ['atom.xml', 'archive/atom-1.xml', 'tags/tea/atom.xml'].map((file) => join(show, file)),
      ),
    )
    expect(run('jing', '-i', '-c', SCHEMA, ...documents)).toBe('')
  })

  test('finds an entry without an id invalid, or the test above tells nothing', () => {
    const atom = readFileSync(join(folder, 'atom.xml'), 'utf8').replace(/<id>tag:.*?<\/id>/, '')
    const file = join(scratch(), 'without-id.xml')
    writeFileSync(file, atom)
    const { status, stdout } = spawnSync('jing', ['-i', '-c', SCHEMA, file], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stdout).toContain('missing required element "id"')
  })
})

// feedparser sets bozo for whatever it had to forgive. It takes an empty content for none.
const READ = `
import calendar, feedparser, json, sys
feed = feedparser.parse(sys.argv[1])
print(json.dumps({
  "bozo": bool(feed.bozo),
  "why": str(feed.get("bozo_exception", "")),
  "language": feed.feed.get("language"),
  "entries": [{
    "id": entry.id,
    "title": entry.title,
    "url": entry.link,
    "published": calendar.timegm(entry.published_parsed),
    "authors": ", ".join(author.get("name", "") for author in entry.get("authors", [])),
    "tags": [tag.term for tag in entry.get("tags", [])],
    "language": entry.content[0].language if "content" in entry else None,
  } for entry in feed.entries],
}))
`

type Parsed = {
  bozo: boolean
  why: string
  language: string
  entries: {
    id: string
    title: string
    url: string
    published: number
    authors: string
    tags: string[]
    language: string | null
  }[]
}

const LISTEN = `
import feedparser, json, sys
parsed = feedparser.parse(sys.argv[1])
assert not parsed.bozo, parsed.bozo_exception
entry = next(entry for entry in parsed.entries if entry.title == "Talk")
feed = parsed.feed
print(json.dumps({
  "enclosures": [{key: found[key] for key in ("href", "type", "length")} for found in entry.enclosures],
  "episode": {
    "media": entry.get("media_content"),
    "duration": entry.get("itunes_duration"),
    "season": entry.get("itunes_season"),
    "number": entry.get("itunes_episode"),
  },
  "channel": {
    "image": feed.get("image", {}).get("href"),
    "categories": [tag.term for tag in feed.get("tags", [])],
    "author": feed.get("author"),
    "owner": feed.get("publisher_detail"),
    "type": feed.get("itunes_type"),
  },
}))
`

describe.skipIf(missing(PYTHON, '-c', 'import feedparser'))('feedparser', () => {
  const parse = (file: string): Parsed => JSON.parse(run(PYTHON, '-c', READ, file))

  test.each(XML_FEEDS)('reads %s of the sample site and has nothing to forgive', async (feed) => {
    const site = await buildSampleSite()
    const read = parse(join(site, 'public', feed))
    expect(read).toMatchObject({ bozo: false, why: '' })
    expect(read.entries).toHaveLength(7)
    expect(read.entries.map((entry) => entry.title)).toContain('From a file to a mailbox')
  })

  test.each(XML_FEEDS)('reads %s of the torture posts as they were written', (feed) => {
    const read = parse(join(folder, feed))
    expect(read).toMatchObject({ bozo: false, why: '', language: 'en' })
    expect(read.entries.map((entry) => entry.url)).toEqual(TOLD.map(urlOf))
    for (const [at, told] of TOLD.entries()) {
      const entry = read.entries[at] as Parsed['entries'][number]
      expect(entry.published).toBe(seconds(told.published))
      expect(entry.tags).toEqual(told.tags)
      expect(entry.language ?? read.language).toBe(told.language ?? 'en')
      // Of RSS titles it takes those that hold a whole pair of tags for HTML, whatever one does.
      const isMisread = feed === 'rss.xml' && told.slug === 'literal-tags'
      if (!isMisread) expect(entry.title).toBe(told.title)
      expect(entry.authors).toBe(told.authors)
      if (told.id) expect(entry.id).toBe(told.id)
    }
  })

  test.each(XML_FEEDS)(
    'finds in %s what is played, how long it is, and what directories ask for',
    async (feed) => {
      const { folder: show, url } = await makeShow()
      const { enclosures, episode, channel } = JSON.parse(run(PYTHON, '-c', LISTEN, join(show, feed)))
      const talk = { href: `${url}/posts/talk/talk.mp3`, type: 'audio/mpeg', length: '54321' }
      const slides = { href: `${url}/posts/talk/slides.pdf`, type: 'application/pdf', length: '678' }
      // RSS has one enclosure to an item, and the others as media.
      expect(enclosures).toEqual(feed === 'rss.xml' ? [talk] : [talk, slides])
      if (feed === 'atom.xml') return
      expect(episode).toEqual({
        media: [{ url: slides.href, type: slides.type, filesize: slides.length, medium: 'document' }],
        duration: '3723',
        season: '2',
        number: '7',
      })
      expect(channel).toEqual({
        image: `${url}/cover.png`,
        categories: ['Arts', 'Food'],
        author: 'Ada',
        owner: { name: 'Ada', email: 'show@example.org' },
        type: 'episodic',
      })
    },
  )
})

describe.skipIf(missing('sfeed'))('sfeed', () => {
  test.each(XML_FEEDS)('reads %s as it was written', (feed) => {
    const input = readFileSync(join(folder, feed))
    const lines = execFileSync('sfeed', ['https://blog.example/'], { input, maxBuffer: 64_000_000 })
    const entries = String(lines)
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t'))
    expect(entries).toHaveLength(TOLD.length)
    for (const [at, told] of TOLD.entries()) {
      const [time, title, url, , type, id, authors, , tags] = entries[at] ?? []
      expect([time, url]).toEqual([String(seconds(told.published)), urlOf(told)])
      expect(type).toBe(told.slug === 'empty' ? '' : 'html')
      expect(title).toBe(told.title)
      expect(tags).toBe(told.tags.join('|'))
      if (told.id) expect(id).toBe(told.id)
      // Of an Atom entry's authors it knows the first.
      const known =
        feed === 'atom.xml' && told.slug === 'two-authors' ? 'Grace <hopper> & friends' : told.authors
      expect(authors).toBe(known)
    }
  })
})

describe.skipIf(missing('newsboat', '-v'))('newsboat', () => {
  const keep = (file: string) => {
    const home = scratch()
    writeFileSync(join(home, 'urls'), `file://${file}\n`)
    writeFileSync(join(home, 'config'), '')
    const cache = join(home, 'cache.db')
    const files = ['-u', join(home, 'urls'), '-c', cache, '-C', join(home, 'config')]
    // Dates are moments: a reader far away keeps the same.
    const env = { ...process.env, HOME: home, TZ: 'Asia/Tokyo' }
    execFileSync('newsboat', ['-q', ...files, '-x', 'reload'], { env })
    const database = new DatabaseSync(cache)
    const rows = database.prepare('select * from rss_item').all()
    database.close()
    return rows
  }

  test.each(XML_FEEDS)('keeps of %s what is played', async (feed) => {
    const { folder: show, url } = await makeShow()
    const talk = keep(join(show, feed)).find(({ title }) => title === 'Talk')
    expect(talk).toMatchObject({ enclosure_url: `${url}/posts/talk/talk.mp3`, enclosure_type: 'audio/mpeg' })
  })

  test.each(XML_FEEDS)('keeps every post of %s as it was written, its content to the last byte', (feed) => {
    const rows = keep(join(folder, feed))
    const kept = new Map(rows.map((row) => [row.url, row]))
    expect(kept.size).toBe(TOLD.length)
    const json = JSON.parse(readFileSync(join(folder, 'feed.json'), 'utf8'))
    for (const [at, told] of TOLD.entries()) {
      const row = kept.get(urlOf(told))
      expect(row?.guid).toBe(json.items[at].id)
      expect(row?.content).toBe(json.items[at].content_html)
      // Its dates begin in 1970.
      if (told.published >= '1970') expect(row?.pubDate).toBe(seconds(told.published))
      // A post without a title is called by its address.
      expect(row?.title).toBe(told.title || 'Blank title')
      expect(row?.author).toBe(told.authors)
    }
  })
})

/** A podcast of some weeks with two files to its newest episode, and a hub. */
async function makeShow(): Promise<Blog> {
  const blog = await makeBlog({
    entries: 5,
    hub: 'https://hub.example.org/',
    podcast: {
      image: '/cover.png',
      category: 'Arts',
      subcategory: 'Food',
      explicit: false,
      owner: { name: 'Ada', email: 'show@example.org' },
    },
  })
  for (let day = 10; day < 31; day++)
    blog.write(`day-${day}.md`, `---\ntitle: Day ${day}\ndate: 2025-01-${day}\ntags: [tea]\n---\n\nTea.\n`)
  blog.write('talk/talk.mp3', Buffer.alloc(54_321))
  blog.write('talk/slides.pdf', Buffer.alloc(678))
  blog.write('talk/index.md', TALK)
  await blog.build()
  return blog
}

const TALK = `---
title: Talk
date: 2026-02-01
audio: talk.mp3
duration: "1:02:03"
season: 2
episode: 7
attachments: [{ url: slides.pdf, title: Slides }]
---

Listen.
`

function scratch(): string {
  return mkdtempSync(join(tmpdir(), 'readers-'))
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 64_000_000 })
}
