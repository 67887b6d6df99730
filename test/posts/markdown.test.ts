import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import type { Block } from '../../src/posts/tree.ts'

const first = (source: string): Block | undefined => parseMarkdown(source).children[0]
const text = (words: string) => ({ type: 'text', text: words })

describe('the Markdown tree', () => {
  it('keeps the level of headings', () => {
    expect(parseMarkdown('# One\n\n###### Six').children).toEqual([
      { type: 'heading', level: 1, children: [text('One')] },
      { type: 'heading', level: 6, children: [text('Six')] },
    ])
  })

  it('has emphasis, strong, struck, code, links and line breaks', () => {
    expect(first('*a* **b** ~~c~~ `d` [e](f "g")  \nh')).toEqual({
      type: 'paragraph',
      children: [
        { type: 'emphasis', children: [text('a')] },
        text(' '),
        { type: 'strong', children: [text('b')] },
        text(' '),
        { type: 'strike', children: [text('c')] },
        text(' '),
        { type: 'code', text: 'd' },
        text(' '),
        { type: 'link', href: 'f', title: 'g', children: [text('e')] },
        { type: 'break' },
        text('h'),
      ],
    })
  })

  it('joins the lines of a paragraph into one text', () => {
    expect(first('one\ntwo &amp; three')).toEqual({ type: 'paragraph', children: [text('one\ntwo & three')] })
  })

  it('keeps addresses as the author wrote them', () => {
    const source = '[a](pict%20ure/ä.png) ![b](<x y.png>) [c](javascript:alert(1))'
    expect(first(source)).toMatchObject({
      children: [
        { href: 'pict%20ure/ä.png' },
        text(' '),
        { src: 'x y.png' },
        text(' '),
        { href: 'javascript:alert(1)' },
      ],
    })
  })

  it('links bare addresses, but not the names of files', () => {
    expect(first('https://example.org/a_b and README.md')).toMatchObject({
      children: [{ type: 'link', href: 'https://example.org/a_b' }, text(' and README.md')],
    })
  })

  it('makes the alternative text of a picture plain', () => {
    expect(first('![a *b* [c](d) `e` <i>f</i>](g.png)')).toMatchObject({ children: [{ alt: 'a b c e f' }] })
  })

  it('knows the boxes of a task list', () => {
    expect(first('- [ ] sow\n- [x] reap\n- [X] *eat*\n- [y] no box')).toMatchObject({
      items: [
        { checked: false, children: [{ children: [text('sow')] }] },
        { checked: true, children: [{ children: [text('reap')] }] },
        { checked: true, children: [{ children: [{ type: 'emphasis' }] }] },
        { checked: null, children: [{ children: [text('[y] no box')] }] },
      ],
    })
  })

  it('tells tight lists from loose ones, whatever is inside them', () => {
    expect(first('3. a\n4. b')).toMatchObject({ ordered: true, start: 3, tight: true })
    expect(first('- a\n\n- b')).toMatchObject({ ordered: false, tight: false })
    expect(first('- a\n  - b\n\n  - c')).toMatchObject({
      tight: true,
      items: [{ children: [{ type: 'paragraph' }, { type: 'list', tight: false }] }],
    })
  })

  it('has tables with the alignment of their columns', () => {
    expect(first('|a|b|c|\n|-|:-:|--:|\n|1|`2`|3|')).toEqual({
      type: 'table',
      align: [null, 'center', 'right'],
      head: [[text('a')], [text('b')], [text('c')]],
      rows: [[[text('1')], [{ type: 'code', text: '2' }], [text('3')]]],
    })
  })

  it('keeps code as it is, with the first word of its info as language', () => {
    expect(first('```js {1,3}\nif (a < b) &amp;\n\n\tx\n```')).toEqual({
      type: 'code',
      language: 'js',
      text: 'if (a < b) &amp;\n\n\tx',
    })
    expect(first('    indented')).toEqual({ type: 'code', language: '', text: 'indented' })
  })

  it('numbers footnotes in the order in which they are referred to', () => {
    const tree = parseMarkdown(
      'One[^z], two[^a], one again[^z].\n\n[^a]: Second.\n[^z]: First.\n[^unused]: Never.',
    )
    expect(tree.children).toHaveLength(1)
    expect(tree.children[0]).toMatchObject({
      children: [
        text('One'),
        { type: 'footnote', number: 1 },
        text(', two'),
        { type: 'footnote', number: 2 },
        text(', one again'),
        { type: 'footnote', number: 1 },
        text('.'),
      ],
    })
    expect(tree.footnotes).toEqual([
      { number: 1, children: [{ type: 'paragraph', children: [text('First.')] }] },
      { number: 2, children: [{ type: 'paragraph', children: [text('Second.')] }] },
    ])
  })

  it('numbers notes by the text that a reader meets first, not by where they are defined', () => {
    const tree = parseMarkdown('[^a]: See also[^b].\n\n[^b]: Last.\n\nWords[^c] and[^a].\n\n[^c]: First.')
    expect(tree.footnotes.map((note) => JSON.stringify(note.children).match(/First|See|Last/)?.[0])).toEqual([
      'First',
      'See',
      'Last',
    ])
  })

  it('has notes written in place, notes in notes and notes of several blocks', () => {
    const tree = parseMarkdown('A^[in *place*] b[^b]\n\n[^b]: one\n\n    > two')
    expect(tree.footnotes).toMatchObject([
      { children: [{ children: [text('in '), { type: 'emphasis' }] }] },
      { children: [{ type: 'paragraph' }, { type: 'quote' }] },
    ])
    expect(parseMarkdown('a[^a]\n\n[^a]: > [^b]: inner').footnotes).toHaveLength(1)
    expect(parseMarkdown('a[^a]\n\n[^a]: itself[^a]').footnotes).toHaveLength(1)
  })

  it('says where raw HTML occurs, and forgets comments', () => {
    expect(parseMarkdown('plain\n\n<!-- todo -->\n\na <!-- b --> c')).toMatchObject({
      hasRawHtml: false,
      children: [{ type: 'paragraph' }, { type: 'paragraph' }],
    })
    expect(parseMarkdown('- a\n\n  > b <kbd>c</kbd>').hasRawHtml).toBe(true)
    expect(parseMarkdown('|<b>a</b>|\n|-|').hasRawHtml).toBe(true)
    expect(parseMarkdown('a[^1]\n\n[^1]: <i>b</i>').hasRawHtml).toBe(true)
  })

  it('drops characters that no feed may carry, escaped ones too', () => {
    const tree = parseMarkdown('a\u0001b\uE000c&#xE001;d [e](f&#xE000;g "&#xE001;") ![&#12;h](i)')
    expect(JSON.stringify(tree)).not.toMatch(/[\uE000\uE001]|\\u0001|\\f/)
    expect(tree.children[0]).toMatchObject({
      children: [text('abcd '), { href: 'fg', title: '' }, text(' '), { alt: 'h' }],
    })
  })

  it('reads any string', () => {
    const markdownish = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom(
            ...[
              '[^a]',
              '[^a]: ',
              '^[',
              '\n\n',
              '\n',
              '    ',
              '- [ ] ',
              '> ',
              '|-|\n',
              '|',
              '```',
              '![',
              '](',
              ')',
              ']',
            ],
            ...['<b>', '<!--', '-->', '<a href=', '\t', '1. ', '&#xE000;', '*', '**', '~~', '`', '\\', '# '],
          ),
        ),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(markdownish, (source) => {
        const tree = parseMarkdown(source)
        expect(tree.type).toBe('root')
        // Each number that stands in the text has its note.
        const numbers = Array.from(JSON.stringify(tree).matchAll(/"type":"footnote","number":(\d+)/g), (m) =>
          Number(m[1]),
        )
        expect(new Set(numbers)).toEqual(new Set(tree.footnotes.map((note) => note.number)))
      }),
      { numRuns: 500 },
    )
  })

  it('reads what is nested without end', () => {
    for (const source of [
      '> '.repeat(5000),
      '^['.repeat(3000),
      '- '.repeat(3000),
      '*'.repeat(5000),
      '['.repeat(3000),
    ])
      expect(parseMarkdown(source).type).toBe('root')
  })
})
