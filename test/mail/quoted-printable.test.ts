import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeQuotedPrintable } from '../../src/mail/quoted-printable.ts'

/** RFC 2045, 6.7, read the other way round; nothing of the encoder is used. */
function decode(encoded: string): string {
  const joined = encoded.replaceAll('=\r\n', '')
  const bytes = joined.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

const encode = (text: string, continues = false) => encodeQuotedPrintable(text, continues).toString('latin1')

const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r',
        '\n',
        '\r\n',
        '.',
        ' ',
        '\t',
        '=',
        'From ',
        '👩‍👩‍👧',
        '\ud800',
        '\0',
        'x'.repeat(80),
      ),
      fc.string({ unit: 'binary', maxLength: 90 }),
    ),
    { maxLength: 20 },
  )
  .map((pieces) => pieces.join(''))

test('what is encoded is what is decoded, with line breaks of one kind', () => {
  fc.assert(
    fc.property(anyText, fc.boolean(), (text, continues) => {
      expect(decode(encode(text, continues))).toBe(text.toWellFormed().replace(/\r\n?|\n/g, '\r\n'))
    }),
    { numRuns: 2000, seed: 1 },
  )
})

test('every line is ASCII, 76 characters at the most, and no white space ends it', () => {
  fc.assert(
    fc.property(anyText, fc.boolean(), (text, continues) => {
      const encoded = encode(text, continues)
      expect(encoded).toMatch(/^[\t\r\n\x20-\x7e]*$/)
      expect(encoded.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      for (const line of encoded.split('\r\n')) {
        expect(line.length).toBeLessThanOrEqual(76)
        expect(line).not.toMatch(/^\.|^From |[ \t]$/)
      }
      if (continues && encoded !== '') expect(encoded.endsWith('\r\n')).toBe(true)
    }),
    { numRuns: 2000, seed: 2 },
  )
})

test('pieces that are encoded one by one read as if they had been encoded together', () => {
  fc.assert(
    fc.property(fc.array(anyText, { minLength: 1, maxLength: 4 }), (pieces) => {
      const encoded = pieces.map((piece, index) => encode(piece, index < pieces.length - 1)).join('')
      const each = pieces.map((piece) => piece.toWellFormed().replace(/\r\n?|\n/g, '\r\n'))
      expect(decode(encoded)).toBe(each.join(''))
    }),
    { numRuns: 1000, seed: 3 },
  )
})

test('the cases that break mail, one by one', () => {
  expect(encode('.')).toBe('=2E')
  expect(encode('a\n.\n..b')).toBe('a\r\n=2E\r\n=2E.b')
  expect(encode('From here\nFromage')).toBe('=46rom here\r\nFromage')
  expect(encode('tail \n\t\n')).toBe('tail=20\r\n=09\r\n')
  expect(encode('tail ', true)).toBe('tail=20=\r\n')
  expect(encode('1+1=2')).toBe('1+1=3D2')
  expect(encode('', true)).toBe('')
  expect(encode('line\n', true)).toBe('line\r\n')
  // The dot that a soft break brings to the start of a line.
  expect(encode(`${'x'.repeat(75)}.y`)).toBe(`${'x'.repeat(75)}=\r\n=2Ey`)
  expect(encode(`${'x'.repeat(73)}é`)).toBe(`${'x'.repeat(73)}=\r\n=C3=A9`)
})

test('the longest encoding of a text fits what was set aside for it', () => {
  for (const text of ['é', '=', '\0', '👩‍👩‍👧', 'x'])
    for (const times of [1, 24, 25, 26, 75, 76, 5000]) {
      const many = text.repeat(times)
      expect(decode(encode(many, true))).toBe(many)
    }
})
