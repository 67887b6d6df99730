/**
 * Quoted-printable (RFC 2045, 6.7) for text that is encoded once and sent many times.
 *
 * A piece encoded here always begins at the start of a line, and may end with a soft line break so that the next
 * piece does too. So pieces that never change keep their bytes, whatever stands between them. Every line is at most
 * 76 characters, is pure ASCII and ends with CRLF; a leading dot is written `=2E`, so SMTP has nothing to stuff.
 *
 * What comes out is in DKIM's relaxed form as it is: two spaces never meet and there is no tab, so a body is hashed
 * without being rewritten first, and a relay that touches white space changes nothing.
 */

/** RFC 2045, 6.7 (5): "encoded lines of not more than 76 characters long", the soft break's "=" included. */
const LINE = 75

const HEX = Buffer.from('0123456789ABCDEF')
const CR = 13
const LF = 10
const SPACE = 32
const EQUALS = 61
const DOT = 46
const UPPER_F = 70

/**
 * @param text any string; CRLF, LF and CR all stand for a line break
 * @param continues true where another piece follows on the same line: a soft break ends this one
 * @returns the encoded bytes, which end at the start of a line whenever `continues` is true
 */
export function encodeQuotedPrintable(text: string, continues: boolean): Buffer {
  const source = Buffer.from(text.replace(/\r\n?/g, '\n'))
  // Each byte takes three at the most, and each 75 characters a soft break of three.
  const out = Buffer.allocUnsafe(source.length * 3 + Math.ceil((source.length * 3) / 73) * 3 + 3)
  let length = 0
  let column = 0
  for (let at = 0; at < source.length; at++) {
    const byte = source[at] as number
    if (byte === LF) {
      out[length++] = CR
      out[length++] = LF
      column = 0
      continue
    }
    const isAfterSpace = column > 0 && out[length - 1] === SPACE
    const escaped = mustEscape(byte, column, isAfterSpace, source, at)
    if (column + (escaped ? 3 : 1) > LINE) {
      out[length++] = EQUALS
      out[length++] = CR
      out[length++] = LF
      column = 0
      at--
      continue
    }
    if (escaped) {
      out[length++] = EQUALS
      out[length++] = HEX[byte >> 4] as number
      out[length++] = HEX[byte & 15] as number
      column += 3
    } else {
      out[length++] = byte
      column += 1
    }
  }
  if (continues && column > 0) {
    out[length++] = EQUALS
    out[length++] = CR
    out[length++] = LF
  }
  return out.subarray(0, length)
}

function mustEscape(
  byte: number,
  column: number,
  isAfterSpace: boolean,
  source: Buffer,
  at: number,
): boolean {
  if (byte === SPACE) {
    // RFC 6376, 3.4.4: "Reduce all sequences of WSP within a line to a single SP character": there is none to reduce.
    if (isAfterSpace) return true
    // RFC 2045, 6.7 (3): white space "MUST NOT be so represented at the end of an encoded line".
    const next = source[at + 1]
    return next === undefined || next === LF
  }
  if (byte < 33 || byte > 126 || byte === EQUALS) return true
  if (column > 0) return false
  // At the start of a line: a dot would end SMTP's DATA if alone, and mailbox files escape "From ".
  return byte === DOT || (byte === UPPER_F && source.toString('latin1', at, at + 5) === 'From ')
}
