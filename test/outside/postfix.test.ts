/**
 * A real Postfix as the relay. What it took and could not pass on comes back later, as a message of its own. Nothing of
 * Posthorn reads such messages yet, so the delivery stays `sent` and nobody is suppressed; what is shown here is that
 * the message arrives where ours say they are from, and that it holds all that is needed to find the delivery.
 */
import PostalMime from 'postal-mime'
import { describe, expect, onTestFailed, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { deliverDue } from '../../src/deliveries/deliver.ts'
import { letterWriter } from '../../src/deliveries/letter.ts'
import { openTransports } from '../../src/deliveries/outlet.ts'
import { unsigned } from '../../src/mail/message.ts'
import { makeMessageId, makeToken, readBounceAddress } from '../../src/mail/token.ts'
import { delivering } from '../../src/round.ts'
import { closeSite, openSite } from '../../src/site.ts'
import { SLOT_CLOSE, SLOT_OPEN } from '../../src/slots.ts'
import { countDeliveries } from '../../src/store/deliveries.ts'
import { readIssue } from '../../src/store/issues.ts'
import { renditionsOf } from '../../src/store/renditions.ts'
import { type Script, type ScriptedServer, scriptedServer } from '../mail/smtp-script.ts'
import { queuedSite } from '../queued-site.ts'
import { postfix } from './postfix.ts'
import { missing } from './programs.ts'

const PEOPLE = 20
const NOW = new Date('2026-11-22T08:00:00Z')

async function relayed(settings: string[] = [], connections = 4, script: Script = {}) {
  const sink = await scriptedServer(script)
  onTestFinished(() => sink.close())
  const relay = await postfix(sink.port, settings)
  onTestFinished(() => relay.remove())
  onTestFailed(() => console.log(relay.log()))
  await relay.start()
  const { folder, issue, remove } = await queuedSite({
    people: PEOPLE,
    port: relay.port,
    connections,
    now: NOW,
  })
  onTestFinished(remove)
  const clock = { now: NOW }
  const { newsletter, ...config } = loadConfig(folder, {})
  const settled = { ...config, newsletter: { ...newsletter, bounces: 'bounces@blog.example' } }
  const site = await openSite(settled, () => clock.now)
  onTestFinished(() => closeSite(site))
  const transports = await openTransports(site.config.transports)
  onTestFinished(async () => {
    for (const transport of transports) await transport.close()
  })
  const deliver = async (minutes = 0, onSettled = () => {}) => {
    clock.now = new Date(NOW.getTime() + minutes * 60_000)
    const all = await delivering(site, transports, new AbortController().signal)
    return deliverDue({ ...all, onSettled })
  }
  const rows = () => site.db.selectFrom('deliveries').selectAll().orderBy('id').execute()
  return { sink, relay, site, issue, deliver, rows }
}

/**
 * To whom a message came at the sink, once as many came as there are to come. Postfix that is stopped between passing
 * a message on and noting so passes it on again, to the byte, its own `Received` with the queue's id included; what we
 * would give it twice has two ids.
 */
async function arrivals(sink: ScriptedServer, count: number): Promise<string[]> {
  const messages = () => [...new Set(sink.messages().map(String))]
  await expect.poll(() => messages().length, { timeout: 60_000, interval: 100 }).toBe(count)
  return messages()
    .map((message) => /^To: .*<(.+)>\r$/m.exec(message)?.[1] ?? '')
    .sort()
}

const readers = (...but: number[]) =>
  Array.from({ length: PEOPLE }, (_, index) => index + 1)
    .filter((n) => !but.includes(n))
    .map((n) => `reader${n}@example.org`)
    .sort()

describe.skipIf(missing('postconf', 'mail_version'))('Postfix', () => {
  test('takes an issue and passes it on to everybody once, every byte of it as it was written', async () => {
    const { sink, site, issue, deliver, rows } = await relayed()

    expect(await deliver()).toMatchObject({ sent: PEOPLE, failed: 0, later: 0, unknown: 0 })
    expect(await arrivals(sink, PEOPLE)).toEqual(readers())
    expect(await readIssue(site.db, issue)).toMatchObject({ state: 'sent' })
    for (const { reply } of await rows()) expect(reply).toMatch(/^250 2\.0\.0 Ok: queued as \w+$/)

    const writeLetter = letterWriter(site.db, site.config, site.secret)
    const [rendition] = await renditionsOf(site.db, issue)
    for (const row of await rows()) {
      const { chunks, envelope } = await writeLetter(row, unsigned)
      const ours = Buffer.concat(chunks)
      const copies = sink.messages().filter((message) => message.includes(envelope.messageId))
      expect(copies).toHaveLength(1)
      const [arrived] = copies as [Buffer]
      // A relay puts lines of its own above what it was given (RFC 5321, 4.4).
      expect(arrived.subarray(-ours.length).toString('latin1')).toBe(ours.toString('latin1'))
      expect(arrived.subarray(0, -ours.length).toString()).toMatch(/^(Return-Path|Received): /)

      const slots: Record<string, string> = {
        name: row.name,
        address: row.address,
        issue: `${site.config.web.url}/issues/${issue}`,
        unsubscribe: `${site.config.web.url}/unsubscribe?token=${makeToken(site.secret, 'unsubscribe', row.id)}`,
        preferences: `${site.config.web.url}/preferences?token=${makeToken(site.secret, 'preferences', row.id)}`,
      }
      const slot = new RegExp(`${SLOT_OPEN}(\\w+)${SLOT_CLOSE}`, 'g')
      const text = rendition?.text.replaceAll(slot, (_, name) => slots[name] ?? '?')
      const read = await PostalMime.parse(arrived)
      expect(read.text?.trimEnd()).toBe(text?.trimEnd())
      expect(read.to).toEqual([{ address: row.address, name: row.name }])
    }
  })

  test('refuses a recipient: that person is suppressed, and the others have theirs', async () => {
    const access =
      '{ reader3@example.org = 550 5.1.1 no such person }, { reader7@example.org = 450 4.2.1 not now }'
    const { sink, site, deliver, rows } = await relayed([
      `smtpd_recipient_restrictions = check_recipient_access inline:{${access}}, permit_mynetworks, reject`,
    ])

    expect(await deliver()).toMatchObject({ sent: 18, failed: 1, later: 1, unknown: 0 })
    expect(await arrivals(sink, 18)).toEqual(readers(3, 7))
    const [refused, later] = (await rows()).filter((row) => row.state !== 'sent')
    expect(refused).toMatchObject({ address: 'reader3@example.org', state: 'failed' })
    expect(refused?.reply).toMatch(/^550 5\.1\.1 .*no such person$/)
    expect(later).toMatchObject({ address: 'reader7@example.org', state: 'queued', attempts: 1 })
    const suppressions = await site.db.selectFrom('suppressions').select(['key', 'reason']).execute()
    expect(suppressions).toEqual([{ key: 'reader3@example.org', reason: 'bounce' }])
  })

  test('takes what the next server refuses: its bounce comes to us, and names the one delivery it is about', async () => {
    const home = await scriptedServer()
    onTestFinished(() => home.close())
    const { sink, site, deliver, rows } = await relayed(
      [`transport_maps = inline:{ blog.example=smtp:[127.0.0.1]:${home.port} }`],
      4,
      {
        rcpt: (command) =>
          command.includes('<reader3@example.org>') ? '550 5.1.1 no such person' : '250 2.1.5 recipient ok',
      },
    )

    expect(await deliver()).toMatchObject({ sent: PEOPLE, failed: 0, later: 0, unknown: 0 })
    expect(await arrivals(sink, PEOPLE - 1)).toEqual(readers(3))
    await arrivals(home, 1)
    // RFC 5321, 4.5.5: notifications are "to be sent with a null reverse-path" and "are sent to the reverse-path of
    // the previous mail message".
    const said = home.sessions.flatMap((session) => session.commands)
    expect(said).toContain('MAIL FROM:<>')
    const all = await rows()
    const reader = all.find((row) => row.address === 'reader3@example.org')
    const address =
      said.find((command) => command.startsWith('RCPT TO:'))?.slice('RCPT TO:<'.length, -1) ?? ''
    expect(readBounceAddress(site.secret, address)).toBe(reader?.id)

    const [arrived] = home.messages() as [Buffer]
    const bounce = await PostalMime.parse(arrived, {
      forceRfc822Attachments: true,
      attachmentEncoding: 'utf8',
    })
    const part = (type: string) =>
      String(bounce.attachments.find(({ mimeType }) => mimeType === type)?.content ?? '')
    const status = part('message/delivery-status')
    expect(status).toMatch(/^Final-Recipient: rfc822; ?reader3@example\.org\r?$/m)
    expect(status).toMatch(/^Action: failed\r?$/m)
    expect(status).toMatch(/^Status: 5\.1\.1\r?$/m)

    const { messageId } = await PostalMime.parse(part('message/rfc822'))
    const about = all.filter((row) => messageId === `<${makeMessageId(site.secret, row, 'blog.example')}>`)
    expect(about).toMatchObject([{ address: 'reader3@example.org', state: 'sent' }])
    expect(await site.db.selectFrom('suppressions').selectAll().execute()).toEqual([])
  })

  test('is stopped in the middle: everybody else waits, and has theirs once when it is back', async () => {
    const { sink, relay, site, issue, deliver } = await relayed([], 1)
    let settled = 0

    const first = await deliver(0, () => {
      if (++settled === 8) relay.stop()
    })
    expect(first).toMatchObject({ sent: 8, failed: 0, unknown: 0 })
    expect(first.unreachable).toMatch(/ECONNREFUSED/)
    expect(await countDeliveries(site.db, issue)).toMatchObject({ sent: 8, queued: 12, sending: 0 })
    expect(await deliver(2)).toMatchObject({ sent: 0, failed: 0, unknown: 0 })
    expect(await readIssue(site.db, issue)).toMatchObject({ state: 'sending' })

    await relay.start()
    expect(await deliver(60)).toMatchObject({ sent: 12, failed: 0, later: 0, unknown: 0 })
    expect(await arrivals(sink, PEOPLE)).toEqual(readers())
    expect(await readIssue(site.db, issue)).toMatchObject({ state: 'sent' })
  })
})
