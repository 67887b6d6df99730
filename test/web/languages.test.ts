import { describe, expect, test } from 'vitest'
import { makeToken } from '../../src/mail/token.ts'
import { consentsOf, findSubscriber, type Subscriber, updateChoices } from '../../src/store/subscribers.ts'
import { askToSubscribe } from '../../src/subscribers/subscribe.ts'
import { makeSite, type TestSite } from '../site.ts'
import { type Browser, linkIn, openBrowser, words } from './browser.ts'

const ADA = 'ada@example.org'

async function speaking(language: string): Promise<{ site: TestSite; browser: Browser }> {
  const site = await makeSite({
    site: { title: 'A test blog', url: 'https://blog.example', timeZone: 'Europe/Berlin', language },
  })
  return { site, browser: await openBrowser(site) }
}

async function speak(site: TestSite, language: string): Promise<void> {
  const ada = await person(site)
  await site.db.transaction().execute((trx) => updateChoices(trx, ada, { ...ada, language }, site.now()))
}

async function person(site: TestSite): Promise<Subscriber> {
  return (await findSubscriber(site.db, ADA)) as Subscriber
}

describe('a page of the web server', () => {
  test('is in the language of the site, whose name it says', async () => {
    const { browser } = await speaking('de')
    const form = await browser.visit('/subscribe')
    expect(form.text).toContain('<html lang="de" dir="ltr">')
    expect(words(form)).toContain('A test blog abonnieren')
    const nothing = await browser.visit('/nothing')
    expect(words(nothing)).toContain('Hier ist nichts')
    expect(words(nothing)).toContain('Alle Beiträge')
  })

  test('is read from the right where the site is', async () => {
    const { browser } = await speaking('ar')
    const form = await browser.visit('/subscribe')
    expect(form.text).toContain('<html lang="ar" dir="rtl">')
    // The title is in Latin letters, and keeps its own order in the sentence.
    expect(form.text).toContain('<h1>الاشتراك في \u2068A test blog\u2069</h1>')
    expect(form.text).toContain('<title>الاشتراك في A test blog · A test blog</title>')
  })

  test('is in English, and says so, where there are no words for the site’s language', async () => {
    const { browser } = await speaking('pt-BR')
    const form = await browser.visit('/subscribe')
    expect(form.text).toContain('<html lang="en" dir="ltr">')
    expect(form.text).toContain('<a href="https://blog.example/" lang="pt-BR">A test blog</a>')
    expect(words(form)).toContain('Subscribe to A test blog')
  })
})

describe('who subscribes', () => {
  test('on a page in German is asked, taken and let go in German, on a site that speaks English', async () => {
    const { site, browser } = await speaking('en')
    site.write('gruss.md', '---\ntitle: Gruß\ndate: 2026-10-01\nlang: de-AT\n---\n\nHallo.\n')
    await site.round()
    const page = await browser.visit('/posts/gruss/')
    const fields = Object.fromEntries(
      [...page.text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(
        ([, name, value]) => [name, value],
      ),
    )
    expect(fields).toEqual({ language: 'de-AT', shown: 'de' })

    const origin = { Origin: 'https://blog.example' }
    const asked = await browser.submit('/subscribe', { ...fields, address: ADA } as never, origin)
    expect(asked.text).toContain('<html lang="de" dir="ltr">')
    expect(words(asked)).toContain('Sieh in dein Postfach')
    expect(await person(site)).toMatchObject({ status: 'unconfirmed', language: 'de' })

    await site.round()
    const [message] = await site.messages()
    expect(message?.subject).toBe('Bitte bestätige dein Abo von A test blog')
    expect(message?.headers.find(({ key }) => key === 'content-language')?.value).toBe('de')
    const link = linkIn(message?.text, 'confirm')
    const question = await browser.visit(link)
    expect(words(question)).toContain('Ja, ich möchte sie bekommen')
    const shown = /name="shown" value="(\w+)"/.exec(question.text)?.[1] ?? ''
    // By the time of the yes their language may be another: they agree to the words that were shown.
    await speak(site, 'ja')
    expect(words(await browser.submit(link, { shown }))).toContain('Du bist angemeldet')
    expect((await consentsOf(site.db, (await person(site)).id)).map((consent) => consent.words)).toEqual([
      'Neue Beiträge kommen auf Wunsch per E-Mail, so oft du magst. / E-Mail-Adresse / Abonnieren',
      'Nur noch ein Klick, dann kommen neue Beiträge von A test blog per E-Mail zu dir. / Ja, ich möchte sie bekommen',
    ])

    await speak(site, 'de')
    const { id } = await site.db.selectFrom('deliveries').select('id').executeTakeFirstOrThrow()
    const leave = `/unsubscribe?token=${makeToken(site.secret, 'unsubscribe', id)}`
    expect(words(await browser.visit(leave))).toContain('Ein Klick, und es kommen keine Beiträge')
    expect(words(await browser.submit(leave, {}))).toContain('Du bist abgemeldet')
  })

  test('is told in the language of the form what is wrong with what they typed', async () => {
    const { browser } = await speaking('en')
    const page = await browser.submit('/subscribe', { address: 'ada', language: 'fr' })
    expect(page.status).toBe(422)
    expect(page.text).toContain('Veuillez vérifier\u202F: une adresse comporte un nom')
    expect(page.text).toContain('<input type="hidden" name="language" value="fr">')
    const json = { Accept: 'application/json' }
    const answer = await browser.submit('/subscribe', { address: 'ada', language: 'es' }, json)
    expect(JSON.parse(answer.text).faults.address).toContain('necesita un nombre')
  })

  test('with a form that says nothing we have words for speaks as the site does', async () => {
    const { site, browser } = await speaking('en-GB')
    const said: [language: string, kept: string][] = [
      ['', 'en-GB'],
      ['pt-BR', 'en-GB'],
      ['en-US', 'en-GB'],
      ['de-CH', 'de'],
      ['no language at all', 'en-GB'],
      ['"><script>', 'en-GB'],
      ['__proto__', 'en-GB'],
      [`de-${'x'.repeat(9_000)}`, 'de'],
    ]
    for (const [index, [language]] of said.entries()) {
      const fields = { address: `reader${index}@example.org`, language }
      expect((await browser.submit('/subscribe', fields)).status).toBe(200)
    }
    const rows = await site.db.selectFrom('subscribers').select('language').orderBy('id').execute()
    expect(rows.map(({ language }) => language)).toEqual(said.map(([, kept]) => kept))
  })

  test('again, after leaving, speaks the language of the page they came back by', async () => {
    const site = await makeSite()
    const ask = async (language: string) => {
      const evidence = { source: '', words: '' }
      const asked = {
        address: ADA,
        key: ADA,
        name: '',
        language,
        timeZone: '',
        solved: null,
        network: null,
        evidence,
      }
      const printed = { subject: 'Please confirm', html: '', text: '' }
      await askToSubscribe(site.db, asked, printed, site.config, site.secret, site.now())
      return (await person(site)).language
    }
    expect(await ask('de')).toBe('de')
    // One message a day, and nothing changes without it.
    expect(await ask('fr')).toBe('de')
    site.setClock('2026-11-04T09:00:00Z')
    expect(await ask('ar')).toBe('ar')
    // What says more, and means the same words, stays.
    await speak(site, 'ar-EG')
    site.setClock('2026-11-06T09:00:00Z')
    expect(await ask('ar')).toBe('ar-EG')
  })
})
