/** Takes a message apart: its header fields as they stand, its two parts, and its HTML as a tree with its styles. */
import type { Email } from 'postal-mime'
import type { About, Finding } from './finding.ts'
import { type Look, looksOf } from './look.ts'
import { type Element, type Page, readPage } from './page.ts'

/** A message as the checks see it. */
export type Message = {
  bytes: Buffer
  /** Unfolded values by name in lower case, in the order they stand. */
  fields: Map<string, string[]>
  /** The parts in their order, by type: `text/plain`, `text/html`. */
  types: string[]
  email: Email
  html: string
  text: string
  page: Page
  /** How each element looks, in light and in dark. */
  looks: Record<'light' | 'dark', Map<Element, Look>>
}

/** A check looks at a message and says what it found. */
export type Check = (message: Message, about: About) => Finding[]

/** Reads the bytes of a message. What reads them is loaded here and not before: a round without mail needs none of it. */
export async function readMessage(bytes: Buffer): Promise<Message> {
  const { default: PostalMime } = await import('postal-mime')
  const email = await PostalMime.parse(bytes)
  const end = bytes.indexOf('\r\n\r\n')
  const head = bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
  const html = email.html ?? ''
  const page = await readPage(html)
  return {
    bytes,
    fields: readFields(head),
    types: Array.from(bytes.toString('latin1').matchAll(/^Content-Type: *(text\/\w+)/gim), ([, type]) =>
      String(type).toLowerCase(),
    ),
    email,
    html,
    text: (email.text ?? '').replaceAll('\r\n', '\n'),
    page,
    looks: { light: looksOf(page, 'light'), dark: looksOf(page, 'dark') },
  }
}

function readFields(head: string): Map<string, string[]> {
  const fields = new Map<string, string[]>()
  for (const line of head.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).toLowerCase()
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  return fields
}
