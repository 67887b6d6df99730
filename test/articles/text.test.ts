import { expect, test } from 'vitest'
import { linkNotes, renderText } from '../../src/articles/text.ts'
import { digestBody } from '../../src/mail/text-part.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { english } from '../../src/words/en.ts'

const text = (markdown: string) =>
  renderText(parseMarkdown(markdown), {
    url: 'https://garden.example/posts/hello/',
    language: 'en',
    words: english.mail,
  })

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
    'a [note\u00A01] b [1]\n\nNotes\n-----\n\n1. d\n\nLinks\n-----\n\n[1] https://garden.example/c',
  )
})

test('pictures are their description, and those without say nothing', () => {
  expect(text('![a tomato](b.png) ![](c.png)')).toBe('[Picture: a tomato]')
})

test('raw HTML is the words a reader would see', () => {
  expect(text('<p>a <b>b</b> &amp; &lt;c&gt;</p><script>d()</script><ul><li>e</li><li>f</li></ul>')).toBe(
    'a *b* & <c>\n\n- e\n- f',
  )
  expect(text('a <a href="/b">c</a><br>d')).toBe('a c [1]\nd\n\nLinks\n-----\n\n[1] https://garden.example/b')
  expect(text('<iframe src="https://player.vimeo.com/video/123"></iframe>')).toBe(
    'Watch the video on vimeo.com [1]\n\nLinks\n-----\n\n[1] https://vimeo.com/123',
  )
})

test('inline HTML is what its tags say, and scripts say nothing', () => {
  expect(text('<b>a</b> <a href="/b">c <i>d</i></a> x<sup>2</sup> 4<sup>th</sup> <kbd>e</kbd>')).toBe(
    '*a* c _d_ [1] x² 4th e\n\nLinks\n-----\n\n[1] https://garden.example/b',
  )
  expect(text('a <script>b()</script>c <a href="javascript:d()">e</a> f</i></b>')).toBe('a c e f')
})

test('a raw list, table, quotation and code look like those of Markdown', () => {
  expect(text('<ol start="3"><li>a<ul><li>b</li></ul></li></ol><blockquote>c</blockquote>')).toBe(
    '3. a\n   - b\n\n> c',
  )
  expect(text('<table><tr><th>a</th><th>b</th></tr><tr><td>c d</td><td>e</td></tr></table>')).toBe(
    'a    b\n---  -\nc d  e',
  )
  expect(text('<pre>a\n  b &lt;c&gt;</pre>')).toBe('    a\n      b <c>')
})

test('a picture that mail programs do not show has its address, as in the HTML part', () => {
  expect(text('![a plan](plan.svg)')).toBe(
    '[Picture: a plan] [1]\n\nLinks\n-----\n\n[1] https://garden.example/posts/hello/plan.svg',
  )
  expect(text('[![](a.png)](/b)')).toMatch(/^\[Picture\] \[1\]/)
})

test('the numbers of links go on from one article to the next, and each address has one', () => {
  const links = new Map()
  const options = { url: 'https://garden.example/', language: 'en', words: english.mail, links }
  expect(renderText(parseMarkdown('[a](/a) [b](/b)'), options)).toBe('a [1] b [2]')
  expect(renderText(parseMarkdown('[c](/c) [a](/a)'), options)).toBe('c [3] a [1]')
  expect(linkNotes(links, english.mail)).toBe(
    'Links\n-----\n\n[1] https://garden.example/a\n[2] https://garden.example/b\n[3] https://garden.example/c',
  )
})

test('emphasis has its marks at its words, and none where there are no words', () => {
  expect(text('**![](a.png)** a<b> b </b>c')).toBe('a *b* c')
})

test('emphasis with ten thousand spaces in it takes no more than its time', () => {
  const begun = performance.now()
  expect(text(`**a${'\u00A0'.repeat(20_000)}b**`)).toMatch(/^\*a\s+b\*$/)
  expect(performance.now() - begun).toBeLessThan(1_000)
})

test('HTML nested deeper than anybody writes is read all the same', () => {
  for (const tag of ['<div>', 'a <b>', '<table><tr><td>', '<ul><li>', '<blockquote>'])
    expect(text(`${tag.repeat(500)}word`)).toContain('word')
})

test('ten quotations and lists in each other leave room for words', () => {
  const lines = text(`${'> - '.repeat(20)}${'word '.repeat(20)}`).split('\n')
  expect(lines.length).toBeLessThan(10)
})

test('an article of three thousand links takes no more than its time', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => `[a](/${index})`).join(' ')
  expect(text(many)).toContain('[3000] https://garden.example/2999')
})

test('a digest names by title what the HTML part names by title', () => {
  const full = {
    title: 'One',
    url: 'u1',
    date: 'May 1',
    authors: 'Ada',
    summary: 'Sum.',
    readOn: 'Read on: One',
  }
  expect(
    digestBody(
      {
        posts: [full, { ...full, authors: '', summary: '' }],
        more: [{ title: 'Two', url: 'u2' }],
        moreTitle: 'And one more',
        others: 'And 3 more',
      },
      { url: 'https://garden.example' },
    ).filter(Boolean),
  ).toEqual([
    'One\n---\nMay 1 · Ada\n\nSum.\n\nRead on: One\nu1',
    'One\n---\nMay 1\n\nRead on: One\nu1',
    'And one more\n------------',
    'Two\nu2',
    'And 3 more\nhttps://garden.example',
  ])
})
