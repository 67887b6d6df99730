import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { readToken } from '../mail/token.ts'
import { confirm, findConfirmable } from '../subscribers/confirm.ts'
import { networkOf } from './network.ts'
import { showPage, type Web } from './page.ts'
import { WORDS } from './words.ts'

/** `/confirm?token=…`: opened, it shows a button, since programs open links too; the button says yes. */
export function confirmPage(app: Hono, web: Web): void {
  const { config, db, secret, now } = web

  app.get('/confirm', async (c) => {
    const delivery = deliveryOf(c)
    const person = delivery === null ? null : await findConfirmable(db, delivery, secret, now())
    if (person === null) return showNotConfirmable(c)
    const { title, lead, button } = WORDS.confirm
    const content = html`<h1>${title}</h1>
<p>${lead(config.site.title)}</p>
<form method="post"><button>${button}</button></form>`
    return showPage(c, web, { title, content })
  })

  app.post('/confirm', async (c) => {
    const delivery = deliveryOf(c)
    const words = [WORDS.confirm.lead(config.site.title), WORDS.confirm.button].join(' / ')
    const evidence = { source: networkOf(c, config.web.trustProxy), words }
    const isGood = delivery !== null && (await confirm(db, delivery, evidence, secret, now()))
    if (!isGood) return showNotConfirmable(c)
    const { title, lead } = WORDS.confirmed
    return showPage(c, web, { title, content: html`<h1>${title}</h1><p>${lead}</p>` })
  })

  function deliveryOf(c: Context): number | null {
    return readToken(secret, 'confirm', c.req.query('token') ?? '')
  }

  function showNotConfirmable(c: Context): Promise<Response> {
    const { title, lead, cure } = WORDS.notConfirmable
    const content = html`<h1>${title}</h1>
<p>${lead}</p>
<p><a class="button" href="${config.web.url}/subscribe">${cure}</a></p>`
    return showPage(c, web, { title, content }, 404)
  }
}
