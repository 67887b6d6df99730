import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Address, checkAddress } from '../../src/address.ts'
import { write } from '../../src/store/database.ts'
import { consentsOf, findSubscriber, suppress } from '../../src/store/subscribers.ts'
import { addSubscriber } from '../../src/subscribers/add.ts'
import { countTurnedAway, describeTurnedAway } from '../../src/subscribers/caps.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { askToSubscribe } from '../../src/subscribers/subscribe.ts'
import { makeSite, type TestSite } from '../site.ts'
import { linkIn, openBrowser, words } from './browser.ts'

const PRINTED = { subject: 'Please confirm', html: '', text: '' }
const START = Date.parse('2026-11-02T09:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Asks as the form does, from a network, so long after the start; with a proof of work unless it is said otherwise. */
async function ask(
  site: TestSite,
  address: string,
  network: string | null,
  after = 0,
  { key = address, proved = true } = {},
): Promise<void> {
  const evidence = { source: network ?? 'unknown', words: '' }
  const solved = proved ? { challenge: randomUUID(), until: new Date(START + after + 20 * MINUTE) } : null
  const asked = { address, key, name: '', language: 'en', timeZone: '', network, solved, evidence }
  await askToSubscribe(site.db, asked, PRINTED, site.config, site.secret, new Date(START + after))
}

/** When each confirmation was made, after the start. */
async function confirmations(site: TestSite): Promise<number[]> {
  const rows = await site.db
    .selectFrom('deliveries')
    .select('dated_at')
    .where('kind', '=', 'confirmation')
    .orderBy('id')
    .execute()
  return rows.map(({ dated_at }) => Date.parse(dated_at) - START)
}

const network = (n: number) => `10.${n >> 8}.${n & 255}.0/24`

describe('nobody is bombed by the form', () => {
  test('a victim gets one message a day, from however many networks and in however many ways their address is typed', async () => {
    const ways = [
      ...['victim@gmail.com', 'v.i.c.t.i.m@gmail.com', 'VICTIM+1@gmail.com', 'vic.tim+a+b@googlemail.com'],
      ...['Victim@GoogleMail.com', 'v.ictim@gmail.com', 'victim+@gmail.com', 'victi.m+x.y@googlemail.com'],
    ]
    const typed = (n: number) => ways[n % 9] ?? `victim+${n}@gmail.com`
    const site = await makeSite()
    // Three and a half days, from a thousand networks.
    for (let n = 0; n < 1_000; n++) {
      const { address, key } = checkAddress(typed(n)) as Address
      await ask(site, address, network(n), n * 5 * MINUTE, { key })
    }
    expect(await confirmations(site)).toEqual([0, DAY, 2 * DAY, 3 * DAY])
    // What reaches their mailbox is what was typed.
    site.setClock('2026-11-05T21:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual(
      [0, 1, 2, 3]
        .map(
          (day) => `${(checkAddress(typed((day * DAY) / (5 * MINUTE))) as Address).address}: Please confirm`,
        )
        .sort(),
    )
    // And meanwhile the form is open to everybody else.
    await ask(site, 'ada@gmail.com', '192.0.2.0/24', 5_000 * MINUTE)
    expect(await confirmations(site)).toHaveLength(5)
  })

  test('dots count elsewhere, and so does what stands before a plus', async () => {
    const site = await makeSite()
    const people = [
      'ada@example.org',
      'a.da@example.org',
      'ada@example.com',
      '+ada@example.org',
      '+joan@example.org',
    ]
    for (const [n, address] of people.entries()) await ask(site, address, network(n))
    await ask(site, 'ada+blog@example.org', network(9))
    expect(await confirmations(site)).toHaveLength(people.length)
    // A mailbox of several people, or of one with several addresses: each is a subscriber, one a day.
    await ask(site, 'ada+blog@example.org', network(9), DAY)
    expect(await confirmations(site)).toHaveLength(people.length + 1)
    expect(await findSubscriber(site.db, 'ada+blog@example.org')).toMatchObject({ status: 'unconfirmed' })
  })

  test('one network causes five an hour and twenty a day, for however many addresses', async () => {
    const site = await makeSite()
    for (let n = 0; n < 48 * 20; n++) await ask(site, `v${n}@d${n}.example`, '192.0.2.0/24', n * 3 * MINUTE)
    const made = await confirmations(site)
    expect(made).toHaveLength(40)
    for (const at of made) {
      expect(made.filter((each) => each > at - HOUR && each <= at).length).toBeLessThanOrEqual(5)
      expect(made.filter((each) => each > at - DAY && each <= at).length).toBeLessThanOrEqual(20)
    }
    await ask(site, 'ada@example.org', '198.51.100.0/24', 3 * HOUR)
    expect(await confirmations(site)).toHaveLength(41)
  })

  test('one domain gets a hundred an hour; those of large providers are the site’s alone to count', async () => {
    const site = await makeSite()
    for (let n = 0; n < 110; n++) await ask(site, `v${n}@firm.example`, network(n))
    expect(await confirmations(site)).toHaveLength(100)
    for (let n = 0; n < 110; n++) await ask(site, `v${n}@gmail.com`, network(n), HOUR)
    expect(await confirmations(site)).toHaveLength(210)
  })

  test('all networks together cause two hundred an hour, also where all of them ask in one minute', async () => {
    const site = await makeSite()
    for (let n = 0; n < 2_000; n++) await ask(site, `v${n}@d${n}.example`, network(n), n * 30)
    expect(await confirmations(site)).toHaveLength(200)
  }, 30_000)

  test('and in the next hour those who ask again get theirs', async () => {
    const site = await makeSite()
    for (let n = 0; n < 600; n++) await ask(site, `v${n}@d${n}.example`, network(n), n * 10_000)
    const made = await confirmations(site)
    expect(made.filter((at) => at < HOUR)).toHaveLength(200)
    expect(made.length).toBeGreaterThan(300)
    expect(await countTurnedAway(site.db, new Date(START + 2 * HOUR))).toMatchObject({
      site: 600 - made.length,
      network: 0,
    })
  })

  test('what counts does not tell who reads: addresses of readers use a cap up as others do', async () => {
    const site = await makeSite()
    for (let n = 0; n < 5; n++) {
      await site.join(`reader${n}@example.org`)
      await ask(site, `reader${n}@example.org`, '192.0.2.0/24')
    }
    await ask(site, 'own@example.org', '192.0.2.0/24')
    expect(await confirmations(site)).toEqual([])
    // Nor who has asked already today.
    for (let n = 0; n < 5; n++) await ask(site, 'ada@example.org', '198.51.100.0/24')
    await ask(site, 'grace@example.org', '198.51.100.0/24')
    expect(await confirmations(site)).toEqual([0])
  })

  test('without proof of work less is let in: two an hour and six a day from a network', async () => {
    const site = await makeSite()
    for (let n = 0; n < 24 * 4; n++)
      await ask(site, `v${n}@d${n}.example`, '192.0.2.0/24', n * 15 * MINUTE, { proved: false })
    const made = await confirmations(site)
    expect(made).toHaveLength(6)
    for (const at of made)
      expect(made.filter((each) => each > at - HOUR && each <= at).length).toBeLessThanOrEqual(2)
  })

  test('and thirty an hour for a domain, sixty from the site; whoever proved work has room all the same', async () => {
    const site = await makeSite()
    for (let n = 0; n < 40; n++) await ask(site, `v${n}@firm.example`, network(n), 0, { proved: false })
    expect(await confirmations(site)).toHaveLength(30)
    for (let n = 0; n < 1_000; n++)
      await ask(site, `v${n}@d${n}.example`, network(n % 500), n, { proved: false })
    expect(await confirmations(site)).toHaveLength(60)
    // As if nobody had asked at all.
    for (let n = 0; n < 5; n++) await ask(site, `ada${n}@firm.example`, network(0), 1_000)
    for (let n = 5; n < 250; n++) await ask(site, `ada${n}@gmail.com`, network(n), 1_000)
    expect(await confirmations(site)).toHaveLength(260)
    // Nor do these close it for who has no scripts, an hour later.
    await ask(site, 'grace@example.org', network(0), HOUR + 1_000, { proved: false })
    expect(await confirmations(site)).toHaveLength(261)
    expect(describeTurnedAway(await countTurnedAway(site.db, site.now()))).toBe(
      '50 while the site had its 200 an hour, 980 without proof of work, of which a network has 2 an hour and 6 a day, a domain 30 an hour, and the site 60',
    )
  })

  test('a victim gets one message a day, whether whoever types their address proves work or not', async () => {
    const site = await makeSite()
    for (let n = 0; n < 100; n++)
      await ask(site, 'victim@example.org', network(n), n * HOUR, { proved: n % 3 === 0 })
    expect(await confirmations(site)).toEqual([0, DAY, 2 * DAY, 3 * DAY, 4 * DAY])
  })

  test('two processes that are asked at once keep one cap', async () => {
    const site = await makeSite()
    const other = await site.again()
    const asked = Array.from({ length: 40 }, (_, n) =>
      ask(n % 2 ? site : other, `v${n}@d${n}.example`, '192.0.2.0/24'),
    )
    await Promise.all(asked)
    expect(await confirmations(site)).toHaveLength(5)
  })

  test('what is kept for it names nobody, and is gone after a day', async () => {
    const site = await makeSite()
    await ask(site, 'ada@example.org', '192.0.2.0/24')
    const kept = await site.db.selectFrom('sign_ups').selectAll().execute()
    expect(kept).toHaveLength(1)
    expect(JSON.stringify(kept)).not.toMatch(/ada|example|192/)
    site.setClock('2026-11-03T08:59:00Z')
    await site.round()
    expect(await site.db.selectFrom('sign_ups').selectAll().execute()).toHaveLength(1)
    site.setClock('2026-11-03T09:00:00Z')
    await site.round()
    expect(await site.db.selectFrom('sign_ups').selectAll().execute()).toEqual([])
  })

  test('how many were turned away is told, by the cap that did it', async () => {
    const site = await makeSite()
    for (let n = 0; n < 7; n++) await ask(site, `v${n}@d${n}.example`, '192.0.2.0/24')
    for (let n = 0; n < 2; n++) await ask(site, 'v0@d0.example', `198.51.${n}.0/24`)
    const told = new Map<string, number>()
    const counts = await countTurnedAway(site.db, site.now(), told)
    expect(describeTurnedAway(counts)).toBe(
      '2 for an address that had been asked for within a day, 2 from a network that had its 5 an hour or 20 a day',
    )
    // A log tells it once.
    expect(describeTurnedAway(await countTurnedAway(site.db, site.now(), told))).toBe('')
    await ask(site, 'v7@d7.example', '192.0.2.0/24')
    expect((await countTurnedAway(site.db, site.now(), told)).network).toBe(1)
    expect(describeTurnedAway(await countTurnedAway(site.db, new Date(START + 2 * DAY)))).toBe('')
  })
})

describe('the form, as it is asked', () => {
  test('says the same beyond the cap of a network as before it', async () => {
    const site = await makeSite({ web: { trustProxy: true } })
    const browser = await openBrowser(site)
    const from = async (address: string, forwarded: string) => {
      const answer = await browser.submit('/subscribe', { address }, { 'X-Forwarded-For': forwarded })
      return `${answer.status} ${answer.text.replaceAll(address, 'ADDRESS')}`
    }
    const answers = []
    for (let n = 0; n < 8; n++) answers.push(await from(`v${n}@d${n}.example`, `203.0.113.${n}`))
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('when very many ask at once, some get theirs only then')
    expect(await confirmations(site)).toHaveLength(2)
    for (let n = 10; n < 18; n++) await from(`v${n}@d${n}.example`, `2001:db8:7:${n}::1`)
    expect(await confirmations(site)).toHaveLength(4)
  })

  test('three hundred at once, from one network, from many, and for one victim, are answered as one is', async () => {
    const site = await makeSite({ web: { trustProxy: true } })
    const browser = await openBrowser(site)
    const post = async (address: string, from: string) => {
      const answer = await browser.submit('/subscribe', { address }, { 'X-Forwarded-For': from })
      return `${answer.status} ${answer.text.replaceAll(address, 'ADDRESS')}`
    }
    const posts = Array.from({ length: 300 }, (_, n) => {
      if (n % 10 === 0) return post('victim@example.org', `10.1.${n % 256}.1`)
      return post(`v${n}@d${n}.example`, n % 3 === 0 ? '203.0.113.7' : `10.${n % 7}.${n % 256}.1`)
    })
    const answers = await Promise.all(posts)
    expect(new Set(answers).size).toBe(1)
    expect(await confirmations(site)).toHaveLength(60)
    const sent = await site.db.selectFrom('deliveries').select('address').execute()
    expect(sent.filter((each) => each.address === 'victim@example.org')).toHaveLength(1)
    const sources = await site.db.selectFrom('consents').select('source').execute()
    expect(sources.filter(({ source }) => source === '203.0.113.0/24')).toHaveLength(2)
    // What is kept of it does not grow with the flood.
    const { address, unproved } = await countTurnedAway(site.db, site.now())
    expect(address + unproved).toBe(240)
    expect(await site.db.selectFrom('turned_away').selectAll().execute()).toHaveLength(2)
  })

  test('a program that fills the field that people do not see gets the same answer, and nobody a mail', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    for (const type of ['text/html', 'application/json']) {
      const answers = []
      for (const trap of [{}, { website: 'https://pills.example' }]) {
        const fields = { address: 'ada@example.org', ...trap }
        const { status, headers, text } = await browser.submit('/subscribe', fields, { Accept: type })
        const { date, ...others } = headers
        answers.push(JSON.stringify([status, others, text]))
      }
      expect(new Set(answers).size).toBe(1)
    }
    await browser.submit('/subscribe', { address: 'grace@example.org', website: 'x' })
    const people = await site.db.selectFrom('subscribers').select('address').execute()
    expect(people).toEqual([{ address: 'ada@example.org' }])
    expect(await site.db.selectFrom('sign_ups').selectAll().execute()).toHaveLength(2)
  })

  test('behind a proxy that does not say for whom it asks, not all readers are one network', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    for (let n = 0; n < 8; n++)
      await browser.submit(
        '/subscribe',
        { address: `v${n}@d${n}.example` },
        n % 2 ? { Via: '1.1 proxy' } : {},
      )
    expect(await confirmations(site)).toHaveLength(8)
  })

  test('answers a program the same to the byte, whoever is asked for', async () => {
    const site = await makeSite()
    await site.join('reader@example.org')
    await site.join('barred@example.org')
    await site.join('silent@example.org')
    await write(site.db, async (trx) => {
      await suppress(trx, 'barred@example.org', 'complaint', site.now())
      await suppress(trx, 'silent@example.org', 'bounce', new Date('2026-09-02T09:00:00Z'))
    })
    const browser = await openBrowser(site)
    const answers = []
    for (const name of ['nobody', 'nobody', 'reader', 'barred', 'silent']) {
      const fields = { address: `${name}@example.org` }
      const { status, headers, text } = await browser.submit('/subscribe', fields, {
        Accept: 'application/json',
      })
      const { date, ...others } = headers
      answers.push(JSON.stringify([status, others, text.replaceAll(name, 'NAME')]))
    }
    expect(new Set(answers).size).toBe(1)
    expect(await confirmations(site)).toHaveLength(2)
  })

  test.each([['text/html'], ['application/json']])('turns ten megabytes away, in %s', async (type) => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const answer = await browser.visit('/subscribe', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: type },
      body: `address=ada@example.org&name=${'a'.repeat(10_000_000)}`,
    })
    expect(answer.status).toBe(413)
    expect(answer.headers['content-type']).toContain(type)
    const said = 'A form here holds a name and an address.'
    if (type === 'text/html') expect(words(answer)).toContain(said)
    else {
      expect(JSON.parse(answer.text)).toEqual({ message: said })
      expect(answer.headers['access-control-allow-origin']).toBe('*')
    }
    expect(await site.db.selectFrom('sign_ups').selectAll().execute()).toEqual([])
  })

  test('tells a program that it failed, as JSON that every page may read', async () => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    await site.db.destroy()
    const fields = { address: 'ada@example.org' }
    const answer = await browser.submit('/subscribe', fields, { Accept: 'application/json' })
    expect(answer.status).toBe(500)
    expect(JSON.parse(answer.text).message).toContain('try again later')
    expect(answer.headers['access-control-allow-origin']).toBe('*')
  })
})

describe('who never confirms is erased', () => {
  const list = async (site: TestSite) =>
    (await site.db.selectFrom('subscribers').select('address').orderBy('id').execute()).map(
      (row) => row.address,
    )

  test('after seven days, with all that was kept of them, and their link says that it is too old', async () => {
    const site = await makeSite()
    await site.round()
    const browser = await openBrowser(site)
    await browser.submit('/subscribe', { address: 'ada@example.org', name: 'Ada' })
    await site.round()
    const [message] = await site.messages()
    const link = linkIn(message?.text, 'confirm')
    site.setClock('2026-11-09T09:00:00Z')
    expect((await site.round()).forgotten).toBe(0)
    expect(words(await browser.visit(link))).toContain('Yes, subscribe me')
    site.setClock('2026-11-09T09:01:00Z')
    expect((await site.round()).forgotten).toBe(1)
    expect(await list(site)).toEqual([])
    expect(await site.db.selectFrom('consents').selectAll().execute()).toEqual([])
    expect(JSON.stringify(await site.db.selectFrom('deliveries').selectAll().execute())).not.toMatch(/ada/i)
    for (const answer of [await browser.visit(link), await browser.submit(link, {})]) {
      expect(answer.status).toBe(404)
      expect(words(answer)).toContain('It may be older than that')
    }
    // Nothing holds them from coming back.
    await browser.submit('/subscribe', { address: 'ada@example.org' })
    await site.round()
    const again = (await site.messages())
      .map((each) => linkIn(each.text, 'confirm'))
      .find((each) => each !== link)
    expect(words(await browser.submit(again ?? '', {}))).toContain('You are subscribed')
    expect(await list(site)).toEqual(['ada@example.org'])
  })

  test('who asks again has seven days from then', async () => {
    const site = await makeSite()
    await ask(site, 'ada@example.org', null)
    await ask(site, 'ada@example.org', null, 6 * DAY)
    site.setClock('2026-11-15T09:00:00Z')
    expect((await site.round()).forgotten).toBe(0)
    site.setClock('2026-11-15T09:00:01Z')
    expect((await site.round()).forgotten).toBe(1)
  })

  test('however many they are, and also where a post has a fault', async () => {
    const site = await makeSite()
    for (let n = 0; n < 250; n++) await ask(site, `v${n}@d${n}.example`, null, n * MINUTE)
    site.setClock('2026-11-20T09:00:00Z')
    site.write('faulty.md', '---\ntitle: [\n---\n')
    expect((await site.round()).forgotten).toBe(250)
  })

  test('and nobody else is: readers, who left, who must not be mailed, whom nobody asked', async () => {
    const site = await makeSite()
    const names = ['reader', 'left', 'barred', 'added', 'imported']
    await site.join('reader@example.org')
    const { db, config, secret } = site
    for (const name of ['left', 'barred']) await ask(site, `${name}@example.org`, null)
    await write(db, (trx) => suppress(trx, 'barred@example.org', 'bounce', site.now()))
    await db
      .updateTable('subscribers')
      .set({ status: 'unsubscribed', unsubscribed_at: '2026-11-02T10:00:00.000Z' })
      .where('address', '=', 'left@example.org')
      .execute()
    await addSubscriber(
      db,
      { address: 'added@example.org' },
      { confirmed: false },
      config,
      secret,
      site.now(),
    )
    site.write('people.csv', 'address\nimported@example.org\n')
    const file = `${site.folder}/posts/people.csv`
    await importSubscribers(db, file, { confirmed: false }, config, secret, site.now())
    expect(await list(site)).toEqual(names.map((name) => `${name}@example.org`))
    for (const clock of ['2026-12-02T09:00:00Z', '2026-12-03T09:00:00Z']) {
      site.setClock(clock)
      await site.round()
      expect(await list(site)).toEqual(
        ['reader', 'left', 'barred', 'imported'].map((name) => `${name}@example.org`),
      )
    }
    const left = await findSubscriber(db, 'left@example.org')
    expect(await consentsOf(db, left?.id ?? 0)).toHaveLength(1)
  })
})
