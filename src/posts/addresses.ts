import sanitizeHtml from 'sanitize-html'
import type { Block, Inline, Tree } from './tree.ts'

/** The relative addresses in a post's text and among its other `files`, each once, as the author wrote them. */
export function relativeAddresses(body: Tree, files: string[]): string[] {
  const found: string[] = []
  for (const node of nodesOf(body)) {
    if (node.type === 'image') found.push(node.src)
    else if (node.type === 'link') found.push(node.href)
    else if (node.type === 'html') collectFromHtml(node.html, found)
  }
  found.push(...files)
  return [...new Set(found)].filter(isRelative)
}

/** The addresses of the pictures in a post's text, each once, as the author wrote them. */
export function pictureAddresses(body: Tree): string[] {
  const found: string[] = []
  for (const node of nodesOf(body)) {
    if (node.type === 'image') found.push(node.src)
    else if (node.type === 'html') collectPictures(node.html, found)
  }
  return [...new Set(found)].filter((address) => address.trim() !== '')
}

/** True for an address that begins at the page it stands on. */
export function isRelative(address: string): boolean {
  return address !== '' && !/^([a-z][a-z\d+.-]*:|[/\\#?])/i.test(address.trim())
}

/** All nodes of a tree, in its order, the notes last. */
function* nodesOf(body: Tree): Generator<Block | Inline> {
  yield* nodesIn(body.children)
  for (const note of body.footnotes) yield* nodesIn(note.children)
}

function* nodesIn(nodes: (Block | Inline)[]): Generator<Block | Inline> {
  for (const node of nodes) {
    yield node
    if (node.type === 'list') for (const item of node.items) yield* nodesIn(item.children)
    else if (node.type === 'table')
      for (const row of [node.head, ...node.rows]) for (const cell of row) yield* nodesIn(cell)
    else if ('children' in node) yield* nodesIn(node.children)
  }
}

function collectFromHtml(html: string, found: string[]): void {
  sanitizeHtml(html, {
    allowedTags: [],
    onOpenTag: (_name, attributes) => {
      for (const name of ['src', 'href', 'poster']) if (attributes[name]) found.push(attributes[name])
      for (const candidate of attributes.srcset?.split(',') ?? [])
        found.push(candidate.trim().split(/\s/)[0] ?? '')
    },
  })
}

// The picture of a <picture> is its <img>: the others are the same in kinds and sizes that a browser may choose from.
function collectPictures(html: string, found: string[]): void {
  sanitizeHtml(html, {
    allowedTags: [],
    onOpenTag: (name, attributes) => {
      const named = name === 'img' ? ['src', 'data-src'] : name === 'video' ? ['poster'] : []
      for (const each of named) if (attributes[each]) found.push(attributes[each])
    },
  })
}
