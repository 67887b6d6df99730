/**
 * Code blocks for mail: lines that also Word draws, and colours that stand inline.
 */
import { hasLetters } from '../markup.ts'
import type { Highlighter, Piece } from '../posts/highlight.ts'
import type { Block, Tree } from '../posts/tree.ts'
import { CODE, CODE_CLASSES } from './colors.ts'
import { WHOLE } from './styles.ts'

/** The coloured code of an article; what is not in it is plain. */
export type ColoredCode = ReadonlyMap<string, Piece[]>

/** Finds out the colours of a tree's code, for `ArticleOptions.code`: rendering itself waits for nothing. */
export async function colorCode(
  tree: Tree,
  { highlight }: Pick<Highlighter, 'highlight'>,
): Promise<ColoredCode> {
  const colored = new Map<string, Piece[]>()
  for (const block of codeBlocks([...tree.children, ...tree.footnotes.flatMap((note) => note.children)])) {
    const pieces = await highlight(block.text, block.language)
    if (pieces !== null) colored.set(keyOf(block), pieces)
  }
  return colored
}

/** The colours of a block, where they are known. */
export function colorsOf(block: CodeBlock, colored: ColoredCode | undefined): Piece[] | null {
  return colored?.get(keyOf(block)) ?? null
}

/**
 * Code as HTML in one colour.
 *
 * @param between what stands behind a line that is not the last
 */
export function plainCode(text: string, between: (line: number) => string): string {
  const last = text.split('\n').length - 1
  return lines(text)
    .map(
      (line, index) => optionsWhole(escapeCode(line), STYLE) + (index < last ? `<br>${between(index)}` : ''),
    )
    .join('')
}

/** Code as HTML in colours. What has none, such as spaces, goes with what stands before it: that is shorter. */
export function brightCode(pieces: Piece[]): string {
  const runs: { name: keyof typeof CODE | null; text: string }[] = []
  for (const { kind, text } of pieces) {
    const last = runs.at(-1)
    const name = kind === null ? null : CODE_CLASSES[kind]
    if (last && (last.name === name || text.trim() === '')) last.text += text
    else runs.push({ name, text })
  }
  // Spaces are judged in the whole text, for a run of them may lie in two pieces.
  const whole = lines(runs.map((run) => run.text).join('')).join('\n')
  let at = 0
  return runs
    .map(({ name, text }) => {
      const length = untabbed(text).length
      const html = optionsWhole(escapeCode(whole.slice(at, at + length)), STYLE).replaceAll('\n', '<br>')
      at += length
      if (name === null || html.trim() === '') return html
      // A string in Arabic and the comment behind it would change places.
      const apart = hasLetters(text, 'rtl') ? ' dir="ltr"' : ''
      return `<span class="${name}"${apart} style="color:${CODE[name].light}">${html}</span>`
    })
    .join('')
}

/** What stands in a `<pre>` that an author wrote by hand, tags between the text: the same for Word. */
export function handmadeCode(html: string): string {
  return html
    .replace(/^\n/, '')
    .replace(/<\/?code\b[^<>]*>/gi, '')
    .split(/(<[^<>]*>)/)
    .map((part, index) => (index % 2 === 1 ? part : lines(part).join('<br>')))
    .join('')
}

/**
 * Keeps each option of a program, such as `--save-exact`, on one line: browsers break behind any of its hyphens, and
 * also between the first two. One of more than 25 characters, which is too wide for a phone in a list of lists, may still
 * break.
 *
 * @param html of code, as text between tags
 */
export function optionsWhole(html: string, attribute: string): string {
  return html.replace(/(?<![\w-])--[a-z][\w-]{0,22}(?![\w-])/gi, `<span ${attribute}>$&</span>`)
}

// Code blocks join behind the sanitizer, which gives other elements their style.
const STYLE = `style="${WHOLE}"`

type CodeBlock = Extract<Block, { type: 'code' }>

function* codeBlocks(blocks: Block[]): Generator<CodeBlock> {
  for (const block of blocks) {
    if (block.type === 'code') yield block
    else if (block.type === 'quote') yield* codeBlocks(block.children)
    else if (block.type === 'list') for (const item of block.items) yield* codeBlocks(item.children)
  }
}

function keyOf({ language, text }: CodeBlock): string {
  return `${language}\n${text}`
}

/*
 * Word, which draws mail in classic Outlook, knows no `white-space`: it sees lines only where there is a <br>, and runs
 * of spaces only where they cannot break. A tab becomes four.
 */
function lines(text: string): string[] {
  return untabbed(text)
    .split('\n')
    .map((line) =>
      line
        .replace(/^ +/, (spaces) => '\u00A0'.repeat(spaces.length))
        .replace(/ {2,}/g, (spaces) => `${'\u00A0'.repeat(spaces.length - 1)} `),
    )
}

function untabbed(text: string): string {
  return text.replaceAll('\t', '    ')
}

// Quotes mean nothing between tags, and code is full of them: they stay one byte each.
function escapeCode(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
