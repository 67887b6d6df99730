import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { makeSite } from '../site.ts'
import { openBrowser } from './browser.ts'

const MODIFIED = 'Mon, 02 Nov 2026 08:00:00 GMT'

/** Each number once, so that every part is one of a kind. */
async function serve(name: string, size: number) {
  const site = await makeSite()
  const bytes = Buffer.from(
    Array.from({ length: size / 4 }, (_, place) => String(place % 10_000).padStart(4)).join(''),
  )
  mkdirSync(site.config.feeds.folder)
  const file = join(site.config.feeds.folder, name)
  writeFileSync(file, bytes)
  utimesSync(file, new Date(MODIFIED), new Date(MODIFIED))
  return { file, bytes, ...(await openBrowser(site)) }
}

test.each([
  ['held in memory', 40_000],
  ['read from the disk', 1_400_000],
])('a player begins in the middle of an episode that is %s', async (_, size) => {
  const { bytes, visit } = await serve('episode.mp3', size)
  const ask = (headers: Record<string, string>, method = 'GET') => visit('/episode.mp3', { method, headers })
  for (const [range, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=1000-1999', 1000, 1999],
    ['bytes=1000-', 1000, size - 1],
    ['bytes=-500', size - 500, size - 1],
    [`bytes=-${size * 2}`, 0, size - 1],
    [`bytes=${size - 1}-${size * 2}`, size - 1, size - 1],
    ['Bytes = 7-9', 7, 9],
  ] as const) {
    const answer = await ask({ Range: range })
    expect(`${range} ${answer.status} ${answer.headers['content-range']}`).toBe(
      `${range} 206 bytes ${first}-${last}/${size}`,
    )
    expect(answer.headers['content-length']).toBe(String(last - first + 1))
    expect(answer.bytes.equals(bytes.subarray(first, last + 1))).toBe(true)
  }
  for (const range of [`bytes=${size}-`, 'bytes=-0', `bytes=${size * 2}-${size * 3}`]) {
    const answer = await ask({ Range: range })
    expect(`${range} ${answer.status} ${answer.headers['content-range']}`).toBe(
      `${range} 416 bytes */${size}`,
    )
  }
  for (const range of ['bytes=9-7', 'bytes=-', 'bytes=0-1,5-6', 'lines=1-2', 'nonsense', '']) {
    const answer = await ask({ Range: range })
    expect(`${range} ${answer.status} ${answer.bytes.length}`).toBe(`${range} 200 ${size}`)
  }
  const whole = await ask({})
  expect(whole.headers).toMatchObject({ 'accept-ranges': 'bytes', 'content-type': 'audio/mpeg' })
  const part = { Range: 'bytes=1-2' }
  for (const [status, condition] of [
    [206, String(whole.headers.etag)],
    [206, MODIFIED],
    [200, '"other"'],
    [200, `W/${whole.headers.etag}`],
    [200, 'Mon, 02 Nov 2026 08:00:01 GMT'],
    [200, 'nonsense'],
  ] as const)
    expect(`${condition} ${(await ask({ ...part, 'If-Range': condition })).status}`).toBe(
      `${condition} ${status}`,
    )
  expect((await ask({ ...part, 'If-None-Match': String(whole.headers.etag) })).status).toBe(304)
  expect(await ask(part, 'HEAD')).toMatchObject({ status: 200, headers: { 'content-length': String(size) } })
})

test('nobody gets the middle of a compressed file', async () => {
  const { file, bytes, visit } = await serve('hello.html', 4_000)
  writeFileSync(`${file}.gz`, gzipSync(bytes))
  const answer = await visit('/hello.html', { headers: { Range: 'bytes=1-2', 'Accept-Encoding': 'gzip' } })
  expect(answer).toMatchObject({ status: 200, headers: { 'content-encoding': 'gzip' } })
  expect(answer.headers['accept-ranges']).toBeUndefined()
})

test('an episode that is replaced while it is heard is another one', async () => {
  const { file, bytes, visit } = await serve('episode.mp3', 1_400_000)
  const before = await visit('/episode.mp3', { method: 'HEAD' })
  writeFileSync(file, Buffer.concat([bytes, bytes]))
  const headers = { Range: 'bytes=1400000-', 'If-Range': String(before.headers.etag) }
  expect(await visit('/episode.mp3', { headers })).toMatchObject({
    status: 200,
    headers: { 'content-length': '2800000' },
  })
})
