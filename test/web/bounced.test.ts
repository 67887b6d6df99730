import { describe, expect, test } from 'vitest'
import { applyLesson } from '../../src/deliveries/lesson.ts'
import { slot } from '../../src/slots.ts'
import { write } from '../../src/store/database.ts'
import {
  consentsOf,
  findSubscriber,
  type Subscriber,
  type Suppression,
  suppress,
} from '../../src/store/subscribers.ts'
import { erase } from '../../src/subscribers/erase.ts'
import { askToSubscribe } from '../../src/subscribers/subscribe.ts'
import { makeSite, post, type TestSite } from '../site.ts'
import { linkIn, openBrowser } from './browser.ts'

const ADA = 'ada@example.org'
const START = '2026-11-02T09:00:00Z'
const THIRTY_DAYS_ON = '2026-12-02T09:00:00Z'

/** A reader whose mail came back at the start. */
async function bounced(settings: Record<string, object> = {}) {
  const site = await makeSite(settings)
  await site.round()
  await site.join(ADA)
  await bounce(site)
  return { site, browser: await openBrowser(site) }
}

/** What the mail server says to a message: there is no such mailbox. */
function bounce(site: TestSite): Promise<void> {
  const subject = { address: ADA, domain: 'example.org', issue: null, transport: 'smtp', tell: () => {} }
  const lesson = { kind: 'no such address', reply: '550 5.1.1 no such user' } as const
  return write(site.db, (trx) => applyLesson(trx, lesson, subject, site.secret, site.now()))
}

/** As the form does, with a confirmation that needs no rendering. */
async function ask(site: TestSite, language = 'en'): Promise<void> {
  const asked = {
    address: ADA,
    key: ADA,
    name: '',
    language,
    timeZone: '',
    network: null,
    solved: null,
    evidence: { source: '', words: '' },
  }
  const printed = { subject: 'Please confirm', html: '', text: `${slot('confirm')}\n` }
  await askToSubscribe(site.db, asked, printed, site.config, site.secret, site.now())
}

async function person(site: TestSite): Promise<Subscriber> {
  return (await findSubscriber(site.db, ADA)) as Subscriber
}

function suppressions(site: TestSite) {
  return site.db.selectFrom('suppressions').select(['reason', 'at']).execute()
}

/** The links of the confirmations in the mailbox, once all that is due has gone. */
async function confirmations(site: TestSite): Promise<string[]> {
  await site.round()
  return (await site.messages())
    .filter(({ subject }) => subject === 'Please confirm')
    .map(({ text }) => linkIn(text, 'confirm'))
}

describe('somebody whose mail came back', () => {
  test('asks again after thirty days, and only their yes makes them a reader of what is new', async () => {
    const { site, browser } = await bounced()
    site.write('missed.md', post('Missed', '2026-11-03'))
    site.setClock('2026-11-03T09:00:00Z')
    await site.round()
    site.setClock('2026-12-02T08:59:59Z')
    await ask(site)
    expect(await confirmations(site)).toEqual([])
    site.setClock('2026-12-03T09:00:00Z')
    await ask(site)
    const [link = '', ...more] = await confirmations(site)
    expect(more).toEqual([])

    site.write('before.md', post('Before the yes', '2026-12-03'))
    await site.round()
    for (const method of ['GET', 'HEAD']) await browser.visit(link, { method })
    expect(await suppressions(site)).toEqual([{ reason: 'bounce', at: '2026-11-02T09:00:00.000Z' }])
    expect((await browser.submit(link, {})).status).toBe(200)
    expect((await browser.submit(link, {})).status).toBe(200)
    expect(await suppressions(site)).toEqual([])
    expect(await site.db.selectFrom('bounces').selectAll().execute()).toEqual([])
    expect(await person(site)).toMatchObject({
      status: 'confirmed',
      confirmed_at: '2026-12-03T09:00:00.000Z',
    })
    const acts = (await consentsOf(site.db, (await person(site)).id)).map(({ act }) => act)
    expect(acts).toEqual(['added', 'asked', 'confirmed'])

    site.setClock('2026-12-04T09:00:00Z')
    site.write('after.md', post('After the yes', '2026-12-04'))
    await site.round()
    expect(await site.mail()).toEqual([
      `${ADA}: After the yes`,
      `${ADA}: Please confirm`,
      `${ADA}: Welcome to A test blog`,
    ])
  })

  test('and comes back again waits thirty days more', async () => {
    const { site, browser } = await bounced({ newsletter: { welcome: false } })
    site.setClock(THIRTY_DAYS_ON)
    await ask(site)
    const [link = ''] = await confirmations(site)
    site.setClock('2026-12-02T10:00:00Z')
    await bounce(site)
    expect(await suppressions(site)).toEqual([{ reason: 'bounce', at: '2026-12-02T10:00:00.000Z' }])
    expect((await browser.submit(link, {})).status).toBe(404)
    site.setClock('2027-01-01T09:59:59Z')
    await ask(site)
    expect(await confirmations(site)).toHaveLength(1)
    site.setClock('2027-01-02T10:00:00Z')
    await ask(site)
    expect(await confirmations(site)).toHaveLength(2)
  })

  test('gets one confirmation a day, and nothing else that is queued', async () => {
    const { site } = await bounced({ newsletter: { welcome: false } })
    site.setClock(THIRTY_DAYS_ON)
    for (let n = 0; n < 3; n++) await ask(site)
    expect(await confirmations(site)).toHaveLength(1)
    const { id, subscriber, state, ...row } = await site.db
      .selectFrom('deliveries')
      .select(['id', 'subscriber', 'rendition', 'address', 'name', 'due_at', 'dated_at', 'attempts', 'state'])
      .executeTakeFirstOrThrow()
    expect([subscriber, state]).toEqual([(await person(site)).id, 'sent'])
    for (const kind of ['welcome', 'test'] as const)
      await site.db
        .insertInto('deliveries')
        .values({ ...row, kind, issue: null, subscriber, state: 'queued' })
        .execute()
    expect(await confirmations(site)).toHaveLength(1)
    const others = site.db.selectFrom('deliveries').select('state').where('id', '<>', id)
    expect(await others.execute()).toEqual([{ state: 'skipped' }, { state: 'skipped' }])
  })

  test('while their confirmation waits in the queue is not sent it', async () => {
    const { site } = await bounced({ newsletter: { welcome: false } })
    site.setClock(THIRTY_DAYS_ON)
    await ask(site)
    await bounce(site)
    // Not when the new bounce has grown old, either.
    site.setClock('2027-02-02T09:00:00Z')
    expect(await confirmations(site)).toEqual([])
  })

  test('has left or never confirmed: the same, and what a stranger types changes no reader’s language', async () => {
    const { site } = await bounced({ newsletter: { welcome: false } })
    site.setClock(THIRTY_DAYS_ON)
    await ask(site, 'de')
    expect(await person(site)).toMatchObject({ language: 'en', status: 'confirmed' })
    for (const status of ['unconfirmed', 'unsubscribed'] as const) {
      const { site, browser } = await bounced({ newsletter: { welcome: false } })
      const unsubscribed_at = status === 'unsubscribed' ? '2026-11-02T09:00:00.000Z' : null
      await site.db.updateTable('subscribers').set({ status, unsubscribed_at }).execute()
      site.setClock(THIRTY_DAYS_ON)
      await ask(site)
      expect(await person(site)).toMatchObject({ status })
      const [link = ''] = await confirmations(site)
      await browser.submit(link, {})
      expect(await person(site)).toMatchObject({ status: 'confirmed' })
      expect(await suppressions(site)).toEqual([])
    }
  })

  test.each<Suppression['reason']>(['complaint', 'author'])(
    'and then a %s: no form lifts it, ever',
    async (reason) => {
      const { site, browser } = await bounced({ newsletter: { welcome: false } })
      site.setClock(THIRTY_DAYS_ON)
      await ask(site)
      const [link = ''] = await confirmations(site)
      await write(site.db, (trx) => suppress(trx, ADA, reason, site.now()))
      // A later bounce does not make less of it.
      await bounce(site)
      expect(await suppressions(site)).toMatchObject([{ reason }])
      expect((await browser.submit(link, {})).status).toBe(404)
      site.setClock('2028-11-02T09:00:00Z')
      await ask(site)
      expect(await confirmations(site)).toHaveLength(1)
      expect(await suppressions(site)).toMatchObject([{ reason }])
    },
  )

  test('and was erased: the form brings nobody back', async () => {
    const { site } = await bounced({ newsletter: { welcome: false } })
    await erase(site, { addressKey: ADA }, new Date(START))
    await write(site.db, (trx) => suppress(trx, ADA, 'bounce', new Date(START)))
    site.setClock(THIRTY_DAYS_ON)
    await ask(site)
    expect(await confirmations(site)).toEqual([])
  })
})
