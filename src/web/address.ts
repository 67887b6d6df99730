import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { checkAddress } from '../address.ts'
import { printMove, printMoved } from '../deliveries/print.ts'
import type { Rendition } from '../mail/frame.ts'
import { openToken } from '../mail/token.ts'
import { findMove } from '../store/moves.ts'
import { type Subscriber, subscriberOfDelivery } from '../store/subscribers.ts'
import { askToMove, findMovable, isOver, move } from '../subscribers/move.ts'
import { CATALOGUES, type Words, wordsFor } from '../words/words.ts'
import { beginEvenly } from './even.ts'
import { readForm } from './form.ts'
import { countedNetwork, networkOf } from './network.ts'
import { type Html, linkTo, showNotice, showPage, type Web, wordsIn } from './page.ts'
import { printedConfirmation } from './subscribe.ts'

/**
 * A reader's new address. `/preferences/address?token=…`, behind the link of their messages, takes it and has it asked;
 * `/move?token=…`, behind the link of what it is asked with, shows a button that says yes. Opened, both show and change
 * nothing. The answer is the same for every address.
 */
export function addressPages(app: Hono, web: Web): void {
  const { config, db, secret, linkKeys, now } = web
  const printed = printedConfirmation(web, printMove)
  const printedNotice = printedConfirmation(web, printMoved)

  app.get('/preferences/address', async (c) => {
    const delivery = openToken(linkKeys, 'preferences', c.req.query('token') ?? '')
    const found = delivery === null ? undefined : await subscriberOfDelivery(db, delivery)
    if (found?.kind === 'test') return showTest(c)
    if (delivery === null || !found?.subscriber) return showStranger(c)
    return showForm(c, delivery, found.subscriber)
  })

  app.post('/preferences/address', async (c) => {
    const evenly = beginEvenly(web.stepMs)
    const delivery = openToken(linkKeys, 'preferences', c.req.query('token') ?? '')
    const found = delivery === null ? undefined : await subscriberOfDelivery(db, delivery)
    if (found?.kind === 'test') return showTest(c)
    if (delivery === null || !found?.subscriber) return showStranger(c)
    const { subscriber } = found
    const words = wordsOf(subscriber)
    const form = await readForm(c)
    if (form === null) {
      return showNotice(c, web, words, words.web.unreadable, 400)
    }
    const value = form('address')
    const address = checkAddress(value)
    if ('fault' in address)
      return showForm(c, delivery, subscriber, {
        value,
        fault: words.web.subscribe.faulty(address.say(words.web.faults)),
      })
    const wanted = { ...address, network: countedNetwork(c, config.web.trustProxy) }
    const { language } = words
    const asking = { rendition: await printed(language), language }
    const person = await askToMove(db, delivery, wanted, asking, secret, now())
    if (person === null) return showStranger(c)
    const { same, back } = words.web.newAddress
    if (person.status !== 'confirmed') return showForm(c, delivery, person)
    if (person.address_key === address.key)
      return showForm(c, delivery, person, { value, fault: same(person.address) })
    web.onQueued?.()
    await evenly()
    const { title, sent, until, nothingCame } = words.web.moveAsked
    const content = html`<h1>${title}</h1>
<p>${sent(address.address)}</p>
<p>${until(person.address)}</p>
<p>${nothingCame}</p>
<p><a href="${preferencesLink(web, delivery)}">${back}</a></p>`
    return show(c, words, title, content)
  })

  app.get('/move', async (c) => {
    const delivery = openToken(linkKeys, 'move', c.req.query('token') ?? '')
    const found = delivery === null ? null : await findMovable(db, delivery, secret, now())
    if (found === null) return showOver(c)
    const words = wordsOf(found.person)
    if (found.move === null) return showMoved(c, words, found.person)
    const { title, lead, button } = words.web.move
    // The page says in which words it asked: by the time of the yes the person's language may be another.
    const content = html`<h1>${title}</h1>
<p>${lead(config.site.title)}</p>
<form method="post"><input type="hidden" name="shown" value="${words.language}"><button>${button}</button></form>`
    return show(c, words, title, content)
  })

  app.post('/move', async (c) => {
    const delivery = openToken(linkKeys, 'move', c.req.query('token') ?? '')
    const found = delivery === null ? null : await findMovable(db, delivery, secret, now())
    if (delivery === null || found === null) return showOver(c)
    const shown = CATALOGUES.get((await readForm(c))?.('shown') ?? '') ?? wordsOf(found.person)
    const { lead, button } = shown.web.move
    const evidence = {
      source: networkOf(c, config.web.trustProxy),
      words: [lead(config.site.title), button].join(' / '),
    }
    const notice = found.move && (await noticeFor(found.person))
    const person = await move(web, delivery, evidence, notice, now())
    if (person === null) return showOver(c)
    web.onQueued?.()
    return showMoved(c, shown, person)
  })

  /** Printed before anything is written. A template with a mistake in it is the author's, and nobody's yes waits for it. */
  async function noticeFor(person: Subscriber): Promise<{ rendition: Rendition; language: string } | null> {
    const { language } = wordsOf(person)
    try {
      return { rendition: await printedNotice(language), language }
    } catch (error) {
      web.log?.error({ err: error }, `an old address is not told of the new one: ${error}`)
      return null
    }
  }

  function wordsOf({ language }: Subscriber): Words {
    return wordsIn(language, config)
  }

  async function showForm(
    c: Context,
    delivery: number,
    person: Subscriber,
    faulty: { value: string; fault: string } | null = null,
  ): Promise<Response> {
    const words = wordsOf(person)
    if (person.status !== 'confirmed') {
      const { title, lead, cure } = words.web.notSubscribed
      return showNotice(c, web, words, { title, lead: lead(config.site.title), cure })
    }
    const { title, lead, how, pending, label, button, back } = words.web.newAddress
    const asked = await findMove(db, person.id)
    const mark = faulty ? html` aria-invalid="true" aria-describedby="address-fault"` : ''
    // Addressed by no "action", so that it posts to where it is, token and all.
    const content = html`<h1>${title}</h1>
<p>${lead(config.site.title, person.address)}</p>
${asked && !isOver(asked, now()) ? html`<p>${pending(asked.address)}</p>` : ''}
<p>${how}</p>
<form method="post">
<p><label for="address">${label}</label>
<input id="address" name="address" type="email" required maxlength="254" autocomplete="email" value="${faulty?.value ?? ''}"${mark}></p>
${faulty ? html`<p role="alert" id="address-fault">${faulty.fault}</p>` : ''}
<p><button>${button}</button></p>
</form>
<p><a href="${preferencesLink(web, delivery)}">${back}</a></p>`
    return show(c, words, title, content, faulty ? 422 : 200)
  }

  function showMoved(c: Context, words: Words, person: Subscriber): Promise<Response> {
    const { title, lead } = words.web.moved
    return showNotice(c, web, words, { title, lead: lead(config.site.title, person.address) })
  }

  function showOver(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    return showNotice(c, web, words, words.web.notMovable, 404)
  }

  function showTest(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    return showNotice(c, web, words, words.web.test)
  }

  function showStranger(c: Context): Promise<Response> {
    const words = wordsFor(config.site.language)
    return showNotice(c, web, words, words.web.howToChange, 404)
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

/** What leads from the page of a person's subscription to the one for their address. */
export function addressLink(web: Web, delivery: number): string {
  return linkTo(web, 'preferences/address', 'preferences', delivery)
}

function preferencesLink(web: Web, delivery: number): string {
  return linkTo(web, 'preferences', 'preferences', delivery)
}
