/** How the texts of several posts share the room of one mail. */
import { cutArticle, MOST_COLOR_BYTES, renderArticle } from '../articles/article.ts'
import { colorCode } from '../articles/code.ts'
import { SANS } from '../articles/styles.ts'
import { directionOf, escapeHtml } from '../markup.ts'
import type { Highlighter } from '../posts/highlight.ts'
import type { Post } from '../posts/post.ts'
import type { Tree } from '../posts/tree.ts'
import { type Article, readArticle } from './article.ts'
import { MOST_BYTES, type Press, startOf } from './frame.ts'

/** In bytes: fewer are hardly a block's, and to find colours out takes time. */
const FEW_COLORS = 1000

/**
 * A text that nothing was cut from yet. `bytes` is how long its `html` is, without colours; without end where
 * it cannot stand in a mail whole, because it is too long for any or there is none.
 */
export type Whole = Article & { post: Post; html: string; bytes: number }

/**
 * A text, and what stands in place of it, or behind it, where there is no room for all of it: plain words. `dir` is that
 * of the link, which is in the reader's language.
 */
export type Wish = { whole: Whole; summary: string; readOn: string; dir: 'ltr' | 'rtl' }

/** What is shown of a text: `tree` is null where its summary stands in place of it; `rest` says that there is more. */
export type Text = { html: string; tree: Tree | null; rest: boolean }

/** The text of a post that stands among others, each below a title of level 2. */
export function readWhole(post: Post, press: Press): Whole {
  const article = readArticle(post, press, 3)
  const { html, tree, rest } = cutArticle(article.body, article.options, MOST_BYTES)
  const isWhole = !rest && tree.children.length > 0
  return { ...article, post, html, bytes: isWhole ? Buffer.byteLength(html) : Number.POSITIVE_INFINITY }
}

/**
 * Gives each text as much of the room as the others, and what a short one leaves to those that are longer. Colours get
 * what is left then, from the top, and no more than in a mail of one post: they never cost words.
 *
 * @param room in bytes; more is taken only where not even summaries fit
 * @returns what is shown of each, in the order of the wishes
 */
export async function shareRoom(
  wishes: Wish[],
  room: number,
  highlighter: Pick<Highlighter, 'highlight'>,
): Promise<Text[]> {
  const cuts: Cut[] = []
  let left = room
  const shortestFirst = [...wishes.keys()].sort((a, b) => bytesOf(wishes, a) - bytesOf(wishes, b) || a - b)
  shortestFirst.forEach((index, turn) => {
    const cut = within(wishes[index] as Wish, left / (wishes.length - turn))
    left -= Buffer.byteLength(cut.html + cut.ending)
    cuts[index] = cut
  })
  let colors = Math.min(left, MOST_COLOR_BYTES)
  const texts: Text[] = []
  for (const [index, { html, ending, tree, rest }] of cuts.entries()) {
    const { options } = (wishes[index] as Wish).whole
    const isBright = tree !== null && colors >= FEW_COLORS
    const code = isBright ? await colorCode(tree, highlighter) : null
    const shown = tree && code?.size ? renderArticle(tree, { ...options, code }, colors) : html
    colors -= Buffer.byteLength(shown) - Buffer.byteLength(html)
    texts.push({ html: shown + ending, tree, rest })
  }
  return texts
}

function bytesOf(wishes: Wish[], index: number): number {
  // Two that are both without end are as long as each other, which their difference would not say.
  return Math.min((wishes[index] as Wish).whole.bytes, Number.MAX_SAFE_INTEGER)
}

type Cut = Text & { ending: string }

/** As much of a text as there is room for, or its summary where that is not even its first paragraph. */
function within({ whole, summary, readOn, dir: theirs }: Wish, room: number): Cut {
  if (whole.bytes <= room) return { html: whole.html, tree: whole.body, rest: false, ending: '' }
  const { post, body, options } = whole
  const dir = directionOf(post.language)
  const ending = `<p dir="${dir}" style="margin:16px 0 0;font-family:${SANS};font-size:16px;line-height:1.5;"><a href="${escapeHtml(post.url)}" dir="${theirs}" style="color:${options.accent};text-decoration:underline;">${escapeHtml(readOn)}</a></p>`
  const { html, tree } = cutArticle(body, options, room - Buffer.byteLength(ending))
  if (tree.children.length > 0) return { html, tree, rest: true, ending }
  const said =
    summary === ''
      ? ''
      : `<div lang="${escapeHtml(post.language)}" dir="${dir}" style="text-align:${startOf(dir)};">${escapeHtml(summary)}</div>`
  return { html: said, tree: null, rest: true, ending }
}
