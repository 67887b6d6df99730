/**
 * Our signatures before two verifiers that are not JavaScript: OpenDKIM, which half of all mail servers run, and dkimpy.
 * Both are asked for each message as it is written, and as a real Postfix passed it on.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, onTestFailed, onTestFinished, test } from 'vitest'
import { signer } from '../../src/mail/dkim.ts'
import { keyRecord } from '../../src/mail/dkim-key.ts'
import { compileMessage, type Original, type Recipient } from '../../src/mail/message.ts'
import { smtpTransport } from '../../src/mail/smtp.ts'
import { ORIGINAL, originals, RECIPIENT, recipients } from '../mail/any-message.ts'
import { ED25519, pem, RSA, verdicts } from '../mail/signed.ts'
import { scriptedServer } from '../mail/smtp-script.ts'
import { postfix } from './postfix.ts'
import { missing } from './programs.ts'

// Debian's, whatever Python comes first in the PATH.
const PYTHON = '/usr/bin/python3'
const BOTH = [RSA, ED25519]
const folder = mkdtempSync(join(tmpdir(), 'posthorn-dkim-'))
afterAll(() => rmSync(folder, { recursive: true }))

const records = BOTH.map(({ selector, domain, key }) => [`${selector}._domainkey.${domain}`, keyRecord(key)])
writeFileSync(join(folder, 'keys.txt'), records.map((record) => `${record.join(' ')}\n`).join(''))
writeFileSync(join(folder, 'opendkim.conf'), `Mode v\nTestPublicKeys ${join(folder, 'keys.txt')}\n`)
writeFileSync(
  join(folder, 'verify.py'),
  `import dkim, json, sys
records = json.loads(sys.argv[1])
found = lambda name, timeout=5: records.get(name.decode().rstrip('.'), '').encode()
for path in sys.argv[2:]:
    message = open(path, 'rb').read()
    count = sum(1 for name, _ in dkim.DKIM(message).headers if name.lower() == b'dkim-signature')
    held = []
    for index in range(count):
        try:
            held.append(dkim.DKIM(message).verify(index, dnsfunc=found))
        except dkim.DKIMException:
            held.append(False)
    print(json.dumps(held))
`,
)

let files = 0
function kept(message: Buffer | string): string {
  const path = join(folder, `${++files}.eml`)
  writeFileSync(path, message)
  return path
}

/** Whether OpenDKIM finds a signature that holds. It exits with 0 whatever it finds. */
function opendkim(messages: (Buffer | string)[]): boolean[] {
  return messages.map((message) => {
    const args = ['-x', join(folder, 'opendkim.conf'), '-t', kept(message)]
    const { stdout, stderr } = spawnSync('opendkim', args, { encoding: 'utf8' })
    const said = stdout + stderr
    expect(said).toMatch(/verification .*(succeeded|failed)/)
    return said.includes('succeeded')
  })
}

/** Which signatures of each message hold before dkimpy, in their order. */
function dkimpy(messages: (Buffer | string)[]): boolean[][] {
  const args = [join(folder, 'verify.py'), JSON.stringify(Object.fromEntries(records)), ...messages.map(kept)]
  const { stdout, stderr, status } = spawnSync(PYTHON, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const signed = async (original: Original, recipient: Recipient, keys = BOTH): Promise<Buffer> =>
  Buffer.concat(await signer(keys)(compileMessage(original)(recipient)))

/** Random messages, the same ones each time. */
function anyMessages(count: number): Promise<Buffer[]> {
  const drawn = fc.sample(fc.tuple(originals, recipients), { numRuns: count, seed: 2011 })
  return Promise.all(drawn.map(([original, recipient]) => signed(original, recipient)))
}

const noOpendkim = missing('opendkim', '-V')
const noDkimpy = missing(PYTHON, '-c', 'import dkim, nacl')

describe.skipIf(noOpendkim)('OpenDKIM', () => {
  test('verifies random messages', async () => {
    expect(opendkim(await anyMessages(40))).toEqual(Array(40).fill(true))
    expect(opendkim([await signed(ORIGINAL, RECIPIENT, [RSA])])).toEqual([true])
  })

  test('catches one byte in the header, and one in the body', async () => {
    const message = (await signed(ORIGINAL, RECIPIENT, [RSA])).toString('latin1')
    const changed = [
      message.replace('Feedback-ID: 7', 'Feedback-ID: 8'),
      message.replace('Leave', 'Stay!'),
      `Cc: eve@example.org\r\n${message}`,
    ]
    expect(opendkim(changed)).toEqual([false, false, false])
  })
})

describe.skipIf(noDkimpy)('dkimpy', () => {
  test('verifies both signatures of random messages', async () => {
    expect(dkimpy(await anyMessages(40))).toEqual(Array(40).fill([true, true]))
  })

  test('catches a byte in each field, a second one of each, and one in the body', async () => {
    const message = (await signed(ORIGINAL, RECIPIENT)).toString('latin1')
    const [head = ''] = message.slice(message.indexOf('\r\nFrom:') + 2).split('\r\n\r\n')
    const fields = `${head}\r\n`.match(/\S.*\r\n([ \t].*\r\n)*/g) ?? []
    expect(fields.length).toBe(15)
    const changed = fields.flatMap((field) => [
      message.replace(field, field.replace(/\S(\s*)$/, '~$1')),
      message.replace(field, ''),
      `${field}${message}`,
    ])
    const bodies = [message.replace('Leave', 'Stay!'), `${message}more\r\n`]
    for (const held of dkimpy([...changed, ...bodies])) expect(held).toEqual([false, false])
  })
})

describe.skipIf(noOpendkim || noDkimpy || missing('postconf', 'mail_version'))('after a real Postfix', () => {
  test('all of them still verify', async () => {
    const sink = await scriptedServer()
    onTestFinished(() => sink.close())
    const relay = await postfix(sink.port)
    onTestFinished(() => relay.remove())
    onTestFailed(() => console.log(relay.log()))
    await relay.start()
    const [rsa, ed25519] = BOTH.map(({ key, selector }) => {
      writeFileSync(join(folder, `${selector}.pem`), pem(key))
      return { selector, privateKeyFile: join(folder, `${selector}.pem`) }
    })
    const transport = await smtpTransport({
      ...{ host: '127.0.0.1', port: relay.port, tls: 'never', auth: null, connections: 1 },
      dkim: { domain: RSA.domain, ...(rsa as { selector: string; privateKeyFile: string }), ed25519 },
    })
    onTestFinished(() => transport.close())
    const drawn = fc.sample(fc.tuple(originals, recipients), { numRuns: 10, seed: 3207 })
    for (const [index, [original, recipient]] of drawn.entries()) {
      const messageId = `${index}${RECIPIENT.messageId}`
      const chunks = await transport.sign(compileMessage(original)({ ...recipient, messageId }))
      const envelope = { from: 'news@garden.example', to: 'grace@example.org', messageId }
      expect(await transport.deliver(envelope, chunks, async () => true)).toMatchObject({ kind: 'sent' })
    }
    await expect.poll(() => sink.messages().length, { timeout: 30_000, interval: 100 }).toBe(10)
    const arrived = sink.messages()
    expect(String(arrived[0])).toMatch(/^Received: /m)
    expect(opendkim(arrived)).toEqual(Array(10).fill(true))
    expect(dkimpy(arrived)).toEqual(Array(10).fill([true, true]))
    for (const message of arrived)
      expect(await verdicts(message, BOTH)).toEqual(['pass autumn', 'pass winter'])
  })
})
