/** Whether what is written can be read: its colours, in light and in dark, and its size. */
import { contrast } from '../contrast.ts'
import { hasLetters } from '../markup.ts'
import type { About, Finding } from './finding.ts'
import type { Look } from './look.ts'
import type { Message } from './message.ts'
import { type Element, isInline, within } from './page.ts'
import { isInArticle, whereIs, whereSays } from './where.ts'

// WCAG 2.2, 1.4.3: "a contrast ratio of at least 4.5:1", and 3:1 for text of 24 px, or of 18.66 px and bold.
const ENOUGH = 4.5
const ENOUGH_FOR_LARGE = 3
/** Below this nobody takes it for text: it is hidden. */
const HIDDEN = 1.2
const SMALLEST = 12
const BODY = 16
const LINES = 1.5
const LETTERS = /[\p{L}\p{N}]/u
type Looks = Map<Element, Look>

export function checkContrast({ looks }: Message, about: About): Finding[] {
  return [
    ...(['light', 'dark'] as const).flatMap((scheme) => pale(looks[scheme], scheme, about)),
    ...sizes(looks.light, about),
    ...linkLines(looks.light, about),
    ...directions(looks.light, about),
  ]
}

function pale(looks: Looks, scheme: 'light' | 'dark', about: About): Finding[] {
  const found: Finding[] = []
  const judged = new Set<string>()
  for (const { element, text, look } of spoken(looks)) {
    const isLarge = look.fontSize >= 24 || (look.fontSize >= 18.66 && look.bold)
    const wanted = isLarge ? ENOUGH_FOR_LARGE : ENOUGH
    const pair = `${look.color} ${look.background} ${wanted}`
    if (judged.has(pair)) continue
    judged.add(pair)
    const ratio = contrast(look.color, look.background)
    if (ratio >= wanted) continue
    found.push({
      rule: ratio < HIDDEN ? 'hidden-text' : 'contrast',
      severity: 'error',
      where: whereSays(element, text, about),
      found: `in ${scheme} it is ${look.color} on ${look.background}, a contrast of ${ratio.toFixed(1)}`,
      cure:
        ratio < HIDDEN && scheme === 'light'
          ? 'spam filters look for text that nobody sees: give it a colour, or take it out'
          : `many people cannot read less than ${wanted}: ${scheme === 'dark' ? 'give it a colour under @media (prefers-color-scheme: dark)' : 'make it darker, or what is behind it lighter'}`,
    })
  }
  return found
}

function sizes(looks: Looks, about: About): Finding[] {
  const found: Finding[] = []
  const said = [...spoken(looks)]
  const tiny = said.find(({ element, look }) => look.fontSize < SMALLEST && !isRaised(element))
  if (tiny)
    found.push({
      rule: tiny.look.fontSize <= 2 ? 'hidden-text' : 'text-size',
      severity: 'error',
      where: whereSays(tiny.element, tiny.text, about),
      found: `its size is ${Math.round(tiny.look.fontSize * 10) / 10} px`,
      cure: `nobody reads that on a phone: make it ${SMALLEST} px or more`,
    })
  // Code, captions and cells are set smaller, and so is the footer; what the post says is what people came to read.
  const article = said.filter(({ element }) => isInArticle(element) && !within(element, isAside))
  const [first] = article
  const long = (texts: typeof said) => texts.reduce((sum, { text }) => sum + text.length, 0)
  if (first && long(article.filter(({ look }) => look.fontSize < BODY)) * 2 > long(article))
    found.push({
      rule: 'text-size',
      severity: 'error',
      where: whereSays(first.element, first.text, about),
      found: `most of the text is smaller than ${BODY} px`,
      cure: `a phone is held at arm’s length: make what people read ${BODY} px or more`,
    })
  const tight = article.filter(
    ({ element, look }) => !isHeading(element) && look.lineHeight !== null && look.lineHeight < LINES,
  )
  if (first && long(tight) * 2 > long(article))
    found.push({
      rule: 'line-height',
      severity: 'error',
      where: whereSays(first.element, first.text, about),
      found: `its lines are ${tight[0]?.look.lineHeight} times the size apart`,
      cure: `the eye loses the line: make that ${LINES}`,
    })
  return found
}

function isHeading(element: Element): boolean {
  return within(element, ({ tag }) => /^h[1-6]$/.test(tag))
}

function isAside(element: Element): boolean {
  return /^(pre|code|kbd|samp|sub|sup|small|caption|figcaption)$/.test(element.tag) || isDataCell(element)
}

/** The number of a note, or a square: a sign beside a word, as small as it is in print. */
function isRaised(element: Element): boolean {
  return isInArticle(element) && within(element, ({ tag }) => tag === 'sup' || tag === 'sub')
}

// WCAG 2.2, 1.4.1: colour is not "the only visual means" by which a link in a line of text is told from it.
function linkLines(looks: Looks, about: About): Finding[] {
  const found: Finding[] = []
  for (const [element, look] of looks) {
    const around = element.parent && looks.get(element.parent)
    if (element.tag !== 'a' || !element.attributes.href || look.hidden || look.underlined || !around) continue
    const isInText = element.parent?.children.some(
      (child) => typeof child === 'string' && LETTERS.test(child),
    )
    if (!isInText || contrast(look.color, around.color) >= ENOUGH_FOR_LARGE) continue
    found.push({
      rule: 'link-line',
      severity: 'error',
      where: whereIs(element, about),
      found: 'it looks like the text around it',
      cure: 'nobody finds it: write text-decoration:underline',
    })
  }
  return found
}

// Outlook goes by what is said beside each text; what a language asks for of itself is left alone there.
function directions(looks: Looks, about: About): Finding[] {
  for (const { element, text, look } of spoken(looks)) {
    if (look.align !== 'left' || !hasLetters(text, 'rtl')) continue
    // Code is written from the left in every language, and the cells of a table stand where the author wants them.
    if (within(element, (above) => isCode(above) || isDataCell(above))) continue
    if (directionOf(blockOf(element)) !== 'rtl') continue
    return [
      {
        rule: 'direction',
        severity: 'error',
        where: whereSays(element, text, about),
        found: 'it is written from the right and begins at the left',
        cure: 'who reads it looks for its beginning: write align="{{ start }}" in the template',
      },
    ]
  }
  return []
}

function isCode({ tag }: Element): boolean {
  return tag === 'pre' || tag === 'code'
}

function isDataCell({ tag, parent }: Element): boolean {
  return (tag === 'td' || tag === 'th') && parent !== null && isInArticle(parent)
}

/** What lines are in: words of another direction within a line begin where they stand. */
function blockOf(element: Element): Element {
  let block = element
  while (block.parent && isInline(block)) block = block.parent
  return block
}

function directionOf(element: Element): string {
  for (let above: Element | null = element; above; above = above.parent)
    if (above.attributes.dir) return above.attributes.dir
  return 'ltr'
}

/** The texts that can be seen, and how they look. */
function* spoken(looks: Looks): Generator<{ element: Element; text: string; look: Look }> {
  for (const [element, look] of looks) {
    if (look.hidden || element.tag === 'noscript') continue
    for (const child of element.children) {
      if (typeof child !== 'string' || !LETTERS.test(child)) continue
      yield { element, text: child, look }
    }
  }
}
