/**
 * Front matter: YAML between "---" or TOML between "+++", above the text.
 *
 * gray-matter does the cutting, but it is handed no more than the fences and what is between them, since it takes any
 * line that begins with "---" for the end, runs `---js` as code, and answers a file without an end with silence or
 * with the wrong line. Its engines see the text from the fence on, so the lines in their errors are lines of the file.
 */
import matter from 'gray-matter'
import { parse as parseToml, TomlDate, TomlError } from 'smol-toml'
import {
  type CollectionTag,
  type ErrorCode,
  isScalar,
  LineCounter,
  parseDocument,
  type ScalarTag,
  Schema,
} from 'yaml'
import { cleanText } from './characters.ts'

type FrontMatter = {
  /** Keys as the author wrote them. Dates are text; texts are free of control characters. */
  data: Record<string, unknown>
  /** The text below. */
  body: string
  /** The lines between the fences; empty where there are none. */
  head: string
}

/** What is wrong, and the line where (the first is 1), for the caller to put a file's name to. */
type FrontMatterFault = { line: number; message: string }

/** A fault on its way out through gray-matter, which knows none of ours. */
class Refusal extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

const refuse = () => {
  throw new Refusal(1, 'only YAML between "---" and TOML between "+++" is read')
}
const engines = {
  yaml: readYaml,
  toml: readToml,
  json: refuse,
  javascript: refuse,
  js: refuse,
  coffee: refuse,
}

/** The first line that begins with the fence. YAML may end with "..." as well, and Jekyll takes it. */
const YAML_END = /\n(?:---[^\n]*|\.\.\.[^\S\n]*(?=\n|$))/
const TOML_END = /\n\+\+\+[^\n]*/

/**
 * Cuts a file into front matter and text. A file that does not begin with a fence is all text.
 *
 * @param source the file's text, in which line ends may be any and a byte order mark may come first.
 */
export function readFrontMatter(source: string): FrontMatter | FrontMatterFault {
  const text = source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const first = text.split('\n', 1)[0] ?? ''
  const fence = /^(---|\+\+\+)(?!-|\+)/.exec(first)?.[1]
  if (!fence) return { data: {}, body: text, head: '' }
  const kind = first.slice(fence.length).trim()
  if (kind !== '')
    return {
      line: 1,
      message: `the front matter begins with "${fence}${kind}"; only YAML between "---" and TOML between "+++" is read, and nothing that could run`,
    }
  const closing = (fence === '---' ? YAML_END : TOML_END).exec(text)
  if (!closing)
    return {
      line: 1,
      message: `the front matter has no closing "${fence}"; put one on a line of its own below its last key`,
    }
  const head = text.slice(first.length + 1, closing.index)
  const last = closing[0].trim()
  if (last !== fence && last !== '...')
    return {
      line: text.slice(0, closing.index).split('\n').length + 1,
      message: `this line begins with "${fence}", which ends the front matter, and goes on; write "${fence}" alone`,
    }
  const data = parseHead(head, fence)
  if (data instanceof Refusal) return { line: data.line, message: data.message }
  return { data, body: text.slice(closing.index + closing[0].length + 1), head }
}

/** The line of a key that stands at the beginning of a line, or undefined. */
export function lineOfKey(head: string, key: string): number | undefined {
  const at = head.split('\n').findIndex((line) => keyOfLine(line) === key)
  return at < 0 ? undefined : at + 2
}

function keyOfLine(line: string): string | undefined {
  return /^(["']?)([^\s"':=#[\]]+)\1\s*[:=]/.exec(line.trimEnd())?.[2]
}

function parseHead(head: string, fence: string): Record<string, unknown> | Refusal {
  const yaml = fence === '---'
  try {
    const { data } = matter(`${fence}\n${head}\n${fence}\n`, {
      // Without an options object gray-matter remembers results by content, and gives a broken file's as {}.
      language: yaml ? 'yaml' : 'toml',
      delimiters: fence,
      engines,
    })
    const plain: unknown = plainValue(data)
    if (isTable(plain)) return plain
    return new Refusal(2, `this is not a list of keys; write lines such as "title${yaml ? ':' : ' ='} Hello"`)
  } catch (error) {
    return refusal(error, head, fence)
  }
}

// The parser's words for the mistakes that people make most are about grammar.
const YAML_CURES: Partial<Record<ErrorCode, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a value with ": " in it has to stand in quotes',
  DUPLICATE_KEY: 'this key is there a second time; keep one of them',
  TAB_AS_INDENT: 'there is a tab before the text; indent with spaces',
}

const YAML_TAGS = new Schema({ schema: 'core' }).tags.map(asWritten)

// A number that would not be written the same way again (1.10, 007, 1e3) is text: a version, a code, a name.
function asWritten(tag: ScalarTag | CollectionTag): ScalarTag | CollectionTag {
  if (tag.collection !== undefined || !/:(int|float)$/.test(tag.tag)) return tag
  const { resolve, ...rest } = tag
  return {
    ...rest,
    resolve(source, ...others) {
      const read = resolve(source, ...others)
      const value = isScalar(read) ? read.value : read
      return String(value) === source ? value : source
    },
  }
}

function readYaml(text: string): object {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    schema: 'core',
    customTags: () => YAML_TAGS,
    stringKeys: true,
    logLevel: 'error',
    lineCounter,
    prettyErrors: false,
  })
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault)
    throw new Refusal(lineCounter.linePos(fault.pos[0]).line, YAML_CURES[fault.code] ?? fault.message)
  return document.toJS({ maxAliasCount: 100 })
}

// smol-toml makes 2 March of 2026-02-30 without a word, so dates are handed over as the text that they are.
const TOML_DATE =
  /^([ \t]*[\w."'-]+[ \t]*=[ \t]*)(\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2})?)?)(?=[ \t]*(?:#.*)?$)/gm

function readToml(text: string): object {
  return parseToml(text.replace(TOML_DATE, '$1"$2"'))
}

function refusal(error: unknown, head: string, fence: string): Refusal {
  if (error instanceof Refusal) return withDoubt(error, head, fence)
  if (error instanceof TomlError) {
    const message = error.message.replace(/^Invalid TOML document: /, '').split('\n')[0] ?? ''
    return withDoubt(new Refusal(error.line, message), head, fence)
  }
  // What is left are unknown aliases and the parsers' limits: aliases that grow without end, nesting too deep.
  return new Refusal(1, `the front matter cannot be read: ${error instanceof Error ? error.message : error}`)
}

// A front matter that was never closed runs on to the next "---" of the text, and the first line of prose is then what
// the parser stumbles over. That line stands below an empty one.
function withDoubt({ line, message }: Refusal, head: string, fence: string): Refusal {
  const kind = fence === '---' ? 'YAML' : 'TOML'
  const above = head.split('\n').slice(0, Math.max(0, line - 2))
  const doubt = above.some((text) => text.trim() === '')
    ? `; if the text of the post begins here, there is no closing "${fence}" above it`
    : ''
  const words = message.charAt(0).toLowerCase() + message.slice(1)
  return new Refusal(line, `this is not ${kind}: ${words}${doubt}`)
}

/** Plain tables, lists and texts, without what only a parser knows and without characters that nothing may carry. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (value instanceof TomlDate) return value.toISOString()
  if (Array.isArray(value)) return value.map(plainValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [cleanText(key), plainValue(inner)]))
}

/** True for an object of keys, which front matter and tables in it have to be. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
