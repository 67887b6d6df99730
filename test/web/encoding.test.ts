import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { acceptedEncodings } from '../../src/web/encoding.ts'
import { makeSite } from '../site.ts'
import { openBrowser } from './browser.ts'

const WORDS = 'the same words again and again, '.repeat(100)

test.each<[string | undefined, string]>([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip identity'],
  ['GZip', 'gzip identity'],
  ['x-gzip', 'gzip identity'],
  ['br', 'br identity'],
  ['gzip, deflate, br, zstd', 'br gzip identity'],
  ['gzip, br;q=0.5', 'gzip br identity'],
  ['gzip;q=0.8, br;q=0.9', 'br gzip identity'],
  ['br;q=0', 'identity'],
  ['br;q=0.000, gzip', 'gzip identity'],
  ['gzip;q=0.5, identity', 'identity gzip'],
  ['gzip, identity;q=0.5', 'gzip identity'],
  ['gzip;q=0.001', 'gzip identity'],
  ['identity', 'identity'],
  ['identity;q=0', ''],
  ['identity;q=0, gzip', 'gzip'],
  ['*', 'br gzip identity'],
  ['*;q=0', ''],
  ['*;q=0, gzip;q=0.2', 'gzip'],
  ['*;q=0.1, gzip', 'gzip br identity'],
  ['identity;q=1, *;q=0', 'identity'],
  ['identity;q=0, *;q=0.5', 'br gzip'],
  ['deflate, compress;q=0.5', 'identity'],
  ['gzip ; q=0.5 , br ; Q=1', 'br gzip identity'],
  ['gzip;q=2, br', 'br identity'],
  ['gzip;q=-1', 'identity'],
  ['gzip;q=nonsense', 'identity'],
  [',, ,gzip,', 'gzip identity'],
  ['garbage/;=;;=,,', 'identity'],
])('Accept-Encoding %j gets one of %j', (header, expected) => {
  expect(acceptedEncodings(header).join(' ')).toBe(expected)
  expect(acceptedEncodings(header).join(' ')).toBe(expected)
})

async function serve() {
  const site = await makeSite()
  const folder = site.config.feeds.folder
  const put = (name: string, bytes: string | Buffer) => writeFileSync(join(folder, name), bytes)
  mkdirSync(folder)
  return { site, folder, put, ...(await openBrowser(site)) }
}

test('what was compressed beforehand is sent to whoever wants it, and is the same file', async () => {
  const { put, visit } = await serve()
  put('atom.xml.gz', gzipSync(WORDS))
  put('atom.xml.br', brotliCompressSync(WORDS))
  put('atom.xml', WORDS)
  const expand = { br: brotliDecompressSync, gzip: gunzipSync, none: (bytes: Buffer) => bytes }
  for (const [header, encoding] of [
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0.1, gzip;q=0.2', 'gzip'],
    ['deflate', 'none'],
    ['identity, gzip', 'gzip'],
  ] as const) {
    const answer = await visit('/atom.xml', { headers: { 'Accept-Encoding': header } })
    expect(answer.headers['content-encoding'] ?? 'none', header).toBe(encoding)
    expect(expand[encoding](answer.bytes).toString()).toBe(WORDS)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/atom+xml; charset=utf-8',
      'content-length': String(answer.bytes.length),
      vary: expect.stringContaining('Accept-Encoding'),
    })
  }
  const none = await visit('/atom.xml', { headers: { 'Accept-Encoding': 'identity;q=0' } })
  expect(none).toMatchObject({ status: 406, text: expect.stringContaining('allow identity') })
  expect(none.headers.vary).toContain('Accept-Encoding')
})

test('a compressed file of another version, half of one, or one that is none, is never sent for it', async () => {
  const { site, folder, put, visit } = await serve()
  const encodings = async () => {
    const asked = ['gzip', 'br'].map((header) =>
      visit('/hello.html', { headers: { 'Accept-Encoding': header } }),
    )
    return (await Promise.all(asked)).map(({ headers }) => headers['content-encoding'] ?? 'none').join(' ')
  }
  put('hello.html', WORDS)
  expect(await encodings()).toBe('none none')
  put('hello.html.gz', gzipSync(WORDS))
  put('hello.html.br', brotliCompressSync(WORDS))
  expect(await encodings()).toBe('gzip br')
  put('hello.html', WORDS.replaceAll('same', 'new'))
  expect(await encodings()).toBe('none none')
  put('hello.html.gz', gzipSync(WORDS.replaceAll('same', 'new')).subarray(0, 60))
  put('hello.html.br', 'nonsense')
  expect(await encodings()).toBe('none none')
  // A gigabyte of nothing is not unpacked.
  put('hello.html.gz', gzipSync(Buffer.alloc(2_000_000)))
  expect(await encodings()).toBe('none none')
  writeFileSync(join(site.folder, 'outside.gz'), gzipSync(WORDS.replaceAll('same', 'new')))
  rmSync(join(folder, 'hello.html.gz'))
  symlinkSync(join(site.folder, 'outside.gz'), join(folder, 'hello.html.gz'))
  expect(await encodings()).toBe('none none')
  rmSync(join(folder, 'hello.html.gz'))
  renameSync(join(site.folder, 'outside.gz'), join(folder, 'hello.html.gz'))
  expect(await encodings()).toBe('gzip none')
})

test('a compressed file at its own address is a file, and no page', async () => {
  const { put, visit } = await serve()
  put('hello.html', WORDS)
  put('hello.html.gz', gzipSync(WORDS))
  const answer = await visit('/hello.html.gz', { headers: { 'Accept-Encoding': 'gzip' } })
  expect(answer.headers['content-type']).toBe('application/gzip')
  expect(answer.headers['content-encoding']).toBeUndefined()
  expect(gunzipSync(answer.bytes).toString()).toBe(WORDS)
})
