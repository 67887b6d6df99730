/**
 * The tree as semantic HTML for pages and feeds: no classes but the language of code, no ids but those of footnotes,
 * every address absolute. Each text and address is escaped on the line that writes it.
 */
import { hash } from 'node:crypto'
import { escapeHtml } from '../markup.ts'
import { mathText } from './math.ts'
import { oneLine } from './plain.ts'
import { resolveLink, resolveMedia } from './resolve.ts'
import { sanitizePost } from './sanitize.ts'
import type { Align, Block, Footnote, Inline, ListItem, Tree } from './tree.ts'

/** What one rendering knows: the post's address, the part of ids that is its own, and references met so far. */
type Place = { base: string; prefix: string; references: Map<number, number> }

/**
 * Renders a post.
 *
 * @param base the absolute address of the post's page. Relative addresses and fragments lead there, and the ids of
 *   footnotes are made from it, so that two posts on one page have different ones.
 */
export function toHtml(tree: Tree, base: string): string {
  const prefix = tree.footnotes.length > 0 ? hash('sha256', base).slice(0, 8) : ''
  const place: Place = { base, prefix, references: new Map() }
  const body = blocks(tree.children, place)
  const html = tree.footnotes.length > 0 ? `${body}\n${endnotes(tree.footnotes, place)}` : body
  return tree.hasRawHtml ? sanitizePost(html, base) : html
}

function blocks(nodes: Block[], place: Place): string {
  return nodes.map((node) => block(node, place)).join('\n')
}

function block(node: Block, place: Place): string {
  switch (node.type) {
    case 'heading':
      return `<h${node.level}>${inlines(node.children, place)}</h${node.level}>`
    case 'paragraph':
      return `<p>${inlines(node.children, place)}</p>`
    case 'quote':
      return `<blockquote>\n${blocks(node.children, place)}\n</blockquote>`
    case 'list':
      return list(node, place)
    case 'code':
      return `<pre><code${node.language ? ` class="language-${escapeHtml(node.language)}"` : ''}>${escapeHtml(node.text)}</code></pre>`
    case 'math': {
      const text = mathText(node.tex, '\n')
      return `<p${mathAttributes(node.tex, text)}>${escapeHtml(text).replaceAll('\n', '<br>\n')}</p>`
    }
    case 'table':
      return table(node, place)
    case 'rule':
      return '<hr>'
    case 'html':
      return node.html
    default: {
      const never: never = node
      return never
    }
  }
}

function list(node: Extract<Block, { type: 'list' }>, place: Place): string {
  const tag = node.ordered ? 'ol' : 'ul'
  const start = node.ordered && node.start !== 1 ? ` start="${node.start}"` : ''
  const items = node.items.map((entry) => `<li>${item(entry, node.tight, place)}</li>`)
  return `<${tag}${start}>\n${items.join('\n')}\n</${tag}>`
}

// The box of a task is a character: a checkbox would be dropped by mail programs and readers, and a screen reader
// would find a form control without a name.
function item(entry: ListItem, tight: boolean, place: Place): string {
  const box = entry.checked === null ? '' : entry.checked ? '☑ ' : '☐ '
  const [first, ...rest] = entry.children
  if (first?.type !== 'paragraph') return box + flow(entry.children, tight, place)
  const text = box + inlines(first.children, place)
  return [tight ? text : `<p>${text}</p>`, ...(rest.length > 0 ? [flow(rest, tight, place)] : [])].join('\n')
}

function flow(nodes: Block[], tight: boolean, place: Place): string {
  return nodes
    .map((node) => (tight && node.type === 'paragraph' ? inlines(node.children, place) : block(node, place)))
    .join('\n')
}

function table(node: Extract<Block, { type: 'table' }>, place: Place): string {
  const style = (align: Align | undefined) => (align ? ` style="text-align:${align}"` : '')
  const head = node.head.map(
    (cell, column) => `<th scope="col"${style(node.align[column])}>${inlines(cell, place)}</th>`,
  )
  const rows = node.rows.map((row) => {
    const cells = row.map((cell, column) => `<td${style(node.align[column])}>${inlines(cell, place)}</td>`)
    return `<tr>${cells.join('')}</tr>`
  })
  const body = rows.length > 0 ? `\n<tbody>\n${rows.join('\n')}\n</tbody>` : ''
  return `<table>\n<thead>\n<tr>${head.join('')}</tr>\n</thead>${body}\n</table>`
}

function inlines(nodes: Inline[], place: Place): string {
  let html = ''
  for (const node of nodes) html += inline(node, place)
  return html
}

function inline(node: Inline, place: Place): string {
  switch (node.type) {
    case 'text':
      return escapeHtml(node.text)
    case 'emphasis':
      return `<em>${inlines(node.children, place)}</em>`
    case 'strong':
      return `<strong>${inlines(node.children, place)}</strong>`
    case 'strike':
      return `<del>${inlines(node.children, place)}</del>`
    case 'code':
      return `<code>${escapeHtml(node.text)}</code>`
    case 'math': {
      const text = mathText(node.tex)
      return `<span${mathAttributes(node.tex, text)}>${escapeHtml(text)}</span>`
    }
    case 'link': {
      const href = resolveLink(node.href, place.base)
      const text = inlines(node.children, place)
      return href === null ? text : `<a href="${escapeHtml(href)}"${title(node.title)}>${text}</a>`
    }
    case 'image': {
      const src = resolveMedia(node.src, place.base)
      const alt = escapeHtml(node.alt)
      return src === null ? alt : `<img src="${escapeHtml(src)}" alt="${alt}"${title(node.title)}>`
    }
    case 'break':
      return '<br>\n'
    case 'footnote':
      return reference(node.number, place)
    case 'html':
      return node.html
    default: {
      const never: never = node
      return never
    }
  }
}

/*
 * Math is words here, and reads like words in every feed reader and screen reader. MathML would be drawn better by a
 * browser, but where its tags are dropped, "x²" comes out as "x2"; NVDA is silent about MathML unless it has an add-on
 * (nvaccess/nvda#17667), and about text with `role="math"` (nvaccess/nvda#15058). Formulas run from left to right in
 * Arabic too; what the author wrote is for the pointer.
 */
function mathAttributes(tex: string, text: string): string {
  return ` dir="ltr"${tex === text ? '' : title(oneLine(tex))}`
}

function title(text: string): string {
  return text ? ` title="${escapeHtml(text)}"` : ''
}

function reference(number: number, place: Place): string {
  const times = (place.references.get(number) ?? 0) + 1
  place.references.set(number, times)
  const id = referenceId(number, times, place)
  return `<sup><a href="${address(noteId(number, place), place)}" id="${id}" role="doc-noteref">${number}</a></sup>`
}

function endnotes(footnotes: Footnote[], place: Place): string {
  // All are written before any is finished: a note may refer to another one, which then has a way back to it.
  const written = footnotes.map((note) => ({ note, html: blocks(note.children, place) }))
  const items = written.map(({ note, html }) => {
    const back = backlinks(note.number, place)
    // The way back stands at the end of the last paragraph, not on a line of its own.
    const text = html.endsWith('</p>') ? `${html.slice(0, -'</p>'.length)}${back}</p>` : `${html}${back}`
    return `<li id="${noteId(note.number, place)}">${text}</li>`
  })
  return `<section role="doc-endnotes">\n<hr>\n<ol>\n${items.join('\n')}\n</ol>\n</section>`
}

function backlinks(number: number, place: Place): string {
  const times = place.references.get(number) ?? 0
  // U+FE0E keeps phones from showing the arrow as an emoji.
  return Array.from({ length: times }, (_, index) => {
    const href = address(referenceId(number, index + 1, place), place)
    return ` <a href="${href}" role="doc-backlink">↩\uFE0E</a>`
  }).join('')
}

function noteId(number: number, place: Place): string {
  return `fn-${place.prefix}-${number}`
}

function referenceId(number: number, times: number, place: Place): string {
  return `fnref-${place.prefix}-${number}${times > 1 ? `-${times}` : ''}`
}

function address(id: string, place: Place): string {
  return escapeHtml(resolveLink(`#${id}`, place.base) ?? '')
}
