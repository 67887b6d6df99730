/** The header: who writes to whom, when and about what, in fields that mailbox providers accept. */
import { type About, error, type Finding, OURS } from './finding.ts'
import type { Message } from './message.ts'

// RFC 5322, 3.6 allows one of each; Yahoo refuses mail that has two.
const AT_MOST_ONCE =
  'From Sender Reply-To To Cc Subject Date Message-ID MIME-Version List-Id List-Unsubscribe List-Unsubscribe-Post Feedback-ID Auto-Submitted Precedence Content-Type'.split(
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
  ]
}

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

function sender({ email, fields, sender: { name, address } }: Message, about: About): Finding[] {
  const from = fields.get('from')?.[0] ?? ''
  const found: Finding[] = []
  if (address === '' || withoutQuoted(from).includes(','))
    found.push(
      error('one-sender', 'header From', `it is "${from}"`, 'write one address in "newsletter.from.email"'),
    )
  // Not whether it has the subject in it: the name is the same for all mails, and a post may be called like the blog.
  const isSmiling = /\p{Emoji_Presentation}|\uFE0F/u.test(name)
  const odd = isSmiling ? 'it holds an emoji' : name.includes('@') ? 'it holds an address' : null
  if (odd)
    found.push(
      error(
        'sender-name',
        `header From, "${name}"`,
        odd,
        'Gmail takes that for a disguise; write the plain name of the newsletter in "newsletter.from.name"',
      ),
    )
  const back = email.replyTo?.[0]?.address ?? address
  if (/^(no|do-?not|not)[-_.]?reply\b/i.test(back))
    found.push({
      rule: 'reply-address',
      severity: 'warning',
      where: `header ${email.replyTo ? 'Reply-To' : 'From'}, ${back}`,
      found: 'it looks like an address that nobody reads',
      cure: 'Microsoft wants one that takes answers, and readers answer; name it in "newsletter.replyTo"',
    })
  const to = email.to ?? []
  if (to.length !== 1 || to[0]?.address !== about.address)
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
  // With the space that a program puts there: "re:Invent" is the name of a conference.
  const prefix = /^\s*(re|fwd?|aw|wg|tr|rv)\s*:\s/i.exec(text)
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

function identity({ fields, sender: { domain } }: Message, about: About): Finding[] {
  const found: Finding[] = []
  const id = fields.get('message-id')?.[0] ?? ''
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
