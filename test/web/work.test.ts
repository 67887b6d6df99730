import { solveChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'
import type { Challenge } from 'altcha-lib/types'
import { describe, expect, test } from 'vitest'
import { findSubscriber } from '../../src/store/subscribers.ts'
import { makeSite, type TestSite } from '../site.ts'
import { type Answer, type Browser, openBrowser, words } from './browser.ts'

const ADA = 'ada@example.org'

async function challengeFrom(browser: Browser): Promise<Challenge> {
  return JSON.parse((await browser.visit('/subscribe/challenge')).text)
}

/** What a form has in `altcha` once the work is done. */
async function workOf(browser: Browser): Promise<string> {
  const challenge = await challengeFrom(browser)
  const solution = await solveChallenge({ challenge, deriveKey })
  return packed({ challenge, solution })
}

function packed(payload: unknown): string {
  return Buffer.from(JSON.stringify(payload)).toString('base64')
}

/** Of each who asked since the last time, whether their work counted. */
async function proved(site: TestSite): Promise<boolean[]> {
  const rows = await site.db.selectFrom('sign_ups').select('proved').orderBy('id').execute()
  await site.db.deleteFrom('sign_ups').execute()
  return rows.map((row) => row.proved === 1)
}

describe('the proof of work', () => {
  test('counts once, for twenty minutes, where it was done; whoever has none sees the same page', async () => {
    const site = await makeSite()
    const other = await makeSite()
    const [browser, elsewhere] = [await openBrowser(site), await openBrowser(other)]
    const altcha = await workOf(browser)
    const answers: Answer[] = []
    const ask = async (name: string, fields: Record<string, string> = { altcha }) => {
      answers.push(await browser.submit('/subscribe', { address: `${name}@example.org`, ...fields }))
    }
    site.setClock('2026-11-02T09:20:00Z')
    await ask('late')
    expect(await proved(site)).toEqual([false])
    site.setClock('2026-11-02T09:19:59Z')
    await elsewhere.submit('/subscribe', { address: ADA, altcha })
    expect(await proved(other)).toEqual([false])
    // A slip costs nobody their work: they mend the address and send it again.
    expect((await browser.submit('/subscribe', { address: 'ada', altcha })).status).toBe(422)
    await Promise.all([ask('ada'), ask('bob')])
    expect((await proved(site)).sort()).toEqual([false, true])
    await ask('replayed')
    await ask('without', {})
    expect(await proved(site)).toEqual([false, false])
    const said = answers.map((answer) => `${answer.status} ${words(answer).replace(/\w+@/, '@')}`)
    expect(said).toHaveLength(5)
    expect(new Set(said).size).toBe(1)
    // What was used is kept for as long as it would be good.
    expect(await site.db.selectFrom('solved').selectAll().execute()).toHaveLength(1)
    site.setClock('2026-11-02T09:20:00Z')
    await site.round()
    expect(await site.db.selectFrom('solved').selectAll().execute()).toEqual([])
  })

  test('comes from a program that wants JSON in the same field', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const ask = async (name: string, altcha: string) => {
      const fields = { address: `${name}@example.org`, altcha }
      const { text } = await browser.submit('/subscribe', fields, { Accept: 'application/json' })
      return text.replace(name, 'NAME')
    }
    const [done, none] = [await ask('ada', await workOf(browser)), await ask('bob', 'x')]
    expect(done).toBe(none)
    expect(await proved(site)).toEqual([true, false])
  })

  test('cannot be forged, and whatever else stands in its place is no work', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const challenge = await challengeFrom(browser)
    const { parameters } = challenge
    const solution = { counter: 200, derivedKey: parameters.keyPrefix.padEnd(64, '0') }
    const easy = { ...parameters, cost: 1, keyPrefix: '00' }
    const later = { ...parameters, data: { until: Date.parse('2027-01-01') } }
    const { keySignature, ...unsigned } = parameters
    let deep = '{}'
    for (let n = 0; n < 2_000; n++) deep = `{"a":${deep}}`
    const forgeries = [
      ...['', ' ', 'x', 'true', '%%%', 'null', '[]', '{}'],
      ...[null, true, 7, [], {}, { challenge: null, solution: null, test: true }].map(packed),
      packed({ challenge, solution }),
      packed({ challenge, solution: { ...solution, derivedKey: parameters.keyPrefix } }),
      packed({ challenge, solution: { ...solution, counter: -1 } }),
      packed({ challenge: { ...challenge, parameters: easy }, solution }),
      packed({ challenge: { ...challenge, parameters: later }, solution }),
      packed({ challenge: { ...challenge, parameters: unsigned }, solution }),
      packed({ challenge: { parameters }, solution }),
      packed({ challenge: { parameters: JSON.parse(deep), signature: '00' }, solution }),
    ]
    for (const [n, altcha] of forgeries.entries())
      expect((await browser.submit('/subscribe', { address: `v${n}@example.org`, altcha })).status).toBe(200)
    // All of them were let in, so that none hides behind the cap of thirty for a domain.
    expect(await proved(site)).toEqual(forgeries.map(() => false))
    expect(await site.db.selectFrom('solved').selectAll().execute()).toEqual([])
  })

  test('asks for nothing to be kept: whoever only looks changes nothing, and any page may look', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const before = await site.db.selectFrom('settings').selectAll().execute()
    const answers = [await browser.visit('/subscribe/challenge'), await browser.visit('/subscribe/challenge')]
    for (const { status, headers } of answers) {
      expect(status).toBe(200)
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'access-control-allow-origin': '*',
      })
    }
    expect(answers[0]?.text).not.toBe(answers[1]?.text)
    expect(answers[0]?.text).not.toContain(site.secret)
    expect(await site.db.selectFrom('solved').selectAll().execute()).toEqual([])
    expect(await site.db.selectFrom('settings').selectAll().execute()).toEqual(before)
  })
})

describe('the script of the form', () => {
  test('is kept by browsers, and may stand on any page', async () => {
    const browser = await openBrowser(await makeSite())
    const first = await browser.visit('/subscribe/altcha.js')
    expect(first.status).toBe(200)
    expect(first.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=86400',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
    })
    expect(first.text).toContain('MIT License')
    const headers = { 'If-None-Match': String(first.headers.etag) }
    const second = await browser.visit('/subscribe/altcha.js', { headers })
    expect([second.status, second.text]).toEqual([304, ''])
  })

  test('is the only one that the page lets in, and no other page lets in any', async () => {
    const browser = await openBrowser(await makeSite())
    const nonces = new Set<string>()
    for (const answer of [
      await browser.visit('/subscribe'),
      await browser.submit('/subscribe', { address: 'nobody', name: '<script>' }),
    ]) {
      const policy = String(answer.headers['content-security-policy'])
      const [, nonce = ''] = /script-src 'nonce-([\w+/=]{24})';/.exec(policy) ?? []
      nonces.add(nonce)
      expect(policy).toContain("default-src 'none'")
      expect(answer.text.match(/<script[^>]*>/g)).toEqual([
        `<script type="module" async src="subscribe/altcha.js" nonce="${nonce}">`,
      ])
    }
    expect(nonces.size).toBe(2)
    expect(nonces).not.toContain('')
    const thanks = await browser.submit('/subscribe', { address: ADA })
    for (const answer of [thanks, await browser.visit('/unsubscribe'), await browser.visit('/nothing')]) {
      expect(answer.headers['content-security-policy']).not.toContain('script-src')
      expect(answer.text).not.toContain('<script')
    }
  })
})

test('whoever is new brings their time zone along, where it is one; who is known keeps theirs', async () => {
  const site = await makeSite()
  const browser = await openBrowser(site)
  const zoneOf = async (address: string, timeZone?: string) => {
    const fields = { address, ...(timeZone !== undefined && { timeZone }) }
    expect((await browser.submit('/subscribe', fields)).status).toBe(200)
    return (await findSubscriber(site.db, address))?.time_zone
  }
  const said = ['Asia/Kolkata', 'America/Argentina/Ushuaia', 'Etc/GMT+5', 'UTC']
  for (const [n, zone] of said.entries()) expect(await zoneOf(`v${n}@example.org`, zone)).toBe(zone)
  const none = ['', 'Mars/Olympus', '+01:00', '2026-01-01T00:00Z', '<b>', 'x'.repeat(9_000), 'Europe/Berlin ']
  for (const [n, zone] of none.entries()) expect(await zoneOf(`n${n}@example.org`, zone)).toBe('')
  expect(await zoneOf(ADA)).toBe('')
  site.setClock('2026-11-04T09:00:00Z')
  expect(await zoneOf('v0@example.org', 'Europe/Paris')).toBe('Asia/Kolkata')
})
