/**
 * The proof of work, as browsers see it: `/subscribe/challenge`, and `/subscribe/altcha.js`, which any page may load beside
 * its form. Nothing is shown and nothing is to be clicked, so altcha's widget, ten times as long, is not in it; its solver
 * is, unchanged. One file is both the script of the page and the script of its workers: one address to allow, one to keep.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import { makeChallenge } from '../subscribers/prove.ts'
import { judge, tagOf } from './conditional.ts'
import { openToAll } from './json.ts'
import type { Web } from './page.ts'

/** In a checkout it is in its package; rolldown.config.ts lays it beside the code that it bundles. */
const SOLVER = new URL(
  import.meta.url.endsWith('.ts') ? import.meta.resolve('altcha/workers/pbkdf2') : './altcha-solver.js',
  import.meta.url,
)

export function workPages(app: Hono, web: Web): void {
  const script = Buffer.from(scriptWith(readFileSync(fileURLToPath(SOLVER), 'utf8')))
  const version = createHash('sha256').update(script).digest('base64url').slice(0, 22)
  const tag = tagOf(version, 'identity')

  // It is written down nowhere: one that nobody solves is forgotten before it was known.
  app.get('/subscribe/challenge', async (c) => {
    openToAll(c)
    return c.json(await makeChallenge(web.secret, web.now()))
  })

  app.get('/subscribe/altcha.js', (c: Context<{ Bindings: HttpBindings }>) => {
    // A day, as its address says nothing about what is in it; an old one gets along with a new challenge.
    c.header('Cache-Control', 'public, max-age=86400')
    c.header('ETag', tag)
    // A module is fetched with CORS, and pages that let in nothing from elsewhere may let in this.
    c.header('Access-Control-Allow-Origin', '*')
    c.header('Cross-Origin-Resource-Policy', 'cross-origin')
    const verdict = judge(c.env.incoming.headers, { version, tag, modified: null }, web.now)
    if (verdict === 'unchanged') return c.body(null, 304)
    if (verdict === 'refused') return c.body(null, 412)
    c.header('Content-Type', 'text/javascript; charset=utf-8')
    return c.body(script)
  })
}

function scriptWith(solver: string): string {
  return `/* Posthorn. The solver in it is altcha's: (c) 2023-2026 Daniel Regeci, BAU Software s.r.o., MIT License,
   https://github.com/altcha-org/altcha/blob/main/LICENSE.txt */
if (typeof document === 'undefined') {
${solver}
} else {
${PAGE}
}
`
}

/**
 * What runs in a page, ours or anybody's: every form in it that posts to our `/subscribe` gets the solution and the time
 * zone as hidden fields. It looks for the form at each event, so a form may come later than the script. The work begins
 * with the first look at a field; who is quicker with the button than their computer waits for at most `PATIENCE_MS`, then
 * the form goes as it is. So it does wherever anything here fails.
 *
 * A form has fields by any name, also `action` and `submit`, hence attributes and prototypes.
 */
const PAGE = `
const FRESH_MS = 15 * 60000
const PATIENCE_MS = 6000
const here = new URL(import.meta.url)
const subscribe = new URL('../subscribe', here)
const works = new WeakMap()

document.addEventListener('focusin', ({ target }) => {
  const form = target instanceof Element && target.closest('form')
  if (form && isOurs(form)) begin(form)
})

// In the page's own capture phase: before what the page itself does with the form.
document.addEventListener('submit', (event) => {
  const form = event.target
  if (!isOurs(form)) return
  const work = begin(form)
  if (work.ended) {
    // It counts once, and the form may be sent again: after "back", or by a script that stays on the page.
    work.spent = true
    return
  }
  event.preventDefault()
  event.stopImmediatePropagation()
  if (work.awaited) return
  work.awaited = true
  say(form, true)
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
  Promise.race([work.finished, patience]).then(() => {
    work.ended = true
    say(form, false)
    HTMLFormElement.prototype.requestSubmit.call(form, event.submitter)
  })
}, true)

function isOurs(form) {
  if ((form.getAttribute('method') || '').toLowerCase() !== 'post') return false
  const action = document.createElement('a')
  action.href = form.getAttribute('action') || location.href
  return action.origin === subscribe.origin && action.pathname === subscribe.pathname
}

function begin(form) {
  const known = works.get(form)
  if (known && !known.spent && Date.now() - known.since < FRESH_MS) return known
  const work = { since: Date.now(), spent: false, ended: false, awaited: false }
  works.set(form, work)
  field(form, 'altcha').value = ''
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  // Browsers that hide where they are say UTC.
  if (timeZone && timeZone !== 'UTC' && !form.querySelector('[name=timeZone]')) field(form, 'timeZone').value = timeZone
  work.finished = solve().then(
    (solution) => {
      if (works.get(form) === work) field(form, 'altcha').value = solution
    },
    (error) => console.warn('The form goes without proof of work:', error),
  ).then(() => { work.ended = true })
  return work
}

function field(form, name) {
  const known = form.querySelector('input[name=' + name + ']')
  if (known) return known
  const made = document.createElement('input')
  made.type = 'hidden'
  made.name = name
  form.append(made)
  return made
}

function say(form, waits) {
  const words = form.querySelector('[data-wait]')
  if (words) words.hidden = !waits
}

async function solve() {
  if (!isSecureContext) throw new Error('a page needs https for it')
  const answer = await fetch(new URL('challenge', here), { credentials: 'omit' })
  if (!answer.ok) throw new Error('no challenge: ' + answer.status)
  const { parameters, signature } = await answer.json()
  const challenge = { parameters, signature }
  // Two: Chromium works one guess after the other for all workers, others do not, and a telephone has better to do.
  const counterStep = 2
  const workers = []
  try {
    const solution = await Promise.race(Array.from({ length: counterStep }, (_, counterStart) => {
      const worker = openWorker()
      workers.push(worker)
      return new Promise((resolve, reject) => {
        worker.onerror = () => reject(new Error('a worker failed'))
        worker.onmessage = ({ data }) => data && data.derivedKey ? resolve(data) : reject(data && data.error)
        worker.postMessage({ type: 'work', challenge, counterStart, counterStep })
      })
    }))
    return btoa(JSON.stringify({ challenge, solution }))
  } finally {
    for (const worker of workers) worker.terminate()
  }
}

function openWorker() {
  if (here.origin === location.origin) return new Worker(here, { type: 'module' })
  // A worker may not come from elsewhere; what it imports may.
  const url = URL.createObjectURL(new Blob(['import ' + JSON.stringify(here.href)], { type: 'text/javascript' }))
  return new Worker(url, { type: 'module' })
}
`
