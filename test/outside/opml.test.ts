import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { missing } from './programs.ts'
import { buildSampleSite } from './sample-site.ts'

describe.skipIf(missing('newsboat', '--version'))('newsboat', () => {
  test('takes all feeds of the site at once', async () => {
    const site = await buildSampleSite()
    const home = mkdtempSync(join(tmpdir(), 'newsboat-'))
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const opml = join(site, 'public', 'feeds.opml')
    execFileSync('newsboat', ['-i', opml], { env: { ...process.env, HOME: home }, stdio: 'pipe' })

    const urls = readFileSync(join(home, '.newsboat', 'urls'), 'utf8')
      .trim()
      .split('\n')
    const wanted = Array.from(readFileSync(opml, 'utf8').matchAll(/xmlUrl="([^"]*)"/g), ([, url]) => url)
    expect(wanted.length).toBeGreaterThan(5)
    expect(urls.map((line) => line.split(' ')[0])).toEqual(wanted)
    expect(urls[0]).toBe('http://localhost:8025/rss.xml')
    expect(urls[1]).toMatch(/"Tags"/)
  })
})
