import sanitizeHtml from 'sanitize-html'
import type { Block, Inline, Tree } from './tree.ts'

/** The relative addresses in a post's text and among its other `files`, each once, as the author wrote them. */
export function relativeAddresses(body: Tree, files: string[]): string[] {
  const found: string[] = []
  collect(body.children, found)
  for (const note of body.footnotes) collect(note.children, found)
  found.push(...files)
  return [...new Set(found)].filter(isRelative)
}

function isRelative(address: string): boolean {
  return address !== '' && !/^([a-z][a-z\d+.-]*:|[/\\#?])/i.test(address.trim())
}

function collect(nodes: (Block | Inline)[], found: string[]): void {
  for (const node of nodes) {
    if (node.type === 'text') continue
    if (node.type === 'image') found.push(node.src)
    else if (node.type === 'html') collectFromHtml(node.html, found)
    else if (node.type === 'list') for (const item of node.items) collect(item.children, found)
    else if (node.type === 'table')
      for (const row of [node.head, ...node.rows]) for (const cell of row) collect(cell, found)
    else if ('children' in node) {
      if (node.type === 'link') found.push(node.href)
      collect(node.children, found)
    }
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
