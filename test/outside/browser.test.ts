import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeBlog } from './blog.ts'
import { faultsOf } from './eyes.ts'
import { missing } from './programs.ts'
import { buildSampleSite, mailSampleSite } from './sample-site.ts'

const CHROMIUM = '/usr/bin/chromium'
/** Where config.example.json says that blog and newsletter are. Their files answer; all else on the network is cut off. */
const BLOG = 'http://localhost:8025'

describe.skipIf(missing(CHROMIUM, '--version'))('Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser?.close())

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test.each([375, 1280])(
      'shows every kind of page %i pixels wide without sideways scrolling, for everybody to read',
      async (width) => {
        const site = await buildSampleSite(manyPosts())
        const page = await openPage(browser, colorScheme, join(site, 'public'), width)
        const pages = readdirSync(join(site, 'public'), { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('index.html'))
          .map((file) => file.replace(/index\.html$/, ''))
          // One tag is like another, and so are authors and languages.
          .filter((path) => !/^(tags\/(?!many\/$).+|(authors|languages)\/.+|posts\/many-.+)$/.test(path))

        expect(pages).toEqual(
          expect.arrayContaining(['', 'tags/', 'tags/many/', 'archive/2024/', 'posts/wide/']),
        )
        const faults: string[] = []
        for (const path of pages) {
          await page.goto(`${BLOG}/${path}`)
          faults.push(...(await faultsOf(page, `/${path}`)))
        }
        expect(faults).toEqual([])
      },
    )

    test.each([375, 1280])(
      'opens a feed %i pixels wide as a page with its address to copy, for everybody to read',
      async (width) => {
        const blog = await makeBlog()
        for (const [path, text] of Object.entries({ 'wide.md': WIDE, 'arabic.md': ARABIC }))
          blog.write(path, text)
        await blog.build()
        // Browsers ask for one, and tell the console where there is none.
        writeFileSync(join(blog.folder, 'favicon.ico'), '')
        await blog.serve()
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
        onTestFinished(() => context.close())
        const page = await context.newPage()
        const told: string[] = []
        page.on('console', (message) => told.push(message.text()))
        page.on('pageerror', (error) => told.push(error.message))

        for (const path of ['rss.xml', 'atom.xml', 'feed.json', 'tags/many/rss.xml']) {
          const url = `${blog.url}/${path}`
          const answer = await page.goto(url)
          expect(answer?.headers()['content-type']).toBe('text/html; charset=UTF-8')
          const address = page.getByLabel('Copy this address into your feed reader')
          expect(await address.inputValue()).toBe(url)
          // One click and one key, or three clicks.
          await address.click({ clickCount: 3 })
          expect(await page.evaluate<string>('getSelection().toString()')).toBe(url)
          expect(await page.getByRole('link', { name: LONG }).count()).toBe(1)
          expect(await faultsOf(page, path)).toEqual([])
        }
        expect(told).toEqual([])
      },
    )

    test('shows every message on a telephone without sideways scrolling, for everybody to read', async () => {
      const site = await buildSampleSite()
      const messages = await mailSampleSite(site)
      const page = await openPage(browser, colorScheme, join(site, 'public'), 375)

      // Seven posts, a digest and the question whether somebody meant to subscribe.
      expect(messages.size).toBe(9)
      const faults: string[] = []
      for (const [subject, html] of messages) {
        await page.setContent(html)
        faults.push(...(await faultsOf(page, subject)))
        const unseen = await page.evaluate<string[]>(
          `[...document.images].map((each) => each.naturalWidth > 0 ? '' : each.src).filter((src) => src.startsWith('${BLOG}'))`,
        )
        faults.push(...unseen.map((src) => `${subject}: ${src} is not shown`))
      }
      expect(faults).toEqual([])
    })
  })
})

/** Enough posts for archives, one with all that may be too wide, and one that is written from the right. */
function manyPosts(): Record<string, string> {
  const posts: Record<string, string> = { 'wide.md': WIDE, 'arabic.md': ARABIC }
  for (let day = 0; day < 125; day++)
    posts[`many-${day}.md`] =
      `---\ntitle: Post ${day}\ndate: ${new Date(Date.UTC(2024, 0, 1) + day * 86_400_000 * 7).toISOString()}\ntags: [many]\n---\n\nHello.\n`
  return posts
}

const LONG = 'Donaudampfschifffahrtsgesellschaftskapitaensmuetze'
const WIDE = `---
title: ${LONG} ${LONG}${LONG}
date: 2026-10-01
tags: [many, ${LONG}]
authors: [Ada, Grace]
image: https://blog.example/none.png
audio: { url: "https://media.example/talk.mp3", length: 10 }
---

## ${LONG}${LONG}

    ${LONG} ${LONG} ${LONG}

| ${LONG} | ${LONG} |
|---|---|
| \`${LONG}\` | https://example.org/${LONG} |

![Not there](https://blog.example/none.png) \`${LONG}${LONG}\`[^1]

[^1]: ${LONG}${LONG}
`
const ARABIC = `---
title: رسالة من البريد
date: 2026-10-02
lang: ar
---

نص *عربي*:

> - واحد

\`\`\`
code
\`\`\`
`

async function openPage(
  browser: Browser,
  colorScheme: 'light' | 'dark',
  folder: string,
  width: number,
): Promise<Page> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
  onTestFinished(() => context.close())
  await context.route('**/*', (route) => {
    const { origin, pathname } = new URL(route.request().url())
    if (origin !== BLOG) return route.abort()
    // The pictures of mails lie beside the journal, and not in the folder that is served.
    if (pathname.startsWith('/media/')) return route.fulfill({ path: join(folder, '..', 'data', pathname) })
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    return route.fulfill({ path: join(folder, decodeURIComponent(file)) })
  })
  return context.newPage()
}
