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
  /** Who it is from; empty where that is nobody, or nobody alone. */
  sender: { name: string; address: string; domain: string }
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
  const source = bytes.toString('latin1')
  const fields = readFields(source)
  const html = email.html ?? ''
  const page = await readPage(html)
  return {
    bytes,
    fields,
    types: typesOf(source, fields.get('content-type')?.[0] ?? ''),
    email,
    sender: senderOf(email),
    html,
    text: (email.text ?? '').replaceAll('\r\n', '\n'),
    page,
    looks: { light: looksOf(page, 'light'), dark: looksOf(page, 'dark') },
  }
}

function senderOf({ from }: Email): Message['sender'] {
  const address = from?.address ?? ''
  return { name: from?.name ?? '', address, domain: address.slice(address.lastIndexOf('@') + 1) }
}

/** The types of the parts of a multipart message. What is said in a part may look like a header, and is none. */
function typesOf(source: string, contentType: string): string[] {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) return []
  const [, ...parts] = source.split(`\r\n--${boundary}\r\n`)
  return parts.map((part) => {
    const type = readFields(part).get('content-type')?.[0] ?? ''
    return type.replace(/[\s;][\s\S]*/, '').toLowerCase()
  })
}

/** The fields above the first empty line. */
function readFields(source: string): Map<string, string[]> {
  const end = source.indexOf('\r\n\r\n')
  const head = end < 0 ? source : source.slice(0, end)
  const fields = new Map<string, string[]>()
  for (const line of head.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).toLowerCase()
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  return fields
}
