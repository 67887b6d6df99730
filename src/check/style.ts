/**
 * What mail programs make of CSS and HTML. Gmail, Outlook with the Word engine and Apple Mail agree about little; what is
 * named here either works in all of them or does no harm where it is ignored. Anything else is told: it worked on the
 * author's screen and breaks on somebody else's. Distilled from caniemail.com (June 2026); test/check/mails.test.ts
 * holds it against their data.
 */
import { type About, error, type Finding } from './finding.ts'
import { isActive } from './html.ts'
import type { Message } from './message.ts'
import type { Page } from './page.ts'
import { whereIs } from './where.ts'

const PROPERTIES = new Set(
  [
    // What all of them draw.
    'color background-color background font font-family font-size font-weight font-style line-height text-align',
    'text-decoration text-transform vertical-align padding padding-top padding-right padding-bottom padding-left',
    'margin margin-top margin-right margin-bottom margin-left border border-top border-right border-bottom border-left',
    'border-color border-top-color border-right-color border-bottom-color border-left-color border-width border-style',
    'border-collapse border-spacing width height direction list-style list-style-type text-indent letter-spacing',
    // Outlook's box is as wide as its table cell, and its hidden things are hidden by `mso-hide`.
    'max-width min-width max-height display float visibility',
    // Where they are ignored, corners are square, nothing throws a shadow, a long word is wide, and a line breaks where <br> and &nbsp; say.
    'border-radius white-space word-break word-wrap overflow-wrap word-spacing table-layout overflow overflow-x overflow-y',
    'hyphens opacity outline box-shadow cursor quotes text-underline-offset text-decoration-color text-decoration-thickness',
    // What MJML writes for old programs, and what asks for dark colours.
    'color-scheme supported-color-schemes -webkit-text-size-adjust -ms-text-size-adjust -ms-interpolation-mode',
    '-webkit-font-smoothing -moz-osx-font-smoothing -webkit-text-fill-color text-size-adjust',
  ]
    .join(' ')
    .split(' '),
)

const ELEMENTS = new Set(
  [
    'html head title meta style link body div span p br hr h1 h2 h3 h4 h5 h6 a img ul ol li dl dt dd blockquote pre code',
    'kbd samp var em strong b i u s strike del ins mark small sub sup q cite abbr dfn time table caption thead tbody',
    'tfoot tr th td colgroup col figure figcaption details summary center font noscript address section article header',
    'footer nav main aside bdi bdo wbr ruby rt rp picture source',
  ]
    .join(' ')
    .split(' '),
)

/** Values that some program does not know, whatever the property. */
const VALUES: [pattern: RegExp, found: string, cure: string][] = [
  [/\bvar\(/i, 'a CSS variable', 'Gmail and Outlook know none: write the value itself'],
  [/\b(calc|min|max|clamp)\(/i, 'a computed size', 'Outlook ignores it: write pixels'],
  [
    /\b(rgba?|hsla?)\([^)]*\d%?\s+[\d.]|\b(rgba?|hsla?)\([^)]*\//i,
    'a colour with spaces in its brackets',
    'Gmail drops the whole style block over it: write six hex digits',
  ],
  [/\b(rgba?|hsla?)\(/i, 'a colour that is not hex', 'Outlook draws it black: write six hex digits'],
  [
    /\b(light-dark|color-mix|oklch|oklab|lab|lch)\(/i,
    'a new kind of colour',
    'no mail program but Apple Mail knows it: write six hex digits',
  ],
  [/\burl\(/i, 'a picture in a style', 'Outlook shows none: use a picture with words'],
  [
    /\b(flex|inline-flex|grid|inline-grid)\b/i,
    'a layout of boxes',
    'Outlook knows tables alone: use columns of MJML',
  ],
]

export function checkStyles({ page, html }: Message, about: About): Finding[] {
  return [...inline(page, about), ...blocks(page), ...elements(page, about), ...comments(html)]
}

function inline(page: Page, about: About): Finding[] {
  const told = new Set<string>()
  return page.elements.flatMap((element) =>
    element.style.flatMap(({ property, value }) => {
      const fault = faultOf(property, value)
      // One word about each kind: a template repeats itself.
      if (!fault || told.has(fault.found)) return []
      told.add(fault.found)
      return [error('style-support', whereIs(element, about), fault.found, fault.cure)]
    }),
  )
}

function blocks(page: Page): Finding[] {
  const found: Finding[] = []
  for (const css of page.styles) {
    if (/\/\*/.test(css))
      found.push(
        error(
          'style-comment',
          '<style>',
          'there is a comment in it',
          'some programs drop the block over it: take it out',
        ),
      )
    if (/@(import|font-face)/i.test(css))
      found.push(
        error(
          'outside-style',
          '<style>',
          'it fetches a font or other styles',
          'most programs ignore it, and it tells others who reads: name fonts that people have',
        ),
      )
  }
  for (const { selectors, declarations } of page.rules)
    for (const { property, value } of declarations) {
      const fault = faultOf(property, value)
      if (fault)
        found.push(error('style-support', `<style> ${selectors.join(', ')}`, fault.found, fault.cure))
    }
  return found
}

function faultOf(property: string, value: string): { found: string; cure: string } | null {
  if (property.startsWith('mso-') || value === '') return null
  if (!PROPERTIES.has(property))
    return {
      found: `the style has "${property}"`,
      cure: /-(inline|block)\b/.test(property)
        ? 'mail programs know left and right alone: write {{ start }} in a template'
        : 'mail programs do not agree about it: use what MJML offers, or plain text',
    }
  if (/^margin/.test(property) && /(^|\s)-\d/.test(value))
    return { found: `the style has a negative ${property}`, cure: 'Gmail and Outlook drop it: use padding' }
  const odd = VALUES.find(([pattern]) => pattern.test(value))
  return odd ? { found: `the style has ${odd[1]}: "${property}: ${value}"`, cure: odd[2] } : null
}

function elements(page: Page, about: About): Finding[] {
  const told = new Set<string>()
  return page.elements.flatMap((element) => {
    const { tag, attributes } = element
    const found: Finding[] = []
    // html.ts has a word of its own for what is active, and names with a colon are Outlook's.
    if (!ELEMENTS.has(tag) && !isActive(element) && !tag.includes(':') && !told.has(tag)) {
      told.add(tag)
      found.push(
        error(
          'element-support',
          whereIs(element, about),
          `<${tag}> is not known to mail programs`,
          'use what Markdown or MJML offers',
        ),
      )
    }
    if (tag === 'img' && ('srcset' in attributes || 'loading' in attributes))
      found.push(
        error(
          'element-support',
          whereIs(element, about),
          `it has ${'srcset' in attributes ? 'srcset' : 'loading'}=`,
          'Gmail and Outlook ignore it, and some then show nothing: leave it out',
        ),
      )
    return found
  })
}

/** An include of MJML's that was refused leaves only a comment behind. */
function comments(html: string): Finding[] {
  return /<!-- mj-include (denied|fails)/.test(html)
    ? [
        error(
          'include-missing',
          'the HTML part',
          'an <mj-include> of the template was not followed',
          "a part of the mail is missing: render 'name.mjml' in a Liquid tag instead",
        ),
      ]
    : []
}
