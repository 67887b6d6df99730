import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutArticle, renderArticle } from '../../src/articles/article.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { toPlainText } from '../../src/posts/plain.ts'
import { english } from '../../src/words/en.ts'

const about = { url: 'https://garden.example/posts/hello/', language: 'en', words: english.mail }
const cut = (markdown: string, room: number) => {
  const tree = parseMarkdown(markdown)
  const whole = renderArticle(tree, about)
  const article = cutArticle(tree, about, room)
  const bytes = Buffer.byteLength(article.html)
  return { ...article, whole, bytes, text: article.html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ') }
}
const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index))
const isBalanced = (html: string) => {
  const open: string[] = []
  for (const [, close, tag = '', end] of html.matchAll(/<(\/?)([a-z]\w*)[^>]*?(\/?)>/g)) {
    if (end === '/' || tag === 'br') continue
    if (close !== '/') open.push(tag)
    else if (open.pop() !== tag) return false
  }
  return open.length === 0
}

test('what fits is not cut', () => {
  const { html, whole, rest } = cut('# A\n\nb[^c]\n\n[^c]: d', 5000)
  expect(rest).toBe(false)
  expect(html).toBe(whole)
})

test('a long post ends behind a block, as full as it can be', () => {
  const { text, bytes, rest, tree } = cut(
    many(200, (n) => `Paragraph ${n} about tomatoes.`).join('\n\n'),
    4000,
  )
  expect(rest).toBe(true)
  expect(bytes).toBeLessThanOrEqual(4000)
  expect(bytes).toBeGreaterThan(3800)
  expect(text.trim()).toMatch(/tomatoes\.$/)
  // The text part shows what the HTML shows.
  expect(text.trim()).toBe(toPlainText(tree.children))
})

const LONG: [string, string][] = [
  ['list', many(300, (n) => `- item ${n}`).join('\n')],
  [
    'list of long items',
    many(20, (n) => `- item ${n}\n\n${many(20, (m) => `  word ${m}`).join('\n\n')}`).join('\n'),
  ],
  ['quotation', many(300, (n) => `> line ${n}`).join('\n>\n')],
  ['table', `| a | b |\n|---|---|\n${many(300, (n) => `| row ${n} | x |`).join('\n')}`],
  ['code block', `\`\`\`js\n${many(300, (n) => `line(${n})`).join('\n')}\n\`\`\``],
  ['paragraph', many(400, (n) => `Sentence ${n} ends.`).join(' ')],
  ['piece of raw HTML', `<div>\n${many(300, (n) => `<p>Paragraph ${n}</p>`).join('\n')}\n</div>`],
  [
    'quotation with a list with code',
    `> - a\n>\n>   \`\`\`\n${many(300, (n) => `>   line ${n}`).join('\n')}\n>   \`\`\``,
  ],
]

test.each(LONG)('a post that is one long %s is cut inside of it, not left empty', (_, markdown) => {
  const { html, text, bytes, rest } = cut(markdown, 4000)
  expect(rest).toBe(true)
  expect(bytes).toBeLessThanOrEqual(4000)
  expect(bytes).toBeGreaterThan(2500)
  expect(text).toMatch(/(\b0\b| a )/)
  expect(isBalanced(html)).toBe(true)
  expect(html).not.toMatch(/[\uFDD0-\uFDEF]/)
})

test('a long block behind a short beginning is cut as well, rather than left out whole', () => {
  const { text, bytes } = cut(`Hello.\n\n${many(300, (n) => `- item ${n}`).join('\n')}`, 4000)
  expect(bytes).toBeGreaterThan(3500)
  expect(text).toContain('item 30')
})

test('no heading is left at the end, in whatever it stands', () => {
  const { text } = cut(`${many(80, (n) => `## Heading ${n}\n\nText ${n}.`).join('\n\n')}`, 4000)
  expect(text.trim()).toMatch(/Text \d+\.$/)
  const quoted = cut(`${many(80, (n) => `> ## Heading ${n}\n>\n> Text ${n}.`).join('\n>\n')}`, 4000)
  expect(quoted.text.trim()).toMatch(/Text \d+\.$/)
})

test('the notes of what is left stay, the others go', () => {
  const markdown = many(100, (n) => `Text ${n}[^${n}].\n\n[^${n}]: Note ${n}.`).join('\n\n')
  const { text, bytes, tree } = cut(markdown, 6000)
  expect(bytes).toBeLessThanOrEqual(6000)
  expect(tree.footnotes.length).toBe(tree.children.length)
  expect(text.trim()).toMatch(new RegExp(`Note ${tree.children.length - 1}\\.$`))
})

test('what an author left open in raw HTML is closed where the article is cut', () => {
  const { html } = cut(
    `<details><summary>S</summary>\n\n${many(200, (n) => `Text ${n}.`).join('\n\n')}\n\n</details>`,
    4000,
  )
  expect(isBalanced(html)).toBe(true)
})

test('where nothing fits, there is nothing but the link to the rest', () => {
  const { text, rest, tree } = cut('word'.repeat(3000), 4000)
  expect([text.trim(), rest, tree.children]).toEqual(['', true, []])
})

test('whatever the text and the room, a beginning fits and is well-formed', () => {
  const pieces = fc.array(
    fc.constantFrom(
      ...[
        '# Head\n\n',
        'Text. '.repeat(20),
        '\n\n',
        '- item\n',
        '  - deeper\n',
        '> said\n',
        '```\n',
        'code\n',
        '[^1]',
      ],
      ...[
        '\n\n[^1]: note\n\n',
        '<div>',
        '</div>',
        '<details>\n\n',
        '**',
        '| a | b |\n|---|---|\n',
        '| 1 | 2 |\n',
        '1. one\n',
      ],
    ),
    { minLength: 20, maxLength: 200 },
  )
  fc.assert(
    fc.property(pieces, fc.integer({ min: 600, max: 6000 }), (text, room) => {
      const { html, bytes, tree, rest } = cut(text.join(''), room)
      expect(bytes <= room || tree.children.length === 0).toBe(true)
      expect(isBalanced(html)).toBe(true)
      expect(rest && tree.children.at(-1)?.type === 'heading').toBe(false)
    }),
    { numRuns: 40 },
  )
})
