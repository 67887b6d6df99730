import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeSite, post } from '../site.ts'
import { openBrowser, words } from './browser.ts'

async function serve(files: Record<string, string> = {}) {
  const site = await makeSite()
  for (const [file, text] of Object.entries(files)) {
    const path = join(site.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return { site, ...(await openBrowser(site)) }
}

describe('feeds and pages', () => {
  test('what a round has written is there, each feed with its media type', async () => {
    const { site, visit } = await serve()
    site.write('hello.md', post('Hello', '2026-11-02'))
    await site.round()
    for (const [path, type] of [
      ['/rss.xml', 'application/rss+xml; charset=utf-8'],
      ['/atom.xml', 'application/atom+xml; charset=utf-8'],
      ['/feed.json', 'application/feed+json; charset=utf-8'],
      ['/', 'text/html; charset=utf-8'],
      ['/posts/hello/', 'text/html; charset=utf-8'],
    ] as const) {
      const answer = await visit(path)
      expect(`${path} ${answer.status} ${answer.headers['content-type']}`).toBe(`${path} 200 ${type}`)
      expect(answer.text).toContain('Hello')
      expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(answer.text))
    }
  })

  test('a folder is found without its last slash, and only where it is one', async () => {
    const { visit } = await serve({ 'public/posts/über uns/index.html': 'us', 'public/plain.txt': 'plain' })
    const answer = await visit('/posts/%C3%BCber%20uns?from=mail')
    expect(answer.status).toBe(301)
    expect(answer.headers.location).toBe('./%C3%BCber%20uns/?from=mail')
    expect((await visit('/posts/%C3%BCber%20uns/')).text).toBe('us')
    for (const path of [
      '/posts/none',
      '/plain.txt/',
      '/posts/',
      '/posts//',
      '//',
      '//evil.example/',
      '//posts',
    ])
      expect(`${path} ${(await visit(path)).status}`).toBe(`${path} 404`)
  })

  test('what has not changed is not sent again', async () => {
    const { site, visit } = await serve({ 'public/rss.xml': 'one' })
    const path = join(site.folder, 'public/rss.xml')
    utimesSync(path, new Date('2026-11-02T09:00:00.500Z'), new Date('2026-11-02T09:00:00.500Z'))
    const first = await visit('/rss.xml')
    const tag = first.headers.etag as string
    const modified = first.headers['last-modified'] as string
    expect(modified).toBe('Mon, 02 Nov 2026 09:00:00 GMT')
    const ask = async (headers: Record<string, string>) => (await visit('/rss.xml', { headers })).status
    expect(await ask({ 'If-None-Match': tag })).toBe(304)
    expect(await ask({ 'If-None-Match': `"other", W/${tag}` })).toBe(304)
    expect(await ask({ 'If-None-Match': '*' })).toBe(304)
    expect(await ask({ 'If-Modified-Since': modified })).toBe(304)
    expect(await ask({ 'If-None-Match': '"other"', 'If-Modified-Since': modified })).toBe(200)
    expect(await ask({ 'If-Modified-Since': 'Mon, 02 Nov 2026 08:59:59 GMT' })).toBe(200)
    expect(await ask({ 'If-Modified-Since': 'nonsense' })).toBe(200)
    const again = await visit('/rss.xml', { headers: { 'If-None-Match': tag } })
    expect(again.text).toBe('')
    expect(again.headers).toMatchObject({ etag: tag, 'cache-control': 'public, max-age=300' })
    writeFileSync(path, 'two')
    expect(await ask({ 'If-None-Match': tag })).toBe(200)
  })

  test('HEAD tells the length and sends nothing; an empty file is empty', async () => {
    const { visit } = await serve({ 'public/rss.xml': 'twelve bytes', 'public/empty.txt': '' })
    const head = await visit('/rss.xml', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, text: '', headers: { 'content-length': '12' } })
    expect(await visit('/empty.txt')).toMatchObject({ status: 200, text: '' })
  })

  test('a reader who goes away in the middle of a large file does no harm', async () => {
    const { port, visit } = await serve({
      'public/large.bin': 'x'.repeat(20_000_000),
      'public/rss.xml': 'feed',
    })
    for (let times = 0; times < 5; times++)
      await new Promise<void>((resolve) => {
        const sent = get({ port, host: '127.0.0.1', path: '/large.bin' }, (response) =>
          response.once('data', () => sent.destroy()).once('close', resolve),
        ).on('error', () => {})
      })
    expect((await visit('/rss.xml')).text).toBe('feed')
    expect((await visit('/large.bin')).text.length).toBe(20_000_000)
  })

  test('no path leads out of the folder or to what is hidden in it', async () => {
    const { site, visit } = await serve({
      'public/index.html': 'front',
      'public/.env': 'secret',
      'public/.git/config': 'secret',
      'public/a/b.txt': 'fine',
      'secret.txt': 'secret',
    })
    symlinkSync(join(site.folder, 'secret.txt'), join(site.folder, 'public/out.txt'))
    symlinkSync(site.folder, join(site.folder, 'public/up'))
    symlinkSync(join(site.folder, 'public/a'), join(site.folder, 'public/inside'))
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/%2e%2e%2fsecret.txt',
      '/a/..%2f..%2fsecret.txt',
      '/..%5csecret.txt',
      '/..\\secret.txt',
      '/a/../../secret.txt',
      '/out.txt',
      '/up/secret.txt',
      '/up',
      '/.env',
      '/.git/config',
      '/%2egit/config',
      '/.hidden',
      '/a%2fb.txt',
      '/index.html%00.txt',
      '/%00',
      '/%',
      '/%zz',
      '/%c0%ae%c0%ae/secret.txt',
      `/${'a'.repeat(300)}`,
      `/${'a/'.repeat(3000)}`,
      '/index.html/x',
    ]) {
      const { status, text } = await visit(path)
      // A backslash is no part of an address at all.
      expect(`${path} ${status}`).toBe(`${path} ${path.includes('\\') ? 400 : 404}`)
      expect(text).not.toContain('secret')
    }
    expect((await visit('/inside/b.txt')).text).toBe('fine')
    expect((await visit('/a/%2e/b.txt')).text).toBe('fine')
  })

  test('an address that is nothing gets a page that says so', async () => {
    const { visit, submit } = await serve()
    for (const answer of [
      await visit('/nothing'),
      await submit('/nothing', {}),
      await submit('/rss.xml', {}),
    ]) {
      expect(answer.status).toBe(404)
      expect(words(answer)).toContain('There is nothing here')
    }
  })
})
