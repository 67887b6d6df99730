import MarkdownIt from 'markdown-it'
import { cleanText } from './characters.ts'
import { mathText } from './math.ts'
import type { Block, Inline } from './tree.ts'

const { unescapeAll } = new MarkdownIt().utils

/**
 * The words of blocks as one paragraph of plain text, for summaries and titles: no marks, no footnote numbers, no
 * pictures, raw HTML without its tags. It is text: whoever writes it into HTML or XML escapes it.
 */
export function toPlainText(blocks: Block[]): string {
  return oneLine(blocks.map(blockText).join(' '))
}

/**
 * The text with every run of line ends, tabs and spaces as one space, and none at its ends. A space that is wide, or
 * may not break a line, was meant: "10 000 €" has two of them.
 */
export function oneLine(text: string): string {
  return text.replace(/[ \t\n\v\f\r\u2028\u2029]+/g, ' ').replace(/^ | $/g, '')
}

function blockText(block: Block): string {
  switch (block.type) {
    case 'heading':
    case 'paragraph':
      return inlineText(block.children)
    case 'quote':
      return toPlainText(block.children)
    case 'list':
      return block.items.map((item) => toPlainText(item.children)).join(' ')
    case 'code':
      return block.text
    case 'math':
      return mathText(block.tex)
    case 'table':
      return [block.head, ...block.rows].map((row) => row.map(inlineText).join(' ')).join(' ')
    case 'rule':
      return ''
    case 'html':
      return htmlText(block.html)
    default: {
      const never: never = block
      return never
    }
  }
}

function inlineText(nodes: Inline[]): string {
  return withoutHidden(nodes)
    .map((node) => {
      switch (node.type) {
        case 'text':
        case 'code':
          return node.text
        case 'math':
          return mathText(node.tex)
        case 'break':
          return ' '
        case 'emphasis':
        case 'strong':
        case 'strike':
        case 'link':
          return inlineText(node.children)
        case 'image':
        case 'footnote':
          return ''
        // Inline HTML is one tag or comment: the text between two of them has nodes of its own.
        case 'html':
          return /^<br\b/i.test(node.html) ? ' ' : ''
        default: {
          const never: never = node
          return never
        }
      }
    })
    .join('')
}

// Inline HTML is one tag for each node, and what a script or a style holds is text between two of them.
function withoutHidden(nodes: Inline[]): Inline[] {
  let hidden: string | undefined
  return nodes.filter((node) => {
    const tag = node.type === 'html' ? /^<(\/?)(script|style|template)\b/i.exec(node.html) : null
    if (tag && hidden === undefined && tag[1] === '') hidden = tag[2]?.toLowerCase()
    else if (tag?.[1] === '/' && tag[2]?.toLowerCase() === hidden) hidden = undefined
    return hidden === undefined
  })
}

// Good enough for words that are escaped wherever they are written; what has to be safe goes through the sanitizer.
function htmlText(html: string): string {
  const text = html
    .replace(/<(script|style|template)\b[^>]*>[\s\S]*?(<\/\1\s*>|$)/gi, ' ')
    .replace(/<!--[\s\S]*?(-->|$)/g, ' ')
    .replace(/<\/?[a-z][^>]*(>|$)/gi, ' ')
    .replace(/&#?\w+;/g, (entity) => unescapeAll(entity))
  return cleanText(text)
}
