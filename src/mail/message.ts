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
import { dateText, listIdField, mailboxField, plainField, textField } from './header.ts'
import { encodeQuotedPrintable } from './quoted-printable.ts'
import { SLOT_CLOSE, SLOT_NAMES, SLOT_OPEN, type SlotName } from './slots.ts'

/** What all recipients of a rendition share. */
export type Frame = {
  from: { name: string; address: string }
  replyTo: string | null
  subject: string
  html: string
  text: string
  language: string
  /** The newsletter's identity (RFC 2919); null for mail that is not part of it, such as a confirmation. */
  list: { name: string; id: string } | null
}

/** What is one recipient's own. Slots without a value are left empty. */
export type Recipient = {
  name: string
  address: string
  messageId: string
  date: Date
  slots: Partial<Record<SlotName, string>>
}

/** Makes the letter for one recipient: chunks of ASCII with CRLF line ends, no line begins with a dot. */
export type Compiled = (recipient: Recipient) => Buffer[]

type Piece = Buffer | SlotName

/** Encodes all that recipients share, once. */
export function compileMessage(frame: Frame): Compiled {
  const boundary = boundaryOf(frame)
  const shared = Buffer.from(sharedFields(frame))
  const body: Part[] = [
    { type: 'text/plain', pieces: cut(frame.text), escape: oneLineText },
    { type: 'text/html', pieces: cut(frame.html), escape: escapeHtml },
  ]
  const opening = Buffer.from(
    `MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n\r\n`,
  )
  const heads = body.map((part, index) =>
    Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${part.type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`,
    ),
  )
  const closing = Buffer.from(`\r\n--${boundary}--\r\n`)
  return (recipient) => {
    const chunks: Buffer[] = [shared, Buffer.from(ownFields(recipient, frame.list !== null)), opening]
    body.forEach((part, index) => {
      chunks.push(heads[index] as Buffer)
      for (const piece of part.pieces) {
        if (typeof piece !== 'string') chunks.push(piece)
        else {
          const value = recipient.slots[piece]
          if (value) chunks.push(encodeQuotedPrintable(part.escape(value), true))
        }
      }
    })
    chunks.push(closing)
    return chunks
  }
}

/** A rendition as everybody may see it: no slot is filled, what a recipient would find there is gone. */
export function withoutSlots(rendered: string): string {
  return rendered.replace(SLOT, '')
}

// The known names and no others: a post may hold these characters around any word.
const SLOT = new RegExp(`${SLOT_OPEN}(${SLOT_NAMES.join('|')})${SLOT_CLOSE}`, 'g')

type Part = { type: string; pieces: Piece[]; escape: (value: string) => string }

function cut(rendered: string): Piece[] {
  // With a capturing group, split gives runs at even places and the names of slots at odd ones.
  return rendered.split(SLOT).flatMap((piece, index, all): Piece[] => {
    if (index % 2 === 1) return [piece as SlotName]
    const run = encodeQuotedPrintable(piece, index < all.length - 1)
    return run.length > 0 ? [run] : []
  })
}

function sharedFields(frame: Frame): string {
  let fields = mailboxField('From', frame.from)
  if (frame.replyTo !== null) fields += mailboxField('Reply-To', { name: '', address: frame.replyTo })
  fields += textField('Subject', frame.subject)
  if (frame.list) {
    fields += listIdField(frame.list.name, frame.list.id)
    // RFC 3834 keeps vacation replies away by the first; older programs go by the second.
    fields += plainField('Auto-Submitted', 'auto-generated') + plainField('Precedence', 'bulk')
  } else {
    fields += plainField('Auto-Submitted', 'auto-generated')
  }
  return fields + plainField('Content-Language', frame.language)
}

function ownFields(recipient: Recipient, isList: boolean): string {
  let fields =
    mailboxField('To', recipient) +
    plainField('Date', dateText(recipient.date)) +
    plainField('Message-ID', `<${recipient.messageId}>`)
  if (isList && recipient.slots.unsubscribe) {
    fields += plainField('List-Unsubscribe', `<${recipient.slots.unsubscribe}>`)
    // RFC 8058, 3.1: "The List-Unsubscribe-Post header MUST contain the single key/value pair".
    fields += plainField('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click')
  }
  return fields
}

// Quoted-printable writes "=" as "=3D", so "=_" stands in no body and the boundary cannot either.
function boundaryOf(frame: Frame): string {
  const content = createHash('sha256')
    .update(frame.subject)
    .update('\0')
    .update(frame.text)
    .update('\0')
    .update(frame.html)
  return `=_${content.digest('hex').slice(0, 32)}`
}

function oneLineText(value: string): string {
  return value.replace(/[\r\n]+/g, ' ')
}
