/**
 * Markdown to the one tree: GitHub's flavour with footnotes. markdown-it reads (ten times faster than unified on real
 * posts, measured) and its flat token stream is folded here, once, into what every renderer walks.
 */
import MarkdownIt from 'markdown-it'
import type Token from 'markdown-it/lib/token.mjs'
import footnotes from 'markdown-it-footnote'
import { cleanText } from './characters.ts'
import { mathText } from './math.ts'
import { dollars } from './math-markdown.ts'
import type { Align, Block, Inline, ListItem, Tree } from './tree.ts'

const markdown = new MarkdownIt({ html: true, linkify: true }).use(footnotes).use(dollars)
// The plugin's own gathering numbers notes in the order in which their references are parsed, pictures' alternative
// texts included, and mixes up a definition inside a definition. The fold numbers them as a reader meets them.
markdown.core.ruler.disable('footnote_tail')
// What this does, cleanText has done.
markdown.core.ruler.disable('normalize')
// An address is a link where it says that it is one: "make process.env.TZ" and "GoDaddy.com" are words.
markdown.linkify.set({ fuzzyLink: false })
// Such an address holds one of these; the linkifier's own question is five times as expensive.
markdown.linkify.pretest = (text) => /[:@]|\/\//.test(text)
// The tree keeps addresses as the author wrote them: each renderer judges and completes them where it writes them.
markdown.validateLink = () => true
markdown.normalizeLink = (address) => address
markdown.normalizeLinkText = (address) => address

/** The comment that ends the summary, as Jekyll, Hugo and Zola spell it. */
export const MORE = /^\s*<!--\s*more\s*-->/i

/** Footnotes of one text: what defines them, and the number each has since its first reference. */
type Notes = {
  defined: Map<string, Token[]>
  inline: { tokens?: Token[] }[]
  numbers: Map<string, number>
  /** Not of notes alone: raw HTML was met on the way. */
  hasRawHtml: boolean
}
type Cursor = { tokens: Token[]; at: number }

/** Parses a post's text. Any string is Markdown, so this never throws. */
export function parseMarkdown(source: string): Tree {
  const env: { footnotes?: { list?: Notes['inline'] } } = {}
  const { body, defined } = takeDefinitions(markdown.parse(cleanText(source), env))
  const notes: Notes = { defined, inline: env.footnotes?.list ?? [], numbers: new Map(), hasRawHtml: false }
  const children = foldBlocks({ tokens: body, at: 0 }, notes)
  const footnotes: Tree['footnotes'] = []
  // A note may refer to another one: the map grows while it is walked.
  for (const [key, number] of notes.numbers) footnotes.push({ number, children: foldNote(key, notes) })
  return { type: 'root', children, footnotes, hasRawHtml: notes.hasRawHtml }
}

/** True where raw HTML occurs among the nodes or below them. */
export function hasHtml(nodes: (Block | Inline)[]): boolean {
  return nodes.some((node) => {
    if (node.type === 'html') return true
    if (node.type === 'list') return node.items.some((item) => hasHtml(item.children))
    if (node.type === 'table') return [node.head, ...node.rows].some((row) => row.some(hasHtml))
    return 'children' in node && hasHtml(node.children)
  })
}

/** Takes footnote definitions out of the stream, wherever they stand. The first of a label holds, as on GitHub. */
function takeDefinitions(tokens: Token[]): { body: Token[]; defined: Map<string, Token[]> } {
  const body: Token[] = []
  const defined = new Map<string, Token[]>()
  const open: { label: string; tokens: Token[] }[] = []
  for (const token of tokens) {
    if (token.type === 'footnote_reference_open') {
      open.push({ label: String(token.meta?.label), tokens: [] })
    } else if (token.type === 'footnote_reference_close') {
      const note = open.pop()
      if (note && !defined.has(note.label)) defined.set(note.label, note.tokens)
    } else {
      const target = open.at(-1)?.tokens ?? body
      target.push(token)
    }
  }
  return { body, defined }
}

// A label never holds a space, so the key of a note written in place (`^[like this]`) is a space and its index.
function noteNumber(reference: Token, notes: Notes): number {
  const { label, id } = reference.meta as { label?: string; id: number }
  const key = label ?? ` ${id}`
  const number = notes.numbers.get(key) ?? notes.numbers.size + 1
  notes.numbers.set(key, number)
  return number
}

function foldNote(key: string, notes: Notes): Block[] {
  if (!key.startsWith(' ')) return foldBlocks({ tokens: notes.defined.get(key) ?? [], at: 0 }, notes)
  const tokens = notes.inline[Number(key)]?.tokens ?? []
  return [{ type: 'paragraph', children: foldInlines({ tokens, at: 0 }, notes) }]
}

/** Blocks up to the close of the container that the cursor stands in, or to the end. */
function foldBlocks(cursor: Cursor, notes: Notes): Block[] {
  const blocks: Block[] = []
  for (let token = next(cursor); token && token.nesting >= 0; token = next(cursor)) {
    const block = foldBlock(token, cursor, notes)
    if (block) blocks.push(block)
  }
  return blocks
}

function foldBlock(token: Token, cursor: Cursor, notes: Notes): Block | null {
  switch (token.type) {
    case 'paragraph_open':
      return { type: 'paragraph', children: foldContent(cursor, notes) }
    case 'heading_open':
      return {
        type: 'heading',
        level: Number(token.tag.slice(1)) as 1 | 2 | 3 | 4 | 5 | 6,
        children: foldContent(cursor, notes),
      }
    case 'blockquote_open':
      return { type: 'quote', children: foldBlocks(cursor, notes) }
    case 'bullet_list_open':
    case 'ordered_list_open':
      return foldList(token, cursor, notes)
    case 'table_open':
      return foldTable(cursor, notes)
    case 'math_block':
      return { type: 'math', tex: token.content }
    case 'fence':
    case 'code_block':
      if (codeLanguage(token.info) === 'math') return { type: 'math', tex: token.content.trim() }
      // The last line end belongs to the fence, not to the code.
      return { type: 'code', language: codeLanguage(token.info), text: token.content.replace(/\n$/, '') }
    case 'hr':
      return { type: 'rule' }
    case 'html_block':
      return foldHtml(token.content, notes)
    default:
      return null
  }
}

/** The one run of inline content of a paragraph, heading or table cell, and the close behind it. */
function foldContent(cursor: Cursor, notes: Notes): Inline[] {
  const content = next(cursor)
  next(cursor)
  return foldInlines({ tokens: content?.children ?? [], at: 0 }, notes)
}

function foldList(open: Token, cursor: Cursor, notes: Notes): Block {
  const items: ListItem[] = []
  const first = cursor.at
  for (let token = next(cursor); token && token.nesting >= 0; token = next(cursor))
    items.push(foldItem(foldBlocks(cursor, notes)))
  // markdown-it marks a tight list by hiding the paragraphs that stand directly in its items.
  const loose = cursor.tokens
    .slice(first, cursor.at)
    .some((token) => token.type === 'paragraph_open' && token.level === open.level + 2 && !token.hidden)
  const start = Number(open.attrGet('start') ?? 1)
  return { type: 'list', ordered: open.type === 'ordered_list_open', start, tight: !loose, items }
}

/** GitHub's task list: an item that begins with "[ ] " or "[x] ". */
function foldItem(children: Block[]): ListItem {
  const first = children[0]
  const text = first?.type === 'paragraph' ? first.children[0] : undefined
  const box = text?.type === 'text' ? /^\[([ xX])\]\s+/.exec(text.text) : null
  if (first?.type !== 'paragraph' || text?.type !== 'text' || !box) return { checked: null, children }
  const behind = text.text.slice(box[0].length)
  const rest = [...(behind ? [{ ...text, text: behind }] : []), ...first.children.slice(1)]
  return { checked: box[1] !== ' ', children: [{ ...first, children: rest }, ...children.slice(1)] }
}

function foldTable(cursor: Cursor, notes: Notes): Block {
  const rows: Inline[][][] = []
  const align: Align[] = []
  for (let token = next(cursor); token && token.type !== 'table_close'; token = next(cursor)) {
    if (token.type === 'tr_open') rows.push([])
    if (token.type !== 'th_open' && token.type !== 'td_open') continue
    if (token.type === 'th_open') align.push(cellAlign(token))
    rows.at(-1)?.push(foldContent(cursor, notes))
  }
  return { type: 'table', align, head: rows[0] ?? [], rows: rows.slice(1) }
}

function cellAlign(cell: Token): Align {
  const style = /text-align:(left|center|right)/.exec(String(cell.attrGet('style') ?? ''))
  return (style?.[1] as Align | undefined) ?? null
}

/** Inline nodes up to the close of the node that the cursor stands in, or to the end; neighbouring texts become one. */
function foldInlines(cursor: Cursor, notes: Notes): Inline[] {
  const nodes: Inline[] = []
  for (let token = next(cursor); token && token.nesting >= 0; token = next(cursor)) {
    const node = foldInline(token, cursor, notes)
    const last = nodes.at(-1)
    if (node?.type === 'text' && last?.type === 'text') last.text += node.text
    else if (node && !(node.type === 'text' && node.text === '')) nodes.push(node)
  }
  return nodes
}

function foldInline(token: Token, cursor: Cursor, notes: Notes): Inline | null {
  switch (token.type) {
    case 'em_open':
      return { type: 'emphasis', children: foldInlines(cursor, notes) }
    case 'strong_open':
      return { type: 'strong', children: foldInlines(cursor, notes) }
    case 's_open':
      return { type: 'strike', children: foldInlines(cursor, notes) }
    case 'link_open':
      return {
        type: 'link',
        href: attribute(token, 'href'),
        title: attribute(token, 'title'),
        children: foldInlines(cursor, notes),
      }
    case 'image':
      return {
        type: 'image',
        src: attribute(token, 'src'),
        alt: altText(token.children ?? []),
        title: attribute(token, 'title'),
      }
    case 'code_inline':
      return { type: 'code', text: token.content }
    case 'math_inline':
      return { type: 'math', tex: token.content }
    case 'softbreak':
      return { type: 'text', text: '\n' }
    case 'hardbreak':
      return { type: 'break' }
    case 'footnote_ref':
      return { type: 'footnote', number: noteNumber(token, notes) }
    case 'html_inline':
      return foldHtml(token.content, notes)
    default:
      return { type: 'text', text: cleanText(token.content) }
  }
}

// Comments say nothing to a reader. Keeping them would send every post with an editor's mark through the sanitizer.
function foldHtml(html: string, notes: Notes): { type: 'html'; html: string } | null {
  if (isComment(html) && !MORE.test(html)) return null
  notes.hasRawHtml = true
  return { type: 'html', html }
}

/** True for comments and nothing else; one that is never closed hides all that follows it, as in a browser. */
function isComment(html: string): boolean {
  let rest = html.trim()
  while (rest.startsWith('<!--')) {
    const end = rest.indexOf('-->', 2)
    if (end < 0) return true
    rest = rest.slice(end + 3).trimStart()
  }
  return rest === ''
}

function altText(tokens: Token[]): string {
  return cleanText(
    tokens
      .map((token) => {
        if (token.type === 'image') return altText(token.children ?? [])
        if (token.type === 'math_inline') return mathText(token.content)
        if (token.type === 'softbreak' || token.type === 'hardbreak') return ' '
        return token.type === 'html_inline' ? '' : token.content
      })
      .join(''),
  )
}

function attribute(token: Token, name: string): string {
  return cleanText(String(token.attrGet(name) ?? ''))
}

/** The first word of a fence's info: `js` of "js {1,3}" and of "js|esm", `c++` of "c++". */
function codeLanguage(info: string): string {
  return /^[\w#+.-]+/.exec(info.trim())?.[0] ?? ''
}

function next(cursor: Cursor): Token | undefined {
  return cursor.tokens[cursor.at++]
}
