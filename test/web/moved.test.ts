import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { movedFrom } from '../../src/web/moved.ts'
import { makeSite } from '../site.ts'
import { openBrowser, words } from './browser.ts'

async function serve(files: string[]) {
  const site = await makeSite({ feeds: { url: 'https://feeds.blog.example' } })
  const put = (file: string, text = 'words') => {
    const path = join(site.config.feeds.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  for (const file of files) put(file)
  return { put, ...(await openBrowser(site)) }
}

/** What is at each address: a status, and where it leads to. */
const OLD: [string, string][] = [
  // WordPress
  ['/feed', '301 rss.xml'],
  ['/feed/', '301 rss.xml'],
  ['/feed/rss/', '301 rss.xml'],
  ['/feed/rss2/', '301 rss.xml'],
  ['/feed/rdf/', '301 rss.xml'],
  ['/feed/atom/', '301 atom.xml'],
  ['/feed/feed/', '301 rss.xml'],
  ['/feed/json', '301 feed.json'],
  ['/?feed=rss2', '301 rss.xml'],
  ['/?feed=atom', '301 atom.xml'],
  ['/?feed=rss2&tag=tea', '301 tags/tea/rss.xml'],
  ['/index.php?feed=rss2', '404'],
  ['/wp-rss2.php', '301 rss.xml'],
  ['/wp-atom.php', '301 atom.xml'],
  ['/tag/tea/feed/', '301 tags/tea/rss.xml'],
  ['/tag/Tea/feed/atom/', '301 tags/tea/atom.xml'],
  ['/tag/tea/?feed=atom', '301 tags/tea/atom.xml'],
  ['/category/tea/feed/', '301 tags/tea/rss.xml'],
  ['/category/drinks/tea/feed/', '301 tags/tea/rss.xml'],
  ['/category/gr%C3%BCner%20tee/feed/', '301 tags/gr%C3%BCner-tee/rss.xml'],
  ['/author/ada/feed/', '301 authors/ada/rss.xml'],
  ['/de/feed/', '301 languages/de/rss.xml'],
  ['/tag/coffee/feed/', '404'],
  ['/category/feed/', '404'],
  ['/nothing/feed/', '404'],
  ['/comments/feed/', '410'],
  ['/comments/feed', '410'],
  ['/comments/feed/atom/', '410'],
  ['/?feed=comments-rss2', '410'],
  ['/wp-commentsrss2.php', '410'],
  ['/2019/05/17/hello/feed/', '410'],
  ['/hello/comments/feed', '410'],
  // Ghost
  ['/rss/', '301 rss.xml'],
  ['/rss', '301 rss.xml'],
  ['/tag/tea/rss/', '301 tags/tea/rss.xml'],
  ['/author/ada/rss/', '301 authors/ada/rss.xml'],
  // Hugo
  ['/index.xml', '301 rss.xml'],
  ['/tags/tea/index.xml', '301 tags/tea/rss.xml'],
  ['/categories/tea/index.xml', '301 tags/tea/rss.xml'],
  ['/posts/index.xml', '301 rss.xml'],
  ['/authors/ada/index.xml', '301 authors/ada/rss.xml'],
  ['/de/index.xml', '301 languages/de/rss.xml'],
  // Jekyll
  ['/feed.xml', '301 atom.xml'],
  ['/feed/by_tag/tea.xml', '301 tags/tea/atom.xml'],
  ['/feed/tea.xml', '301 tags/tea/atom.xml'],
  ['/feed/coffee.xml', '404'],
  // Eleventy, Pelican, Blogger, and what people chose themselves
  ['/feed/feed.xml', '301 atom.xml'],
  ['/feeds/all.atom.xml', '301 atom.xml'],
  ['/feeds/posts/default', '301 atom.xml'],
  ['/feeds/comments/default', '410'],
  ['/atom', '301 atom.xml'],
  ['/atom/', '301 atom.xml'],
  ['/index.rss', '301 rss.xml'],
  ['/index.atom', '301 atom.xml'],
  ['/index.rdf', '301 rss.xml'],
  ['/blog/feed/', '301 rss.xml'],
  ['/?feed=', '200'],
  ['/?feed=toString', '200'],
  ['/?feed=..%2f..%2fsecret', '200'],
  ['/tag/..%2f..%2f/feed/', '404'],
  ['/tag/%252e%252e/feed/', '404'],
  ['/rss.xml?from=feed', '200'],
]

test('old addresses of feeds lead to the new ones, of the same channel and format', async () => {
  const channels = ['', 'tags/tea/', 'tags/grüner-tee/', 'authors/ada/', 'languages/de/']
  const feeds = channels.flatMap((channel) =>
    ['rss.xml', 'atom.xml', 'feed.json'].map((file) => channel + file),
  )
  const { visit } = await serve([...feeds, 'index.html', 'tags/tea/index.html'])
  const found = OLD.map(async ([path]) => {
    const { status, headers } = await visit(path)
    const to = headers.location?.replace('https://feeds.blog.example/', ' ') ?? ''
    return `${path} ${status}${to}`
  })
  expect(await Promise.all(found)).toEqual(OLD.map((line) => line.join(' ')))
  const head = await visit('/feed/', { method: 'HEAD' })
  expect(head).toMatchObject({ status: 301, text: '', headers: { 'cache-control': 'public, max-age=86400' } })
})

test('a file of that name is itself, and where the feed is not there, nothing is', async () => {
  const { visit, put } = await serve(['feed/index.html', 'index.xml'])
  expect(await visit('/feed/')).toMatchObject({ status: 200, text: 'words' })
  expect(await visit('/index.xml')).toMatchObject({ status: 200, text: 'words' })
  expect((await visit('/rss/')).status).toBe(404)
  expect((await visit('/atom.xml')).status).toBe(404)
  put('rss.xml')
  expect((await visit('/rss/')).status).toBe(301)
})

test('what is no old feed is none', () => {
  for (const path of [
    '',
    'hello',
    'rss.xml',
    'atom.xml',
    'feed.json',
    'feeds',
    'tags/feed',
    'en',
    'en/hello',
  ])
    expect(movedFrom(path, new URLSearchParams())).toBeNull()
  const long = 'a/'.repeat(50_000)
  const started = performance.now()
  for (const path of [long, `tag/${long}`, `2020/${long}feed`, `feed/${'x'.repeat(99_999)}`])
    movedFrom(path, new URLSearchParams())
  expect(performance.now() - started).toBeLessThan(500)
})

test('what Posthorn has removed is gone, until it is there again', async () => {
  const { visit, put } = await serve(['index.html'])
  put('../data/posthorn.gone', '# what was removed\nposts/hello/index.html\ntags/tea/rss.xml\nüber.png\n')
  for (const path of [
    '/posts/hello/',
    '/posts/hello',
    '/posts/hello/index.html',
    '/tags/tea/rss.xml',
    '/%C3%BCber.png',
  ]) {
    const answer = await visit(path)
    expect(`${path} ${answer.status}`).toBe(`${path} 410`)
    expect(words(answer)).toContain('This is gone')
    expect(answer.headers['cache-control']).toBe('no-store')
  }
  expect((await visit('/posts/other/')).status).toBe(404)
  expect((await visit('/posts/hello/', { method: 'HEAD' })).status).toBe(410)
  put('posts/hello/index.html')
  expect((await visit('/posts/hello/')).status).toBe(200)
  put('../data/posthorn.gone', '# what was removed\n')
  expect((await visit('/tags/tea/rss.xml')).status).toBe(404)
})
