import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { openToken } from '../mail/token.ts'
import { type Subscriber, subscriberOfDelivery } from '../store/subscribers.ts'
import { erase } from '../subscribers/erase.ts'
import { everythingKept } from '../subscribers/kept.ts'
import { type Words, wordsFor } from '../words/words.ts'
import { type Html, linkTo, showNotice, showPage, type Web, wordsIn } from './page.ts'

/**
 * What a person may ask of whoever keeps something about them, behind the token of their preferences: to read it
 * (GDPR, article 15) and to have it erased (article 17). It holds for those who have left as well. Opened, both pages
 * show; the button erases.
 */
export function rightsPages(app: Hono, web: Web): void {
  const { config, db, secret, linkKeys, now } = web

  app.get('/preferences/everything', async (c) => {
    const found = await find(c)
    if (found === null) return showStranger(c)
    const { person } = found
    const kept = await everythingKept(db, person, person.address_key, secret)
    c.header('Cache-Control', 'no-store')
    c.header('Content-Type', 'application/json; charset=utf-8')
    c.header('Content-Disposition', 'attachment; filename="kept-about-you.json"')
    return c.body(`${JSON.stringify(kept, null, 2)}\n`)
  })

  app.get('/preferences/erase', async (c) => {
    const found = await find(c)
    if (found === null) return showStranger(c)
    const { delivery, words } = found
    const { title, lead, stays, instead, button, back } = words.web.erase
    const { preferences, everything } = rightsLinks(web, delivery)
    const content = html`<h1>${title}</h1>
<p>${lead(config.site.title)}</p>
<p>${stays}</p>
<p>${instead}</p>
<p><a href="${everything}">${words.web.rights.download}</a></p>
<form method="post"><p><button>${button}</button></p></form>
<p><a href="${preferences}">${back}</a></p>`
    return showPage(c, web, { title, content, language: words.language })
  })

  // The token alone says it: no form is read, and nothing that a browser sends by itself is looked at.
  app.post('/preferences/erase', async (c) => {
    const found = await find(c)
    if (found === null || !(await erase(web, { delivery: found.delivery }, now()))) return showStranger(c)
    const { title, lead } = found.words.web.erased
    return showNotice(c, web, found.words, { title, lead: lead(config.site.title) })
  })

  /** Whose token it is; null where it is nobody's, as after the erasing. */
  async function find(c: Context): Promise<{ delivery: number; person: Subscriber; words: Words } | null> {
    const delivery = openToken(linkKeys, 'preferences', c.req.query('token') ?? '')
    const person = delivery === null ? null : (await subscriberOfDelivery(db, delivery))?.subscriber
    if (delivery === null || !person) return null
    return { delivery, person, words: wordsIn(person.language, config) }
  }

  function showStranger(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    return showNotice(c, web, words, words.web.howToChange, 404)
  }
}

/** What leads to these pages from the one of the person's subscription. */
export function rightsOf(web: Web, delivery: number, words: Words): Html {
  const { title, download, erase } = words.web.rights
  const links = rightsLinks(web, delivery)
  return html`<h2>${title}</h2>
<p><a href="${links.everything}">${download}</a></p>
<p><a class="button quiet" href="${links.erase}">${erase}</a></p>`
}

function rightsLinks(web: Web, delivery: number) {
  const to = (page: string) => linkTo(web, page, 'preferences', delivery)
  return {
    preferences: to('preferences'),
    everything: to('preferences/everything'),
    erase: to('preferences/erase'),
  }
}
