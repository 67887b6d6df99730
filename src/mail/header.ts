/**
 * Header fields (RFC 5322) with words outside ASCII (RFC 2047). Whatever text is given, what comes out is ASCII, holds
 * no line break of the text's own, and no line is longer than 998 octets. An address or identifier that would break
 * this has passed a check that it should not have: that is a bug of ours, and it is thrown.
 */

/** RFC 2047, 2: "An 'encoded-word' may not be more than 75 characters long". */
const ENCODED_WORD = 75
/** RFC 5322, 2.1.1: each line "SHOULD be no more than 78 characters". */
const LINE = 78
/** RFC 5322, 2.1.1: each line "MUST be no more than 998 characters", the field's name included. */
const LONGEST_WORD = 900

/** One field of free text, such as a subject, folded and with its CRLF. */
export function textField(name: string, value: string): string {
  const clean = oneLine(value)
  const words = isPlain(clean) ? clean.split(' ') : encodedWords(clean, name.length + 2)
  return fold(name, words)
}

/** A field that holds one mailbox: `"Ada L." <ada@example.org>`. The address has passed `checkAddress`. */
export function mailboxField(name: string, mailbox: { name: string; address: string }): string {
  return fold(name, [
    ...phrase(mailbox.name, name.length + 2),
    mailbox.name.trim() === '' ? mailbox.address : `<${mailbox.address}>`,
  ])
}

/** RFC 2919: a description and a list identifier, `A blog <posts.blog.example>`. */
export function listIdField(description: string, id: string): string {
  return fold('List-Id', [...phrase(description, 'List-Id: '.length), `<${id}>`])
}

/** RFC 2369: a list of addresses, each in angle brackets, the one that is meant first. */
export function addressesField(name: string, addresses: string[]): string {
  const last = addresses.length - 1
  return fold(
    name,
    addresses.map((address, at) => `<${address}>${at < last ? ',' : ''}`),
  )
}

/** A field of tokens that are ASCII by construction: identifiers, dates, addresses of ours. */
export function plainField(name: string, value: string): string {
  return fold(name, [value])
}

/** A moment as RFC 5322, 3.3 writes it, in UTC. */
export function dateText(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}

// RFC 5322, 3.2.5: a phrase is atoms or quoted strings; anything else has to be encoded.
function phrase(value: string, column: number): string[] {
  const clean = oneLine(value)
  if (clean === '') return []
  if (!isPlain(clean)) return encodedWords(clean, column)
  if (/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$/.test(clean)) return clean.split(' ')
  // A quoted string may be folded at its spaces too, and a long one has to be.
  return `"${clean.replace(/[\\"]/g, '\\$&')}"`.split(' ')
}

// ASCII that no reader would take for an encoded word, in words short enough to fold between.
function isPlain(value: string): boolean {
  return (
    /^[\u0020-\u007e]*$/.test(value) &&
    !value.includes('=?') &&
    !value.split(' ').some((word) => word.length > LINE)
  )
}

// Line breaks and other control characters would end the field, or the header.
function oneLine(value: string): string {
  return value
    .toWellFormed()
    .replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim()
}

// RFC 2047, 5: "Each 'encoded-word' MUST represent an integral number of characters", so the text is cut between them.
function encodedWords(value: string, column: number): string[] {
  const words: string[] = []
  let bytes: Buffer[] = []
  let length = 0
  const room = () =>
    Math.floor((ENCODED_WORD - '=?utf-8?B??='.length - (words.length === 0 ? column : 0)) / 4) * 3
  const close = () => {
    words.push(`=?utf-8?B?${Buffer.concat(bytes).toString('base64')}?=`)
    bytes = []
    length = 0
  }
  for (const character of value) {
    const encoded = Buffer.from(character)
    if (length > 0 && length + encoded.length > room()) close()
    bytes.push(encoded)
    length += encoded.length
  }
  if (length > 0) close()
  return words
}

function fold(name: string, words: string[]): string {
  const wrong = words.find((word) => word.length > LONGEST_WORD || !/^[\u0020-\u007e]*$/.test(word))
  if (wrong !== undefined) throw new Error(`the header field ${name} cannot hold ${JSON.stringify(wrong)}`)
  let field = `${name}:`
  let column = field.length
  for (const word of words) {
    // RFC 5322, 2.2.3: a field may be folded before white space, and the fold goes away with the CRLF.
    if (column + 1 + word.length > LINE && column > name.length + 1) {
      field += '\r\n'
      column = 0
    }
    field += ` ${word}`
    column += 1 + word.length
  }
  return `${field}\r\n`
}
