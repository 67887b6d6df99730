/**
 * A Maildir: each message is a file, written in `tmp` and moved to `new` by rename, as any mail program expects.
 *
 * The file's name is made from the Message-ID, which is the same on every attempt. So a message whose outcome was
 * lost in a crash is simply written again, and this transport never answers `unknown`. What it answers `sent` for is
 * on the disk, its name included: no power cut takes it back.
 */
import { mkdir, open, readdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type MaildirConfig, transportName } from '../config.ts'
import { cannotWrite } from '../file.ts'
import { openSigner } from './dkim-key.ts'
import type { Envelope, Outcome, Transport } from './transport.ts'

export async function maildirTransport(
  config: Pick<MaildirConfig, 'folder' | 'dkim'> & { shown?: string },
): Promise<Transport> {
  const place = (name: string) => join(config.folder, name)

  async function write(envelope: Envelope, chunks: Buffer[]): Promise<Outcome> {
    // A Message-ID of ours holds no slash; one that did must not choose a folder.
    const name = envelope.messageId.replace(/[/:]/g, '_')
    try {
      for (const part of ['tmp', 'new', 'cur']) await mkdir(place(part), { recursive: true })
      // Already there and opened: a mail program moved it to `cur`, with its flags behind a colon. That folder may hold
      // years of mail, so it is read only for a message that may be in it.
      const opened = envelope.isFirst
        ? undefined
        : (await readdir(place('cur'))).find((file) => file.split(':')[0] === name)
      if (opened === undefined) {
        const file = await open(place(`tmp/${name}`), 'w')
        try {
          await file.writeFile(localText(chunks))
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(place(`tmp/${name}`), place(`new/${name}`))
        await syncFolder(place('new'))
      }
      return {
        kind: 'sent',
        reply: `${basename(config.folder)}/${opened === undefined ? 'new' : 'cur'}/${opened ?? name}`,
      }
    } catch (error) {
      return { kind: 'not sent', reason: cannotWrite(config.folder, error).message, scope: 'transport' }
    }
  }

  return {
    name: transportName({ kind: 'maildir', shown: config.shown ?? basename(config.folder) }),
    connections: 4,
    sign: await openSigner(config.dkim),
    async deliver(envelope, chunks, beforeFirstByte, mayBegin = () => true) {
      if (!mayBegin() || !(await beforeFirstByte()))
        return { kind: 'not sent', reason: 'no longer wanted', scope: 'message' }
      return write(envelope, chunks)
    },
    // A file is written in no time: there is nothing to break off.
    abort() {},
    async close() {},
  }
}

// The rename is an entry of the folder, and no entry is safe before its folder is: fsync(2) says so.
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

// Mail on a disk has the line ends of the disk; CRLF is the wire's. All of it is ASCII, so bytes are characters.
function localText(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('latin1').replaceAll('\r\n', '\n')
}
