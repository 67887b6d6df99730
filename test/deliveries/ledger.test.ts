import { sql } from 'kysely'
import { afterEach, expect, test } from 'vitest'
import type { Verdict } from '../../src/deliveries/judge.ts'
import { openLedger } from '../../src/deliveries/ledger.ts'
import { type ClaimedDelivery, claimDeliveries, type Settlement } from '../../src/store/deliveries.ts'
import { claimant, countCommits, deliveries, later, type Mailing, mailing, NOW, SECRET } from './mailing.ts'

const open: Mailing[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

/** People whose deliveries are claimed by `ada`, and her ledger. */
async function ledgerFor(people: number) {
  const mail = await mailing(people)
  open.push(mail)
  await sql`pragma wal_autocheckpoint = 0`.execute(mail.db)
  const { deliveries: claimed } = await claimDeliveries(mail.db, claimant('ada'), people, NOW)
  const ledger = openLedger(mail.db, mail.journal, 'ada', SECRET, () => NOW)
  const byId = new Map(claimed.map((each) => [each.id, each]))
  // One that nobody has, for the number of a delivery that is not there.
  const delivery = (id: number) => byId.get(id) ?? { ...(claimed[0] as ClaimedDelivery), id }
  return {
    ...mail,
    ids: claimed.map((each) => each.id),
    ledger,
    mark: (id: number) => ledger.mark(delivery(id), SMTP),
    settle: ({ settlement, lesson }: Verdict) =>
      ledger.settle(delivery(settlement.id), SMTP, { settlement, lesson }),
  }
}

const SMTP = 'smtp mail.example.org:587'
const settled = (settlement: Settlement): Verdict => ({ settlement, lesson: null })
const sent = (id: number): Verdict => ({
  settlement: { id, state: 'sent', due: null, reply: '250 ok', attempts: 1 },
  lesson: { kind: 'accepted' },
})

test('what all connections have to say at one moment is one commit', async () => {
  const { db, path, ids, ledger, mark, settle } = await ledgerFor(40)
  const before = countCommits(path)
  expect(await Promise.all(ids.map(mark))).toEqual(ids.map(() => true))
  expect(countCommits(path) - before).toBe(1)
  await Promise.all(ids.map((id) => settle(sent(id))))
  expect(countCommits(path) - before).toBe(2)
  expect((await deliveries(db)).every((each) => each.state === 'sent' && each.claimed_by === null)).toBe(true)
  await ledger.close()
})

test('marks and outcomes share a commit', async () => {
  const { path, ids, ledger, mark, settle } = await ledgerFor(40)
  await Promise.all(ids.slice(0, 20).map(mark))
  const before = countCommits(path)
  await Promise.all([...ids.slice(0, 20).map((id) => settle(sent(id))), ...ids.slice(20).map(mark)])
  expect(countCommits(path) - before).toBe(1)
  await ledger.close()
})

test('a mark is in the database, for everybody to see, before it is answered', async () => {
  const { reopen, ids, ledger, mark } = await ledgerFor(1)
  const other = await reopen()
  expect(await mark(ids[0] as number)).toBe(true)
  expect(await deliveries(other)).toMatchObject([
    { state: 'sending', transport: 'smtp mail.example.org:587' },
  ])
  await ledger.close()
})

test('what is not ours, or not wanted any more, may not be sent', async () => {
  const { db, ids, ledger, mark } = await ledgerFor(6)
  const [kept, taken, left, suppressed, marked, expired] = ids as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  await sql`update deliveries set claimed_by = 'grace' where id = ${taken}`.execute(db)
  await sql`update subscribers set status = 'unsubscribed' where address = 'reader3@example.org'`.execute(db)
  await sql`insert into suppressions (key, reason, at) values ('reader4@example.org', 'bounce', '')`.execute(
    db,
  )
  expect(suppressed).toBe(4)
  await mark(marked)
  await sql`update deliveries set claimed_until = ${NOW.toISOString()} where id = ${expired}`.execute(db)
  const answers = await Promise.all([kept, taken, left, suppressed, marked, expired, 999].map(mark))
  expect(answers).toEqual([true, false, false, false, false, false, false])
  await ledger.close()
})

test('nothing of a paused issue may be sent', async () => {
  const { db, ids, ledger, mark } = await ledgerFor(1)
  await sql`update issues set state = 'paused'`.execute(db)
  expect(await mark(ids[0] as number)).toBe(false)
  await ledger.close()
})

test('an outcome of a claim that was lost changes nothing, but a late yes is believed', async () => {
  const { db, ids, ledger, settle } = await ledgerFor(3)
  const [lost, doubted, yes] = ids as [number, number, number]
  await sql`update deliveries set state = 'unknown', claimed_by = null where id <> ${lost}`.execute(db)
  await sql`update deliveries set claimed_by = 'grace' where id = ${lost}`.execute(db)
  await Promise.all([
    settle(sent(lost)),
    settle(settled({ id: doubted, state: 'queued', due: later(60), reply: '450 later', attempts: 1 })),
    settle(sent(yes)),
  ])
  expect((await deliveries(db)).map((each) => each.state)).toEqual(['queued', 'unknown', 'sent'])
  await ledger.close()
})

test('where the database cannot be written everybody who waits is told, and nobody waits for ever', async () => {
  const { db, ids, ledger, mark, settle } = await ledgerFor(3)
  await sql`pragma query_only = on`.execute(db)
  const answers = await Promise.allSettled([...ids.map(mark), settle(sent(1))])
  expect(answers.map((each) => each.status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
  await sql`pragma query_only = off`.execute(db)
  expect(await mark(ids[0] as number)).toBe(true)
  await ledger.close()
})

test('closing writes down what is still on the page', async () => {
  const { db, ids, ledger, mark } = await ledgerFor(5)
  const marks = ids.map(mark)
  await ledger.close()
  expect((await deliveries(db)).map((each) => each.state)).toEqual(Array(5).fill('sending'))
  expect(await Promise.all(marks)).toEqual(Array(5).fill(true))
})
