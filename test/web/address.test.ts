import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { makeToken, type Purpose } from '../../src/mail/token.ts'
import { emptyMemory, publishAndPlan } from '../../src/round.ts'
import { insertBounce } from '../../src/store/bounces.ts'
import { write } from '../../src/store/database.ts'
import { claimDeliveries, markSending, settleDeliveries } from '../../src/store/deliveries.ts'
import { addressHash } from '../../src/store/journal-lines.ts'
import {
  consentsOf,
  erasedKey,
  findSubscriber,
  findSuppression,
  type Subscriber,
  suppress,
} from '../../src/store/subscribers.ts'
import { everythingKept } from '../../src/subscribers/kept.ts'
import { CATALOGUES } from '../../src/words/words.ts'
import { claimant } from '../deliveries/mailing.ts'
import { makeSite, post, type TestSite } from '../site.ts'
import { linkIn, openBrowser, words } from './browser.ts'

const OLD = 'ada@example.org'
const NEW = 'countess@example.net'

/** Ada, a reader who was mailed a post, and the page for her address. */
async function reader(settings: Record<string, object> = {}) {
  const site = await makeSite(settings)
  await site.round()
  await site.join(OLD)
  site.write('one.md', post('One', '2026-11-02'))
  await site.round()
  const browser = await openBrowser(site)
  const [message] = await site.messages()
  const preferences = linkIn(message?.text, 'preferences')
  const page = preferences.replace('/preferences', '/preferences/address')
  const ask = (address: string) => browser.submit(page, { address }, { 'X-Forwarded-For': '192.0.2.7' })
  return { site, browser, preferences, page, ask, leave: linkIn(message?.text, 'unsubscribe') }
}

/** The link in the newest message to an address. */
async function asked(site: TestSite, address = NEW): Promise<string> {
  await site.round()
  const message = (await site.messages()).findLast(
    ({ to, text }) => to?.[0]?.address === address && text?.includes('/move?'),
  )
  return linkIn(message?.text, 'move')
}

async function ada(site: TestSite): Promise<Subscriber> {
  return site.db.selectFrom('subscribers').selectAll().where('id', '=', 1).executeTakeFirstOrThrow()
}

async function everything(site: TestSite): Promise<string> {
  const tables = [
    'subscribers',
    'consents',
    'deliveries',
    'delivery_posts',
    'bounces',
    'suppressions',
    'moves',
  ]
  const rows = await Promise.all(
    tables.map((table) =>
      site.db
        .selectFrom(table as 'moves')
        .selectAll()
        .execute(),
    ),
  )
  return JSON.stringify(rows, null, 1)
}

const mailTo = async (site: TestSite, address: string) =>
  (await site.mail()).flatMap((line) =>
    line.startsWith(`${address}: `) ? [line.slice(address.length + 2)] : [],
  )

describe('a reader moves', () => {
  test('from the link in a message to the first post at the new address', async () => {
    const { site, browser, preferences, page, ask, leave } = await reader()
    expect((await browser.visit(preferences)).text).toContain(
      `<a href="https://mail.blog.example${page}">Change your e-mail address</a>`,
    )
    const form = await browser.visit(page)
    expect(words(form)).toContain(`New posts from A test blog come to ${OLD}.`)

    const before = await ada(site)
    const said = words(await ask(' Countess@EXAMPLE.net '))
    expect(said).toContain('If we may write to Countess@example.net, a message is on its way to it.')
    expect(said).toContain(`Until then everything comes to ${OLD} as before.`)
    expect(await ada(site)).toEqual(before)
    expect(words(await browser.visit(page))).toContain('You have asked for Countess@example.net')

    // Nothing changes until somebody says so there, whatever opens the link.
    const link = await asked(site, 'Countess@example.net')
    const message = (await site.messages()).findLast(({ subject }) => /address/.test(subject ?? ''))
    expect(message?.subject).toBe('Please confirm your new address for A test blog')
    expect(message?.to).toEqual([{ address: 'Countess@example.net', name: '' }])
    expect(message?.html).toContain('Confirm my new address')
    for (const part of [message?.text, message?.html]) {
      expect(part).not.toContain(OLD)
      expect(part).not.toContain('/confirm?')
      expect(part?.replace(/\s+/g, ' ')).toContain(
        'new posts from A test blog to Countess@example.net from now on',
      )
    }
    const still = await everything(site)
    for (const method of ['GET', 'HEAD', 'GET'])
      expect((await browser.visit(link, { method })).status).toBe(200)
    expect(await everything(site)).toBe(still)
    expect((await browser.visit(link)).text).not.toContain(OLD)
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    expect(await mailTo(site, OLD)).toEqual(['One', 'Two'])

    site.setClock('2026-11-05T09:00:00Z')
    expect(words(await browser.submit(link, { shown: 'en' }))).toBe(
      'Your address has changed New posts from A test blog come to Countess@example.net from now on.',
    )
    expect(await ada(site)).toEqual({
      ...before,
      address: 'Countess@example.net',
      address_key: NEW,
      settled_sequence: 2,
    })
    expect(await consentsOf(site.db, 1)).toMatchObject([
      { act: 'added' },
      {
        act: 'moved',
        at: '2026-11-05T09:00:00.000Z',
        source: '127.0.0.0/24',
        words: expect.stringMatching(/^One more click, and new posts .* \/ Yes, send them here$/),
      },
    ])
    site.write('three.md', post('Three', '2026-11-05'))
    await site.round()
    expect(await mailTo(site, OLD)).toEqual(['One', 'Two', 'Your address for A test blog was changed'])
    expect(await mailTo(site, 'Countess@example.net')).toContain('Three')

    // The links of old messages are hers still.
    expect(words(await browser.visit(preferences))).toContain('Your subscription')
    await browser.submit(leave, {})
    expect((await ada(site)).status).toBe('unsubscribed')
  })

  test('and all of it speaks their language', async () => {
    const language = 'de'
    const { site, browser, page, ask } = await reader()
    await site.db.updateTable('subscribers').set({ language }).execute()
    const said = CATALOGUES.get(language)?.web
    const title = CATALOGUES.get(language)?.mail.moveSubject('A test blog')
    const pages = [await browser.visit(page), await ask(NEW)]
    const link = await asked(site)
    expect(await mailTo(site, NEW)).toEqual([title])
    pages.push(await browser.visit(link), await browser.submit(link, {}))
    const titles = [said?.newAddress.title, said?.moveAsked.title, said?.move.title, said?.moved.title]
    for (const [at, { text }] of pages.entries()) {
      expect(text).toContain(`<h1>${titles[at]}</h1>`)
      expect(text).toContain('<html lang="de"')
    }
  })

  test('two clicks at once, and one a day later, are one move', async () => {
    const { site, browser, ask } = await reader()
    await ask(NEW)
    const link = await asked(site)
    const both = await Promise.all([browser.submit(link, {}), browser.submit(link, {})])
    site.setClock('2026-11-03T09:00:00Z')
    for (const each of [...both, await browser.submit(link, {}), await browser.visit(link)])
      expect(words(each)).toContain(`come to ${NEW} from now on`)
    expect((await consentsOf(site.db, 1)).map(({ act }) => act)).toEqual(['added', 'moved'])
    const lines = readFileSync(site.config.journal.file, 'utf8').match(/^m .*$/gm)
    expect(lines).toEqual([`m 1 ${addressHash(OLD, site.secret)} ${addressHash(NEW, site.secret)} -`])
  })

  test('what waits for her goes with her, and what is leaving at that moment stays', async () => {
    const { site, browser, ask } = await reader()
    await ask(NEW)
    const link = await asked(site)
    const titles = ['Two', 'Three', 'Four']
    for (const title of titles) {
      site.write(`${title}.md`, post(title, '2026-11-02'))
      await publishAndPlan(site, emptyMemory())
    }
    const { deliveries } = await claimDeliveries(site.db, claimant('a worker'), 2, site.now())
    const [leaving, waiting] = deliveries.map(({ id }) => id) as [number, number]
    const mark = (ids: number[]) =>
      write(site.db, (trx) => markSending(trx, 'a worker', 'smtp mail.example.org:587', ids, site.now()))
    expect(await mark([leaving])).toEqual(new Set([leaving]))
    await browser.submit(link, {})
    const addresses = async () =>
      (
        await site.db
          .selectFrom('deliveries')
          .select(['address'])
          .where('id', '>=', leaving)
          .where('kind', '=', 'issue')
          .execute()
      ).map(({ address }) => address)
    expect(await addresses()).toEqual([OLD, NEW, NEW])
    // Its letter is written, to the old address: it may not leave any more, and nobody takes it up beside that one.
    expect(await mark([waiting])).toEqual(new Set())
    const { deliveries: rest } = await claimDeliveries(site.db, claimant('a worker'), 9, site.now())
    expect(rest.map(({ kind }) => kind)).toEqual(['moved', 'issue'])
    // What the old mailbox did not take is tried at the new one.
    const refused = {
      id: leaving,
      state: 'queued',
      due: site.now(),
      reply: '450 later',
      attempts: 1,
    } as const
    await write(site.db, (trx) => settleDeliveries(trx, 'a worker', [refused], site.now()))
    expect(await addresses()).toEqual([NEW, NEW, NEW])
    site.setClock('2026-11-02T09:02:00Z')
    await site.round()
    expect(await mailTo(site, NEW)).toEqual([
      'Four',
      'Please confirm your new address for A test blog',
      'Three',
      'Two',
    ])
    expect(await mailTo(site, OLD)).toEqual(['One', 'Your address for A test blog was changed'])
  })

  test('and the old address is told, once: whoever had a message of hers may have done it', async () => {
    const { site, browser, ask } = await reader()
    await ask('mallory@example.net')
    const link = await asked(site, 'mallory@example.net')
    await browser.submit(link, {})
    await browser.submit(link, {})
    await site.round()
    const told = (await site.messages()).filter(({ subject }) => /was changed/.test(subject ?? ''))
    expect(told.map(({ to }) => to)).toEqual([[{ address: OLD, name: '' }]])
    const [notice] = told
    for (const part of [notice?.text, notice?.html]) {
      expect(part).toContain(OLD)
      expect(part).not.toContain('mallory')
      expect(part).not.toContain('/unsubscribe')
    }
    expect(notice?.headers.map(({ key }) => key)).not.toContain('list-unsubscribe')

    // What brings her back is asked of her own mailbox, as every move is.
    const page = linkIn(notice?.text, 'preferences').replace('/preferences', '/preferences/address')
    site.setClock('2026-11-03T09:00:00Z')
    await browser.submit(page, { address: OLD })
    await browser.submit(await asked(site, OLD), {})
    expect((await ada(site)).address).toBe(OLD)
    await site.round()
    expect(await mailTo(site, 'mallory@example.net')).toContain('Your address for A test blog was changed')
  })

  test('but a mailbox that has died, or complained, is not', async () => {
    const { site, browser, ask } = await reader()
    await ask(NEW)
    const link = await asked(site)
    await write(site.db, (trx) => suppress(trx, OLD, 'bounce', site.now()))
    await browser.submit(link, {})
    await site.round()
    expect((await ada(site)).address).toBe(NEW)
    expect(await mailTo(site, OLD)).toEqual(['One'])
  })

  test('whose mailbox has died: the bounce stays with it', async () => {
    const { site, browser, ask } = await reader()
    await write(site.db, async (trx) => {
      await insertBounce(trx, OLD, { kind: 'hard', issue: 1, at: site.now(), reply: '550 no such user' })
      await suppress(trx, OLD, 'bounce', site.now())
    })
    await ask(NEW)
    await browser.submit(await asked(site), {})
    expect(await findSuppression(site.db, NEW, site.secret)).toBeUndefined()
    expect(await findSuppression(site.db, OLD, site.secret)).toMatchObject({ reason: 'bounce' })
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    expect(await mailTo(site, NEW)).toContain('Two')
    // It is hers to read, and goes with her.
    expect(await everythingKept(site.db, await ada(site), NEW, site.secret)).toMatchObject({
      bounces: [],
      suppressions: [],
      formerAddresses: [
        { address: OLD, bounces: [{ reply: '550 no such user' }], suppressions: [{ reason: 'bounce' }] },
      ],
    })
    const { text } = (await site.messages()).findLast(({ subject }) => subject === 'Two') ?? {}
    await browser.submit(linkIn(text, 'preferences').replace('?', '/erase?'), {})
    expect(await everything(site)).not.toMatch(/ada@|countess/)
    for (const address of [OLD, NEW])
      expect(await findSuppression(site.db, address, site.secret)).toMatchObject({ reason: 'erased' })
  })
})

describe('the wish for another address', () => {
  test('shows what is wrong with it, and where it is the same', async () => {
    const { site, ask } = await reader()
    const before = await everything(site)
    const typed: [string, string][] = [
      ['', 'write an address such as ada@example.org'],
      ['ada', 'it needs a name, one "@" and a domain'],
      ['a@b.example\r\nBcc: eve@example.org', 'it holds a line break'],
      ['"><script>alert(1)</script>@example.org', 'write one bare address'],
      [' ADA@example.ORG', `New posts come to ${OLD} already.`],
    ]
    for (const [address, fault] of typed) {
      const page = await ask(address)
      expect(page.status, address).toBe(422)
      expect(words(page).replaceAll('&quot;', '"')).toContain(fault)
      expect(page.text).toContain('aria-invalid="true"')
      expect(page.text).not.toContain('<script>alert')
    }
    expect(await everything(site)).toBe(before)
  })

  test('is answered alike, whether the address is free, a reader’s, suppressed, erased or beyond a cap', async () => {
    const { site, browser, ask, page } = await reader()
    for (const name of ['grace', 'eve']) await site.join(`${name}@example.org`)
    await write(site.db, (trx) => suppress(trx, 'dead@example.org', 'bounce', site.now()))
    await write(site.db, (trx) =>
      suppress(trx, erasedKey(site.secret, 'gone@example.org'), 'erased', site.now()),
    )
    await browser.submit('/subscribe', { address: 'asked@example.org' })
    const addresses = ['free', 'grace', 'dead', 'gone', 'asked'].map((name) => `${name}@example.org`)
    const answers = new Set<string>()
    for (const address of addresses) {
      const answer = await ask(address)
      const kept = await browser.visit(page.replace('/address', '/everything'))
      for (const { status, text } of [answer, await browser.visit(page), kept])
        answers.add(`${status} ${text.replaceAll(address, 'ADDRESS')}`)
    }
    expect(answers.size).toBe(3)
    await site.round()
    // Each wish ends the one before it, and the last was asked for on the form today.
    expect((await site.mail()).filter((line) => line.includes('new address'))).toEqual([])
    await ask('grace@example.org')
    await site.round()
    expect((await site.mail()).filter((line) => line.includes('new address'))).toEqual([])
    site.setClock('2026-11-03T09:00:00Z')
    for (const address of ['dead@example.org', 'grace@example.org']) await ask(address)
    await site.round()
    expect((await site.mail()).filter((line) => line.includes('new address'))).toEqual([
      'grace@example.org: Please confirm your new address for A test blog',
    ])
  })

  test('and uses up the same numbers, which stand in links', async () => {
    const { site, ask } = await reader()
    await site.join('grace@example.org')
    await write(site.db, (trx) => suppress(trx, 'complained@example.org', 'complaint', site.now()))
    const newest = async () =>
      (await site.db.selectFrom('deliveries').select('id').orderBy('id', 'desc').executeTakeFirst())?.id ?? 0
    const steps: number[] = []
    for (const [at, whose] of ['free', 'grace', 'complained', 'grace'].entries()) {
      site.setClock(`2026-11-02T${10 + at}:01:00Z`)
      const before = await newest()
      await ask(`${whose}@example.org`)
      await ask(`own${at}@example.net`)
      steps.push((await newest()) - before)
    }
    expect(steps).toEqual([2, 2, 2, 2])
  })

  test('is no means to bomb anybody: a mail a day, and five an hour from a network', async () => {
    const { site, ask } = await reader({ web: { trustProxy: true } })
    const questions = async () => {
      await site.round()
      return (await site.mail())
        .filter((line) => line.includes('new address'))
        .map((line) => line.split(':')[0])
    }
    for (let time = 0; time < 3; time++) await ask(NEW)
    expect(await questions()).toEqual([NEW])
    for (const name of ['a', 'b', 'c', 'd']) {
      await ask(`${name}@example.org`)
      await site.round()
    }
    expect(await questions()).toEqual(['a@example.org', 'b@example.org', NEW])
    site.setClock('2026-11-03T09:00:00Z')
    await ask(NEW)
    expect(await questions()).toEqual(['a@example.org', 'b@example.org', NEW, NEW])
  })

  test('asked for twice on one day, the first message is good; and asked for another, it is not', async () => {
    const { site, browser, ask } = await reader()
    await ask(NEW)
    const link = await asked(site)
    await ask(NEW)
    expect((await browser.visit(link)).status).toBe(200)
    await ask('c@example.org')
    const other = await asked(site, 'c@example.org')
    for (const answer of [await browser.visit(link), await browser.submit(link, {})]) {
      expect(answer.status).toBe(404)
      expect(words(answer)).toContain('another address was asked for since')
    }
    // Whose address that was is not kept.
    expect(await everything(site)).not.toContain(NEW)
    await browser.submit(other, {})
    expect(await ada(site)).toMatchObject({ address: 'c@example.org' })
  })

  test('does not leave any more once another was asked for, or she has left', async () => {
    const { site, browser, ask, leave } = await reader()
    await ask(NEW)
    await ask('c@example.org')
    await browser.submit(leave, {})
    await site.round()
    expect(await site.mail()).toEqual([`${OLD}: One`])
    expect(words(await ask(NEW))).toContain('You are not subscribed')
    expect(await everything(site)).not.toContain('c@example.org')
  })

  test('is good for seven days, and forgotten then', async () => {
    const { site, browser, ask, page } = await reader()
    await ask(NEW)
    const link = await asked(site)
    expect(await everythingKept(site.db, await ada(site), OLD, site.secret)).toMatchObject({
      moving: { address: NEW, asked: '2026-11-02T09:00:00.000Z' },
      deliveries: [{ kind: 'issue' }],
    })
    site.setClock('2026-11-09T09:00:00Z')
    expect((await browser.visit(link)).status).toBe(200)
    site.setClock('2026-11-09T09:00:00.001Z')
    for (const answer of [await browser.visit(link), await browser.submit(link, {})])
      expect(answer.status).toBe(404)
    expect(words(await browser.visit(page))).not.toContain(NEW)
    await site.round()
    expect(await everything(site)).not.toContain(NEW)
    expect(await ada(site)).toMatchObject({ address: OLD, status: 'confirmed' })
  })

  test('goes with who is erased', async () => {
    const { site, browser, ask, preferences } = await reader()
    await ask(NEW)
    const link = await asked(site)
    await browser.submit(preferences.replace('?', '/erase?'), {})
    expect(await everything(site)).not.toMatch(/ada@|countess/)
    expect((await browser.submit(link, {})).status).toBe(404)
    // It was not theirs yet, so whoever has it may subscribe.
    expect(await findSuppression(site.db, NEW, site.secret)).toBeUndefined()
  })

  test('of somebody who complained asks nobody', async () => {
    const { site, browser, ask } = await reader()
    await ask(NEW)
    const link = await asked(site)
    await write(site.db, (trx) => suppress(trx, OLD, 'complaint', site.now()))
    expect((await browser.submit(link, {})).status).toBe(404)
    await ask('c@example.org')
    await site.round()
    expect((await site.mail()).filter((line) => line.startsWith('c@'))).toEqual([])
    expect(await ada(site)).toMatchObject({ address: OLD })
  })

  test('a message to it that comes back stops that address alone', async () => {
    const { site, browser, ask } = await reader()
    await ask(NEW)
    const link = await asked(site)
    await write(site.db, (trx) => suppress(trx, NEW, 'bounce', site.now()))
    expect((await browser.submit(link, {})).status).toBe(404)
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    expect(await mailTo(site, OLD)).toEqual(['One', 'Two'])
  })
})

test('only a token made for each page opens it', async () => {
  const { site, browser, ask } = await reader()
  await ask(NEW)
  await asked(site)
  const { id } = await site.db
    .selectFrom('deliveries')
    .select('id')
    .where('kind', '=', 'confirmation')
    .executeTakeFirstOrThrow()
  const token = (purpose: Purpose, delivery = id, secret = site.secret) =>
    makeToken(secret, purpose, delivery)
  const good = token('move')
  const before = await everything(site)
  const wrong: [string, string[]][] = [
    [
      '/move',
      [token('confirm'), token('preferences'), token('unsubscribe'), token('undo'), token('move', 1)],
    ],
    [
      '/move',
      [token('move', 999), token('move', id, 'another key'), good.slice(0, -1), good.toUpperCase(), ''],
    ],
    [
      '/preferences/address',
      [good, token('unsubscribe'), token('preferences', 999), 'x', '"><script>alert(1)'],
    ],
    ['/confirm', [good]],
    ['/undo', [good]],
  ]
  for (const [path, tokens] of wrong)
    for (const each of tokens)
      for (const method of ['GET', 'POST']) {
        const answer = await browser.visit(`${path}?token=${encodeURIComponent(each)}`, { method })
        expect(answer.status, `${path} ${each}`).toBe(404)
        expect(answer.text).not.toMatch(/ada@|countess|<script/)
      }
  expect(await everything(site)).toBe(before)
  expect(await findSubscriber(site.db, OLD)).toMatchObject({ status: 'confirmed' })
})
