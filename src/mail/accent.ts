/**
 * The site's own colour (`newsletter.color`) in mails. A colour that is right for a poster may be too pale for a link on
 * white, and too dark for one at night; so it is made darker, or lighter, until it can be read, and no more than that.
 */
import { DARK, LIGHT } from '../articles/colors.ts'
import { contrast } from '../contrast.ts'

/** WCAG 2.2, 1.4.3: "text and images of text have a contrast ratio of at least 4.5:1". */
const READABLE = 4.5

type Palette = typeof LIGHT

/** The colours of a mail, by day and by night. `color` is `#rrggbb`; without one, Posthorn's own. */
export function paletteOf(color: string | undefined): { light: Palette; dark: Palette } {
  if (color === undefined) return { light: LIGHT, dark: DARK }
  return {
    light: { ...LIGHT, accent: readable(color, [LIGHT.ground, LIGHT.panel], '#000000') },
    dark: { ...DARK, accent: readable(color, [DARK.ground, DARK.panel], '#ffffff') },
  }
}

function readable(color: string, grounds: string[], towards: string): string {
  for (let percent = 0; percent < 100; percent++) {
    const tried = mix(color, towards, percent / 100)
    if (grounds.every((ground) => contrast(tried, ground) >= READABLE)) return tried
  }
  return towards
}

function mix(a: string, b: string, share: number): string {
  const [from, to] = [channels(a), channels(b)]
  const mixed = from.map((channel, index) => Math.round(channel + ((to[index] ?? 0) - channel) * share))
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
}
