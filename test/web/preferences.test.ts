import { describe, expect, test } from 'vitest'
import { planIssues } from '../../src/issues/plan.ts'
import { makeToken, type Purpose } from '../../src/mail/token.ts'
import { unescapeHtml } from '../../src/markup.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { time, write } from '../../src/store/database.ts'
import { insertDelivery } from '../../src/store/deliveries.ts'
import { insertRendition } from '../../src/store/renditions.ts'
import { eraseSubscriber, findSubscriber, type Subscriber } from '../../src/store/subscribers.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { makeSite, post, type TestSite } from '../site.ts'
import { type Answer, type Browser, openBrowser, words } from './browser.ts'

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

/** What came beside the message that the link is in. */
async function mailed(site: TestSite): Promise<string[]> {
  return (await site.mail()).filter((line) => !line.endsWith(': Hello'))
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

type Changes = Record<string, string | string[]>

/** Opens the page, changes some fields, and presses the button: all that the form holds is sent, as a browser does. */
async function press(browser: Browser, link: string, changes: Changes): Promise<Answer> {
  return send(browser, link, { ...fieldsOn(await browser.visit(link)), ...changes })
}

function send(browser: Browser, link: string, fields: Changes): Promise<Answer> {
  const pairs = Object.entries(fields).flatMap(([name, values]) =>
    [values].flat().map((one): [string, string] => [name, one]),
  )
  return browser.visit(link, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(pairs).toString(),
  })
}

/** What a browser would send of the form on a page, untouched. */
function fieldsOn({ text }: Answer): Record<string, string[]> {
  const sent: [string, string][] = []
  const attribute = (tag: string, name: string) =>
    unescapeHtml(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
  for (const [tag] of text.matchAll(/<input [^>]*>/g)) {
    const isTick = /type="(radio|checkbox)"/.test(tag)
    if (!isTick || tag.includes(' checked')) sent.push([attribute(tag, 'name'), attribute(tag, 'value')])
  }
  for (const [select] of text.matchAll(/<select [\s\S]*?<\/select>/g)) {
    const options = select.match(/<option [^>]*>/g) ?? []
    const chosen = options.find((option) => option.includes(' selected')) ?? options[0] ?? ''
    sent.push([attribute(select, 'name'), attribute(chosen, 'value')])
  }
  const groups = Map.groupBy(sent, ([name]) => name)
  return Object.fromEntries(Array.from(groups, ([name, pairs]) => [name, pairs.map(([, value]) => value)]))
}

/** What is offered under a name, in the order of the page. */
function offeredOn({ text }: Answer, name: string): string[] {
  return [...text.matchAll(new RegExp(`<input type="checkbox" name="${name}" value="([^"]*)"`, 'g'))].map(
    ([, value = '']) => unescapeHtml(value),
  )
}

/** A post of these tags, and of what else its front matter says. */
function tagged(title: string, date: string, tags: string[], more = ''): string {
  return `---\ntitle: ${title}\ndate: ${date}\ntags: ${JSON.stringify(tags)}\n${more}---\n\nAbout ${title}.\n`
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
    for (const wanted of [
      ...[{ rhythm: 'hourly' }, { rhythm: '' }, { language: 'tlh' }, { language: '"><b>' }],
      ...[{ hour: '8' }, { hour: '24:00' }, { hour: '08:00\n' }, { weekday: 'mon' }, { weekday: '1' }],
      ...[
        { timeZone: 'Mars/Olympus' },
        { timeZone: 'europe/berlin' },
        { tag: 'nothing' },
        { postLanguage: 'fr' },
      ],
    ])
      expect([wanted, (await choose(browser, link, wanted)).status]).toEqual([wanted, 400])
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

describe('when it comes', () => {
  test('is an hour, a day of the week and a time zone of their own, and the page says when that is next', async () => {
    const { site, browser, link } = await reader()
    const first = await browser.visit(link)
    expect(fieldsOn(first)).toMatchObject({ hour: [''], weekday: [''], timeZone: [''], until: [''] })
    expect(first.text).toContain('>As the blog does (08:00)</option>')
    expect(first.text).toContain('>As the blog does (Monday)</option>')
    expect(first.text).toContain('>As the blog does (Europe/Berlin)</option>')
    expect(words(first)).not.toContain('Your next message')

    const wanted = { rhythm: 'weekly', hour: '19:00', weekday: 'Fri', timeZone: 'America/New_York' }
    expect(words(await press(browser, link, wanted))).toContain(
      'Your next message: Friday, November 6, 2026 at 19:00',
    )
    expect(await person(site)).toMatchObject({
      ...{ rhythm: 'weekly', hour: '19:00', weekday: 'Fri', time_zone: 'America/New_York' },
      next_run_at: '2026-11-07T00:00:00.000Z',
    })
    const again = fieldsOn(await browser.visit(link))
    expect(again).toMatchObject({ hour: ['19:00'], weekday: ['Fri'], timeZone: ['America/New_York'] })

    await press(browser, link, { hour: '', weekday: '', timeZone: '' })
    expect(await person(site)).toMatchObject({ hour: null, weekday: null, time_zone: '' })
    expect(words(await browser.visit(link))).toContain('Monday, November 9, 2026 at 08:00')
  })

  test('what was brought from elsewhere stays choosable: half past seven, and a zone by its old name', async () => {
    const { site, browser, link } = await reader()
    await site.choose(ADA, { rhythm: 'daily', hour: '19:30', time_zone: 'US/Eastern' })
    expect(words(await press(browser, link, { name: 'Ada' }))).toContain('Saved.')
    expect(await person(site)).toMatchObject({ name: 'Ada', hour: '19:30', time_zone: 'US/Eastern' })
  })

  test('the digest comes at that hour where they are, and not before', async () => {
    const { site, browser, link } = await reader()
    await site.round()
    await press(browser, link, { rhythm: 'daily', hour: '07:00', timeZone: 'Asia/Tokyo' })
    site.write('one.md', post('One', '2026-11-02'))
    site.setClock('2026-11-02T21:59:00Z')
    await site.round()
    expect(await mailed(site)).toEqual([])
    site.setClock('2026-11-02T22:00:00Z')
    await site.round()
    expect(await mailed(site)).toEqual([`${ADA}: A test blog: One`])
  })
})

describe('a pause until a day', () => {
  test('is over on that day, and what came out meanwhile comes in one message', async () => {
    const { site, browser, link } = await reader()
    await site.round()
    const saved = await press(browser, link, { rhythm: 'paused', until: '2026-11-10' })
    expect(words(saved)).toContain(
      'Nothing comes until November 10, 2026; then what was published meanwhile in one message, and each post at once again.',
    )
    site.write('one.md', post('One', '2026-11-02'))
    site.setClock('2026-11-09T22:59:00Z')
    site.write('two.md', post('Two', '2026-11-09'))
    await site.round()
    expect(await mailed(site)).toEqual([])
    expect(fieldsOn(await browser.visit(link))).toMatchObject({ rhythm: ['paused'], until: ['2026-11-10'] })
    site.setClock('2026-11-09T23:00:00Z')
    await site.round()
    expect(await mailed(site)).toEqual([`${ADA}: A test blog: Two and 1 more`])
    expect(fieldsOn(await browser.visit(link))).toMatchObject({ rhythm: ['instant'], until: [''] })
  })

  test('keeps the rhythm underneath; another choice ends it, and an empty day is for as long as they like', async () => {
    const { site, browser, link } = await reader()
    await press(browser, link, { rhythm: 'weekly' })
    const pause = { rhythm: 'paused', until: ' 2026-12-24 ', timeZone: 'Pacific/Auckland' }
    expect(words(await press(browser, link, pause))).toContain(
      'Saved. Nothing comes until December 24, 2026; then once a week again, with what was published meanwhile. How',
    )
    const paused = { rhythm: 'weekly', paused_until: '2026-12-23T11:00:00.000Z' }
    expect(await person(site)).toMatchObject(paused)
    expect(words(await browser.visit(link))).toContain(
      'Nothing comes until December 24, 2026; then once a week',
    )
    // Saved again as it is, by two clicks at once.
    const clicks = await Promise.all([press(browser, link, {}), press(browser, link, {})])
    expect(clicks.map(({ status }) => status)).toEqual([200, 200])
    expect(await person(site)).toMatchObject(paused)

    expect(words(await press(browser, link, { rhythm: 'weekly' }))).toContain(
      'once a week, all in one message',
    )
    expect(await person(site)).toMatchObject({ rhythm: 'weekly', paused_until: null })
    await press(browser, link, pause)
    await press(browser, link, { rhythm: 'paused', until: '' })
    expect(await person(site)).toMatchObject({ rhythm: 'paused', paused_until: null })
    // There is no rhythm underneath any more, so it is the one that everybody begins with.
    await press(browser, link, pause)
    expect(await person(site)).toMatchObject({ ...paused, rhythm: 'instant' })
  })

  test.each([
    ['2026-11-01', 'choose a day after today'],
    ['2026-11-02', 'choose a day after today'],
    ['2027-02-29', 'write a day that exists, such as 2026-12-24'],
    ['24.12.2026', 'write a day that exists, such as 2026-12-24'],
    ['"><b>', 'write a day that exists, such as 2026-12-24'],
    ['2028-11-03', 'choose a day within the next two years'],
  ])('until %s is a fault, told at the field, and all that was typed is kept', async (until, told) => {
    const { site, browser, link } = await reader()
    site.write('tea.md', tagged('Tea', '2026-10-01', ['tea']))
    await lookAtPosts(site, emptyMemory())
    const before = await everything(site)
    const typed = { rhythm: 'paused', until, hour: '06:00', weekday: 'Sun', tag: ['', 'tea'], name: 'A\nda' }
    const refused = await press(browser, link, { ...typed, language: 'fr', timeZone: 'UTC' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain(' aria-invalid="true" aria-describedby="until-fault"')
    expect(refused.text).toContain(' aria-invalid="true" aria-describedby="name-fault"')
    const { rhythm, ...others } = typed
    expect(fieldsOn(refused)).toMatchObject({
      ...Object.fromEntries(Object.entries(others).map(([name, value]) => [name, [value].flat()])),
      ...{ rhythm: [rhythm], language: ['fr'], timeZone: ['UTC'] },
    })
    expect(words(await press(browser, link, { ...typed, name: '' }))).toContain(`this again: ${told}.`)
    expect(await everything(site)).toEqual(before)
  })
})

describe('what they follow', () => {
  test('is what comes from then on; what was passed over does not come later', async () => {
    const { site, browser, link } = await reader()
    site.write('old.md', tagged('Old', '2026-10-01', ['Tea', 'R&D']))
    site.write('alt.md', tagged('Alt', '2026-10-02', ['tea', 'Tea'], 'lang: de\n'))
    await site.round()
    const page = await browser.visit(link)
    expect(offeredOn(page, 'tag')).toEqual(['R&D', 'Tea'])
    expect(offeredOn(page, 'postLanguage')).toEqual(['de', 'en'])
    expect(words(await press(browser, link, {}))).toContain('as soon as it is out. You follow all posts.')

    const saved = await press(browser, link, { tag: ['', 'Tea', 'R&D'], postLanguage: ['', 'en'] })
    expect(words(saved)).toContain(
      'You follow only posts with these tags: Tea, R&amp;D. You follow only posts in these languages: English.',
    )
    expect(await person(site)).toMatchObject({
      followed_tags: '["Tea","R&D"]',
      followed_languages: '["en"]',
    })
    site.write('green.md', tagged('Green', '2026-11-02', ['TEA']))
    site.write('games.md', tagged('Games', '2026-11-02', ['games']))
    site.write('gruen.md', tagged('Grün', '2026-11-02', ['tea'], 'lang: de\n'))
    await site.round()
    expect(await mailed(site)).toEqual([`${ADA}: Green`])

    const { tag, postLanguage } = fieldsOn(await browser.visit(link))
    expect({ tag, postLanguage }).toEqual({ tag: ['', 'R&D', 'Tea'], postLanguage: ['', 'en'] })
    await press(browser, link, { tag: '', postLanguage: '' })
    expect(await person(site)).toMatchObject({ followed_tags: '[]', followed_languages: '[]' })
    await site.round()
    expect(await mailed(site)).toEqual([`${ADA}: Green`])
  })

  test('is chosen among what posts have that anybody may get, the thirty most used and what they follow', async () => {
    const { site, browser, link } = await reader()
    expect((await browser.visit(link)).text).not.toMatch(/name="(tag|postLanguage)"/)
    site.write('draft.md', tagged('Draft', '2026-10-01', ['draft'], 'draft: true\nlang: fr\n'))
    site.write('hidden.md', tagged('Hidden', '2026-10-01', ['hidden'], 'unlisted: true\nlang: fr\n'))
    site.write('page.md', tagged('Page', '2026-10-01', ['page'], 'mail: false\nlang: fr\n'))
    site.write('later.md', tagged('Later', '2026-12-01', ['later'], 'lang: fr\n'))
    await lookAtPosts(site, emptyMemory())
    expect((await browser.visit(link)).text).not.toMatch(/name="(tag|postLanguage)"/)

    const many = Array.from({ length: 32 }, (_, number) => `tag ${number}`)
    site.write('many.md', tagged('Many', '2026-10-01', many))
    site.write('few.md', tagged('Few', '2026-10-02', many.slice(2)))
    await lookAtPosts(site, emptyMemory())
    // As a database is that was made before any of this was kept: the next round makes up for it.
    await site.db.updateTable('posts').set({ tags: null, language: null }).execute()
    expect((await browser.visit(link)).text).not.toContain('name="tag"')
    await lookAtPosts(site, emptyMemory())
    await site.choose(ADA, { followed_tags: '["TAG 1","gone"]' })
    const page = await browser.visit(link)
    expect(page.text).not.toContain('name="postLanguage"')
    expect(offeredOn(page, 'tag')).toEqual(['gone', ...many.slice(1)])
    expect(fieldsOn(page).tag).toEqual(['', 'gone', 'tag 1'])
    await press(browser, link, { name: 'Ada' })
    expect(await person(site)).toMatchObject({ followed_tags: '["tag 1","gone"]' })
    // A tag that was shown when the page was opened, and is less used by now, is no mistake.
    await press(browser, link, { tag: ['', 'tag 0'] })
    expect(await person(site)).toMatchObject({ followed_tags: '["tag 0"]' })

    await site.choose(ADA, { followed_languages: '["sv"]' })
    expect(offeredOn(await browser.visit(link), 'postLanguage')).toEqual(['en', 'sv'])
  })
})

test('a form that asks for less changes no more than it asks for', async () => {
  const { site, browser, link } = await reader()
  const chosen = { hour: '06:00', weekday: 'Sun', time_zone: 'UTC', followed_tags: '["tea"]' }
  await site.choose(ADA, { ...chosen, rhythm: 'weekly', followed_languages: '["de"]', name: 'Ada' })
  await site.choose(ADA, { paused_until: '2026-12-24T00:00:00.000Z' })
  const before = await person(site)
  await browser.submit(link, { rhythm: 'paused', language: 'en' })
  expect(await person(site)).toEqual(before)
  await browser.submit(link, { rhythm: 'daily', language: 'en' })
  expect(await person(site)).toMatchObject({ ...chosen, rhythm: 'daily', paused_until: null, name: 'Ada' })
})

test.each([
  [
    'de',
    'Freitag, 6. November 2026 um 19:00',
    'Wie das Blog (Montag)',
    'Bis zum 24. Dezember 2026 kommt nichts;',
  ],
  ['ar', 'الجمعة، 6 نوفمبر 2026 في 19:00', 'كما في المدوّنة (\u2068الاثنين\u2069)', '24 ديسمبر 2026'],
])('days and hours are written as people of %s do', async (language, next, monday, until) => {
  const { browser, link } = await reader()
  const fields = { rhythm: 'weekly', hour: '19:00', weekday: 'Fri', language }
  const saved = await press(browser, link, fields)
  expect(words(saved)).toContain(next)
  expect(saved.text).toContain(`>${monday}</option>`)
  expect(words(await press(browser, link, { rhythm: 'paused', until: '2026-12-24' }))).toContain(until)
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
