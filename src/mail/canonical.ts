/** DKIM's relaxed form (RFC 6376, 3.4): what a message is signed as, so that a relay may fold and space it anew. */

/** A header field, with or without its CRLF, as `name:value`. */
export function relaxedField(field: string): string {
  const colon = field.indexOf(':')
  // RFC 6376, 3.4.2: names in lower case, lines unfolded, white space within is one space, and at both ends none.
  const value = field
    .slice(colon + 1)
    .replaceAll('\r\n', '')
    .replace(/[ \t]+/g, ' ')
  return `${field.slice(0, colon).trimEnd().toLowerCase()}:${value.trim()}`
}

/** A body of bytes, each a character. */
export function relaxedBody(body: string): string {
  // RFC 6376, 3.4.4: white space at a line's end goes, elsewhere it is one space, and empty lines at the end go.
  const lines = body.replace(/[ \t]+/g, ' ').replaceAll(' \r\n', '\r\n')
  const text = lines.replace(/ ?(\r\n)*$/, '')
  return text === '' ? '' : `${text}\r\n`
}
