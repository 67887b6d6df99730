/**
 * A post's tree as HTML that mail programs leave alone: no anchors, no scripts, each element with its own inline style,
 * every address absolute.
 *
 * It is made in two steps. First the tree becomes plain HTML; then all of it, ours and what the author wrote as raw
 * HTML, passes one sanitizer, which keeps what is harmless and gives each element the style of its kind. So a raw
 * `<table>` looks like one from Markdown, and there is one place that decides what gets into a mail. Code joins only
 * behind the sanitizer: it is escaped where it is made, and how much of it is coloured depends on how long the rest is.
 */
import { directionOf, escapeHtml } from '../markup.ts'
import { toPlainText } from '../posts/plain.ts'
import type { Tree } from '../posts/tree.ts'
import { ANY_MARK, type Around, block, blocks, CODE, type Code, MARK, mark } from './blocks.ts'
import { LIGHT } from './colors.ts'
import { beginning, type Place } from './cut.ts'
import { type ArticleOptions, safeHtml } from './safe-html.ts'
import { look, stylesOf } from './styles.ts'

/** What colours may add to an article: some ten kilobytes of code. What is left of its code is plain. */
export const MOST_COLOR_BYTES = 24_000

/**
 * Renders a tree for the HTML part of a message, to stand below the message's one `h1`, or where `options.top` says so
 * below an `h2`.
 *
 * @param colors how many bytes the colours of its code may add
 * @returns safe HTML with inline styles, in an element that states the article's language and direction
 */
export function renderArticle(tree: Tree, options: ArticleOptions, colors = MOST_COLOR_BYTES): string {
  return inColors(print(tree, options), colors)
}

/**
 * Renders as much of a tree as there is room for: up to the end of a block, or, where that would leave out most of what
 * fits, up to the end of an item, a row, a line of code or a sentence. Colours never cost words.
 *
 * @param room in bytes
 * @returns also the tree of what is shown; `rest` says whether something was left out
 */
export function cutArticle(
  tree: Tree,
  options: ArticleOptions,
  room: number,
): { html: string; tree: Tree; rest: boolean } {
  const likely = withinText(tree, room)
  const article = print(likely, options)
  const bytes = bytesOf(article)
  if (bytes <= room)
    return {
      html: inColors(article, Math.min(MOST_COLOR_BYTES, room - bytes)),
      tree: likely,
      rest: likely !== tree,
    }
  for (const { place, bytes } of placesWithin(article, room)) {
    const shown = beginning(tree, place)
    const notes = article.noteBytes.slice(0, shown.footnotes.length).reduce((sum, note) => sum + note, 0)
    if (bytes + notes > room) continue
    const part = print(shown, options)
    const spare = room - bytesOf(part)
    if (spare >= 0)
      return { html: inColors(part, Math.min(MOST_COLOR_BYTES, spare)), tree: shown, rest: true }
  }
  const empty = beginning(tree, [])
  return { html: renderArticle(empty, options), tree: empty, rest: true }
}

/** The beginning of a tree that has more text than fits, for a post that is twenty times too long is slow to render. */
function withinText(tree: Tree, room: number): Tree {
  let length = 0
  const end = tree.children.findIndex((child) => {
    length += toPlainText([child]).length
    return length > room
  })
  return end < 0 || end === tree.children.length - 1 ? tree : beginning(tree, [end])
}

/** Whether a post begins with a video that takes the post's picture for its poster. */
export function beginsWithVideo(tree: Tree, options: ArticleOptions): boolean {
  const [first] = tree.children
  const image = options.image ?? ''
  if (image === '' || first === undefined) return false
  const around: Around = { options, tight: false, path: [], codeDir: '', codes: [] }
  const shown = block(first, { ...around, options: { ...options, image } }, false)
  return shown.includes(look('poster')) && shown.includes(`src="${escapeHtml(image)}"`)
}

/** An article whose code is still left out. `html` has marks where it may be cut and where code belongs. */
type Printed = { html: string; codes: Code[]; noteBytes: number[] }

function print(tree: Tree, options: ArticleOptions): Printed {
  const direction = directionOf(options.language)
  const codes: Code[] = []
  const codeDir = direction === 'rtl' ? ' dir="ltr"' : ''
  const around: Around = { options, tight: false, path: [], codeDir, codes }
  const body = tree.children.map((child, index) => {
    // The post's own picture is the poster of a video that it begins with, and of no other.
    const here = index === 0 ? around : { ...around, options: { ...options, image: null } }
    const last = index === tree.children.length - 1
    const before = tree.children[index - 1] ?? null
    return block(child, { ...here, before, path: [index] }, last) + (last ? '' : mark([index], child))
  })
  const notes = tree.footnotes.map((note) => {
    const text = blocks(note.children, { ...around, options: { ...options, image: null }, path: null })
    return safeHtml(`<li value="${note.number}">${text}</li>`, options)
  })
  const start = direction === 'rtl' ? 'right' : 'left'
  const open = `<div lang="${escapeHtml(options.language)}" dir="${direction}" style="text-align:${start};word-break:break-word;">`
  const html = [open, safeHtml(body.join(''), options), ...endnotes(notes, options), '</div>'].join('')
  return { html, codes, noteBytes: notes.map((note) => Buffer.byteLength(note)) }
}

function endnotes(notes: string[], options: ArticleOptions): string[] {
  if (notes.length === 0) return []
  const styles = stylesOf(options.language, options.accent ?? LIGHT.accent)
  const title = `<hr><h2 ${look('notesTitle')}>${escapeHtml(options.words.notes)}</h2>`
  return [safeHtml(title, options), `<ol style="${styles.notes}">`, ...notes, '</ol>']
}

/** The places up to which an article may fit into that many bytes, the best first. */
function placesWithin({ html, codes }: Printed, room: number): { place: Place; bytes: number }[] {
  const found: { place: Place; bytes: number }[] = []
  let bytes = 0
  let at = 0
  const marked = html.replace(CODE, (_, index: string) => codes[Number(index)]?.plain ?? '')
  for (const { 0: whole, 1: place = '', index } of marked.matchAll(MARK)) {
    bytes += Buffer.byteLength(marked.slice(at, index))
    at = index + whole.length
    if (bytes > room) break
    found.push({ place: place.split('.').map(Number), bytes })
  }
  const between = found.findLastIndex(({ place }) => place.length === 1)
  const isFull = (found[between]?.bytes ?? 0) > room * 0.6
  return (isFull ? found.slice(0, between + 1) : found).reverse()
}

/** The article with its code, coloured from the top for as long as there are bytes for it. */
function inColors({ html, codes }: Printed, most: number): string {
  let left = most
  const shown = codes.map(({ plain, bright }) => {
    const bare = plain.replace(ANY_MARK, '')
    const more = bright === null ? 0 : Buffer.byteLength(bright) - Buffer.byteLength(bare)
    if (bright === null || more > left) return bare
    left -= more
    return bright
  })
  return html.replace(CODE, (_, index: string) => shown[Number(index)] ?? '').replace(ANY_MARK, '')
}

function bytesOf(article: Printed): number {
  return Buffer.byteLength(inColors(article, 0))
}
