/**
 * The web server: the author's feeds and pages, and the pages by which people come and go. No GET or HEAD changes
 * anything: mail software opens links, and some of it runs what it finds there.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { errorCode, UserError } from '../errors.ts'
import { keepPress } from '../pages/page.ts'
import { wordsFor } from '../words/words.ts'
import { addressPages } from './address.ts'
import { limitBody } from './body.ts'
import { confirmPage } from './confirm.ts'
import { files } from './files.ts'
import { securityHeaders } from './headers.ts'
import { healthPage } from './health.ts'
import { issuePage } from './issue.ts'
import { openToAll, wantsJson } from './json.ts'
import { type Answer, type Asked, openLane, type Reply } from './lane.ts'
import { media } from './media.ts'
import { showNotice, showPage, type Web } from './page.ts'
import { preferencesPage } from './preferences.ts'
import { rightsPages } from './rights.ts'
import { subscribePage } from './subscribe.ts'
import { undoPage } from './undo.ts'
import { unsubscribePage } from './unsubscribe.ts'
import { workPages } from './work.ts'

/** A name and an address, many times over. */
const LONGEST_BODY = 16 * 1024
/** Who takes longer to say what they want is no reader. */
const REQUEST_TIMEOUT_MS = 30_000
/** How long an answer that is under way may still take when the server stops. */
const GRACE_MS = 5_000

export type Listening = {
  port: number
  /** Takes no more requests; resolves when those under way are answered, or after five seconds. */
  close(): Promise<void>
}

/** All pages, and what answers for files before they are asked. */
function createWeb(site: Web): { app: Hono; shortcut: Answer } {
  const web: Web = { ...site, press: keepPress(site.config) }
  const app = new Hono()
  const words = wordsFor(web.config.site.language)
  app.use(securityHeaders())
  app.use(
    limitBody(LONGEST_BODY, (c) => {
      if (isFormOfProgram(c)) return c.json({ message: words.web.tooLarge.lead }, 413)
      return showNotice(c, web, words, words.web.tooLarge, 413)
    }),
  )
  subscribePage(app, web)
  workPages(app, web)
  confirmPage(app, web)
  preferencesPage(app, web)
  rightsPages(app, web)
  addressPages(app, web)
  unsubscribePage(app, web)
  undoPage(app, web)
  issuePage(app, web)
  healthPage(app, web)
  media(app, web)
  const shortcut = files(app, web)
  app.notFound((c) => {
    const { title, lead } = words.web.notFound
    const content = html`<h1>${title}</h1>
<p>${lead}</p>
<p><a href="${web.config.site.url}/">${words.pages.allPosts}</a></p>`
    return showPage(c, web, { title, content }, 404)
  })
  app.onError(async (error, c) => {
    // The path alone: what follows "?" may be somebody's token.
    web.log?.error({ err: error, method: c.req.method, path: c.req.path }, `a page failed: ${error.message}`)
    const { title, lead } = words.web.broken
    if (isFormOfProgram(c)) return c.json({ message: lead }, 500)
    try {
      return await showNotice(c, web, words, { title, lead }, 500)
    } catch {
      // It may be the frame of all pages that is broken; that was the error told above.
      c.header('Cache-Control', 'no-store')
      return c.text(`${title}. ${lead}`, 500)
    }
  })
  return { app, shortcut }
}

/**
 * Opens the server at `web.listen`; port 0 takes a free one.
 *
 * @throws UserError where it cannot be had
 */
export async function listen(web: Web): Promise<Listening> {
  const { host, port } = web.config.web
  const { app, shortcut } = createWeb(web)
  const pages = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    if (!attempt(shortcut, request, response)) pages(request, response)
  })
  const lane = openLane(server, web.now, (asked, reply) => attempt(shortcut, asked, reply))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(host, port, error)))
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => {
          lane.destroy()
          server.closeAllConnections()
        }, GRACE_MS)
        server.close(() => {
          clearTimeout(late)
          resolve()
        })
        lane.close()
      }),
  }
}

/** Whether the answer has to be JSON; then every page may read it. */
function isFormOfProgram(c: Context): boolean {
  if (c.req.method !== 'POST' || c.req.path !== '/subscribe' || !wantsJson(c)) return false
  openToAll(c)
  return true
}

/** What fails here fails again where it is told: hono is asked next. */
function attempt(shortcut: Answer, asked: Asked, reply: Reply): boolean {
  try {
    return shortcut(asked, reply)
  } catch {
    return false
  }
}

function cannotListen(host: string, port: number, error: unknown): UserError {
  const place = `"web.listen" is ${host.includes(':') ? `[${host}]` : host}:${port}`
  const say = (found: string, hint: string) => new UserError(`${place}: ${found}`, { hint, cause: error })
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return say(
        'another program is listening there',
        'stop it (it may be another `posthorn worker` or `serve`), or write another port',
      )
    case 'EACCES':
      return say(
        'this user may not listen there',
        'write a port from 1024 on, and let a proxy pass requests on to it',
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return say(
        'this machine has no such address',
        'write 127.0.0.1 to be reached from this machine alone, 0.0.0.0 from everywhere',
      )
    default:
      return say(
        `the system does not let us listen (${errorCode(error) ?? error})`,
        'write another address or port',
      )
  }
}
