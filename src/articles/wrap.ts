/**
 * Lines of plain text: how wide they are on a terminal, where they may end, and how they stay readable where scripts
 * of both directions meet.
 */
import { hasLetters } from '../markup.ts'

export const WIDTH = 78

/**
 * Breaks text between words so that no line is wider than `width` columns. A word that is wider alone, such as an
 * address, stays whole; Chinese and Japanese, which have no spaces, are broken between characters. Line breaks in the
 * text stay, spaces at the ends of lines go.
 */
export function wrap(text: string, width: number): string {
  const lines = text.split('\n').flatMap((line) => {
    const lines: string[] = []
    let current = ''
    let taken = 0
    for (const piece of line.split(BETWEEN_WORDS).flatMap(pieces)) {
      const space = current === '' || piece.glued ? '' : ' '
      const more = columns(piece.text) + space.length
      if (current !== '' && taken + more > width) {
        lines.push(current)
        current = piece.text
        taken = columns(current)
      } else {
        current += space + piece.text
        taken += more
      }
    }
    return [...lines, current]
  })
  return balanced(lines.map((line) => line.trimEnd())).join('\n')
}

// A sign that stands alone goes with the word before it: at the beginning of a line it would begin a list or a quotation.
const BETWEEN_WORDS = /[ \t]+(?![-–—+*>#|](?:[ \t]|$))/

/** How many columns of a terminal a text takes: Chinese, Japanese, Korean and emoji take two each. */
export function columns(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of characters.segment(text))
    if (!INVISIBLE.test(segment)) width += WIDE.test(segment) ? 2 : 1
  return width
}

// What a reader sees as one character, whatever it is made of.
const characters = new Intl.Segmenter()

const WIDE =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]/u
const INVISIBLE = /^[\p{Default_Ignorable_Code_Point}\p{Mn}]+$/u

const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\u3000-\u303F\uFF00-\uFFEF]/u
// A line does not begin with what closes or lengthens something, and does not end with what opens it.
const NEVER_FIRST =
  /^[、。，．・：；？！）」』】〉》〕｝”’…‥ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)\]}%\u2069]/u
const NEVER_LAST = /[（「『【〈《〔｛“‘([{\u2066-\u2068]$/u

/** A word in the pieces between which it may be broken. */
function pieces(word: string): { text: string; glued: boolean }[] {
  if (word === '') return []
  if (!UNSPACED.test(word)) return [{ text: word, glued: false }]
  const found: string[] = []
  let isUnspaced = false
  for (const { segment } of characters.segment(word)) {
    const before = found.at(-1)
    const was = isUnspaced
    isUnspaced = UNSPACED.test(segment)
    const mayBreak = (was || isUnspaced) && !NEVER_FIRST.test(segment) && !NEVER_LAST.test(before ?? '')
    if (before === undefined || mayBreak) found.push(segment)
    else found[found.length - 1] = before + segment
  }
  return found.map((text, index) => ({ text, glued: index > 0 }))
}

const ISOLATES = /[\u2066-\u2069]/
const FIRST_STRONG_ISOLATE = '\u2068'
const POP_ISOLATE = '\u2069'

/**
 * A text that stands in a sentence, kept together where it is written the other way: without, the number behind an
 * Arabic name in an English sentence jumps to the other side of it.
 */
export function isolated(text: string, around: 'ltr' | 'rtl'): string {
  const isOther = hasLetters(text, around === 'ltr' ? 'rtl' : 'ltr')
  return isOther ? FIRST_STRONG_ISOLATE + text + POP_ISOLATE : text
}

/** More than anybody writes; Unicode (UAX #9, BD2) ends at 125. Each line opens all of them anew. */
const DEEPEST = 20

/**
 * Lines that each close what they open. A line end ends all isolates: what goes on in the next line is opened again
 * there, and an end without a beginning is left out.
 */
function balanced(lines: string[]): string[] {
  if (!lines.some((line) => ISOLATES.test(line))) return lines
  const open: string[] = []
  let tooDeep = 0
  return lines.map((line) => {
    let text = open.join('')
    for (const character of line) {
      if (!ISOLATES.test(character)) text += character
      else if (character !== POP_ISOLATE) {
        if (open.length < DEEPEST) {
          open.push(character)
          text += character
        } else tooDeep++
      } else if (tooDeep > 0) tooDeep--
      else if (open.pop() !== undefined) text += character
    }
    // What has nothing in it isolates nothing.
    return (text + POP_ISOLATE.repeat(open.length)).replace(/[\u2066-\u2068]\u2069/g, '').trimEnd()
  })
}

// RFC 5322, 2.1.1: "Each line of characters MUST be no more than 998 characters", counted in octets as it is sent.
const MOST_OCTETS = 998

/** The text without a line that is too long to be sent; what such a line is marked with, its further lines are too. */
export function withoutLongLines(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => (line.length * 3 > MOST_OCTETS ? cutLine(line) : [line]))
    .join('\n')
}

function cutLine(line: string): string[] {
  if (Buffer.byteLength(line) <= MOST_OCTETS) return [line]
  const mark = /^[> ]*/.exec(line)?.[0].slice(0, MOST_OCTETS / 2) ?? ''
  const lines = [mark]
  let octets = mark.length
  let space = false
  for (const { segment } of characters.segment(line.slice(mark.length))) {
    // One character of a thousand accents is more than one line.
    for (const piece of Buffer.byteLength(segment) > 100 ? segment : [segment]) {
      const more = Buffer.byteLength(piece)
      // Past the middle, between two words; at the end of the line wherever that is.
      if (octets + more > MOST_OCTETS || (space && octets > MOST_OCTETS * 0.9)) {
        lines.push(mark)
        octets = mark.length
      }
      space = piece === ' '
      lines[lines.length - 1] += piece
      octets += more
    }
  }
  return lines.map((each) => each.trimEnd())
}
