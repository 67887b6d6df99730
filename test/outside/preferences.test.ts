import { readFileSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeToken, type Purpose } from '../../src/mail/token.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { time, write } from '../../src/store/database.ts'
import { insertDelivery } from '../../src/store/deliveries.ts'
import { insertRendition } from '../../src/store/renditions.ts'
import { findSubscriber } from '../../src/store/subscribers.ts'
import { listen } from '../../src/web/server.ts'
import { freePort } from '../port.ts'
import { makeSite } from '../site.ts'
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

  /** A reader's link, and whoever opens it. */
  async function reader(options: {
    width?: number
    scripts?: boolean
    colorScheme?: 'light' | 'dark'
    language?: string
    at?: Purpose
  }) {
    const port = await freePort()
    const address = { url: `http://localhost:${port}`, listen: `127.0.0.1:${port}` }
    const site = await makeSite({ web: address })
    site.write(
      'tea.md',
      '---\ntitle: Tea\ndate: 2026-10-01\ntags: [tea, Gärten und was darin wächst, الشاي]\n---\n\nTea.\n',
    )
    site.write('tee.md', '---\ntitle: Tee\ndate: 2026-10-02\ntags: [tea]\nlang: de\n---\n\nTee.\n')
    await lookAtPosts(site, emptyMemory())
    await site.join(ADA)
    const { language = 'en', at = 'preferences' } = options
    await site.db.updateTable('subscribers').set({ language }).execute()
    const web = await listen(site)
    onTestFinished(web.close)
    const delivery = await write(site.db, async (trx) => {
      const hello = { subject: 'Hello', html: '<p>Hello</p>', text: 'Hello' }
      const row = {
        kind: 'welcome',
        posts: null,
        language: 'en',
        created_at: time(site.now()),
        ...hello,
      } as const
      const rendition = await insertRendition(trx, null, row)
      const { id: subscriber } = (await findSubscriber(trx, ADA)) as { id: number }
      const welcome = { kind: 'welcome', subscriber, rendition, address: ADA, name: '' } as const
      return insertDelivery(trx, welcome, site.now())
    })
    const context = await browser.newContext({
      viewport: { width: options.width ?? 375, height: 800 },
      javaScriptEnabled: options.scripts ?? true,
      colorScheme: options.colorScheme ?? 'light',
    })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(`http://localhost:${web.port}/${at}?token=${makeToken(site.secret, at, delivery)}`)
    return { site, page }
  }

  test('somebody without scripts changes all of it with the keyboard alone', async () => {
    const { site, page } = await reader({ scripts: false })
    await page.getByLabel('Each post at once').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    // The day is three fields and a calendar.
    for (let stop = 0; stop < 4; stop++) await page.keyboard.press('Tab')
    for (const choice of ['19', 'Fri', 'New York']) {
      await page.keyboard.press('Tab')
      await page.keyboard.type(choice)
    }
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.getByLabel('Language of what we say').focus()
    await page.keyboard.type('Deutsch')
    await page.keyboard.press('Tab')
    await page.keyboard.type('Ada')
    await page.keyboard.press('Enter')
    await page.getByRole('status').waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
    expect(await findSubscriber(site.db, ADA)).toMatchObject({
      ...{ rhythm: 'weekly', hour: '19:00', weekday: 'Fri', time_zone: 'America/New_York' },
      ...{ followed_tags: '["tea"]', language: 'de', name: 'Ada' },
    })
  })

  test.each([
    [375, 'light', 'en'],
    [375, 'dark', 'ar'],
    [1280, 'dark', 'en'],
    [1280, 'light', 'ar'],
  ] as const)(
    'it fits %i pixels in %s and %s, before and after, for everybody to read',
    async (width, colorScheme, language) => {
      const { page } = await reader({ width, colorScheme })
      await page.locator('#language').selectOption(language)
      await page.locator('[value=paused]').check()
      await page.locator('#until').fill('2026-12-24')
      await page.locator('[type=checkbox]').first().check()
      await page.locator('form button').click()
      await page.getByRole('status').waitFor()
      expect(await page.locator('html').getAttribute('dir')).toBe(language === 'ar' ? 'rtl' : 'ltr')
      expect(await faultsOf(page, new URL(page.url()).pathname)).toEqual([])
      await page.locator('input[name=name]').fill('Ada\u2028Ada')
      await page.locator('form button').click()
      await page.getByRole('alert').waitFor()
      expect(await faultsOf(page, new URL(page.url()).pathname)).toEqual([])
      await page.locator('a.button').click()
      await page.waitForURL('**/preferences/erase**')
      expect(await page.locator('html').getAttribute('dir')).toBe(language === 'ar' ? 'rtl' : 'ltr')
      expect(await faultsOf(page, new URL(page.url()).pathname)).toEqual([])
      await page.locator('form button').click()
      await page.locator('form').waitFor({ state: 'detached' })
      expect(await faultsOf(page, new URL(page.url()).pathname)).toEqual([])
    },
  )

  test.each([
    [375, 'dark', 'de', false],
    [375, 'light', 'ar', true],
    [1280, 'light', 'en', true],
  ] as const)(
    'somebody leaves and takes it back at %i pixels in %s and %s, scripts or not',
    async (width, colorScheme, language, scripts) => {
      const { site, page } = await reader({ width, colorScheme, language, scripts, at: 'unsubscribe' })
      const press = async (status: string) => {
        // axe is a script itself.
        if (scripts) expect(await faultsOf(page, new URL(page.url()).pathname)).toEqual([])
        await Promise.all([page.waitForEvent('load'), page.locator('form button').click()])
        expect(await findSubscriber(site.db, ADA)).toMatchObject({ status, language })
        expect(await page.locator('html').getAttribute('lang')).toBe(language)
      }
      await press('unsubscribed')
      await press('confirmed')
      expect(new URL(page.url()).pathname).toBe('/undo')
      expect(await page.locator('form').count()).toBe(0)
      if (scripts) expect(await faultsOf(page, new URL(page.url()).pathname)).toEqual([])
    },
  )

  test('somebody without scripts takes what is kept of them along, and has it erased', async () => {
    const { site, page } = await reader({ scripts: false })
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: /everything that is kept/ }).click(),
    ])
    expect(download.suggestedFilename()).toBe('kept-about-you.json')
    const kept = JSON.parse(readFileSync(await download.path(), 'utf8'))
    expect(kept).toMatchObject({ address: ADA, deliveries: [{ subject: 'Hello' }] })
    await page.getByRole('link', { name: 'Erase my data' }).click()
    expect(await findSubscriber(site.db, ADA)).toBeDefined()
    await page.getByRole('button', { name: 'Erase my data for good' }).click()
    await page.getByRole('heading', { name: 'Your data is erased' }).waitFor()
    expect(await findSubscriber(site.db, ADA)).toBeUndefined()
  })
})
