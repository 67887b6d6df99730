import fc from 'fast-check'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { enqueueByHand, enqueueDeliveries } from '../../src/deliveries/enqueue.ts'
import type { Printed } from '../../src/deliveries/print.ts'
import {
  type ByHand,
  countRecipients,
  foreseeIssues,
  leftOut,
  type PlannedIssue,
  planByHand,
  planId,
  planIssues,
  upcomingDigests,
} from '../../src/issues/plan.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { write } from '../../src/store/database.ts'
import { type DigestRhythm, readSchedules } from '../../src/store/schedules.ts'
import type { SubscriberRhythm } from '../../src/store/schema.ts'
import {
  confirmSubscriber,
  findSubscriber,
  insertSubscriber,
  type Subscriber,
  suppress,
  unsubscribeSubscriber,
  updatePreferences,
} from '../../src/store/subscribers.ts'
import { RHYTHMS } from '../../src/subscribers/preferences.ts'
import { defaults } from '../../src/subscribers/subscribe.ts'
import { makeSite, post, type TestSite } from '../site.ts'

/** What would be sent by hand: a digest, or posts by their files. */
async function byHand(
  site: TestSite,
  wanted: { digest: 'daily' | 'weekly' | 'monthly' } | { files: string[]; to?: string[] },
): Promise<PlannedIssue> {
  const { posts } = await lookAtPosts(site, emptyMemory())
  const chosen: ByHand =
    'digest' in wanted
      ? { kind: 'digest', rhythm: wanted.digest }
      : {
          kind: 'posts',
          posts: posts.filter((each) => wanted.files.includes(each.file)),
          addressKeys: wanted.to ?? null,
        }
  return planByHand(site.db, chosen, posts, site.config, site.now(), site.now())
}

/** Sends it: the next round delivers what is enqueued here. What it says is plain: MJML would take most of the time. */
async function send(site: TestSite, wanted: Parameters<typeof byHand>[1]): Promise<number> {
  const issue = await byHand(site, wanted)
  return (await enqueueByHand(site, issue, plainly(issue), site.now()))?.recipients ?? 0
}

function plainly(issue: PlannedIssue): Printed[] {
  return issue.groups.map(({ keys, language }) => {
    const titles = issue.posts.filter((each) => keys.includes(each.key)).map((each) => each.title)
    const subject = titles.join(' and ')
    return {
      keys: keys.join(','),
      language,
      rendition: { subject, html: `<p>${subject}</p>`, text: subject },
    }
  })
}

/** A site whose `old.md` was there at the first round, with four readers, one of each rhythm. */
async function siteWithReaders(): Promise<TestSite> {
  const site = await makeSite()
  site.write('old.md', post('Old', '2026-10-01'))
  await site.round()
  for (const rhythm of ['instant', 'daily', 'weekly', 'monthly'] as const)
    await site.join(`${rhythm}@example.org`, rhythm)
  return site
}

async function setRhythm(site: TestSite, address: string, rhythm: 'instant' | 'weekly' | 'paused') {
  await site.db.updateTable('subscribers').set({ rhythm }).where('address', '=', address).execute()
}

describe('a send by hand', () => {
  test('takes an old post to everybody who is not paused, whatever their rhythm', async () => {
    const site = await siteWithReaders()
    await site.join('paused@example.org', 'paused')
    const issue = await byHand(site, { files: ['old.md'] })
    expect(issue).toMatchObject({ kind: 'single', origin: 'author', rhythm: null })
    expect(countRecipients(issue)).toBe(4)
  })

  test('takes a new post to one, and the others get it by the schedule, that one not again', async () => {
    const site = await siteWithReaders()
    site.write('new.md', post('New', '2026-11-02'))
    expect(await send(site, { files: ['new.md'], to: ['weekly@example.org'] })).toBe(1)
    for (const day of ['2026-11-02T10:00:00Z', '2026-11-09T07:00:00Z', '2026-12-01T07:00:00Z']) {
      site.setClock(day)
      await site.round()
    }
    expect(await site.mail()).toEqual([
      'daily@example.org: A test blog: New',
      'instant@example.org: New',
      'monthly@example.org: A test blog: New',
      'weekly@example.org: New',
    ])
  })

  test('goes to nobody twice, and to nobody at all the second time', async () => {
    const site = await siteWithReaders()
    expect(await send(site, { files: ['old.md'] })).toBe(4)
    await site.join('late@example.org')
    expect(await send(site, { files: ['old.md'] })).toBe(1)
    expect(await send(site, { files: ['old.md'] })).toBe(0)
  })

  test('of several posts is one digest, in which each finds what they do not have', async () => {
    const site = await siteWithReaders()
    site.write('new.md', post('New', '2026-11-02'))
    await send(site, { files: ['new.md'], to: ['daily@example.org'] })
    const issue = await byHand(site, { files: ['old.md', 'new.md'] })
    expect(issue.kind).toBe('digest')
    expect(issue.posts.map((each) => each.title)).toEqual(['New', 'Old'])
    expect(issue.groups.map((group) => [group.keys.length, group.count])).toEqual([
      [2, 3],
      [1, 1],
    ])
  })

  test('reaches somebody who is paused when the author names them, and the plan says the same', async () => {
    const site = await siteWithReaders()
    await site.join('paused@example.org', 'paused')
    const issue = await byHand(site, { files: ['old.md'], to: ['paused@example.org'] })
    expect(countRecipients(issue)).toBe(1)
    expect(Object.values(await leftOut(site.db, issue)).every((count) => count === 0)).toBe(true)
  })

  test('refuses a draft, a post of the future, one with `mail: false` and one that cannot be read', async () => {
    const site = await siteWithReaders()
    site.write('draft.md', '---\ntitle: Draft\ndate: 2026-11-01\ndraft: true\n---\nx')
    site.write('later.md', post('Later', '2026-11-03'))
    site.write('quiet.md', '---\ntitle: Quiet\ndate: 2026-11-01\nmail: false\n---\nx')
    site.write('old.md', '---\ntitle: [broken\n---\n')
    for (const [file, why] of [
      ['draft.md', 'it is a draft'],
      ['later.md', 'its date is still to come'],
      ['quiet.md', 'its front matter says "mail: false"'],
      ['old.md', 'its file cannot be read at the moment'],
    ] as const)
      await expect(byHand(site, { files: [file] })).rejects.toThrow(`is not mailed: ${why}`)
  })
})

describe('a digest by hand', () => {
  test('goes to its rhythm alone, and is not sent again when its hour comes', async () => {
    const site = await siteWithReaders()
    site.write('new.md', post('New', '2026-11-02'))
    expect(await send(site, { digest: 'weekly' })).toBe(1)
    expect(await send(site, { digest: 'weekly' })).toBe(0)
    site.setClock('2026-11-09T07:00:00Z')
    await site.round()
    expect((await site.mail()).filter((line) => line.startsWith('weekly'))).toEqual([
      'weekly@example.org: New',
    ])
  })

  test('holds nothing that came before its reader', async () => {
    const site = await siteWithReaders()
    expect(await byHand(site, { digest: 'weekly' })).toMatchObject({ posts: [], groups: [] })
  })
})

describe('who is left out, and why', () => {
  test('each person is a recipient or counted once', async () => {
    const site = await siteWithReaders()
    site.write('new.md', post('New', '2026-11-02'))
    await site.join('has@example.org', 'weekly')
    await site.join('gone@example.org', 'weekly')
    await site.join('bounced@example.org', 'weekly')
    await site.join('paused@example.org', 'paused')
    await lookAtPosts(site, emptyMemory())
    await site.join('late@example.org', 'weekly')
    await site.db.transaction().execute(async (trx) => {
      const asked = { address: 'asked@example.org', key: 'asked@example.org', name: '' }
      await insertSubscriber(trx, { ...asked, ...defaults(site.config), rhythm: 'weekly' }, site.now())
      const gone = await trx
        .selectFrom('subscribers')
        .selectAll()
        .where('address', '=', 'gone@example.org')
        .executeTakeFirstOrThrow()
      await unsubscribeSubscriber(trx, gone.id, site.now())
      await suppress(trx, 'bounced@example.org', 'bounce', site.now())
    })
    await send(site, { files: ['new.md'], to: ['has@example.org'] })
    const digest = await byHand(site, { digest: 'weekly' })
    expect(countRecipients(digest)).toBe(1)
    expect(await leftOut(site.db, digest)).toEqual({
      unconfirmed: 1,
      unsubscribed: 1,
      suppressed: 1,
      paused: 1,
      otherRhythm: 3,
      unmatched: 0,
      haveIt: 1,
      nothingNew: 1,
    })
    const single = await byHand(site, { files: ['new.md'] })
    expect(countRecipients(single)).toBe(5)
    expect(await leftOut(site.db, single)).toEqual({
      unconfirmed: 1,
      unsubscribed: 1,
      suppressed: 1,
      paused: 1,
      otherRhythm: 0,
      unmatched: 0,
      haveIt: 1,
      nothingNew: 0,
    })
  })
})

describe('the id of a plan', () => {
  test('stays as long as what would be sent does, and changes with it', async () => {
    const site = await siteWithReaders()
    site.write('new.md', post('New', '2026-11-02'))
    const idOf = async (wanted: Parameters<typeof byHand>[1]) =>
      planId(site.db, await byHand(site, wanted), null)
    const seen = new Set<string>()
    const changed = async (wanted: Parameters<typeof byHand>[1]) => {
      const id = await idOf(wanted)
      expect(id).toMatch(/^[0-9a-f]{10}$/)
      expect(await idOf(wanted)).toBe(id)
      expect(seen).not.toContain(id)
      seen.add(id)
      return id
    }
    const single = await changed({ files: ['old.md'] })
    const digest = await changed({ digest: 'weekly' })
    await changed({ files: ['new.md'] })
    await changed({ files: ['old.md', 'new.md'] })
    await changed({ files: ['old.md'], to: ['daily@example.org'] })

    // Nothing of this is what they would be sent.
    site.setClock('2026-11-02T12:00:00Z')
    await site.round()
    await setRhythm(site, 'daily@example.org', 'instant')
    site.write('elsewhere.md', '---\ntitle: Elsewhere\ndate: 2026-11-02\nmail: false\n---\n\nNot for mail.\n')
    expect(await idOf({ files: ['old.md'] })).toBe(single)
    expect(await idOf({ digest: 'weekly' })).toBe(digest)

    site.write('old.md', post('Old', '2026-10-01', 'A better text.'))
    await changed({ files: ['old.md'] })
    await site.join('late@example.org', 'weekly')
    await changed({ files: ['old.md'] })
    expect(await idOf({ digest: 'weekly' })).toBe(digest)
    site.write('newer.md', post('Newer', '2026-11-02'))
    await changed({ digest: 'weekly' })
    await setRhythm(site, 'weekly@example.org', 'paused')
    await changed({ digest: 'weekly' })
  })
})

describe('what the schedule owes', () => {
  test('looking ahead changes nothing: no slot of a digest is passed over', async () => {
    const site = await siteWithReaders()
    await sql`delete from schedules`.execute(site.db)
    site.write('new.md', post('New', '2026-11-02'))
    const { posts } = await lookAtPosts(site, emptyMemory())
    const { db, config } = site
    const later = new Date('2027-01-15T12:00:00Z')
    const foreseen = await foreseeIssues(db, posts, config, later, site.now())
    expect(foreseen.map((turn) => turn.rhythm)).toEqual(['instant', 'daily', 'weekly', 'monthly'])
    expect(await readSchedules(db)).toEqual([])
    expect((await upcomingDigests(db, posts, config, site.now())).map(({ at }) => at.toISOString())).toEqual([
      '2026-11-03T07:00:00.000Z',
      '2026-11-09T07:00:00.000Z',
      '2026-12-01T07:00:00.000Z',
    ])
    expect((await planIssues(db, posts, config, site.now())).map((turn) => turn.rhythm)).toEqual(['instant'])
    expect(await readSchedules(db)).toHaveLength(3)
  })

  test('a post that is a draft again when the digest’s hour comes is in the next digest', async () => {
    const site = await siteWithReaders()
    site.write('new.md', post('New', '2026-11-02'))
    await site.round()
    site.write('new.md', '---\ntitle: New\ndate: 2026-11-02\ndraft: true\n---\nx')
    site.setClock('2026-11-09T07:00:00Z')
    await site.round()
    site.write('new.md', post('New', '2026-11-02'))
    site.setClock('2026-11-16T07:00:00Z')
    await site.round()
    await site.round()
    expect(await site.mail()).toEqual([
      'daily@example.org: A test blog: New',
      'instant@example.org: New',
      'weekly@example.org: A test blog: New',
    ])
  })

  test('a post whose date was put off after it was seen goes out when that date has come', async () => {
    const site = await siteWithReaders()
    site.write('new.md', post('New', '2026-11-02'))
    await lookAtPosts(site, emptyMemory())
    site.write('new.md', post('New, later', '2026-11-20'))
    site.setClock('2026-11-09T07:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual([])
    site.setClock('2026-11-23T07:00:00Z')
    await site.round()
    expect(await site.mail()).toHaveLength(3)
  })

  test('a post that another process sees first is not passed over by this one', async () => {
    const site = await siteWithReaders()
    const { db, config } = site
    const stale = await lookAtPosts(site, emptyMemory())
    site.write('new.md', post('New', '2026-11-02'))
    await lookAtPosts(await site.again(), emptyMemory())
    // This process read the folder a moment too early, and goes on with its round.
    await enqueueDeliveries(site, await planIssues(db, stale.posts, config, site.now()), site.now())
    await site.round()
    expect(await site.mail()).toEqual(['instant@example.org: New'])
  })

  test('an address that must not be mailed holds nobody up, itself included', async () => {
    const site = await siteWithReaders()
    await site.db
      .transaction()
      .execute((trx) => suppress(trx, 'instant@example.org', 'complaint', site.now()))
    site.write('new.md', post('New', '2026-11-02'))
    await site.round()
    expect(await site.mail()).toEqual([])
    const { posts } = await lookAtPosts(site, emptyMemory())
    // Nothing is left to be looked at each minute from now on.
    expect(await planIssues(site.db, posts, site.config, site.now())).toEqual([])
  })
})

/** One person's life with the newsletter, an act a step. */
type Act = 'nothing' | 'join' | 'leave' | 'handed' | SubscriberRhythm
type Step = { hours: number; posts: number; hand: 'nothing' | 'post' | DigestRhythm; round: boolean }
type Model = {
  confirmed: boolean
  rhythm: SubscriberRhythm
  owed: Set<string>
  /** What became ready while they were paused: theirs to get once, and not theirs to miss. */
  maybe: Set<string>
  has: string[]
}

test('whatever 120 people do, nobody gets a post twice and nobody misses one', async () => {
  // Each person is a history of their own. They share the blog's, so that a round lays out mail for all of them.
  const act = fc.oneof(
    { weight: 8, arbitrary: fc.constant<Act>('nothing') },
    { weight: 3, arbitrary: fc.constant<Act>('join') },
    { weight: 1, arbitrary: fc.constant<Act>('leave') },
    { weight: 1, arbitrary: fc.constant<Act>('handed') },
    { weight: 4, arbitrary: fc.constantFrom<Act>('instant', 'daily', 'weekly', 'monthly', 'paused') },
  )
  const step: fc.Arbitrary<Step> = fc.record({
    hours: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 100, max: 800 })),
    posts: fc.nat(1),
    hand: fc.constantFrom('nothing', 'nothing', 'nothing', 'post', 'daily', 'weekly', 'monthly'),
    round: fc.boolean(),
  })
  const steps = 11
  const lives = fc.array(fc.array(act, { minLength: steps, maxLength: steps }), {
    minLength: 60,
    maxLength: 60,
  })
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: steps, maxLength: steps }), lives, live), {
    numRuns: 2,
    // Each try takes seconds.
    endOnFailure: true,
  })
}, 60_000)

async function live(steps: Step[], lives: Act[][]): Promise<void> {
  const site = await makeSite()
  await sql`pragma synchronous = off`.execute(site.db)
  await site.round()
  const people: Model[] = lives.map(() => ({
    confirmed: false,
    rhythm: 'instant',
    owed: new Set(),
    maybe: new Set(),
    has: [],
  }))
  const addressOf = (index: number) => `reader${index}@example.org`
  const titles: string[] = []
  let read = 0

  /** What was enqueued since the last look, by person, as their message says it. */
  async function arrived(): Promise<Map<number, string[]>> {
    const rows = await site.db
      .selectFrom('deliveries')
      .innerJoin('renditions', 'renditions.id', 'deliveries.rendition')
      .select(['deliveries.id', 'address', 'text'])
      .where('deliveries.id', '>', read)
      .orderBy('deliveries.id')
      .execute()
    read = rows.at(-1)?.id ?? read
    const got = new Map<number, string[]>()
    for (const { address, text } of rows) {
      const index = Number(/\d+/.exec(address)?.[0])
      got.set(index, [...(got.get(index) ?? []), ...titles.filter((title) => text.includes(title))])
    }
    return got
  }

  /** Holds what came against what had to come: all of `must`, nothing but `may`. */
  async function expectMail(
    must: (person: Model, index: number) => string[],
    may: (person: Model, index: number) => string[],
  ): Promise<void> {
    const got = await arrived()
    for (const [index, person] of people.entries()) {
      const mail = got.get(index) ?? []
      const news = (list: string[]) => list.filter((title) => !person.has.includes(title))
      expect(mail).toEqual(expect.arrayContaining(news(must(person, index))))
      expect([...news(must(person, index)), ...news(may(person, index))]).toEqual(
        expect.arrayContaining(mail),
      )
      expect(new Set(mail).size).toBe(mail.length)
      person.has.push(...mail)
    }
  }
  const isReader = (person: Model) => person.confirmed && person.rhythm !== 'paused'
  const owedIf = (isIt: (person: Model) => boolean) =>
    expectMail(
      (person) => (person.confirmed && isIt(person) ? [...person.owed] : []),
      (person) => (person.confirmed && isIt(person) ? [...person.maybe] : []),
    )

  for (const [at, step] of steps.entries()) {
    site.setClock(new Date(site.now().getTime() + step.hours * 3_600_000).toISOString())
    const handed: number[] = []
    for (const [index, person] of people.entries()) {
      const act = lives[index]?.[at]
      const row = site.db.updateTable('subscribers').where('address', '=', addressOf(index))
      if (act === 'join' && !person.confirmed) {
        if (await findSubscriber(site.db, addressOf(index))) {
          await write(site.db, async (trx) => {
            const { id } = (await findSubscriber(trx, addressOf(index))) as Subscriber
            await confirmSubscriber(trx, id, site.now())
          })
        } else await site.join(addressOf(index), person.rhythm)
        person.confirmed = true
      } else if (act === 'leave' && person.confirmed) {
        await row.set({ status: 'unsubscribed' }).execute()
        Object.assign(person, { confirmed: false, owed: new Set(), maybe: new Set() })
      } else if (act === 'handed' && person.confirmed) {
        handed.push(index)
      } else if (act && RHYTHMS.includes(act as SubscriberRhythm)) {
        person.rhythm = act as SubscriberRhythm
        const known = await findSubscriber(site.db, addressOf(index))
        // As on their page, where they change their language as lightly.
        const wanted = { name: act, rhythm: person.rhythm, language: at % 2 === 0 ? 'en' : 'ja' }
        if (known) await write(site.db, (trx) => updatePreferences(trx, known.id, wanted))
      }
    }
    for (let number = 0; number < step.posts; number++) {
      const title = `Tale ${titles.length + 1}.`
      titles.push(title)
      site.write(`tale-${titles.length}.md`, post(title, site.now().toISOString()))
      await lookAtPosts(site, emptyMemory())
      for (const person of people) {
        if (isReader(person)) person.owed.add(title)
        else if (person.confirmed) person.maybe.add(title)
      }
    }
    const files = titles.map((_, index) => `tale-${index + 1}.md`)
    const chosen = (at * 7) % Math.max(1, titles.length)
    const file = files[chosen]
    const title = titles[chosen]
    if (file && title && handed.length > 0) {
      await send(site, { files: [file], to: handed.map(addressOf) })
      await expectMail(
        (_, index) => (handed.includes(index) ? [title] : []),
        () => [],
      )
    }
    if (step.hand === 'post' && file && title) {
      await send(site, { files: [file] })
      await expectMail(
        (person) => (isReader(person) ? [title] : []),
        () => [],
      )
    } else if (step.hand !== 'nothing' && step.hand !== 'post') {
      await send(site, { digest: step.hand })
      await owedIf((person) => person.rhythm === step.hand)
    }
    if (!step.round) continue
    const before = await readSchedules(site.db)
    const { posts } = await lookAtPosts(site, emptyMemory())
    const turns = await planIssues(site.db, posts, site.config, site.now())
    await enqueueDeliveries(site, turns, site.now())
    const due = before.filter(({ next }) => next <= site.now()).map(({ rhythm }) => rhythm)
    await owedIf(({ rhythm }) => rhythm === 'instant' || due.includes(rhythm as DigestRhythm))
  }

  site.setClock(new Date(site.now().getTime() + 40 * 86_400_000).toISOString())
  const { posts } = await lookAtPosts(site, emptyMemory())
  const turns = await planIssues(site.db, posts, site.config, site.now())
  await enqueueDeliveries(site, turns, site.now())
  await owedIf(isReader)
  expect((await planIssues(site.db, posts, site.config, site.now())).flatMap((turn) => turn.issues)).toEqual(
    [],
  )
  for (const person of people) {
    expect(new Set(person.has).size).toBe(person.has.length)
    if (isReader(person)) expect(person.has).toEqual(expect.arrayContaining([...person.owed]))
  }
}
