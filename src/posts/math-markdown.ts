/**
 * Math between dollars, by rules strict enough for posts that speak of prices and shells: "$5 and $10", `$PATH` and
 * "$(echo)" are none. The backticks of `` $`a_1`$ `` say that no other mark counts inside.
 */
import type MarkdownIt from 'markdown-it'
import type StateBlock from 'markdown-it/lib/rules_block/state_block.mjs'
import type StateInline from 'markdown-it/lib/rules_inline/state_inline.mjs'

/** A plugin of markdown-it: tokens `math_inline` and `math_block`, whose `content` is TeX. */
export function dollars(markdown: MarkdownIt) {
  markdown.inline.ruler.before('escape', 'math_inline', mathInline)
  markdown.block.ruler.before('fence', 'math_block', mathBlock, {
    alt: ['paragraph', 'reference', 'blockquote', 'list'],
  })
}

// Scripts that put no space between words put none around a formula.
const UNSPACED =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}'
const LETTER = `[[\\p{L}\\p{M}\\p{N}_]--[${UNSPACED}]]`
const TOUCHES_BEFORE = new RegExp(`(?:${LETTER}|[$\\\\\\)\\]\\}])$`, 'v')
const TOUCHES_BEHIND = new RegExp(`^(?:${LETTER}|[$\\(\\{])`, 'v')

function mathInline(state: StateInline, silent: boolean): boolean {
  const { src, pos, posMax } = state
  if (src[pos] !== '$') return false
  const found = matchFence(src.slice(pos, posMax))
  if (found === null) return false
  const end = pos + found.length
  if (TOUCHES_BEFORE.test(src.slice(Math.max(0, pos - 2), pos))) return false
  if (TOUCHES_BEHIND.test(src.slice(end, end + 2))) return false
  if (!silent) state.push('math_inline', 'math', 0).content = found.tex
  state.pos = end
  return true
}

function matchFence(rest: string): { tex: string; length: number } | null {
  const [, ticked] = /^\$(`[^`\n]+`)\$/.exec(rest) ?? []
  if (ticked) return { tex: ticked.slice(1, -1).trim(), length: ticked.length + 2 }
  const fence = rest.startsWith('$$') ? '$$' : '$'
  const length = closing(rest, fence)
  if (length < 0) return null
  const inside = rest.slice(fence.length, length)
  const tex = inside.trim()
  if (tex === '' || (fence === '$' && (tex !== inside || isPrice(tex) || BEHIND_A_SIGN.test(tex))))
    return null
  return { tex, length: length + fence.length }
}

// Words behind a dollar that is itself what they are about: "$" and '$', $.get, /x+$/.
const BEHIND_A_SIGN = /^(?:['"’”»),;:!?/]|\.(?!\d))/

// In characters. A text that is all "${" would be read to its end from each of its dollars.
const LONGEST = 600

/**
 * Where the math ends that begins here. The first dollar that is not escaped or in braces, as in `\text{for $n$}`,
 * ends it or shows that it is none; math has no code in it and stays on its line.
 */
function closing(text: string, fence: string): number {
  let depth = 0
  for (let at = fence.length; at < Math.min(text.length, LONGEST); at++) {
    const character = text[at]
    if (character === '\n' || character === '`') return -1
    if (character === '\\') at++
    else if (character === '{') depth++
    else if (character === '}' && --depth < 0) return -1
    else if (character === '$' && depth === 0) return text.startsWith(fence, at) ? at : -1
  }
  return -1
}

/** "$5, or 7$": a number with words behind it, which in TeX would be a product of letters. */
function isPrice(tex: string): boolean {
  return /^\d/.test(tex) && /(?<![\\\p{L}])\p{L}{2,}/u.test(tex.replace(/\{[^{}]*\}/g, ''))
}

/** Lines from `$$` to `$$` with none that is empty between them; the dollars may stand on lines of their own. */
function mathBlock(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const lineAt = (line: number) =>
    state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]).trimEnd()
  if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false
  const first = lineAt(startLine)
  if (!/^\$\$(?!\$)/.test(first)) return false
  const lines: string[] = []
  for (let line = startLine; line < endLine; line++) {
    const text = line === startLine ? first.slice(2) : lineAt(line)
    const isOutside = line > startLine && (state.sCount[line] ?? 0) < state.blkIndent
    if ((line > startLine && text === '') || isOutside) return false
    const end = /(?<![\\$])\$\$$/.exec(text)
    lines.push(end ? text.slice(0, end.index) : text)
    if (/(?<!\\)\$\$/.test(lines.at(-1) ?? '')) return false
    if (!end) continue
    const tex = lines.join('\n').trim()
    if (tex === '') return false
    if (!silent) {
      const token = state.push('math_block', 'math', 0)
      token.content = tex
      token.map = [startLine, line + 1]
    }
    state.line = line + 1
    return true
  }
  return false
}
