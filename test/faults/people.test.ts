/**
 * Faults of time and of people: two clocks that agree too well, a clock that jumps, somebody who leaves or comes back
 * while the mail goes out, one letter that cannot be written. See `network.test.ts` for the other rows of the matrix.
 */
import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { printConfirmation } from '../../src/deliveries/print.ts'
import { write } from '../../src/store/database.ts'
import { requeueFailed, troubledDeliveries } from '../../src/store/deliveries.ts'
import { moveIssue, readIssue } from '../../src/store/issues.ts'
import { findSubscriber, suppress } from '../../src/store/subscribers.ts'
import { confirm } from '../../src/subscribers/confirm.ts'
import { askToSubscribe } from '../../src/subscribers/subscribe.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { post } from '../site.ts'
import { setClock } from './clock.ts'
import { type MailServer, mailServer, type Plan } from './server.ts'
import {
  account,
  all,
  deliverToTheEnd,
  type FaultySite,
  fates,
  lineTo,
  makeFolder,
  makeTemplate,
  openCopy,
  openForTest,
  PEOPLE,
  removeLater,
  type Template,
} from './site.ts'
import { startWorker } from './worker.ts'

const EVIDENCE = { source: 'a test', words: '' }

let template: Template
beforeAll(async () => {
  template = await makeTemplate(PEOPLE)
})
afterAll(() => template.remove())

describe('F17: a digest', () => {
  /** A site with a reader of daily digests, at a moment; its clock is then only ever set. */
  async function dailySite(hour: string, clock: string): Promise<FaultySite> {
    const folder = makeFolder({ digests: { daily: hour } })
    removeLater(folder)
    setClock(folder, new Date(clock))
    const site = await openForTest(folder)
    await site.plan()
    await site.join('ada@example.org', 'daily')
    return site
  }

  /** Does a round at each moment, and tells the moments at which an issue was made. */
  async function tick(site: FaultySite, moments: string[]): Promise<string[]> {
    const made: string[] = []
    for (const moment of moments) {
      site.setClock(new Date(moment))
      if ((await site.plan()).enqueued.length > 0) made.push(moment)
    }
    return made
  }

  async function subjects(site: FaultySite, server: MailServer): Promise<(string | undefined)[]> {
    await deliverToTheEnd(site, await lineTo(server.port))
    await account(site, server)
    const letters = await Promise.all(
      [...server.kept.values()].flat().map((bytes) => PostalMime.parse(bytes)),
    )
    return letters.map((letter) => letter.subject)
  }

  test('whose hour two processes see at once is made once', { timeout: 60_000 }, async () => {
    const site = await dailySite('08:00', '2026-11-02T12:00:00Z')
    site.write('tea.md', post('Tea', '2026-11-02'))
    await site.plan()
    site.setClock(new Date('2026-11-03T07:00:00Z'))
    const { folder } = site
    await Promise.all([0, 1].map(() => startWorker({ act: 'plan', folder }).ended))
    expect(await subjects(site, await mailServer())).toEqual(['The Garden: Tea'])
    expect(await readIssue(site.db, 2)).toBeUndefined()
  })

  test('is made once where the clock jumps an hour ahead over its hour and back again', async () => {
    const site = await dailySite('08:00', '2026-11-02T12:00:00Z')
    site.write('tea.md', post('Tea', '2026-11-02'))
    const made = await tick(site, [
      '2026-11-03T06:30:00Z',
      '2026-11-03T07:30:00Z',
      '2026-11-03T06:30:00Z',
      '2026-11-03T07:00:00Z',
      '2026-11-03T07:31:00Z',
    ])
    expect(made).toEqual(['2026-11-03T07:30:00Z'])
    site.write('cake.md', post('Cake', '2026-11-03'))
    expect(
      await tick(site, ['2026-11-03T07:00:00Z', '2026-11-04T06:59:00Z', '2026-11-04T07:00:00Z']),
    ).toEqual(['2026-11-04T07:00:00Z'])
    expect(await subjects(site, await mailServer())).toEqual(['The Garden: Tea', 'The Garden: Cake'])
  })

  test('whose hour does not exist that night is made when the gap ends, and once', async () => {
    // In Berlin 02:00 is followed by 03:00 on 28 March 2027, at 01:00 UTC.
    const site = await dailySite('02:30', '2027-03-27T12:00:00Z')
    site.write('tea.md', post('Tea', '2027-03-27'))
    expect(
      await tick(site, ['2027-03-28T00:30:00Z', '2027-03-28T00:59:00Z', '2027-03-28T01:00:00Z']),
    ).toEqual(['2027-03-28T01:00:00Z'])
    site.write('cake.md', post('Cake', '2027-03-28'))
    expect(
      await tick(site, ['2027-03-28T01:30:00Z', '2027-03-29T00:29:00Z', '2027-03-29T00:30:00Z']),
    ).toEqual(['2027-03-29T00:30:00Z'])
    expect(await subjects(site, await mailServer())).toEqual(['The Garden: Tea', 'The Garden: Cake'])
  })

  test('whose hour comes twice that night is made the first time, and once', async () => {
    // In Berlin 03:00 is followed by 02:00 on 25 October 2026, at 01:00 UTC.
    const site = await dailySite('02:30', '2026-10-24T12:00:00Z')
    site.write('tea.md', post('Tea', '2026-10-24'))
    expect(await tick(site, ['2026-10-25T00:29:00Z', '2026-10-25T00:30:00Z'])).toEqual([
      '2026-10-25T00:30:00Z',
    ])
    site.write('cake.md', post('Cake', '2026-10-25'))
    const second = [
      '2026-10-25T01:29:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-26T01:29:00Z',
      '2026-10-26T01:30:00Z',
    ]
    expect(await tick(site, second)).toEqual(['2026-10-26T01:30:00Z'])
    expect(await subjects(site, await mailServer())).toEqual(['The Garden: Tea', 'The Garden: Cake'])
  })
})

describe('F17: a clock that, while the mail goes out, jumps', () => {
  for (const [where, hours] of [
    ['ahead', 1],
    ['back', -1],
  ] as const)
    test(`an hour ${where} makes no second copy and loses nobody`, async () => {
      const site = await openCopy(template.folder)
      const server = await mailServer(({ step, turn }) => {
        if ((step === 'rcpt' && turn === 2) || (step === 'dot' && turn === 4)) site.pass(hours * 3600)
        return undefined
      })
      await deliverToTheEnd(site, await lineTo(server.port, { connections: 2 }))
      expect(await account(site, server)).toEqual(all('sent'))
    })
})

describe('F18: somebody who, while their copy is queued,', () => {
  /** Delivers to all, and lets something happen to Barbara when Ada's message is on its way and hers is claimed. */
  async function meanwhile(happens: (site: FaultySite) => Promise<void>) {
    const site = await openCopy(template.folder)
    const other = await site.again()
    const plan: Plan = async ({ step, turn }) => {
      if (step === 'rcpt' && turn === 1) await happens(other)
      return undefined
    }
    const server = await mailServer(plan)
    await deliverToTheEnd(site, await lineTo(server.port))
    return { site, server }
  }

  const leave = (site: FaultySite) => unsubscribe(site, 2, EVIDENCE, site.now())

  test('leaves gets no copy', async () => {
    const { site, server } = await meanwhile(leave)
    expect(await account(site, server)).toEqual(all('sent', { barbara: 'skipped' }))
  })

  test('is suppressed by a bounce gets no copy', async () => {
    const { site, server } = await meanwhile((other) =>
      write(other.db, (trx) => suppress(trx, 'barbara@example.org', 'bounce', other.now())),
    )
    expect(await account(site, server)).toEqual(all('sent', { barbara: 'skipped' }))
  })

  test('leaves and comes back with capital letters is the same reader from then on, and gets no copy', async () => {
    const { site, server } = await meanwhile(async (other) => {
      await leave(other)
      await comeAs(other, 'BARBARA@Example.ORG')
    })
    await account(site, server)
    const hers = await site.db
      .selectFrom('deliveries')
      .select(['kind', 'state', 'address'])
      .where('subscriber', '=', 2)
      .orderBy('id')
      .execute()
    expect(hers).toEqual([
      { kind: 'issue', state: 'skipped', address: 'barbara@example.org' },
      { kind: 'confirmation', state: 'sent', address: 'barbara@example.org' },
    ])
    expect(await findSubscriber(site.db, 'barbara@example.org')).toMatchObject({ id: 2, status: 'confirmed' })
    expect(server.kept.size).toBe(PEOPLE.length)
  })

  test('joins with another alias too is another reader, and gets no second copy of what was before', async () => {
    const { site, server } = await meanwhile((other) => comeAs(other, 'barbara+news@example.org'))
    await site.plan()
    await deliverToTheEnd(site, await lineTo(server.port))
    expect(await account(site, server)).toEqual(all('sent', { 'barbara+news': 'sent' }))
    const hers = (await fates(site, server)).filter((each) => each.name === 'barbara+news')
    expect(hers).toHaveLength(1)
    // One message for each of the six, and a confirmation.
    expect(server.kept.size).toBe(PEOPLE.length + 1)
  })

  /** Asks on the form and confirms. */
  async function comeAs(site: FaultySite, address: string): Promise<void> {
    const { db, config, secret } = site
    site.pass(1)
    const printed = await printConfirmation(config, 'en')
    const [local = '', domain = ''] = address.split('@')
    const asked = { address: `${local}@${domain.toLowerCase()}`, key: address.toLowerCase() }
    const said = { name: '', language: 'en', timeZone: '', solved: null, network: null, evidence: EVIDENCE }
    await askToSubscribe(db, { ...asked, ...said }, printed, config, secret, site.now())
    const { id } = await db
      .selectFrom('deliveries')
      .select('id')
      .where('kind', '=', 'confirmation')
      .executeTakeFirstOrThrow()
    expect(await confirm(db, id, EVIDENCE, null, site.config, secret, site.now())).toBe(true)
  }
})

describe('F24: a letter that cannot be written', () => {
  test('has failed for a reason that is shown, the others go on, and it goes once it is mended', async () => {
    const site = await openCopy(template.folder)
    const server = await mailServer()
    const readdress = (from: string, to: string) =>
      site.db.updateTable('deliveries').set({ address: to }).where('address', '=', from).execute()
    // What no check would let in: no header can hold it.
    await readdress('edsger@example.org', 'édsger@example.org')
    await deliverToTheEnd(site, await lineTo(server.port))
    expect(await account(site, server)).toEqual({
      ...Object.fromEntries(PEOPLE.filter((name) => name !== 'edsger').map((name) => [name, 'sent'])),
      édsger: 'failed',
    })
    expect(await troubledDeliveries(site.db, 1, 9)).toMatchObject([
      {
        state: 'failed',
        attempts: 0,
        reply: expect.stringMatching(/^the letter could not be written: the header field To cannot hold/),
      },
    ])
    expect(await readIssue(site.db, 1)).toMatchObject({ state: 'sent' })

    await readdress('édsger@example.org', 'edsger@example.org')
    await write(site.db, async (trx) => {
      await requeueFailed(trx, 1, site.now())
      await moveIssue(trx, 1, ['sent'], 'sending', null)
    })
    await deliverToTheEnd(site, await lineTo(server.port))
    expect(await account(site, server)).toEqual(all('sent'))
  })

  test('is known from a database that cannot be read: that fails nobody, and is told', async () => {
    const site = await openCopy(template.folder)
    const server = await mailServer()
    const line = await lineTo(server.port)
    const writeLetter = async () => {
      throw new Error('the disk gives an I/O error')
    }
    await expect(site.deliver(line, { writeLetter })).rejects.toThrow('the disk gives an I/O error')
    expect((await fates(site, server)).map((each) => each.state)).toEqual(PEOPLE.map(() => 'queued'))
    await deliverToTheEnd(site, line)
    expect(await account(site, server)).toEqual(all('sent'))
  })
})
