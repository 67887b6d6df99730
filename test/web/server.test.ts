import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { UserError } from '../../src/errors.ts'
import { listen } from '../../src/web/server.ts'
import { makeSite } from '../site.ts'
import { openBrowser, words } from './browser.ts'

describe('the server', () => {
  test('a port that another program has is told with what to try', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    try {
      const site = await makeSite({ web: { listen: `127.0.0.1:${port}` } })
      const failure = await listen(site).catch((error) => error)
      expect(failure).toBeInstanceOf(UserError)
      expect(failure.message).toBe(`"web.listen" is 127.0.0.1:${port}: another program is listening there`)
      expect(failure.hint).toContain('write another port')
    } finally {
      other.close()
    }
  })

  test('an address that this machine does not have is told with what to write', async () => {
    const site = await makeSite({ web: { listen: '192.0.2.1:8025' } })
    const failure = await listen(site).catch((error) => error)
    expect(failure.message).toBe('"web.listen" is 192.0.2.1:8025: this machine has no such address')
    expect(failure.hint).toContain('127.0.0.1')
  })

  test('close lets go of the port', async () => {
    const site = await makeSite()
    const first = await listen(site)
    await first.close()
    const config = { ...site.config, web: { ...site.config.web, port: first.port } }
    const second = await listen({ ...site, config })
    expect(second.port).toBe(first.port)
    await second.close()
  })

  test('/healthz answers as long as the database does', async () => {
    const site = await makeSite()
    const { visit } = await openBrowser(site)
    expect(await visit('/healthz')).toMatchObject({ status: 200, text: 'ok' })
    expect(await visit('/healthz', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
    await site.db.destroy()
    expect(await visit('/healthz')).toMatchObject({ status: 503 })
  })

  test('a template that the author writes or mends is there with the next page', async () => {
    const site = await makeSite()
    const { visit } = await openBrowser(site)
    const file = join(site.folder, 'templates', 'page.html')
    expect((await visit('/subscribe')).text).toContain('<main>')
    mkdirSync(dirname(file))
    const seen: string[] = []
    for (const text of ['My own: {{ title }}', '{{ typo }}', 'Mended: {{ title }}']) {
      writeFileSync(file, text)
      const answer = await visit('/subscribe')
      expect(answer.headers['cache-control']).toBe('no-store')
      seen.push(`${answer.status} ${answer.text}`)
    }
    rmSync(file)
    seen.push(String((await visit('/subscribe')).text.includes('<main>')))
    expect(seen).toEqual([
      '200 My own: Subscribe to A test blog',
      expect.stringMatching(/^500 Something is broken here/),
      '200 Mended: Subscribe to A test blog',
      'true',
    ])
  })

  test('every page comes with headers that keep scripts out and tokens in', async () => {
    const { visit } = await openBrowser(await makeSite())
    for (const path of [
      '/subscribe',
      '/confirm?token=x',
      '/unsubscribe?token=x',
      '/preferences?token=x',
      '/healthz',
      '/nothing',
    ]) {
      const { headers } = await visit(path)
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      // The one page with a script lets in that and no other: work.test.ts.
      if (path !== '/subscribe') expect(headers['content-security-policy']).not.toContain('script-src')
      expect(headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      })
    }
  })

  test.each([
    ['with its length told', {}],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('a form of a megabyte, %s, is turned away', async (_, headers: Record<string, string>) => {
    const site = await makeSite()
    const { visit } = await openBrowser(site)
    const answer = await visit('/subscribe', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      body: `address=ada@example.org&name=${'a'.repeat(1_000_000)}`,
    })
    expect(answer.status).toBe(413)
    expect(words(answer)).toContain('That was too much')
    expect(await site.db.selectFrom('subscribers').selectAll().execute()).toEqual([])
  })

  test('a page that fails says so without a word of the cause, and its token is in no log', async () => {
    const site = await makeSite()
    const told: unknown[] = []
    const log = { error: (...event: unknown[]) => told.push(event) } as never
    const { visit } = await openBrowser(site, { log })
    await site.db.destroy()
    const answer = await visit('/issues/1?token=secret')
    expect(answer.status).toBe(500)
    expect(words(answer)).toBe(
      'Something is broken here It is not your fault, and it has been written down. Please try again later.',
    )
    expect(JSON.stringify(told)).toContain('/issues/1')
    expect(JSON.stringify(told)).not.toContain('secret')
  })

  test('a form whose length is not said beforehand is taken like any other, and a long one is not', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const send = (body: string) =>
      browser.visit('/subscribe', {
        method: 'POST',
        headers: { ...form, 'Transfer-Encoding': 'chunked' },
        body,
      })
    expect(words(await send('address=ada%40example.org'))).toContain('Look into your mailbox')
    expect((await send(`address=${'a'.repeat(20_000)}`)).status).toBe(413)
    const { port } = browser
    const bare = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('POST /unsubscribe?token=x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
      )
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('close', () => resolve(text))
    })
    expect(bare).toContain('HTTP/1.1 404')
  })

  test('a worker beside is woken when somebody asks', async () => {
    const site = await makeSite()
    let woken = 0
    const { submit, visit } = await openBrowser(site, { onQueued: () => woken++ })
    await visit('/subscribe')
    await submit('/subscribe', { address: 'ada' })
    expect(woken).toBe(0)
    await submit('/subscribe', { address: 'ada@example.org' })
    expect(woken).toBe(1)
  })
})

describe('behind a proxy', () => {
  async function source(trustProxy: boolean): Promise<string | undefined> {
    const site = await makeSite({ web: { trustProxy } })
    const { submit } = await openBrowser(site)
    await submit(
      '/subscribe',
      { address: 'ada@example.org' },
      { 'X-Forwarded-For': '198.51.100.1, 203.0.113.77' },
    )
    const row = await site.db.selectFrom('consents').select('source').executeTakeFirst()
    return row?.source
  }

  test('the network is the last that the proxy names, and only where it is trusted', async () => {
    expect(loadConfig((await makeSite()).folder, {}).web.trustProxy).toBe(false)
    expect(await source(false)).toBe('127.0.0.0/24')
    expect(await source(true)).toBe('203.0.113.0/24')
  })
})
