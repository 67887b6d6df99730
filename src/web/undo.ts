import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { makeToken, openToken } from '../mail/token.ts'
import { findUndoable, type Left, undoLeaving } from '../subscribers/undo.ts'
import { CATALOGUES, type Words, wordsFor } from '../words/words.ts'
import { readForm } from './form.ts'
import { networkOf } from './network.ts'
import { showNotice, showPage, type Web, wordsIn } from './page.ts'

/**
 * `/undo?token=…`: for seven days, the button on the page after leaving. No message has its token: who has left is asked
 * once, on that page, and is left in peace. Opened, it shows the page again; the button acts.
 */
export function undoPage(app: Hono, web: Web): void {
  const { config, db, secret, linkKeys, now } = web

  app.get('/undo', async (c) => {
    const delivery = deliveryOf(c)
    const person = delivery === null ? null : await findUndoable(db, delivery, secret, now())
    if (delivery === null || person === null) return showOver(c)
    return showLeft(c, web, wordsIn(person.language, config), { delivery, person })
  })

  app.post('/undo', async (c) => {
    const delivery = deliveryOf(c)
    const form = await readForm(c)
    if (delivery === null || form === null) return showOver(c)
    const shown = CATALOGUES.get(form('shown')) ?? wordsFor(config.site.language)
    const { mistake, undo } = shown.web.unsubscribed
    const evidence = {
      source: networkOf(c, config.web.trustProxy),
      words: `${mistake} / ${undo}`,
    }
    const undone = await undoLeaving(db, delivery, form('left'), evidence, config, secret, now())
    if (undone === null) return showOver(c)
    web.onQueued?.()
    const { title, lead } = shown.web.returned
    return showNotice(c, web, shown, { title, lead: lead(config.site.title) })
  })

  function deliveryOf(c: Context): number | null {
    return openToken(linkKeys, 'undo', c.req.query('token') ?? '')
  }

  function showOver(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    return showNotice(c, web, words, words.web.notReturnable, 404)
  }
}

/** The page after leaving: that it is done, and, where it may be taken back, the button for that. */
export function showLeft(
  c: Context,
  web: Web,
  { language, web: words }: Words,
  undoable: { delivery: number; person: Left } | null,
): Promise<Response> {
  const { title, lead, mistake, undo } = words.unsubscribed
  // Beside this page's own address, whatever path a proxy has put before both.
  const form = undoable
    ? html`
<p>${mistake}</p>
<form method="post" action="undo?token=${makeToken(web.linkKeys[0], 'undo', undoable.delivery)}">
<input type="hidden" name="left" value="${undoable.person.unsubscribed_at}">
<input type="hidden" name="shown" value="${language}">
<button class="quiet">${undo}</button>
</form>`
    : ''
  const content = html`<h1>${title}</h1>
<p>${lead(web.config.site.title)}</p>${form}`
  return showPage(c, web, { title, content, language })
}
