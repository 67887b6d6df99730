import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openPace } from '../../src/web/pace.ts'
import { makeSite } from '../site.ts'
import { openBrowser } from './browser.ts'

const START = Date.parse('2026-11-02T09:00:00Z')

async function serve(trustProxy = true) {
  const site = await makeSite({ web: { trustProxy } })
  mkdirSync(site.config.feeds.folder)
  for (const name of ['rss.xml', 'atom.xml', 'index.html'])
    writeFileSync(join(site.config.feeds.folder, name), 'words')
  const { visit } = await openBrowser(site)
  /** How many of so many requests are refused, one after the other, at a moment in seconds from the start. */
  async function ask(
    times: number,
    at: number,
    headers: Record<string, string> = {},
    { path = '/rss.xml', method = 'GET' } = {},
  ) {
    site.setClock(new Date(START + at * 1000).toISOString())
    let refused = 0
    for (let time = 0; time < times; time++) {
      const { status } = await visit(path, {
        method,
        headers: { 'X-Forwarded-For': '203.0.113.7', ...headers },
      })
      if (status === 429) refused++
    }
    return refused
  }
  return { ask, visit }
}

describe('who fetches a feed whole, over and over', () => {
  test('is told when to come again, and may', async () => {
    const { ask, visit } = await serve()
    expect(await ask(30, 0)).toBe(0)
    const headers = { 'X-Forwarded-For': '203.0.113.7' }
    const refused = await visit('/rss.xml', { headers })
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'retry-after': '60', 'cache-control': 'no-store' },
      text: expect.stringMatching(/^You fetch .*If-None-Match.*\n$/),
    })
    expect(refused.headers.vary).toContain('A-IM')
    expect(await ask(1, 59)).toBe(1)
    expect((await visit('/rss.xml', { headers })).headers['retry-after']).toBe('1')
    expect(await ask(1, 60)).toBe(0)
    expect(await ask(1, 61)).toBe(1)
  })

  test('is nobody who says what they have, who only looks at the headers, or who reads a page', async () => {
    const { ask } = await serve()
    expect(await ask(40, 0)).toBe(10)
    expect(await ask(40, 0, { 'If-None-Match': '"old"' })).toBe(0)
    expect(await ask(40, 0, { 'If-Modified-Since': 'nonsense' })).toBe(0)
    expect(await ask(40, 0, {}, { method: 'HEAD' })).toBe(0)
    expect(await ask(40, 0, {}, { path: '/' })).toBe(0)
    expect(await ask(40, 0, { 'Sec-Fetch-Dest': 'document' })).toBe(0)
    // Another feed, and another person.
    expect(await ask(30, 0, {}, { path: '/atom.xml' })).toBe(0)
    expect(await ask(30, 0, { 'X-Forwarded-For': '203.0.113.7, 203.0.113.8' })).toBe(0)
    expect(await ask(1, 0, { 'X-Forwarded-For': '203.0.113.9, 203.0.113.7' })).toBe(1)
    expect(await ask(1, 0, { 'X-Forwarded-For': '203.0.113.7:4711' })).toBe(1)
  })

  test('is one for all behind a proxy that is not to be trusted, so none of them is refused', async () => {
    const { ask, visit } = await serve(false)
    expect(await ask(40, 0)).toBe(0)
    // Without a word of another, it is this machine that asks.
    const answers = await Promise.all(Array.from({ length: 40 }, () => visit('/rss.xml')))
    expect(answers.filter(({ status }) => status === 429).length).toBe(10)
  })
})

describe('simulated for a day', () => {
  /** @returns how many of their requests are refused */
  function simulate(people: number, everySeconds: number, burst = 1): number {
    const pace = openPace()
    let refused = 0
    for (let at = 0; at < 86_400; at += everySeconds)
      for (let time = 0; time < people * burst; time++)
        if (pace.take('203.0.113.7', 'rss.xml', new Date(START + at * 1000)) > 0) refused++
    return refused
  }

  test.each([
    ['a reader that asks each minute', 1, 60, 1],
    ['five people behind one address, every five minutes', 5, 300, 1],
    ['thirty people behind one address, every half an hour, all at once', 30, 1800, 1],
    ['a reader that tries three times in a row, every quarter of an hour', 1, 900, 3],
  ])('%s is never refused', (_, people, every, burst) => {
    expect(simulate(people, every, burst)).toBe(0)
  })

  test('a program that asks every ten seconds gets the feed once a minute', () => {
    expect(simulate(1, 10)).toBeGreaterThan(8640 - 1440 - 60)
    expect(simulate(1, 10)).toBeLessThan(8640 - 1440)
  })

  test('a clock that is set back, and ten thousand strangers, do no harm', () => {
    const pace = openPace()
    for (let time = 0; time < 30; time++) expect(pace.take('a', 'rss.xml', new Date(START))).toBe(0)
    expect(pace.take('a', 'rss.xml', new Date(START - 86_400_000))).toBe(60)
    for (let number = 0; number < 11_000; number++) pace.take(`b${number}`, 'rss.xml', new Date(START))
    expect(pace.take('a', 'rss.xml', new Date(START))).toBe(0)
  })
})
