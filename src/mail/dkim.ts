/**
 * DKIM (RFC 6376): a domain's signature on a message. Without one, large providers refuse a newsletter.
 *
 * Signing is most of what a message costs (half a millisecond of RSA; filling it in takes a hundredth of that), so it
 * is done in libuv's threads, on one or two kilobytes: the body is in there as its hash, which `message.ts` makes from
 * what all recipients share. Ed25519 comes beside RSA (RFC 8463), never alone: not every provider can read it.
 *
 * Nothing in a signature says when it was made, so that a message signed again is the same message: `t=` would add
 * nothing to the signed Date, and where our clock is ahead some verifiers drop the signature for it. There is no `l=`
 * either: RFC 6376, 8.2 tells what can be appended to a body that is signed in part.
 */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { relaxedField } from './canonical.ts'
import { chunksOf, type Message, type Sign } from './message.ts'

export type SigningKey = { domain: string; selector: string; key: KeyObject }

/**
 * What is signed. RFC 6376, 5.4: a name is "listed once more than the actual number of that header field in a message
 * at the time of signing in order to prevent any further additions", and one that is not there is signed as absent. So
 * each stands here for one that a message may have, and is named twice. RFC 8058, 4 wants both List-Unsubscribe fields
 * in here, or a provider shows no button.
 */
const FIELDS = [
  ...['From', 'Reply-To', 'Subject', 'To', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type'],
  ...['Content-Language', 'List-Id', 'List-Unsubscribe', 'List-Unsubscribe-Post', 'Feedback-ID'],
  ...['Auto-Submitted', 'Precedence'],
].map((name) => name.toLowerCase())

/**
 * Fields that no message of ours has and that would change to whom it seems to go, or what is read. Sender is not
 * among them: a mail server adds one to what a program of its own machine hands in (Exim does), and means no harm.
 */
const ABSENT = ['cc', 'content-transfer-encoding']

/** The value of `h=`: RFC 6376, 3.5 lets it be folded after each colon. */
const SIGNED = wrap([...FIELDS.flatMap((name) => [name, name]), ...ABSENT])

/** Signs messages with all of the keys. It rejects where one cannot sign. */
export function signer(keys: SigningKey[]): Sign {
  const signatures = keys.map(signatureOf)
  return async (message) => {
    const signed = relaxedFields(message)
    const hash = message.hashBody()
    const made = await Promise.all(signatures.map((signature) => signature(signed, hash)))
    return chunksOf(message, made.join(''))
  }
}

/** The fields as RFC 6376, 3.7 has them hashed: in the order of `h=`, each with its CRLF. */
function relaxedFields(message: Message): string {
  const relaxed = new Map(message.fields.map((field) => [field.name, field.relaxed]))
  return FIELDS.flatMap((name) => relaxed.get(name) ?? [])
    .map((field) => `${field}\r\n`)
    .join('')
}

function signatureOf({
  domain,
  selector,
  key,
}: SigningKey): (fields: string, hash: string) => Promise<string> {
  const opening = [
    `DKIM-Signature: v=1; a=${algorithmOf(key)}; c=relaxed/relaxed;`,
    ` d=${domain};`,
    ` s=${selector};`,
    ` h=${SIGNED};`,
    ' bh=',
  ].join('\r\n')
  const relaxed = relaxedField(opening)
  return async (fields, hash) => {
    // RFC 6376, 3.7: the field itself comes last, without its CRLF and with an empty "b=".
    const signature = await signed(`${fields}${relaxed}${hash}; b=`, key)
    return `${opening}${hash};\r\n b=${signature.match(/.{1,72}/g)?.join('\r\n ')}\r\n`
  }
}

/** The value of `a=`. */
export function algorithmOf(key: KeyObject): 'rsa-sha256' | 'ed25519-sha256' {
  return key.asymmetricKeyType === 'ed25519' ? 'ed25519-sha256' : 'rsa-sha256'
}

/**
 * What a key signs, and how: RSA is given the text and hashes it. For Ed25519 that comes first; RFC 8463, 3: "It signs
 * the hash with the PureEdDSA variant Ed25519".
 */
export function signedBytes(text: string, key: KeyObject): { hash: 'sha256' | null; bytes: Buffer } {
  const bytes = Buffer.from(text, 'latin1')
  if (algorithmOf(key) === 'rsa-sha256') return { hash: 'sha256', bytes }
  return { hash: null, bytes: createHash('sha256').update(bytes).digest() }
}

function signed(text: string, key: KeyObject): Promise<string> {
  const { hash, bytes } = signedBytes(text, key)
  return new Promise((resolve, reject) => {
    // With a callback it runs in a thread of libuv's, and this one goes on.
    sign(hash, bytes, key, (error, signature) => {
      if (error) reject(error)
      else resolve(signature.toString('base64'))
    })
  })
}

function wrap(names: string[]): string {
  const lines: string[] = []
  let line = ''
  for (const name of names) {
    if (line.length + name.length > 70) {
      lines.push(line)
      line = ''
    }
    line += `${name}:`
  }
  return [...lines, line.slice(0, -1)].join('\r\n  ')
}
