import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeSite, post } from '../site.ts'
import { openBrowser, words } from './browser.ts'

const PERSON = { 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html' }

test('a person who opens a feed is told what it is, its address, and what is in it; a reader gets the feed', async () => {
  const site = await makeSite()
  site.write('hello.md', post('Hello & <welcome>', '2026-11-01'))
  await site.round()
  const { visit } = await openBrowser(site)
  for (const path of ['/rss.xml', '/atom.xml', '/feed.json']) {
    const before = await visit(path)
    const page = await visit(path, { headers: PERSON })
    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=UTF-8', 'cache-control': 'no-store' },
    })
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(words(page)).toContain('This is a feed.')
    expect(page.text).toContain(`value="https://blog.example${path}"`)
    expect(page.text).toMatch(
      /<a href="https:\/\/blog\.example\/posts\/hello\/">Hello &amp; &lt;welcome&gt;<\/a>/,
    )
    expect(page.text).toContain('<time datetime="2026-10-31T23:00:00.000Z">November 1, 2026</time>')

    for (const headers of [
      {},
      { Accept: 'text/html' },
      { 'Sec-Fetch-Dest': 'empty' },
      { 'User-Agent': 'Mozilla/5.0' },
    ]) {
      const feed = await visit(path, { headers: headers as Record<string, string> })
      expect(feed.headers['content-type']).toBe(before.headers['content-type'])
      expect(feed.text).toBe(before.text)
    }
    for (const answer of [before, page]) expect(answer.headers.vary).toContain('Sec-Fetch-Dest')
    const tagged = { ...PERSON, 'If-None-Match': String(before.headers.etag) }
    expect((await visit(path, { headers: tagged })).status).toBe(200)
    expect(await visit(path, { method: 'HEAD', headers: PERSON })).toMatchObject({ status: 200, text: '' })
  }
})

test('each feed names its address and its hub, for programs', async () => {
  const site = await makeSite({ feeds: { url: 'https://feeds.blog.example/a', hub: 'https://hub.example/' } })
  mkdirSync(join(site.config.feeds.folder, 'tags/grün'), { recursive: true })
  for (const file of ['rss.xml', 'tags/grün/atom.xml', 'index.html'])
    writeFileSync(join(site.config.feeds.folder, file), 'words')
  const { visit } = await openBrowser(site)
  const hub = '<https://hub.example/>; rel="hub"'
  expect((await visit('/rss.xml')).headers.link).toBe(
    `<https://feeds.blog.example/a/rss.xml>; rel="self", ${hub}`,
  )
  expect((await visit('/tags/gr%C3%BCn/atom.xml', { method: 'HEAD' })).headers.link).toBe(
    `<https://feeds.blog.example/a/tags/gr%C3%BCn/atom.xml>; rel="self", ${hub}`,
  )
  expect((await visit('/')).headers.link).toBeUndefined()
})

test('nothing in a feed becomes markup, and a feed that is broken is a page without a list', async () => {
  const site = await makeSite()
  mkdirSync(site.config.feeds.folder)
  const put = (name: string, text: string) => writeFileSync(join(site.config.feeds.folder, name), text)
  const { visit } = await openBrowser(site)
  put('rss.xml', '<rss/>')
  for (const json of [
    JSON.stringify({
      title: '<script>alert(1)</script>',
      items: [
        { title: '"><script>alert(2)</script>', url: 'javascript:alert(3)', language: '"><script>' },
        { title: 'fine', url: 'https://blog.example/"><script>', date_published: '"><script>' },
        { title: 7, url: {}, summary: '</h2><script>' },
        'no item',
        null,
      ],
    }),
    '{"items": "none"}',
    '[]',
    'null',
    '{',
    '',
  ]) {
    put('feed.json', json)
    const page = await visit('/rss.xml', { headers: PERSON })
    expect(page.status).toBe(200)
    expect(words(page)).toContain('This is a feed.')
    expect(page.text).not.toContain('<script')
    expect(page.text).not.toContain('href="javascript:')
  }
})
