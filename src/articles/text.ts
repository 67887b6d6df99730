/**
 * A post's tree as plain text, for the part of a message that mutt, watches and screen readers show: 78 columns,
 * links as numbered notes, tables in columns, code indented.
 */
import { directionOf } from '../markup.ts'
import { mathText } from '../posts/math.ts'
import { oneLine } from '../posts/plain.ts'
import type { Block, Inline, ListItem, Tree } from '../posts/tree.ts'
import { withoutMarks } from '../slots.ts'
import type { MailWords } from '../words/words.ts'
import { hanging, prefixed } from './indent.ts'
import { cardOf, withCards } from './players.ts'
import { readBlocks, readInlines } from './read-html.ts'
import { type ArticleOptions, mailAddress, safeHtml, shownPicture } from './safe-html.ts'
import { layOutTable } from './text-table.ts'
import { columns, isolated, WIDTH, withoutLongLines, wrap } from './wrap.ts'

/** Addresses in the order of their numbers. */
export type Links = Map<string, number>

export type TextOptions = ArticleOptions & {
  words: Pick<MailWords, 'notes' | 'note' | 'links'>
  /**
   * The addresses of a message that has several articles, and their numbers, which go on from one article to the next;
   * `linkNotes` ends the message. Without, each article ends in its own.
   */
  links?: Links
}

/** Renders a tree as text, in the post's own language. */
export function renderText(tree: Tree, options: TextOptions): string {
  const links: Links = options.links ?? new Map()
  const levels = tree.children.flatMap((node) => (node.type === 'heading' ? [node.level] : []))
  const around: Around = {
    options,
    links,
    direction: directionOf(options.language),
    topLevel: Math.min(...levels),
    // Below a title that is underlined like that itself there is one mark left for all.
    topMark: options.top === 3 ? '~' : '-',
    isHtml: false,
    isInLink: false,
    tags: new Map(),
    width: WIDTH,
  }
  const parts = [blocks(tree.children, around)]
  if (tree.footnotes.length > 0) {
    parts.push(underlined(options.words.notes, around.topMark))
    const last = String(tree.footnotes.at(-1)?.number).length
    for (const note of tree.footnotes) {
      const mark = `${String(note.number).padStart(last)}. `
      parts.push(hanging(mark, (width) => blocks(note.children, { ...around, width }), WIDTH))
    }
  }
  if (options.links === undefined) parts.push(linkNotes(links, options.words))
  return withoutLongLines(withoutMarks(parts.filter((part) => part !== '').join('\n\n')))
}

/** The numbered list of addresses; empty where there are none. */
export function linkNotes(links: Links, words: Pick<MailWords, 'links'>): string {
  if (links.size === 0) return ''
  const last = String(links.size).length
  const numbered = Array.from(links, ([address, number]) => `${`[${number}]`.padStart(last + 2)} ${address}`)
  return `${underlined(words.links, '-')}\n\n${numbered.join('\n')}`
}

/** A line of text with a line of `mark` below it, as wide as the text; long text is wrapped first. */
export function underlined(text: string, mark: string, width = WIDTH): string {
  const lines = wrap(text, width)
  return `${lines}\n${mark.repeat(Math.min(width, Math.max(3, ...lines.split('\n').map(columns))))}`
}

type Around = {
  options: TextOptions
  links: Links
  direction: 'ltr' | 'rtl'
  /** The level of the article's main headings, and what they are underlined with. */
  topLevel: number
  topMark: '-' | '~'
  /** In what was read from HTML there are no more cards to be made. */
  isHtml: boolean
  isInLink: boolean
  /** What the sanitizer left of raw tags in sentences: there are few kinds, many times. */
  tags: Map<string, string>
  width: number
}

function blocks(children: Block[], around: Around, tight = false): string {
  return children
    .map((child) => block(child, around))
    .filter((text) => text !== '')
    .join(tight ? '\n' : '\n\n')
}

function block(node: Block, around: Around): string {
  switch (node.type) {
    case 'heading': {
      const text = inlines(node.children, around).trim()
      return text === ''
        ? ''
        : underlined(text, node.level <= around.topLevel ? around.topMark : '~', around.width)
    }
    case 'paragraph': {
      const card = around.isHtml ? null : cardOf(node.children, around.options)
      if (card !== null)
        return blocks(readBlocks(safeHtml(card, around.options)), { ...around, isHtml: true })
      return wrap(inlines(node.children, around).trim(), around.width)
    }
    case 'quote':
      return prefixed('> ', '> ', blocks(node.children, narrower(around, 2)))
    case 'list': {
      const last = String(node.start + node.items.length - 1).length
      const items = node.items.map((item, index) =>
        listItem(
          item,
          node.ordered ? `${String(node.start + index).padStart(last)}. ` : '- ',
          node.tight,
          around,
        ),
      )
      return items.join(node.tight ? '\n' : '\n\n')
    }
    case 'code':
      return prefixed('    ', '    ', node.text.replace(/\n$/, ''))
    case 'math':
      return prefixed('    ', '    ', formula(mathText(node.tex, '\n'), narrower(around, 4).width))
    case 'table':
      return table(node, around)
    case 'rule':
      return '* * *'
    case 'html': {
      const { options } = around
      const safe = safeHtml(withCards(node.html, options), options)
      return blocks(readBlocks(safe), { ...around, isHtml: true })
    }
    default: {
      const never: never = node
      return never
    }
  }
}

/** A formula; a line of it that goes on with "=" does so below the sign of the first. */
function formula(text: string, width: number): string {
  const [first = '', ...others] = text.split('\n')
  const sign = columns(first.split(/ [=≠<>≤≥≈≡∼→⇒⇔] /, 1)[0] ?? '') + 1
  const space = ' '.repeat(sign < width / 2 ? sign : 2)
  const lines = others.map((line) => {
    const goesOn = /^[=≠<>≤≥≈≡∼→⇒⇔] /.test(line)
    return goesOn ? prefixed(space, `${space}  `, wrap(line, width - space.length)) : wrap(line, width)
  })
  return [wrap(first, width), ...lines].join('\n')
}

// Ten quotations in each other leave no room; then lines are too long rather than one word each.
function narrower(around: Around, columns: number): Around {
  return { ...around, width: Math.max(20, around.width - columns) }
}

function listItem(item: ListItem, mark: string, tight: boolean, around: Around): string {
  const box = item.checked === null ? '' : item.checked ? '[x] ' : '[ ] '
  const [first, ...rest] = item.children
  if (box === '' || first?.type !== 'paragraph')
    return hanging(mark + box, (width) => blocks(item.children, { ...around, width }, tight), around.width)
  // The lines of the task hang behind its box, what belongs to it below the box.
  const task = hanging(mark + box, (width) => block(first, { ...around, width }), around.width)
  const others = (width: number) => blocks(rest, { ...around, width }, tight)
  if (rest.length === 0) return task
  const space = ' '.repeat(mark.length)
  return `${task}${tight ? '\n' : '\n\n'}${hanging(space, others, around.width)}`
}

function table({ head, rows, align }: Extract<Block, { type: 'table' }>, around: Around): string {
  const [heads = [], ...others] = [head, ...rows].map((row) =>
    row.map((cell) => isolated(oneLine(inlines(cell, around)), around.direction)),
  )
  return layOutTable(heads, others, align, around.width)
}

function inlines(children: Inline[], around: Around): string {
  const read = children.some((child) => child.type === 'html')
    ? readInlines(htmlParts(children, around))
    : children
  return read.map((child) => inline(child, around)).join('')
}

const HIDDEN = /^<(\/?)(script|style|template|textarea|option|noscript|title|xmp)\b/i

/** The children with raw HTML as what the sanitizer leaves of it: of a tag that stands open, that tag. */
function htmlParts(children: Inline[], { options, tags }: Around): (string | Inline)[] {
  let hidden = ''
  return children.flatMap((node): (string | Inline)[] => {
    const [, slash = '', name = ''] = (node.type === 'html' && HIDDEN.exec(node.html)) || []
    if (hidden !== '') {
      if (slash !== '' && name.toLowerCase() === hidden) hidden = ''
      return []
    }
    if (name !== '' && slash === '') {
      hidden = name.toLowerCase()
      return []
    }
    if (node.type !== 'html') return [node]
    const [, end] = /^<\/([a-z][a-z0-9]*)\s*>$/i.exec(node.html) ?? []
    if (end !== undefined) return [`</${end.toLowerCase()}>`]
    const safe = tags.get(node.html) ?? safeHtml(node.html, options)
    tags.set(node.html, safe)
    const [, tag = ''] = /^<([a-z][a-z0-9]*)/i.exec(node.html) ?? []
    const closed = `</${tag.toLowerCase()}>`
    const isOpen = safe.startsWith(`<${tag.toLowerCase()}`) && safe.endsWith(`>${closed}`)
    return [isOpen ? safe.slice(0, -closed.length) : safe]
  })
}

function inline(node: Inline, around: Around): string {
  const { words } = around.options
  switch (node.type) {
    case 'text':
      return node.text.replace(/[ \t\n]+/g, ' ')
    case 'emphasis':
      return marked('_', node.children, around)
    case 'strong':
      return marked('*', node.children, around)
    case 'strike':
      return marked('~', node.children, around)
    case 'code':
      return isolated(`\`${node.text}\``, around.direction)
    case 'math':
      return isolated(mathText(node.tex), around.direction)
    case 'link':
      return link(node, around)
    case 'image':
      return picture(node, around)
    case 'break':
      return '\n'
    case 'footnote':
      // The note's name and its number stay on one line.
      return ` [${words.note(node.number).replaceAll(' ', '\u00A0')}]`
    case 'html':
      return ''
    default: {
      const never: never = node
      return never
    }
  }
}

/** The words of a picture; those of one that the HTML part cannot show either have its address, as there. */
function picture({ src, alt }: Extract<Inline, { type: 'image' }>, around: Around): string {
  const { options, direction } = around
  const text = alt.trim() === '' ? '' : `[${isolated(options.words.picture(oneLine(alt)), direction)}]`
  if (around.isInLink || shownPicture(src, options) !== null) return text
  return noted(text, src, true, around)
}

/** The marks of emphasis, where there is something to be emphasized; spaces stand outside of them. */
function marked(mark: string, children: Inline[], around: Around): string {
  const whole = inlines(children, around)
  const text = whole.trim()
  if (text === '') return whole
  const start = whole.length - whole.trimStart().length
  return whole.slice(0, start) + mark + text + mark + whole.slice(start + text.length)
}

function link({ href, children }: Extract<Inline, { type: 'link' }>, around: Around): string {
  const text = inlines(children, { ...around, isInLink: true })
  return noted(
    text,
    href,
    children.some((child) => child.type === 'image'),
    around,
  )
}

/** A link's text with the number of its address; an address that is its own text needs no number. */
function noted(text: string, href: string, isPicture: boolean, around: Around): string {
  const { options, links, direction } = around
  const address = mailAddress(href, options.url)
  if (address === null) return text
  const bare = text.trim()
  if (bare === address || `mailto:${bare}` === address || bare === href) return text
  if (bare === '' && !isPicture) return text
  const shown = bare === '' ? `[${options.words.picture('')}]` : isolated(text, direction)
  const number = links.get(address) ?? links.size + 1
  links.set(address, number)
  return `${shown} [${number}]`
}
