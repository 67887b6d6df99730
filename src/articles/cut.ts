/**
 * The beginnings of a tree. One may end behind a block, and inside a block behind an item of a list, a row of a table,
 * a line of code, a sentence.
 */
import type { Block, Inline, Tree } from '../posts/tree.ts'

/** The way to the last thing that stays: the third block, its second item, the first block in that. */
export type Place = readonly number[]

/** Where sentences end, in characters, behind the space that follows them. */
export function sentenceEnds(text: string): number[] {
  return [...text.matchAll(/[.!?…]["'”’)\]]?\s+|[。！？]/g)]
    .map((end) => end.index + end[0].length)
    .filter((end) => end < text.length)
}

/** Where raw HTML may be cut: behind an element that is a block. What is open there, the sanitizer closes. */
export function boxEnds(html: string): number[] {
  return [...html.matchAll(/<\/(p|div|li|tr|ul|ol|table|blockquote|h[1-6]|section|article|pre|figure)\s*>/gi)]
    .map((end) => end.index + end[0].length)
    .filter((end) => end < html.length)
}

/** A tree up to a place, with the notes it refers to, and no heading at its end: one whose text has gone announces nothing. */
export function beginning(tree: Tree, place: Place): Tree {
  const children = upTo(tree.children, place)
  // Notes are numbered in the order of their references, so those of a beginning are a beginning too; a note of its
  // own may refer to later ones.
  let last = 0
  for (let found = highestNote(children); found > last; ) {
    last = found
    found = Math.max(found, highestNote(tree.footnotes.slice(0, last).flatMap((note) => note.children)))
  }
  return { ...tree, children, footnotes: tree.footnotes.slice(0, last) }
}

function upTo(blocks: Block[], [last, ...deeper]: Place): Block[] {
  const children = last === undefined ? [] : blocks.slice(0, last + 1)
  const split = children.at(-1)
  if (split && deeper.length > 0) children.splice(-1, 1, blockUpTo(split, deeper))
  while (children.at(-1)?.type === 'heading') children.pop()
  return children
}

function blockUpTo(block: Block, place: Place): Block {
  const [last = 0, ...deeper] = place
  switch (block.type) {
    case 'quote':
      return { ...block, children: upTo(block.children, place) }
    case 'list': {
      const items = block.items.slice(0, last + 1)
      const item = items.at(-1)
      if (item && deeper.length > 0) items.splice(-1, 1, { ...item, children: upTo(item.children, deeper) })
      return { ...block, items }
    }
    case 'table':
      return { ...block, rows: block.rows.slice(0, last + 1) }
    case 'code':
      return {
        ...block,
        text: block.text
          .split('\n')
          .slice(0, last + 1)
          .join('\n'),
      }
    case 'paragraph':
      return { ...block, children: inlinesUpTo(block.children, place) }
    case 'html':
      return { ...block, html: block.html.slice(0, last) }
    default:
      return block
  }
}

function inlinesUpTo(children: Inline[], [last = 0, length = 0]: Place): Inline[] {
  const split = children[last]
  const before = children.slice(0, last)
  return split?.type === 'text'
    ? [...before, { ...split, text: split.text.slice(0, length).trimEnd() }]
    : before
}

function highestNote(nodes: Block[]): number {
  let highest = 0
  // Which nodes hold children, and where, is the tree's business; a reference is known by its type wherever it stands.
  JSON.stringify(nodes, (_, value) => {
    if (value?.type === 'footnote') highest = Math.max(highest, value.number)
    return value
  })
  return highest
}
