import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { openToken } from '../mail/token.ts'
import { subscriberOfDelivery } from '../store/subscribers.ts'
import { findUndoable } from '../subscribers/undo.ts'
import { unsubscribe } from '../subscribers/unsubscribe.ts'
import { type Words, wordsFor } from '../words/words.ts'
import { networkOf } from './network.ts'
import { showNotice, showPage, type Web, wordsIn } from './page.ts'
import { showLeft } from './undo.ts'

/**
 * `/unsubscribe?token=…`: opened, it shows a button; a POST acts, whether the button or the reader's mail provider
 * sent it. RFC 8058, 3.1: the request "MUST NOT include cookies, HTTP authorization, or any other context
 * information", so nothing but the token is asked for, and the body is not even read: a POST is the act.
 */
export function unsubscribePage(app: Hono, web: Web): void {
  const { config, db, secret, linkKeys, now } = web

  app.get('/unsubscribe', async (c) => {
    const delivery = deliveryOf(c)
    if (delivery === null) return showHowToLeave(c)
    const found = await recipientOf(delivery)
    if (found === null) return showHowToLeave(c)
    const { isTest, hasLeft, words } = found
    if (isTest) return showNotice(c, web, words, words.web.test)
    // Their mail program may have said it for them, and showed them no page.
    if (hasLeft) return showHasLeft(c, delivery, words)
    const { title, lead, button } = words.web.unsubscribe
    const content = html`<h1>${title}</h1>
<p>${lead(config.site.title)}</p>
<form method="post"><button>${button}</button></form>`
    return showPage(c, web, { title, content, language: words.language })
  })

  app.post('/unsubscribe', async (c) => {
    const delivery = deliveryOf(c)
    if (delivery === null) return showHowToLeave(c)
    const found = await recipientOf(delivery)
    if (found === null) return showHowToLeave(c)
    const { isTest, words } = found
    if (isTest) return showNotice(c, web, words, words.web.test)
    const evidence = { source: networkOf(c, config.web.trustProxy), words: 'POST to the link of a message' }
    await unsubscribe(web, delivery, evidence, now())
    // RFC 8058, 3.1: "The mail sender MUST NOT return an HTTPS redirect".
    return showHasLeft(c, delivery, words)
  })

  function deliveryOf(c: Context): number | null {
    return openToken(linkKeys, 'unsubscribe', c.req.query('token') ?? '')
  }

  /**
   * Whom a message went to, as far as the page needs them: one who was erased since is spoken to as the site speaks. Null
   * for a message that the database does not know, as after an old backup: nobody is told that they have left who has not.
   */
  async function recipientOf(
    delivery: number,
  ): Promise<{ isTest: boolean; hasLeft: boolean; words: Words } | null> {
    const found = await subscriberOfDelivery(db, delivery)
    if (!found) return null
    const { language } = config.site
    const words = wordsIn(found.subscriber?.language ?? language, config)
    return { isTest: found.kind === 'test', hasLeft: found.subscriber?.status === 'unsubscribed', words }
  }

  async function showHasLeft(c: Context, delivery: number, words: Words): Promise<Response> {
    const person = await findUndoable(db, delivery, secret, now())
    return showLeft(c, web, words, person && { delivery, person })
  }

  // A link without a token is the one that a message in the browser has, and is no mistake.
  function showHowToLeave(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    const hasToken = c.req.query('token') !== undefined
    return showNotice(c, web, words, words.web.howToLeave, hasToken || c.req.method === 'POST' ? 404 : 200)
  }
}
