import { describe, expect, test } from 'vitest'
import type { Channel } from '../../src/feeds/channel.ts'
import { archivesOf } from '../../src/pages/archive.ts'
import { yearsIn } from '../../src/pages/date.ts'
import { openPress } from '../../src/pages/page.ts'
import { MOST_MAPPED, renderSitemap } from '../../src/pages/sitemap.ts'
import { wantedLists } from '../../src/pages/wanted-lists.ts'
import type { Post } from '../../src/posts/post.ts'
import { nothingShown } from '../../src/public/write.ts'
import { makeSite, markdown, NOW } from './site.ts'

test('tags, authors and languages have pages, linked from posts and from the front page, with feeds of their own', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31', 'Hello.', 'tags: [Tea, C++]\nauthor: Grace'))
  await site.write('posts/two.md', markdown('Zwei', '2026-02-01', 'Hallo.', 'tags: [tea]\nlang: de'))
  await site.publish()
  expect((await site.pages()).filter((page) => !page.startsWith('posts/'))).toEqual([
    'authors/ada/index.html',
    'authors/grace/index.html',
    'authors/index.html',
    'index.html',
    'languages/de/index.html',
    'languages/en/index.html',
    'languages/index.html',
    'tags/cplusplus/index.html',
    'tags/index.html',
    'tags/tea/index.html',
  ])
  const at = 'https://blog.example'
  expect(await site.read('public/index.html')).toContain(`<a href="${at}/tags/">Tags</a>`)
  const post = await site.read('public/posts/one/index.html')
  expect(post).toContain(`<a href="${at}/tags/tea/" rel="tag">Tea</a>`)
  expect(post).toContain(`<a href="${at}/authors/grace/" rel="author">Grace</a>`)
  const tag = await site.read('public/tags/tea/index.html')
  expect(tag).toContain('<h1>Tea</h1>')
  const links = Array.from(tag.matchAll(/<link rel="alternate" [^>]* href="([^"]*)"/g), ([, href]) => href)
  expect(links).toEqual([
    `${at}/tags/tea/rss.xml`,
    `${at}/tags/tea/atom.xml`,
    `${at}/tags/tea/feed.json`,
    `${at}/rss.xml`,
    `${at}/atom.xml`,
    `${at}/feed.json`,
  ])
  expect(await site.read('public/languages/de/index.html')).toContain('<h1 lang="de">Deutsch</h1>')
  const tags = await site.read('public/tags/index.html')
  expect(tags.indexOf('>C++</a> <span class="count">1<')).toBeGreaterThan(0)
  expect(tags.indexOf('>Tea</a> <span class="count">2<')).toBeGreaterThan(tags.indexOf('>C++</a>'))
  expect(tags).toContain(`<a href="${at}/feeds.opml"`)
})

test('drafts, future and unlisted posts stand in no list, sitemap or OPML, and their tags have no page', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31', 'Hello.', 'tags: [tea]'))
  const hidden = { draft: 'draft: true', unlisted: 'unlisted: true', tomorrow: '' }
  for (const [name, more] of Object.entries(hidden)) {
    const date = name === 'tomorrow' ? '2026-11-23' : '2026-01-31'
    const about = `tags: [tea, quagga-${name}]\nauthor: Quagga ${name}\nlang: ${name === 'draft' ? 'sv' : 'en'}\n${more}`
    await site.write(`posts/quagga-${name}.md`, markdown('Quagga', date, 'Quagga.', about))
  }
  await site.publish()
  expect((await site.pages()).filter((page) => /quagga|authors|languages/.test(page))).toEqual([
    'posts/quagga-unlisted/index.html',
  ])
  for (const file of [...(await site.pages()), 'sitemap.xml'])
    if (!file.includes('quagga')) expect(await site.read(`public/${file}`), file).not.toMatch(/quagga/i)
  expect(await site.opml()).not.toMatch(/quagga/i)
})

/** Posts of a channel on these days, each with a file of its own, newest first. */
function posts(days: string[]): Post[] {
  return days
    .map((day, index) => ({ url: `${day} ${index}`, file: day, hash: '0', date: new Date(day) }) as Post)
    .toReversed()
}
const channel = (some: Post[], folder = ''): Channel => ({ kind: 'site', name: 'Notes', folder, posts: some })
const years = (from: number, count: number, each: number) =>
  Array.from({ length: count }, (_, year) =>
    Array<string>(each).fill(`${from + year}-05-05T12:00:00Z`),
  ).flat()

describe('archives', () => {
  const yearOf = yearsIn('Europe/Berlin')
  const told = (days: string[]) =>
    archivesOf(channel(posts(days)), 20, yearOf).map(
      ({ folder, name, posts: some }) => `${folder}: ${name}, ${some.length}`,
    )

  test('a channel with few posts has none', () => {
    expect(told(years(2000, 10, 12))).toEqual([])
  })

  test('quiet years share a page, and a year with too many posts has several', () => {
    expect(told([...years(2000, 3, 40), ...years(2010, 1, 1200), ...years(2011, 1, 3)])).toEqual([
      'archive/2011: 2011, 3',
      'archive/2010-3: 2010 (3), 200',
      'archive/2010-2: 2010 (2), 500',
      'archive/2010: 2010, 500',
      'archive/2000: 2000–2002, 120',
    ])
  })

  test('each post stands on one page, and a year is one on the clock of the site', () => {
    const all = posts([...years(2000, 30, 17), '2029-12-31T23:30:00Z', '2030-06-01T00:00:00Z'])
    const archives = archivesOf(channel(all), 20, yearOf)
    expect(archives.flatMap((archive) => archive.posts)).toEqual(all)
    expect(yearOf(new Date('2029-12-31T23:30:00Z'))).toBe(2030)
    expect(yearOf(new Date('2029-12-31T22:59:59Z'))).toBe(2029)
    expect(yearsIn('Pacific/Kiritimati')(new Date('2029-12-31T10:00:00Z'))).toBe(2030)
    expect(yearsIn('Etc/GMT+12')(new Date('2030-01-01T11:59:59Z'))).toBe(2029)
  })

  test('a new post leaves all pages but the newest as they are', async () => {
    const { config } = await makeSite()
    const press = openPress(config)
    const days = years(2000, 30, 40)
    const froms = (some: string[]) =>
      new Map(
        Array.from(wantedLists([channel(posts(some))], '', press, NOW), ([path, { from }]) => [path, from]),
      )
    const before = froms(days)
    const after = froms([...days, '2029-11-11T12:00:00Z'])
    expect([...after.keys()]).toEqual([...before.keys()])
    expect([...after.keys()].filter((path) => after.get(path) !== before.get(path))).toEqual([
      'index.html',
      'archive/2027/index.html',
      'sitemap.xml',
    ])
  })
})

test('a blog with many posts has a front page of the newest, and the others by year', async () => {
  const site = await makeSite({ feeds: { entries: 3 } })
  for (let day = 0; day < 110; day++) {
    const date = new Date(Date.UTC(2024, 0, 1, 12) + day * 7 * 86_400_000).toISOString()
    await site.write(`posts/p${day}.md`, markdown(`Post ${day}`, date))
  }
  const shown = nothingShown()
  await site.publish({ shown })
  expect((await site.pages()).filter((page) => !page.startsWith('posts/'))).toEqual([
    'archive/2024/index.html',
    'archive/2026/index.html',
    'index.html',
  ])
  const front = await site.read('public/index.html')
  expect(front.match(/<h2><a href/g)).toHaveLength(3)
  expect(front).toContain(
    '<a href="https://blog.example/archive/2024/">2024–2025</a> <span class="count">105</span>',
  )
  const archive = await site.read('public/archive/2024/index.html')
  expect(archive.indexOf('Post 104<')).toBeLessThan(archive.indexOf('Post 0<'))
  expect(archive.match(/<h2>\d+<\/h2>/g)).toEqual(['<h2>2025</h2>', '<h2>2024</h2>'])

  await site.write('posts/p0.md', markdown('Post 0', '2024-01-01T12:00:00.000Z', 'Mended.'))
  const changed = (await site.publish({ shown })).filter(({ written }) => written)
  expect(changed.map(({ file }) => file)).toEqual(['public/posts/p0/index.html'])
})

test('the sitemap names posts and lists, and more than a file holds are in several', async () => {
  const site = await makeSite()
  await site.write(
    'posts/one.md',
    markdown('One', '2026-01-31', 'Hello.', 'tags: [tea]\nupdated: 2026-02-01'),
  )
  await site.publish()
  expect(await site.read('public/sitemap.xml')).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>https://blog.example/posts/one/</loc><lastmod>2026-01-31T23:00:00.000Z</lastmod></url>
<url><loc>https://blog.example/</loc></url>
<url><loc>https://blog.example/tags/tea/</loc></url>
<url><loc>https://blog.example/tags/</loc></url>
</urlset>
`)
  expect(renderSitemap([{ url: 'https://blog.example/?a&b', changed: null }])).toContain('/?a&amp;b<')

  const many = channel(posts(years(2000, 1, MOST_MAPPED + 1)))
  const wanted = wantedLists([many], '', openPress(site.config), NOW)
  expect([...wanted.keys()].filter((path) => path.startsWith('sitemap'))).toEqual([
    'sitemap-1.xml',
    'sitemap-2.xml',
    'sitemap.xml',
  ])
  expect(await wanted.get('sitemap.xml')?.make()).toContain(
    '<sitemap><loc>https://blog.example/sitemap-2.xml</loc></sitemap>',
  )
  expect((await wanted.get('sitemap-1.xml')?.make())?.toString().match(/<url>/g)).toHaveLength(MOST_MAPPED)
})
