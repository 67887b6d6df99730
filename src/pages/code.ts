/** Code blocks in colours, for pages: each piece that is something special has the first letter of its kind as class. */
import { escapeHtml } from '../markup.ts'
import { languageOf } from '../posts/grammars.ts'
import type { Highlighter, Piece } from '../posts/highlight.ts'

// As `toHtml` writes a block. One of the author's own HTML that has tags inside has been coloured by somebody else.
const BLOCK = /<pre><code class="language-([^" ]+)">([^<]*)<\/code><\/pre>/g
const CHARACTERS: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/** Whether a post has code in a language that can be coloured. */
export function hasCode(html: string): boolean {
  return (
    html.includes('<pre><code class="language-') &&
    [...html.matchAll(BLOCK)].some(([, language = '']) => languageOf(language) !== null)
  )
}

/** @param html of a post: text in it is escaped, so what looks like a block is one */
export async function withColors(html: string, highlighter: Highlighter): Promise<string> {
  let colored = ''
  let at = 0
  for (const block of html.matchAll(BLOCK)) {
    const [whole, language = '', inner = ''] = block
    const text = textOf(inner)
    const pieces = text === null ? null : await highlighter.highlight(text, language)
    if (pieces === null) continue
    const open = whole.slice(0, whole.indexOf('">') + 2)
    colored += `${html.slice(at, block.index)}${open}${pieces.map(spanOf).join('')}</code></pre>`
    at = block.index + whole.length
  }
  return colored + html.slice(at)
}

function spanOf({ kind, text }: Piece): string {
  return kind === null ? escapeHtml(text) : `<span class="${kind.charAt(0)}">${escapeHtml(text)}</span>`
}

/** The text of escaped HTML; null where something in it was not escaped by us, and may mean more than we know. */
function textOf(inner: string): string | null {
  const text = inner.replace(/&[^&;]*;?/g, (entity) => CHARACTERS[entity] ?? '\0')
  return text.includes('\0') ? null : text
}
