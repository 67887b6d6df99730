import { type Browser, chromium, type Page } from 'playwright-core'
import type { Email } from 'postal-mime'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { findSubscriber } from '../../src/store/subscribers.ts'
import { listen } from '../../src/web/server.ts'
import { wordsFor } from '../../src/words/words.ts'
import { freePort } from '../port.ts'
import { makeSite, post, type TestSite } from '../site.ts'
import { faultsOf } from './eyes.ts'
import { missing } from './programs.ts'

const CHROMIUM = '/usr/bin/chromium'
const ADA = 'ada@example.org'

describe.skipIf(missing(CHROMIUM, '--version'))('in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser?.close())

  async function openSite(language: string) {
    const port = await freePort()
    const site = await makeSite({
      site: { language },
      web: { url: `http://localhost:${port}`, listen: `127.0.0.1:${port}` },
    })
    await site.round()
    const web = await listen(site)
    onTestFinished(web.close)
    return { site, words: wordsFor(language) }
  }

  async function openPage(scripts: boolean): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 375, height: 800 },
      javaScriptEnabled: scripts,
      // The whole of it on one telephone, far from the blog.
      timezoneId: 'America/New_York',
    })
    onTestFinished(() => context.close())
    return context.newPage()
  }

  test.each([
    ['en', true],
    ['en', false],
    ['de', true],
    ['de', false],
  ] as const)(
    'somebody comes, chooses, reads, leaves and comes back, in %s, scripts: %s',
    async (language, scripts) => {
      const { site, words } = await openSite(language)
      const page = await openPage(scripts)
      const look = async (name: string) => {
        // axe is a script itself.
        if (scripts) expect(await faultsOf(page, name)).toEqual([])
        expect(await page.locator('html').getAttribute('lang')).toBe(language)
      }

      await page.goto(`${site.config.web.url}/subscribe`)
      await look('the form')
      await page.getByLabel(words.web.subscribe.address, { exact: true }).fill(ADA)
      await press(page, words.web.subscribe.button)
      await look('what to do now')
      expect(await statusOf(site)).toBe('unconfirmed')
      await site.round()

      await follow(page, await latest(site), 'confirm')
      await look('the confirmation')
      expect(await statusOf(site)).toBe('unconfirmed')
      await press(page, words.web.confirm.button)
      await look('confirmed')
      expect(await statusOf(site)).toBe('confirmed')
      // Where a script can tell it, digests come by the reader's own clock.
      expect(await findSubscriber(site.db, ADA)).toMatchObject({
        time_zone: scripts ? 'America/New_York' : '',
        rhythm: 'instant',
      })
      await site.round()

      await page.getByRole('link', { name: words.web.confirmed.choose }).click()
      await look('the preferences')
      await page.getByLabel(words.web.preferences.daily).check()
      await press(page, words.web.preferences.button)
      await look('what was saved')
      expect(await findSubscriber(site.db, ADA)).toMatchObject({ rhythm: 'daily' })

      site.write('news.md', post('News', '2026-11-02'))
      site.setClock('2026-11-04T07:00:00Z')
      await site.round()
      site.setClock('2026-11-04T13:00:00Z')
      await site.round()
      const digest = await latest(site)
      expect(digest.subject).toContain('News')

      await follow(page, digest, 'unsubscribe')
      await look('the way out')
      expect(await statusOf(site)).toBe('confirmed')
      await press(page, words.web.unsubscribe.button)
      await look('left')
      expect(await statusOf(site)).toBe('unsubscribed')
      await press(page, words.web.unsubscribed.undo)
      await look('back')
      expect(await statusOf(site)).toBe('confirmed')
    },
  )

  test('a scanner that opens every link of every message and runs its scripts changes nothing', async () => {
    const { site } = await openSite('en')
    await site.join('grace@example.org')
    site.write('news.md', post('News', '2026-11-02'))
    await site.round()
    const page = await openPage(true)
    await page.goto(`${site.config.web.url}/subscribe`)
    await page.getByLabel(wordsFor('en').web.subscribe.address, { exact: true }).fill(ADA)
    await press(page, wordsFor('en').web.subscribe.button)
    await site.round()
    const before = await state(site)
    const opened = new Set<string>()
    for (const message of await site.messages())
      for (const [, link] of (message.html ?? '').matchAll(/href="(http:\/\/localhost:[^"]+)"/g)) {
        const url = link?.replaceAll('&amp;', '&') ?? ''
        opened.add(new URL(url).pathname)
        await page.goto(url, { waitUntil: 'networkidle' })
      }
    expect([...opened]).toEqual(expect.arrayContaining(['/confirm', '/preferences', '/unsubscribe']))
    expect(await state(site)).toEqual(before)
  })
})

async function press(page: Page, button: string): Promise<void> {
  await Promise.all([
    page.waitForEvent('load'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ])
}

async function statusOf(site: TestSite): Promise<string | undefined> {
  return (await findSubscriber(site.db, ADA))?.status
}

async function state(site: TestSite): Promise<unknown> {
  return Promise.all(
    (['subscribers', 'consents', 'deliveries', 'suppressions', 'sign_ups'] as const).map((table) =>
      site.db.selectFrom(table).selectAll().execute(),
    ),
  )
}

/** The message that came last. */
async function latest(site: TestSite): Promise<Email> {
  const { id } = await site.db
    .selectFrom('deliveries')
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  const token = new RegExp(`token=[a-z]${id.toString(36)}-`)
  const message = (await site.messages()).find(({ html }) => token.test(html ?? ''))
  if (!message) throw new Error(`no message of delivery ${id}`)
  return message
}

/** Opens the link of a message that leads to a page. */
async function follow(
  page: Page,
  { html = '' }: Email,
  to: 'confirm' | 'preferences' | 'unsubscribe',
): Promise<void> {
  const link = new RegExp(`href="(http://localhost:[^"]*/${to}[?][^"]+)"`).exec(html)?.[1]
  await page.goto((link ?? '').replaceAll('&amp;', '&'))
}
