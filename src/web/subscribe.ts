import type { Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { html } from 'hono/html'
import { checkAddress } from '../address.ts'
import { isLanguage } from '../config-schema.ts'
import { printConfirmation } from '../deliveries/enqueue.ts'
import type { Rendition } from '../mail/render.ts'
import { wordsFor } from '../pages/words.ts'
import { checkName } from '../subscribers/name.ts'
import { askToSubscribe } from '../subscribers/subscribe.ts'
import { networkOf } from './network.ts'
import { type Html, showPage, type Web } from './page.ts'
import { WORDS } from './words.ts'

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

  app.get('/subscribe', (c) =>
    showPage(c, web, { ...formPage(web, { value: '' }, { value: '' }), indexed: true }),
  )

  app.post('/subscribe', async (c) => {
    const json = wantsJson(c)
    // Nobody's cookie is read here, so every page may read the answer.
    if (json) c.header('Access-Control-Allow-Origin', '*')
    const form = await readForm(c)
    if (form === null) {
      const { title, lead } = WORDS.unreadable
      if (json) return c.json({ message: lead }, 400)
      return showPage(c, web, { title, content: html`<h1>${title}</h1><p>${lead}</p>` }, 400)
    }

    const typed = { address: form('address'), name: form('name') }
    const address = checkAddress(typed.address)
    const name = checkName(typed.name)
    if ('fault' in address || 'fault' in name) {
      const faults = {
        ...('fault' in address && { address: WORDS.subscribe.faulty(address.fault) }),
        ...('fault' in name && { name: WORDS.subscribe.faulty(name.fault) }),
      }
      if (json) return c.json({ faults }, 422)
      const field = (key: 'address' | 'name'): Field => ({
        value: typed[key],
        ...(faults[key] && { fault: faults[key] }),
      })
      return showPage(c, web, formPage(web, field('address'), field('name')), 422)
    }

    if (form(TRAP) === '') {
      const { config, db, secret, now } = web
      const evidence = {
        source: networkOf(c, config.web.trustProxy),
        words: wordsShown(c, web, form('shown')),
      }
      const asked = { ...address, ...name, evidence }
      await askToSubscribe(db, asked, await confirmation(), config, secret, now())
      web.onQueued?.()
    }
    const { title, sent, nothingCame } = WORDS.asked
    if (json) return c.json({ message: `${sent(address.address)} ${nothingCame}` })
    const content = html`<h1>${title}</h1><p>${sent(address.address)}</p><p>${nothingCame}</p>`
    return showPage(c, web, { title, content })
  })
}

/**
 * What a confirmation says. Rendering takes a second, so it is kept for a minute, and it is asked for before anybody
 * is looked up, so that the wait tells nothing about the address.
 */
function printedConfirmation(web: Web): () => Promise<Rendition> {
  let kept: { printed: Promise<Rendition>; until: number } | null = null
  return () => {
    const now = web.now().getTime()
    if (kept === null || kept.until <= now) {
      const printed = printConfirmation(web.config)
      // One that failed is not kept: the next who asks tries again.
      printed.catch(() => {
        kept = null
      })
      kept = { printed, until: now + KEPT_MS }
    }
    return kept.printed
  }
}

function formPage(web: Web, address: Field, name: Field): { title: string; content: Html } {
  const words = WORDS.subscribe
  const title = words.title(web.config.site.title)
  // Addressed by no "action", so that it posts to where it is, behind whatever path a proxy has put it.
  const content = html`<h1>${title}</h1>
<p>${words.lead}</p>
<form method="post">
<p><label for="address">${words.address}</label>
<input id="address" name="address" type="email" required maxlength="254" autocomplete="email" value="${address.value}"${mark('address', address)}></p>
${alert('address', address)}
<p><label for="name">${words.name}</label>
<input id="name" name="name" type="text" maxlength="100" autocomplete="name" value="${name.value}"${mark('name', name)}></p>
${alert('name', name)}
<p style="position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)" aria-hidden="true"><label>${words.leaveEmpty} <input name="${TRAP}" tabindex="-1" autocomplete="off"></label></p>
<p><button>${words.button}</button></p>
</form>`
  return { title, content }
}

function mark(id: string, field: Field): Html {
  return field.fault ? html` aria-invalid="true" aria-describedby="${id}-fault"` : html``
}

function alert(id: string, field: Field): Html {
  return field.fault ? html`<p role="alert" id="${id}-fault">${field.fault}</p>` : html``
}

/** Reads fields as text; null where the body is no form. What is a file or is sent twice counts as empty. */
async function readForm(c: Context): Promise<((name: string) => string) | null> {
  try {
    const form = await c.req.formData()
    return (name) => {
      const values = form.getAll(name)
      return values.length === 1 && typeof values[0] === 'string' ? values[0] : ''
    }
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

function wantsJson(c: Context): boolean {
  const supports = ['text/html', 'application/json']
  return accepts(c, { header: 'Accept', supports, default: 'text/html' }) === 'application/json'
}

/**
 * The words beside the button, as far as we know them: a form elsewhere has its own.
 *
 * @param shown what the form on Posthorn's own posts and lists says of itself: the language of its words
 */
function wordsShown(c: Context, web: Web, shown: string): string {
  const { site, web: pages } = web.config
  const origin = URL.parse(c.req.header('Origin') ?? '')?.origin ?? 'null'
  // Our own page sends "null", since its referrer policy keeps its address to itself.
  const ours = ['null', new URL(pages.url).origin, new URL(site.url).origin]
  if (!ours.includes(origin)) return `a form on ${origin}`
  if (shown !== '' && isLanguage(shown)) {
    const { invitation, address, subscribe } = wordsFor(shown)
    return [invitation, address, subscribe].join(' / ')
  }
  if (origin === new URL(site.url).origin && origin !== new URL(pages.url).origin)
    return `a form on ${origin}`
  const { title, lead, button } = WORDS.subscribe
  return [title(site.title), lead, button].join(' / ')
}
