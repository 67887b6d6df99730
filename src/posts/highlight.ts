/**
 * Code as pieces of few kinds: comments, keywords, strings and so on. Whoever shows it gives each kind its look: a page
 * by a class, a mail by a colour.
 *
 * The work is done in `tokenize.ts`, which is loaded with the first block that needs it: a site without code, or with
 * none that is new, never pays for it.
 *
 * What cannot be coloured stays plain, and that is no fault of the post: an unknown language, a text of a length that
 * nobody reads, one that takes too long, one that its grammar fails at.
 */
import { hash } from 'node:crypto'
import { join, parse } from 'node:path'
import type { Config } from '../config.ts'
import { type Language, languageOf } from './grammars.ts'
import { openHighlighted } from './highlighted.ts'

/** Each begins with another letter, which is what is remembered of it. */
const KINDS = ['comment', 'keyword', 'name', 'parameter', 'removed', 'string', 'tag', 'value'] as const

/**
 * `name` is that of a function, a type or an attribute, `removed` is also what is invalid, `tag` also a line that is
 * added, `value` a number, a constant, a key, or what a language brings with it.
 */
export type Kind = (typeof KINDS)[number]

/** A piece of a text; null is what is nothing special, spaces and line ends among it. */
export type Piece = { kind: Kind | null; text: string }

/** Kinds of a text, one behind the other, each with how many characters it lasts. May throw at any point. */
export type Tokenize = (text: string) => AsyncGenerator<{ kind: Kind | null; length: number }>

export type Highlighter = {
  /**
   * @param written the language as the author names it
   * @returns pieces that are the text again one behind the other, or null where it stays plain
   */
  highlight: (text: string, written: string) => Promise<Piece[] | null>
  /** Writes down what was found out since it was opened, and forgets what nobody asked for. */
  save: () => Promise<void>
}

/** Another text whenever the same code may come out otherwise: ours, and the version of the grammars. */
export const EDITION = '1 4.6.0'

/** In characters: more is a file to download, not code that is read. */
const LONGEST = 50_000
/** Of a line: longer ones were written by a program, and some grammars take seconds for them. */
const WIDEST = 2000

/** What stands for no kind among their letters. */
const PLAIN = '_'

/**
 * What is found out is remembered beside the journal, as `posthorn.code` beside `posthorn.journal`, by the text of the
 * block: neither a change elsewhere in the post nor the next start looks at it again.
 */
export function openHighlighter({ journal }: Pick<Config, 'journal'>): Highlighter {
  const { dir, name } = parse(journal.file)
  const highlighted = openHighlighted(join(dir, `${name}.code`), EDITION)
  const tokenizers = new Map<Language, Promise<Tokenize | null>>()
  return {
    highlight: async (text, written) => {
      const language = languageOf(written)
      if (language === null || !isRead(text)) return null
      const key = hash('sha256', `${EDITION}\n${language}\n${text}`, 'base64url').slice(0, 22)
      const known = piecesOf(await highlighted.find(key), text)
      if (known !== null) return known
      const tokenizer = tokenizers.get(language) ?? openTokenizer(language)
      tokenizers.set(language, tokenizer)
      const tokenize = await tokenizer
      if (tokenize === null) return null
      const runs = await runsOf(text, tokenize)
      highlighted.keep(key, runs)
      return piecesOf(runs, text)
    },
    save: highlighted.save,
  }
}

async function openTokenizer(language: Language): Promise<Tokenize | null> {
  try {
    const tokenizing = await import('./tokenize.ts')
    return await tokenizing.openTokenizer(language)
  } catch {
    // An update has replaced the program under a running process. Posts go on, in one colour until it is restarted.
    return null
  }
}

/** Whether a text is for people. */
function isRead(text: string): boolean {
  return text.length <= LONGEST && text.split('\n').every((line) => line.length <= WIDEST)
}

/** How long which kind lasts, `k5_1n4`: five characters of a keyword, a space, a name. */
async function runsOf(text: string, tokenize: Tokenize): Promise<string> {
  try {
    const runs: { letter: string; length: number }[] = []
    for await (const { kind, length } of tokenize(text)) {
      const letter = kind?.charAt(0) ?? PLAIN
      const last = runs.at(-1)
      if (last?.letter === letter) last.length += length
      else if (length > 0) runs.push({ letter, length })
    }
    return runs.map(({ letter, length }) => letter + length).join('')
  } catch {
    // A grammar that cannot be run, or time is up. Code without colours is still all there; and it is remembered so,
    // or each start would take as long.
    return PLAIN + text.length
  }
}

/** Null where the runs are not those of this text. */
function piecesOf(runs: string | null, text: string): Piece[] | null {
  if (runs === null) return null
  const pieces: Piece[] = []
  let at = 0
  for (const [, letter, length] of runs.matchAll(/([a-z_])(\d+)/g)) {
    const piece = text.slice(at, at + Number(length))
    pieces.push({ kind: KINDS.find((kind) => kind.startsWith(letter ?? '')) ?? null, text: piece })
    at += Number(length)
  }
  return at === text.length ? pieces : null
}
