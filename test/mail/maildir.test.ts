import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { maildirTransport } from '../../src/mail/maildir.ts'

const ENVELOPE = { from: 'blog@example.org', to: 'ada@example.org', messageId: '1234abcd@example.org' }
const CHUNKS = ['Subject: Tea\r\n\r\n', 'Tea=\r\n', '=2E\r\n'].map((text) => Buffer.from(text))
const yes = async () => true

async function outbox() {
  const folder = join(await mkdtemp(join(tmpdir(), 'posthorn-maildir-')), 'outbox')
  return { folder, transport: await maildirTransport({ folder }) }
}

test('a message is a file in new, with the line ends of the disk, and nothing stays in tmp', async () => {
  const { folder, transport } = await outbox()
  expect(await transport.deliver(ENVELOPE, CHUNKS, yes)).toEqual({
    kind: 'sent',
    reply: 'outbox/new/1234abcd@example.org',
  })
  expect(await readdir(folder)).toEqual(['cur', 'new', 'tmp'])
  expect(await readdir(join(folder, 'tmp'))).toEqual([])
  expect(await readFile(join(folder, 'new', ENVELOPE.messageId), 'utf8')).toBe('Subject: Tea\n\nTea=\n=2E\n')
})

test('the same message twice is one file', async () => {
  const { folder, transport } = await outbox()
  for (let turn = 0; turn < 2; turn++) await transport.deliver(ENVELOPE, CHUNKS, yes)
  expect(await readdir(join(folder, 'new'))).toEqual([ENVELOPE.messageId])
})

test('a message that a mail program has opened and moved is not there twice', async () => {
  const { folder, transport } = await outbox()
  await transport.deliver(ENVELOPE, CHUNKS, yes)
  const opened = join(folder, 'cur', `${ENVELOPE.messageId}:2,S`)
  await rename(join(folder, 'new', ENVELOPE.messageId), opened)
  expect(await transport.deliver(ENVELOPE, CHUNKS, yes)).toEqual({
    kind: 'sent',
    reply: `outbox/cur/${ENVELOPE.messageId}:2,S`,
  })
  expect(await readdir(join(folder, 'new'))).toEqual([])
})

test('a message of which a crash left half in tmp is written whole', async () => {
  const { folder, transport } = await outbox()
  await mkdir(join(folder, 'tmp'), { recursive: true })
  await writeFile(join(folder, 'tmp', ENVELOPE.messageId), 'x'.repeat(10_000))
  await transport.deliver(ENVELOPE, CHUNKS, yes)
  expect(await readdir(join(folder, 'tmp'))).toEqual([])
  expect(await readFile(join(folder, 'new', ENVELOPE.messageId), 'utf8')).toBe('Subject: Tea\n\nTea=\n=2E\n')
})

test('a name that would lead out of the folder does not', async () => {
  const { folder, transport } = await outbox()
  await transport.deliver({ ...ENVELOPE, messageId: '../../evil:2,S@example.org' }, CHUNKS, yes)
  expect(await readdir(join(folder, 'new'))).toEqual(['.._.._evil_2,S@example.org'])
})

test('a message that is no longer wanted leaves no trace', async () => {
  const { folder, transport } = await outbox()
  expect(await transport.deliver(ENVELOPE, CHUNKS, async () => false)).toMatchObject({
    kind: 'not sent',
    scope: 'message',
  })
  await expect(readdir(folder)).rejects.toThrow('ENOENT')
})

test('what the ledger throws is thrown, and nothing was written', async () => {
  const { folder, transport } = await outbox()
  const failing = transport.deliver(ENVELOPE, CHUNKS, () => Promise.reject(new Error('the disk is full')))
  await expect(failing).rejects.toThrow('the disk is full')
  await expect(readdir(folder)).rejects.toThrow('ENOENT')
})

for (const place of ['', 'tmp', 'new']) {
  test(`a file in the place of ${place || 'the folder'} stops all messages, and says so`, async () => {
    const { folder, transport } = await outbox()
    await transport.deliver(ENVELOPE, CHUNKS, yes)
    await rm(join(folder, place), { recursive: true })
    await writeFile(join(folder, place), 'in the way')
    expect(await transport.deliver(ENVELOPE, CHUNKS, yes)).toMatchObject({
      kind: 'not sent',
      scope: 'transport',
      reason: expect.stringContaining(`${folder}: cannot be written: `),
    })
  })
}
