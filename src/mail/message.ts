/**
 * From a rendition to the bytes on the wire.
 *
 * A rendition is compiled once: its text and HTML are cut at their slots, and what stands between two slots (a run)
 * is encoded to quoted-printable right away. For each recipient only the slots are encoded, each between two soft
 * line breaks, so the runs keep their bytes. A letter is a list of chunks, most of them shared by all recipients:
 * nobody's message is ever composed whole. Every byte is a function of the rendition and the recipient, so a letter
 * sent again is the same letter.
 */
import { createHash } from 'node:crypto'
import { escapeHtml } from '../markup.ts'
import { SLOTS, type SlotName } from '../slots.ts'
import { relaxedField } from './canonical.ts'
import { addressesField, dateText, listIdField, mailboxField, plainField, textField } from './header.ts'
import { encodeQuotedPrintable } from './quoted-printable.ts'

/** A message as it is written once: what all its recipients share. */
export type Original = {
  from: { name: string; address: string }
  replyTo: string | null
  subject: string
  html: string
  text: string
  language: string
  /** The newsletter's identity (RFC 2919); null for mail that is not part of it, such as a confirmation. */
  list: { name: string; id: string } | null
  /** What a provider counts complaints by, see `feedback.ts`. */
  feedbackId: string
}

/** What is one recipient's own. Slots without a value are left empty. */
export type Recipient = {
  name: string
  address: string
  messageId: string
  date: Date
  slots: Partial<Record<SlotName, string>>
  /** The `mailto:` address by which they leave, beside the link; left out where nobody reads such mail. */
  leaveByMail?: string
}

/** A header field: as it stands in the message, folded and with its CRLF, and as it is signed. */
export type Field = { name: string; text: string; relaxed: string }

/** One recipient's message, which nobody has put together or signed yet. */
export type Message = {
  fields: Field[]
  /** ASCII with CRLF line ends, no line begins with a dot; in DKIM's relaxed form as it is. */
  body: Buffer[]
  /** SHA-256 of the body, in base64. What all recipients share at its beginning was hashed once. */
  hashBody(): string
}

/** Fills in what is one recipient's own. */
export type Compiled = (recipient: Recipient) => Message

/** Makes a message ready to leave: chunks of ASCII with CRLF line ends, the same ones every time. */
export type Sign = (message: Message) => Promise<Buffer[]>

/** Lets a message go as it is, through a transport that has no key. */
export const unsigned: Sign = async (message) => chunksOf(message)

/** @param above fields that are put before all others */
export function chunksOf(message: Message, above = ''): Buffer[] {
  const head = above + message.fields.map(({ text }) => text).join('')
  return [Buffer.from(`${head}\r\n`, 'latin1'), ...message.body]
}

/** A slot, and what is filled in where a recipient has no value for it. */
type Hole = { slot: SlotName; otherwise: Buffer }
type Piece = Buffer | Hole

/** Encodes all that recipients share, once. */
export function compileMessage(original: Original): Compiled {
  const boundary = boundaryOf(original)
  const shared = sharedFields(original).map(field)
  const structure = [
    plainField('MIME-Version', '1.0'),
    `Content-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n`,
  ].map(field)
  const parts: Part[] = [
    { type: 'text/plain', pieces: cut(original.text), escape: oneLineText },
    { type: 'text/html', pieces: cut(original.html), escape: escapeHtml },
  ]
  const heads = parts.map((part, index) =>
    Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${part.type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`,
    ),
  )
  const closing = Buffer.from(`\r\n--${boundary}--\r\n`)
  const opening = openingOf(heads, parts)
  const hashed = createHash('sha256')
  for (const chunk of opening) hashed.update(chunk)

  return (recipient) => {
    const body: Buffer[] = []
    parts.forEach((part, index) => {
      body.push(heads[index] as Buffer)
      for (const piece of part.pieces) {
        if (Buffer.isBuffer(piece)) body.push(piece)
        else {
          const value = recipient.slots[piece.slot]
          if (value) body.push(encodeQuotedPrintable(part.escape(value), true))
          else if (piece.otherwise.length > 0) body.push(piece.otherwise)
        }
      }
    })
    body.push(closing)
    return {
      fields: [...shared, ...ownFields(recipient, original.list !== null).map(field), ...structure],
      body,
      hashBody() {
        const hash = hashed.copy()
        for (const chunk of body.slice(opening.length)) hash.update(chunk)
        return hash.digest('base64')
      },
    }
  }
}

/** A rendition as everybody may see it: as for somebody who has nothing to fill the slots with. */
export function withoutSlots(rendered: string): string {
  return rendered.replace(SLOTS, (_, _name, otherwise: string | undefined) => otherwise ?? '')
}

/** The beginning of every body: up to the first slot there are the same chunks for everybody. */
function openingOf(heads: Buffer[], parts: Part[]): Buffer[] {
  const all = parts.flatMap((part, index): Piece[] => [heads[index] as Buffer, ...part.pieces])
  const end = all.findIndex((piece) => !Buffer.isBuffer(piece))
  return (end < 0 ? all : all.slice(0, end)) as Buffer[]
}

function field(text: string): Field {
  return { name: text.slice(0, text.indexOf(':')).toLowerCase(), text, relaxed: relaxedField(text) }
}

type Part = { type: string; pieces: Piece[]; escape: (value: string) => string }

function cut(rendered: string): Piece[] {
  // With its two groups, split gives runs, names of slots and what stands there otherwise, by turns.
  return rendered.split(SLOTS).flatMap((piece: string | undefined, index, all): Piece[] => {
    if (index % 3 === 2) return []
    if (index % 3 === 1)
      return [{ slot: piece as SlotName, otherwise: encodeQuotedPrintable(all[index + 1] ?? '', true) }]
    const run = encodeQuotedPrintable(piece ?? '', index < all.length - 1)
    return run.length > 0 ? [run] : []
  })
}

// RFC 5322, 3.6 and the rules of the providers: each of these at most once in a message.
function sharedFields(original: Original): string[] {
  const { from, replyTo, subject, list, feedbackId, language } = original
  return [
    mailboxField('From', from),
    ...(replyTo === null ? [] : [mailboxField('Reply-To', { name: '', address: replyTo })]),
    textField('Subject', subject),
    ...(list ? [listIdField(list.name, list.id)] : []),
    plainField('Feedback-ID', feedbackId),
    // RFC 3834 keeps vacation replies away by the first; older programs go by the second.
    plainField('Auto-Submitted', 'auto-generated'),
    ...(list ? [plainField('Precedence', 'bulk')] : []),
    plainField('Content-Language', language),
  ]
}

function ownFields(recipient: Recipient, isList: boolean): string[] {
  const fields = [
    mailboxField('To', recipient),
    plainField('Date', dateText(recipient.date)),
    plainField('Message-ID', `<${recipient.messageId}>`),
  ]
  const { slots, leaveByMail } = recipient
  if (!isList || !slots.unsubscribe) return fields
  // RFC 8058, 3.1: "The List-Unsubscribe-Post header MUST contain the single key/value pair".
  return [
    ...fields,
    // One field, or Yahoo refuses the message; https first, for programs that look no further.
    addressesField('List-Unsubscribe', [slots.unsubscribe, ...(leaveByMail ? [leaveByMail] : [])]),
    plainField('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'),
  ]
}

// Quoted-printable writes "=" as "=3D", so "=_" stands in no body and the boundary cannot either.
function boundaryOf(original: Original): string {
  const content = createHash('sha256')
    .update(original.subject)
    .update('\0')
    .update(original.text)
    .update('\0')
    .update(original.html)
  return `=_${content.digest('hex').slice(0, 32)}`
}

function oneLineText(value: string): string {
  return value.replace(/[\r\n]+/g, ' ')
}
