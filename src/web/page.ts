import type { Context } from 'hono'
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import { makeToken, type Purpose } from '../mail/token.ts'
import { type Press, renderPage } from '../pages/page.ts'
import type { Site } from '../site.ts'
import { frameLanguage, type Words, wordsFor } from '../words/words.ts'

/** A site as the web server has it. */
export type Web = Site & {
  log?: Log
  /** Called when a delivery may have been queued, so that a worker beside need not wait for its minute. */
  onQueued?: () => void
  /** The templates of pages, as they are now; read anew for each page where it is left out. */
  press?: () => Press
  /** What the time of an answer that is to tell nothing is a multiple of, in milliseconds; 0 for as it comes. */
  stepMs?: number
}

/** What `html` of hono makes: values in it are escaped. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/**
 * Answers with a page in the frame of the site. It may be about one person, so nobody keeps it.
 *
 * @param page its language is the one that its words were asked for in; the site's where it is left out
 */
export async function showPage(
  c: Context,
  web: Web,
  page: { title: string; content: Html; language?: string; indexed?: boolean },
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  const content = String(await page.content)
  const { language = web.config.site.language, indexed = false } = page
  // The marks that keep a name apart in a sentence are for pages; not every window that a title is shown in knows them.
  const title = page.title.replace(/[\u2068\u2069]/g, '')
  c.header('Cache-Control', 'no-store')
  const spoken = wordsFor(language).language
  return c.html(renderPage({ title, content, language: spoken, indexed }, web.config, web.press?.()), status)
}

/**
 * Answers with a page that says one thing, and leads to the form where that is the cure for it.
 *
 * @param words in which it is said
 */
export function showNotice(
  c: Context,
  web: Web,
  { language }: Pick<Words, 'language'>,
  { title, lead, how, cure }: { title: string; lead: string; how?: string; cure?: string },
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  const content = html`<h1>${title}</h1>
<p>${lead}</p>${how && html`\n<p>${how}</p>`}${cure && html`\n${cureOf(web, cure)}`}`
  return showPage(c, web, { title, content, language }, status)
}

/** What leads to the form. */
export function cureOf({ config }: Web, cure: string): Html {
  return html`<p><a class="button" href="${config.web.url}/subscribe">${cure}</a></p>`
}

/** The words that somebody of a language is spoken to in. */
export function wordsIn(language: string, { site }: Config): Words {
  return wordsFor(frameLanguage(language, site.language))
}

/** A page behind a token, as the link of a message leads to it. */
export function linkTo({ config, linkKeys }: Web, page: string, purpose: Purpose, delivery: number): string {
  return `${config.web.url}/${page}?token=${makeToken(linkKeys[0], purpose, delivery)}`
}
