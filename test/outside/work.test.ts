/** The form to subscribe in a real browser: the proof of work where scripts run, and plain HTML where they do not. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { findSubscriber } from '../../src/store/subscribers.ts'
import { listen } from '../../src/web/server.ts'
import { makeSite, type TestSite } from '../site.ts'
import { faultsOf } from './eyes.ts'
import { missing } from './programs.ts'

const CHROMIUM = '/usr/bin/chromium'
const ADA = 'ada@example.org'
const GRACE = 'grace@example.org'

describe.skipIf(missing(CHROMIUM, '--version'))('in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser?.close())

  type Telephone = {
    page: Page
    /** What the browser tells those who look: refused scripts, failed requests, errors. */
    told: string[]
  }

  /** A site of a language, and where it is. */
  async function serve(language = 'en'): Promise<{ site: TestSite; url: string }> {
    const site = await makeSite({ site: { language } })
    const web = await listen(site)
    onTestFinished(web.close)
    return { site, url: `http://127.0.0.1:${web.port}` }
  }

  /** Somebody in Tokyo with a telephone. */
  async function somebody(scripts = true, colorScheme: 'light' | 'dark' = 'light'): Promise<Telephone> {
    const context = await browser.newContext({
      viewport: { width: 375, height: 800 },
      javaScriptEnabled: scripts,
      colorScheme,
      timezoneId: 'Asia/Tokyo',
    })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    // Browsers ask for one, and tell the console where there is none.
    await page.route('**/favicon.ico', (route) => route.fulfill({ body: '' }))
    const told: string[] = []
    page.on('console', (message) => told.push(message.text()))
    page.on('pageerror', (error) => told.push(error.message))
    return { page, told }
  }

  /** Whether the work counted of each who asked. */
  async function proved({ db }: TestSite): Promise<boolean[]> {
    const rows = await db.selectFrom('sign_ups').select('proved').orderBy('id').execute()
    return rows.map((row) => row.proved === 1)
  }

  test.each([
    ['en', 'light', 'One moment, please.', 'Look into your mailbox'],
    ['de', 'dark', 'Einen Moment bitte.', 'Sieh in dein Postfach'],
  ] as const)(
    'who subscribes in %s and %s sees nothing of the work, unless they are quicker than it; without scripts there is none',
    async (language, colorScheme, wait, title) => {
      const { site, url } = await serve(language)
      const { page, told } = await somebody(true, colorScheme)
      await page.goto(`${url}/subscribe`)
      expect(await faultsOf(page, 'the form')).toEqual([])
      expect(await page.getByText(wait).isVisible()).toBe(false)

      // The script, held back until they are, is slower than anybody.
      let go = () => {}
      const held = new Promise<void>((resolve) => {
        go = resolve
      })
      await page.route('**/challenge', async (route) => {
        await held
        await route.continue()
      })
      await page.locator('#address').fill(ADA)
      await page.locator('#address').press('Enter')
      await page.getByText(wait).waitFor()
      expect(await faultsOf(page, 'the form that waits')).toEqual([])
      go()
      await page.getByRole('heading', { level: 1, name: title }).waitFor()

      expect((await findSubscriber(site.db, ADA))?.time_zone).toBe('Asia/Tokyo')
      expect(await faultsOf(page, 'the answer')).toEqual([])
      expect(told).toEqual([])

      const plain = await somebody(false, colorScheme)
      await plain.page.goto(`${url}/subscribe`)
      await plain.page.locator('#address').fill(GRACE)
      await plain.page.locator('form button').click()
      await plain.page.getByRole('heading', { level: 1, name: title }).waitFor()
      expect((await findSubscriber(site.db, GRACE))?.time_zone).toBe('')
      expect(await proved(site)).toEqual([true, false])
    },
  )

  test('where the script does not come, or gets no challenge, the form goes without', async () => {
    const { site, url } = await serve()
    for (const [lost, address] of [
      ['**/altcha.js', ADA],
      ['**/challenge', GRACE],
    ] as const) {
      const { page } = await somebody()
      await page.route(lost, (route) => route.abort())
      await page.goto(`${url}/subscribe`)
      await page.locator('#address').fill(address)
      await page.locator('#address').press('Enter')
      await page.getByRole('heading', { level: 1, name: 'Look into your mailbox' }).waitFor()
    }
    expect(await proved(site)).toEqual([false, false])
  })

  test('who goes back and asks for somebody else, or mends a slip, does the work again and has it counted', async () => {
    const { site, url } = await serve()
    const { page, told } = await somebody()
    await page.goto(`${url}/subscribe`)
    const submit = async (address: string, name: string, answer: string) => {
      await page.locator('#address').fill(address)
      await page.locator('#name').fill(name)
      await page.locator('#name').press('Enter')
      await page.getByText(answer).first().waitFor()
    }
    await submit(ADA, 'Ada', `If ${ADA}`)
    await page.goBack()
    await submit(GRACE, 'Gra\u2028ce', 'Please look at this again')
    await submit(GRACE, 'Grace', `If ${GRACE}`)
    expect(await proved(site)).toEqual([true, true])
    expect(told.filter((each) => !each.includes('422'))).toEqual([])
  })

  test('a blog elsewhere has the form and the script, and its own script sends it', async () => {
    const { site, url } = await serve()
    const { page, told } = await somebody()
    // As README.md has it, on another origin.
    const blog = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html')
      response.setHeader(
        'Content-Security-Policy',
        `default-src 'none'; script-src 'unsafe-inline' ${url}; connect-src ${url}; worker-src blob: ${url}; img-src data:`,
      )
      response.end(`<!doctype html><title>Blog</title><link rel="icon" href="data:,">
        <form method="post" action="${url}/subscribe">
          <input type="email" name="address" required><button>Subscribe</button><p></p>
        </form>
        <script type="module" async src="${url}/subscribe/altcha.js"></script>
        <script>document.forms[0].onsubmit = async (event) => {
          event.preventDefault()
          const form = event.target
          const body = new URLSearchParams(new FormData(form))
          const answer = await fetch(form.action, { method: 'POST', headers: { Accept: 'application/json' }, body })
          form.querySelector('p').textContent = (await answer.json()).message
        }</script>`)
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void blog.close())
    await once(blog, 'listening')
    await page.goto(`http://localhost:${(blog.address() as AddressInfo).port}/`)
    for (const address of [ADA, GRACE]) {
      await page.locator('input[type=email]').fill(address)
      await page.locator('button').click()
      await page.getByText(`If ${address} is not subscribed yet`).waitFor()
    }
    expect(await proved(site)).toEqual([true, true])
    expect(told).toEqual([])
  })
})
