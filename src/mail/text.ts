/**
 * A post's tree as plain text, for the part of a message that mutt, watches and screen readers show: 78 columns,
 * links as numbered notes, tables in columns, code indented. RFC 5322, 2.1.1: "Each line of characters MUST be no more
 * than 998 characters, and SHOULD be no more than 78 characters, excluding the CRLF."
 */
import { oneLine } from '../posts/plain.ts'
import type { Block, Inline, ListItem, Tree } from '../posts/tree.ts'
import type { MailWords } from '../words/words.ts'
import { mailAddress, safeHtml } from './safe-html.ts'
import { withoutMarks } from './template.ts'

export const WIDTH = 78

/**
 * Renders a tree as text; where it has links, a numbered list of their addresses ends it.
 *
 * @param options.url absolute address of the post, which relative addresses in it are relative to
 */
export function renderText(tree: Tree, options: { url: string; words: MailWords }): string {
  const links: string[] = []
  const around: Around = { ...options, links, openLink: null, width: WIDTH }
  const parts = [blocks(tree.children, around)]
  if (tree.footnotes.length > 0) {
    parts.push(underlined(options.words.notes, '-'))
    for (const note of tree.footnotes)
      parts.push(hanging(`${note.number}. `, (width) => blocks(note.children, { ...around, width }), WIDTH))
  }
  if (links.length > 0) {
    const numbered = links.map((address, index) => `[${index + 1}] ${address}`)
    parts.push(`${underlined(options.words.links, '-')}\n\n${numbered.join('\n')}`)
  }
  return withoutMarks(parts.filter((part) => part !== '').join('\n\n'))
}

/** A line of text with a line of `mark` below it, as wide as the text; long text is wrapped first. */
export function underlined(text: string, mark: string): string {
  const lines = wrap(text, WIDTH)
  return `${lines}\n${mark.repeat(Math.max(3, ...lines.split('\n').map(columns)))}`
}

/**
 * Breaks text between words so that no line is wider than `width` columns. A word that is wider alone, such as an
 * address, stays whole; a run of Chinese or Japanese, which has no spaces, is broken between characters.
 */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => {
      const lines: string[] = []
      let current = ''
      for (const word of line.split(/[ \t]+/).flatMap((each) => breakable(each, width))) {
        const joined = current === '' || word.glued ? current + word.text : `${current} ${word.text}`
        if (current !== '' && columns(joined) > width) {
          lines.push(current)
          current = word.text
        } else {
          current = joined
        }
      }
      return [...lines, current].join('\n')
    })
    .join('\n')
}

/** How many columns of a terminal a text takes: Chinese, Japanese, Korean and emoji take two each. */
export function columns(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of characters.segment(text)) width += WIDE.test(segment) ? 2 : 1
  return width
}

// What a reader sees as one character, whatever it is made of.
const characters = new Intl.Segmenter()

const WIDE =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]/u

type Around = {
  url: string
  words: MailWords
  /** Addresses in the order of their numbers. */
  links: string[]
  /** The address of a raw <a> that stands open. */
  openLink: string | null
  width: number
}

function breakable(word: string, width: number): { text: string; glued: boolean }[] {
  if (columns(word) <= width || !WIDE.test(word)) return [{ text: word, glued: false }]
  return [...characters.segment(word)].map(({ segment }, index) => ({
    text: segment,
    glued: index > 0,
  }))
}

function blocks(children: Block[], around: Around, tight = false): string {
  return children
    .map((child) => block(child, around))
    .filter((text) => text !== '')
    .join(tight ? '\n' : '\n\n')
}

function block(node: Block, around: Around): string {
  switch (node.type) {
    case 'heading':
      return underlined(inlines(node.children, around), node.level <= 2 ? '-' : '~')
    case 'paragraph':
      return wrap(inlines(node.children, around).trim(), around.width)
    case 'quote':
      return prefixed('> ', '> ', blocks(node.children, { ...around, width: around.width - 2 }))
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
    case 'table':
      return table(node.head, node.rows, node.align, around)
    case 'rule':
      return '* * *'
    case 'html':
      return wrap(
        htmlText(node.html, around)
          .trim()
          .replace(/\n{3,}/g, '\n\n'),
        around.width,
      )
    default: {
      const never: never = node
      return never
    }
  }
}

function listItem(item: ListItem, mark: string, tight: boolean, around: Around): string {
  const box = item.checked === null ? '' : item.checked ? '[x] ' : '[ ] '
  return hanging(mark + box, (width) => blocks(item.children, { ...around, width }, tight), around.width)
}

/** Text behind a mark such as `- `, its other lines as far to the right as the first. */
function hanging(mark: string, text: (width: number) => string, width: number): string {
  return prefixed(mark, ' '.repeat(mark.length), text(width - mark.length))
}

function prefixed(first: string, others: string, text: string): string {
  return text
    .split('\n')
    .map((line, index) => ((index === 0 ? first : others) + line).trimEnd())
    .join('\n')
}

function table(head: Inline[][], rows: Inline[][][], align: (string | null)[], around: Around): string {
  const texts = [head, ...rows].map((row) => row.map((cell) => oneLine(inlines(cell, around))))
  const widths = (texts[0] ?? []).map((_, column) =>
    Math.max(...texts.map((row) => columns(row[column] ?? ''))),
  )
  const total = widths.reduce((sum, width) => sum + width + 2, -2)
  if (total > around.width) return records(texts, around)
  const line = (row: string[]) =>
    widths
      .map((width, column) => pad(row[column] ?? '', width, align[column] ?? 'left'))
      .join('  ')
      .trimEnd()
  return [
    line(texts[0] ?? []),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...texts.slice(1).map(line),
  ].join('\n')
}

/** A table that is too wide for columns: each row as lines of "Head: cell". */
function records([head = [], ...rows]: string[][], around: Around): string {
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const label = head[column] ? `${head[column]}: ` : ''
          return hanging(column === 0 ? '' : '  ', (width) => wrap(label + cell, width), around.width)
        })
        .join('\n'),
    )
    .join('\n\n')
}

function pad(text: string, width: number, align: string): string {
  const space = width - columns(text)
  const before = align === 'right' ? space : align === 'center' ? Math.floor(space / 2) : 0
  return ' '.repeat(before) + text + ' '.repeat(space - before)
}

function inlines(children: Inline[], around: Around): string {
  return children.map((child) => inline(child, around)).join('')
}

function inline(node: Inline, around: Around): string {
  switch (node.type) {
    case 'text':
      return node.text.replace(/\s+/g, ' ')
    case 'emphasis':
      return `_${inlines(node.children, around)}_`
    case 'strong':
      return `*${inlines(node.children, around)}*`
    case 'strike':
      return `~${inlines(node.children, around)}~`
    case 'code':
      return `\`${node.text}\``
    case 'link':
      return noted(inlines(node.children, around), node.href, around)
    case 'image':
      return node.alt === '' ? '' : `[${around.words.picture(oneLine(node.alt))}]`
    case 'break':
      return '\n'
    case 'footnote':
      return ` [${around.words.note(node.number)}]`
    case 'html':
      return htmlText(node.html, around)
    default: {
      const never: never = node
      return never
    }
  }
}

/** A link's text with the number of its address; an address that is its own text needs no number. */
function noted(text: string, href: string, around: Around): string {
  const address = mailAddress(href, around.url)
  if (address === null) return text
  if (text === address || `mailto:${text}` === address || text === href) return text
  const known = around.links.indexOf(address)
  const number = known >= 0 ? known + 1 : around.links.push(address)
  return `${text} [${number}]`
}

/**
 * Raw HTML as text: what the sanitizer of the HTML part leaves of it, with line breaks where blocks end. In a
 * paragraph the tags of a link come one by one with the text between them, so the address waits for its end.
 */
function htmlText(html: string, around: Around): string {
  if (/^<\/a\s*>$/i.test(html)) {
    const href = around.openLink
    around.openLink = null
    return href === null ? '' : noted('', href, around)
  }
  const safe = safeHtml(html, { ...around, language: 'en' })
  const opened = safe.match(/^<a href="([^"]*)"[^>]*><\/a>$/)
  if (opened) {
    around.openLink = unescapeHtml(opened[1] ?? '')
    return ''
  }
  return unescapeHtml(
    safe
      .replace(/\s+/g, ' ')
      .replace(/<a href="([^"]*)"[^>]*>(.*?)<\/a>/g, (_, href: string, text: string) =>
        noted(text.replace(/<[^>]*>/g, ''), unescapeHtml(href), around),
      )
      .replace(/<img [^>]*?alt="([^"]+)"[^>]*>/g, (_, alt: string) => `[${around.words.picture(alt)}]`)
      .replace(/ ?<(br|\/(p|div|li|tr|h\d|summary|caption|figcaption|blockquote|pre))\b[^>]*> ?/g, '\n')
      .replace(/<[^>]*>/g, ''),
  ).replace(/\u00A0/g, ' ')
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}
