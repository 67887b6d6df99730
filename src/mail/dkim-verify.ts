/** Reads signatures back, as a receiver does: from the bytes of a message, with nothing of the signer's at hand. */
import { createHash, type KeyObject, verify } from 'node:crypto'
import { relaxedBody, relaxedField } from './canonical.ts'
import { algorithmOf, signedBytes } from './dkim.ts'

/** What became of one signature; `fault` is null where it holds. */
export type Verified = { domain: string; selector: string; fault: string | null }

/**
 * Verifies all DKIM signatures of a message, in their order. Those of other programs are read too, as far as they are
 * relaxed/relaxed and without `l=`, as ours are.
 *
 * @param keyOf the public key that is published under a selector of a domain; null where there is none
 */
export function verifySignatures(
  message: Buffer,
  keyOf: (selector: string, domain: string) => KeyObject | null,
): Verified[] {
  const text = message.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const fields = text.slice(0, end + 2).match(/[^\r\n].*\r\n([ \t].*\r\n)*/g) ?? []
  const body = text.slice(end + 4)
  return fields
    .filter((field) => /^dkim-signature[ \t]*:/i.test(field))
    .map((field) => {
      const tags = tagsOf(field)
      const [domain = '', selector = ''] = [tags.get('d'), tags.get('s')]
      return { domain, selector, fault: faultOf(field, tags, fields, body, keyOf(selector, domain)) }
    })
}

function faultOf(
  field: string,
  tags: Map<string, string>,
  fields: string[],
  body: string,
  key: KeyObject | null,
): string | null {
  if (key === null) return 'there is no key for it'
  if (tags.get('a') !== algorithmOf(key)) return 'the key is for another algorithm'
  if (tags.get('v') !== '1' || tags.get('c') !== 'relaxed/relaxed' || tags.has('l'))
    return 'it is of a kind that Posthorn does not read'
  const hash = createHash('sha256').update(relaxedBody(body), 'latin1').digest('base64')
  if (hash !== tags.get('bh')) return 'the body is another one'
  // RFC 6376, 3.7: the signature's own value is deleted, "including all surrounding whitespace".
  const itself = relaxedField(field.replace(/([;\s]b=)[^;]*/, '$1'))
  const text = `${signedFields(tags.get('h') ?? '', fields)}${itself}`
  const { hash: algorithm, bytes } = signedBytes(text, key)
  const holds = verify(algorithm, bytes, key, Buffer.from(tags.get('b') ?? '', 'base64'))
  return holds ? null : 'the header is another one, or the key is'
}

// RFC 6376, 5.4.2: of several fields with one name the last comes first, and what is named but not there counts nothing.
function signedFields(names: string, fields: string[]): string {
  const left = fields.map(relaxedField)
  return names
    .split(':')
    .flatMap((name) => {
      const at = left.findLastIndex((field) => field.startsWith(`${name.toLowerCase()}:`))
      return at < 0 ? [] : left.splice(at, 1)
    })
    .map((field) => `${field}\r\n`)
    .join('')
}

// RFC 6376, 3.2: tags and values, with white space that means nothing in those that are read here.
function tagsOf(field: string): Map<string, string> {
  const list = field.slice(field.indexOf(':') + 1).replace(/\s+/g, '')
  return new Map(
    list.split(';').flatMap((tag): [string, string][] => {
      const equals = tag.indexOf('=')
      return equals < 0 ? [] : [[tag.slice(0, equals), tag.slice(equals + 1)]]
    }),
  )
}
