/** The header: what mailbox providers refuse, and what tells programs that this is a newsletter one can leave. */
import type { About, Finding } from './finding.ts'
import { isLoopbackAddress, linkAddress } from './links.ts'
import type { Message } from './message.ts'

// RFC 5322, 3.6 allows one of each; Yahoo refuses mail that has two.
const AT_MOST_ONCE =
  'From Sender Reply-To To Cc Subject Date Message-ID MIME-Version List-Id List-Unsubscribe List-Unsubscribe-Post Feedback-ID Auto-Submitted Precedence Content-Type'.split(
    ' ',
  )
/** RFC 8058, 4: both List-Unsubscribe fields "MUST be covered by the signature"; the others say who speaks and of what. */
const SIGNED =
  'From To Reply-To Subject Date Message-ID MIME-Version Content-Type List-Id List-Unsubscribe List-Unsubscribe-Post Feedback-ID'.split(
    ' ',
  )
/** RFC 5322, 2.1.1: each line "MUST be no more than 998 characters". */
const LONGEST_LINE = 998
/** Clocks differ; more than this is no difference of clocks. */
const CLOCKS_MS = 60_000

export function checkHeaders(message: Message, about: About): Finding[] {
  return [
    ...lines(message),
    ...counts(message),
    ...sender(message, about),
    ...subject(message),
    ...identity(message, about),
    ...signature(message),
    ...(about.kind === 'confirmation' ? [] : list(message, about)),
  ]
}

function error(rule: string, where: string, found: string, cure: string): Finding {
  return { rule, severity: 'error', where, found, cure }
}

const OURS = 'this is a fault of Posthorn, please report it'

function lines({ bytes }: Message): Finding[] {
  const found: Finding[] = []
  const source = bytes.toString('latin1')
  const bare = source.search(/\r(?!\n)|(?<!\r)\n|\0/)
  if (bare >= 0)
    found.push(
      error(
        'line-ends',
        `byte ${bare} of the message`,
        'a line does not end with CRLF, or there is a NUL',
        `mail servers refuse such a message; ${OURS}`,
      ),
    )
  const long = source.split('\r\n').find((line) => line.length > LONGEST_LINE)
  if (long !== undefined)
    found.push(
      error(
        'line-length',
        `line "${long.slice(0, 40)}…"`,
        `it has ${long.length} characters`,
        `mail servers cut lines at ${LONGEST_LINE}; shorten what it holds`,
      ),
    )
  return found
}

function counts({ fields }: Message): Finding[] {
  const twice = AT_MOST_ONCE.filter((name) => (fields.get(name.toLowerCase())?.length ?? 0) > 1)
  const missing = ['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version'].filter(
    (name) => !fields.get(name.toLowerCase())?.[0],
  )
  return [
    ...twice.map((name) =>
      error(
        'header-twice',
        `header ${name}`,
        'it stands there more than once',
        `Yahoo refuses that; ${OURS}`,
      ),
    ),
    ...missing.map((name) =>
      error(
        'header-missing',
        `header ${name}`,
        'it is missing or empty',
        name === 'Subject'
          ? 'an inbox shows nothing then: write a title or a "subject" in front matter'
          : `mail servers refuse that; ${OURS}`,
      ),
    ),
    ...(fields.has('bcc')
      ? [error('hidden-recipient', 'header Bcc', 'it names recipients', `nobody may see them; ${OURS}`)]
      : []),
  ]
}

function sender({ email, fields }: Message, about: About): Finding[] {
  const from = fields.get('from')?.[0] ?? ''
  const name = email.from?.name ?? ''
  const address = email.from && 'address' in email.from ? (email.from.address ?? '') : ''
  const found: Finding[] = []
  if (address === '' || withoutQuoted(from).includes(','))
    found.push(
      error('one-sender', 'header From', `it is "${from}"`, 'write one address in "newsletter.from.email"'),
    )
  const odd = /\p{Extended_Pictographic}/u.test(name)
    ? 'it holds an emoji'
    : /@/.test(name)
      ? 'it holds an address'
      : name !== '' && email.subject && name.includes(email.subject)
        ? 'it repeats the subject'
        : null
  if (odd)
    found.push(
      error(
        'sender-name',
        `header From, "${name}"`,
        odd,
        'Gmail takes that for a disguise; write the plain name of the newsletter in "newsletter.from.name"',
      ),
    )
  const replies = email.replyTo?.[0]
  const back = (replies && 'address' in replies ? replies.address : null) ?? address
  if (/^(no|do-?not|not)[-_.]?reply\b/i.test(back))
    found.push({
      rule: 'reply-address',
      severity: 'warning',
      where: `header ${email.replyTo ? 'Reply-To' : 'From'}, ${back}`,
      found: 'it looks like an address that nobody reads',
      cure: 'Microsoft wants one that takes answers, and readers answer; name it in "newsletter.replyTo"',
    })
  const to = email.to ?? []
  if (to.length !== 1 || !('address' in (to[0] ?? {})) || to[0]?.address !== about.address)
    found.push(
      error(
        'one-recipient',
        'header To',
        `it is "${fields.get('to')?.[0] ?? ''}"`,
        `a letter has one reader; ${OURS}`,
      ),
    )
  return found
}

function withoutQuoted(value: string): string {
  return value.replace(/"(?:[^"\\]|\\.)*"/g, '')
}

function subject({ email }: Message): Finding[] {
  const text = email.subject ?? ''
  const prefix = /^\s*(re|fwd?|aw|wg|tr|rv)\s*:/i.exec(text)
  return prefix
    ? [
        error(
          'subject-prefix',
          `header Subject, "${text}"`,
          `it begins with "${prefix[0].trim()}"`,
          'spam filters know newsletters that play an answer; begin otherwise, or write a "subject" in front matter',
        ),
      ]
    : []
}

function identity({ email, fields }: Message, about: About): Finding[] {
  const found: Finding[] = []
  const id = fields.get('message-id')?.[0] ?? ''
  const from = email.from && 'address' in email.from ? (email.from.address ?? '') : ''
  const domain = from.slice(from.lastIndexOf('@') + 1)
  if (id !== '' && (!/^<[^@\s<>]{16,}@[^@\s<>]+>$/.test(id) || !id.endsWith(`@${domain}>`)))
    found.push(
      error(
        'message-id',
        `header Message-ID, ${id}`,
        `it is not one of ${domain} with 16 characters or more`,
        OURS,
      ),
    )
  const date = fields.get('date')?.[0]
  if (date !== undefined) {
    const time = Date.parse(date)
    if (Number.isNaN(time) || time > about.now.getTime() + CLOCKS_MS)
      found.push(
        error(
          'date',
          'header Date',
          `it is "${date}", and now is ${about.now.toISOString()}`,
          'spam filters punish mail from the future; set the clock of this machine',
        ),
      )
  }
  if (fields.get('auto-submitted')?.[0] !== 'auto-generated')
    found.push(
      error(
        'auto-submitted',
        'header Auto-Submitted',
        'it does not say "auto-generated"',
        `everybody who is away answers; ${OURS}`,
      ),
    )
  return found
}

/** A signature that is there has to be one that counts. Whether it is true is for whoever has the key to say. */
function signature({ email, fields }: Message): Finding[] {
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
  const from = email.from && 'address' in email.from ? (email.from.address ?? '') : ''
  const domain = from.slice(from.lastIndexOf('@') + 1).toLowerCase()
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

function list({ fields }: Message, about: About): Finding[] {
  const found: Finding[] = []
  const leave = fields.get('list-unsubscribe')?.[0] ?? ''
  const addresses = leave.split(',').map((part) => part.trim().replace(/^<|>$/g, ''))
  const web = addresses.filter((address) => /^https?:/i.test(address))
  const mail = addresses.filter((address) => /^mailto:/i.test(address))
  const first = linkAddress(addresses[0] ?? '')
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
      leave.includes(about.address) ||
      leave.includes(encodeURIComponent(about.address))
    )
      found.push(
        error(
          'unsubscribe-token',
          'header List-Unsubscribe',
          `"${token}" could be guessed, or tells who reads`,
          `anybody could unsubscribe others; ${OURS}`,
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
