/**
 * The files of the feeds folder: feeds, pages, pictures. `serveStatic` of hono knows neither ETag nor 304, which feed
 * readers poll by, follows links out of the folder, and serves dot files.
 *
 * Which address is a file is found out once, by hono, behind all other pages, so that none of them is ever hidden by a
 * file. From then on requests for it are answered before hono sees them; how, is in `answer.ts` alone.
 */
import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { feedUrl } from '../feeds/feed.ts'
import { wordsFor } from '../words/words.ts'
import { type Answers, answers, type Disk, type Ready } from './answer.ts'
import { openGone } from './gone.ts'
import type { FeedKind } from './kind.ts'
import type { Answer, Asked } from './lane.ts'
import { movedFrom } from './moved.ts'
import { showPage, type Web } from './page.ts'
import { previewPage } from './preview.ts'
import type { Part } from './range.ts'
import { openShelf, type Shelf } from './shelf.ts'
import { fileOf, plainPath } from './target.ts'

/** How many addresses of files are known at a time. */
const MOST_KNOWN = 10_000

/**
 * Serves what is in the folder; `index.html` for a folder itself. To be called after all other pages.
 *
 * @returns what answers requests for files whose address is known, and that are held
 */
export function files(app: Hono, web: Web): Answer {
  const { prepare, answer } = answers(web)
  const shelf = openShelf<Ready>(web.config.feeds.folder, prepare)
  const isGone = openGone(web.config)
  const known = new Map<string, string>()

  app.get('*', async (c, next) => {
    const path = plainPath(new URL(c.req.url).pathname)
    if (path === null) return next()
    const query = new URLSearchParams(new URL(c.req.url).search)
    // An address of WordPress's that is a page here as well.
    const asked = query.has('feed') ? await toFeed(c, path, query) : null
    if (asked) return asked

    const file = fileOf(path)
    const found = shelf.find(file)
    if (found === 'folder') return path === file ? toFolder(c, path) : next()
    if (found === null) return (await toFeed(c, path, query)) ?? (isGone(path) ? showGone(c) : next())
    const { incoming } = c.env as HttpBindings
    if (found.kind.feed && isPerson(incoming)) return preview(c, found.kind.feed, found.kind.vary)
    // Kept as it was sent, where that is the plainest way to write it.
    if (incoming.url === `/${path}` && path === encodeURI(path)) {
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(`/${path}`, file)
    }
    return give(c.env as HttpBindings, found, { shelf, answer }) ? alreadySent() : next()
  })

  return (asked, reply) => {
    const file = known.get(asked.url ?? '')
    if (file === undefined || (asked.method !== 'GET' && asked.method !== 'HEAD')) return false
    const found = shelf.find(file)
    if (found === null || found === 'folder' || !found.held) return false
    if (found.kind.feed && isPerson(asked)) return false
    return answer(asked, reply, found, null)
  }

  async function toFeed(c: Context, path: string, query: URLSearchParams): Promise<Response | null> {
    const moved = movedFrom(path, query)
    if (moved === 'gone') return showGone(c)
    const file = moved?.find((candidate) => isThere(shelf, candidate))
    if (file === undefined) return null
    // Readers write the new address down, so it is the one that the feed names itself. Not for ever: a year from now
    // there may be another blog at the old one.
    c.header('Cache-Control', 'public, max-age=86400')
    return c.redirect(feedUrl(web.config, file), 301)
  }

  async function preview(c: Context, feed: FeedKind, vary: string): Promise<Response> {
    const json = shelf.find(feed.json)
    const page = previewPage(feed, json === 'folder' ? null : json, web.config)
    c.header('Vary', vary)
    return showPage(c, web, page)
  }

  async function showGone(c: Context): Promise<Response> {
    const words = wordsFor(web.config.site.language)
    const { title, lead } = words.web.gone
    const content = html`<h1>${title}</h1>
<p>${lead}</p>
<p><a href="${web.config.site.url}/">${words.pages.allPosts}</a></p>`
    return showPage(c, web, { title, content }, 410)
  }
}

/** Answers with a file of a shelf; once more where it was replaced in this very moment. */
export function give(
  { incoming, outgoing }: HttpBindings,
  found: Ready,
  { shelf, answer }: { shelf: Shelf<Ready>; answer: Answers['answer'] },
): boolean {
  const { path } = found.stored
  const disk: Disk = { open: shelf.open, pour: (opened, part) => pour(opened, part, outgoing) }
  if (answer(incoming, outgoing, found, disk)) return true
  shelf.forget(path)
  const again = shelf.find(path)
  return again !== null && again !== 'folder' && answer(incoming, outgoing, again, disk)
}

function isThere(shelf: Shelf<Ready>, path: string): boolean {
  const plain = plainPath(`/${path.split('/').map(encodeURIComponent).join('/')}`)
  const found = plain === null ? null : shelf.find(plain)
  return found !== null && found !== 'folder'
}

// Fetch Metadata: "document" is a navigation of the whole window. No feed reader sends it.
function isPerson(request: Asked): boolean {
  return request.headers['sec-fetch-dest'] === 'document'
}

/** No more than was measured: the file may grow meanwhile. */
function pour(file: number, { first, last }: Part, response: ServerResponse): void {
  const bytes = createReadStream('', { fd: file, start: first, end: last })
  // Who goes away in the middle is not told of; and when the disk fails in the middle, the connection is cut, which is
  // the one way left to say so.
  pipeline(bytes, response, () => {})
}

/** Of its own each time: headers are laid over it. */
export function alreadySent(): Response {
  return new Response(null, { headers: RESPONSE_ALREADY_SENT.headers })
}

/** To the same name with a slash, which relative links in its page need. Relative, as a proxy may add to the path. */
function toFolder(c: Context, path: string): Response {
  const name = encodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
  return c.redirect(`./${name}/${new URL(c.req.url).search}`, 301)
}
