import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderArticle } from '../../src/articles/article.ts'
import { renderText } from '../../src/articles/text.ts'
import { columns } from '../../src/articles/wrap.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { wordsFor } from '../../src/words/words.ts'

const GOLDEN = join(import.meta.dirname, 'golden')

/** A construct is a post; `.ar` before `.md` is its language. */
const constructs = ['texts', 'articles'].flatMap((folder) =>
  readdirSync(join(GOLDEN, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => {
      const name = `${folder}/${basename(file, '.md')}`
      const language = name.split('.')[1] ?? 'en'
      const tree = parseMarkdown(readFileSync(join(GOLDEN, folder, file), 'utf8'))
      const options = {
        url: 'https://garden.example/posts/hello/',
        language,
        words: wordsFor(language).mail,
      }
      return {
        name,
        words: options.words,
        text: renderText(tree, options),
        html: renderArticle(tree, options),
      }
    }),
)

test.each(constructs.filter(({ name }) => name.startsWith('texts/')))(
  '$name reads as it always did',
  async ({ name, text }) => {
    await expect(`${text}\n`).toMatchFileSnapshot(join(GOLDEN, `${name}.txt`))
  },
)

describe.each(constructs)('$name', ({ words, text, html }) => {
  test('has no line that ends in a space, none that ends the message, and none too long to be sent', () => {
    for (const line of text.split('\n')) {
      expect(line).toBe(line.trimEnd())
      expect(line).not.toMatch(/^-- ?$/)
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998)
    }
  })

  test('is no wider than a terminal, but for code and what cannot be broken', () => {
    for (const line of text.split('\n'))
      if (!/^([> ]*| *- *)( {4}.*|\[\d+\] \S+|\S+)$/.test(line))
        expect(columns(line), line).toBeLessThanOrEqual(78)
  })

  test('closes on each line what it isolates there', () => {
    for (const line of text.split('\n')) {
      let open = 0
      for (const character of line) {
        if (/[\u2066-\u2068]/.test(character)) open++
        if (character === '\u2069') expect(--open).toBeGreaterThanOrEqual(0)
      }
      expect(open).toBe(0)
    }
  })

  test('says what the HTML part says, in the same words', () => {
    const said = wordsOf(
      html
        .replace(/<[^>]*>/g, (tag) =>
          /^<img/.test(tag) ? ` ${/alt="([^"]*)"/.exec(tag)?.[1] ?? ''} ` : blank(tag),
        )
        .replace(/&lt;|&gt;|&quot;|&amp;/g, ' '),
    )
    const written = wordsOf(text)
    for (const word of said) expect(written).toContain(word)
    // What the text part has besides: the list of links, names for what is a sign or a picture there, and boxes.
    const own = new Set(wordsOf(`${words.links} ${words.note(1)} ${words.picture('')} x`))
    const addresses = new Set(wordsOf(text.match(/\S*(:\/\/|@)\S*/g)?.join(' ') ?? ''))
    for (const word of written)
      if (!/^\d+$/.test(word) && !own.has(word) && !addresses.has(word)) expect(said).toContain(word)
  })
})

/** A tag between two words keeps them apart where it ends a line. */
function blank(tag: string): string {
  return /^<\/?(p|h\d|li|td|th|tr|br|div|blockquote|pre|table|rt|dt|dd|figcaption)\b/.test(tag) ? ' ' : ''
}

function wordsOf(text: string): string[] {
  const pieces = text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
  // A text without spaces is broken anywhere, and so is a word longer than a line may be.
  const words = pieces.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー]|[\p{L}\p{M}]+|\p{N}+/gu) ?? []
  return words.map((word) => (/^x{3,}$/.test(word) ? 'long' : word))
}
