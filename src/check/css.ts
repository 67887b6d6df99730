/**
 * As much of CSS as stands in mail: rules, media queries by their condition, declarations. Mail
 * programs know no more of it, and what they do not know the checks refuse (style.ts).
 */
export type Declaration = { property: string; value: string; important: boolean }
export type Rule = {
  /** The condition of the @media around it; empty where there is none. */
  media: string
  selectors: string[]
  declarations: Declaration[]
}

export function readDeclarations(style: string): Declaration[] {
  return style.split(';').flatMap((part) => {
    const colon = part.indexOf(':')
    if (colon < 0) return []
    const value = part.slice(colon + 1).trim()
    const important = /!\s*important$/i.test(value)
    return [
      {
        property: part.slice(0, colon).trim().toLowerCase(),
        value: value.replace(/\s*!\s*important$/i, ''),
        important,
      },
    ]
  })
}

/** The rules of a style block, those inside `@media` with its condition. */
export function readRules(css: string, media = ''): Rule[] {
  const rules: Rule[] = []
  const source = css.replace(/\/\*[\s\S]*?\*\//g, '')
  let at = 0
  while (at < source.length) {
    const open = source.indexOf('{', at)
    if (open < 0) break
    const prelude = source
      .slice(at, open)
      .replace(/^[\s\S]*;/, '')
      .trim()
    const close = closing(source, open)
    const inside = source.slice(open + 1, close)
    if (/^@media\b/i.test(prelude)) rules.push(...readRules(inside, prelude.slice('@media'.length).trim()))
    else if (!prelude.startsWith('@'))
      rules.push({
        media,
        selectors: prelude.split(',').map((selector) => selector.trim()),
        declarations: readDeclarations(inside),
      })
    at = close + 1
  }
  return rules
}

function closing(source: string, open: number): number {
  let depth = 0
  for (let at = open; at < source.length; at++) {
    if (source[at] === '{') depth++
    else if (source[at] === '}' && --depth === 0) return at
  }
  return source.length
}
