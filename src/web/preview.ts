/**
 * The page for a person who has opened a feed's address in a browser: what it is, the address to copy, and what is in
 * it. Browsers show XML as text, and take their style sheets for it away; programs get the feed, since only browsers
 * say that they want a document.
 */
import { html } from 'hono/html'
import type { Config } from '../config.ts'
import { datesIn } from '../pages/date.ts'
import { wordsFor } from '../words/words.ts'
import type { Ready } from './answer.ts'
import type { FeedKind } from './kind.ts'
import type { Html } from './page.ts'

type Shown = { title: string; url: string | null; language: string | null; date: Date | null }

/** @param json the same feed as JSON; null where there is none, and then the page is without a list */
export function previewPage(
  feed: FeedKind,
  json: Ready | null,
  config: Config,
): { title: string; content: Html } {
  const { language: own, web } = wordsFor(config.site.language)
  const words = web.preview
  const found = readJson(json)
  const name = textOf(found?.title) ?? config.site.title
  const show = datesIn(config.site.timeZone)
  const entries = listOf(found?.items).map((entry) => {
    const { title, url, language, date } = toShown(entry, words.untitled)
    const lang = language ? html` lang="${language}"` : ''
    const shown = url ? html`<a href="${url}"${lang}>${title}</a>` : html`<span${lang}>${title}</span>`
    const when = date && show(date, own)
    return html`<li>${shown}${when ? html` <time datetime="${when.iso}">${when.text}</time>` : ''}</li>
`
  })
  const content = html`<h1>${words.title(name)}</h1>
<p>${words.lead}</p>
<div class="subscribe">
<label><span>${words.address}</span> <input type="url" readonly value="${feed.url}"></label>
<p>${words.how} <a href="${config.web.url}/subscribe">${words.mail}</a></p>
</div>
${
  entries.length > 0
    ? html`<section class="older">
<h2>${words.entries}</h2>
<ul>
${entries}</ul>
</section>`
    : ''
}`
  return { title: words.title(name), content }
}

/** The file is ours, most likely, but it may be the author's own: what is not as it should be is not shown. */
function readJson(json: Ready | null): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(json?.stored.bodies[0].bytes?.toString() ?? 'null')
    return isRecord(found) ? found : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function toShown(entry: Record<string, unknown>, untitled: string): Shown {
  const url = textOf(entry.url) ?? textOf(entry.external_url)
  const date = new Date(textOf(entry.date_published) ?? '')
  return {
    title: textOf(entry.title) ?? textOf(entry.summary) ?? url ?? untitled,
    url: url && /^https?:/.test(URL.parse(url)?.protocol ?? '') ? url : null,
    language: textOf(entry.language),
    date: Number.isNaN(date.getTime()) ? null : date,
  }
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null
}
