import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderAtom } from '../../src/feeds/atom.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { renderJson } from '../../src/feeds/json.ts'
import { renderRss } from '../../src/feeds/rss.ts'
import type { Post } from '../../src/posts/post.ts'
import { post, site, toFeed } from './example.ts'
import { readAtom, readJson, readRss, readStrictly } from './read-back.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const HARD = 'AT&T <b>5 < 6</b> &amp; "q"'

const POSTS: Post[] = [
  post(
    'hard',
    {
      title: HARD,
      summary: HARD,
      tags: ['C<T>', '"q"', "it's", 'a&b', '&amp;', 'C<T>'],
      date: new Date('2026-02-05T08:00:00Z'),
      updated: new Date('2026-02-06T09:10:11.987Z'),
      image: 'cup.jpg?w=1&h=2',
    },
    'A section ends with `]]>`, so `]]>` twice is a trap, and ]]> thrice a bigger one.\n\n' +
      '```xml\n<![CDATA[ a & b ]]>\n```\n\nAT&T, 5 < 6, &amp;amp; and "q".',
  ),
  post(
    'two-authors',
    {
      title: 'Zwei Köpfe',
      url: 'https://blog.example/?p=7&lang=de',
      language: 'de',
      authors: [{ name: 'Grace & Söhne', url: 'https://grace.example/?a=1&b=2' }, { name: 'Linus <l>' }],
      date: new Date('2026-02-04T08:00:00Z'),
    },
    'Siehe [dort](dort.html?a=1&b=2) und ![Bild](bild.png).\n\n| a | b |\n|---|--:|\n| 1 | 2 |',
  ),
  post(
    'shalom',
    {
      title: 'שלום עולם 👩‍👩‍👧‍👦 𝒳',
      summary: 'שלום',
      language: 'he',
      tags: ['עברית', '🎺'],
      date: new Date('2026-02-03T08:00:00Z'),
    },
    'שלום **עולם** 👩‍👩‍👧‍👦',
  ),
  post(
    'unwritable',
    {
      title: 'A\u0000 bell\u0007, half a \ud83d pair,\r\na\tline\u0085 and \ufffe\uffff\u001b',
      tags: ['\u0008', 'bell\u0007'],
      authors: [{ name: '\u0001' }],
      summary: 'Text\u000b.',
      date: new Date('2026-02-02T08:00:00Z'),
    },
    'Text\u000b with a bell\u0007.',
  ),
  post(
    'episode',
    {
      title: 'Q & A',
      date: new Date('2026-02-01T20:00:00Z'),
      image: 'cover.png',
      attachments: [
        {
          key: 'audio',
          url: 'q&a.mp3',
          type: 'audio/mpeg',
          length: 5_650_889,
          duration: 754,
          title: 'Q & A, "whole"',
        },
        {
          key: 'attachments',
          url: 'https://files.example/s.pdf?a=1&b=2',
          type: 'application/pdf',
          length: 12,
          duration: null,
          title: null,
        },
      ],
      episode: { number: 7, season: 2, explicit: true },
    },
    'Listen.',
  ),
  post('nobody', { authors: [], summary: '', date: new Date('2026-02-01T08:00:00Z') }, ''),
]

function render(feed: Feed) {
  return { rss: renderRss(feed), atom: renderAtom(feed), json: renderJson(feed) }
}

// Renew the golden files with `npx vitest run test/feeds --update`, and read what changed.
test.each([
  ['rss', 'rss.xml'],
  ['atom', 'atom.xml'],
  ['json', 'feed.json'],
] as const)('the %s feed of the example posts is %s', async (format, file) => {
  const documents = render(toFeed(POSTS, await site(), NOW))
  await expect(documents[format]).toMatchFileSnapshot(`golden/${file}`)
})

test('the RSS of a podcast that passes changes on by a hub is podcast.xml', async () => {
  const feeds = {
    hub: 'https://hub.example/?a=1&b=2',
    podcast: {
      image: '/cover.jpg',
      category: 'Society & Culture',
      subcategory: 'Documentary',
      explicit: false,
      owner: { email: 'show@example.org' },
      type: 'serial',
    },
  }
  const feed = toFeed(POSTS, await site({ feeds }), NOW)
  await expect(renderRss(feed)).toMatchFileSnapshot('golden/podcast.xml')
  expect(renderAtom(feed)).toContain('<link rel="hub" href="https://hub.example/?a=1&amp;b=2"/>')
  expect(JSON.parse(renderJson(feed)).hubs).toEqual([{ type: 'WebSub', url: 'https://hub.example/?a=1&b=2' }])
  for (const document of [renderAtom(feed), renderJson(feed), renderRss(toFeed(POSTS, await site(), NOW))])
    expect(document).not.toContain('itunes')
})

test('the three formats carry the same values in the same order', async () => {
  const { rss, atom, json } = render(toFeed(POSTS, await site(), NOW))
  expect(readAtom(atom)).toEqual(readRss(rss))
  expect(readJson(json)).toEqual(readRss(rss))
})

test('a title, tags and summary full of markup are read as the author wrote them', async () => {
  const { rss, atom, json } = render(toFeed(POSTS, await site(), NOW))
  for (const { title, entries } of [readRss(rss), readAtom(atom), readJson(json)]) {
    expect(title).toBe('Tea & <code>')
    expect(entries[0]).toMatchObject({
      title: HARD,
      summary: HARD,
      tags: ['C<T>', '"q"', "it's", 'a&b', '&amp;'],
      language: null,
    })
    expect(entries[0]?.html.split(']]&gt;')).toHaveLength(5)
    expect(entries[1]).toMatchObject({
      url: 'https://blog.example/?p=7&lang=de',
      authors: 'Grace & Söhne, Linus <l>',
      language: 'de',
    })
    expect(entries[3]).toMatchObject({
      title: 'A bell, half a pair, a line and',
      tags: ['bell'],
      summary: 'Text.',
      authors: '',
    })
  }
})

test('content that ends a section many times comes back whole', async () => {
  const html = ']]>]]>]]>]]&gt;<![CDATA[ x ]]><p>fill:0 fill:1 $& $1</p>]]'
  const feed = toFeed(POSTS, await site(), NOW)
  const { rss, atom, json } = render({ ...feed, entries: feed.entries.map((entry) => ({ ...entry, html })) })
  for (const { entries } of [readRss(rss), readAtom(atom), readJson(json)])
    expect(entries[0]?.html).toBe(html)
})

test('a summary with a tag in it is text for those who take an RSS description for HTML', async () => {
  const feed = toFeed([post('a', { summary: '<script>alert(1)</script>' })], await site(), NOW)
  expect(renderRss(feed)).toContain('<![CDATA[&#x3C;script&#x3E;')
})

describe('what each format demands', () => {
  test('RSS has its own address, a language, one creator, and ids that are no links', async () => {
    const rss = renderRss(toFeed(POSTS, await site(), NOW))
    expect(rss).toContain(
      '<atom:link href="https://blog.example/rss.xml" rel="self" type="application/rss+xml"/>',
    )
    expect(rss).toContain('<language>en</language>')
    expect(rss).toContain('<lastBuildDate>Fri, 06 Feb 2026 09:10:11 GMT</lastBuildDate>')
    expect(rss).toContain('<guid isPermaLink="false">tag:blog.example,2026:hard</guid>')
    expect(rss).toContain('<dc:creator>Grace &#x26; Söhne, Linus &#x3C;l&#x3E;</dc:creator>')
    expect(rss).not.toContain('<author>')
  })

  test('RSS declares every prefix it uses, also where no post has any text', async () => {
    const rss = renderRss(toFeed([post('empty', {}, '')], await site(), NOW))
    const used = new Set(Array.from(rss.matchAll(/<(\w+):/g), ([, prefix]) => prefix))
    expect(used).toEqual(new Set(['atom', 'fh', 'dc']))
    for (const prefix of used) expect(rss).toMatch(new RegExp(`<rss [^>]*xmlns:${prefix}=`))
  })

  test('Atom has typed links and titles, a language, and an author even where the site names none', async () => {
    const config = await site({ site: { title: 'Tea', url: 'https://blog.example/tea/' } })
    const atom = renderAtom(toFeed(POSTS, config, NOW))
    expect(atom).toMatch(/<author>\s*<name>Tea<\/name>\s*<\/author>/)
    expect(atom).toContain('<id>https://blog.example/tea</id>')
    expect(atom).toContain(
      '<link rel="self" type="application/atom+xml" href="https://blog.example/tea/atom.xml"/>',
    )
    expect(atom).toContain('<link rel="alternate" type="text/html" href="https://blog.example/tea"/>')
    expect(atom).toContain('<entry xml:lang="he">')
    expect(atom.match(/<title type="text">/g)).toHaveLength(POSTS.length)
    expect(atom).not.toContain('type="html"><![CDATA[שלום]')
  })

  test('JSON Feed is version 1.1 with authors and no author', async () => {
    const json = JSON.parse(renderJson(toFeed(POSTS, await site(), NOW)))
    expect(json.version).toBe('https://jsonfeed.org/version/1.1')
    expect(json.feed_url).toBe('https://blog.example/feed.json')
    expect(json.authors).toEqual([{ name: 'Ada' }])
    expect(json.items[1].authors).toEqual([
      { name: 'Grace & Söhne', url: 'https://grace.example/?a=1&b=2' },
      { name: 'Linus <l>' },
    ])
    expect(JSON.stringify(json)).not.toContain('"author"')
  })
})

describe('any text at all', () => {
  // biome-ignore format: one kind of trouble to a line
  const pieces = [
    '\ud800', '\udfff', '\u0000', '\u0008', '\u007f', '\u0085', '\ufffe', '\uffff', '\ufffd', '\ue000',
    '&#x7f;', '&#xFFFE;', '&#0;', '&amp;', '&#x26;', '&',
    ']]>', '<![CDATA[', '<', '>', '"', "'", '--', '</title>', '<b>', '<a href="java&#x7f;script:x">',
    '](x)', '![', '`', '\r\n', '\t', '  ',
    'fill:0', '$&',
  ]
  const text = fc.string({
    unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom(...pieces)),
    maxLength: 40,
  })

  // A post and a site have titles: their readers see to it.
  const words = text.filter((value) => kept(value) !== '')

  test('makes three documents that parse and carry the same values back', async () => {
    const config = await site()
    await fc.assert(
      fc.asyncProperty(
        fc.record({ title: words, tag: text, name: text, summary: text, content: text, site: words }),
        async (said) => {
          const any = post(
            'any',
            {
              title: said.title,
              tags: [said.tag],
              authors: [{ name: said.name }],
              summary: said.summary,
            },
            said.content,
          )
          const titled = { ...config, site: { ...config.site, title: said.site } }
          const documents = render(toFeed([any], titled, NOW))
          const rss = readRss(documents.rss)
          const [entry] = rss.entries
          expect(readAtom(documents.atom)).toEqual(rss)
          expect(readJson(documents.json)).toEqual(rss)
          expect(rss.title).toBe(kept(said.site))
          expect(entry).toMatchObject({
            title: kept(said.title),
            summary: kept(said.summary),
            authors: kept(said.name),
            tags: kept(said.tag) === '' ? [] : [kept(said.tag)],
          })
          for (const document of [documents.rss, documents.atom]) {
            const [strict] = await readStrictly(document)
            expect(strict).toEqual({ id: any.id, url: any.url, title: kept(said.title) })
          }
          for (const document of Object.values(documents)) expect(document).toBe(writable(document))
        },
      ),
      { numRuns: 200 },
    )
  }, 60_000)
})

/** What is left of a line of text in any of the feeds. */
function kept(text: string): string {
  return writable(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'))
    .replace(/[ \t\n]+/g, ' ')
    .trim()
}

/**
 * The text without what XML 1.0 forbids or discourages, said once more in other words than the code's. Halves of a
 * pair that a control keeps apart are a pair once it is gone, so surrogates are looked at last.
 */
function writable(text: string): string {
  const held = without(text, (code) => {
    if (code < 0x20) return code !== 0x9 && code !== 0xa
    if (code >= 0x7f && code <= 0x9f) return true
    return code === 0xe000 || code === 0xe001 || code === 0xfffe || code === 0xffff
  })
  return without(held, (code) => code >= 0xd800 && code <= 0xdfff)
}

function without(text: string, unwanted: (code: number) => boolean): string {
  return Array.from(text)
    .filter((character) => !unwanted(character.codePointAt(0) as number))
    .join('')
}
