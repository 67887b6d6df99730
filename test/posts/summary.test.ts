import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { toPlainText } from '../../src/posts/plain.ts'
import { cutAtWord, summarize, withoutMore } from '../../src/posts/summary.ts'

describe('plain text', () => {
  it('has the words of a post and nothing else', () => {
    const source =
      '# One *two*\n\nthree[^a]  \nfour ![five](six.png) [seven](eight) `<nine>` <b>ten</b>\n\n- eleven\n\n|twelve|\n|-|\n|13|\n\n[^a]: note'
    expect(toPlainText(parseMarkdown(source).children)).toBe(
      'One two three four seven <nine> ten eleven twelve 13',
    )
  })

  it('takes the tags out of blocks of raw HTML', () => {
    const source = '<div class="a">\n<script>x()</script><!-- c -->R&amp;D &lt; 1<br>line\n</div>'
    expect(toPlainText(parseMarkdown(source).children)).toBe('R&D < 1 line')
  })
})

describe('a summary that nobody wrote', () => {
  it('is the text before the mark, in either spelling', () => {
    expect(summarize(parseMarkdown('One.\n\nTwo.\n\n<!-- more -->\n\nThree.'))).toBe('One. Two.')
    expect(summarize(parseMarkdown('One.\n<!--more-->\nTwo.'))).toBe('One.')
  })

  it('is the first paragraph with words where there is no mark', () => {
    expect(
      summarize(parseMarkdown('## Heading\n\n![only a picture](a.png)\n\nThe *first* words.\n\nMore.')),
    ).toBe('The first words.')
    expect(summarize(parseMarkdown('- a list\n- alone'))).toBe('a list alone')
    expect(summarize(parseMarkdown('![only a picture](a.png)'))).toBe('')
  })

  it('does not take a mark in code for a mark', () => {
    expect(summarize(parseMarkdown('One.\n\n```\n<!-- more -->\n```'))).toBe('One.')
  })

  it('is cut at a word near 200 characters', () => {
    const summary = summarize(parseMarkdown('words, and '.repeat(50)))
    expect(summary).toMatch(/(words|and)…$/)
    expect(summary.length).toBeLessThanOrEqual(201)
    expect(summary.length).toBeGreaterThan(190)
  })

  it('is cut between words where a language has no spaces, and never inside a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        (text, length) => {
          const cut = cutAtWord(text, length)
          expect(cut.length).toBeLessThanOrEqual(Math.max(length + 1, text.length > length ? 0 : text.length))
          expect(cut.isWellFormed()).toBe(true)
        },
      ),
    )
    expect(cutAtWord('吾輩は猫である。名前はまだ無い。', 7)).toBe('吾輩は猫である…')
  })

  it('leaves no mark in the body, and no need for the sanitizer', () => {
    const tree = withoutMore(parseMarkdown('One.\n\n<!-- more -->\n\nTwo.'))
    expect(tree).toMatchObject({
      hasRawHtml: false,
      children: [{ type: 'paragraph' }, { type: 'paragraph' }],
    })
    const kept = withoutMore(parseMarkdown('One.\n\n<!-- more --> <b>two</b>'))
    expect(kept).toMatchObject({ hasRawHtml: true, children: [{}, { type: 'html', html: ' <b>two</b>' }] })
  })
})
