/**
 * The form that each construct has in a mail, as plain HTML: the sanitizer behind it gives each element its style.
 */
import { escapeHtml } from '../markup.ts'
import { mathText } from '../posts/math.ts'
import type { Block, Inline, ListItem } from '../posts/tree.ts'
import { brightCode, colorsOf, handmadeCode, optionsWhole, plainCode } from './code.ts'
import { boxEnds, type Place, sentenceEnds } from './cut.ts'
import { box, cardOf, withCards } from './players.ts'
import { type ArticleOptions, shownPicture } from './safe-html.ts'
import { END, look, TOP } from './styles.ts'

/** A code block, without colours and, where they are known, with them. */
export type Code = { plain: string; bright: string | null }

/** What a rendering knows where it stands, and the code that it has met. */
export type Around = {
  options: ArticleOptions
  /** In the items of a tight list, whose paragraphs are none. */
  tight: boolean
  /** In a list, where the next item follows. */
  isItem?: boolean
  /** What stands before it in its box: null where nothing does, undefined where it is no box of its own. */
  before?: Block | null | undefined
  /** The way to what is rendered; null in notes, which are not cut. */
  path: Place | null
  /** Inline code is read from left to right, in whatever it stands. */
  codeDir: string
  codes: Code[]
}

// Unicode keeps these for "process-internal use" (noncharacters, 23.7). All of them are taken out at the end, whoever wrote them.
/** Where an article may be cut: the way to the last thing before it. */
export const MARK = /\uFDD0([\d.]*)\uFDD1/g
/** Where code belongs, by its number: it joins behind the sanitizer. */
export const CODE = /\uFDD2(\d+)\uFDD3/g
export const ANY_MARK = /\uFDD0[\d.]*\uFDD1|[\uFDD0-\uFDD3]/g

/** The mark that an article may be cut here; there is none behind a heading. */
export function mark(place: Place | null, behind?: Block): string {
  return place === null || behind?.type === 'heading' ? '' : `\uFDD0${place.join('.')}\uFDD1`
}

function deeper(around: Around, index: number): Around {
  return { ...around, before: undefined, path: around.path && [...around.path, index] }
}

/** @returns the blocks, with marks between them */
export function blocks(children: Block[], around: Around): string {
  return children
    .map((child, index) => {
      const here = { ...deeper(around, index), before: children[index - 1] ?? null }
      const last = index === children.length - 1
      return block(child, here, last) + (last ? '' : mark(here.path, child))
    })
    .join('')
}

export function block(node: Block, around: Around, last: boolean): string {
  const end = last ? ` ${END}="${around.isItem ? 14 : 0}"` : ''
  const top = topOf(around.before)
  switch (node.type) {
    case 'heading': {
      const text = inlines(node.children, around)
      // A "##" without words announces nothing, and who listens would hear that.
      return text.trim() === '' ? '' : `<h${node.level}${top}>${text}</h${node.level}>`
    }
    case 'paragraph':
      return around.tight ? inlines(node.children, around) : paragraph(node.children, around, last, top + end)
    case 'quote':
      return `<blockquote${end}>${blocks(node.children, { ...around, tight: false, isItem: false })}</blockquote>`
    case 'list': {
      const tag = node.ordered ? 'ol' : 'ul'
      const start = node.ordered && node.start !== 1 ? ` start="${node.start}"` : ''
      const items = node.items.map((item, index) => {
        const here = deeper({ ...around, tight: node.tight, isItem: true }, index)
        return listItem(item, here) + (index === node.items.length - 1 ? '' : mark(here.path))
      })
      return `<${tag}${start}${around.tight ? ` ${look('inner')}` : end}>${items.join('')}</${tag}>`
    }
    case 'code': {
      const pieces = colorsOf(node, around.options.code)
      const plain = plainCode(node.text, (line) => mark(deeper(around, line).path))
      const index = around.codes.push({ plain, bright: pieces && brightCode(pieces) }) - 1
      return box('panel', `<pre dir="ltr">\uFDD2${index}\uFDD3</pre>`, end)
    }
    case 'math': {
      const text = mathText(node.tex, '\n')
      return `<p dir="ltr" ${look('mathBlock')}${top}${end}>${escapeHtml(text).replaceAll('\n', '<br>')}</p>`
    }
    case 'table':
      return table(node, around)
    case 'rule':
      return '<hr>'
    case 'html':
      return rawHtml(node.html, around)
    default: {
      const never: never = node
      return never
    }
  }
}

/** What is set off by more room than the gap between two paragraphs is not where there is nothing to set it off from. */
function topOf(before: Around['before']): string {
  if (before === null) return ` ${TOP}="0"`
  return before?.type === 'heading' ? ` ${TOP}="20"` : ''
}

function paragraph(children: Inline[], around: Around, last: boolean, room: string): string {
  const card = cardOf(children, around.options)
  if (card !== null) return card
  if (isPicture(children, around.options))
    return `<p ${look('figure')}${room}>${inlines(children, around)}</p>`
  return `<p${last ? ` ${look('last')}` : ''}>${inlines(children, around)}</p>`
}

/** A picture on a line of its own, also one that leads somewhere, is not a part of a sentence. */
function isPicture(children: Inline[], options: ArticleOptions): boolean {
  const [only, ...others] = children
  if (others.length > 0 || only === undefined) return false
  if (only.type === 'link') return isPicture(only.children, options)
  return only.type === 'image' && shownPicture(only.src, options) !== null
}

// A checkbox is a form element, which mail programs drop, so the state is a character; U+FE0E keeps it from being an emoji.
function listItem(item: ListItem, around: Around): string {
  if (item.checked === null) return `<li>${blocks(item.children, around)}</li>`
  const sign = `${item.checked ? '&#9745;' : '&#9744;'}&#65038;&nbsp; `
  const [first, ...rest] = item.children
  // Lines hang below the text where nothing else is indented with them.
  const style = look(rest.every((child) => child.type === 'list') ? 'task' : 'tasks')
  if (first?.type !== 'paragraph') return `<li ${style}>${sign}${blocks(item.children, around)}</li>`
  const text = `${sign}${inlines(first.children, deeper(around, 0))}`
  const others = rest.map((child, index) =>
    block(child, deeper(around, index + 1), index === rest.length - 1),
  )
  return `<li ${style}>${around.tight ? text : `<p${others.length === 0 ? ` ${look('last')}` : ''}>${text}</p>`}${others.join('')}</li>`
}

function table({ align, head, rows }: Extract<Block, { type: 'table' }>, around: Around): string {
  const bare = (cell: Inline[] | undefined) => !cell || cell.length === 0
  // A head without a name in its first column has a name in each row instead.
  const named = bare(head[0]) && !head.every(bare) && rows.every((row) => !bare(row[0]))
  const cell = (tag: string, children: Inline[], column: number) => {
    const where = align[column] ? ` align="${align[column]}"` : ''
    return `<${tag}${where}>${inlines(children, { ...around, path: null })}</${tag.split(' ')[0]}>`
  }
  // A head cell without words is the head of nothing.
  const heads = head
    .map((children, column) => cell(bare(children) ? `td ${look('th')}` : 'th', children, column))
    .join('')
  const body = rows.map((row, index) => {
    const cells = row.map((children, column) => {
      return cell(column === 0 && named ? `th scope="row" ${look('rowHead')}` : 'td', children, column)
    })
    return `<tr>${cells.join('')}</tr>${index === rows.length - 1 ? '' : mark(deeper(around, index).path)}`
  })
  const top = head.every(bare) ? '' : `<thead><tr>${heads}</tr></thead>`
  return scroller(
    `<table${top === '' ? ' role="presentation"' : ''}>${top}<tbody>${body.join('')}</tbody></table>`,
  )
}

// The tables of the layout grow with what is in them, unless what is in them has a fixed layout: then a table that is
// too wide for a phone scrolls by itself and the page does not.
function scroller(table: string): string {
  return `<table role="presentation" ${look('scroller')}><tr><td ${look('scroller')}><div ${look('scroll')}>${table}</div></td></tr></table>`
}

function rawHtml(html: string, around: Around): string {
  const ends = html.length < LONG ? [] : boxEnds(html)
  const parts = ends.map(
    (end, index) => html.slice(ends[index - 1] ?? 0, end) + mark(deeper(around, end).path),
  )
  const marked = parts.join('') + html.slice(ends.at(-1) ?? 0)
  const coded = marked.replace(/<pre\b[^>]*>([\s\S]*?)<\/pre\s*>/gi, (_, code: string) =>
    box('panel', `<pre dir="ltr">${handmadeCode(code)}</pre>`),
  )
  // A table without head cells arranges things: a screen reader need not count its rows.
  const tabled = coded.replace(
    /<table\b((?:(?!<\/?table\b)[\s\S])*)<\/table\s*>/gi,
    (whole, inside: string) =>
      whole.includes(look('frame'))
        ? whole
        : scroller(`<table${/<th\b/i.test(inside) ? '' : ' role="presentation"'}${inside}</table>`),
  )
  return withCards(tabled, around.options)
}

/** From how many characters on something may be cut between two sentences, or between two elements of an author's. */
const LONG = 4000

function inlines(children: Inline[], around: Around): string {
  const length = children.reduce((sum, child) => sum + (child.type === 'text' ? child.text.length : 0), 0)
  return children
    .map((child, index) => {
      // Two numbers side by side would be one.
      if (child.type === 'footnote' && children[index - 1]?.type === 'footnote')
        return `<sup>,&nbsp;${child.number}</sup>`
      return child.type === 'text' && length >= LONG
        ? sentences(child.text, deeper(around, index))
        : inline(child, around)
    })
    .join('')
}

function sentences(text: string, around: Around): string {
  const ends = sentenceEnds(text)
  const parts = ends.map(
    (end, index) => escapeHtml(text.slice(ends[index - 1] ?? 0, end)) + mark(deeper(around, end).path),
  )
  return parts.join('') + escapeHtml(text.slice(ends.at(-1) ?? 0))
}

function inline(node: Inline, around: Around): string {
  // What stands inside of it is cut with it.
  const inside = { ...around, path: null }
  switch (node.type) {
    case 'text':
      return escapeHtml(node.text)
    case 'emphasis':
      return `<em>${inlines(node.children, inside)}</em>`
    case 'strong':
      return `<strong>${inlines(node.children, inside)}</strong>`
    case 'strike':
      return `<s>${inlines(node.children, inside)}</s>`
    case 'code':
      return `<code${around.codeDir}>${optionsWhole(escapeHtml(node.text), look('whole'))}</code>`
    case 'math':
      return `<span dir="ltr" ${look('math')}>${escapeHtml(unbroken(mathText(node.tex)))}</span>`
    case 'link':
      return `<a href="${escapeHtml(node.href)}"${titled(node.title)}>${inlines(node.children, inside)}</a>`
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

/** A formula this short stands on one line: `x =` at the end of one and `3` on the next is no formula to a reader. */
const SHORT_FORMULA = 20

function unbroken(formula: string): string {
  return formula.length > SHORT_FORMULA ? formula : formula.replaceAll(' ', '\u00A0')
}
