/**
 * E-mail addresses, checked before anything else sees them. An address goes into SMTP commands, headers, file names
 * and pages: one line break in it and a message goes to somebody else. So one `addr-spec` of RFC 5321 passes and
 * nothing else: no display name, no list, no comment, no quoted local part, no address literal. RFC 5321, 4.1.2: "a host
 * that expects to receive mail SHOULD avoid defining mailboxes where the Local-part requires (or uses) the Quoted-string
 * form", and a local part outside of ASCII goes only where every server on the way speaks SMTPUTF8: whoever has such an
 * address is asked for another one, before anything is sent into the void.
 */
import { domainToASCII } from 'node:url'
import { english, type Words } from './words/en.ts'

/** What is wrong: `fault` for the author, in words that complete "…; ", and `say` for whoever typed it, in their language. */
export type Faulty = { fault: string; say: (words: FaultWords) => string }
type FaultWords = Words['web']['faults']

/** `address` is what is mailed to, `key` what addresses are compared by. */
export type Address = { address: string; key: string }

// RFC 5322, 3.2.3: atext, and dot-atom is atext with single dots between.
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Checks one address and brings it to the form it is kept in: trimmed, the domain in lower case and punycode.
 * The key has the local part in lower case too, since no provider in use tells `Ada@` from `ada@`.
 *
 * @returns the address, or what is wrong with it
 */
export function checkAddress(input: string): Address | Faulty {
  const value = input.trim()
  if (value === '') return faulty((words) => words.empty)
  if (/[\u0000-\u001f\u007f]/.test(value)) return faulty((words) => words.control)
  const at = value.lastIndexOf('@')
  if (at < 1 || at === value.length - 1) return faulty((words) => words.shape)
  const local = value.slice(0, at)
  if (local.includes('@')) return faulty((words) => words.several)
  if (/[,;<>\s]/.test(value)) return faulty((words) => words.bare)
  if (!isAscii(local)) return faulty((words) => words.letters)
  if (!DOT_ATOM.test(local)) return faulty((words) => words.characters)
  // RFC 5321, 4.5.3.1.1: "The maximum total length of a user name or other local-part is 64 octets."
  if (local.length > 64) return faulty((words) => words.longLocal(64))
  // domainToASCII reads its input as the beginning of a URL: it drops a path behind it and decodes %61.
  const written = value.slice(at + 1)
  const domain = /[/\\?#%:[\]]/.test(written) ? '' : domainToASCII(written).toLowerCase()
  const labels = domain.split('.')
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label)) || /^\d+$/.test(labels.at(-1) ?? ''))
    return faulty((words) => words.domain)
  const address = `${local}@${domain}`
  // RFC 5321, 4.5.3.1.3 allows a path of 256 octets, and its two angle brackets leave 254.
  if (address.length > 254) return faulty((words) => words.long(254))
  return { address, key: keyOf(address) }
}

/**
 * What an address is compared by.
 *
 * @param address as `checkAddress` gave it
 */
export function keyOf(address: string): string {
  return address.toLowerCase()
}

function isAscii(text: string): boolean {
  return /^[\u0020-\u007e]*$/.test(text)
}

/** A fault of what somebody typed, in the words of English and ready to be said in others. */
export function faulty(say: Faulty['say']): Faulty {
  return { fault: say(english.web.faults), say }
}
