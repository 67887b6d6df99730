import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeToken, type Purpose } from '../../src/mail/token.ts'
import { slot } from '../../src/slots.ts'
import { write } from '../../src/store/database.ts'
import { insertDelivery } from '../../src/store/deliveries.ts'
import { insertRendition } from '../../src/store/renditions.ts'
import { consentsOf, findSubscriber, type Subscriber } from '../../src/store/subscribers.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { makeSite, type TestSite } from '../site.ts'
import { type Answer, type Browser, openBrowser, words } from './browser.ts'

const FORM = 'application/x-www-form-urlencoded'
const TEN_MEGABYTES = 10_000_000

async function person(site: TestSite, address: string): Promise<Subscriber> {
  return (await findSubscriber(site.db, address)) as Subscriber
}

/** All that the database holds. */
async function everything(site: TestSite): Promise<string> {
  const tables = await site.db.introspection.getTables()
  const rows = tables.map(({ name }) =>
    site.db
      .selectFrom(name as 'subscribers')
      .selectAll()
      .execute(),
  )
  return JSON.stringify(await Promise.all(rows))
}

/** Sends somebody a message of a few words. */
async function messageTo(site: TestSite, address: string, kind: 'welcome' | 'confirmation' = 'welcome') {
  const { id: subscriber, name } = await person(site, address)
  const text = { subject: 'Hello', html: `<p>${slot('name')}</p>`, text: `Dear ${slot('name')}\n` }
  const row = { kind, posts: null, language: 'en', created_at: site.now().toISOString(), ...text }
  return write(site.db, async (trx) => {
    const rendition = await insertRendition(trx, null, row)
    return insertDelivery(trx, { kind, subscriber, rendition, address, name }, site.now())
  })
}

async function reader(address = 'ada@example.org') {
  const site = await makeSite()
  await site.join(address)
  const delivery = await messageTo(site, address)
  const link = (purpose: Purpose) => `/${purpose}?token=${makeToken(site.secret, purpose, delivery)}`
  return { site, link, browser: await openBrowser(site) }
}

describe('a form that does not say how long it is', () => {
  /** Sends what a program writes that knows no length, or that sends nothing at all. */
  function send(browser: Browser, path: string, type: string, chunks: string[]): Promise<string> {
    const body = [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')
    const framing = chunks.length > 0 ? 'Transfer-Encoding: chunked\r\n' : ''
    const head = `POST ${path} HTTP/1.1\r\nHost: mail.blog.example\r\nContent-Type: ${type}\r\nConnection: close\r\n`
    return new Promise((resolve, reject) => {
      const socket = connect(browser.port, '127.0.0.1', () =>
        socket.write(`${head}${framing}\r\n${chunks.length > 0 ? body : ''}`),
      )
      let answer = ''
      socket.on('data', (data) => {
        answer += data
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(answer.slice(0, 'HTTP/1.1 200'.length)))
    })
  }

  test('is read as any other', async () => {
    const { site, browser, link } = await reader()
    const part = (name: string, value: string) =>
      `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const ok = 'HTTP/1.1 200'
    expect(await send(browser, link('preferences'), FORM, ['rhythm=wee', 'kly&language=en'])).toBe(ok)
    expect(await person(site, 'ada@example.org')).toMatchObject({ rhythm: 'weekly' })
    const parts = `${part('rhythm', 'daily')}${part('language', 'de')}--x--\r\n`
    expect(await send(browser, link('preferences'), 'multipart/form-data; boundary=x', [parts])).toBe(ok)
    expect(await person(site, 'ada@example.org')).toMatchObject({ rhythm: 'daily', language: 'de' })
    expect(await send(browser, '/subscribe', FORM, ['address=', 'ada@example.org'])).toBe(ok)
  })

  test('and is empty: a mail program that POSTs nothing unsubscribes its reader', async () => {
    const { site, browser, link } = await reader()
    expect(await send(browser, '/subscribe', FORM, [])).toBe('HTTP/1.1 422')
    expect(await send(browser, link('unsubscribe'), FORM, [])).toBe('HTTP/1.1 200')
    expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unsubscribed' })
  })

  test.each([
    [FORM, 'text/html'],
    [FORM, 'application/json'],
    ['multipart/form-data; boundary=x', 'text/html'],
  ])('and never ends is refused early: %s, %s', async (type, accept) => {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const before = await everything(site)
    const beginning = Buffer.from(
      type === FORM ? 'address=' : '--x\r\nContent-Disposition: form-data; name="address"\r\n\r\n',
    )
    for (const path of ['/subscribe', '/preferences', '/unsubscribe', '/confirm']) {
      const { status, text, sent } = await pour(
        browser,
        path,
        { 'Content-Type': type, Accept: accept },
        beginning,
      )
      expect(status).toBe(413)
      expect(sent).toBeLessThan(TEN_MEGABYTES / 4)
      if (path === '/subscribe' && accept === 'application/json')
        expect(JSON.parse(text)).toEqual({ message: 'A form here holds a name and an address.' })
      else expect(text).toContain('<p>A form here holds a name and an address.</p>')
    }
    expect(await everything(site)).toBe(before)
  })

  /** Pours ten megabytes, until there is an answer. */
  function pour(
    { port }: Browser,
    path: string,
    headers: Record<string, string>,
    beginning: Buffer,
  ): Promise<{ status: number | undefined; text: string; sent: number }> {
    const piece = Buffer.alloc(64 * 1024, 'a')
    let sent = 0
    return new Promise((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', path, method: 'POST', headers }, (response) => {
        const atAnswer = sent
        let text = ''
        response.on('data', (data) => {
          text += data
        })
        response.on('end', () => {
          resolve({ status: response.statusCode, text, sent: atAnswer })
          asked.destroy()
        })
      })
      asked.on('error', reject)
      const more = () => {
        if (asked.destroyed) return
        if (sent >= TEN_MEGABYTES) asked.end()
        else asked.write(piece, () => setImmediate(more))
        sent += piece.length
      }
      asked.write(beginning, more)
    })
  }
})

describe('a token', () => {
  const PAGES: [path: string, purpose: Purpose, whose: 'ada' | 'grace' | 'joan'][] = [
    ['/confirm', 'confirm', 'ada'],
    ['/unsubscribe', 'unsubscribe', 'grace'],
    ['/preferences', 'preferences', 'grace'],
    ['/preferences/everything', 'preferences', 'grace'],
    ['/preferences/erase', 'preferences', 'grace'],
    ['/undo', 'undo', 'joan'],
  ]
  const PURPOSES: Purpose[] = ['confirm', 'unsubscribe', 'preferences', 'undo']

  /** Ada has been asked to confirm, Grace reads, Joan has left: each has one message. */
  async function three(secret = 'one') {
    const site = await makeSite({ secret: [secret] })
    for (const name of ['ada', 'grace', 'joan']) await site.join(`${name}@example.org`)
    await site.db
      .updateTable('subscribers')
      .set({ status: 'unconfirmed', confirmed_at: null })
      .where('address', '=', 'ada@example.org')
      .execute()
    const deliveries = {
      ada: await messageTo(site, 'ada@example.org', 'confirmation'),
      grace: await messageTo(site, 'grace@example.org'),
      joan: await messageTo(site, 'joan@example.org'),
    }
    await unsubscribe(site, deliveries.joan, { source: 'a test', words: '' }, site.now())
    return { site, deliveries }
  }

  test('that is forged, cut short, longer, of another purpose, person or site opens no page', async () => {
    const { site, deliveries } = await three()
    const browser = await openBrowser(site)
    const before = await everything(site)
    for (const [path, purpose, whose] of PAGES) {
      const delivery = deliveries[whose]
      const good = makeToken('one', purpose, delivery)
      expect((await browser.visit(`${path}?token=${good}`)).status, path).toBe(200)
      const wrong = [
        ...PURPOSES.filter((each) => each !== purpose).flatMap((each) => {
          const other = makeToken('one', each, delivery)
          // As it is, and with the letter of this purpose before the signature of another.
          return [other, `${good.charAt(0)}${other.slice(1)}`]
        }),
        ...[good.slice(0, -1), good.slice(1), `${good}A`, `${good} `, good.toUpperCase(), `${good}%00`],
        good.replace(/\d/, (digit) => `${(Number(digit) + 1) % 10}`),
        good.replace(/\d/, (digit) => `0${digit}`),
        makeToken('another key', purpose, delivery),
        makeToken('one', purpose, 999),
        `${good}&token=${good}x`.replace(good, ''),
      ]
      for (const token of wrong)
        for (const method of ['GET', 'POST']) {
          const headers = { 'Content-Type': FORM }
          const answer = await browser.visit(`${path}?token=${token.replace(' ', '+')}`, {
            method,
            ...(method === 'POST' && { headers, body: 'rhythm=paused&language=en&left=' }),
          })
          expect(`${path} ${token}: ${answer.status}`).toBe(`${path} ${token}: 404`)
          expect(answer.text).not.toContain('@example.org')
        }
    }
    expect(await everything(site)).toBe(before)
  })

  test('of a former key opens its page as long as that key is named, and no longer', async () => {
    const { site, deliveries } = await three()
    const overlapping = await openBrowser(await site.again({ secrets: ['two', 'one'] }))
    const over = await openBrowser(await site.again({ secrets: ['two'] }))
    for (const [path, purpose, whose] of PAGES) {
      const link = `${path}?token=${makeToken('one', purpose, deliveries[whose])}`
      expect((await overlapping.visit(link)).status, path).toBe(200)
      expect((await over.visit(link)).status, path).toBe(404)
    }
  })
})

describe('an address', () => {
  async function form() {
    const site = await makeSite()
    const browser = await openBrowser(site)
    const ask = (address: string) => browser.submit('/subscribe', { address, name: '' })
    return { site, browser, ask }
  }
  const addresses = async ({ db }: TestSite) =>
    (await db.selectFrom('subscribers').select('address').orderBy('id').execute()).map(
      ({ address }) => address,
    )

  test('is one person in both forms of its domain and in capitals, and several with a plus; each is mailed as typed', async () => {
    const { site, ask } = await form()
    for (const address of [
      ...[
        'Ada@Bücher.example',
        'ada@xn--bcher-kva.example',
        'ADA@BÜCHER.EXAMPLE',
        'ada@bu\u0308cher.example',
      ],
      ...['ada+blog@example.org', 'ada+news@example.com', "o'hara@example.org"],
    ])
      expect((await ask(address)).status).toBe(200)
    const kept = [
      'Ada@xn--bcher-kva.example',
      'ada+blog@example.org',
      'ada+news@example.com',
      "o'hara@example.org",
    ]
    expect(await addresses(site)).toEqual(kept)
    await site.round()
    expect((await site.messages()).map(({ to }) => to?.[0]?.address).sort()).toEqual(kept.sort())
  })

  for (const [address = '', fault = ''] of [
    ['"ada lovelace"@example.org', 'one bare address'],
    ['"ada"@example.org', 'may hold letters, digits, single dots'],
    ['"a\\"@b"@example.org', 'more than one'],
    ['zoë@example.org', 'not every mail server takes'],
    ['ada@example.org.', 'is not a domain'],
    ['ada.@example.org', 'may hold letters, digits, single dots'],
    // A "+" that a form of another program did not write as %2B.
    ['ada blog@example.org', 'one bare address'],
    ['ada%0d%0aBcc:eve@example.org', 'may hold letters, digits, single dots'],
    [`${'a'.repeat(65)}@example.org`, 'longer than 64'],
    [`a@${'b.'.repeat(2_000)}example`, 'longer than 254'],
  ])
    test(`such as ${JSON.stringify(address.slice(0, 40))} is refused in words that say what to write`, async () => {
      const { site, ask } = await form()
      const answer = await ask(address)
      expect(answer.status).toBe(422)
      expect(words(answer)).toContain(fault)
      expect(await addresses(site)).toEqual([])
    })

  test('that looks like an encoded line break is one address, and breaks no line', async () => {
    const site = await makeSite()
    const address = 'ada%0d%0abcc=eve@example.org'
    await site.join(address)
    await messageTo(site, address)
    await site.round()
    const [message = ''] = letters(site)
    expect(fieldNames(message)).not.toContain('bcc')
    expect(message).toContain(`To: ${address}\n`)
  })
})

test('a name that plays a header field is a name', async () => {
  const { site, browser, link } = await reader()
  for (const name of [
    '=?utf-8?Q?Ada=0D=0ABcc:_eve@example.org?=',
    '%0d%0aBcc: eve@example.org',
    'Ada" <eve@example.org>, "',
    'Ada\\',
  ]) {
    const saved = await browser.submit(link('preferences'), { name, rhythm: 'instant', language: 'en' })
    expect(saved.status).toBe(200)
    expect(await person(site, 'ada@example.org')).toMatchObject({ name })
    await messageTo(site, 'ada@example.org')
  }
  await site.round()
  const messages = await site.messages()
  expect(messages).toHaveLength(5)
  for (const { to, cc, bcc } of messages) {
    expect(to?.map(({ address }) => address)).toEqual(['ada@example.org'])
    expect([cc, bcc]).toEqual([undefined, undefined])
  }
  for (const message of letters(site)) expect(fieldNames(message)).not.toContain('bcc')
  const names = messages.map(({ to }) => to?.[0]?.name)
  expect(names).toContain('=?utf-8?Q?Ada=0D=0ABcc:_eve@example.org?=')
})

test('two clicks at once on any button are one act', async () => {
  const { site, browser, link } = await reader()
  const twice = (path: string, fields: Record<string, string> = {}): Promise<Answer[]> =>
    Promise.all([browser.submit(path, fields), browser.submit(path, fields)])
  const statuses = async (answers: Promise<Answer[]>) => (await answers).map(({ status }) => status)

  const wanted = { name: 'Ada', rhythm: 'weekly', language: 'de' }
  expect(await statuses(twice(link('preferences'), wanted))).toEqual([200, 200])
  expect(await person(site, 'ada@example.org')).toMatchObject({
    name: 'Ada',
    rhythm: 'weekly',
    language: 'de',
  })
  expect(await statuses(twice(link('unsubscribe')))).toEqual([200, 200])
  const { unsubscribed_at: left } = await person(site, 'ada@example.org')
  expect(await statuses(twice(link('undo'), { left: left ?? '', shown: 'de' }))).toEqual([200, 200])
  const { id } = await person(site, 'ada@example.org')
  expect((await consentsOf(site.db, id)).map(({ act }) => act)).toEqual(['added', 'unsubscribed', 'returned'])

  // The one leaves, the other stays: whichever comes last holds, and nothing of both.
  await Promise.all([browser.submit(link('unsubscribe'), {}), browser.submit(link('preferences'), wanted)])
  expect(await person(site, 'ada@example.org')).toMatchObject({ status: 'unsubscribed' })
  const erase = link('preferences').replace('?', '/erase?')
  expect((await statuses(twice(erase))).toSorted()).toEqual([200, 404])
  expect(await site.db.selectFrom('suppressions').select('reason').execute()).toEqual([{ reason: 'erased' }])
})

/** The messages in the outbox, as they lie there: with the line ends of files. */
function letters(site: TestSite): string[] {
  const inbox = join(site.folder, 'outbox', 'new')
  return readdirSync(inbox).map((name) => readFileSync(join(inbox, name), 'latin1'))
}

function fieldNames(message: string): string[] {
  const head = message.slice(0, message.indexOf('\n\n')).replaceAll(/\n[ \t]/g, ' ')
  return head.split('\n').map((line) => line.slice(0, line.indexOf(':')).toLowerCase())
}
