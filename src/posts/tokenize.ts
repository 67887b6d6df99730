/**
 * Shiki, which knows the grammars of editors. Loaded late, by `highlight.ts` alone.
 *
 * Kinds are told apart by the colours of one of its themes, since a theme has rules for all those grammars; the colours
 * themselves go no further than this file.
 *
 * Each language has a Shiki of its own. In a common one, code that stands inside other code, such as a fence in
 * Markdown, would be coloured or not by which languages happened to be loaded before, and a page would depend on the
 * order in which posts are made.
 */
import { setImmediate } from 'node:timers/promises'
import { createShikiPrimitive, type Grammar } from '@shikijs/core'
import { createJavaScriptRegexEngine } from '@shikijs/engine-javascript'
import theme from '@shikijs/themes/github-light'
import { type Language, readGrammar } from './grammars.ts'
import type { Kind, Tokenize } from './highlight.ts'

const KINDS = new Map<string, Kind>([
  ['#6a737d', 'comment'],
  ['#d73a49', 'keyword'],
  ['#6f42c1', 'name'],
  ['#e36209', 'parameter'],
  ['#b31d28', 'removed'],
  ['#032f62', 'string'],
  ['#22863a', 'tag'],
  ['#005cc5', 'value'],
])

/**
 * In milliseconds of work for a text. The first one in C++ takes two seconds on a busy machine, which makes the regular
 * expressions of the grammar; the limit is far above that, so that a page does not depend on the machine's day.
 */
const LIMIT_MS = 10_000
/** How long other work waits while a text is looked at. */
const SLICE_MS = 20

/** What it makes throws where the grammar has what the engine cannot run, and where it takes too long. */
export async function openTokenizer(language: Language): Promise<Tokenize> {
  const langs = await readGrammar(language)
  const engine = createJavaScriptRegexEngine()
  const shiki = createShikiPrimitive({ langs, themes: [theme], engine, warnings: false })
  const { colorMap } = shiki.setTheme(theme)
  const kinds = colorMap.map((color) => KINDS.get(color?.toLowerCase()) ?? null)
  const grammar = shiki.getLanguage(langs.at(-1)?.name ?? language)
  return (text) => tokenize(text, grammar, kinds)
}

async function* tokenize(text: string, grammar: Grammar, kinds: (Kind | null)[]): ReturnType<Tokenize> {
  let state: Parameters<Grammar['tokenizeLine2']>[1] = null
  let left = LIMIT_MS
  let slice = SLICE_MS
  for (const line of text.split('\n')) {
    if (state !== null) yield { kind: null, length: 1 }
    const since = performance.now()
    const { tokens, ruleStack, stoppedEarly } = grammar.tokenizeLine2(line, state, left)
    const took = performance.now() - since
    left -= took
    slice -= took
    if (stoppedEarly || left <= 0) throw new Error('takes too long')
    state = ruleStack
    // Pairs of where a token begins and what it is. The grammar's last one may end behind the line, with its line end.
    for (let at = 0; at < tokens.length; at += 2) {
      const end = Math.min(tokens[at + 2] ?? line.length, line.length)
      // The number of its colour is in bits 15 to 23.
      const kind = kinds[((tokens[at + 1] as number) >>> 15) & 0x1ff] ?? null
      yield { kind, length: end - (tokens[at] as number) }
    }
    if (slice > 0) continue
    await setImmediate()
    slice = SLICE_MS
  }
}
