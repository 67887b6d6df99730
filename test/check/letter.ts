/** A letter with nothing wrong, for tests that then spoil one thing in it. */
import type { About } from '../../src/check/finding.ts'

export const ABOUT: About = {
  kind: 'issue',
  web: 'https://mail.garden.example',
  postalAddress: 'The Garden, 1 Example Street, 12345 Exampletown',
  address: 'ada@example.org',
  posts: [{ file: 'posts/tomatoes.md', source: () => '---\ntitle: Tomatoes\n---\n\n![](chart.webp)\n' }],
  now: new Date('2026-11-02T09:00:00Z'),
}

export const TOKEN = 'u2s-R0lZ9qW3xk2eJ5uYH1nP4A'
const LEAVE = `${ABOUT.web}/unsubscribe?token=${TOKEN}`

/** Header fields by name; several of one name are several fields. */
const FIELDS: Record<string, string | string[]> = {
  From: '"The Garden" <news@garden.example>',
  'Reply-To': 'ada@garden.example',
  To: 'Ada <ada@example.org>',
  Subject: 'Tomatoes',
  Date: 'Mon, 02 Nov 2026 08:59:00 +0000',
  'Message-ID': '<0123456789abcdef0123456789abcdef@garden.example>',
  'List-Id': 'The Garden <posts.garden.example>',
  'List-Unsubscribe': `<${LEAVE}>`,
  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  'Feedback-ID': '1:posts:issue:gardenexample',
  'Auto-Submitted': 'auto-generated',
  Precedence: 'bulk',
  'Content-Language': 'en',
  'MIME-Version': '1.0',
  'Content-Type': 'multipart/alternative; boundary="=_one"',
}

export const ARTICLE =
  '<p style="margin:0 0 20px;">Two kilos of tomatoes, and what to do with all of them.</p>'

/** The HTML part around an article. */
export function page(article = ARTICLE): string {
  return `<!doctype html>
<html lang="en" dir="ltr"><head><title>Tomatoes</title>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
@media (prefers-color-scheme: dark) {
body, .page { background-color: #1a1816 !important; }
.ink h1, .article, .soft, .soft a { color: #e6e0d8 !important; }
.article a { color: #f0a35e !important; }
}
</style></head>
<body style="background-color:#ffffff;">
<div class="page" lang="en" dir="ltr" style="background-color:#ffffff;">
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">Two kilos of tomatoes, and a word on the weather of this week.${'&#847;&zwnj;&nbsp;'.repeat(60)}</div>
<table role="presentation" width="100%"><tbody><tr><td class="ink"><h1 style="font-size:32px;color:#26221d;">Tomatoes</h1></td></tr>
<tr><td class="article" style="font-size:18px;line-height:1.65;color:#26221d;">${article}</td></tr>
<tr><td class="soft" style="font-size:14px;color:#6b635a;">You get this because you subscribed to The Garden.
<a href="${LEAVE}" style="color:#6b635a;text-decoration:underline;">Unsubscribe</a>
<a href="${ABOUT.web}/issues/1" style="color:#6b635a;text-decoration:underline;">View in the browser</a><br>
The Garden, 1 Example Street, 12345 Exampletown</td></tr></tbody></table>
</div></body></html>`
}

/** The text part around the same article. */
export function words(article = 'Two kilos of tomatoes, and what to do with all of them.'): string {
  return `Tomatoes
========

${article}

--\x20
You get this because you subscribed to The Garden.
View in the browser: ${ABOUT.web}/issues/1
Unsubscribe: ${LEAVE}
The Garden, 1 Example Street, 12345 Exampletown
`
}

type Spoilt = {
  /** Laid over the fields of the good letter; null takes one out. */
  fields?: Record<string, string | string[] | null>
  html?: string
  text?: string
}

/** The letter as it goes on the wire. */
export function letter({ fields = {}, html = page(), text = words() }: Spoilt = {}): Buffer {
  const head = Object.entries({ ...FIELDS, ...fields }).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `${name}: ${each}\r\n`),
  )
  return Buffer.from(`${head.join('')}\r\n${part('text/plain', text)}${part('text/html', html)}--=_one--\r\n`)
}

function part(type: string, text: string): string {
  const encoded = Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')
  return `--=_one\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n`
}
