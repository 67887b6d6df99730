import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkAddress } from '../src/address.ts'

const GOOD: [string, string, string][] = [
  ['ada@example.org', 'ada@example.org', 'ada@example.org'],
  ['  Ada@Example.ORG \r\n', 'Ada@example.org', 'ada@example.org'],
  ['ada+blog@example.org', 'ada+blog@example.org', 'ada+blog@example.org'],
  ["o'hara@example.org", "o'hara@example.org", "o'hara@example.org"],
  ['a.b.c@mail.example.co.uk', 'a.b.c@mail.example.co.uk', 'a.b.c@mail.example.co.uk'],
  ['!#$%&*+/=?^_`{|}~-@example.org', '!#$%&*+/=?^_`{|}~-@example.org', '!#$%&*+/=?^_`{|}~-@example.org'],
  ['ada@Bücher.example', 'ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
  ['ada@例え.jp', 'ada@xn--r8jz45g.jp', 'ada@xn--r8jz45g.jp'],
  ['ada@１２３.example.org', 'ada@123.example.org', 'ada@123.example.org'],
  [`${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`],
]

const BAD: [string, RegExp][] = [
  ['', /write an address/],
  ['   ', /write an address/],
  ['ada', /one "@"/],
  ['@example.org', /one "@"/],
  ['ada@', /one "@"/],
  ['ada@grace@example.org', /more than one "@"/],
  ['ada@example.org,grace@example.org', /more than one "@"|one bare address/],
  ['ada@example.org\r\nBcc: eve@example.org', /control character/],
  ['ada\0@example.org', /control character/],
  ['ada@exam\tple.org', /control character/],
  ['ada lovelace@example.org', /one bare address/],
  ['ada@example.org, grace', /one bare address/],
  ['<ada@example.org>', /one bare address/],
  ['Ada <ada@example.org>', /one bare address/],
  ['ada@example.org;', /one bare address/],
  ['ada\u00a0@example.org', /one bare address/],
  ['"ada"@example.org', /may hold letters/],
  ['ada(comment)@example.org', /may hold letters/],
  ['ada..b@example.org', /may hold letters/],
  ['.ada@example.org', /may hold letters/],
  ['ada.@example.org', /may hold letters/],
  ['zoë@example.org', /not every mail server takes/],
  [`${'a'.repeat(65)}@example.org`, /longer than 64/],
  [`a@${`${'b'.repeat(61)}.`.repeat(4)}example`, /longer than 254/],
  ['ada@localhost', /not a domain/],
  ['ada@example..org', /not a domain/],
  ['ada@example.org.', /not a domain/],
  ['ada@-example.org', /not a domain/],
  ['ada@exam_ple.org', /not a domain/],
  ['ada@[127.0.0.1]', /not a domain/],
  ['ada@127.0.0.1', /not a domain/],
  ['ada@0x7f.1', /not a domain/],
  [`ada@${'b'.repeat(64)}.example`, /not a domain/],
  // Each of these is example.org to a parser of URLs.
  ['ada@example.org/evil', /not a domain/],
  ['ada@example.org\\evil', /not a domain/],
  ['ada@example.org?evil', /not a domain/],
  ['ada@example.org#evil', /not a domain/],
  ['ada@example.org:25', /not a domain/],
  ['ada@ex%61mple.org', /not a domain/],
]

describe('an address that can be mailed is brought to one form:', () => {
  for (const [input, address, key] of GOOD)
    test(JSON.stringify(input), () => {
      expect(checkAddress(input)).toEqual({ address, key })
    })
})

describe('an address that cannot be mailed is told what is wrong with it:', () => {
  for (const [input, fault] of BAD)
    test(JSON.stringify(input.slice(0, 60)), () => {
      expect(checkAddress(input)).toMatchObject({ fault: expect.stringMatching(fault) })
    })
})

test('whatever is typed, checking never throws, and what passes is safe to write anywhere', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '@',
      '.',
      'ada',
      'example.org',
      '\r\n',
      '\0',
      ',',
      ' ',
      '<',
      '>',
      '%40',
      '[::1]',
      'xn--',
      'ü',
      '．',
    ),
    fc.constantFrom(
      '/',
      '\\',
      '?',
      '#',
      ':',
      '\u00ad',
      '\u200b',
      '\ud800',
      '"',
      '(',
      '😀',
      '。',
      '\u202e',
      '-',
      '_',
    ),
    fc.string({ unit: 'binary', maxLength: 10 }),
  )
  const pieces = fc.array(piece, { maxLength: 8 }).map((all) => all.join(''))
  const likely = fc.tuple(pieces, pieces).map(([local, domain]) => `${local}@${domain}.org`)
  let passed = 0
  fc.assert(
    fc.property(
      fc.oneof(pieces, likely, fc.emailAddress(), fc.string({ unit: 'binary', maxLength: 300 })),
      (input) => {
        const checked = checkAddress(input)
        if ('fault' in checked) {
          expect(checked.fault).not.toBe('')
          return
        }
        passed++
        expect(checked.address).toMatch(/^[!-~]+$/)
        expect(checked.address).not.toMatch(/[,;:<>()[\]\\"\s]/)
        expect(checked.address.split('@')).toHaveLength(2)
        expect(checked.address.length).toBeLessThanOrEqual(254)
        expect(checkAddress(checked.address)).toEqual(checked)
        expect(checkAddress(checked.key)).toEqual({ address: checked.key, key: checked.key })
        // Nothing of what was typed is lost on the way but case, the edges and the writing of the domain.
        expect(checked.address.split('@')[0]).toBe(input.trim().split('@')[0])
      },
    ),
    { numRuns: 5000, seed: 254 },
  )
  expect(passed).toBeGreaterThan(500)
})

test('a very long input is answered at once', () => {
  expect(checkAddress(`${'a.'.repeat(500_000)}@example.org`)).toHaveProperty('fault')
  expect(checkAddress(`ada@${'b.'.repeat(500_000)}org`)).toHaveProperty('fault')
})
