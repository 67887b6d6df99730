import { describe, expect, test } from 'vitest'
import { planIssues } from '../../src/issues/plan.ts'
import { makeToken, type Purpose } from '../../src/mail/token.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { time, write } from '../../src/store/database.ts'
import { insertDelivery } from '../../src/store/deliveries.ts'
import { insertRendition } from '../../src/store/renditions.ts'
import { eraseSubscriber, findSubscriber, type Subscriber } from '../../src/store/subscribers.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { makeSite, post, type TestSite } from '../site.ts'
import { type Browser, openBrowser, words } from './browser.ts'

const ADA = 'ada@example.org'
const EVIDENCE = { source: 'a test', words: '' }

/** A reader who has a message, and the link in it. */
async function reader(settings: Record<string, object> = {}, address = ADA) {
  const site = await makeSite(settings)
  await site.join(address)
  const delivery = await messageTo(site, address)
  return { site, delivery, browser: await openBrowser(site), link: linkFor(site, delivery) }
}

async function messageTo(site: TestSite, address: string): Promise<number> {
  const { id: subscriber } = await person(site, address)
  const text = { subject: 'Hello', html: '<p>Hello</p>', text: 'Hello' }
  const row = { kind: 'welcome', posts: null, language: 'en', created_at: time(site.now()), ...text } as const
  return write(site.db, async (trx) => {
    const rendition = await insertRendition(trx, null, row)
    return insertDelivery(trx, { kind: 'welcome', subscriber, rendition, address, name: '' }, site.now())
  })
}

function linkFor(site: TestSite, delivery: number, purpose: Purpose = 'preferences'): string {
  return `/preferences?token=${makeToken(site.secret, purpose, delivery)}`
}

async function person(site: TestSite, address = ADA): Promise<Subscriber> {
  return (await findSubscriber(site.db, address)) as Subscriber
}

async function everything(site: TestSite): Promise<unknown> {
  return [
    await site.db.selectFrom('subscribers').selectAll().execute(),
    await site.db.selectFrom('consents').selectAll().execute(),
    await site.db.selectFrom('deliveries').selectAll().execute(),
  ]
}

function choose(browser: Browser, link: string, wanted: Record<string, string>) {
  return browser.submit(link, { name: '', rhythm: 'instant', language: 'en', ...wanted })
}

describe('what comes, and how often', () => {
  test('is shown as it is, saved by the button, and then said in words', async () => {
    const { site, browser, link } = await reader()
    const before = await everything(site)
    const page = await browser.visit(link)
    expect(page.status).toBe(200)
    expect(page.headers['cache-control']).toBe('no-store')
    expect(page.headers['referrer-policy']).toBe('no-referrer')
    expect(page.text).toContain(
      '<input type="radio" name="rhythm" value="instant" checked> Each post at once',
    )
    expect(page.text).toContain('<option value="en" lang="en" selected>English</option>')
    expect(page.text).toContain('<legend>How often</legend>')
    expect(page.text).not.toContain(ADA)
    expect(await everything(site)).toEqual(before)

    const saved = await choose(browser, link, { rhythm: 'weekly', name: '  Ada  ' })
    expect(saved.status).toBe(200)
    expect(words(saved)).toContain('Saved. New posts come to you once a week, all in one message.')
    expect(saved.text).toContain('value="weekly" checked')
    expect(saved.text).toContain('value="Ada"')
    expect(await person(site)).toMatchObject({ rhythm: 'weekly', name: 'Ada', status: 'confirmed' })
    expect(words(await browser.visit(link))).not.toContain('Saved.')
  })

  test('holds for the post that comes next', async () => {
    const { site, browser, link } = await reader()
    await lookAtPosts(site, emptyMemory())
    site.write('one.md', post('One', '2026-11-02'))
    const owed = async () => {
      const { posts } = await lookAtPosts(site, emptyMemory())
      const turns = await planIssues(site.db, posts, site.config, site.now())
      return turns.flatMap(({ issues }) => issues.flatMap((issue) => issue.posts.map(({ title }) => title)))
    }
    expect(await owed()).toEqual(['One'])
    await choose(browser, link, { rhythm: 'paused' })
    expect(await owed()).toEqual([])
    expect(words(await choose(browser, link, { rhythm: 'instant' }))).toContain('as soon as it is out')
    expect(await owed()).toEqual(['One'])
    await choose(browser, link, { rhythm: 'weekly' })
    expect(await owed()).toEqual([])
  })

  test('is said in the language that was chosen, right to left where that is written so', async () => {
    const { site, browser, link } = await reader()
    const saved = await choose(browser, link, { language: 'ar', rhythm: 'daily' })
    expect(saved.text).toContain('<html lang="ar" dir="rtl">')
    expect(await person(site)).toMatchObject({ language: 'ar', rhythm: 'daily' })
    const again = await choose(browser, link, { language: 'de' })
    expect(again.text).toContain('<html lang="de" dir="ltr">')
  })

  test('a language that we have no words for is kept until another one is chosen', async () => {
    const { site, browser, link } = await reader()
    await site.db.updateTable('subscribers').set({ language: 'fi' }).execute()
    const page = await browser.visit(link)
    expect(page.text).toContain('<option value="fi" lang="fi" selected>suomi</option>')
    expect(page.text).toContain('<html lang="en"')
    await choose(browser, link, { language: 'fi', rhythm: 'monthly' })
    expect(await person(site)).toMatchObject({ language: 'fi', rhythm: 'monthly' })
  })

  test('what no form of ours sends changes nothing', async () => {
    const { site, browser, link } = await reader()
    const before = await everything(site)
    for (const wanted of [{ rhythm: 'hourly' }, { rhythm: '' }, { language: 'tlh' }, { language: '"><b>' }])
      expect((await choose(browser, link, wanted)).status).toBe(400)
    const json = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }
    expect((await browser.visit(link, json)).status).toBe(400)
    expect((await browser.submit(link, {})).status).toBe(400)
    expect(await everything(site)).toEqual(before)
  })

  test('a form that asks for no name leaves the name as it was', async () => {
    const { site, browser, link } = await reader()
    await choose(browser, link, { name: 'Ada' })
    await browser.submit(link, { rhythm: 'daily', language: 'en' })
    expect(await person(site)).toMatchObject({ rhythm: 'daily', name: 'Ada' })
  })

  test('a name that cannot stand in a header is refused beside its field, and nothing is lost', async () => {
    const { site, browser, link } = await reader()
    const before = await everything(site)
    const refused = await choose(browser, link, { name: 'Ada\r\nBcc: <eve@example.org>', rhythm: 'weekly' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('aria-invalid="true" aria-describedby="name-fault"')
    expect(refused.text).toContain('&lt;eve@example.org&gt;')
    expect(refused.text).toContain('value="weekly" checked')
    expect(await everything(site)).toEqual(before)
  })
})

describe('the link is the key', () => {
  test('no other opens anything: forged, cut short, of another purpose, of another site, of nobody', async () => {
    const { site, browser, delivery, link } = await reader()
    const token = link.split('=')[1] as string
    const wrong = [
      token.slice(0, -1),
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      `p0${token.slice(1)}`,
      makeToken(site.secret, 'unsubscribe', delivery),
      makeToken(site.secret, 'confirm', delivery),
      makeToken('another site’s key', 'preferences', delivery),
      makeToken(site.secret, 'preferences', delivery + 99),
      '',
      '"><script>alert(1)</script>',
    ]
    const before = await everything(site)
    const answers = new Set<string>()
    for (const each of wrong) {
      const path = `/preferences?token=${encodeURIComponent(each)}`
      for (const answer of [await browser.visit(path), await choose(browser, path, { rhythm: 'paused' })])
        answers.add(`${answer.status} ${answer.text}`)
    }
    expect([...answers]).toHaveLength(1)
    expect([...answers][0]).toMatch(/^404 /)
    expect([...answers][0]).toContain('Open the newest message and use the link there.')
    expect(await everything(site)).toEqual(before)
    // The link of a message in the browser has none, and is no mistake.
    expect((await browser.visit('/preferences')).status).toBe(200)
  })

  test('changes its own person and nobody else', async () => {
    const { site, browser, link } = await reader()
    await site.join('grace@example.org')
    const grace = await person(site, 'grace@example.org')
    await choose(browser, link, { rhythm: 'monthly', name: 'Ada' })
    expect(await person(site, 'grace@example.org')).toEqual(grace)
  })

  test('a test message leads to no subscription, and says so', async () => {
    const { site, browser } = await reader()
    const { id: rendition } = await site.db.selectFrom('renditions').select('id').executeTakeFirstOrThrow()
    const test = { kind: 'test', subscriber: null, rendition, address: ADA, name: '' } as const
    const delivery = await write(site.db, (trx) => insertDelivery(trx, test, site.now()))
    for (const answer of [
      await browser.visit(linkFor(site, delivery)),
      await choose(browser, linkFor(site, delivery), { rhythm: 'paused' }),
    ]) {
      expect(answer.status).toBe(200)
      expect(words(answer)).toContain('This was a test')
    }
  })
})

describe('who has left', () => {
  test('sees that, and the way back over the form; the link brings nobody back', async () => {
    const { site, browser, delivery, link } = await reader()
    await unsubscribe(site, delivery, EVIDENCE, site.now())
    const page = await browser.visit(link)
    expect(page.status).toBe(200)
    expect(words(page)).toContain('You are not subscribed')
    expect(page.text).toContain('href="https://mail.blog.example/subscribe">Subscribe again</a>')
    expect(page.text).not.toContain('<form')
    const before = await everything(site)
    const answer = await choose(browser, link, { rhythm: 'daily' })
    expect(words(answer)).toContain('You are not subscribed')
    expect(await everything(site)).toEqual(before)
  })

  test('leaves by the link on the page', async () => {
    const { site, browser, link } = await reader()
    const page = await browser.visit(link)
    const leave = /href="https:\/\/mail\.blog\.example(\/unsubscribe\?token=[^"]+)">Unsubscribe/.exec(
      page.text,
    )?.[1]
    await browser.submit(leave as string, {})
    expect(await person(site)).toMatchObject({ status: 'unsubscribed' })
  })

  test('and was erased is unknown here', async () => {
    const { site, browser, link } = await reader()
    const ada = await person(site)
    await write(site.db, (trx) => eraseSubscriber(trx, ada, site.secret, site.now()))
    expect((await browser.visit(link)).status).toBe(404)
    expect((await choose(browser, link, { rhythm: 'daily' })).status).toBe(404)
  })
})

test('whoever uses the link has the message, whatever became of the answer', async () => {
  const { site, browser, delivery, link } = await reader()
  await site.db.updateTable('deliveries').set({ state: 'unknown' }).execute()
  await browser.visit(link)
  const state = () =>
    site.db.selectFrom('deliveries').select('state').where('id', '=', delivery).executeTakeFirst()
  expect(await state()).toEqual({ state: 'unknown' })
  await choose(browser, link, { rhythm: 'weekly' })
  expect(await state()).toEqual({ state: 'sent' })
})
