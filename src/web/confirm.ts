import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { openToken } from '../mail/token.ts'
import type { Subscriber } from '../store/subscribers.ts'
import { confirm, findConfirmable } from '../subscribers/confirm.ts'
import { printWelcome, type Welcome } from '../subscribers/welcome.ts'
import { CATALOGUES, wordsFor } from '../words/words.ts'
import { readForm } from './form.ts'
import { networkOf } from './network.ts'
import { linkTo, showNotice, showPage, type Web, wordsIn } from './page.ts'

/** `/confirm?token=…`: opened, it shows a button, since programs open links too; the button says yes. */
export function confirmPage(app: Hono, web: Web): void {
  const { config, db, secret, linkKeys, now } = web

  app.get('/confirm', async (c) => {
    const delivery = deliveryOf(c)
    const person = delivery === null ? null : await findConfirmable(db, delivery, secret, now())
    if (person === null) return showNotConfirmable(c)
    const { language, web: words } = wordsIn(person.language, config)
    const { title, lead, button } = words.confirm
    // The page says in which words it asked: by the time of the yes the person's language may be another.
    const content = html`<h1>${title}</h1>
<p>${lead(config.site.title)}</p>
<form method="post"><input type="hidden" name="shown" value="${language}"><button>${button}</button></form>`
    return showPage(c, web, { title, content, language })
  })

  app.post('/confirm', async (c) => {
    const delivery = deliveryOf(c)
    const person = delivery === null ? null : await findConfirmable(db, delivery, secret, now())
    if (delivery === null || person === null) return showNotConfirmable(c)
    const shown = CATALOGUES.get((await readForm(c))?.('shown') ?? '') ?? wordsIn(person.language, config)
    const words = [shown.web.confirm.lead(config.site.title), shown.web.confirm.button].join(' / ')
    const evidence = { source: networkOf(c, config.web.trustProxy), words }
    const isWelcomed = config.newsletter.welcome && !person.isReader
    const welcome = isWelcomed ? await welcomeFor(person) : null
    if (!(await confirm(db, delivery, evidence, welcome, config, secret, now()))) return showNotConfirmable(c)
    web.onQueued?.()
    const { title, lead, choose } = shown.web.confirmed
    // Whoever said yes has the message, as whoever opens the same link in a later one has.
    const content = html`<h1>${title}</h1><p>${lead}</p>
<p><a href="${linkTo(web, 'preferences', 'preferences', delivery)}">${choose}</a></p>`
    return showPage(c, web, { title, content, language: shown.language })
  })

  function deliveryOf(c: Context): number | null {
    return openToken(linkKeys, 'confirm', c.req.query('token') ?? '')
  }

  /** Printed before anything is written. A template with a mistake in it is the author's, and nobody's yes waits for it. */
  async function welcomeFor({ language }: Subscriber): Promise<Welcome | null> {
    try {
      return await printWelcome(db, language, config, now())
    } catch (error) {
      web.log?.error({ err: error }, `a new reader gets no welcome: ${error}`)
      return null
    }
  }

  function showNotConfirmable(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    return showNotice(c, web, words, words.web.notConfirmable, 404)
  }
}
