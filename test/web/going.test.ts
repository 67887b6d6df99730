import { describe, expect, test } from 'vitest'
import { makeMessageId, makeToken, type Purpose } from '../../src/mail/token.ts'
import { emptyMemory, publishAndPlan } from '../../src/round.ts'
import { write } from '../../src/store/database.ts'
import { summariseIssues } from '../../src/store/issues.ts'
import {
  consentsOf,
  eraseSubscriber,
  findSubscriber,
  type Subscriber,
  suppress,
} from '../../src/store/subscribers.ts'
import { makeSite, post, type TestSite } from '../site.ts'
import { type Answer, type Browser, linkIn, openBrowser, words } from './browser.ts'

const ADA = 'ada@example.org'
const OURS = 'https://mail.blog.example'

/** A reader who has been mailed a post, and the link for leaving in it. */
async function reader(settings: Record<string, object> = {}) {
  const site = await makeSite(settings)
  await site.round()
  await site.join(ADA)
  site.write('one.md', post('One', '2026-11-02'))
  await site.round()
  const [message] = await site.messages()
  return { site, browser: await openBrowser(site), leave: linkIn(message?.text, 'unsubscribe') }
}

async function person(site: TestSite, address = ADA): Promise<Subscriber> {
  return (await findSubscriber(site.db, address)) as Subscriber
}

/** Everything that a person could notice. */
async function state(site: TestSite): Promise<unknown> {
  return [
    await site.db.selectFrom('subscribers').selectAll().execute(),
    await site.db.selectFrom('consents').selectAll().execute(),
    await site.db.selectFrom('deliveries').selectAll().execute(),
    await site.db.selectFrom('suppressions').selectAll().execute(),
  ]
}

/** Presses the only button of a page. */
async function press(browser: Browser, page: Answer): Promise<Answer> {
  const { path, fields } = formIn(page)
  return browser.submit(path, fields)
}

function formIn({ text }: Answer): { path: string; fields: Record<string, string> } {
  const action = /<form method="post" action="([^"]*)">/.exec(text)?.[1]
  if (action === undefined) throw new Error(`no form in:\n${text}`)
  const hidden = text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)
  const fields = Object.fromEntries([...hidden].map(([, name, value]) => [name, value]))
  return { path: new URL(action, `${OURS}/unsubscribe`).href.slice(OURS.length), fields }
}

const tokenLink = (site: TestSite, purpose: Purpose, delivery = 1) =>
  `/${purpose}?token=${makeToken(site.secret, purpose, delivery)}`

describe('who leaves', () => {
  test('needs the link alone, wherever the POST comes from and whatever is in it', async () => {
    const bodies: [type: string | null, body: string][] = [
      ['application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
      [
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
      ],
      ['multipart/form-data', 'without a boundary'],
      ['text/plain', 'List-Unsubscribe=One-Click'],
      [null, ''],
    ]
    const site = await makeSite()
    await site.round()
    for (const at of bodies.keys()) await site.join(`reader${at}@example.org`)
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    const browser = await openBrowser(site)
    const messages = await site.messages()
    for (const [at, [type, body]] of bodies.entries()) {
      const message = messages.find(({ to }) => to?.[0]?.address === `reader${at}@example.org`)
      const header = message?.headers.find(({ key }) => key === 'list-unsubscribe')?.value
      const answer = await browser.visit(linkIn(header?.replace(/>.*$/s, ''), 'unsubscribe'), {
        method: 'POST',
        body,
        headers: {
          ...(type ? { 'Content-Type': type } : {}),
          Origin: 'https://evil.example',
          Referer: 'https://evil.example/page',
          Cookie: 'session=somebody-else',
          'Sec-Fetch-Site': 'cross-site',
        },
      })
      expect(answer.status).toBe(200)
      expect(answer.headers).not.toHaveProperty('set-cookie')
      expect(answer.headers).not.toHaveProperty('location')
      expect(await person(site, `reader${at}@example.org`)).toMatchObject({ status: 'unsubscribed' })
    }
  })

  test('is held up by nothing when a provider sends a hundred at once from one address', async () => {
    const { site, browser, leave } = await reader()
    const post = { method: 'POST', body: 'List-Unsubscribe=One-Click' }
    const answers = await Promise.all(Array.from({ length: 100 }, () => browser.visit(leave, post)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const acts = (await consentsOf(site.db, (await person(site)).id)).map(({ act }) => act)
    expect(acts).toEqual(['added', 'unsubscribed'])
  })

  test('gets nothing of what was queued for them at that moment', async () => {
    const { site, browser, leave } = await reader()
    site.write('two.md', post('Two', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    await browser.submit(leave, {})
    await site.round()
    expect(await site.mail()).toEqual([`${ADA}: One`])
    const rows = await site.db.selectFrom('deliveries').select(['state', 'reply']).orderBy('id').execute()
    expect(rows.at(-1)).toEqual({ state: 'skipped', reply: 'no longer subscribed' })
  })

  test('is told so on one page, with a way back, and again when they open the link later', async () => {
    const { browser, leave } = await reader()
    const said =
      'You are unsubscribed No more posts from A test blog will come to you. Was it a mistake? For seven days you can take it back, and everything is as it was. Subscribe me again'
    expect(words(await browser.submit(leave, {}))).toBe(said)
    expect(words(await browser.visit(leave))).toBe(said)
    expect(words(await browser.submit(leave, {}))).toBe(said)
  })

  test('with a link that is none is told how, and nothing about anybody', async () => {
    const { site, browser } = await reader()
    const before = await state(site)
    const answers = new Set<string>()
    for (const token of ['', 'x', 'u1-AAAAAAAAAAAAAAAAAAAAAA', makeToken(site.secret, 'undo', 1)])
      for (const method of ['GET', 'POST']) {
        const { status, text } = await browser.visit(`/unsubscribe?token=${token}`, { method })
        answers.add(`${status} ${text}`)
      }
    expect([...answers].map((answer) => answer.slice(0, 3))).toEqual(['404'])
    expect(await state(site)).toEqual(before)
  })
})

describe('who left by mistake', () => {
  test('takes it back with a button, and is a reader with all that they had chosen', async () => {
    const { site, browser, leave } = await reader()
    await site.db.updateTable('subscribers').set({ tags: '["tea"]' }).execute()
    await site.choose(ADA, { rhythm: 'weekly', language: 'de', name: 'Ada' })
    const before = await person(site)
    const left = await browser.submit(leave, {})
    expect(await person(site)).toMatchObject({ status: 'unsubscribed' })
    site.setClock('2026-11-05T09:00:00Z')
    const back = await press(browser, left)
    expect(back.status).toBe(200)
    expect(words(back)).toBe(
      'Du bist wieder angemeldet Neue Beiträge von A test blog kommen zu dir wie zuvor.',
    )
    expect(await person(site)).toEqual(before)
    expect((await consentsOf(site.db, before.id)).at(-1)).toEqual({
      at: '2026-11-05T09:00:00.000Z',
      act: 'returned',
      source: '127.0.0.0/24',
      words:
        'War es ein Versehen? Sieben Tage lang kannst du es zurücknehmen, und alles ist, wie es war. / Wieder abonnieren',
    })
  })

  test('misses neither what was queued nor what came meanwhile, gets each once, and no welcome', async () => {
    const { site, browser, leave } = await reader()
    site.write('two.md', post('Two', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    const left = await browser.submit(leave, {})
    const back = await Promise.all([press(browser, left), press(browser, left)])
    expect(back.map(({ status }) => status)).toEqual([200, 200])
    await site.round()
    expect(await site.mail()).toEqual([`${ADA}: One`, `${ADA}: Two`])
    const again = await browser.submit(leave, {})
    site.write('three.md', post('Three', '2026-11-02'))
    await site.round()
    expect(await site.mail()).toHaveLength(2)
    await press(browser, again)
    await site.round()
    await site.round()
    expect(await site.mail()).toEqual([`${ADA}: One`, `${ADA}: Three`, `${ADA}: Two`])
    const acts = (await consentsOf(site.db, (await person(site)).id)).map(({ act }) => act)
    expect(acts).toEqual(['added', 'unsubscribed', 'returned', 'unsubscribed', 'returned'])
  })

  test('gets what was queued for them also where everybody else has had it meanwhile', async () => {
    const { site, browser, leave } = await reader()
    await site.join('grace@example.org')
    site.write('two.md', post('Two', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    const left = await browser.submit(leave, {})
    await site.round()
    const stateNow = async () => (await summariseIssues(site.db, 1))[0]?.state
    expect(await stateNow()).toBe('sent')
    await press(browser, left)
    await site.round()
    expect(await site.mail()).toEqual([`${ADA}: One`, `${ADA}: Two`, 'grace@example.org: Two'])
    expect(await stateNow()).toBe('sent')
  })

  test('has seven days for it', async () => {
    const { site, browser, leave } = await reader()
    const left = await browser.submit(leave, {})
    const { path } = formIn(left)
    site.setClock('2026-11-09T09:00:00Z')
    expect(words(await browser.visit(path))).toContain('Subscribe me again')
    site.setClock('2026-11-09T09:00:00.001Z')
    const before = await state(site)
    for (const late of [await browser.visit(path), await press(browser, left)]) {
      expect(late.status).toBe(404)
      expect(words(late)).toContain('This cannot be taken back here any more')
    }
    expect(words(await browser.visit(leave))).toBe(
      'You are unsubscribed No more posts from A test blog will come to you.',
    )
    expect(await state(site)).toEqual(before)
  })

  test('and leaves once more is not brought back by the button of the first time', async () => {
    const { site, browser, leave } = await reader()
    const first = await browser.submit(leave, {})
    await press(browser, first)
    site.setClock('2026-11-03T09:00:00Z')
    await browser.submit(leave, {})
    expect((await press(browser, first)).status).toBe(404)
    expect(await person(site)).toMatchObject({ status: 'unsubscribed' })
  })

  test('and whose address must not be mailed since, stays away', async () => {
    for (const happens of [
      (site: TestSite) => write(site.db, (trx) => suppress(trx, ADA, 'complaint', site.now())),
      async (site: TestSite) => {
        const ada = await person(site)
        await write(site.db, (trx) => eraseSubscriber(trx, ada, site.secret, site.now()))
      },
    ]) {
      const { site, browser, leave } = await reader()
      const left = await browser.submit(leave, {})
      await happens(site)
      const before = await state(site)
      expect((await press(browser, left)).status).toBe(404)
      expect(words(await browser.visit(leave))).not.toContain('Subscribe me again')
      expect(await state(site)).toEqual(before)
    }
  })

  test('and had never confirmed is made no reader by it', async () => {
    const { site, browser, leave } = await reader()
    await site.db.updateTable('subscribers').set({ status: 'unconfirmed', confirmed_at: null }).execute()
    expect(words(await browser.submit(leave, {}))).not.toContain('Subscribe me again')
    const { unsubscribed_at } = await person(site)
    const undo = await browser.submit(tokenLink(site, 'undo'), { left: unsubscribed_at ?? '', shown: 'en' })
    expect(undo.status).toBe(404)
    expect(await person(site)).toMatchObject({ status: 'unsubscribed' })
  })

  test('is brought back by nobody with another link, a forged one, or a POST that no button sent', async () => {
    const { site, browser, leave } = await reader()
    const { path, fields } = formIn(await browser.submit(leave, {}))
    const before = await state(site)
    const token = path.split('=')[1] as string
    for (const wrong of [
      '',
      'b',
      `${token}A`,
      token.replace('b', 'u'),
      makeToken('another key', 'undo', 1),
      makeToken(site.secret, 'unsubscribe', 1),
      makeToken(site.secret, 'preferences', 1),
      makeToken(site.secret, 'undo', 999),
    ]) {
      expect((await browser.visit(`/undo?token=${wrong}`)).status).toBe(404)
      expect((await browser.submit(`/undo?token=${wrong}`, fields)).status).toBe(404)
    }
    for (const wrong of [{}, { left: '' }, { left: '2026-11-02T09:00:00Z' }, { shown: 'en' }])
      expect((await browser.submit(path, wrong as Record<string, string>)).status).toBe(404)
    expect((await browser.visit(path, { method: 'POST', body: 'nonsense' })).status).toBe(404)
    expect(await state(site)).toEqual(before)
  })
})

describe('a key that is changed', () => {
  const linkOf = async (site: TestSite, subject: string) =>
    linkIn((await site.messages()).find((message) => message.subject === subject)?.text, 'unsubscribe')
  const opens = async (site: TestSite, link: string) => {
    const browser = await openBrowser(site)
    return (await browser.visit(link)).status
  }

  test('leaves the links of a year working, and signs new ones that the former key does not open', async () => {
    const site = await makeSite({ secret: ['one'] })
    await site.round()
    await site.join(ADA)
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    const old = await linkOf(site, 'One')
    const changed = await site.again({ secrets: ['two', 'one'] })
    changed.write('two.md', post('Two', '2026-11-02'))
    await changed.round()
    const fresh = await linkOf(site, 'Two')
    changed.setClock('2027-11-02T09:00:00Z')
    expect([await opens(changed, old), await opens(changed, fresh)]).toEqual([200, 200])
    expect([await opens(site, old), await opens(site, fresh)]).toEqual([200, 404])
    const without = await site.again({ secrets: ['two'] })
    expect([await opens(without, old), await opens(without, fresh)]).toEqual([404, 200])
    const browser = await openBrowser(changed)
    expect((await press(browser, await browser.submit(old, {}))).status).toBe(200)
    expect(await person(changed)).toMatchObject({ status: 'confirmed' })
    await browser.submit(old, {})
    expect(await person(changed)).toMatchObject({ status: 'unsubscribed' })
  })

  test('may have been the site’s own, which then opens old links for a year and signs none', async () => {
    const { site, leave } = await reader()
    const named = await site.again({ secrets: ['named'] })
    expect(await opens(named, leave)).toBe(200)
    named.write('two.md', post('Two', '2026-11-02'))
    await named.round()
    expect(await opens(named, await linkOf(site, 'Two'))).toBe(200)
    expect(await opens(site, await linkOf(site, 'Two'))).toBe(404)
    site.setClock('2027-11-03T09:00:00Z')
    expect(await opens(await site.again({ secrets: ['named'] }), leave)).toBe(200)
    site.setClock('2027-11-03T09:00:00.001Z')
    expect(await opens(await site.again({ secrets: ['named'] }), leave)).toBe(404)
    expect(await opens(await site.again({ secrets: [] }), leave)).toBe(200)
  })

  test('opens nothing by the site’s own, where that has never signed a link', async () => {
    const site = await makeSite({ secret: ['named'] })
    await site.round()
    await site.join(ADA)
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    const browser = await openBrowser(site)
    expect((await browser.visit(await linkOf(site, 'One'))).status).toBe(200)
    expect((await browser.visit(tokenLink(site, 'unsubscribe'))).status).toBe(404)
  })

  test('lets nobody forget who was erased, and sends no message under another name', async () => {
    const { site } = await reader()
    const [message] = await site.messages()
    const changed = await site.again({ secrets: ['named'] })
    const ada = await person(site)
    const { id } = await site.db.selectFrom('deliveries').select('id').executeTakeFirstOrThrow()
    expect(message?.messageId).toContain(
      makeMessageId(changed.secret, { id, kind: 'issue', issue: 1, subscriber: ada.id }, 'blog.example'),
    )
    await write(site.db, (trx) => eraseSubscriber(trx, ada, site.secret, site.now()))
    await expect(changed.join(ADA)).rejects.toThrow('its owner was erased')
  })
})

describe('a scanner', () => {
  /** Opens every link of a text, and those of the pages behind them, by HEAD and GET; it submits nothing. */
  async function scan(browser: Browser, from: string): Promise<Set<string>> {
    const seen = new Set<string>()
    const open = [from]
    for (let text = open.pop(); text !== undefined; text = open.pop())
      for (const [, link] of text.matchAll(/(?:href|src|action)="([^"]*)"/g)) {
        const url = new URL((link as string).replaceAll('&amp;', '&'), `${OURS}/page`)
        const path = `${url.pathname}${url.search}`
        if (url.origin !== OURS || seen.has(path)) continue
        seen.add(path)
        await browser.visit(path, { method: 'HEAD' })
        const answer = await browser.visit(path)
        expect(`${path} ${answer.status}`).toBe(`${path} 200`)
        open.push(answer.text)
      }
    return seen
  }

  test('that follows every link of a message and of the pages behind it changes nothing', async () => {
    const { site, browser, leave } = await reader()
    const [message] = await site.messages()
    const before = await state(site)
    const seen = await scan(browser, message?.html ?? '')
    for (const page of ['/unsubscribe?', '/preferences?', '/issues/', '/subscribe'])
      expect([...seen].some((path) => path.startsWith(page))).toBe(true)
    expect(await state(site)).toEqual(before)

    await browser.submit(leave, {})
    const left = await state(site)
    const after = await scan(browser, message?.html ?? '')
    expect([...after].some((path) => path.startsWith('/undo?'))).toBe(true)
    expect(await state(site)).toEqual(left)
  })
})
