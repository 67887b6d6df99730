/** How the elements of a page look: the cascade of CSS, as far as mail uses it. */
import type { Declaration } from './css.ts'
import type { Element, Page } from './page.ts'
import { readSelector, selects } from './select.ts'

/** How an element looks, as far as the checks ask. */
export type Look = {
  color: string
  background: string
  fontSize: number
  bold: boolean
  hidden: boolean
  /** Times the size; null where the program decides. */
  lineHeight: number | null
  align: string
  /** Whether a link has its line. */
  underlined: boolean
}

const PLAIN = {
  fontSize: 16,
  bold: false,
  hidden: false,
  lineHeight: null,
  align: 'start',
  underlined: false,
}
const CANVAS: Record<'light' | 'dark', Look> = {
  light: { ...PLAIN, color: '#000000', background: '#ffffff' },
  dark: { ...PLAIN, color: '#ffffff', background: '#121212' },
}
const LINK = { light: '#0000ee', dark: '#9e9eff' }
const HEADINGS: Record<string, number> = { h1: 2, h2: 1.5, h3: 1.17, h4: 1, h5: 0.83, h6: 0.67 }

/**
 * How each element looks in light or dark, on a wide screen: inline style, then the style blocks with what in them is
 * for that scheme, inherited as CSS does.
 */
export function looksOf(page: Page, scheme: 'light' | 'dark'): Map<Element, Look> {
  const rules = page.rules
    .filter(({ media }) => media === '' || (scheme === 'dark' && isDark(media)))
    .flatMap((rule, order) =>
      rule.selectors.flatMap((selector) => {
        const read = readSelector(selector)
        return read ? [{ ...read, order, declarations: rule.declarations }] : []
      }),
    )
    .sort((a, b) => a.weight - b.weight || a.order - b.order)
  const looks = new Map<Element, Look>()
  for (const element of page.elements) {
    const found = rules.flatMap(({ steps, declarations }) => (selects(steps, element) ? declarations : []))
    const inline = element.style
    const ordered = [
      ...found.filter((each) => !each.important),
      ...inline.filter((each) => !each.important),
      ...found.filter((each) => each.important),
      ...inline.filter((each) => each.important),
    ]
    const around = (element.parent && looks.get(element.parent)) ?? CANVAS[scheme]
    looks.set(element, lookOf(element, ordered, around, scheme))
  }
  return looks
}

function isDark(media: string): boolean {
  return /prefers-color-scheme:\s*dark/.test(media)
}

function lookOf(element: Element, declarations: Declaration[], around: Look, scheme: 'light' | 'dark'): Look {
  const look = { ...around }
  if (element.tag === 'a' && element.attributes.href) {
    look.color = LINK[scheme]
    look.underlined = true
  }
  if (element.attributes.align) look.align = element.attributes.align.toLowerCase()
  look.fontSize *= HEADINGS[element.tag] ?? 1
  if (/^(h[1-6]|b|strong|th)$/.test(element.tag)) look.bold = true
  if ('hidden' in element.attributes || /^(head|style|script|title)$/.test(element.tag)) look.hidden = true
  const color = hexOf(element.attributes.bgcolor ?? '')
  if (color) look.background = color
  for (const { property, value } of declarations) {
    if (property === 'color') look.color = value === 'inherit' ? around.color : (hexOf(value) ?? look.color)
    else if (property === 'background-color' || property === 'background')
      look.background = value.split(/\s+/).flatMap((word) => hexOf(word) ?? [])[0] ?? look.background
    else if (property === 'font-size') look.fontSize = sizeOf(value, around.fontSize) ?? look.fontSize
    else if (property === 'font-weight') look.bold = /^(bold|bolder|[6-9]00)$/.test(value)
    else if (property === 'display' && value === 'none') look.hidden = true
    else if (property === 'visibility' && value === 'hidden') look.hidden = true
    else if (property === 'text-align') look.align = value.toLowerCase()
    else if (property.startsWith('text-decoration')) look.underlined = value.includes('underline')
    else if (property === 'line-height') look.lineHeight = lineHeightOf(value, look.fontSize)
  }
  return look
}

function lineHeightOf(value: string, fontSize: number): number | null {
  if (/^[\d.]+$/.test(value)) return Number(value)
  const size = sizeOf(value, fontSize)
  return size === null ? null : size / fontSize
}

/** CSS pixels; null for what is no size of text that mail may state. */
function sizeOf(value: string, around: number): number | null {
  const parts = /^([\d.]+)(px|em|%|pt|rem)?$/.exec(value)
  if (!parts) return null
  const number = Number(parts[1])
  if (parts[2] === 'em') return number * around
  if (parts[2] === '%') return (number / 100) * around
  if (parts[2] === 'rem') return number * 16
  return parts[2] === 'pt' ? (number * 4) / 3 : number
}

const NAMED: Record<string, string> = { white: '#ffffff', black: '#000000' }

/** A colour as six hex digits; null for one that mail programs do not all know. */
function hexOf(value: string): string | null {
  const color = NAMED[value.toLowerCase()] ?? value.toLowerCase()
  if (/^#[0-9a-f]{6}$/.test(color)) return color
  const [, r, g, b] = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(color) ?? []
  return r === undefined ? null : `#${r}${r}${g}${g}${b}${b}`
}
