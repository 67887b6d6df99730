import { randomBytes } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { checkAddress } from '../address.ts'
import { isLanguage, isTimeZone } from '../config-schema.ts'
import { printConfirmation } from '../deliveries/print.ts'
import type { Rendition } from '../mail/frame.ts'
import { checkName } from '../subscribers/name.ts'
import { checkSolution } from '../subscribers/prove.ts'
import { askToSubscribe } from '../subscribers/subscribe.ts'
import { frameLanguage, wordsFor } from '../words/words.ts'
import { beginEvenly } from './even.ts'
import { readForm } from './form.ts'
import { formPolicy } from './headers.ts'
import { openToAll, wantsJson } from './json.ts'
import { countedNetwork, networkOf } from './network.ts'
import { type Html, showNotice, showPage, type Web } from './page.ts'

/** Programs that fill every field fill this one; people do not see it. */
const TRAP = 'website'

const KEPT_MS = 60_000

type Field = { value: string; fault?: string }

/**
 * `/subscribe`: the form, and what takes it. The form may stand on any other site as plain HTML, so there is no
 * secret in it and no look at where it was: it lets nobody do more than ask, and only the confirmation raises consent.
 * The answer is the same for every address.
 */
export function subscribePage(app: Hono, web: Web): void {
  const confirmation = printedConfirmation(web)

  const { language: own } = web.config.site

  app.get('/subscribe', (c) => showForm(c, web, own, { value: '' }, { value: '' }))

  app.post('/subscribe', async (c) => {
    const evenly = beginEvenly(web.stepMs)
    const json = wantsJson(c)
    if (json) openToAll(c)
    const form = await readForm(c)
    if (form === null) {
      const words = wordsFor(own)
      if (json) return c.json({ message: words.web.unreadable.lead }, 400)
      return showNotice(c, web, words, words.web.unreadable, 400)
    }

    // The page that the form stands on says which language it is in; a form elsewhere may.
    const language = frameLanguage(form('language') || own, own)
    const words = wordsFor(language).web
    const typed = { address: form('address'), name: form('name') }
    const address = checkAddress(typed.address)
    const name = checkName(typed.name)
    if ('fault' in address || 'fault' in name) {
      const faults = {
        ...('fault' in address && { address: words.subscribe.faulty(address.say(words.faults)) }),
        ...('fault' in name && { name: words.subscribe.faulty(name.say(words.faults)) }),
      }
      if (json) return c.json({ faults }, 422)
      const field = (key: 'address' | 'name'): Field => ({
        value: typed[key],
        ...(faults[key] && { fault: faults[key] }),
      })
      return showForm(c, web, language, field('address'), field('name'))
    }

    if (form(TRAP) === '') {
      const { config, db, secret, now } = web
      const evidence = {
        source: networkOf(c, config.web.trustProxy),
        words: wordsShown(c, web, language, form('shown')),
      }
      const network = countedNetwork(c, config.web.trustProxy)
      const solved = await checkSolution(form('altcha'), secret, now())
      const timeZone = checkZone(form('timeZone'))
      const asked = { ...address, ...name, language, timeZone, network, solved, evidence }
      const isQueued = await askToSubscribe(db, asked, await confirmation(language), config, secret, now())
      // Not for those turned away: a flood would keep the worker looking.
      if (isQueued) web.onQueued?.()
    }
    await evenly()
    const { title, sent, nothingCame } = words.asked
    if (json) return c.json({ message: `${sent(address.address)} ${nothingCame}` })
    return showNotice(c, web, { language }, { title, lead: sent(address.address), how: nothingCame })
  })
}

/**
 * What a confirmation says. Rendering takes a second, so it is kept for a minute, and it is asked for before anybody
 * is looked up, so that the wait tells nothing about the address.
 */
export function printedConfirmation(
  web: Web,
  print: typeof printConfirmation = printConfirmation,
): (language: string) => Promise<Rendition> {
  const kept = new Map<string, { printed: Promise<Rendition>; until: number }>()
  return (language) => {
    const now = web.now().getTime()
    const known = kept.get(language)
    if (known && known.until > now) return known.printed
    const printed = print(web.config, language)
    // One that failed is not kept: the next who asks tries again.
    printed.catch(() => kept.delete(language))
    kept.set(language, { printed, until: now + KEPT_MS })
    return printed
  }
}

/** With faults in it, it is an answer to a form that could not be taken. */
function showForm(c: Context, web: Web, language: string, address: Field, name: Field): Promise<Response> {
  const { web: said, pages } = wordsFor(language)
  const words = said.subscribe
  const title = words.title(web.config.site.title)
  const nonce = randomBytes(16).toString('base64')
  // Addressed by no "action", so that it posts to where it is, behind whatever path a proxy has put it. So is the script.
  const content = html`<h1>${title}</h1>
<p>${words.lead}</p>
<form method="post">
<p><label for="address">${words.address}</label>
<input id="address" name="address" type="email" required maxlength="254" autocomplete="email" value="${address.value}"${mark('address', address)}></p>
${alert('address', address)}
<p><label for="name">${words.name}</label>
<input id="name" name="name" type="text" maxlength="100" autocomplete="name" value="${name.value}"${mark('name', name)}></p>
${alert('name', name)}
<p style="position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)" aria-hidden="true"><label>${pages.leaveEmpty} <input name="${TRAP}" tabindex="-1" autocomplete="off"></label></p>
<input type="hidden" name="language" value="${language}">
<p role="status" data-wait hidden>${words.wait}</p>
<p><button>${words.button}</button></p>
</form>
<script type="module" async src="subscribe/altcha.js" nonce="${nonce}"></script>`
  c.header('Content-Security-Policy', formPolicy(nonce))
  const isFaulty = address.fault !== undefined || name.fault !== undefined
  return showPage(c, web, { title, content, language, indexed: !isFaulty }, isFaulty ? 422 : 200)
}

// A zone by its name, as browsers say it: a difference to UTC would be wrong half the year. What is no zone is the
// site's, and no fault: nobody typed it.
function checkZone(said: string): string {
  return /^[A-Z][\w+-]*(\/[\w+-]+){0,2}$/i.test(said) && isTimeZone(said) ? said : ''
}

function mark(id: string, field: Field): Html {
  return field.fault ? html` aria-invalid="true" aria-describedby="${id}-fault"` : html``
}

function alert(id: string, field: Field): Html {
  return field.fault ? html`<p role="alert" id="${id}-fault">${field.fault}</p>` : html``
}

/**
 * The words beside the button, as far as we know them: a form elsewhere has its own.
 *
 * @param language that of the page, where it is the form's own
 * @param shown what the form on Posthorn's own posts and lists says of itself: the language of its words
 */
function wordsShown(c: Context, web: Web, language: string, shown: string): string {
  const { site, web: pages } = web.config
  const origin = URL.parse(c.req.header('Origin') ?? '')?.origin ?? 'null'
  // Our own page sends "null", since its referrer policy keeps its address to itself.
  const ours = ['null', new URL(pages.url).origin, new URL(site.url).origin]
  if (!ours.includes(origin)) return `a form on ${origin}`
  if (shown !== '' && isLanguage(shown)) {
    const { invitation, address, subscribe } = wordsFor(shown).pages
    return [invitation, address, subscribe].join(' / ')
  }
  if (origin === new URL(site.url).origin && origin !== new URL(pages.url).origin)
    return `a form on ${origin}`
  const { title, lead, button } = wordsFor(language).web.subscribe
  return [title(site.title), lead, button].join(' / ')
}
