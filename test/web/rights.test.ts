import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { makeToken, type Purpose } from '../../src/mail/token.ts'
import { insertBounce } from '../../src/store/bounces.ts'
import { write } from '../../src/store/database.ts'
import { insertDelivery, requeueFailed, resolveUnknown } from '../../src/store/deliveries.ts'
import { moveIssue, readIssue } from '../../src/store/issues.ts'
import { findSubscriber, recordConsent, type Subscriber } from '../../src/store/subscribers.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { savePreferences } from '../../src/subscribers/preferences.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { CATALOGUES } from '../../src/words/words.ts'
import { makeSite, post, type TestSite } from '../site.ts'
import { type Browser, linkIn, openBrowser, words } from './browser.ts'

const ADA = 'ada@example.org'
const GRACE = 'grace@example.org'

/** Two readers who were both mailed a post; and the links of Ada's message. */
async function readers(settings: Record<string, object> = {}) {
  const site = await makeSite(settings)
  await site.round()
  await site.join(ADA)
  await site.join(GRACE)
  site.write('hello.md', post('Hello', '2026-11-02'))
  await site.round()
  const message = (await site.messages()).find(({ to }) => to?.[0]?.address === ADA)
  const preferences = linkIn(message?.text, 'preferences')
  const links = {
    preferences,
    everything: preferences.replace('?', '/everything?'),
    erase: preferences.replace('?', '/erase?'),
  }
  return { site, browser: await openBrowser(site), links }
}

async function person(site: TestSite, address = ADA): Promise<Subscriber> {
  return (await findSubscriber(site.db, address)) as Subscriber
}

const TABLES = ['subscribers', 'consents', 'deliveries', 'delivery_posts', 'bounces', 'suppressions'] as const

/** All that is kept about anybody. */
async function everything(site: TestSite): Promise<string> {
  const rows = await Promise.all(TABLES.map((table) => site.db.selectFrom(table).selectAll().execute()))
  return JSON.stringify(rows, null, 1)
}

async function press(browser: Browser, link: string) {
  return browser.submit(link, {})
}

describe('everything that is kept about somebody', () => {
  test('is a file behind the link on their page, and nothing is changed by reading it', async () => {
    const { site, browser, links } = await readers()
    await site.setClock('2026-11-03T10:00:00Z')
    const ada = await person(site)
    await write(site.db, async (trx) => {
      const shown = { source: '192.0.2.0/24', words: 'Subscribe to A test blog' }
      await recordConsent(trx, ada.id, { at: '2026-11-01T08:00:00.000Z', act: 'asked', ...shown })
      const refused = { kind: 'full', issue: 1, at: site.now(), reply: '452 4.2.2 mailbox full' } as const
      await insertBounce(trx, ADA, refused)
      await insertBounce(trx, GRACE, { ...refused, reply: 'of Grace' })
      const { id: rendition } = await trx.selectFrom('renditions').select('id').executeTakeFirstOrThrow()
      const tried = {
        kind: 'test',
        subscriber: null,
        rendition,
        address: 'Ada@example.org',
        name: '',
      } as const
      await insertDelivery(trx, tried, site.now())
    })
    const before = await everything(site)

    const page = await browser.visit(links.preferences)
    expect(page.text).toContain('<h2>What is kept about you</h2>')
    expect(page.text).toContain(
      `<a href="https://mail.blog.example${links.everything}">Download everything that is kept about you`,
    )
    const answer = await browser.visit(links.everything)
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': 'attachment; filename="kept-about-you.json"',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    const kept = JSON.parse(answer.text)
    expect(kept).toMatchObject({
      address: ADA,
      name: '',
      status: 'confirmed',
      rhythm: 'instant',
      tags: [],
      language: 'en',
      timeZone: null,
      created: '2026-11-02T09:00:00.000Z',
      confirmed: '2026-11-02T09:00:00.000Z',
      unsubscribed: null,
      consents: [
        { act: 'added', source: 'the author', words: '' },
        { act: 'asked', source: '192.0.2.0/24', words: 'Subscribe to A test blog' },
      ],
      deliveries: [
        { kind: 'test', subject: 'Hello', state: 'queued', address: 'Ada@example.org', posts: [] },
        {
          kind: 'issue',
          issue: 1,
          subject: 'Hello',
          posts: [{ id: 'tag:blog.example,2026-11-02:hello', title: 'Hello', edition: 1 }],
          state: 'sent',
          address: ADA,
          dated: '2026-11-02T09:00:00.000Z',
          settled: '2026-11-02T09:00:00.000Z',
        },
      ],
      bounces: [{ kind: 'full', issue: 1, at: '2026-11-03T10:00:00.000Z', reply: '452 4.2.2 mailbox full' }],
      suppressions: [],
    })
    expect(answer.text).not.toContain('race')
    expect((await browser.visit(links.everything, { method: 'HEAD' })).text).toBe('')
    expect(await everything(site)).toBe(before)
  })

  test('is there for somebody who has left, too', async () => {
    const { site, browser, links } = await readers()
    const { id } = await site.db.selectFrom('deliveries').select('id').executeTakeFirstOrThrow()
    await unsubscribe(site, id, { source: 'a test', words: 'POST' }, site.now())
    const page = await browser.visit(links.preferences)
    expect(words(page)).toContain('You are not subscribed')
    expect(page.text).toContain(links.everything)
    expect(page.text).toContain(links.erase)
    const kept = JSON.parse((await browser.visit(links.everything)).text)
    expect(kept).toMatchObject({ status: 'unsubscribed', consents: [{}, { act: 'unsubscribed' }] })
    expect((await press(browser, links.erase)).status).toBe(200)
    expect(await findSubscriber(site.db, ADA)).toBeUndefined()
  })
})

describe('erasing', () => {
  test('says what it means first, and opening the page erases nobody', async () => {
    const { site, browser, links } = await readers()
    const before = await everything(site)
    expect((await browser.visit(links.preferences)).text).toContain(
      `<a class="button quiet" href="https://mail.blog.example${links.erase}">Erase my data</a>`,
    )
    for (const method of ['GET', 'HEAD']) {
      const page = await browser.visit(links.erase, { method })
      expect(page.status).toBe(200)
      expect(page.headers['cache-control']).toBe('no-store')
    }
    const page = await browser.visit(links.erase)
    expect(words(page)).toContain('It cannot be undone.')
    expect(words(page)).toContain('a hash of your address')
    expect(page.text).toContain('<form method="post"><p><button>Erase my data for good</button></p></form>')
    expect(page.text).toContain(links.everything)
    expect(page.text).not.toContain(ADA)
    expect(await everything(site)).toBe(before)
  })

  test('leaves no trace but a keyed hash, and nothing of others is touched', async () => {
    const { site, browser, links } = await readers()
    const grace = await person(site, GRACE)
    const answer = await press(browser, links.erase)
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(words(answer)).toContain('Your data is erased')
    expect(await everything(site)).not.toMatch(/ada/i)
    expect(await site.db.selectFrom('suppressions').selectAll().execute()).toMatchObject([
      { key: expect.stringMatching(/^hmac:[0-9a-f]{64}$/), reason: 'erased' },
    ])
    expect(await person(site, GRACE)).toEqual(grace)
    expect(await site.db.selectFrom('consents').select('subscriber').execute()).toEqual([
      { subscriber: grace.id },
    ])
    // How many it went to, and how it went, is the site's.
    expect(await site.db.selectFrom('deliveries').select('state').execute()).toEqual([
      { state: 'sent' },
      { state: 'sent' },
    ])
  })

  test('leaves none in any table, nor in the files of the database, nor in the journal', async () => {
    const { site, browser, links } = await readers()
    const { database, journal } = site.config
    const file = database.url.replace('sqlite:', '')
    const traces = () =>
      [file, `${file}-wal`, journal.file].filter(
        (path) => existsSync(path) && /ada@example/i.test(readFileSync(path, 'latin1')),
      )
    await browser.submit('/subscribe', { address: ADA, name: 'Ada' })
    await browser.submit(links.preferences.replace('?', '/address?'), { address: 'ada@example.net' })
    const { id } = await person(site)
    await unsubscribe(site, id, { source: 'a test', words: 'POST' }, site.now())
    expect(traces()).not.toEqual([])

    await press(browser, links.erase)
    expect(traces()).toEqual([])
    const tables = await site.db.introspection.getTables()
    for (const { name } of tables)
      expect(
        JSON.stringify(
          await site.db
            .selectFrom(name as 'subscribers')
            .selectAll()
            .execute(),
        ),
        name,
      ).not.toMatch(/ada@example/i)
    await site.db.destroy()
    expect(traces()).toEqual([])
  })

  test('somebody else wanted to move to that address: it is not asked, and the wish is forgotten', async () => {
    const { site, browser, links } = await readers()
    const message = (await site.messages()).find(({ to }) => to?.[0]?.address === GRACE)
    const page = linkIn(message?.text, 'preferences').replace('?', '/address?')
    await browser.submit(page, { address: ADA })
    expect(await site.db.selectFrom('moves').select('address').execute()).toEqual([{ address: ADA }])
    await press(browser, links.erase)
    await site.round()
    expect(await site.mail()).toEqual([`${ADA}: Hello`, `${GRACE}: Hello`])
    expect(await site.db.selectFrom('moves').selectAll().execute()).toEqual([])
    expect(await everything(site)).not.toMatch(/ada@/i)
  })

  test('takes back what is queued', async () => {
    const { site, browser, links } = await readers()
    const ada = await person(site)
    const { id: rendition } = await site.db.selectFrom('renditions').select('id').executeTakeFirstOrThrow()
    for (const kind of ['welcome', 'confirmation'] as const)
      await write(site.db, (trx) =>
        insertDelivery(trx, { kind, subscriber: ada.id, rendition, address: ADA, name: 'Ada' }, site.now()),
      )
    await press(browser, links.erase)
    site.write('again.md', post('Again', '2026-11-02'))
    await site.round()
    expect(await site.mail()).toEqual([`${ADA}: Hello`, `${GRACE}: Again`, `${GRACE}: Hello`])
  })

  test('holds against an import, the form, and a second click', async () => {
    const { site, browser, links } = await readers()
    const both = await Promise.all([press(browser, links.erase), press(browser, links.erase)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404])
    const path = `${site.folder}/people.csv`
    writeFileSync(path, `address\nADA@EXAMPLE.org\n`)
    const imported = await importSubscribers(
      site.db,
      path,
      { confirmed: true },
      site.config,
      site.secret,
      site.now(),
    )
    expect(imported).toMatchObject({ suppressed: 1, added: { confirmed: 0 } })
    await browser.submit('/subscribe', { address: ADA })
    expect(await findSubscriber(site.db, ADA)).toBeUndefined()
  })

  test('is written into the journal, so that no backup takes it back', async () => {
    const { site, browser, links } = await readers()
    const { id } = await person(site)
    await press(browser, links.erase)
    expect(readFileSync(site.config.journal.file, 'utf8')).toMatch(
      new RegExp(`^x ${id} [0-9a-f]{12} erased`, 'm'),
    )
  })

  test('closes every door behind it', async () => {
    const { browser, links } = await readers()
    await press(browser, links.erase)
    for (const link of Object.values(links)) {
      const page = await browser.visit(link)
      expect(page.status).toBe(404)
      expect(words(page)).toContain('How to change your subscription')
      expect((await press(browser, link)).status).toBe(404)
    }
  })

  test('leaves nothing that the author could send again, and no issue open for it', async () => {
    const { site, browser, links } = await readers()
    await site.db.updateTable('deliveries').set({ state: 'failed' }).where('address', '=', ADA).execute()
    await press(browser, links.erase)
    expect(await write(site.db, (trx) => requeueFailed(trx, 1, site.now()))).toBe(0)
    await site.db.updateTable('deliveries').set({ state: 'unknown' }).where('address', '=', '').execute()
    await write(site.db, async (trx) => {
      await resolveUnknown(trx, 1, 'resend', site.now())
      await moveIssue(trx, 1, ['sent'], 'sending', null)
    })
    await site.round()
    expect((await readIssue(site.db, 1))?.state).toBe('sent')
    expect(await site.mail()).toHaveLength(2)
  })

  test('settles a message whose fate was unknown: who used its link has it', async () => {
    const { site, browser, links } = await readers()
    await site.db.updateTable('deliveries').set({ state: 'unknown' }).execute()
    await press(browser, links.erase)
    expect(await site.db.selectFrom('deliveries').select('state').orderBy('id').execute()).toEqual([
      { state: 'sent' },
      { state: 'unknown' },
    ])
  })
})

test('only a token made for this opens any of it', async () => {
  const { site, browser, links } = await readers()
  const { id } = await site.db.selectFrom('deliveries').select('id').executeTakeFirstOrThrow()
  const token = (purpose: Purpose, secret = site.secret) => makeToken(secret, purpose, id)
  const good = token('preferences')
  const { id: rendition } = await site.db.selectFrom('renditions').select('id').executeTakeFirstOrThrow()
  const test = { kind: 'test', subscriber: null, rendition, address: ADA, name: '' } as const
  const tried = await write(site.db, (trx) => insertDelivery(trx, test, site.now()))
  const wrong = [
    token('unsubscribe'),
    token('confirm'),
    token('preferences', 'another key'),
    makeToken(site.secret, 'preferences', 999),
    makeToken(site.secret, 'preferences', tried),
    good.slice(0, -1),
    good.toUpperCase(),
    '',
    '"><script>alert(1)</script>',
  ]
  const before = await everything(site)
  for (const path of ['/preferences/everything', '/preferences/erase'])
    for (const each of wrong) {
      const link = `${path}?token=${encodeURIComponent(each)}`
      for (const answer of [await browser.visit(link), await press(browser, link)]) {
        expect(answer.status, link).toBe(404)
        expect(answer.text).not.toContain(ADA)
        expect(answer.text).not.toContain('<script')
      }
    }
  expect((await press(browser, links.everything)).status).toBe(404)
  expect(await everything(site)).toBe(before)
})

test.each([...CATALOGUES.keys()])('all of it speaks %s', async (language) => {
  const { site, browser, links } = await readers()
  const { id } = await site.db.selectFrom('deliveries').select('id').executeTakeFirstOrThrow()
  await savePreferences(site.db, id, { name: '', rhythm: 'instant', language }, site.config, site.now())
  const { rights, erase, erased } = CATALOGUES.get(language)?.web ?? {}
  const page = await browser.visit(links.preferences)
  expect(page.text).toContain(`<h2>${rights?.title}</h2>`)
  const question = await browser.visit(links.erase)
  const answer = await press(browser, links.erase)
  for (const [{ text }, title] of [
    [question, erase?.title],
    [answer, erased?.title],
  ] as const) {
    expect(text).toContain(`<h1>${title}</h1>`)
    expect(text).toMatch(new RegExp(`<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}"`))
  }
})
