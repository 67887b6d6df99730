import type { Hono } from 'hono'
import { withoutSlots } from '../mail/message.ts'
import { slot } from '../slots.ts'
import { readIssue } from '../store/issues.ts'
import { renditionsOf } from '../store/renditions.ts'
import { MESSAGE_POLICY } from './headers.ts'
import type { Web } from './page.ts'

/** An issue is public once it is on its way, and stays so. */
const SHOWN = new Set(['sending', 'paused', 'sent'])

/** `/issues/N`, with `?rendition=K` for people who were owed other posts: a message in the browser, of no recipient. */
export function issuePage(app: Hono, web: Web): void {
  app.get('/issues/:number{[1-9][0-9]{0,14}}', async (c) => {
    const issue = await readIssue(web.db, Number(c.req.param('number')))
    if (!issue || !SHOWN.has(issue.state)) return c.notFound()
    const place = Number(c.req.query('rendition') ?? 1)
    const rendition = (await renditionsOf(web.db, issue.number))[place - 1]
    if (!rendition) return c.notFound()
    c.header('Content-Security-Policy', MESSAGE_POLICY)
    c.header('Cache-Control', 'no-cache')
    // Search engines have the posts themselves.
    c.header('X-Robots-Tag', 'noindex')
    return c.html(inTheBrowser(rendition.html, web.config.web.url))
  })
}

/**
 * The HTML of a rendition as a page for everybody. What is said to those who got it is gone, and so is the link that
 * leads here, with the dot that parts it from
 * its neighbour; those for leaving and changing lead to the pages that say where each reader's own is.
 *
 * @param pages the address that these are below
 */
export function inTheBrowser(rendered: string, pages: string): string {
  const ownless = ['unsubscribe', 'preferences'] as const
  const led = ownless.reduce(
    (html, name) => html.replaceAll(slot(name), `${pages}/${name}`),
    rendered.replace(PRIVATE, '').replace(LINK_HERE, ''),
  )
  return withoutSlots(led)
}

const PRIVATE = /<span class="private">[^<]{0,2000}(?:<br>)?<\/span>/g
// Counted, so that a page of nothing but spaces is looked through once and not once for each of them.
const SPACES = '(?:\\s|&nbsp;){0,40}'
const LINK_HERE = new RegExp(
  `(?:${SPACES}·${SPACES})?<a\\b[^>]*\\bhref="${slot('issue')}"[^>]*>[^<]*</a>`,
  'g',
)
