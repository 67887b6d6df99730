/** 141 posts of a real blog go down the whole street, where they lie beside the checkout. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseFeed } from 'feedsmith'
import Parser from 'rss-parser'
import { expect, test } from 'vitest'
import { main } from '../src/commands/main.ts'
import { makeSite } from './site.ts'

const CORPUS = join(import.meta.dirname, '../../shared/corpus/nodejs-blog')

test.runIf(existsSync(CORPUS))(
  '141 real posts are read, fed, and the longest one is delivered',
  async () => {
    const site = await makeSite({
      posts: { folder: CORPUS },
      feeds: { entries: 1000, size: '100MB' },
      site: { timeZone: 'UTC' },
    })
    const first = await site.round()
    expect(first.faults).toEqual([])
    expect(first.firstRound).toHaveLength(141)

    const read = (name: string) => readFileSync(join(site.folder, 'public', name), 'utf8')
    expect((await new Parser().parseString(read('rss.xml'))).items).toHaveLength(141)
    expect(parseFeed(read('atom.xml'))).toMatchObject({ format: 'atom', feed: { entries: { length: 141 } } })
    expect(parseFeed(read('feed.json'))).toMatchObject({ format: 'json', feed: { items: { length: 141 } } })

    await site.join('ada@example.org')
    const longest = first.posts.reduce((a, b) => (b.source.length > a.source.length ? b : a))
    const quiet = { write: () => true } as unknown as NodeJS.WriteStream
    const exit = await main(['send', longest.slug, '--yes'], {
      streams: { stdin: process.stdin, stdout: quiet, stderr: quiet },
      env: {},
      folder: site.folder,
      now: site.now,
      signal: new AbortController().signal,
    })
    expect(exit).toBe(0)
    const [message] = await site.messages()
    expect(message?.subject).toBe(longest.title)
    expect(Buffer.byteLength(message?.html ?? '')).toBeLessThan(100_000)
    expect(message?.text?.length).toBeGreaterThan(1000)
  },
  60_000,
)
