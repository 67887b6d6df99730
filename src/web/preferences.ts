import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { openToken } from '../mail/token.ts'
import { topicsReader } from '../posts/topics.ts'
import { type Subscriber, subscriberOfDelivery } from '../store/subscribers.ts'
import { savePreferences } from '../subscribers/preferences.ts'
import { type Words, wordsFor } from '../words/words.ts'
import { addressLink } from './address.ts'
import { readForm } from './form.ts'
import { cureOf, type Html, linkTo, showNotice, showPage, type Web, wordsIn } from './page.ts'
import {
  choicesOf,
  type FieldFaults,
  type Fields,
  fieldsOf,
  offersFor,
  readFields,
} from './preferences-fields.ts'
import { preferencesForm, type Shown, untilWhen, whatHolds } from './preferences-form.ts'
import { rightsOf } from './rights.ts'

/**
 * `/preferences?token=…`: what comes to a person, how often and when. The token in the link of their message is all that
 * they need, and no page of another's has it: nothing that a browser sends by itself is looked at. Opened, it shows; the
 * button changes.
 */
export function preferencesPage(app: Hono, web: Web): void {
  const { config, db, linkKeys, now } = web
  const readTopics = topicsReader(db)

  app.get('/preferences', async (c) => {
    const delivery = deliveryOf(c)
    const found = delivery === null ? undefined : await subscriberOfDelivery(db, delivery)
    if (found?.kind === 'test') return showTest(c)
    if (delivery === null || !found?.subscriber) return showHowToChange(c)
    return showPerson(c, delivery, found.subscriber)
  })

  app.post('/preferences', async (c) => {
    const delivery = deliveryOf(c)
    const found = delivery === null ? undefined : await subscriberOfDelivery(db, delivery)
    if (found?.kind === 'test') return showTest(c)
    if (delivery === null || !found?.subscriber) return showHowToChange(c)
    const { subscriber } = found
    const form = await readForm(c)
    if (form === null) return showUnreadable(c, wordsOf(subscriber))

    const offers = offersFor(subscriber, await readTopics(now()))
    const fields = readFields(form, fieldsOf(subscriber, config, now()), offers)
    if (fields === null) return showUnreadable(c, wordsOf(subscriber))
    const chosen = choicesOf(fields, subscriber, config, now())
    if ('faults' in chosen) return showPerson(c, delivery, subscriber, { fields, faults: chosen.faults })
    const saved = await savePreferences(db, delivery, chosen.choices, config, now())
    return saved === null ? showHowToChange(c) : showPerson(c, delivery, saved, 'saved')
  })

  function deliveryOf(c: Context): number | null {
    return openToken(linkKeys, 'preferences', c.req.query('token') ?? '')
  }

  function wordsOf({ language }: Subscriber): Words {
    return wordsIn(language, config)
  }

  async function showPerson(
    c: Context,
    delivery: number,
    person: Subscriber,
    after: 'saved' | { fields: Fields; faults: FieldFaults } | null = null,
  ): Promise<Response> {
    if (person.status !== 'confirmed') return showNotSubscribed(c, delivery, wordsOf(person))
    const shown: Shown = {
      person,
      offers: offersFor(person, await readTopics(now())),
      config,
      now: now(),
    }
    const isFaulty = after !== null && after !== 'saved'
    const { fields, faults } = isFaulty ? after : { fields: fieldsOf(person, config, now()), faults: {} }
    const words = wordsIn(fields.language, config)
    const { title, lead, leave } = words.web.preferences
    const unsubscribe = linkTo(web, 'unsubscribe', 'unsubscribe', delivery)
    const pause = untilWhen(shown)
    const notice =
      after === 'saved'
        ? html`<p role="status"><strong>${words.web.preferencesSaved.title}.</strong> ${whatHolds(shown).join(' ')}</p>`
        : pause && html`<p><strong>${pause}</strong></p>`
    const content = html`<h1>${title}</h1>
${notice}
<p>${lead(config.site.title)}</p>
${preferencesForm(fields, faults, shown)}
<p><a href="${addressLink(web, delivery)}">${words.web.newAddress.link}</a></p>
<p><a href="${unsubscribe}">${leave}</a></p>
${rightsOf(web, delivery, words)}`
    return show(c, words, title, content, isFaulty ? 422 : 200)
  }

  function showNotSubscribed(c: Context, delivery: number, words: Words): Promise<Response> {
    const { title, lead, cure } = words.web.notSubscribed
    const content = html`<h1>${title}</h1>
<p>${lead(config.site.title)}</p>
${cureOf(web, cure)}
${rightsOf(web, delivery, words)}`
    return show(c, words, title, content)
  }

  function showTest(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    return showNotice(c, web, words, words.web.test)
  }

  function showUnreadable(c: Context, words: Words): Promise<Response> {
    return showNotice(c, web, words, words.web.unreadable, 400)
  }

  // A link without a token is the one that a message in the browser has, and is no mistake.
  function showHowToChange(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    const isMistake = c.req.query('token') !== undefined || c.req.method === 'POST'
    return showNotice(c, web, words, words.web.howToChange, isMistake ? 404 : 200)
  }

  function show(
    c: Context,
    { language }: Words,
    title: string,
    content: Html,
    status: 200 | 400 | 404 | 422 = 200,
  ): Promise<Response> {
    return showPage(c, web, { title, content, language }, status)
  }
}
