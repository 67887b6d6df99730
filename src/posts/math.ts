/**
 * TeX math as a line of text, for all that shows no formulas: feed readers, mail programs, terminals, summaries.
 * `E=mc^2` is "E = mc²", `\frac{a+b}{2}` is "(a + b)/2", and a command that is not known here stays as it was written.
 *
 * Libraries that we found replace one symbol by another (unicodeit) or make MathML (temml), of which "x2" is left where
 * a program drops the tags; none makes a text that stays true.
 */
import {
  ACCENTS,
  BOARD,
  CHARACTERS,
  FENCES,
  type Kind,
  LINES,
  NAMES,
  PLAIN,
  SILENT,
  SPACES,
  SUBSCRIPTS,
  SUPERSCRIPTS,
  SYMBOLS,
  VULGAR,
  WORDS,
} from './math-symbols.ts'

/**
 * @param newLine what stands between the lines of a formula that has several
 * @returns the text; TeX that is not well-formed, or nested deeper than anybody writes by hand, comes back as it is
 */
export function mathText(tex: string, newLine = '; '): string {
  const reader: Reader = { tokens: tex.match(TOKEN) ?? [], at: 0, depth: 0, newLine, failed: false }
  const rows = readRows(reader)
  if (reader.failed || reader.at < reader.tokens.length) return tex.replace(/\s+/g, ' ').trim()
  return lines(rows, reader)
}

const TOKEN = /:=|\\(?:[A-Za-z]+\*?|[\s\S])|\s+|\d+(?:\.\d+)?|[\s\S]/gu
const DEEPEST = 40

type Reader = { tokens: string[]; at: number; depth: number; newLine: string; failed: boolean }

/** A piece of a formula. What it has around it says where spaces go, which TeX leaves to the typesetter. */
type Piece = {
  text: string
  kind: Kind
  /** What a group was made of: a script says it again, without spaces. */
  inside?: Piece[]
  isFraction?: boolean
  isRaised?: boolean
  /** Ends in a script of letters as large as any ("e^α"), so that what follows has to keep off. */
  ragged?: boolean
}

const operand = (text: string, more: Partial<Piece> = {}): Piece => ({ text, kind: 'operand', ...more })

/** The text raised, in characters that are raised by themselves; null where Unicode has none for one of its own. */
export function superscript(text: string): string | null {
  return scripted(text, SUPERSCRIPTS)
}

/** As `superscript`, lowered. */
export function subscript(text: string): string | null {
  return scripted(text, SUBSCRIPTS)
}

function scripted(text: string, map: Map<string, string>): string | null {
  const small = [...text].map((character) => map.get(character))
  return small.includes(undefined) ? null : small.join('')
}

/** Rows of cells, up to the end of the formula or of the environment that it stands in. */
function readRows(reader: Reader): Piece[][][] {
  const rows: Piece[][][] = [[]]
  for (;;) {
    rows.at(-1)?.push(readPieces(reader, ROW_ENDS))
    const token = reader.tokens[reader.at]
    if (token === '\\\\' || token === '\\cr') {
      reader.at++
      skipHeight(reader)
      rows.push([])
    } else if (token === '&') reader.at++
    else return rows.filter((row) => row.some((cell) => cell.length > 0))
  }
}

/** How far the next row is to keep off: `\\[2pt]`. */
function skipHeight(reader: Reader) {
  const height = /^\s*\[[\d.]+\s*[a-z]{2}\]/.exec(reader.tokens.slice(reader.at, reader.at + 8).join(''))
  for (let length = height?.[0].length ?? 0; length > 0; reader.at++)
    length -= reader.tokens[reader.at]?.length ?? length
}

function lines(rows: Piece[][][], { newLine }: Reader): string {
  // What "&" aligns is one formula.
  const texts = rows.map((cells) => join(cells.flat()))
  // In a sentence, a line that goes on from the one before ("= d") does so without a stop.
  return texts
    .map((text, index) => {
      if (index === 0) return text
      const goesOn = rows[index]?.flat()[0]?.kind === 'relation' && !newLine.includes('\n')
      return `${goesOn ? ' ' : newLine}${text}`
    })
    .join('')
}

const ROW_ENDS = new Set(['\\\\', '\\cr', '&', '\\end'])
const BRACE_END = new Set(['}'])
const BRACKET_END = new Set([']'])
const UNEXPECTED = new Set(['}', '\\end', '&', '\\\\', '\\cr'])

function readPieces(reader: Reader, ends: Set<string>): Piece[] {
  const pieces: Piece[] = []
  for (;;) {
    const token = reader.tokens[reader.at]
    if (token === undefined || ends.has(token) || reader.failed) return pieces
    if (UNEXPECTED.has(token)) {
      reader.failed = true
      return pieces
    }
    const base = token === '^' || token === '_' || token === "'" ? operand('') : readPiece(reader)
    const piece = base && withScripts(base, reader)
    if (piece) pieces.push(piece)
  }
}

function readPiece(reader: Reader): Piece | null {
  const token = reader.tokens[reader.at++] ?? ''
  if (token === '{' || token.startsWith('\\')) {
    if (++reader.depth > DEEPEST) reader.failed = true
    const piece = token === '{' ? readGroup(reader, BRACE_END) : readCommand(token.slice(1), reader)
    reader.depth--
    return piece
  }
  if (token.trim() === '') return null
  if (token === '~') return { text: ' ', kind: 'space' }
  if (token === '-') return { text: '−', kind: 'operator' }
  if (token === ':=') return { text: '≔', kind: 'relation' }
  const kind = CHARACTERS.find(([, characters]) => characters.includes(token))?.[0] ?? 'operand'
  return { text: token, kind }
}

/** What stands up to a brace, of which the opening one has been read. */
function readGroup(reader: Reader, ends: Set<string>): Piece {
  const inside = readPieces(reader, ends)
  if (reader.tokens[reader.at++] === undefined) reader.failed = true
  const [only] = inside
  // A group of one operator is that operator no more: `{,}` in "1{,}000" has no space behind it.
  return inside.length === 1 && only ? { ...only, kind: 'operand' } : operand(join(inside), { inside })
}

/** What a command or a script takes: a group, a command or one character, of a number its first digit. */
function readArgument(reader: Reader): Piece {
  skipSpace(reader)
  const token = reader.tokens[reader.at]
  if (token === undefined || UNEXPECTED.has(token)) reader.failed = true
  else if (/^\d./.test(token)) {
    reader.tokens[reader.at] = token.slice(1)
    return operand(token[0] ?? '')
  }
  return (reader.failed ? null : readPiece(reader)) ?? operand('')
}

/** The words in braces, as they were written. */
function readWords(reader: Reader): string {
  skipSpace(reader)
  if (reader.tokens[reader.at] !== '{') return readArgument(reader).text
  let words = ''
  for (let depth = 0; ; ) {
    const token = reader.tokens[reader.at++]
    if (token === undefined) {
      reader.failed = true
      return words
    }
    if (token === '{' && depth++ === 0) continue
    if (token === '}' && --depth === 0) return words
    words += token
  }
}

function skipSpace(reader: Reader) {
  while (reader.tokens[reader.at]?.trim() === '') reader.at++
}

function readCommand(name: string, reader: Reader): Piece | null {
  if (SPACES.has(name)) return { text: ' ', kind: 'space' }
  if (NAMES.has(name)) return { text: name, kind: 'name' }
  if (WORDS.has(name)) return operand(words(readWords(reader)))
  if (SILENT.has(name)) {
    skipSpace(reader)
    // An invisible fence: `\left.`
    if (/^(left|right|big)/i.test(name) && reader.tokens[reader.at] === '.') reader.at++
    return null
  }
  if (PLAIN.has(name)) {
    const argument = readArgument(reader)
    const { text } = argument
    if (name.startsWith('operatorname')) return { text, kind: 'name' }
    return /^[\p{L}\p{N}]+$/u.test(text) ? operand(text) : argument
  }
  const accent = ACCENTS.get(name)
  if (accent !== undefined) return accented(name, accent, reader)
  for (const [kind, symbols] of SYMBOLS) {
    const text = symbols.get(name)
    if (text !== undefined) return { text, kind }
  }
  switch (name) {
    case 'frac':
    case 'dfrac':
    case 'tfrac':
    case 'cfrac':
      return fraction(readArgument(reader), readArgument(reader))
    case 'binom':
    case 'dbinom':
    case 'tbinom':
      return operand(`C(${readArgument(reader).text}, ${readArgument(reader).text})`)
    case 'sqrt':
      return root(reader)
    case 'mathbb':
      return operand(readWords(reader).replace(/[A-Z]/g, boarded))
    case 'not':
      return { ...readArgument(reader), ...negated(reader) }
    case 'pmod':
      return operand(` (mod ${readArgument(reader).text})`)
    case 'tag':
      return operand(`  (${words(readWords(reader))})`)
    case 'label':
      readWords(reader)
      return null
    case 'begin':
      return environment(reader)
    default:
      return operand(`\\${name}${untouched(reader)}`, { ragged: true })
  }
}

/** The text of words, whose own math and escapes are those of a sentence. */
function words(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\\([%$#&_{} ])/g, '$1')
    .replaceAll('~', ' ')
}

/** What stands in braces behind a command that is not known. */
function untouched(reader: Reader): string {
  let text = ''
  while (reader.tokens[reader.at] === '{' && !reader.failed) text += `{${readWords(reader)}}`
  return text
}

function accented(name: string, accent: string, reader: Reader): Piece {
  const { text } = readArgument(reader)
  const letters = [...text]
  // A line goes over any number of letters, a hat sits on one.
  if (letters.length === 1 || (/line$/.test(name) && /^[\p{L}\p{N}]+$/u.test(text)))
    return operand(letters.map((letter) => (letter + accent).normalize()).join(''))
  return operand(`\\${name}{${text}}`)
}

function negated(reader: Reader): Partial<Piece> {
  const token = reader.tokens[reader.at - 1] ?? ''
  const found = SYMBOLS.map(([, symbols]) => symbols.get(token.slice(1))).find((text) => text !== undefined)
  return { text: `${found ?? token}\u0338`.normalize(), kind: 'relation' }
}

function boarded(letter: string): string {
  return BOARD.get(letter) ?? String.fromCodePoint(0x1d538 + letter.charCodeAt(0) - 65)
}

function fraction(above: Piece, below: Piece): Piece {
  const vulgar = VULGAR.get(`${above.text}/${below.text}`)
  if (vulgar !== undefined) return operand(vulgar)
  const top = breadth(above) > 1 ? `(${above.text})` : above.text
  const bottom = breadth(below) > 0 ? `(${below.text})` : below.text
  return operand(`${top}/${bottom}`, { isFraction: true })
}

function root(reader: Reader): Piece {
  skipSpace(reader)
  let degree = ''
  if (reader.tokens[reader.at] === '[') {
    reader.at++
    degree = readGroup(reader, BRACKET_END).text
  }
  const radicand = readArgument(reader)
  const inside = breadth(radicand) > 0 ? `(${radicand.text})` : radicand.text
  if (degree === '3') return operand(`∛${inside}`)
  if (degree === '4') return operand(`∜${inside}`)
  const small = superscript(degree)
  return operand(small === null ? `(${inside})^(1/(${degree}))` : `${small}√${inside}`)
}

function environment(reader: Reader): Piece | null {
  const name = readWords(reader)
  const fences = FENCES.get(name)
  if (name === 'array' || name.startsWith('aligned') || name.startsWith('alignat'))
    if (reader.tokens[reader.at] === '{') readWords(reader)
  const rows = readRows(reader)
  if (reader.tokens[reader.at++] !== '\\end' || readWords(reader) !== name) reader.failed = true
  if (LINES.test(name)) return operand(lines(rows, reader), { inside: rows.flat(2) })
  const cells = (between: string) => rows.map((row) => row.map((cell) => join(cell)).join(between)).join('; ')
  if (name === 'cases') return operand(`{ ${cells(' ')} }`)
  if (fences) return operand(fences[0] + cells(', ') + fences[1])
  reader.failed = true
  return null
}

/** The piece with its scripts, if it has any: `x_i^2`, `f''`. */
function withScripts(base: Piece, reader: Reader): Piece {
  let below: Piece | null = null
  let above: Piece | null = null
  let primes = ''
  for (;;) {
    const space = reader.at
    skipSpace(reader)
    const token = reader.tokens[reader.at]
    if (token === "'") {
      reader.at++
      primes += '′'
    } else if (token === '_' && below === null) {
      reader.at++
      below = readArgument(reader)
    } else if (token === '^' && above === null) {
      reader.at++
      above = readArgument(reader)
    } else if (token === '\\limits' || token === '\\nolimits') reader.at++
    else {
      // `a ^ b ^ c` is no TeX.
      if (token === '^' || token === '_') reader.failed = true
      reader.at = space
      break
    }
  }
  if (below === null && above === null && primes === '') return base
  const low = below === null ? '' : (subscript(bare(below)) ?? `_${bracketed(below)}`)
  const high = above === null ? '' : (superscript(bare(above)) ?? `^${bracketed(above)}`)
  const isTall = base.isFraction || base.isRaised || breadth(base) > 1
  return {
    text: (isTall && above ? `(${base.text})` : base.text) + low + primes.replaceAll('′′', '″') + high,
    kind: base.kind,
    isRaised: above !== null,
    ragged: /^[_^]/.test(high || low),
  }
}

/** A script's text, in which there is no room for spaces. */
function bare(piece: Piece): string {
  return (piece.inside ? join(piece.inside, true) : piece.text).replaceAll('∘', '°')
}

function bracketed(piece: Piece): string {
  const text = bare(piece)
  return [...text].length === 1 || /^([A-Za-z]+|\d+)$/.test(text) ? text : `(${text})`
}

/** How much stands side by side in a piece: 0 is one thing, 1 a product, 2 a sum or more. */
function breadth(piece: Piece): 0 | 1 | 2 {
  if (piece.isFraction) return 2
  const inside = piece.inside ?? [piece]
  let depth = 0
  for (const { kind, text, isFraction } of inside) {
    if (kind === 'open') depth++
    else if (kind === 'close') depth--
    else if (depth === 0 && (kind !== 'operand' || / /.test(text) || isFraction))
      return inside.length > 1 ? 2 : 0
  }
  return inside.length > 1 ? 1 : 0
}

const ENDS_VALUE = new Set<Kind>(['operand', 'close'])
const BEGINS_VALUE = new Set<Kind>(['operand', 'open', 'name', 'big'])

/** The pieces with the spaces that a typesetter would put between them; in a `tight` place there are none. */
function join(all: Piece[], tight = false): string {
  const pieces = all.filter(({ kind, text }) => kind === 'space' || text !== '')
  const parts: string[] = []
  pieces.forEach((piece, index) => {
    const before = pieces[index - 1]
    const after = pieces[index + 1]
    const space = tight || / $|^$|\n$/.test(parts.at(-1) ?? '') ? '' : ' '
    const behind = tight ? '' : ' '
    const isValueBefore = before !== undefined && ENDS_VALUE.has(before.kind)
    switch (piece.kind) {
      case 'space':
        parts.push(space)
        break
      case 'relation':
        parts.push(space, piece.text, behind)
        break
      case 'operator':
        // Behind nothing that could be added to, it is a sign: −1, (−x).
        parts.push(...(isValueBefore ? [space, piece.text, behind] : [piece.text]))
        break
      case 'comma': {
        if (parts.at(-1) === ' ') parts.pop()
        // A ratio is no announcement: 16:9, but f: X → Y.
        const isRatio = piece.text === ':' && /^\d/.test(after?.text ?? '')
        parts.push(piece.text, isRatio ? '' : behind)
        break
      }
      case 'name':
      case 'big':
        if (isValueBefore || before?.kind === 'name') parts.push(space)
        parts.push(piece.text)
        if (after && (piece.kind === 'big' || after.kind !== 'open') && BEGINS_VALUE.has(after.kind))
          parts.push(behind)
        break
      case 'operand': {
        const touches = isValueBefore || (after !== undefined && BEGINS_VALUE.has(after.kind))
        if (before?.ragged) parts.push(tight ? ' ' : space)
        parts.push(piece.isFraction && touches ? `(${piece.text})` : piece.text)
        break
      }
      default:
        parts.push(piece.text)
    }
  })
  return parts.join('').trim()
}
