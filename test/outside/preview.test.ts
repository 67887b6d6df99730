/** The preview in a real browser, while its author writes. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeFolder, post } from '../site.ts'
import { missing } from './programs.ts'

const CHROMIUM = '/usr/bin/chromium'
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const CLI = join(import.meta.dirname, '../../src/cli.ts')
const LONG = Array.from({ length: 80 }, (_, at) => `Paragraph ${at} of a long post.`).join('\n\n')

describe.skipIf(missing(CHROMIUM, '--version'))('in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser?.close())

  async function openPreview(text: string, width = 1280, colorScheme: 'light' | 'dark' = 'light') {
    const folder = makeFolder()
    const file = join(folder, 'posts', 'a.md')
    const save = (text: string) => {
      // As Vim does it.
      writeFileSync(`${file}~`, post('A letter', '2026-10-01', text))
      renameSync(`${file}~`, file)
    }
    save(text)
    const program = spawn(process.execPath, [CLI, 'preview', 'a', '--config', folder])
    onTestFinished(async () => {
      const ended = once(program, 'exit')
      if (program.kill('SIGINT')) expect((await ended)[0]).toBe(0)
    })
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const told: string[] = []
    page.on('console', (message) => told.push(message.text()))
    page.on('pageerror', (error) => told.push(error.message))
    await page.goto(await addressOf(program))
    return { page, save, file, told, program }
  }

  test('a save is seen at once, and nothing that was scrolled moves', async () => {
    const { page, save, told } = await openPreview(`First words.\n\n${LONG}`)
    const mail = page.frameLocator('iframe[title="On a phone, dark"]')
    await mail.locator('p', { hasText: 'Paragraph 79' }).waitFor()
    const scrolled = `document.querySelector('iframe[title="On a phone, dark"]').contentWindow`
    await page.evaluate(
      `${scrolled}.scrollTo(0, 900); window.scrollTo(0, 200); window.mark = 'the same page'`,
    )
    save(`Other words.\n\n${LONG}`)
    const seen = `document.querySelectorAll('iframe').length === 7 && ${scrolled}.document.body.textContent`
    await expect.poll(() => page.evaluate(seen), { timeout: 10_000 }).toContain('Other words.')
    expect(await page.evaluate(`[${scrolled}.scrollY, window.scrollY, window.mark]`)).toEqual([
      900,
      200,
      'the same page',
    ])
    expect(await page.locator('#text pre').textContent()).toContain('Other words.')
    expect(await page.locator('.live').textContent()).toMatch(/^Changed at /)
    expect(told.filter((line) => !line.includes('favicon'))).toEqual([])
  })

  test('a fault takes the place of what was shown, and goes with the save that mends it', async () => {
    const { page, save, file } = await openPreview('Hello.')
    writeFileSync(file, '---\ntitle: A letter\ndate: soon\n---\nHello.\n')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('posts/a.md:3')
    expect(await faultsOf(page)).toEqual([])
    save('Mended.')
    await page
      .frameLocator('iframe[title="On a desk, light"]')
      .locator('p', { hasText: /^Mended.$/ })
      .waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  test('dark is dark and light is light, whatever the browser prefers', async () => {
    const { page } = await openPreview('Hello.', 1280, 'dark')
    for (const [title, light] of [
      ['On a phone, light', true],
      ['On a phone, dark', false],
      ['The page, light', true],
      ['The page, dark', false],
    ] as const) {
      await page
        .frameLocator(`iframe[title="${title}"]`)
        .locator('p', { hasText: /^Hello.$/ })
        .waitFor()
      const color = await page.evaluate<string>(
        `getComputedStyle(document.querySelector('iframe[title="${title}"]').contentDocument.querySelector('p')).color`,
      )
      const [red = 0] = /\d+/.exec(color)?.map(Number) ?? []
      expect(`${title} ${red < 128}`).toBe(`${title} ${light}`)
    }
  })

  test('another post, and another mail, are a choice away; who stops it is told', async () => {
    const { page, program } = await openPreview('Hello.')
    await page.getByLabel('Show').selectOption('welcome')
    await page.getByRole('heading', { level: 1, name: 'The welcome' }).waitFor()
    await page.getByLabel('in', { exact: true }).selectOption('ar')
    const html = page.frameLocator('iframe[title="On a phone, light"]').locator('html')
    await page.waitForURL(/language=ar/)
    expect(await html.getAttribute('dir')).toBe('rtl')
    const ended = once(program, 'exit')
    program.kill('SIGINT')
    await ended
    await page.getByText('The preview has stopped: start it again').waitFor()
  })

  test.each([
    [375, 'light'],
    [375, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)('it fits %i pixels in %s, for everybody to read', async (width, colorScheme) => {
    const { page } = await openPreview(`![](none.png)\n\n    ${'wide '.repeat(60)}\n`, width, colorScheme)
    await page.frameLocator('iframe[title="On a desk, dark"]').locator('pre', { hasText: 'wide' }).waitFor()
    expect(await faultsOf(page)).toEqual([])
  })
})

async function addressOf(program: ChildProcessWithoutNullStreams): Promise<string> {
  const [line] = await once(program.stdout, 'data')
  return String(line).trim()
}

async function faultsOf(page: Page): Promise<string[]> {
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  await page.evaluate(axe.source)
  // What is in the frames is looked at where mails and pages are.
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run({ runOnly: ${JSON.stringify(RULES)}, iframes: false })`,
  )
  return [
    ...(wide > 0 ? [`${wide} pixels too wide`] : []),
    ...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id} at ${html.slice(0, 200)}`)),
  ]
}
