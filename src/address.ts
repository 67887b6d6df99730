/**
 * E-mail addresses, checked before anything else sees them. An address goes into SMTP commands, headers, file names
 * and pages: one line break in it and a message goes to somebody else. So one `addr-spec` of RFC 5321 passes and
 * nothing else: no display name, no list, no comment, no quoted local part, no address literal.
 */
import { domainToASCII } from 'node:url'

/** `address` is what is mailed to, `key` what addresses are compared by. */
export type Address = { address: string; key: string }

// RFC 5322, 3.2.3: atext, and dot-atom is atext with single dots between.
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Checks one address and brings it to the form it is kept in: trimmed, the domain in lower case and punycode.
 * The key has the local part in lower case too, since no provider in use tells `Ada@` from `ada@`.
 *
 * @returns the address, or the fault in words that complete "…; "
 */
export function checkAddress(input: string): Address | { fault: string } {
  const value = input.trim()
  if (value === '') return { fault: 'write an address such as ada@example.org' }
  if (/[\u0000-\u001f\u007f]/.test(value))
    return { fault: 'it holds a line break or another control character' }
  const at = value.lastIndexOf('@')
  if (at < 1 || at === value.length - 1)
    return { fault: 'it needs a name, one "@" and a domain, as in ada@example.org' }
  const local = value.slice(0, at)
  if (local.includes('@')) return { fault: 'it has more than one "@"; write one address' }
  if (/[,;<>\s]/.test(value)) return { fault: 'write one bare address, without a name, comma, space or < >' }
  if (!isAscii(local))
    return {
      fault: 'the part before "@" has letters that not every mail server takes; ask for another address',
    }
  if (!DOT_ATOM.test(local))
    return { fault: `the part before "@" may hold letters, digits, single dots and !#$%&'*+/=?^_\`{|}~-` }
  // RFC 5321, 4.5.3.1.1: "The maximum total length of a user name or other local-part is 64 octets."
  if (local.length > 64) return { fault: 'the part before "@" is longer than 64 characters' }
  // domainToASCII reads its input as the beginning of a URL: it drops a path behind it and decodes %61.
  const written = value.slice(at + 1)
  const domain = /[/\\?#%:[\]]/.test(written) ? '' : domainToASCII(written).toLowerCase()
  const labels = domain.split('.')
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label)) || /^\d+$/.test(labels.at(-1) ?? ''))
    return { fault: 'the part after "@" is not a domain, such as example.org' }
  const address = `${local}@${domain}`
  // RFC 5321, 4.5.3.1.3 allows a path of 256 octets, and its two angle brackets leave 254.
  if (address.length > 254) return { fault: 'it is longer than 254 characters' }
  return { address, key: address.toLowerCase() }
}

function isAscii(text: string): boolean {
  return /^[\u0020-\u007e]*$/.test(text)
}
