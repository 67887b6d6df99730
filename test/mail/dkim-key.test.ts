import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { DkimConfig } from '../../src/config.ts'
import { openTransports } from '../../src/deliveries/outlet.ts'
import { UserError } from '../../src/errors.ts'
import { keyRecord, makeKey, openSigner, readKey } from '../../src/mail/dkim-key.ts'
import { chunksOf, compileMessage, unsigned } from '../../src/mail/message.ts'
import { ORIGINAL, RECIPIENT } from './any-message.ts'
import { ED25519, pem, RSA, verdicts } from './signed.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-keys-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const rsa = file('rsa.pem', pem(RSA.key))
const ed25519 = file('ed25519.pem', pem(ED25519.key))
const dkim = (privateKeyFile: string, second?: string): DkimConfig => ({
  domain: 'garden.example',
  selector: 'autumn',
  privateKeyFile,
  ...(second === undefined ? {} : { ed25519: { selector: 'winter', privateKeyFile: second } }),
})

async function letter(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('nothing was wrong'),
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  expect(error.hint).toContain('`posthorn dkim` makes a key')
  return error.message.replaceAll(`${folder}/`, '')
}

test('the keys of a configuration sign, and what is in the DNS for them verifies', async () => {
  const sign = await openSigner(dkim(rsa, ed25519))
  const message = Buffer.concat(await sign(compileMessage(ORIGINAL)(RECIPIENT)))
  expect(await verdicts(message, [RSA, ED25519])).toEqual(['pass autumn', 'pass winter'])
})

test('a key as older programs write it, PKCS #1, does as well', async () => {
  const old = file('old.pem', String(RSA.key.export({ type: 'pkcs1', format: 'pem' })))
  expect((await readKey(old, 'rsa')).equals(RSA.key)).toBe(true)
})

test('keys that are made are of their kind, and each is another one', async () => {
  const made = await Promise.all(
    (['rsa', 'ed25519'] as const).map((kind) => readKey(file(`${kind}-made.pem`, makeKey(kind)), kind)),
  )
  expect(made.map(keyRecord)).toEqual([
    expect.stringMatching(/^v=DKIM1; k=rsa; p=MII[A-Za-z0-9+/]{380,}=*$/),
    expect.stringMatching(/^v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=$/),
  ])
  expect(makeKey('ed25519')).not.toBe(makeKey('ed25519'))
})

test('the record of RFC 8463 is what we make of its key', () => {
  // A.2: the seed, and the record of the selector "brisbane".
  const seed = Buffer.from('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'base64')
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const path = file(
    'rfc.pem',
    `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`,
  )
  return expect(readKey(path, 'ed25519').then(keyRecord)).resolves.toBe(
    'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  )
})

describe('nothing is sent with', () => {
  const encrypted = RSA.key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' })
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const curve = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
  mkdirSync(join(folder, 'folder.pem'))

  test.each([
    ['a key that is not there', join(folder, 'none.pem'), 'none.pem: cannot be read: there is no such file'],
    ['a folder', join(folder, 'folder.pem'), 'folder.pem: cannot be read: it is a folder'],
    [
      'a key that is too short',
      file('short.pem', pem(short)),
      'short.pem: this RSA key has 1024 bits, and providers reject what is short; 2048 are expected',
    ],
    [
      'an Ed25519 key alone',
      ed25519,
      'ed25519.pem: this is a key of type ed25519; one of type rsa is expected here',
    ],
    [
      'a key of a curve',
      file('ec.pem', pem(curve)),
      'ec.pem: this is a key of type ec; one of type rsa is expected here',
    ],
    [
      'a public key',
      file('public.pem', String(createPublicKey(RSA.key).export({ type: 'spki', format: 'pem' }))),
      'public.pem: this is no private key; a file that begins with "-----BEGIN PRIVATE KEY-----" is expected',
    ],
    [
      'an empty file',
      file('empty.pem', ''),
      'empty.pem: this is no private key; a file that begins with "-----BEGIN PRIVATE KEY-----" is expected',
    ],
    [
      'a key behind a passphrase',
      file('encrypted.pem', String(encrypted)),
      'encrypted.pem: this key is encrypted; Posthorn needs one without a passphrase, readable by its user alone',
    ],
  ])('%s', async (_, path, told) => {
    expect(await letter(openSigner(dkim(path)))).toBe(told)
  })

  test('a key that was damaged, and signs what its public half does not verify', async () => {
    const [one, other] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
    const jwk = { ...other?.export({ format: 'jwk' }), n: one?.export({ format: 'jwk' }).n }
    const damaged = file('damaged.pem', pem(createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })))
    expect(await letter(openSigner(dkim(damaged)))).toMatch(
      /^damaged\.pem: a message was signed with this key as a trial, and its signature does not hold: /,
    )
  })

  test('an RSA key where the second one has to be', async () => {
    expect(await letter(openSigner(dkim(rsa, rsa)))).toBe(
      'rsa.pem: this is a key of type rsa; one of type ed25519 is expected here',
    )
  })

  test('two bad keys, and both are told at once', async () => {
    expect(await letter(openSigner(dkim(join(folder, 'none.pem'), rsa)))).toBe(
      'none.pem: cannot be read: there is no such file\nrsa.pem: this is a key of type rsa; one of type ed25519 is expected here',
    )
  })

  test('one bad key among several transports', async () => {
    const maildir = (path?: string) => ({
      kind: 'maildir' as const,
      folder: join(folder, 'outbox'),
      shown: 'outbox',
      limits: { domains: {} },
      ...(path === undefined ? {} : { dkim: dkim(path) }),
    })
    const short =
      'short.pem: this RSA key has 1024 bits, and providers reject what is short; 2048 are expected'
    const paths = [rsa, join(folder, 'short.pem'), join(folder, 'short.pem')]
    expect(await letter(openTransports([maildir(), ...paths.map(maildir)]))).toBe(short)
  })
})

test('without a key in the configuration a message is left as it is', async () => {
  const sign = await openSigner(undefined)
  expect(sign).toBe(unsigned)
  const message = compileMessage(ORIGINAL)(RECIPIENT)
  expect(await sign(message)).toEqual(chunksOf(message))
})
