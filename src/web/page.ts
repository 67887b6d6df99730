import type { Context } from 'hono'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Log } from '../log.ts'
import { renderPage } from '../pages/page.ts'
import type { Site } from '../site.ts'
import { WORDS } from './words.ts'

/** A site as the web server has it. */
export type Web = Site & {
  log?: Log
  /** Called when a delivery may have been queued, so that a worker beside need not wait for its minute. */
  onQueued?: () => void
}

/** What `html` of hono makes: values in it are escaped. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/** Answers with a page in the frame of the site. It may be about one person, so nobody keeps it. */
export async function showPage(
  c: Context,
  web: Web,
  page: { title: string; content: Html; indexed?: boolean },
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  const content = String(await page.content)
  const { title, indexed = false } = page
  c.header('Cache-Control', 'no-store')
  return c.html(renderPage({ title, content, language: WORDS.language, indexed }, web.config), status)
}
