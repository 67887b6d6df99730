/**
 * The keys that sign: read and tried out before anything is sent. A key that is not there, or cannot sign, stops all
 * mail: a message that goes out unsigned harms the name of its sender, and nobody would notice for weeks.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DkimConfig } from '../config.ts'
import { together, UserError } from '../errors.ts'
import { cannotRead } from '../file.ts'
import { slot } from '../slots.ts'
import { type SigningKey, signer } from './dkim.ts'
import { verifySignatures } from './dkim-verify.ts'
import { compileMessage, type Sign, unsigned } from './message.ts'

export type KeyKind = 'rsa' | 'ed25519'

const CURE =
  'nothing is sent until it is mended, and what is queued waits; `posthorn dkim` makes a key where there is no such file, and says where it goes'
/** RFC 8301, 3.2: signers "SHOULD use RSA keys of at least 2048 bits", and verifiers need not read more than 4096. */
const RSA_BITS = { least: 2048, most: 4096 }

/**
 * What signs for a transport: `unsigned` where the configuration has no key for it. The keys are read, and a message
 * is signed with them and read back with their public halves.
 *
 * @throws UserError where a key is missing, is none of its kind, or cannot sign
 */
export async function openSigner(dkim: DkimConfig | undefined): Promise<Sign> {
  if (!dkim) return unsigned
  const { domain } = dkim
  const keys = await together(
    keyFiles(dkim).map(async ({ file, kind, selector }) => ({
      ...{ domain, selector, file },
      key: await readKey(file, kind),
    })),
  )
  const sign = signer(keys)
  await tryOut(sign, keys)
  return sign
}

/** The keys that a configuration names, RSA first. */
export function keyFiles(dkim: DkimConfig): { kind: KeyKind; selector: string; file: string }[] {
  const { selector, privateKeyFile: file, ed25519 } = dkim
  const second = ed25519 ? [{ selector: ed25519.selector, file: ed25519.privateKeyFile }] : []
  return [{ kind: 'rsa', selector, file }, ...second.map((key) => ({ kind: 'ed25519' as const, ...key }))]
}

/** @throws UserError where the file holds no private key of this kind that is strong enough */
export async function readKey(file: string, kind: KeyKind): Promise<KeyObject> {
  let pem: Buffer
  try {
    pem = await readFile(file)
  } catch (error) {
    throw cannotRead(file, error, CURE)
  }
  const fault = (message: string) => new UserError(`${file}: ${message}`, { hint: CURE })
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    if (pem.includes('ENCRYPTED'))
      throw fault(
        'this key is encrypted; Posthorn needs one without a passphrase, readable by its user alone',
      )
    throw fault('this is no private key; a file that begins with "-----BEGIN PRIVATE KEY-----" is expected')
  }
  if (key.asymmetricKeyType !== kind)
    throw fault(`this is a key of type ${key.asymmetricKeyType}; ${shownKind(kind)} is expected here`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (kind === 'rsa' && bits < RSA_BITS.least)
    throw fault(
      `this RSA key has ${bits} bits, and providers reject what is short; ${RSA_BITS.least} are expected`,
    )
  if (kind === 'rsa' && bits > RSA_BITS.most)
    throw fault(
      `this RSA key has ${bits} bits, more than receivers have to read; ${RSA_BITS.least} are expected`,
    )
  return key
}

/** A new private key, as its file holds it. */
export function makeKey(kind: KeyKind): string {
  const { privateKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: RSA_BITS.least })
      : generateKeyPairSync('ed25519')
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

/** What stands in the DNS under `SELECTOR._domainkey.DOMAIN`. */
export function keyRecord(key: KeyObject): string {
  const info = createPublicKey(key).export({ type: 'spki', format: 'der' })
  // RFC 8463, 4.2: of an Ed25519 key the record has the 32 bytes alone, which are the last of its SPKI.
  if (key.asymmetricKeyType === 'ed25519')
    return `v=DKIM1; k=ed25519; p=${info.subarray(-32).toString('base64')}`
  return `v=DKIM1; k=rsa; p=${info.toString('base64')}`
}

async function tryOut(sign: Sign, keys: (SigningKey & { file: string })[]): Promise<void> {
  const published = new Map(keys.map((each) => [each.selector, createPublicKey(each.key)]))
  const files = keys.map((each) => each.file).join(' or ')
  const made = await sign(SAMPLE).catch((error) => {
    throw cannotSign(files, error instanceof Error ? error.message : String(error))
  })
  const verified = verifySignatures(Buffer.concat(made), (selector) => published.get(selector) ?? null)
  for (const { selector, file } of keys) {
    const found = verified.find((each) => each.selector === selector)
    if (found?.fault !== null) throw cannotSign(file, found?.fault ?? 'there is no signature')
  }
}

function cannotSign(file: string, why: string): UserError {
  const found = `a message was signed with this key as a trial, and its signature does not hold: ${why}`
  return new UserError(`${file}: ${found}`, { hint: CURE })
}

function shownKind(kind: KeyKind): string {
  return kind === 'rsa' ? 'one of type rsa' : 'one of type ed25519'
}

const SAMPLE = compileMessage({
  from: { name: 'Posthorn', address: 'posthorn@posthorn.invalid' },
  replyTo: 'posthorn@posthorn.invalid',
  subject: 'A trial of the key – never sent',
  html: `<p>Dear ${slot('name')},</p>\n<p>  two  spaces  and a tab\t.</p>\n`,
  text: `Dear ${slot('name')},\n\n.  two  spaces\t\n\n\n`,
  language: 'en',
  list: { name: 'Posthorn', id: 'posts.posthorn.invalid' },
  feedbackId: 'none:posts:test:posthorn',
})({
  name: 'You',
  address: 'you@posthorn.invalid',
  messageId: 'trial@posthorn.invalid',
  date: new Date(0),
  slots: { name: 'Yóu', unsubscribe: 'https://posthorn.invalid/unsubscribe' },
})
