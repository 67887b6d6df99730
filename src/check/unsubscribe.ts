/** The ways out of a message: to leave the list, to say yes to it, and who to write to. */
import { type About, type Finding, OURS } from './finding.ts'
import type { Message } from './message.ts'
import { oneLine, textOf } from './page.ts'

/** Past here Gmail may have cut the message off. */
const SEEN_BYTES = 90_000

export function checkWaysOut(message: Message, about: About): Finding[] {
  const way =
    about.kind === 'confirmation'
      ? { rule: 'confirm-link', path: 'confirm', why: 'nobody could say yes', slot: 'links.confirm' }
      : {
          rule: 'unsubscribe-link',
          path: 'unsubscribe',
          why: 'who wants to leave and cannot calls it spam, and laws demand it',
          slot: 'links.unsubscribe',
        }
  return [...wayOut(message, about, way), ...postal(message, about)]
}

function wayOut(
  { html, text, page, looks }: Message,
  about: About,
  way: { rule: string; path: string; why: string; slot: string },
): Finding[] {
  const address = `${about.web}/${way.path}?token=`
  const links = page.elements.filter(
    (element) =>
      element.tag === 'a' &&
      element.attributes.href?.startsWith(address) &&
      element.attributes.href.length > address.length &&
      !looks.light.get(element)?.hidden &&
      textOf(element) !== '',
  )
  const tell = (where: string, found: string, cure: string): Finding => ({
    rule: way.rule,
    severity: 'error',
    where,
    found,
    cure: `${way.why}; ${cure}`,
  })
  const found: Finding[] = []
  const [first] = links
  if (!first)
    found.push(
      tell(
        'the HTML part',
        `no link that can be seen leads to ${about.web}/${way.path}`,
        `print {{ ${way.slot} }} as the address of a link in the template`,
      ),
    )
  else if (Buffer.byteLength(html.slice(0, first.offset)) > SEEN_BYTES)
    found.push(
      tell(
        `link "${textOf(first)}"`,
        `it stands after the first ${SEEN_BYTES.toLocaleString('en')} bytes`,
        'Gmail cuts it off: make the template smaller, or the post shorter',
      ),
    )
  if (!text.includes(address))
    found.push(tell('the text part', `it does not name ${about.web}/${way.path}`, OURS))
  return found
}

/** What a site's configuration lacks: no message can show what nobody has written down. */
export function checkSite(postalAddress: string): Finding[] {
  if (postalAddress !== '') return []
  return [
    {
      rule: 'postal-address',
      severity: 'warning',
      where: 'the configuration',
      found: 'there is no "newsletter.postalAddress"',
      cure: 'many countries want the sender’s address in every newsletter; write it there',
    },
  ]
}

function postal({ text, page }: Message, { postalAddress }: About): Finding[] {
  if (postalAddress === '') return []
  const body = page.elements.find((element) => element.tag === 'body')
  const wanted = oneLine(postalAddress)
  return [['the HTML part', body ? textOf(body) : ''] as const, ['the text part', oneLine(text)] as const]
    .filter(([, said]) => !said.includes(wanted))
    .map(([where]) => ({
      rule: 'postal-address',
      severity: 'error',
      where,
      found: `it does not name "${wanted}"`,
      cure: 'many countries want it in every newsletter; print {{ newsletter.postalAddress }} in the template',
    }))
}
