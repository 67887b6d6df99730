/**
 * A post's tree as HTML that mail programs leave alone: no classes, no anchors, no scripts, each element with its own
 * inline style, every address absolute.
 *
 * It is made in two steps. First the tree becomes plain HTML; then all of it, ours and what the author wrote as raw
 * HTML, passes one sanitizer, which keeps the elements below and gives each the style of its kind. So a raw `<table>`
 * looks like one from Markdown, and there is one place that decides what gets into a mail.
 */

import { directionOf, escapeHtml } from '../markup.ts'
import type { Block, Inline, ListItem, Tree } from '../posts/tree.ts'
import { type ArticleOptions, safeHtml } from './safe-html.ts'
import { look } from './styles.ts'

/**
 * Renders a tree for the HTML part of a message, to stand below the message's one `h1`.
 *
 * @returns safe HTML with inline styles, in an element that states the article's language and direction
 */
export function renderArticle(tree: Tree, options: ArticleOptions): string {
  const direction = directionOf(options.language)
  const notes = tree.footnotes.map(
    (note) => `<li value="${note.number}">${blocks(note.children, { options, tight: false })}</li>`,
  )
  const html = [
    blocks(tree.children, { options, tight: false }),
    ...(notes.length > 0
      ? [
          `<hr><p ${look('notesTitle')}>${escapeHtml(options.words.notes)}</p><ol ${look('notes')}>`,
          ...notes,
          '</ol>',
        ]
      : []),
  ].join('')
  const safe = safeHtml(html, options)
  return `<div lang="${escapeHtml(options.language)}" dir="${direction}">${safe}</div>`
}

type Around = { options: ArticleOptions; tight: boolean }

function blocks(children: Block[], around: Around): string {
  return children.map((child, index) => block(child, around, index === children.length - 1)).join('')
}

function block(node: Block, around: Around, last: boolean): string {
  switch (node.type) {
    case 'heading':
      return `<h${node.level}>${inlines(node.children)}</h${node.level}>`
    case 'paragraph':
      return around.tight
        ? inlines(node.children)
        : `<p${last ? ` ${look('last')}` : ''}>${inlines(node.children)}</p>`
    case 'quote':
      return `<blockquote>${blocks(node.children, { ...around, tight: false })}</blockquote>`
    case 'list': {
      const tag = node.ordered ? 'ol' : 'ul'
      const start = node.ordered && node.start !== 1 ? ` start="${node.start}"` : ''
      const items = node.items.map((item) => listItem(item, { ...around, tight: node.tight })).join('')
      return `<${tag}${start}${around.tight ? ` ${look('inner')}` : ''}>${items}</${tag}>`
    }
    case 'code':
      return `<pre dir="ltr">${codeLines(node.text)}</pre>`
    case 'table': {
      const cell = (tag: 'th' | 'td', children: Inline[], column: number) => {
        const align = node.align[column]
        return `<${tag}${align ? ` align="${align}"` : ''}>${inlines(children)}</${tag}>`
      }
      const row = (tag: 'th' | 'td', cells: Inline[][]) =>
        `<tr>${cells.map((children, column) => cell(tag, children, column)).join('')}</tr>`
      const body = node.rows.map((cells) => row('td', cells)).join('')
      // The tables of the layout grow with what is in them, unless what is in them has a fixed layout: then a table that
      // is too wide for a phone scrolls by itself and the page does not.
      return `<table role="presentation" ${look('scroller')}><tr><td ${look('scroller')}><div ${look('scroll')}><table><thead>${row('th', node.head)}</thead><tbody>${body}</tbody></table></div></td></tr></table>`
    }
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

// A checkbox is a form element, which mail programs drop, so the state is a character.
function listItem(item: ListItem, around: Around): string {
  const box = item.checked === null ? '' : item.checked ? '&#9745;&nbsp; ' : '&#9744;&nbsp; '
  const [first, ...rest] = item.children
  if (box && first?.type === 'paragraph' && !around.tight) {
    const text = `<p>${box}${inlines(first.children)}</p>`
    return `<li ${look('task')}>${text}${blocks(rest, around)}</li>`
  }
  return `<li${box ? ` ${look('task')}` : ''}>${box}${blocks(item.children, around)}</li>`
}

/*
 * Word, which draws mail in classic Outlook, knows no `white-space`: it sees lines only where there is a <br>, and runs
 * of spaces only where they cannot break. A tab becomes four.
 */
function codeLines(text: string): string {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) =>
      escapeHtml(line.replaceAll('\t', '    '))
        .replace(/^ +/, (spaces) => '\u00A0'.repeat(spaces.length))
        .replace(/ {2,}/g, (spaces) => `${'\u00A0'.repeat(spaces.length - 1)} `),
    )
    .join('<br>')
}

function inlines(children: Inline[]): string {
  return children.map(inline).join('')
}

function inline(node: Inline): string {
  switch (node.type) {
    case 'text':
      return escapeHtml(node.text)
    case 'emphasis':
      return `<em>${inlines(node.children)}</em>`
    case 'strong':
      return `<strong>${inlines(node.children)}</strong>`
    case 'strike':
      return `<s>${inlines(node.children)}</s>`
    case 'code':
      return `<code>${escapeHtml(node.text)}</code>`
    case 'link':
      return `<a href="${escapeHtml(node.href)}"${titled(node.title)}>${inlines(node.children)}</a>`
    case 'image':
      return `<img src="${escapeHtml(node.src)}" alt="${escapeHtml(node.alt)}"${titled(node.title)}>`
    case 'break':
      return '<br>'
    case 'footnote':
      return `<sup>${node.number}</sup>`
    case 'html':
      return node.html
    default: {
      const never: never = node
      return never
    }
  }
}

function titled(title: string): string {
  return title === '' ? '' : ` title="${escapeHtml(title)}"`
}
