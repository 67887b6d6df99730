/** The page of the preview. Each part has the hash of what it shows, so that after a save only what changed is replaced. */
import { hash } from 'node:crypto'
import { html } from 'hono/html'
import type { Finding } from '../check/finding.ts'
import type { Fault } from '../errors.ts'
import { count, size } from '../terminal.ts'
import type { Excerpt } from './excerpt.ts'
import type { Choice, Mail, Part, Shown } from './make.ts'

type Html = ReturnType<typeof html>

/** A fault with the lines around it, where it has a line. */
export type Told = Fault & { excerpt: Excerpt[] }

export type Chosen = { choice: Choice; language: string }

export type View = {
  chosen: Chosen
  /** Every save makes another one. */
  version: number
  posts: { file: string; title: string; isOut: boolean }[]
  /** Posts that cannot be read, by their files below the posts folder. */
  broken: string[]
  /** What somebody may read it in: BCP 47. */
  languages: string[]
  /** Folders in which saves are not seen, and why. */
  unwatched: [folder: string, why: string][]
  shown: Part<Shown>
  tell: (fault: Fault) => Told
}

/** Gmail shows about so much of the HTML, and a link to the rest. */
const CLIPPED = 102_000

const KINDS = { digest: 'A digest', confirmation: 'The confirmation', welcome: 'The welcome' } as const

/** What stands in an address for a choice. */
function nameOf(choice: Choice): string {
  return choice.kind === 'issue' ? `post:${choice.file}` : choice.kind
}

/** The choice behind a name; null where it names nothing. */
export function choiceOf(name: string): Choice | null {
  if (name.startsWith('post:')) return { kind: 'issue', file: name.slice('post:'.length) }
  return Object.hasOwn(KINDS, name) ? { kind: name as keyof typeof KINDS } : null
}

export function queryOf({ choice, language }: Chosen): string {
  return new URLSearchParams({ show: nameOf(choice), language }).toString()
}

export async function renderPreview(view: View): Promise<string> {
  const { shown, version } = view
  const title = 'value' in shown ? shown.value.title : 'Something to mend'
  const main =
    'value' in shown ? shownParts(view, shown.value) : faultPart(view, 'faults', title, shown.faults)
  return String(
    await html`<!doctype html>
<html lang="en" data-version="${version}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Posthorn preview</title>
<link rel="stylesheet" href="/preview.css">
<script type="module" src="/preview.js"></script>
</head>
<body>
<header>
<p class="mark">Posthorn <span>preview</span></p>
${chooser(view)}
<p class="live" role="status"></p>
</header>
<main>
${main}
</main>
</body>
</html>
`,
  )
}

function chooser({ chosen, posts, broken, languages }: View): Html {
  const wanted = nameOf(chosen.choice)
  const option = (value: string, text: string) =>
    html`<option value="${value}"${value === wanted ? ' selected' : ''}>${text}</option>
`
  const known = posts.map(({ file, title, isOut }) =>
    option(`post:${file}`, isOut ? title : `${title} (not out)`),
  )
  const faulty = broken.map((file) => option(`post:${file}`, `${file} (to be mended)`))
  const mails = Object.entries(KINDS).map(([kind, name]) => option(kind, name))
  const spoken = languages.map(
    (language) =>
      html`<option value="${language}"${language === chosen.language ? ' selected' : ''}>${languageName(language)}</option>
`,
  )
  return html`<form data-part="chooser" data-hash="${hashOf([posts, broken, languages, chosen])}">
<p><label for="show">Show</label>
<select id="show" name="show">
${known.length + faulty.length > 0 ? html`<optgroup label="Posts">${faulty}${known}</optgroup>` : ''}<optgroup label="Mail">${mails}</optgroup>
</select></p>
<p><label for="language">in</label>
<select id="language" name="language">
${spoken}</select></p>
<button>Show</button>
</form>`
}

function shownParts(view: View, { title, hidden, mail, page }: Shown): Html {
  const parts = [
    ...('value' in mail ? [['check', 'Check']] : []),
    ['mail', 'Mail'],
    ...(page ? [['page', 'Page']] : []),
    ...('value' in mail
      ? [
          ['text', 'Text part'],
          ['header', 'Header'],
        ]
      : []),
  ]
  return html`<div class="title" data-part="title" data-hash="${hashOf([title, hidden, parts, view.unwatched])}">
<h1>${title}</h1>
${hidden ? html`<p class="note">${hidden}</p>` : ''}
<nav aria-label="Parts">
<ul>
${parts.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>\n`)}</ul>
</nav>
${view.unwatched.map(([folder, why]) => html`<p class="note">Saves in ${folder} are not seen (${why}): reload by hand after them.</p>`)}
</div>
${'value' in mail ? mailParts(view, mail.value) : faultPart(view, 'mail', 'The mail cannot be made', mail.faults)}
${page === null ? '' : 'value' in page ? pagePart(view, page.value) : faultPart(view, 'page', 'The page cannot be made', page.faults)}
${'value' in mail ? sourceParts(mail.value) : ''}`
}

function mailParts(view: View, mail: Mail): Html {
  const { from, subject, opening, findings, size: bytes } = mail
  const frame = framer(view, hashOf(mail.html))
  const share = Math.round((bytes.html / CLIPPED) * 100)
  return html`<section id="check" data-part="check" data-hash="${hashOf([findings, bytes])}" aria-labelledby="check-title">
<h2 id="check-title">${summary(findings)}</h2>
${findings.length > 0 ? html`<ul class="findings">${findings.map(findingItem)}</ul>` : ''}
<dl class="sizes">
<div><dt>HTML</dt><dd>${size(bytes.html)}, ${share} % of what Gmail shows <meter aria-hidden="true" min="0" max="${CLIPPED}" high="${0.88 * CLIPPED}" value="${bytes.html}"></meter></dd></div>
<div><dt>Text part</dt><dd>${size(bytes.text)}</dd></div>
<div><dt>Whole message</dt><dd>${size(bytes.message)}</dd></div>
</dl>
</section>
<section id="mail" aria-labelledby="mail-title">
<h2 id="mail-title">Mail</h2>
<div class="inbox" data-part="inbox" data-hash="${hashOf([from, subject, opening])}">
<p class="from" dir="auto">${from}</p>
<p class="subject" dir="auto">${subject}</p>
<p class="opening" dir="auto">${opening}</p>
</div>
<div class="frames">
${frame('phone', 'mail-light', 'On a phone, light')}
${frame('phone', 'mail-dark', 'On a phone, dark')}
${frame('phone', 'mail-plain', 'Without any style')}
${frame('desk', 'mail-light', 'On a desk, light')}
${frame('desk', 'mail-dark', 'On a desk, dark')}
</div>
</section>`
}

function pagePart(view: View, page: string): Html {
  const frame = framer(view, hashOf(page))
  return html`<section id="page" aria-labelledby="page-title">
<h2 id="page-title">Page</h2>
<div class="frames">
${frame('desk', 'page-light', 'The page, light')}
${frame('desk', 'page-dark', 'The page, dark')}
</div>
</section>`
}

function sourceParts({ text, header }: Mail): Html {
  return html`<section id="text">
<h2 id="text-title">Text part</h2>
<pre dir="auto" tabindex="0" role="region" aria-labelledby="text-title" data-part="text" data-hash="${hashOf(text)}">${text}</pre>
</section>
<section id="header">
<h2 id="header-title">Header</h2>
<pre tabindex="0" role="region" aria-labelledby="header-title" data-part="header" data-hash="${hashOf(header.replace(/^Date: .*/m, ''))}">${header}</pre>
</section>`
}

/**
 * Frames of one document. Scripts run in none of them, whatever is in it; that they count as this page's own is what
 * lets the page see how far each was scrolled.
 */
function framer({ chosen }: View, version: string) {
  return (room: 'phone' | 'desk', name: string, caption: string): Html =>
    html`<figure class="${room}">
<figcaption>${caption}</figcaption>
<div class="screen ${name.endsWith('dark') ? 'dark' : 'light'}" data-part="${room}-${name}" data-hash="${hashOf([version, chosen])}"><iframe title="${caption}" src="/frame/${name}?${queryOf(chosen)}&amp;v=${version}" sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"></iframe></div>
</figure>`
}

function faultPart({ tell }: View, name: string, title: string, faults: Fault[]): Html {
  const told = faults.map(tell)
  return html`<section id="${name}" role="alert" data-part="${name}" data-hash="${hashOf(told)}">
${name === 'faults' ? html`<h1>${title}</h1>` : html`<h2>${title}</h2>`}
<ul class="faults">${told.map(
    ({ file, line, message, excerpt }) => html`<li>
${file ? html`<p class="place">${file}${line === undefined ? '' : `:${line}`}</p>` : ''}
<p>${message}</p>
${excerpt.length > 0 ? html`<pre tabindex="0" role="region" aria-label="The lines around it">${excerpt.map((each) => html`<span${each.line === line ? html` class="here"` : ''}>${String(each.line).padStart(4)}  ${each.text}</span>\n`)}</pre>` : ''}</li>`,
  )}</ul>
<p>Mend it and save: what is shown here changes by itself.</p>
</section>`
}

function summary(findings: Finding[]): string {
  if (findings.length === 0) return 'No mail program spoils it, as far as can be told from here'
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const warnings = findings.length - errors
  return [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ].join(', ')
}

function findingItem({ rule, severity, where, found, cure }: Finding): Html {
  return html`<li class="${severity}">
<p><strong>${severity === 'error' ? 'Error' : 'Warning'}</strong> <code>${rule}</code> ${where}: ${found}</p>
<p>${cure}</p>
</li>`
}

function languageName(language: string): string {
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(language) ?? language
}

function hashOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64url').slice(0, 12)
}
