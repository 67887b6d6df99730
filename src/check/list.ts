/** The header fields that tell programs that this is a newsletter, which one, and how one leaves it. */
import { type About, error, type Finding, OURS } from './finding.ts'
import { isLoopbackAddress } from './links.ts'
import type { Message } from './message.ts'

export function checkList({ fields }: Message, about: About): Finding[] {
  if (about.kind === 'confirmation') return []
  const found: Finding[] = []
  const leave = fields.get('list-unsubscribe')?.[0] ?? ''
  const addresses = leave.split(',').map((part) => part.trim().replace(/^<|>$/g, ''))
  const web = addresses.filter((address) => /^https?:/i.test(address))
  const mail = addresses.filter((address) => /^mailto:/i.test(address))
  const first = URL.parse(addresses[0] ?? '')
  const isOdd =
    web.length !== 1 ||
    mail.length > 1 ||
    web.length + mail.length !== addresses.length ||
    addresses[0] !== web[0]
  if (isOdd || first === null)
    found.push(
      error(
        'unsubscribe-header',
        'header List-Unsubscribe',
        leave === '' ? 'it is missing' : `it is "${leave}"`,
        `Gmail and Yahoo want one https address there, first; ${OURS}`,
      ),
    )
  else if (first.protocol !== 'https:' && !isLoopbackAddress(first))
    found.push(
      error(
        'unsubscribe-header',
        'header List-Unsubscribe',
        `it is "${leave}"`,
        'make "web.url" an https address',
      ),
    )
  else {
    const token = first.searchParams.get('token') ?? first.pathname.split('/').at(-1) ?? ''
    if (
      token.length < 20 ||
      first.href.includes(about.address) ||
      first.href.includes(encodeURIComponent(about.address))
    )
      found.push(
        error(
          'unsubscribe-token',
          'header List-Unsubscribe',
          `"${token}" could be guessed, or tells who reads`,
          `anybody could unsubscribe others; ${OURS}`,
        ),
      )
    else if (mail[0] !== undefined && !mail[0].endsWith(`?subject=unsubscribe%20${token}`))
      found.push(
        error(
          'unsubscribe-mail',
          'header List-Unsubscribe',
          `"${mail[0]}" does not ask for the token of the link as its subject`,
          `nobody could tell who wants to leave; ${OURS}`,
        ),
      )
  }
  if (fields.get('list-unsubscribe-post')?.[0] !== 'List-Unsubscribe=One-Click')
    found.push(
      error(
        'one-click',
        'header List-Unsubscribe-Post',
        'it does not say "List-Unsubscribe=One-Click"',
        `Gmail and Yahoo show no button to leave, and readers use the one for spam; ${OURS}`,
      ),
    )
  const id = fields.get('list-id')?.[0] ?? ''
  const inner = /<([^<>]*)>$/.exec(id)?.[1] ?? ''
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(inner) || inner.length > 255)
    found.push(
      error(
        'list-id',
        'header List-Id',
        id === '' ? 'it is missing' : `it is "${id}"`,
        `readers sort their mail by it; ${OURS}`,
      ),
    )
  if (fields.get('precedence')?.[0] !== 'bulk')
    found.push(
      error(
        'precedence',
        'header Precedence',
        'it does not say "bulk"',
        `everybody who is away answers; ${OURS}`,
      ),
    )
  const feedback = fields.get('feedback-id')?.[0] ?? ''
  if (!/^[^:]*:[^:]*:[^:]*:[^:]{5,15}$/.test(feedback))
    found.push(
      error(
        'feedback-id',
        'header Feedback-ID',
        feedback === '' ? 'it is missing' : `it is "${feedback}"`,
        `Gmail wants four fields, the last of 5 to 15 characters; ${OURS}`,
      ),
    )
  return found
}
