import { describe, expect, test } from 'vitest'
import { DARK, LIGHT } from '../../src/articles/colors.ts'
import { contrast } from '../../src/contrast.ts'
import { paletteOf } from '../../src/mail/accent.ts'

const COLORS = [
  '#ffffff',
  '#000000',
  '#ffd400',
  '#9a4b0b',
  '#0000ff',
  '#00ff00',
  '#ff0000',
  '#808080',
  '#1a1816',
]

describe('the colours of a mail', () => {
  test('can be read by day and by night, whatever the colour of the site', () => {
    for (const color of [undefined, ...COLORS])
      for (const { ground, panel, text, muted, accent } of Object.values(paletteOf(color))) {
        for (const ink of [text, muted, accent])
          for (const behind of [ground, panel]) expect(contrast(ink, behind)).toBeGreaterThanOrEqual(4.5)
        expect(accent).toMatch(/^#[0-9a-f]{6}$/)
      }
  })

  test('are the colour of the site where that can be read, and else its nearest', () => {
    expect(paletteOf('#9a4b0b').light.accent).toBe('#9a4b0b')
    expect(paletteOf('#ffd400').dark.accent).toBe('#ffd400')
    expect(contrast(paletteOf('#ffd400').light.accent, LIGHT.panel)).toBeLessThan(4.8)
  })

  test("are Posthorn's own where the site has none", () => {
    expect(paletteOf(undefined)).toEqual({ light: LIGHT, dark: DARK })
  })
})
