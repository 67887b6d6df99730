/**
 * Harmless HTML back to nodes of the tree, so that what an author wrote as raw HTML becomes text by the same rules as
 * what they wrote as Markdown: a raw table stands in columns, a raw list has its marks.
 */
import { unescapeHtml } from '../markup.ts'
import { subscript, superscript } from '../posts/math.ts'
import type { Block, Inline, ListItem } from '../posts/tree.ts'

type Element = { tag: string; attributes: Record<string, string>; children: Node[] }
type Node = Element | { tag: null; node: Inline }

/** @param safe what the sanitizer left, which writes every tag in one way */
export function readBlocks(safe: string): Block[] {
  return blocksOf(read([safe]))
}

/**
 * @param parts in order: nodes that stay as they are, and HTML of which a piece may be one tag alone, since Markdown
 *   gives the tags of a sentence one by one
 */
export function readInlines(parts: (string | Inline)[]): Inline[] {
  return inlinesOf(read(parts))
}

const TOKENS = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"]*")?)*) ?\/?>|[^<]+|</g
// Deeper than anybody writes: what is nested further stands side by side.
const DEEPEST = 100
const VOID = new Set(['br', 'hr', 'img'])

function read(parts: (string | Inline)[]): Node[] {
  const root: Element = { tag: '', attributes: {}, children: [] }
  const open = [root]
  const add = (node: Node) => open.at(-1)?.children.push(node)
  for (const part of parts) {
    if (typeof part !== 'string') {
      add({ tag: null, node: part })
      continue
    }
    for (const [whole, slash, tag, attributes = ''] of part.matchAll(TOKENS)) {
      if (tag === undefined) add({ tag: null, node: { type: 'text', text: unescapeHtml(whole) } })
      else if (slash) {
        const at = open.findLastIndex((element) => element.tag === tag)
        if (at > 0) open.length = at
      } else {
        const element: Element = { tag, attributes: attributesOf(attributes), children: [] }
        add(element)
        if (!VOID.has(tag) && open.length < DEEPEST) open.push(element)
      }
    }
  }
  return root.children
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(text.matchAll(/ ([a-z-]+)="([^"]*)"/g), ([, name = '', value = '']) => [
      name,
      unescapeHtml(value),
    ]),
  )
}

const BLOCKS = new Set(
  'p h2 h3 h4 h5 h6 blockquote ul ol li dl dt dd pre hr table caption thead tbody tfoot tr th td div figure figcaption'.split(
    ' ',
  ),
)

function blocksOf(nodes: Node[]): Block[] {
  const blocks: Block[] = []
  let run: Node[] = []
  const flush = () => {
    const children = trimmed(inlinesOf(run))
    if (children.length > 0) blocks.push({ type: 'paragraph', children })
    run = []
  }
  for (const node of nodes) {
    if (node.tag === null || !hasBlock(node)) run.push(node)
    else {
      flush()
      blocks.push(...blockOf(node))
    }
  }
  flush()
  return blocks
}

/** True for a block, and for a link or a word of emphasis around one. */
function hasBlock(node: Node): boolean {
  return node.tag !== null && (BLOCKS.has(node.tag) || node.children.some(hasBlock))
}

function blockOf({ tag, attributes, children }: Element): Block[] {
  switch (tag) {
    case 'h2':
    case 'h3':
    case 'h4':
    case 'h5':
    case 'h6':
      return [
        {
          type: 'heading',
          level: Number(tag[1]) as 2 | 3 | 4 | 5 | 6,
          children: trimmed(inlinesOf(children)),
        },
      ]
    case 'blockquote':
      return [{ type: 'quote', children: blocksOf(children) }]
    case 'ul':
    case 'ol': {
      // What stands between the items is one as well, as browsers show it.
      const items = children.flatMap((child) => {
        const item = itemOf(child)
        return child.tag === 'li' || item.children.length > 0 ? [item] : []
      })
      const tight = !items.some(({ children: [first, second] }) => first && second?.type === 'paragraph')
      const start = Number.parseInt(attributes.start ?? '1', 10)
      return [{ type: 'list', ordered: tag === 'ol', start: Number.isNaN(start) ? 1 : start, tight, items }]
    }
    case 'dl':
      return children.flatMap((child) => {
        if (child.tag !== 'dd') return blocksOf([child])
        return [{ type: 'list' as const, ordered: false, start: 1, tight: true, items: [itemOf(child)] }]
      })
    case 'pre':
      return [{ type: 'code', language: '', text: codeOf(children) }]
    case 'hr':
      return [{ type: 'rule' }]
    case 'table':
      return attributes.role === 'presentation'
        ? cells(children).flatMap((cell) => card(blocksOf(cell)))
        : tableOf(children)
    default:
      return blocksOf(children)
  }
}

/** A title and a line below it are one paragraph of two lines. */
function card([title, below, ...others]: Block[]): Block[] {
  const blocks = [title, below, ...others].filter((block) => block !== undefined)
  if (title?.type !== 'paragraph' || below?.type !== 'paragraph' || others.length > 0) return blocks
  return [{ type: 'paragraph', children: [...title.children, { type: 'break' }, ...below.children] }]
}

function itemOf(node: Node): ListItem {
  const isItem = node.tag === 'li' || node.tag === 'dd'
  return { checked: null, children: blocksOf(isItem ? node.children : [node]) }
}

/** The contents of the cells of a table, whatever they stand in. */
function cells(nodes: Node[]): Node[][] {
  return nodes.flatMap((node) => {
    if (node.tag === null) return []
    return node.tag === 'td' || node.tag === 'th' ? [node.children] : cells(node.children)
  })
}

function tableOf(nodes: Node[]): Block[] {
  const elements = elementsIn(nodes)
  const captions = elements.filter(({ tag }) => tag === 'caption')
  const rows = elements.flatMap((element) => (element.tag === 'tr' ? [element] : rowsIn(element)))
  const texts = rows.map((row) => cells([row]).map((cell) => trimmed(inlinesOf(cell))))
  const isHead = rows[0]?.children.every((cell) => cell.tag !== 'td') ?? false
  const width = Math.max(0, ...texts.map((row) => row.length))
  const head = isHead ? (texts[0] ?? []) : []
  const align = Array.from({ length: width }, () => null)
  return [
    ...blocksOf(captions.flatMap((caption) => caption.children)),
    { type: 'table', align, head, rows: isHead ? texts.slice(1) : texts },
  ]
}

function rowsIn({ children }: Element): Element[] {
  return elementsIn(children).filter(({ tag }) => tag === 'tr')
}

function elementsIn(nodes: Node[]): Element[] {
  return nodes.filter((node) => node.tag !== null)
}

/** Code as it was, before its spaces and line ends were made for Word. */
function codeOf(nodes: Node[]): string {
  return nodes
    .map((node) => {
      if (node.tag !== null) return node.tag === 'br' ? '\n' : codeOf(node.children)
      return node.node.type === 'text' ? node.node.text.replaceAll('\u00A0', ' ') : ''
    })
    .join('')
    .replace(/^\n|\n$/g, '')
}

function inlinesOf(nodes: Node[]): Inline[] {
  return nodes.flatMap(inlineOf)
}

function inlineOf(element: Node): Inline[] {
  if (element.tag === null) return [element.node]
  const { tag, attributes } = element
  const children = inlinesOf(element.children)
  switch (tag) {
    case 'a':
      return [{ type: 'link', href: attributes.href ?? '', title: '', children }]
    case 'b':
    case 'strong':
      return [{ type: 'strong', children }]
    case 'i':
    case 'em':
    case 'cite':
      return [{ type: 'emphasis', children }]
    case 's':
    case 'del':
      return [{ type: 'strike', children }]
    case 'code':
    case 'samp':
      return children.every((child) => child.type === 'text')
        ? [{ type: 'code', text: children.map((child) => child.text).join('') }]
        : children
    case 'q':
      return [{ type: 'text', text: '“' }, ...children, { type: 'text', text: '”' }]
    case 'rt':
      return [{ type: 'text', text: '(' }, ...children, { type: 'text', text: ')' }]
    // The parentheses for those who draw no ruby are above.
    case 'rp':
      return []
    case 'sup':
    case 'sub':
      return small(children, tag === 'sup' ? superscript : subscript)
    case 'br':
      return [{ type: 'break' }]
    case 'img':
      return [{ type: 'image', src: attributes.src ?? '', alt: attributes.alt ?? '', title: '' }]
    case 'span':
      // A sign for the eye, beside words that say the same.
      return attributes['aria-hidden'] === 'true' ? [] : children
    default:
      return BLOCKS.has(tag) ? [{ type: 'break' }, ...children, { type: 'break' }] : children
  }
}

/** "x²" and "H₂O"; "4th" and "ᵗʰ" are read alike, and words stay whole. */
function small(children: Inline[], made: (text: string) => string | null): Inline[] {
  const text = children.map((child) => (child.type === 'text' ? child.text : '??')).join('')
  const script = /^([+−-]?\d+[+−-]?|.)$/u.test(text) ? made(text.replaceAll('-', '−')) : null
  return script === null ? children : [{ type: 'text', text: script }]
}

/** Without the line breaks and the spaces at its ends. */
function trimmed(nodes: Inline[]): Inline[] {
  const isBlank = (node: Inline) =>
    node.type === 'break' || (node.type === 'text' && /^[ \t\n]*$/.test(node.text))
  const first = nodes.findIndex((node) => !isBlank(node))
  return first < 0 ? [] : nodes.slice(first, nodes.findLastIndex((node) => !isBlank(node)) + 1)
}
