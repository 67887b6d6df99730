import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { missing } from './programs.ts'
import { buildSampleSite } from './sample-site.ts'

// Debian's own, which sees Debian's packages; another one may come first in PATH.
const PYTHON = '/usr/bin/python3'
const XML_FEEDS = ['rss.xml', 'atom.xml']

describe.skipIf(missing('xmllint', '--version'))('xmllint', () => {
  test('finds the feeds of the sample site well formed', async () => {
    const site = await buildSampleSite()

    for (const feed of XML_FEEDS) {
      const complaints = execFileSync('xmllint', ['--noout', join(site, 'public', feed)], {
        encoding: 'utf8',
      })
      expect(complaints).toBe('')
    }
  })
})

// feedparser sets bozo for whatever it had to forgive.
const READ = `
import feedparser, json, sys
feed = feedparser.parse(sys.argv[1])
print(json.dumps({"bozo": bool(feed.bozo), "why": str(feed.get("bozo_exception", "")), "titles": [entry.title for entry in feed.entries]}))
`

describe.skipIf(missing(PYTHON, '-c', 'import feedparser'))('feedparser', () => {
  test.each(XML_FEEDS)('reads %s and has nothing to forgive', async (feed) => {
    const site = await buildSampleSite()

    const read = JSON.parse(
      execFileSync(PYTHON, ['-c', READ, join(site, 'public', feed)], { encoding: 'utf8' }),
    )

    expect(read).toMatchObject({ bozo: false, why: '' })
    expect(read.titles).toHaveLength(7)
    expect(read.titles).toContain('From a file to a mailbox')
  })
})
