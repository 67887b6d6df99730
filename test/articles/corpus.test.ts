/** Every post of a real blog as a mail: what no construct alone shows. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { cutArticle } from '../../src/articles/article.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import type { Block, Inline } from '../../src/posts/tree.ts'
import { english } from '../../src/words/en.ts'

const FORBIDDEN = /^<(script|style|iframe|form|object|embed|video|svg)\b|\s(on\w+|id|srcset)=/
const CORPUS = resolve('../shared/corpus/nodejs-blog')

test.skipIf(!existsSync(CORPUS))(
  'real posts are harmless, described and whole',
  async () => {
    const files = (await readdir(CORPUS, { recursive: true })).filter((file) => file.endsWith('.md'))
    expect(files).toHaveLength(141)
    const faults: string[] = []
    for (const file of files) {
      const source = await readFile(join(CORPUS, file), 'utf8')
      const body = parseMarkdown(source.replace(/^---\n.*?\n---\n/s, ''))
      const about = { url: 'https://nodejs.example/blog/a', language: 'en', words: english.mail }
      const { html, tree } = cutArticle(body, about, 80_000)

      const tags = html.match(/<[^>]*>/g) ?? []
      const faulty = tags.filter(
        (tag) =>
          FORBIDDEN.test(tag.replace(/"[^"]*"/g, '""')) ||
          (tag.startsWith('<img') && !/ src="https?:\/\/[^"]+" alt="[^"]*" width="\d+"/.test(tag)) ||
          (tag.startsWith('<a') && !/ href="(https?:|mailto:)[^"]*"/.test(tag)),
      )
      const levels = [1, ...tags.flatMap((tag) => /^<h(\d)/.exec(tag)?.[1] ?? []).map(Number)]
      if (levels.some((level, index) => level > (levels[index - 1] ?? 1) + 1)) faulty.push(levels.join(' '))

      // Each word of the tree is there, in its order.
      const shown = bare(html.replace(/<[^>]*>/g, ''))
      let at = 0
      for (const text of texts([...tree.children, ...tree.footnotes.flatMap((note) => note.children)])) {
        const found = shown.indexOf(bare(text), at)
        if (found < 0) faulty.push(text)
        else at = found
      }
      faults.push(...faulty.map((fault) => `${file}: ${fault}`))
    }
    expect(faults).toEqual([])
  },
  60_000,
)

function bare(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, '')
}

function texts(nodes: (Block | Inline)[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === 'text' || node.type === 'code') return [node.text]
    if (node.type === 'list') return node.items.flatMap((item) => texts(item.children))
    if (node.type === 'table') return [node.head, ...node.rows].flat().flatMap(texts)
    // Of an address that stands for a video, the address is all there is.
    if (node.type === 'link' && texts(node.children).join('') === node.href) return []
    return 'children' in node ? texts(node.children) : []
  })
}
