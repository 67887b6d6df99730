import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { Faulty } from '../address.ts'
import { makeToken, openToken } from '../mail/token.ts'
import { type Subscriber, subscriberOfDelivery } from '../store/subscribers.ts'
import { checkName } from '../subscribers/name.ts'
import { RHYTHMS, savePreferences } from '../subscribers/preferences.ts'
import { CATALOGUES, frameLanguage, type Words, wordsFor } from '../words/words.ts'
import { addressLink } from './address.ts'
import { readForm } from './form.ts'
import { type Html, showPage, type Web } from './page.ts'
import { rightsOf } from './rights.ts'

/**
 * `/preferences?token=…`: what comes to a person, and how often. The token in the link of their message is all that
 * they need, and no page of another's has it: nothing that a browser sends by itself is looked at. Opened, it shows; the
 * button changes.
 */
export function preferencesPage(app: Hono, web: Web): void {
  const { config, db, linkKeys, now } = web

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

    // A form of the author's own may ask for less than this page does.
    const typed = form('name', subscriber.name)
    const name = checkName(typed)
    const rhythm = RHYTHMS.find((each) => each === form('rhythm'))
    const language = languagesFor(subscriber).find((each) => each === form('language'))
    // The form of the page can send nothing else than what it offers; only a name is typed.
    if (rhythm === undefined || language === undefined) return showUnreadable(c, wordsOf(subscriber))
    if ('fault' in name)
      return showPerson(c, delivery, { ...subscriber, rhythm, language }, { typed, ...name })
    const saved = await savePreferences(db, delivery, { ...name, rhythm, language }, now())
    return saved === null ? showHowToChange(c) : showPerson(c, delivery, saved, 'saved')
  })

  function deliveryOf(c: Context): number | null {
    return openToken(linkKeys, 'preferences', c.req.query('token') ?? '')
  }

  function wordsOf({ language }: Subscriber): Words {
    return wordsFor(frameLanguage(language, config.site.language))
  }

  function showPerson(
    c: Context,
    delivery: number,
    person: Subscriber,
    after: 'saved' | { typed: string; say: Faulty['say'] } | null = null,
  ): Promise<Response> {
    const words = wordsOf(person)
    if (person.status !== 'confirmed') {
      const { title, lead, cure } = words.web.notSubscribed
      const content = html`<h1>${title}</h1>
<p>${lead(config.site.title)}</p>
<p><a class="button" href="${config.web.url}/subscribe">${cure}</a></p>
${rightsOf(web, delivery, words)}`
      return show(c, words, title, content)
    }
    const { title, lead, leave } = words.web.preferences
    const { title: saved, ...holds } = words.web.preferencesSaved
    const unsubscribe = `${config.web.url}/unsubscribe?token=${makeToken(linkKeys[0], 'unsubscribe', delivery)}`
    const content = html`<h1>${title}</h1>
${after === 'saved' ? html`<p role="status"><strong>${saved}.</strong> ${holds[person.rhythm]}</p>` : ''}
<p>${lead(config.site.title)}</p>
${formOf(person, words, after === 'saved' ? null : after)}
<p><a href="${addressLink(web, delivery)}">${words.web.newAddress.link}</a></p>
<p><a href="${unsubscribe}">${leave}</a></p>
${rightsOf(web, delivery, words)}`
    return show(c, words, title, content, after !== 'saved' && after !== null ? 422 : 200)
  }

  function showTest(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    const { title, lead } = words.web.test
    return show(c, words, title, html`<h1>${title}</h1><p>${lead}</p>`)
  }

  function showUnreadable(c: Context, words: Words): Promise<Response> {
    const { title, lead } = words.web.unreadable
    return show(c, words, title, html`<h1>${title}</h1><p>${lead}</p>`, 400)
  }

  // A link without a token is the one that a message in the browser has, and is no mistake.
  function showHowToChange(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    const { title, lead } = words.web.howToChange
    const isMistake = c.req.query('token') !== undefined || c.req.method === 'POST'
    return show(c, words, title, html`<h1>${title}</h1><p>${lead}</p>`, isMistake ? 404 : 200)
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

/** Addressed by no "action", so that it posts to where it is, token and all. */
function formOf(
  person: Subscriber,
  { web }: Words,
  faulty: { typed: string; say: Faulty['say'] } | null,
): Html {
  const words = web.preferences
  const mark = faulty ? html` aria-invalid="true" aria-describedby="name-fault"` : ''
  const rhythms = RHYTHMS.map(
    (rhythm) =>
      html`<label><input type="radio" name="rhythm" value="${rhythm}"${rhythm === person.rhythm ? ' checked' : ''}> ${words[rhythm]}</label>
`,
  )
  const languages = languagesFor(person).map(
    (language) =>
      html`<option value="${language}" lang="${language}"${language === person.language ? ' selected' : ''}>${nameOf(language)}</option>
`,
  )
  return html`<form method="post">
<fieldset>
<legend>${words.rhythm}</legend>
${rhythms}</fieldset>
<p><label for="language">${words.language}</label>
<select id="language" name="language">
${languages}</select></p>
<p><label for="name">${words.name}</label>
<input id="name" name="name" type="text" maxlength="100" autocomplete="name" value="${faulty?.typed ?? person.name}"${mark}></p>
${faulty ? html`<p role="alert" id="name-fault">${web.subscribe.faulty(faulty.say(web.faults))}</p>` : ''}
<p><button>${words.button}</button></p>
</form>`
}

/** Those that we have words for, and their own, which may be one that we have none for: saving takes nothing away. */
function languagesFor({ language }: Subscriber): string[] {
  return [...new Set([...CATALOGUES.keys(), language])]
}

/** As its own speakers call it. */
function nameOf(language: string): string {
  return new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
}
