import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkMessage } from '../../src/check/check.ts'
import { maildirTransport } from '../../src/mail/maildir.ts'
import { smtpTransport } from '../../src/mail/smtp.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { countDeliveries } from '../../src/store/deliveries.ts'
import { ED25519, pem, RSA, verdicts } from '../mail/signed.ts'
import type { Script } from '../mail/smtp-script.ts'
import { closing } from './closing.ts'
import { deliver, later, NOW } from './mailing.ts'

const { keep, mailTo, serverWith } = closing()
const folder = mkdtempSync(join(tmpdir(), 'posthorn-signing-'))
afterAll(() => rmSync(folder, { recursive: true }))
for (const [name, { key }] of Object.entries({ rsa: RSA, ed25519: ED25519 }))
  writeFileSync(join(folder, `${name}.pem`), pem(key))
const DKIM = {
  domain: 'garden.example',
  selector: RSA.selector,
  privateKeyFile: join(folder, 'rsa.pem'),
  ed25519: { selector: ED25519.selector, privateKeyFile: join(folder, 'ed25519.pem') },
}

async function signing(script: Script = {}, connections = 4) {
  const server = await serverWith(script)
  const line = { host: '127.0.0.1', port: server.port, tls: 'never' as const, auth: null, connections }
  return { server, transport: keep(await smtpTransport({ ...line, dkim: DKIM })) }
}

test('everybody’s letter arrives with signatures that hold', async () => {
  const mail = await mailTo(30)
  const { server, transport } = await signing()
  expect(await deliver(mail, transport)).toMatchObject({ sent: 30, failed: 0 })
  const arrived = server.messages()
  expect(new Set(arrived.map((message) => /^To: .*$/m.exec(String(message))?.[0])).size).toBe(30)
  for (const message of arrived)
    expect(await verdicts(message, [RSA, ED25519])).toEqual(['pass autumn', 'pass winter'])
})

test('a signature is of the sender’s domain, and covers what providers want it to', async () => {
  const mail = await mailTo(1)
  const { server, transport } = await signing()
  await deliver(mail, transport)
  const [arrived = Buffer.alloc(0)] = server.messages()
  const findings = await checkMessage(arrived, {
    ...{ kind: 'issue', web: mail.config.web.url, address: 'reader1@example.org' },
    ...{ postalAddress: '', posts: [], now: NOW },
  })
  expect(String(arrived).match(/^DKIM-Signature: /gm)).toHaveLength(2)
  expect(findings.filter(({ where }) => where.startsWith('header'))).toEqual([])
})

test('a letter that was refused for now comes again to the byte, its signatures included', async () => {
  const mail = await mailTo(1)
  const { server, transport } = await signing({ message: ['451 4.3.0 not now', '250 2.0.0 kept'] })
  expect(await deliver(mail, transport)).toMatchObject({ sent: 0, later: 1 })
  expect(await deliver(mail, transport, later(3600))).toMatchObject({ sent: 1 })
  const [first, second] = server.messages().map((message) => message.toString('latin1'))
  expect(second).toBe(first)
  expect(first).toMatch(/^DKIM-Signature: /)
})

test('a Maildir, which a relay may pick up, has signed letters too', async () => {
  const mail = await mailTo(1)
  const outbox = join(folder, 'outbox')
  const transport = await maildirTransport({ folder: outbox, dkim: DKIM })
  let left = Buffer.alloc(0)
  const watched: Transport = {
    ...transport,
    deliver(envelope, chunks, ...rest) {
      left = Buffer.concat(chunks)
      return transport.deliver(envelope, chunks, ...rest)
    },
  }
  expect(await deliver(mail, watched)).toMatchObject({ sent: 1 })
  expect(await verdicts(left, [RSA, ED25519])).toEqual(['pass autumn', 'pass winter'])
})

test('while each connection carries a message, as many are signed ahead, and no more', async () => {
  const mail = await mailTo(20)
  let signed = 0
  let most = 0
  let taken = 0
  const { transport } = await signing({}, 2)
  const counted: Transport = {
    ...transport,
    sign: (message) => {
      most = Math.max(most, ++signed - taken)
      return transport.sign(message)
    },
    async deliver(...message) {
      const outcome = await transport.deliver(...message)
      taken++
      return outcome
    },
  }
  expect(await deliver(mail, counted)).toMatchObject({ sent: 20 })
  expect(signed).toBe(20)
  // Two on the wire, two that are ready.
  expect(most).toBe(4)
})

test('where signing fails nothing leaves, signed or not, and all of it waits', async () => {
  const mail = await mailTo(20)
  const { server, transport } = await signing()
  const broken: Transport = { ...transport, sign: async () => Promise.reject(new Error('the key is gone')) }
  await expect(deliver(mail, broken)).rejects.toThrow('the key is gone')
  expect(server.messages()).toEqual([])
  expect(await countDeliveries(mail.db, mail.issue)).toMatchObject({ queued: 20, sending: 0, failed: 0 })
  // What is mended goes out, once the claims of the failed run have ended.
  expect(await deliver(mail, transport, later(120))).toMatchObject({ sent: 20 })
})
