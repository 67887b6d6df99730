/** The page of a message: its languages, its head, its headings and tables, and what no mail program lets through. */
import { type About, error, type Finding } from './finding.ts'
import type { Message } from './message.ts'
import { type Element, oneLine, type Page, textOf, within } from './page.ts'
import { isInArticle, whereIs } from './where.ts'

export function checkHtml(message: Message, about: About): Finding[] {
  const { page } = message
  return [
    ...languages(message),
    ...head(message),
    ...headings(page, about),
    ...tables(page, about),
    ...active(page, about),
    ...depth(page, about),
  ]
}

function depth({ tooDeep }: Page, about: About): Finding[] {
  if (tooDeep === null) return []
  const where = whereIs(tooDeep, about)
  return [
    error(
      'nesting',
      where,
      'it stands within some 250 other elements',
      'mail programs give up on that: close tags that were left open',
    ),
  ]
}

// Gmail and others drop <html> and <body>, so what is said there has to be said again inside.
function languages({ page, fields }: Message): Finding[] {
  const html = page.elements.find((element) => element.tag === 'html')
  const body = page.elements.find((element) => element.tag === 'body')
  const wrapper = body?.children.find(
    (child) => typeof child !== 'string' && child.attributes.lang !== undefined,
  )
  const found: Finding[] = []
  const told = fields.get('content-language')?.[0]
  for (const name of ['lang', 'dir'] as const) {
    const outside = html?.attributes[name]
    const inside = typeof wrapper === 'object' ? wrapper.attributes[name] : undefined
    if (!outside || outside === 'und' || outside === 'auto' || outside !== inside)
      found.push(
        error(
          'language',
          '<html> and the first element of <body>',
          `${name} is ${outside ? `"${outside}"` : 'missing'} outside and ${inside ? `"${inside}"` : 'missing'} inside`,
          `a screen reader speaks in the wrong language; write ${name}="{{ ${name === 'lang' ? 'language' : 'dir'} }}" on <mjml>`,
        ),
      )
    else if (name === 'lang' && told !== undefined && told !== outside)
      found.push(
        error(
          'language',
          'header Content-Language',
          `it is "${told}", and the HTML is "${outside}"`,
          'write lang="{{ language }}" on <mjml>',
        ),
      )
  }
  for (const element of page.elements) {
    const { lang } = element.attributes
    if (lang !== undefined && !isLanguage(lang))
      found.push(
        error(
          'language',
          `<${element.tag}>`,
          `"${lang}" is no language`,
          'write one such as "en" or "pt-BR"',
        ),
      )
  }
  return found
}

function isLanguage(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1
  } catch {
    return false
  }
}

function head({ page, email }: Message): Finding[] {
  const found: Finding[] = []
  const titles = page.elements.filter(
    (element) => element.tag === 'title' && within(element, ({ tag }) => tag === 'head'),
  )
  const title = titles.map((element) => oneLine(element.children.join(''))).join(' | ')
  if (titles.length !== 1 || title !== oneLine(email.subject ?? ''))
    found.push(
      error(
        'title',
        '<title>',
        titles.length === 1 ? `it is "${title}", not the subject` : `there are ${titles.length}`,
        'screen readers say it first: write <mj-title>{{ message.subject }}</mj-title> in the template',
      ),
    )
  const metas = page.elements.filter((element) => element.tag === 'meta').map((element) => element.attributes)
  const wanted: [name: string, there: boolean, why: string][] = [
    [
      'charset',
      metas.some(({ charset, content }) => /utf-8/i.test(`${charset} ${content}`)),
      'letters beyond English would break',
    ],
    [
      'viewport',
      metas.some(({ name }) => name === 'viewport'),
      'a phone shows a page for a desktop, too small to read',
    ],
    [
      'color-scheme',
      metas.some(({ name, content }) => name === 'color-scheme' && /light/.test(content ?? '')),
      'Apple Mail then turns colours over as it likes in the dark',
    ],
  ]
  for (const [name, there, why] of wanted)
    if (!there)
      found.push(error('head', `<meta> ${name}`, 'it is missing', `${why}; add it to the template’s head`))
  return found
}

function headings(page: Page, about: About): Finding[] {
  const found: Finding[] = []
  const all = page.elements.filter((element) => /^h[1-6]$/.test(element.tag))
  const firsts = all.filter((element) => element.tag === 'h1')
  if (firsts.length !== 1)
    found.push(
      error(
        'heading-order',
        '<h1>',
        `there are ${firsts.length}`,
        'who listens finds the beginning by the one h1: give the template one, for its title',
      ),
    )
  let before = 0
  for (const element of all) {
    const level = Number(element.tag[1])
    if (level > before + 1)
      found.push(
        error(
          'heading-order',
          whereIs(element, about),
          `it is ${element.tag} and follows ${before === 0 ? 'nothing' : `h${before}`}`,
          `who listens looks for what is missing between: make it h${before + 1}`,
        ),
      )
    // A picture without words in it has a warning of its own.
    if (textOf(element) === '' && !page.elements.some((each) => each.tag === 'img' && isIn(each, element)))
      found.push(
        error(
          'heading-order',
          whereIs(element, about),
          `an ${element.tag} says nothing`,
          'write words, or take it out',
        ),
      )
    before = level
  }
  return found
}

function isIn(element: Element, around: Element): boolean {
  return within(element, (above) => above === around)
}

function tables(page: Page, about: About): Finding[] {
  const found: Finding[] = []
  for (const table of page.elements) {
    if (table.tag !== 'table') continue
    const heads = page.elements.filter((element) => element.tag === 'th' && tableOf(element) === table)
    const isLayout = /^(presentation|none)$/.test(table.attributes.role ?? '')
    if (heads.length === 0 && !isLayout)
      found.push(
        error(
          'table-role',
          whereIs(table, about),
          'it has no head cells, and does not say that it is layout',
          isInArticle(table)
            ? 'who listens hears cells without a meaning: give the table a row of <th>'
            : 'who listens hears "table" again and again: write role="presentation"',
        ),
      )
    if (heads.length > 0 && isLayout)
      found.push(
        error(
          'table-role',
          whereIs(table, about),
          'a table with head cells says that it is layout',
          'take its role out',
        ),
      )
    for (const cell of heads)
      if (!/^(col|row|colgroup|rowgroup)$/.test(cell.attributes.scope ?? ''))
        found.push(
          error(
            'table-scope',
            whereIs(cell, about),
            'a head cell does not say what it heads',
            'who listens cannot tell which column a cell is of: write scope="col" or scope="row"',
          ),
        )
  }
  return found
}

function tableOf(cell: Element): Element | null {
  for (let above = cell.parent; above; above = above.parent) if (above.tag === 'table') return above
  return null
}

const ACTIVE = new Set(
  'script iframe frame object embed applet form input button select textarea base video audio canvas svg math dialog portal'.split(
    ' ',
  ),
)

/** True for what no mail program runs or shows, and for all that stands in it. */
export function isActive(element: Element): boolean {
  return within(element, ({ tag }) => ACTIVE.has(tag))
}

function active(page: Page, about: About): Finding[] {
  const found: Finding[] = []
  for (const element of page.elements) {
    const { tag, attributes } = element
    if (ACTIVE.has(tag) && !(element.parent && isActive(element.parent)))
      found.push(
        error(
          'active-content',
          whereIs(element, about),
          `<${tag}> does not work in mail`,
          'mail programs drop it, and spam filters count it: put a link or a picture there',
        ),
      )
    if (tag === 'link' && /stylesheet|preload|preconnect|icon/i.test(attributes.rel ?? ''))
      found.push(
        error(
          'outside-style',
          `<link rel="${attributes.rel}">`,
          'it fetches something when the mail is opened',
          'Gmail drops it, and it tells others who reads: keep styles in the template',
        ),
      )
    if (tag === 'meta' && /refresh/i.test(attributes['http-equiv'] ?? ''))
      found.push(
        error('active-content', '<meta http-equiv="refresh">', 'it leads elsewhere by itself', 'take it out'),
      )
    for (const [name, value] of Object.entries(attributes)) {
      if (/^on/.test(name))
        found.push(
          error(
            'active-content',
            whereIs(element, about),
            `it has ${name}=`,
            'no mail program runs it; take it out',
          ),
        )
      if (/^\s*(javascript|vbscript):/i.test(value))
        found.push(
          error(
            'active-content',
            whereIs(element, about),
            `${name} is a script`,
            'no mail program runs it; write an https address',
          ),
        )
    }
  }
  return found
}
