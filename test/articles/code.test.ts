import { expect, test } from 'vitest'
import { cutArticle, renderArticle } from '../../src/articles/article.ts'
import { CODE, DARK, LIGHT } from '../../src/articles/colors.ts'
import { contrast } from '../../src/contrast.ts'
import type { Piece } from '../../src/posts/highlight.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { english } from '../../src/words/en.ts'

const about = { url: 'https://garden.example/posts/hello/', language: 'en', words: english.mail }
const fence = (code: string) => `\`\`\`js\n${code}\n\`\`\``
/** Words as names and strings as strings: enough of a highlighter to see what becomes of its pieces. */
const piecesOf = (code: string): Piece[] =>
  [...code.matchAll(/"[^"]*"|\w+|[^"\w]+|"/g)].map(([text]) => ({
    kind: text.length > 1 && text.startsWith('"') ? 'string' : /^\w/.test(text) ? 'keyword' : null,
    text,
  }))
const colored = (...codes: string[]) => new Map(codes.map((code) => [`js\n${code}`, piecesOf(code)]))
const extracted = (html: string) =>
  (/<pre[^>]*>(.*?)<\/pre>/s.exec(html)?.[1] ?? '')
    .replaceAll('<br>', '\n')
    .replace(/<[^>]*>/g, '')
    .replaceAll('\u00A0', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

const DIFFICULT = [
  'if (a < b && c) {\n\treturn "&amp;lt;"  // 日本語 🎈\n    x\n\n}',
  '   ',
  '\n\n  first lines empty',
  `${'long '.repeat(400)}`,
  'a  b   "c  d"\t\t"e\nf"  \n',
  '<script>alert(1)</script> <br> &#60; \uFDD0 1 \uFDD1',
  'x = "مرحبا" // שלום',
  '👨‍👩‍👧 é 𝕏',
  'npm i --save-exact<--no-save --x\n\n--y',
]

test.each(DIFFICULT)('what is read out of a code block is the code: %j', (code) => {
  // Noncharacters, which say where an article may be cut, may be in no text that is interchanged.
  const expected = code.replaceAll('\t', '    ').replace(/\uFDD0 1 \uFDD1/, ' 1 ')
  for (const code_ of [undefined, colored(code)]) {
    const html = renderArticle(parseMarkdown(fence(code)), { ...about, ...(code_ && { code: code_ }) })
    expect(extracted(html)).toBe(expected)
  }
})

test('colours stand inline, in as few pieces as there are colours', () => {
  const code = 'const  let "a" ("b")'
  const html = renderArticle(parseMarkdown(fence(code)), { ...about, code: colored(code) })
  expect(/<pre[^>]*>(.*)<\/pre>/.exec(html)?.[1]).toBe(
    `<span class="k" style="color:${CODE.k.light}">const\u00A0 let </span>` +
      `<span class="s" style="color:${CODE.s.light}">"a"</span> (<span class="s" style="color:${CODE.s.light}">"b"</span>)`,
  )
})

test('an option of a program stays on one line where a phone has room for it, and nothing else does', () => {
  const whole = (markdown: string) =>
    [
      ...renderArticle(parseMarkdown(markdown), about).matchAll(
        /<span style="white-space:nowrap;?">(.*?)<\/span>/g,
      ),
    ].map(([, text]) => text)
  const long = `--${'a'.repeat(24)}`
  expect(whole(fence(`npm i --save-exact -g x --no-save=y ${long}\nlet i = 1; i--; a --> b`))).toEqual([
    '--save-exact',
    '--no-save',
  ])
  expect(whole('Say `--save-exact`, not --save.')).toEqual(['--save-exact'])
})

test('colours never cost words: where there is no room for them, code is plain', () => {
  const code = 'let x = "y"\n'.repeat(40)
  const tree = parseMarkdown(`${fence(code)}\n\nThe end.`)
  const plain = renderArticle(tree, about)
  const options = { ...about, code: colored(code.slice(0, -1), code) }
  const room = Buffer.byteLength(plain)
  expect(cutArticle(tree, options, room)).toEqual({ html: plain, tree, rest: false })
  expect(cutArticle(tree, options, room + 100_000).html).toContain('<span class="k"')
})

test('what colours add to an article has an end, and the first code has them', () => {
  const codes = Array.from({ length: 12 }, (_, index) => `let x${index} = "y"\n`.repeat(60).trim())
  const tree = parseMarkdown(codes.map(fence).join('\n\n'))
  const blocks = renderArticle(tree, { ...about, code: colored(...codes) }).match(/<pre.*?<\/pre>/gs) ?? []
  const bright = blocks.map((block) => block.includes('<span'))
  expect(bright[0]).toBe(true)
  expect(bright.at(-1)).toBe(false)
  expect(Buffer.byteLength(blocks.join(''))).toBeLessThan(
    Buffer.byteLength(renderArticle(tree, about)) + 24_000,
  )
})

test('each colour can be read on its panel, in the light and in the dark', () => {
  for (const { light, dark } of Object.values(CODE)) {
    expect(contrast(light, LIGHT.panel)).toBeGreaterThanOrEqual(4.5)
    expect(contrast(dark, DARK.panel)).toBeGreaterThanOrEqual(4.5)
  }
})
