import { expect, test } from 'vitest'
import { columns, renderText, wrap } from '../../src/mail/text.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { english } from '../../src/words/en.ts'

const text = (markdown: string) =>
  renderText(parseMarkdown(markdown), { url: 'https://garden.example/posts/hello/', words: english.mail })

test('headings are underlined as wide as they are', () => {
  expect(text('## Tomatoes\n\n### 日本')).toBe('Tomatoes\n--------\n\n日本\n~~~~')
})

test('paragraphs are wrapped at 78 columns, words stay whole', () => {
  const lines = text('words '.repeat(100)).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBe(77)
  expect(text('a\nb')).toBe('a b')
  const long = `https://garden.example/${'x'.repeat(100)}`
  expect(text(`See ${long} now`)).toBe(`See\n${long}\nnow`)
})

test('Chinese and Japanese, which have no spaces, are wrapped too', () => {
  const lines = wrap('日'.repeat(50), 78).split('\n')
  expect(lines.map(columns)).toEqual([78, 22])
})

test('a link is a number, and the list at the end has each address once', () => {
  expect(
    text('[a](/x) and [b](/y), [c](/x). <https://z.example> [https://z.example/](https://z.example/)'),
  ).toBe(
    'a [1] and b [2], c [1]. https://z.example https://z.example/\n\nLinks\n-----\n\n' +
      '[1] https://garden.example/x\n[2] https://garden.example/y',
  )
  expect(text('[a](javascript:b) [c](#d)')).toBe('a c')
})

test('lists hang, nest, count and show their boxes', () => {
  expect(text('9. a\n10. b\n    - c\n    - [x] d')).toBe(' 9. a\n10. b\n    - c\n    - [x] d')
  expect(text(`- ${'word '.repeat(20)}`)).toMatch(/^- word .*\n {2}word/)
  expect(text('- a\n\n- b')).toBe('- a\n\n- b')
})

test('a quotation is marked on every line', () => {
  expect(text('> a\n>\n> b\n>\n> > c')).toBe('> a\n>\n> b\n>\n> > c')
})

test('code is indented and otherwise left alone', () => {
  const line = `x = "${'y'.repeat(90)}"  # <&amp;>`
  expect(text(`\`\`\`\n${line}\n\n\tz\n\`\`\``)).toBe(`    ${line}\n\n    \tz`)
})

test('tables stand in columns, numbers to the right', () => {
  expect(text('| a | n |\n|---|--:|\n| 日本 | 1 |\n| b | 234 |')).toBe(
    ['a       n', '----  ---', '日本    1', 'b     234'].join('\n'),
  )
})

test('a table that is too wide is told row by row', () => {
  const wide = 'word '.repeat(16).trim()
  expect(text(`| a | b |\n|---|---|\n| 1 | ${wide} |\n| 2 | c |`)).toBe(
    `a: 1\n  b: ${'word '.repeat(14).trim()}\n  word word\n\na: 2\n  b: c`,
  )
})

test('footnotes are a list, and their references cannot be taken for links', () => {
  expect(text('a[^1] [b](/c)\n\n[^1]: d')).toBe(
    'a [note 1] b [1]\n\nNotes\n-----\n\n1. d\n\nLinks\n-----\n\n[1] https://garden.example/c',
  )
})

test('pictures are their description, and those without say nothing', () => {
  expect(text('![a tomato](b.png) ![](c.png)')).toBe('[Picture: a tomato]')
})

test('raw HTML is the words a reader would see', () => {
  expect(text('<p>a <b>b</b> &amp; &lt;c&gt;</p><script>d()</script><ul><li>e</li><li>f</li></ul>')).toBe(
    'a b & <c>\ne\nf',
  )
  expect(text('a <a href="/b">c</a><br>d')).toBe('a c [1]\nd\n\nLinks\n-----\n\n[1] https://garden.example/b')
  expect(text('<iframe src="https://player.vimeo.com/video/123"></iframe>')).toBe(
    'Watch the video on vimeo.com [1]\n\nLinks\n-----\n\n[1] https://vimeo.com/123',
  )
})
