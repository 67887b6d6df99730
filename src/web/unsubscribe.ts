import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { readToken } from '../mail/token.ts'
import { subscriberOfDelivery } from '../store/subscribers.ts'
import { unsubscribe } from '../subscribers/unsubscribe.ts'
import { networkOf } from './network.ts'
import { showPage, type Web } from './page.ts'
import { WORDS } from './words.ts'

/**
 * `/unsubscribe?token=…`: opened, it shows a button; a POST acts, whether the button or the reader's mail provider
 * sent it. RFC 8058, 3.1: the request "MUST NOT include cookies, HTTP authorization, or any other context
 * information", so nothing but the token is asked for, and the body is not even read: a POST is the act.
 */
export function unsubscribePage(app: Hono, web: Web): void {
  const { config, db, secret, now } = web

  app.get('/unsubscribe', async (c) => {
    const delivery = deliveryOf(c)
    if (delivery === null) return showHowToLeave(c)
    if (await isTest(delivery)) return show(c, WORDS.test.title, WORDS.test.lead)
    const { title, lead, button } = WORDS.unsubscribe
    const content = html`<h1>${title}</h1>
<p>${lead(config.site.title)}</p>
<form method="post"><button>${button}</button></form>`
    return showPage(c, web, { title, content })
  })

  app.post('/unsubscribe', async (c) => {
    const delivery = deliveryOf(c)
    if (delivery === null) return showHowToLeave(c)
    if (await isTest(delivery)) return show(c, WORDS.test.title, WORDS.test.lead)
    const evidence = { source: networkOf(c, config.web.trustProxy), words: 'POST to the link of a message' }
    await unsubscribe(web, delivery, evidence, now())
    // RFC 8058, 3.1: "The mail sender MUST NOT return an HTTPS redirect".
    return show(c, WORDS.unsubscribed.title, WORDS.unsubscribed.lead(config.site.title))
  })

  function deliveryOf(c: Context): number | null {
    return readToken(secret, 'unsubscribe', c.req.query('token') ?? '')
  }

  async function isTest(delivery: number): Promise<boolean> {
    return (await subscriberOfDelivery(db, delivery))?.kind === 'test'
  }

  // A link without a token is the one that a message in the browser has, and is no mistake.
  function showHowToLeave(c: Context): Promise<Response> {
    const { title, lead } = WORDS.howToLeave
    const hasToken = c.req.query('token') !== undefined
    return show(c, title, lead, hasToken || c.req.method === 'POST' ? 404 : 200)
  }

  function show(c: Context, title: string, lead: string, status: 200 | 404 = 200): Promise<Response> {
    return showPage(c, web, { title, content: html`<h1>${title}</h1><p>${lead}</p>` }, status)
  }
}
