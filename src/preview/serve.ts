/**
 * The preview in a browser. It shows drafts, so it answers only those who reach it by an address or as "localhost": a
 * name is anybody's who owns it, and may lead to this machine tomorrow (DNS rebinding).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import type { Config } from '../config.ts'
import { errorCode, type Fault, UserError } from '../errors.ts'
import { mediaType } from '../feeds/media.ts'
import { shownFile } from '../posts/find.ts'
import { CATALOGUES } from '../words/words.ts'
import { excerptOf } from './excerpt.ts'
import { fileAt } from './files.ts'
import {
  type Choice,
  type Desk,
  faultsOf,
  hiddenBy,
  make,
  type Part,
  readSite,
  type Shown,
  type SiteNow,
} from './make.ts'
import { type Chosen, choiceOf, queryOf, renderPreview } from './page.ts'
import { placesOf } from './places.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'
import { inScheme, linkedOut, withoutStyles } from './views.ts'
import { watchSaves } from './watch.ts'

export type Preview = {
  port: number
  close(): Promise<void>
}

/** What a preview is of. */
export type Previewed = Desk & {
  /** Reads the configuration as it is now. @throws UserError for what is wrong with it */
  configure(): Config
  /** What is shown to who asks for nothing in particular; null for the newest post. */
  first: Choice | null
  /** Where names of files in faults begin, beside the site's folder. */
  folder: string
}

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Whatever stands in a post or a template: nothing of it runs, also where it is opened by itself. */
const FRAME_POLICY = [
  'sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox',
  "default-src 'none'",
  "style-src 'self' 'unsafe-inline' https:",
  "img-src 'self' http: https: data:",
  "media-src 'self' http: https:",
  "font-src 'self' https: data:",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ')

/** A connection that is silent for longer is ended by some networks. */
const HEARTBEAT_MS = 25_000

/**
 * Serves the preview until it is closed.
 *
 * @throws UserError where it cannot listen there, or the configuration is wrong from the start
 */
export async function servePreview(
  previewed: Previewed,
  { host, port }: { host: string; port: number },
): Promise<Preview> {
  let config = previewed.configure()
  // Of its own with every start, so that a page that is still open notices.
  let version = Date.now()
  let site: Promise<SiteNow> | null = null
  let before: SiteNow | null = null
  const shown = new Map<string, Promise<Part<Shown>>>()
  const beside = new Map<string, string>()
  const listeners = new Set<ServerResponse>()

  const watching = watchSaves(
    () => placesOf(config),
    () => {
      version++
      site = null
      shown.clear()
      for (const listener of listeners) listener.write(`data: ${version}\n\n`)
    },
  )
  const heartbeat = setInterval(() => {
    for (const listener of listeners) listener.write(':\n\n')
  }, HEARTBEAT_MS)

  /** Read once after each save, whoever asks. */
  function siteNow(): Promise<SiteNow> {
    site ??= (async () => {
      config = previewed.configure()
      watching.look()
      before = await readSite(config, before)
      return before
    })()
    return site
  }

  function look(chosen: Chosen): Promise<Part<Shown>> {
    const key = queryOf(chosen)
    const known = shown.get(key)
    if (known) return known
    const fresh = siteNow()
      .then(async (now) => {
        const value = await make(chosen.choice, chosen.language, now, previewed)
        for (const [path, file] of value.beside) beside.set(path, file)
        return { value }
      })
      .catch((error: unknown) => ({ faults: faultsOf(error) }))
    shown.set(key, fresh)
    return fresh
  }

  async function chosenBy(query: URLSearchParams): Promise<Chosen> {
    const language = query.get('language') ?? ''
    const choice = choiceOf(query.get('show') ?? '') ?? previewed.first ?? (await newest())
    return { choice, language: CATALOGUES.has(language) ? language : (languagesOf(config)[0] as string) }
  }

  async function newest(): Promise<Choice> {
    const [post] = await siteNow().then(
      ({ posts }) => posts,
      () => [],
    )
    return post ? { kind: 'issue', file: post.file } : { kind: 'confirmation' }
  }

  async function page(query: URLSearchParams): Promise<string> {
    const current = version
    const chosen = await chosenBy(query)
    const found = await look(chosen)
    const { posts, faults } = await siteNow().catch(() => ({ posts: [], faults: [] as Fault[] }))
    const root = shownFile(config, '')
    const prefix = root === '.' ? '' : `${root}/`
    return renderPreview({
      chosen,
      version: current,
      posts: posts.map((post) => ({
        file: post.file,
        title: post.title,
        isOut: hiddenBy(post, config, previewed.now()) === null,
      })),
      broken: [...new Set(faults.map(({ file }) => file.slice(prefix.length)))].filter((file) => file !== ''),
      languages: languagesOf(config),
      unwatched: [...watching.unwatched].map(([folder, why]) => [folder, why]),
      shown: found,
      tell: (fault) => ({ ...fault, excerpt: excerptOf(fault, [config.folder, previewed.folder]) }),
    })
  }

  async function frame(name: string, query: URLSearchParams): Promise<string | null> {
    const found = await look(await chosenBy(query))
    if (!('value' in found)) return null
    const { mail, page } = found.value
    const [what, how = ''] = name.split('-')
    const part = what === 'mail' ? mail : what === 'page' ? page : null
    if (!part || !('value' in part)) return null
    const source = typeof part.value === 'string' ? part.value : part.value.html
    const html = linkedOut(localized(source, config))
    if (how === 'light' || how === 'dark') return inScheme(html, how)
    return how === 'plain' ? withoutStyles(html) : null
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, type: string, body: string | Buffer, policy = PAGE_POLICY) => {
      response.writeHead(status, {
        'Content-Type': type,
        'Content-Security-Policy': policy,
        'Cache-Control': 'no-store',
        'Cross-Origin-Resource-Policy': 'same-origin',
        'Referrer-Policy': 'no-referrer',
        'X-Content-Type-Options': 'nosniff',
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const sayNo = (status: number, why: string) => send(status, 'text/plain; charset=utf-8', `${why}\n`)
    if (!isOwn(request.headers.host))
      return sayNo(421, 'The preview answers at an address such as 127.0.0.1, or at "localhost".')
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sayNo(405, 'There is only something to see.')
    const url = URL.parse(request.url ?? '', 'http://preview')
    if (url === null) return sayNo(400, 'That is no address.')
    const { pathname, searchParams: query } = url
    switch (pathname) {
      case '/':
        return send(200, 'text/html; charset=utf-8', await page(query))
      case '/preview.css':
        return send(200, 'text/css; charset=utf-8', STYLE)
      case '/preview.js':
        return send(200, 'text/javascript; charset=utf-8', SCRIPT)
      case '/saves':
        return tellSaves(request, response)
    }
    const nothing = () => sayNo(404, 'There is nothing here.')
    if (pathname.startsWith('/frame/')) {
      const html = await frame(pathname.slice('/frame/'.length), query)
      return html === null ? nothing() : send(200, 'text/html; charset=utf-8', html, FRAME_POLICY)
    }
    const file = await fileAt(pathname, { config, beside, scratch: previewed.scratch })
    if (file === null) return nothing()
    const type = mediaType(`http://preview${pathname}`) ?? 'application/octet-stream'
    send(200, pathname.endsWith('.css') ? 'text/css' : type, file, FRAME_POLICY)
  }

  function tellSaves(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    if (request.method === 'HEAD') return void response.end()
    // What was saved since the page was made is told at once.
    response.write(`retry: 500\ndata: ${version}\n\n`)
    listeners.add(response)
    request.on('close', () => listeners.delete(response))
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
      response.end(`This is a bug in Posthorn: ${error instanceof Error ? error.stack : error}\n`)
    })
  })
  const close = async () => {
    clearInterval(heartbeat)
    watching.close()
    for (const listener of listeners) listener.end()
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  }
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (error) {
    await close()
    throw new UserError(`the preview cannot listen on ${host}, port ${port} (${errorCode(error) ?? error})`, {
      hint: 'leave --listen out, and it takes a port that is free',
      cause: error,
    })
  }
  return { port: (server.address() as AddressInfo).port, close }
}

/** Whether a Host header names an address, or "localhost", which no resolver is asked for. */
export function isOwn(host: string | undefined): boolean {
  const name = host === undefined ? undefined : URL.parse(`http://${host}`)?.hostname
  return name === 'localhost' || (name !== undefined && isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0)
}

/** The site's language, and those that there are words for. */
function languagesOf({ site }: Config): string[] {
  return [...new Set([site.language, ...CATALOGUES.keys()])]
}

/** Pictures of the mail and files of the site come from here: nothing of it needs to be published yet. */
function localized(html: string, { site, web }: Config): string {
  const start = new URL(site.url).origin.length
  return html
    .replaceAll(`="${web.url}/media/`, '="/media/')
    .replace(
      /((?:\s(?:src|poster)|<link\b[^>]*\shref)=")([^"]+)/g,
      (whole, attribute: string, address: string) =>
        address.startsWith(`${site.url}/`) ? attribute + address.slice(start) : whole,
    )
}
