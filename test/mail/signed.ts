/** Keys for tests, what they would be in the DNS, and a verifier that is not ours. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import type { SigningKey } from '../../src/mail/dkim.ts'
import { keyRecord } from '../../src/mail/dkim-key.ts'

export const DOMAIN = 'garden.example'
export const RSA: SigningKey = {
  domain: DOMAIN,
  selector: 'autumn',
  key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
}
export const ED25519: SigningKey = {
  domain: DOMAIN,
  selector: 'winter',
  key: generateKeyPairSync('ed25519').privateKey,
}

/** What mailauth says of each signature of a message, such as `pass autumn`; `none` where there is none; with these keys in the DNS. */
export async function verdicts(message: Buffer | string, keys: SigningKey[]): Promise<string[]> {
  const published = new Map(
    keys.map(({ selector, domain, key }) => [`${selector}._domainkey.${domain}`, keyRecord(key)]),
  )
  const { results } = await dkimVerify(Buffer.from(message), {
    resolver: async (name) => {
      const record = published.get(name)
      if (record === undefined) throw Object.assign(new Error(`${name}: not there`), { code: 'ENOTFOUND' })
      // A record of the DNS is strings of 255 bytes at the most, which a reader joins.
      return [record.match(/.{1,255}/g) as string[]]
    },
  })
  return results.map(({ status, selector }) => (selector ? `${status.result} ${selector}` : status.result))
}

/** A key as its file holds it. */
export function pem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }))
}
