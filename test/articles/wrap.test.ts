import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columns, isolated, withoutLongLines, wrap } from '../../src/articles/wrap.ts'

test('lines end between words, and have no spaces at their ends', () => {
  expect(wrap('one two  three ', 7)).toBe('one two\nthree')
  expect(wrap('one \n two', 7)).toBe('one\ntwo')
})

test('a sign that stands alone does not begin a line, where it would begin a list or a quotation', () => {
  expect(wrap('aaaa bbb - c', 8)).toBe('aaaa\nbbb - c')
  expect(wrap('aaaa bbb > c', 8)).toBe('aaaa\nbbb > c')
  expect(wrap('- a', 8)).toBe('- a')
})

test('Chinese and Japanese, which have no spaces, are broken between characters', () => {
  expect(wrap('日'.repeat(50), 78).split('\n').map(columns)).toEqual([78, 22])
})

test('no Japanese line begins with what closes or ends with what opens, and words in Latin letters stay whole', () => {
  expect(wrap('日本語です。日本', 10)).toBe('日本語で\nす。日本')
  expect(wrap('日本語で「日本」', 10)).toBe('日本語で\n「日本」')
  expect(wrap('日本JavaScript語', 12)).toBe('日本\nJavaScript語')
})

test('columns are counted as a terminal does', () => {
  expect(columns('日本 abc')).toBe(8)
  expect(columns('👩‍🌾🇩🇪👍🏽')).toBe(6)
  expect(columns('e\u0301\u2068x\u2069\u200B')).toBe(2)
})

test('what is written the other way is isolated, and only that', () => {
  expect(isolated('Garten', 'ltr')).toBe('Garten')
  expect(isolated('الطماطم', 'rtl')).toBe('الطماطم')
  expect(isolated('الطماطم', 'ltr')).toBe('\u2068الطماطم\u2069')
  expect(isolated('Garten', 'rtl')).toBe('\u2068Garten\u2069')
  expect(isolated('[12] (3)', 'rtl')).toBe('[12] (3)')
})

test('an isolate ends with its line and begins again on the next, and a stray mark goes', () => {
  expect(wrap('\u2068aa bb\u2069 c', 5)).toBe('\u2068aa bb\u2069\nc')
  expect(wrap('\u2068aa bb cc\u2069 d', 5)).toBe('\u2068aa bb\u2069\n\u2068cc\u2069 d')
  expect(wrap('a\u2069 b \u2066', 5)).toBe('a b')
})

test('what opens ten thousand isolates closes them at its end, and does not open them on every line', () => {
  const lines = wrap('\u2068a '.repeat(10_000) + 'b'.repeat(78) + '\u2069'.repeat(10_000), 78).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(78 + 40 + 40)
  for (const line of lines)
    expect(line.match(/\u2068/g)?.length ?? 0).toBe(line.match(/\u2069/g)?.length ?? 0)
})

test('no line is too long to be sent, and what is cut keeps its mark', () => {
  const lines = withoutLongLines(`> ${'x'.repeat(2000)}`).split('\n')
  expect(lines.every((line) => line.startsWith('> x') && line.length <= 998)).toBe(true)
  expect(lines.map((line) => line.slice(2)).join('')).toBe('x'.repeat(2000))
  const accents = `e${'\u0301'.repeat(3000)}`
  for (const line of withoutLongLines(accents).split('\n'))
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998)
})

test('whatever the text, no line is wider than asked where it could have been broken', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.integer({ min: 5, max: 78 }),
      (text, width) => {
        const wrapped = wrap(text, width)
        for (const line of wrapped.split('\n')) {
          expect(line).toBe(line.trimEnd())
          if (columns(line) > width) expect(line).not.toMatch(/\w [a-zA-Z]/)
        }
        expect(wrapped.replace(/\s/g, '')).toBe(wrap(text, 1_000_000).replace(/\s/g, ''))
      },
    ),
  )
})
