import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { missing } from './programs.ts'
import { buildSampleSite, mailSampleSite } from './sample-site.ts'

const CHROMIUM = '/usr/bin/chromium'
/** Where config.example.json says the blog is. Its files answer; everything else on the network is cut off. */
const BLOG = 'http://localhost:8025'
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

describe.skipIf(missing(CHROMIUM, '--version'))('Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser?.close())

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test('shows every page on a telephone without sideways scrolling, for everybody to read', async () => {
      const site = await buildSampleSite()
      const page = await openTelephone(browser, colorScheme, join(site, 'public'))
      const pages = readdirSync(join(site, 'public'), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('index.html'))
        .map((file) => file.replace(/index\.html$/, ''))

      expect(pages.length).toBeGreaterThan(7)
      const faults: string[] = []
      for (const path of pages) {
        await page.goto(`${BLOG}/${path}`)
        faults.push(...(await faultsOf(page, `/${path}`)))
      }
      expect(faults).toEqual([])
    })

    test('shows every message on a telephone without sideways scrolling, for everybody to read', async () => {
      const site = await buildSampleSite()
      const messages = await mailSampleSite(site)
      const page = await openTelephone(browser, colorScheme, join(site, 'public'))

      // Seven posts, a digest and the question whether somebody meant to subscribe.
      expect(messages.size).toBe(9)
      const faults: string[] = []
      for (const [subject, html] of messages) {
        await page.setContent(html)
        faults.push(...(await faultsOf(page, subject)))
      }
      expect(faults).toEqual([])
    })
  })
})

async function openTelephone(browser: Browser, colorScheme: 'light' | 'dark', folder: string): Promise<Page> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 375, height: 800 } })
  onTestFinished(() => context.close())
  await context.route('**/*', (route) => {
    const { origin, pathname } = new URL(route.request().url())
    if (origin !== BLOG) return route.abort()
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    return route.fulfill({ path: join(folder, decodeURIComponent(file)) })
  })
  return context.newPage()
}

/** What sticks out to the side, and what somebody with other eyes or without a mouse would stumble over. */
async function faultsOf(page: Page, name: string): Promise<string[]> {
  // As text, since these tests are typed for Node, where there is no window.
  const wanted = await page.evaluate<number>('document.documentElement.scrollWidth')
  const shown = await page.evaluate<number>('innerWidth')
  const wide = wanted > shown ? [`${name}: ${wanted} px wide where ${shown} are there`] : []
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>(`axe.run({ runOnly: ${JSON.stringify(RULES)} })`)
  return [
    ...wide,
    ...violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html }) => `${name}: ${help} (${id}) at ${html.slice(0, 200)}`),
    ),
  ]
}
