import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { listen } from '../../src/web/server.ts'
import { makeSite } from '../site.ts'
import { openBrowser } from './browser.ts'

const FEED = 'the same words again and again, '.repeat(100)
const HOST = 'Host: blog.example\r\n'
const PLAIN = `GET /rss.xml HTTP/1.1\r\n${HOST}\r\n`

/** A server that knows the feed's address already, and somebody who talks to it byte by byte. */
async function serve() {
  const site = await makeSite()
  mkdirSync(site.config.feeds.folder)
  const file = join(site.config.feeds.folder, 'rss.xml')
  writeFileSync(`${file}.gz`, gzipSync(FEED))
  writeFileSync(file, FEED)
  const browser = await openBrowser(site)
  await browser.visit('/rss.xml')

  /** Sends pieces one after the other, the next when the one before had time to arrive; gives what comes back. */
  function say(...pieces: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(browser.port, '127.0.0.1')
      let heard = ''
      socket.on('data', (bytes) => {
        heard += bytes.toString('latin1')
      })
      socket.on('error', reject).on('close', () => resolve(heard))
      const next = () => {
        const piece = pieces.shift()
        if (piece === undefined) socket.end()
        else socket.write(piece, 'latin1', () => setImmediate(() => setImmediate(next)))
      }
      socket.setNoDelay(true)
      socket.once('connect', next)
    })
  }
  return { ...browser, say, site }
}

/** `200 200 304`: the first lines of the answers, in their order. */
function statuses(heard: string): string {
  return Array.from(heard.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => status).join(' ')
}

test('requests that come together are answered in their order, however they are cut', async () => {
  const { say } = await serve()
  const old = `HEAD /rss.xml HTTP/1.1\r\n${HOST}If-None-Match: *\r\n\r\n`
  expect(statuses(await say(PLAIN))).toBe('200')
  expect(statuses(await say(PLAIN, old, PLAIN))).toBe('200 304 200')
  expect(statuses(await say(PLAIN + old + PLAIN + old))).toBe('200 304 200 304')
  expect(statuses(await say(PLAIN + old.slice(0, 9), old.slice(9) + PLAIN))).toBe('200 304 200')
  expect(statuses(await say(...PLAIN.split('')))).toBe('200')
  const whole = await say(PLAIN + PLAIN)
  expect(whole.split(FEED).length).toBe(3)
})

test('whatever is not quite plain is for Node, with what comes behind it', async () => {
  const { say } = await serve()
  const unknown = `GET /nothing HTTP/1.1\r\n${HOST}\r\n`
  const form = `POST /subscribe HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nGET `
  const chunks = `GET /rss.xml HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
  expect(statuses(await say(PLAIN + unknown + PLAIN))).toBe('200 404 200')
  expect(statuses(await say(PLAIN + form + PLAIN))).toBe('200 400 200')
  expect(statuses(await say(PLAIN + chunks + PLAIN))).toBe('200 200 200')
  for (const [line, expected] of [
    ['GET /rss.xml HTTP/1.0\r\n\r\n', '200'],
    ['GET /rss.xml HTTP/1.1\r\n\r\n', '400'],
    [`GET /rss.xml HTTP/1.1\r\n${HOST}${HOST}\r\n`, '200'],
    [`GET /rss.xml HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, '200'],
    [`GET /rss.xml HTTP/1.1\n${HOST}\r\n`, '400'],
    [`GET  /rss.xml HTTP/1.1\r\n${HOST}\r\n`, '200'],
    [`GET /rss.xml HTTP/1.1\r\n${HOST} folded: x\r\n\r\n`, '400'],
    [`GET /rss.xml HTTP/1.1\r\n${HOST}Spaced : x\r\n\r\n`, '400'],
    [`GET /rss.xml HTTP/1.1\r\n${HOST}Long: ${'x'.repeat(20_000)}\r\n\r\n`, '431'],
    [`GET /rss.xml HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, '400'],
    [`GET /rss.xml HTTP/1.1\r\n${HOST}__proto__: x\r\nConstructor: x\r\n\r\n`, '200'],
    ['nonsense\r\n\r\n', '400'],
    [`${PLAIN.slice(0, -2)}Null: \0\r\n\r\n`, '400'],
  ] as const)
    expect(`${JSON.stringify(line.slice(0, 99))} ${statuses(await say(line))}`).toBe(
      `${JSON.stringify(line.slice(0, 99))} ${expected}`,
    )
})

test('an answer is the same on either way', async () => {
  const { visit } = await serve()
  for (const headers of [
    {},
    { 'Accept-Encoding': 'gzip' },
    { 'If-None-Match': '*' },
    { Range: 'bytes=1-2' },
    { Range: 'bytes=99999-' },
    { 'Accept-Encoding': 'identity;q=0' },
    { 'Sec-Fetch-Dest': 'document' },
  ] as Record<string, string>[])
    for (const method of ['GET', 'HEAD']) {
      const [one, other] = await Promise.all([
        visit('/rss.xml', { method, headers }),
        visit('/rss.xml', { method, headers, stay: true }),
      ])
      const { connection, date, ...common } = one.headers
      expect(other.headers).toMatchObject(common)
      expect([other.status, other.text]).toEqual([one.status, one.text])
    }
})

test('the server closes at once, though somebody has a connection open', async () => {
  const site = await makeSite()
  const server = await listen(site)
  const sockets = await Promise.all(
    ['', 'GET /rss'].map(
      (said) =>
        new Promise<Socket>((resolve) => {
          const socket = connect(server.port, '127.0.0.1', () => socket.write(said, () => resolve(socket)))
          socket.on('error', () => {})
        }),
    ),
  )
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()))
  sockets[1]?.destroy()
  const started = performance.now()
  await server.close()
  expect(performance.now() - started).toBeLessThan(2_000)
})

test('who asks a thousand times and takes nothing gets no more than the line holds, and then all of it', async () => {
  const { port } = await serve()
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  const times = 1_000
  const old = `GET /rss.xml HTTP/1.1\r\n${HOST}If-None-Match: "old"\r\n\r\n`
  socket.end(old.repeat(times))
  const heard = Buffer.concat(await socket.toArray()).toString()
  expect(heard.split(FEED).length).toBe(times + 1)
})
