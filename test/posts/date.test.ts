import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDate } from '../../src/posts/date.ts'

const read = (text: string, timeZone = 'Europe/Berlin') => {
  const date = readDate(text, timeZone)
  return date instanceof Date ? date.toISOString() : date
}

describe('a date', () => {
  it('without a time is midnight where the site is', () => {
    expect(read('2026-01-31')).toBe('2026-01-30T23:00:00.000Z')
    expect(read('2026-07-31')).toBe('2026-07-30T22:00:00.000Z')
    expect(read('2026-01-31', 'UTC')).toBe('2026-01-31T00:00:00.000Z')
    expect(read('2026-1-5', 'UTC')).toBe('2026-01-05T00:00:00.000Z')
  })

  it('without a zone is in the site’s', () => {
    expect(read('2026-01-31 09:30')).toBe('2026-01-31T08:30:00.000Z')
    expect(read('2026-01-31T09:30:15')).toBe('2026-01-31T08:30:15.000Z')
  })

  it('with a zone is in that one, as each tool writes it', () => {
    expect(read('2013-12-08T17:00:00.000Z')).toBe('2013-12-08T17:00:00.000Z')
    expect(read('2026-01-31 09:30:00 +0530')).toBe('2026-01-31T04:00:00.000Z')
    expect(read('2026-01-31T09:30:00-05:00')).toBe('2026-01-31T14:30:00.000Z')
    expect(read('2026-01-31 09:30 UTC')).toBe('2026-01-31T09:30:00.000Z')
  })

  it('may name its month, as in the template of Astro', () => {
    expect(read('Jul 08 2022', 'UTC')).toBe('2022-07-08T00:00:00.000Z')
    expect(read('July 8, 2022', 'UTC')).toBe('2022-07-08T00:00:00.000Z')
    expect(read('8 July 2022', 'UTC')).toBe('2022-07-08T00:00:00.000Z')
  })

  it('in the hour that a clock change leaves out is an hour later, and in one that comes twice is the first', () => {
    expect(read('2026-03-29 02:30')).toBe('2026-03-29T01:30:00.000Z')
    expect(read('2026-10-25 02:30')).toBe('2026-10-25T00:30:00.000Z')
  })

  it('that does not exist is impossible, not another day', () => {
    for (const text of [
      '2026-02-30',
      '2026-13-01',
      '2026-01-00',
      '2026-01-31 24:30',
      '2026-01-31 09:61',
      'Feb 30 2026',
      '2026-01-31T09:30:00+29:00',
    ])
      expect(read(text), text).toBe('impossible')
    expect(read('2024-02-29', 'UTC')).toBe('2024-02-29T00:00:00.000Z')
  })

  it('in words that are none is unreadable', () => {
    for (const text of [
      'yesterday',
      '',
      '31.01.2026',
      '2026',
      'Last Modified',
      '2026-01-31T',
      'Foo 01 2026',
      '1e999-01-01',
    ])
      expect(read(text), text).toBe('unreadable')
  })

  it('is a date or a word, whatever the text', () => {
    const digits = fc.stringMatching(/^\d{4}-\d{1,2}-\d{1,2}([T ]\d\d:\d\d(:\d\d)?( ?[+-]\d{4}|Z)?)?$/)
    fc.assert(
      fc.property(fc.oneof(digits, fc.string()), (text) => {
        const date = readDate(text, 'America/New_York')
        expect(date instanceof Date ? Number.isFinite(date.getTime()) : date).toSatisfy(Boolean)
      }),
    )
  })
})
