/** The mails of the default templates before a browser, a screen reader's checks and a spam filter. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Finding } from '../../src/check/finding.ts'
import { inspectRenditions } from '../../src/deliveries/inspect.ts'
import { printDigest, printPosts } from '../../src/deliveries/print.ts'
import { withoutSlots } from '../../src/mail/message.ts'
import { withMjml } from '../../src/mail/mjml.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { CORPUS, UNSPOILT_BUT } from '../check/corpus.ts'
import { defaultMails, type Mail } from '../check/mails.ts'
import { makeSite } from '../site.ts'
import { faultsOf } from './eyes.ts'
import { missing } from './programs.ts'

const CHROMIUM = '/usr/bin/chromium'

let mails: Mail[]
beforeAll(async () => {
  mails = await defaultMails()
})

describe.skipIf(missing(CHROMIUM, '--version'))('in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser?.close())

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test.each([375, 1280])('every mail is for everybody to read, %i pixels wide', async (width) => {
      const page = await open(browser, colorScheme, width)
      const faults: string[] = []
      for (const { name, html } of mails) {
        await page.setContent(html)
        faults.push(...(await faultsOf(page, name)))
      }
      expect(faults).toEqual([])
    })

    test('every mail is for everybody to read where its style blocks and classes are dropped', async () => {
      const page = await open(browser, colorScheme, 375)
      const faults: string[] = []
      for (const { name, html } of mails) {
        await page.setContent(html)
        const whole = await page.innerText('body')
        await page.setContent(html.replace(/<style[\s\S]*?<\/style>/g, '').replace(/ class="[^"]*"/g, ''))
        faults.push(...(await faultsOf(page, name)))
        if ((await page.innerText('body')).replace(/\s+/g, ' ') !== whole.replace(/\s+/g, ' '))
          faults.push(`${name}: it says something else`)
      }
      expect(faults).toEqual([])
    })
  })

  test.runIf(existsSync(CORPUS)).each(['light', 'dark'] as const)(
    'ten real posts are for everybody to read on a telephone, in %s',
    async (colorScheme) => {
      const site = await makeSite({
        posts: { folder: CORPUS, link: '/en/blog/{slug}' },
        site: { url: 'https://nodejs.org', timeZone: 'UTC' },
      })
      const { posts } = await lookAtPosts(site, emptyMemory())
      const ten = posts.filter((_, index) => index % 14 === 0).slice(0, 10)
      expect(ten).toHaveLength(10)
      const page = await open(browser, colorScheme, 375)
      const faults: string[] = []
      await withMjml(async (mjml) => {
        for (const post of ten) {
          const { html } = await printPosts([post], { ...site.config, language: 'en', mjml })
          await page.setContent(withoutSlots(html))
          faults.push(...(await faultsOf(page, post.slug)))
        }
      })
      expect(faults).toEqual([])
    },
  )

  test('a button is large enough for a thumb', async () => {
    const page = await open(browser, 'light', 375)
    for (const { name, html } of mails.filter(({ name }) => name.startsWith('confirmation'))) {
      await page.setContent(html)
      const box = await page.locator('.button a').boundingBox()
      expect(box?.height, name).toBeGreaterThanOrEqual(44)
    }
  })
})

/** What SpamAssassin may say of a mail that nobody has to be afraid of: none of it adds to the score. */
const SAID = new Set(['NO_RELAYS', 'NO_RECEIVED', 'MAILING_LIST_MULTI', 'HTML_MESSAGE', 'TVD_SPACE_RATIO'])

describe.skipIf(missing('spamassassin', '--version'))('SpamAssassin', () => {
  test('takes no mail for more than 0, and none for a reason that we do not know', () => {
    const found: string[] = []
    for (const { name, bytes } of mails.filter((mail) => !mail.name.startsWith('everything'))) {
      const { stdout } = spawnSync('spamassassin', ['-L', '-t'], { input: bytes, encoding: 'utf8' })
      const status = /^X-Spam-Status:([\s\S]*?)\n(?=\S)/m.exec(stdout)?.[1]?.replace(/\s+/g, ' ') ?? ''
      const score = Number(/score=(-?[\d.]+)/.exec(status)?.[1] ?? Number.NaN)
      const rules = (/tests=([A-Z0-9_, ]*)/.exec(status)?.[1] ?? '').split(/[,\s]+/).filter(Boolean)
      const unknown = rules.filter((rule) => !SAID.has(rule))
      if (!(score <= 0) || unknown.length > 0) found.push(`${name}: ${score}: ${rules.join(' ')}`)
    }
    expect(found).toEqual([])
  })
})

test.runIf(existsSync(CORPUS))('141 real posts are mailed as they were written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'corpus-'))
  const settings = {
    site: { title: 'Node.js', url: 'https://nodejs.org' },
    posts: { folder: CORPUS, link: '/en/blog/{slug}' },
    newsletter: { from: { name: 'Node.js', email: 'news@blog.example' } },
    web: { url: 'https://mail.blog.example' },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(settings))
  const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts')
  const report = await new Promise<string>((resolve) => {
    // It ends with 1, as there are errors: old links.
    execFile(
      process.execPath,
      [cli, 'check', '--json'],
      { cwd: folder, maxBuffer: 64_000_000 },
      (_, stdout) => resolve(stdout),
    )
  })
  const { faults, mails } = JSON.parse(report) as { faults: unknown[]; mails: { findings: Finding[] }[] }
  expect(faults).toEqual([])
  // And a digest, a confirmation and a welcome.
  expect(mails).toHaveLength(144)
  expect(mails.flatMap(({ findings }) => findings).filter(({ rule }) => !(rule in UNSPOILT_BUT))).toEqual([])
})

test.runIf(existsSync(CORPUS))('141 real posts are digests of thirty, with their texts', async () => {
  const site = await makeSite({
    posts: { folder: CORPUS, link: '/en/blog/{slug}' },
    site: { url: 'https://nodejs.org', timeZone: 'UTC' },
    newsletter: { digests: { show: 'full', posts: 30, order: 'oldest' } },
  })
  const { posts } = await lookAtPosts(site, emptyMemory())
  expect(posts).toHaveLength(141)
  await withMjml(async (mjml) => {
    for (let from = 0; from < posts.length; from += 30) {
      const thirty = posts.slice(from, from + 30)
      const rendition = await printDigest(thirty, { ...site.config, language: 'en', mjml })
      expect(Buffer.byteLength(rendition.html)).toBeLessThanOrEqual(88_000)
      const inspected = { kind: 'issue' as const, language: 'en', rendition }
      const findings = await inspectRenditions([inspected], thirty, site.config, site.now())
      expect(findings.filter(({ rule }) => !(rule in UNSPOILT_BUT))).toEqual([])
      // Each is there: with its text, or by its title.
      expect(thirty.filter(({ url }) => !rendition.html.includes(`href="${url}"`))).toEqual([])
    }
  })
})

async function open(browser: Browser, colorScheme: 'light' | 'dark', width: number): Promise<Page> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
  onTestFinished(() => context.close())
  // Mail fetches nothing but pictures, and these are nowhere.
  await context.route('**/*', (route) => route.abort())
  return context.newPage()
}
