/** Signatures: one that is there has to be one that counts. Whether it is true is for whoever has the key to say. */
import { error, type Finding, OURS } from './finding.ts'
import type { Message } from './message.ts'

/** RFC 8058, 4: both List-Unsubscribe fields "MUST be covered by the signature"; the others say who speaks and of what. */
const SIGNED =
  'From To Reply-To Subject Date Message-ID MIME-Version Content-Type List-Id List-Unsubscribe List-Unsubscribe-Post Feedback-ID'.split(
    ' ',
  )

export function checkSignatures({ fields, sender }: Message): Finding[] {
  const signatures = (fields.get('dkim-signature') ?? []).map(
    (value) =>
      new Map(
        value.split(';').map((tag): [string, string] => {
          const equals = tag.indexOf('=')
          return [tag.slice(0, equals).trim(), tag.slice(equals + 1).replace(/\s/g, '')]
        }),
      ),
  )
  if (signatures.length === 0) return []
  const found: Finding[] = []
  const domain = sender.domain.toLowerCase()
  for (const tags of signatures) {
    const where = `header DKIM-Signature, selector ${tags.get('s') ?? '?'}`
    if (tags.has('l'))
      found.push(
        error('signature', where, 'it covers a part of the body alone', `anybody may add to it; ${OURS}`),
      )
    const covered = (tags.get('h') ?? '').toLowerCase().split(':')
    const open = SIGNED.filter(
      (name) => fields.has(name.toLowerCase()) && !covered.includes(name.toLowerCase()),
    )
    if (open.length > 0)
      found.push(
        error('signature', where, `it leaves out ${open.join(', ')}`, `anybody may change them; ${OURS}`),
      )
    const signer = (tags.get('d') ?? '').toLowerCase()
    if (domain !== signer && !domain.endsWith(`.${signer}`) && !signer.endsWith(`.${domain}`))
      found.push(
        error(
          'signature',
          where,
          `it is of ${signer}, and the sender is of ${domain}`,
          'DMARC fails then: sign with the domain of "newsletter.from.email"',
        ),
      )
  }
  if (!signatures.some((tags) => tags.get('a') === 'rsa-sha256'))
    found.push(
      error(
        'signature',
        'header DKIM-Signature',
        'none is rsa-sha256',
        'Gmail and Outlook check no other: add an RSA key',
      ),
    )
  return found
}
