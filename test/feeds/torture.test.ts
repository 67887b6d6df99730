import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { SaxesParser } from 'saxes'
import { beforeAll, describe, expect, test } from 'vitest'
import { renderAtom } from '../../src/feeds/atom.ts'
import { type FeedFormat, FORMATS } from '../../src/feeds/feed.ts'
import { renderJson } from '../../src/feeds/json.ts'
import { renderRss } from '../../src/feeds/rss.ts'
import { post, site, toFeed } from './example.ts'
import { harmsIn } from './harms.ts'
import jsonFeed from './json-feed.schema.json' with { type: 'json' }
import { readAtom, readJson, readRss } from './read-back.ts'
import { READERS, type ReadEntry } from './readers.ts'
import {
  filesIn,
  HIDDEN,
  makeTortureFolder,
  NO_FEED,
  NOW,
  publishFolder,
  TOLD,
  type Told,
  torturePosts,
  UNLISTED,
} from './torture.ts'

let files: Map<string, Buffer>

beforeAll(async () => {
  files = filesIn(await publishFolder(makeTortureFolder(), NOW))
}, 60_000)

function document(format: FeedFormat): string {
  return String(files.get(FORMATS[format].file))
}

function addressOf({ slug }: Told): string {
  return `https://blog.example/posts/${encodeURIComponent(slug)}/`
}

const readings = new Map<string, Promise<ReadEntry[]>>()

/** What a reader finds, for all tests that ask: most of them take their time. */
function readingOf(reader: (typeof CASES)[number]): Promise<ReadEntry[]> {
  const name = `${reader.name} ${reader.format}`
  const reading = readings.get(name) ?? reader.read(document(reader.format))
  readings.set(name, reading)
  return reading
}

const CASES = READERS.flatMap((reader) => reader.formats.map((format) => ({ ...reader, format })))

describe.each(CASES)('$name, given $format,', (reader) => {
  test('finds every post, in order, with its address and its date', async () => {
    const entries = await readingOf(reader)
    const seen = entries.map(({ url, published }) => ({ url, published }))
    expect(seen).toEqual(
      TOLD.map((told) => ({
        url: addressOf(told),
        published: reader.showsUpdated?.includes(reader.format) ? told.updated : told.published,
      })),
    )
  })

  test('finds the titles as they were written', async () => {
    const entries = await readingOf(reader)
    for (const [at, told] of TOLD.entries()) {
      if (reader.stripsTags && told.title.includes('<')) continue
      expect(entries[at]?.title).toBe(told.title)
    }
  })

  test('finds ids, authors, tags and languages as they were written, where it looks for them', async () => {
    const entries = await readingOf(reader)
    for (const [at, told] of TOLD.entries()) {
      const { id, authors, tags, language, updated } = entries[at] ?? {}
      if (told.id) expect(id).toBe(told.id)
      else expect(id).toMatch(madeId(told))
      if (authors !== undefined) expect(authors).toBe(told.authors)
      if (tags !== undefined) expect(tags).toEqual(told.tags)
      if (language !== undefined) expect(language).toBe(told.language)
      if (updated !== undefined) expect(updated).toBe(told.updated)
    }
  })
})

/** A tag URI (RFC 4151) of the site, a day and the post. */
function madeId({ slug }: Told): RegExp {
  return RegExp(`^tag:blog\\.example,\\d{4}-\\d\\d-\\d\\d:${encodeURIComponent(slug)}$`)
}

test('an address with & is read by those who know only the five names of XML', async () => {
  const url = 'https://blog.example/?p=7&lang=en'
  const feed = toFeed([post('query', { url, tags: ['C<T>'] })], await site(), NOW)
  for (const reader of CASES) {
    if (reader.format === 'json') continue
    const [entry] = await reader.read(reader.format === 'rss' ? renderRss(feed) : renderAtom(feed))
    expect(entry?.url).toBe(url)
    if (entry?.tags) expect(entry.tags).toEqual(['C<T>'])
  }
})

test('an author who is only an e-mail address is not published as one', () => {
  for (const format of ['rss', 'atom', 'json'] as const)
    expect(document(format)).not.toContain('grace@example.org')
})

test('a tag that is all signs has an address that can be seen', () => {
  const folders = new Set(Array.from(files.keys(), (file) => /^tags\/([^/]+)\//.exec(file)?.[1] ?? 'x'))
  expect([...folders].filter((folder) => !/[\p{L}\p{N}]/u.test(folder))).toEqual([])
})

test('the three formats say the same, to the last letter of the content', () => {
  const rss = readRss(document('rss'))
  expect(readAtom(document('atom'))).toEqual(rss)
  expect(readJson(document('json'))).toEqual(rss)
  expect(new Set(rss.entries.map((entry) => entry.id)).size).toBe(TOLD.length)
})

test('every feed of a tag, an author or a language says the same three times, has an address, and a page that offers it', () => {
  const folders = [...files.keys()].filter((file) => file.endsWith('/feed.json')).map((file) => dirname(file))
  for (const kind of ['tags/bell', 'tags/עברית', 'authors/ada', 'languages/ar'])
    expect(folders).toContain(kind)
  const ids = new Set(
    folders.map((folder) => /<id>(.*?)<\/id>/.exec(String(files.get(`${folder}/atom.xml`)))?.[1]),
  )
  expect(ids.size).toBe(folders.length)
  for (const folder of folders) {
    const [rss, atom, json] = ['rss.xml', 'atom.xml', 'feed.json'].map((file) =>
      String(files.get(`${folder}/${file}`)),
    )
    const found = readRss(rss ?? '')
    expect(readAtom(atom ?? '')).toEqual(found)
    expect(readJson(json ?? '')).toEqual(found)

    const address = new URL(`https://blog.example/${folder}/`).href
    expect(found.url).toBe(address)
    expect(rss).toContain(`<atom:link href="${address}rss.xml" rel="self" type="application/rss+xml"/>`)
    expect(atom).toContain(`<link rel="self" type="application/atom+xml" href="${address}atom.xml"/>`)
    expect(JSON.parse(json ?? '').feed_url).toBe(`${address}feed.json`)
    const page = String(files.get(`${folder}/index.html`))
    for (const { file, type } of Object.values(FORMATS))
      expect(page).toMatch(
        RegExp(`<link rel="alternate" type="${type.replace('+', '\\+')}"[^>]* href="${address}${file}">`),
      )
  }
})

test('every XML document that is written is well formed, with each of its prefixes declared', () => {
  const documents = [...files].filter(([file]) => /\.(xml|opml)$/.test(file))
  expect(documents.length).toBeGreaterThanOrEqual(2)
  for (const [, bytes] of documents) new SaxesParser({ xmlns: true }).write(String(bytes)).close()
})

test('every JSON feed that is written is a JSON Feed of version 1.1', () => {
  const ajv = new Ajv({ allErrors: true })
  formats.default(ajv)
  const isValid = ajv.compile(jsonFeed)
  const documents = [...files].filter(([file]) => /(^|\/)feed[^/]*\.json$/.test(file))
  expect(documents.length).toBeGreaterThanOrEqual(1)
  for (const [file, bytes] of documents) {
    isValid(JSON.parse(String(bytes)))
    expect([file, ...(isValid.errors ?? [])]).toEqual([file])
  }
  expect(isValid({ version: 'https://jsonfeed.org/version/1', title: 'Tea', items: [] })).toBe(false)
})

test('no post does anything to who reads it, and every address in it is whole', () => {
  for (const { url, html } of readJson(document('json')).entries)
    expect([url, ...harmsIn(html)]).toEqual([url])
})

test('what is harmful is told as such, or the test above tells nothing', () => {
  const harmful = [
    '<script>x</script>',
    '<img src=x onerror=x>',
    '<a href="java\nscript:x">x</a>',
    '<a href="/x">x</a>',
    '<img srcset="https://a.example/a 1x, b 2x">',
    '<svg><a xlink:href="#x"/></svg>',
    '<template><p onclick=x></template>',
    '<p class="lazyload">x</p>',
    '<!-- x -->',
    '<img data-src="https://a.example/">',
  ]
  for (const html of harmful) expect(harmsIn(html)).not.toEqual([])
  expect(
    harmsIn('<p><a href="mailto:a@example.org">a</a> <img src="https://a.example/b.png" alt="c"></p>'),
  ).toEqual([])
})

test('a relative address leads where it leads from the page, and a fragment into the post', () => {
  const entries = readJson(document('json')).entries
  const htmlOf = (slug: string) => entries.find((entry) => entry.url.endsWith(`/${slug}/`))?.html
  expect(htmlOf('other-base')).not.toContain('evil')
  expect(htmlOf('other-base')).toContain('href="https://blog.example/posts/other-base/next.html"')
  expect(htmlOf('relative')).toContain('<a href="https://blog.example/posts/relative/#f">5</a>')
  expect(htmlOf('footnotes')).toMatch(/href="https:\/\/blog\.example\/posts\/footnotes\/#fn-\w+-1"/)
  expect(htmlOf('ampersands')).toContain('href="https://example.org/?a=1&amp;copy=2&amp;lt=3&amp;b=4"')
  expect(htmlOf('pictures')).toContain('src="https://blog.example/posts/pictures/lazy.jpg"')
  expect(htmlOf('pictures')).not.toContain('base64')
})

test('a summary is text, and only a post without any has none', () => {
  const without = readJson(document('json')).entries.filter((entry) => entry.summary === '')
  expect(without.map(({ url }) => url.split('/').at(-2))).toEqual(['only-a-picture', 'empty'])
  expect(readRss(document('rss')).entries.find(({ url }) => url.includes('literal-tags'))?.summary).toBe(
    'AT&T <b>5 < 6</b> &amp; "q"',
  )
})

test('the source of a script is no summary', () => {
  const vector = readJson(document('json')).entries.find((entry) => entry.url.includes('vector'))
  expect(vector?.summary).not.toMatch(/alert|fill/)
})

test('a feed is as new as its newest change, and no newer', () => {
  const newest = '2026-02-10T08:10:11.000Z'
  const built = /<lastBuildDate>(.*)<\/lastBuildDate>/.exec(document('rss'))?.[1]
  expect(new Date(built ?? '').toISOString()).toBe(newest)
  expect(/<updated>(.*?)<\/updated>/.exec(document('atom'))?.[1]).toBe(newest)
})

/** The files in which a word stands. What is compressed says what its file says. */
function filesWith(word: string): string[] {
  return [...files]
    .filter(([file]) => !/\.(gz|br)$/.test(file))
    .filter(([file, bytes]) => `${file}\n${bytes}`.toLowerCase().includes(word))
    .map(([file]) => file)
}

test('another time zone, locale, day and order of the folder make the same files', async () => {
  const folder = makeTortureFolder(new Map([...torturePosts()].reverse()))
  const child = fileURLToPath(new URL('build-child.ts', import.meta.url))
  const env = { ...process.env, TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8' }
  await promisify(execFile)(process.execPath, [child, folder, '2031-12-31T23:59:59Z'], { env })
  const others = filesIn(join(folder, 'public'))
  expect([...others.keys()]).toEqual([...files.keys()])
  const different = [...files].filter(([file, bytes]) => !others.get(file)?.equals(bytes))
  expect(different.map(([file]) => file)).toEqual([])
}, 60_000)

test.each(HIDDEN)('of a draft or a post of the future nothing is in any file (%s)', (word) => {
  expect(filesWith(word)).toEqual([])
})

test('a post that stays out of feeds has its page, and is in no feed', () => {
  expect(filesWith(NO_FEED)).toContain('posts/secret-no-feed/index.html')
  expect(filesWith(NO_FEED).filter((file) => /\.(xml|json|opml)$/.test(file))).toEqual([])
})

test('an unlisted post has its page, which asks not to be found, and is in no other file', () => {
  const page = 'posts/secret-unlisted/index.html'
  expect(filesWith(UNLISTED)).toEqual(['posts/secret-unlisted/elderflower.svg', page])
  expect(String(files.get(page))).toMatch(/<meta name="robots" content="noindex/)
  expect([...files.keys()].filter((file) => file.startsWith('languages/eu'))).toEqual([])
})

test('nothing lies in the served folder that is only for us', () => {
  expect([...files.keys()].filter((file) => /(^|\/)\./.test(file))).toEqual([])
})

test('ten thousand tags are ten thousand tags', async () => {
  const tags = Array.from({ length: 10_000 }, (_, index) => `<${index}>&`)
  const feed = toFeed([post('tagged', { tags })], await site({ feeds: { entries: 1 } }), NOW)
  for (const { entries } of [
    readRss(renderRss(feed)),
    readAtom(renderAtom(feed)),
    readJson(renderJson(feed)),
  ])
    expect(entries[0]?.tags).toEqual(tags)
})

describe('the title that most feeds get wrong', () => {
  const HARD = 'AT&T <b>5 < 6</b> &amp; "q"'
  const EVERYDAY = 'AT&T & co > 5'

  test.each(CASES)('$name reads it in $format as it was written', async (reader) => {
    const feed = toFeed(
      [HARD, EVERYDAY].map((title, index) =>
        post(`p${index}`, { title, date: new Date(Date.UTC(2026, 0, 9 - index)) }),
      ),
      await site(),
      NOW,
    )
    const render = { rss: renderRss, atom: renderAtom, json: renderJson }[reader.format]
    const [hard, everyday] = (await reader.read(render(feed))).map((entry) => entry.title)
    expect(everyday).toBe(EVERYDAY)
    // The one miss: it takes tags out whatever one does.
    expect(hard).toBe(reader.stripsTags ? 'AT&T 5 < 6 &amp; "q"' : HARD)
  })
})
