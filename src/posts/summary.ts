import { hasHtml, MORE } from './markdown.ts'
import { toPlainText } from './plain.ts'
import type { Block, Tree } from './tree.ts'

/** Where a summary that nobody wrote is cut, in UTF-16 units: about two lines in a mail program's list. */
const LENGTH = 200

// Languages without spaces have words too, and this knows where they end.
const words = new Intl.Segmenter(undefined, { granularity: 'word' })

/**
 * What a post says about itself when its author stated no summary: the text before `<!-- more -->`, else the first
 * paragraph, cut at a word. Empty for a post without text alone.
 */
export function summarize(tree: Tree): string {
  const more = tree.children.findIndex(isMore)
  if (more >= 0) {
    const before = toPlainText(tree.children.slice(0, more))
    if (before) return before
  }
  for (const block of tree.children) {
    const text = block.type === 'paragraph' ? toPlainText([block]) : ''
    if (text) return cutAtWord(text, LENGTH)
  }
  return cutAtWord(toPlainText(tree.children), LENGTH)
}

/** The tree without its `<!-- more -->`, which has said what it had to say. */
export function withoutMore(tree: Tree): Tree {
  if (!tree.children.some(isMore)) return tree
  const children = tree.children.flatMap((block) => {
    if (block.type !== 'html' || !MORE.test(block.html)) return [block]
    const rest = block.html.replace(MORE, '')
    return rest.trim() === '' ? [] : [{ ...block, html: rest }]
  })
  const hasRawHtml = hasHtml(children) || tree.footnotes.some((note) => hasHtml(note.children))
  return { ...tree, children, hasRawHtml }
}

/** The text, or its beginning up to a whole word and "…" where it is longer than `length`. */
export function cutAtWord(text: string, length: number): string {
  if (text.length <= length) return text
  const start = text.slice(0, length + 1)
  // The last piece may be half a word; a single one is all there is.
  const end = words.segment(start).containing(length)?.index || length
  return `${start.slice(0, end).replace(/[\s\p{Cs},;:–—-]+$/u, '')}…`
}

function isMore(block: Block): boolean {
  return block.type === 'html' && MORE.test(block.html)
}
