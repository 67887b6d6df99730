/** What an inbox shows after the subject, and what comes first when the mail is opened. */
import type { Finding } from './finding.ts'
import type { Message } from './message.ts'
import { type Element, oneLine } from './page.ts'
import { shorten } from './where.ts'

const SHORTEST = 40
const LONGEST = 130

export function checkPreheader({ page, email, looks: { light: looks } }: Message): Finding[] {
  const body = page.elements.find((element) => element.tag === 'body')
  if (!body) return []
  let hidden: string | null = null
  let padded = false
  const found: Finding[] = []
  const extra: string[] = []
  let seen = ''
  const walk = (element: Element, isHidden: boolean) => {
    const raw = element.children.filter((child) => typeof child === 'string').join('')
    const own = oneLine(raw)
    const hides = !isHidden && looks.get(element)?.hidden === true
    if (hides) {
      const text = oneLine(allText(element))
      if (text !== '' && seen === '' && hidden === null) {
        hidden = text
        padded = /\u034F|\u200C|\u00A0{3}/.test(allText(element))
      } else if (text !== '') extra.push(text)
      return
    }
    if (seen === '' && own !== '') seen = own
    for (const child of element.children) if (typeof child !== 'string') walk(child, hides)
  }
  walk(body, false)
  const warn = (text: string, what: string, cure: string): Finding => ({
    rule: 'preheader',
    severity: 'warning',
    where: `"${shorten(text)}"`,
    found: what,
    cure,
  })
  const inbox = 'an inbox shows it after the subject'
  if (hidden === null)
    found.push(
      warn(
        seen,
        'there is no preheader',
        `${inbox}, and now shows the first words of the mail: print {{ message.preheader }} hidden on top`,
      ),
    )
  else {
    const text: string = hidden
    if (text.length < SHORTEST || text.length > LONGEST)
      found.push(
        warn(
          text,
          `the preheader has ${text.length} characters`,
          `${inbox}: ${SHORTEST} to ${LONGEST} fit everywhere; a "summary" in front matter gives it`,
        ),
      )
    if (!padded)
      found.push(
        warn(
          text,
          'nothing fills the line after the preheader',
          `${inbox}, and the first words of the mail after it: add &#847;&zwnj;&nbsp; some sixty times`,
        ),
      )
    if (text === oneLine(email.subject ?? ''))
      found.push(
        warn(text, 'the preheader repeats the subject', `${inbox}: a "summary" in front matter says more`),
      )
  }
  for (const text of extra)
    found.push({
      rule: 'hidden-text',
      severity: 'error',
      where: `"${shorten(text)}"`,
      found: 'it is hidden',
      cure: 'spam filters look for text that nobody sees; only the preheader may be, before everything else',
    })
  return found
}

function allText(element: Element): string {
  if (/^(script|style)$/.test(element.tag)) return ''
  return element.children.map((child) => (typeof child === 'string' ? child : allText(child))).join('')
}
