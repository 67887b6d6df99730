import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Email } from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { enqueueTest } from '../../src/deliveries/enqueue.ts'
import { makeToken } from '../../src/mail/token.ts'
import { write } from '../../src/store/database.ts'
import {
  consentsOf,
  eraseSubscriber,
  findSubscriber,
  type Subscriber,
  suppress,
} from '../../src/store/subscribers.ts'
import { unsubscribeAddress } from '../../src/subscribers/unsubscribe.ts'
import { makeSite, post, type TestSite } from '../site.ts'
import { linkIn, openBrowser, words } from './browser.ts'

const ONE_CLICK = 'List-Unsubscribe=One-Click'
const FORM = 'application/x-www-form-urlencoded'

async function person(site: TestSite, address: string): Promise<Subscriber | undefined> {
  return findSubscriber(site.db, address)
}

async function newest(site: TestSite, subject: RegExp): Promise<Email> {
  const message = (await site.messages()).findLast((each) => subject.test(each.subject ?? ''))
  if (!message) throw new Error(`no message ${subject} among ${await site.mail()}`)
  return message
}

/** Everything that consent stands in. */
async function state(site: TestSite): Promise<unknown> {
  return [
    await site.db.selectFrom('subscribers').selectAll().execute(),
    await site.db.selectFrom('consents').selectAll().execute(),
    await site.db.selectFrom('deliveries').selectAll().execute(),
    await site.db.selectFrom('suppressions').selectAll().execute(),
  ]
}

describe('a reader comes and goes', () => {
  test('from the form over the confirmation to the first post, and out again with one click', async () => {
    const site = await makeSite()
    site.write('old.md', post('Old', '2026-10-01'))
    await site.round()
    const browser = await openBrowser(site)

    const form = await browser.visit('/subscribe')
    expect(form.status).toBe(200)
    expect(words(form)).toContain('Subscribe to A test blog')
    const asked = await browser.submit('/subscribe', { address: ' Grace@Example.ORG ', name: 'Grace' })
    expect(words(asked)).toContain('If Grace@example.org is not subscribed yet, a message is on its way')
    expect(await person(site, 'grace@example.org')).toMatchObject({ status: 'unconfirmed', name: 'Grace' })

    await site.round()
    const confirmation = await newest(site, /confirm/)
    // The name is a stranger's text as long as nobody confirmed.
    expect(confirmation.to).toEqual([{ address: 'Grace@example.org', name: '' }])
    const link = linkIn(confirmation.text, 'confirm')
    expect(words(await browser.visit(link))).toContain('Yes, subscribe me')
    expect(await person(site, 'grace@example.org')).toMatchObject({ status: 'unconfirmed' })
    expect(words(await browser.submit(link, {}))).toContain('You are subscribed')
    expect(await person(site, 'grace@example.org')).toMatchObject({ status: 'confirmed' })

    site.write('news.md', post('News', '2026-11-02'))
    await site.round()
    expect((await site.mail()).filter((line) => !line.includes('confirm'))).toEqual([
      'Grace@example.org: News',
      'Grace@example.org: Welcome to A test blog',
    ])
    const news = await newest(site, /News/)
    const header = news.headers.find((each) => each.key === 'list-unsubscribe')?.value
    const leave = linkIn(header?.replace(/>$/, ''), 'unsubscribe')
    expect(leave).toBe(linkIn(news.text, 'unsubscribe'))
    const left = await browser.visit(leave, {
      method: 'POST',
      headers: { 'Content-Type': FORM },
      body: ONE_CLICK,
    })
    expect(left.status).toBe(200)
    expect(words(left)).toContain('You are unsubscribed No more posts from A test blog will come to you.')
    const grace = (await person(site, 'grace@example.org')) as Subscriber
    expect(grace.status).toBe('unsubscribed')
    expect((await consentsOf(site.db, grace.id)).map(({ act, source }) => `${act} ${source}`)).toEqual([
      'asked 127.0.0.0/24',
      'confirmed 127.0.0.0/24',
      'unsubscribed 127.0.0.0/24',
    ])
    expect((await consentsOf(site.db, grace.id))[0]?.words).toContain('New posts come to you by e-mail.')
  })

  test('one click is a form of either kind, needs nothing but the link, and may be sent twice', async () => {
    const site = await makeSite()
    await site.round()
    for (const name of ['ada', 'grace']) await site.join(`${name}@example.org`)
    site.write('news.md', post('News', '2026-11-02'))
    await site.round()
    const browser = await openBrowser(site)
    const [one, two] = (await site.messages()).map((message) => linkIn(message.text, 'unsubscribe'))
    const multipart = `--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n`
    const first = { method: 'POST', headers: { 'Content-Type': FORM }, body: ONE_CLICK }
    const second = {
      method: 'POST',
      headers: { 'Content-Type': 'multipart/form-data; boundary=x', Origin: 'https://mail.example' },
      body: multipart,
    }
    for (const [link, request] of [
      [one, first],
      [one, first],
      [two, second],
    ] as const) {
      const answer = await browser.visit(link as string, request)
      expect(answer.status).toBe(200)
      expect(answer.headers).not.toHaveProperty('set-cookie')
      expect(answer.headers).not.toHaveProperty('location')
    }
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unsubscribed' })
    expect(await person(site, 'grace@example.org')).toMatchObject({ status: 'unsubscribed' })
  })

  test('who leaves while an issue is queued for them does not get it', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    const browser = await openBrowser(site)
    const link = linkIn((await newest(site, /One/)).text, 'unsubscribe')
    const { id: rendition } = await site.db.selectFrom('renditions').select('id').executeTakeFirstOrThrow()
    const ada = (await person(site, 'ada@example.org')) as Subscriber
    await site.db
      .insertInto('issues')
      .values({
        kind: 'single',
        state: 'sending',
        rhythm: null,
        origin: 'author',
        subject: 'Two',
        created_at: '',
        due_at: '',
        sent_at: null,
      })
      .execute()
    await site.db
      .insertInto('deliveries')
      .values({
        kind: 'issue',
        issue: 2,
        subscriber: ada.id,
        rendition,
        address: ada.address,
        name: '',
        state: 'queued',
        due_at: '2026-11-02T09:00:00.000Z',
        dated_at: '2026-11-02T09:00:00.000Z',
        attempts: 0,
      })
      .execute()
    await browser.submit(link, {})
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: One'])
    const row = await site.db
      .selectFrom('deliveries')
      .select('state')
      .where('issue', '=', 2)
      .executeTakeFirst()
    expect(row?.state).toBe('skipped')
  })

  test('who left may come back: a new confirmation, and what is new from then on', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    const browser = await openBrowser(site)
    await browser.submit(linkIn((await newest(site, /One/)).text, 'unsubscribe'), {})
    site.setClock('2026-11-03T09:00:00Z')
    site.write('two.md', post('Two', '2026-11-03'))
    await site.round()
    await browser.submit('/subscribe', { address: 'ada@example.org' })
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unsubscribed' })
    await site.round()
    await browser.submit(linkIn((await newest(site, /confirm/)).text, 'confirm'), {})
    site.setClock('2026-11-04T09:00:00Z')
    site.write('three.md', post('Three', '2026-11-04'))
    await site.round()
    expect((await site.mail()).filter((line) => !line.includes('confirm'))).toEqual([
      'ada@example.org: One',
      'ada@example.org: Three',
      'ada@example.org: Welcome to A test blog',
    ])
  })
})

describe('a welcome', () => {
  async function confirmed(site: TestSite, address = 'ada@example.org') {
    const browser = await openBrowser(site)
    await browser.submit('/subscribe', { address })
    await site.round()
    const link = linkIn((await newest(site, /confirm/)).text, 'confirm')
    await browser.submit(link, {})
    return { browser, link }
  }

  const welcomes = (site: TestSite) =>
    site.db.selectFrom('deliveries').select(['state', 'reply']).where('kind', '=', 'welcome').execute()

  test('comes once to who has confirmed, with the newest posts as links and its own ways to change and leave', async () => {
    const site = await makeSite()
    site.write('a.md', post('Seen', '2026-10-01'))
    site.write('b.md', `---\ntitle: Hidden\ndate: 2026-10-02\nunlisted: true\n---\nHidden.\n`)
    site.write('c.md', `---\ntitle: Unfinished\ndate: 2026-10-03\ndraft: true\n---\nUnfinished.\n`)
    site.write('d.md', `---\ntitle: Not by mail\ndate: 2026-10-04\nmail: false\n---\nNot by mail.\n`)
    site.write('e.md', post('To come', '2026-12-04'))
    await site.round()
    const { browser, link } = await confirmed(site)
    for (const again of [link, link]) await browser.submit(again, {})
    await site.round()
    expect(await welcomes(site)).toMatchObject([{ state: 'sent' }])
    const message = await newest(site, /Welcome/)
    expect(message.text).toContain('Seen')
    expect(message.text).toContain('https://blog.example/posts/a/')
    for (const secret of ['Hidden', 'Unfinished', 'Not by mail', 'To come'])
      for (const part of [message.text, message.html]) expect(part).not.toContain(secret)
    const headers = new Map(message.headers.map(({ key, value }) => [key, value]))
    expect(headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    expect(headers.get('list-id')).toContain('posts.blog.example')
    const change = linkIn(message.text, 'preferences')
    expect(message.html).toContain(change)
    await browser.submit(change, { name: 'Ada', rhythm: 'daily', language: 'en' })
    expect(await person(site, 'ada@example.org')).toMatchObject({ rhythm: 'daily', name: 'Ada' })
    await browser.submit(linkIn(message.text, 'unsubscribe'), {})
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unsubscribed' })
    // What it names was not mailed by it.
    expect(await site.db.selectFrom('delivery_posts').selectAll().execute()).toEqual([])
  })

  test('comes to nobody where the author wants none, and the first post comes all the same', async () => {
    const site = await makeSite({ newsletter: { welcome: false } })
    await site.round()
    await confirmed(site)
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'confirmed' })
    expect(await welcomes(site)).toEqual([])
    site.write('news.md', post('News', '2026-11-02'))
    await site.round()
    expect((await site.mail()).filter((line) => !line.includes('confirm'))).toEqual(['ada@example.org: News'])
  })

  test('goes to nobody whom the author added', async () => {
    const site = await makeSite()
    await site.join('ada@example.org')
    expect(await welcomes(site)).toEqual([])
  })

  test('does not go to who has left before it went', async () => {
    const site = await makeSite()
    const { browser } = await confirmed(site)
    const { id } = await site.db
      .selectFrom('deliveries')
      .select('id')
      .where('kind', '=', 'welcome')
      .executeTakeFirstOrThrow()
    await browser.submit(`/unsubscribe?token=${makeToken(site.secret, 'unsubscribe', id)}`, {})
    await site.round()
    expect(await welcomes(site)).toEqual([{ state: 'skipped', reply: 'no longer subscribed' }])
    expect(await site.mail()).toHaveLength(1)
  })

  test('nobody’s yes waits for one that cannot be rendered', async () => {
    const site = await makeSite()
    mkdirSync(join(site.folder, 'templates'))
    writeFileSync(join(site.folder, 'templates', 'welcome.mjml'), '{% if %}')
    await confirmed(site)
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'confirmed' })
    expect(await welcomes(site)).toEqual([])
  })
})

describe('the form tells nobody who reads', () => {
  test('the answer is the same for a stranger, a reader, one who left and one who must not be mailed', async () => {
    const site = await makeSite()
    for (const name of ['reader', 'erased']) await site.join(`${name}@example.org`)
    await write(site.db, async (trx) => {
      await suppress(trx, 'complained@example.org', 'complaint', site.now())
      const erased = (await findSubscriber(trx, 'erased@example.org')) as Subscriber
      await eraseSubscriber(trx, erased, site.secret, site.now())
    })
    const browser = await openBrowser(site)
    const names = ['stranger', 'stranger', 'reader', 'complained', 'erased']
    const answers = []
    for (const name of names) {
      const { status, text } = await browser.submit('/subscribe', { address: `${name}@example.org` })
      answers.push(`${status} ${text.replaceAll(name, 'NAME')}`)
    }
    expect(new Set(answers).size).toBe(1)
    const asked = await site.db.selectFrom('deliveries').select(['kind', 'address']).execute()
    expect(asked).toEqual([{ kind: 'confirmation', address: 'stranger@example.org' }])
    expect(await person(site, 'erased@example.org')).toBeUndefined()
    expect(await person(site, 'complained@example.org')).toBeUndefined()
  })

  test('and the numbers in the links of whoever asks before and after do not tell', async () => {
    const site = await makeSite()
    await site.join('reader@example.org')
    await site.join('left@example.org')
    await unsubscribeAddress(site, 'left@example.org', { source: '', words: '' }, site.now())
    await write(site.db, (trx) => suppress(trx, 'complained@example.org', 'complaint', site.now()))
    const browser = await openBrowser(site)
    const newest = async () => {
      const delivery = await site.db
        .selectFrom('deliveries')
        .select('id')
        .orderBy('id', 'desc')
        .executeTakeFirst()
      const people = await site.db
        .selectFrom('subscribers')
        .select('id')
        .orderBy('id', 'desc')
        .executeTakeFirst()
      return [delivery?.id ?? 0, people?.id ?? 0] as const
    }
    const steps: string[] = []
    for (const [at, whose] of ['stranger', 'reader', 'left', 'complained', 'stranger'].entries()) {
      await browser.submit('/subscribe', { address: `before${at}@example.net` })
      const [delivery, person] = await newest()
      await browser.submit('/subscribe', { address: `${whose}@example.org` })
      await browser.submit('/subscribe', { address: `after${at}@example.net` })
      const [later, other] = await newest()
      steps.push(`${later - delivery} ${other - person}`)
    }
    expect(steps).toEqual(Array(5).fill('2 2'))
  })

  test('and takes as long: more than it needs for any of them', async () => {
    const site = await makeSite()
    await site.join('ada@example.org')
    const browser = await openBrowser(site, { stepMs: 100 })
    for (const address of ['warm@example.org', 'ada@example.org', 'stranger@example.org']) {
      const started = performance.now()
      await browser.submit('/subscribe', { address })
      expect(performance.now() - started).toBeGreaterThanOrEqual(100)
    }
  })

  test('one address gets at most one confirmation a day, however often and from wherever it is typed', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const ask = (address: string) => browser.submit('/subscribe', { address })
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => ask(at % 2 ? 'Ada@example.org' : 'ada@EXAMPLE.org')),
    )
    site.setClock('2026-11-03T08:59:59Z')
    await ask('ada@example.org')
    await site.round()
    expect(await site.mail()).toHaveLength(1)
    site.setClock('2026-11-03T09:00:00Z')
    await ask('ada@example.org')
    await site.round()
    expect(await site.mail()).toHaveLength(2)
  })

  test('a program that fills every field gets the same page, and nobody gets mail', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const fields = { address: 'ada@example.org', website: 'https://pills.example' }
    expect(words(await browser.submit('/subscribe', fields))).toContain('a message is on its way')
    expect(await state(site)).toEqual([[], [], [], []])
  })

  test('a program may ask for JSON, from any page', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const json = { Accept: 'application/json', Origin: 'https://elsewhere.example' }
    const good = await browser.submit('/subscribe', { address: 'ada@example.org' }, json)
    expect(good.status).toBe(200)
    expect(good.headers['access-control-allow-origin']).toBe('*')
    expect(JSON.parse(good.text).message).toContain('If ada@example.org is not subscribed yet')
    const bad = await browser.submit('/subscribe', { address: 'ada' }, json)
    expect(bad.status).toBe(422)
    expect(JSON.parse(bad.text).faults.address).toContain('it needs a name, one "@"')
    const ada = (await person(site, 'ada@example.org')) as Subscriber
    expect((await consentsOf(site.db, ada.id))[0]?.words).toBe('a form on https://elsewhere.example')
  })

  test('the form below a post leaves its own words as evidence, in the language they were shown in', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const fields = { address: 'ada@example.org', shown: 'de' }
    await browser.submit('/subscribe', fields, { Origin: 'https://blog.example' })
    const ada = (await person(site, 'ada@example.org')) as Subscriber
    const [consent] = await consentsOf(site.db, ada.id)
    expect(consent?.words).toBe(
      'Neue Beiträge kommen auf Wunsch per E-Mail, so oft du magst. / E-Mail-Adresse / Abonnieren',
    )
  })
})

describe('what is typed is hostile until checked', () => {
  test.each([
    ['', 'write an address'],
    ['ada', 'one "@" and a domain'],
    ['ada@example.org\r\nBcc: victim@example.org', 'a line break'],
    ['ada@example.org,victim@example.org', 'more than one "@"'],
    ['ada@example.org>\r\nRCPT TO:<victim@example.org', 'a line break'],
    ['"><script>alert(1)</script>@example.org', 'one bare address'],
    [`${'a'.repeat(250)}@example.org`, 'longer than'],
  ])('the address %j is refused beside its field, and kept there', async (address, fault) => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const answer = await browser.submit('/subscribe', { address, name: 'Ada "A" <b>' })
    expect(answer.status).toBe(422)
    expect(words(answer).replaceAll('&quot;', '"')).toContain(fault)
    expect(answer.text).toContain('aria-invalid="true" aria-describedby="address-fault"')
    expect(answer.text).toContain('value="Ada &quot;A&quot; &lt;b&gt;"')
    expect(answer.text).not.toContain('<script>')
    expect(await state(site)).toEqual([[], [], [], []])
  })

  test('a name with a line break is refused, and one too long', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    for (const name of ['Ada\r\nBcc: victim@example.org', 'A'.repeat(101)]) {
      const answer = await browser.submit('/subscribe', { address: 'ada@example.org', name })
      expect(answer.status).toBe(422)
      expect(answer.text).toContain('id="name-fault"')
    }
    expect(await state(site)).toEqual([[], [], [], []])
  })

  test('a form may come in parts; a field sent twice or a file in one counts as empty, and no form as none', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const send = async (type: string, body: string) =>
      (await browser.visit('/subscribe', { method: 'POST', headers: { 'Content-Type': type }, body })).status
    const parts = 'multipart/form-data; boundary=----a-boundary-as-browsers-make-them'
    const part = (disposition: string, value: string) =>
      `------a-boundary-as-browsers-make-them\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n------a-boundary-as-browsers-make-them--\r\n`
    expect(await send(FORM, 'address=ada@example.org&address=eve@example.org')).toBe(422)
    expect(await send(parts, part('name="address"; filename="a"', 'ada@example.org'))).toBe(422)
    expect(await send(parts, 'nonsense')).toBe(400)
    expect(await send('application/json', '{"address":"ada@example.org"}')).toBe(400)
    expect(await state(site)).toEqual([[], [], [], []])
    expect(await send(parts, part('name="address"', 'ada@example.org'))).toBe(200)
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unconfirmed' })
  })
})

describe('tokens', () => {
  async function asked() {
    const site = await makeSite()
    const browser = await openBrowser(site)
    await browser.submit('/subscribe', { address: 'ada@example.org' })
    await site.round()
    return { site, browser, link: linkIn((await newest(site, /confirm/)).text, 'confirm') }
  }

  test('a scanner that opens every link of every kind of message, in every way but a POST, changes nothing', async () => {
    const { site, browser, link } = await asked()
    await browser.submit('/subscribe', { address: 'hedy@example.org' })
    await site.round()
    const hers = (await site.messages())
      .map(({ text }) => linkIn(text, 'confirm'))
      .filter((each) => each !== link)
    await browser.submit(hers[0] as string, {})
    await site.join('joan@example.org', 'daily')
    for (const title of ['News', 'More'])
      site.write(`${title}.md`, post(title, '2026-11-02', 'A [link](https://mail.blog.example/subscribe).'))
    await site.round()
    site.setClock('2026-11-03T09:00:00Z')
    await site.round()
    const messages = await site.messages()
    const kinds = await site.db.selectFrom('renditions').select(['kind', 'posts']).execute()
    expect(new Set(kinds.map(({ kind, posts }) => `${kind} ${posts ?? ''}`.trim()))).toEqual(
      new Set(['confirmation', 'welcome', 'issue 1', 'issue 2', 'issue 1,2']),
    )
    const everything = async () => {
      const tables = await site.db.introspection.getTables()
      expect(tables.length).toBeGreaterThan(10)
      const rows = tables.map(({ name }) =>
        site.db
          .selectFrom(name as 'subscribers')
          .selectAll()
          .execute(),
      )
      return JSON.stringify(await Promise.all(rows))
    }
    const before = await everything()
    const links = messages.flatMap((message) =>
      [
        ...`${message.html} ${message.text} ${message.headers.map((each) => each.value).join(' ')}`.matchAll(
          /https:\/\/mail\.blog\.example([^\s"<>]*)/g,
        ),
      ].map((found) => (found[1] as string).replaceAll('&amp;', '&')),
    )
    for (const page of ['/confirm?', '/unsubscribe?', '/preferences?', '/issues/', '/subscribe'])
      expect(links.some((each) => each.startsWith(page))).toBe(true)
    for (const each of new Set(links))
      for (const method of ['GET', 'HEAD', 'GET'])
        expect(`${each} ${(await browser.visit(each, { method })).status}`).toBe(`${each} 200`)
    for (const each of new Map(links.map((each) => [each.split('?')[0], each])).values())
      for (const method of ['OPTIONS', 'PROPFIND', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'SEARCH']) {
        const { status } = await browser.visit(each, { method })
        expect(`${method} ${each} ${status}`).toBe(`${method} ${each} 404`)
      }
    expect(await everything()).toBe(before)
  }, 60_000)

  test('a forged, cut, changed or swapped one gets the page that says what to do, and does nothing', async () => {
    const { site, browser, link } = await asked()
    const token = link.split('=')[1] as string
    const before = await state(site)
    const wrong = [
      '',
      'c',
      token.slice(0, -1),
      `${token}A`,
      token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      token.replace('c', 'u'),
      token.replace(/^c1/, 'c2'),
      makeToken('another key', 'confirm', 1),
      makeToken(site.secret, 'unsubscribe', 1),
      makeToken(site.secret, 'confirm', 999),
      'c1-%00%0d%0aSet-Cookie:a=b',
      'x'.repeat(5000),
    ]
    for (const each of wrong)
      for (const method of ['GET', 'POST']) {
        const answer = await browser.visit(`/confirm?token=${each}`, { method })
        expect(answer.status).toBe(404)
        expect(words(answer)).toContain('This link does not work any more')
        expect(answer.text).not.toContain('ada@')
      }
    for (const each of [token, token.replace('c', 'u')])
      for (const method of ['GET', 'POST']) {
        const answer = await browser.visit(`/unsubscribe?token=${each}`, { method })
        expect(answer.status).toBe(404)
        expect(words(answer)).toContain('Open the newest message')
      }
    expect(await state(site)).toEqual(before)
  })

  test('a confirmation is good for seven days', async () => {
    const { site, browser, link } = await asked()
    site.setClock('2026-11-09T09:00:00Z')
    expect((await browser.visit(link)).status).toBe(200)
    site.setClock('2026-11-09T09:00:00.001Z')
    expect((await browser.visit(link)).status).toBe(404)
    expect((await browser.submit(link, {})).status).toBe(404)
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unconfirmed' })
  })

  test('two clicks at once are one consent, and an old button brings nobody back who has left', async () => {
    const { site, browser, link } = await asked()
    const both = await Promise.all([browser.submit(link, {}), browser.submit(link, {})])
    expect(both.map((answer) => answer.status)).toEqual([200, 200])
    const ada = (await person(site, 'ada@example.org')) as Subscriber
    expect((await consentsOf(site.db, ada.id)).map(({ act }) => act)).toEqual(['asked', 'confirmed'])
    const sent = await site.db.selectFrom('deliveries').select('kind').orderBy('id').execute()
    expect(sent.map(({ kind }) => kind)).toEqual(['confirmation', 'welcome'])
    site.setClock('2026-11-02T10:00:00Z')
    site.write('news.md', post('News', '2026-11-02'))
    await site.round()
    site.write('more.md', post('More', '2026-11-02'))
    await site.round()
    await browser.submit(linkIn((await newest(site, /More|News/)).text, 'unsubscribe'), {})
    expect((await browser.submit(link, {})).status).toBe(404)
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unsubscribed' })
  })

  test('a confirmation that was asked for does not lift a complaint made since', async () => {
    const { site, browser, link } = await asked()
    await write(site.db, (trx) => suppress(trx, 'ada@example.org', 'complaint', site.now()))
    expect((await browser.submit(link, {})).status).toBe(404)
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unconfirmed' })
  })

  test('the link for leaving works a year later, and for somebody who was erased', async () => {
    const site = await makeSite()
    await site.round()
    for (const name of ['ada', 'grace']) await site.join(`${name}@example.org`)
    site.write('news.md', post('News', '2026-11-02'))
    await site.round()
    const browser = await openBrowser(site)
    const links = (await site.messages()).map((message) => linkIn(message.text, 'unsubscribe'))
    const grace = (await person(site, 'grace@example.org')) as Subscriber
    await write(site.db, (trx) => eraseSubscriber(trx, grace, site.secret, site.now()))
    site.setClock('2027-11-02T09:00:00Z')
    for (const link of links) expect(words(await browser.submit(link, {}))).toContain('You are unsubscribed')
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unsubscribed' })
  })

  test('the link in a test message says that it was one', async () => {
    const site = await makeSite()
    site.write('news.md', post('News', '2026-11-02'))
    const { posts } = await site.round()
    await enqueueTest(site.db, posts, 'author@example.org', site.config, site.now())
    await site.round()
    const link = linkIn((await newest(site, /Test/)).text, 'unsubscribe')
    const browser = await openBrowser(site)
    for (const method of ['GET', 'POST'])
      expect(words(await browser.visit(link, { method }))).toContain('This was a test')
  })
})
