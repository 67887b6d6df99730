import fc from 'fast-check'
import { sql } from 'kysely'
import { Temporal } from 'temporal-polyfill'
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
  type Turn,
  upcomingDigests,
} from '../../src/issues/plan.ts'
import { reckonSlots } from '../../src/issues/schedule.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { time, write } from '../../src/store/database.ts'
import { moveSubscriber } from '../../src/store/moves.ts'
import type { DigestRhythm } from '../../src/store/schedules.ts'
import type { SubscriberRhythm } from '../../src/store/schema.ts'
import {
  type Choices,
  confirmSubscriber,
  findSubscriber,
  insertSubscriber,
  type Subscriber,
  suppress,
  unsubscribeSubscriber,
} from '../../src/store/subscribers.ts'
import { pauseEnd, RHYTHMS } from '../../src/subscribers/preferences.ts'
import { defaults } from '../../src/subscribers/subscribe.ts'
import { undoLeaving } from '../../src/subscribers/undo.ts'
import { unsubscribeAddress } from '../../src/subscribers/unsubscribe.ts'
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
  await expectAllCounted(site, issue)
  return (await enqueueByHand(site, issue, plainly(issue), site.now()))?.recipients ?? 0
}

/** Each subscriber gets an issue or is told of among those who do not, once. */
async function expectAllCounted({ db }: TestSite, issue: PlannedIssue): Promise<void> {
  const { audience } = issue
  const named = audience.kind === 'named' ? audience.addressKeys : null
  const people = await db.selectFrom('subscribers').select('address_key').execute()
  const asked = people.filter(({ address_key }) => named?.includes(address_key) ?? true)
  const others = Object.values(await leftOut(db, issue)).reduce((sum, count) => sum + count, 0)
  expect(countRecipients(issue) + others).toBe(asked.length)
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
  await site.choose(address, { rhythm })
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
      later: 0,
      unmatched: 0,
      unfollowed: 0,
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
      later: 0,
      unmatched: 0,
      unfollowed: 0,
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
    await sql`update subscribers set next_run_at = null`.execute(site.db)
    site.write('new.md', post('New', '2026-11-02'))
    const { posts } = await lookAtPosts(site, emptyMemory())
    const { db, config } = site
    const later = new Date('2027-01-15T12:00:00Z')
    const turnsOf = (turns: Turn[]) =>
      turns.map(({ audience }) => (audience.kind === 'due' ? audience.rhythm : audience.kind))
    const foreseen = await foreseeIssues(db, posts, config, later, site.now())
    expect(turnsOf(foreseen)).toEqual(['instant', 'daily', 'weekly', 'monthly'])
    expect((await upcomingDigests(db, posts, config, site.now())).map(({ at }) => at.toISOString())).toEqual([
      '2026-11-03T07:00:00.000Z',
      '2026-11-09T07:00:00.000Z',
      '2026-12-01T07:00:00.000Z',
    ])
    expect(turnsOf(await planIssues(db, posts, config, site.now()))).toEqual(['instant'])
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

const EVIDENCE = { source: 'a test', words: '' }

type Follows = { tags: readonly string[]; languages: readonly string[] }

/** One person's life with the newsletter, an act a step. */
type Act =
  | 'nothing'
  | 'join'
  | 'leave'
  | 'undo'
  | 'absorb'
  | 'handed'
  | SubscriberRhythm
  | { follow: Follows }
  | { pause: number }
  | { hour: string | null; weekday: string | null; zone: string }
type Step = {
  hours: number
  post: { tag: string; language: string } | null
  /** What becomes of a post that is out: it is about something else, or is to be mailed once more. */
  edit: { tag: string; isRepeated: boolean } | null
  hand: 'nothing' | 'post' | DigestRhythm
  round: boolean
}
type Model = {
  confirmed: boolean
  follows: Follows
  /** What became ready since they joined, and was not decided for them yet. */
  waiting: Set<string>
  has: string[]
  /** They have become another, who had their address. */
  isGone: boolean
  /** What was queued for them may be theirs no more: they left and came anew, or were two. */
  isAnother: boolean
}

test('whatever 120 people do, nobody gets a post twice and nobody misses one that they follow', async () => {
  // Each person is a history of their own. They share the blog's, so that a round lays out mail for all of them.
  const act = fc.oneof(
    { weight: 8, arbitrary: fc.constant<Act>('nothing') },
    { weight: 3, arbitrary: fc.constant<Act>('join') },
    { weight: 2, arbitrary: fc.constant<Act>('leave') },
    { weight: 3, arbitrary: fc.constant<Act>('undo') },
    { weight: 1, arbitrary: fc.constant<Act>('absorb') },
    { weight: 1, arbitrary: fc.constant<Act>('handed') },
    { weight: 4, arbitrary: fc.constantFrom<Act>('instant', 'daily', 'weekly', 'monthly', 'paused') },
    {
      weight: 2,
      arbitrary: fc.record({
        follow: fc.record({
          tags: fc.constantFrom([], ['Release'], ['ops'], ['ops', 'release']),
          languages: fc.constantFrom([], [], ['de'], ['en']),
        }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ pause: fc.integer({ min: 1, max: 20 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        hour: fc.constantFrom(null, '00:00', '19:30'),
        weekday: fc.constantFrom(null, 'Wed'),
        zone: fc.constantFrom('', 'America/New_York', 'Pacific/Auckland'),
      }),
    },
  )
  const step: fc.Arbitrary<Step> = fc.record({
    hours: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 100, max: 800 })),
    post: fc.option(
      fc.record({ tag: fc.constantFrom('release', 'Ops'), language: fc.constantFrom('en', 'de-AT') }),
    ),
    edit: fc.option(fc.record({ tag: fc.constantFrom('release', 'Ops'), isRepeated: fc.boolean() }), {
      freq: 1,
    }),
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
    follows: { tags: [], languages: [] },
    waiting: new Set(),
    has: [],
    isGone: false,
    isAnother: false,
  }))
  const ids: (number | undefined)[] = []
  const addressOf = (index: number) => `reader${index}@example.org`
  const posts: { title: string; tag: string; language: string; date: string; edition: number }[] = []
  const titles: string[] = []
  let read = 0

  /** What was enqueued since the last look, by person, as their message says it. */
  async function arrived(): Promise<Map<number, string[]>> {
    const rows = await site.db
      .selectFrom('deliveries')
      .innerJoin('renditions', 'renditions.id', 'deliveries.rendition')
      .select(['deliveries.id', 'deliveries.subscriber', 'text'])
      .where('deliveries.id', '>', read)
      .orderBy('deliveries.id')
      .execute()
    read = rows.at(-1)?.id ?? read
    const got = new Map<number, string[]>()
    for (const { subscriber, text } of rows) {
      const index = ids.indexOf(subscriber ?? 0)
      got.set(index, [...(got.get(index) ?? []), ...shownIn(text)])
    }
    return got
  }

  function shownIn(text: string): string[] {
    return titles.filter((title) => text.includes(title))
  }

  /** Who had two addresses is held against what is theirs now: what was on its way to both goes once. */
  async function absorb(index: number): Promise<void> {
    const [person, other] = [people[index] as Model, people[index + 1]]
    const [known, absorbed] = [await rowOf(index), await rowOf(index + 1)]
    if (!person.confirmed || !other || !known || !absorbed) return
    await write(site.db, (trx) =>
      moveSubscriber(trx, known, { address: absorbed.address, key: absorbed.address_key }, site.now()),
    )
    person.isAnother = true
    Object.assign(other, { isGone: true, confirmed: false, waiting: new Set() })
    const { rows } = await sql<{ title: string; isTheirs: number; isBehind: number }>`
      select p.title, r.post is not null as isTheirs, p.sequence > s.settled_sequence as isBehind
      from posts p join subscribers s on s.id = ${known.id}
        left join delivery_posts r on r.post = p.key and r.edition = p.edition and r.subscriber = s.id`.execute(
      site.db,
    )
    person.has.push(
      ...rows
        .filter((row) => row.isTheirs)
        .map((row) => row.title)
        .filter((title) => !person.has.includes(title)),
    )
    person.has = person.has.filter((title) => rows.every((row) => row.title !== title || row.isTheirs))
    person.waiting = new Set(rows.filter((row) => row.isBehind && !row.isTheirs).map((row) => row.title))
  }

  /** Holds what came against what had to come: exactly that. */
  async function expectMail(theirs: (person: Model, index: number) => string[]): Promise<void> {
    const got = await arrived()
    for (const [index, person] of people.entries()) {
      const wanted = theirs(person, index).filter((title) => !person.has.includes(title))
      const mail = got.get(index) ?? []
      expect(mail.toSorted()).toEqual(wanted.toSorted())
      person.has.push(...mail)
    }
  }

  function followed({ follows }: Model, titles: Iterable<string>): string[] {
    return [...titles].filter((each) => {
      const post = posts.find(({ title }) => title === each)
      const { tags, languages } = follows
      const tag = post?.tag.toLowerCase() ?? ''
      return (
        (tags.length === 0 || tags.some((wanted) => wanted.toLowerCase() === tag)) &&
        (languages.length === 0 || languages.some((wanted) => post?.language.startsWith(wanted)))
      )
    })
  }

  async function rowsNow(): Promise<(Subscriber | undefined)[]> {
    const rows = await site.db.selectFrom('subscribers').selectAll().execute()
    return people.map((_, index) => rows.find(({ id }) => id === ids[index]))
  }

  async function rowOf(index: number): Promise<Subscriber | undefined> {
    const id = ids[index] ?? 0
    return site.db.selectFrom('subscribers').selectAll().where('id', '=', id).executeTakeFirst()
  }

  async function deliveryTo(id: number): Promise<number | undefined> {
    const row = await site.db
      .selectFrom('deliveries')
      .select('id')
      .where('subscriber', '=', id)
      .orderBy('id', 'desc')
      .executeTakeFirst()
    return row?.id
  }

  function writeTale(at: number): void {
    const { title, tag, language, date, edition } = posts[at] as (typeof posts)[number]
    const front = `title: ${title}\ndate: ${date}\ntags: [${tag}]\nlanguage: ${language}\nedition: ${edition}`
    site.write(`tale-${at + 1}.md`, `---\n${front}\n---\n\nAbout it.\n`)
  }

  /** What became ready while somebody was away by mistake is theirs once they take that back. */
  async function publish(at: number): Promise<void> {
    const { title } = posts[at] as (typeof posts)[number]
    titles.push(title)
    writeTale(at)
    await lookAtPosts(site, emptyMemory())
    for (const [index, person] of people.entries())
      if (ids[index] && !person.isGone) person.waiting.add(title)
  }

  /** A round of the worker's: who is due gets all that waits for them and that they follow, and nothing of it waits on. */
  async function round(): Promise<void> {
    const { posts } = await lookAtPosts(site, emptyMemory())
    const rows = await rowsNow()
    const isDue = (index: number) => {
      const row = rows[index]
      if (row?.status !== 'confirmed') return false
      return row.next_run_at === null ? row.rhythm === 'instant' : row.next_run_at <= time(site.now())
    }
    const turns = await planIssues(site.db, posts, site.config, site.now())
    for (const issue of turns.flatMap((turn) => turn.issues)) await expectAllCounted(site, issue)
    await enqueueDeliveries(site, turns, site.now())
    await expectMail((person, index) => (isDue(index) ? followed(person, person.waiting) : []))
    for (const [index, person] of people.entries()) if (isDue(index)) person.waiting.clear()
  }

  for (const [at, step] of steps.entries()) {
    site.setClock(new Date(site.now().getTime() + step.hours * 3_600_000).toISOString())
    const handed = new Map<number, string>()
    for (const [index, person] of people.entries()) {
      const act = lives[index]?.[at]
      if (person.isGone) continue
      const known = await rowOf(index)
      // As on their page, where they change their language as lightly.
      const language = at % 2 === 0 ? 'en' : 'ja'
      const choose = async (choices: Partial<Choices>) => {
        if (known) await site.choose(known.address, { language, ...choices })
      }
      if (act === 'join' && !person.confirmed) {
        if (known) {
          await write(site.db, async (trx) => {
            await confirmSubscriber(trx, known.id, site.now())
            await reckonSlots(trx, site.config, site.now())
          })
          person.isAnother = true
        } else {
          await site.join(addressOf(index))
          ids[index] = (await findSubscriber(site.db, addressOf(index)))?.id
        }
        Object.assign(person, { confirmed: true, waiting: new Set() })
      } else if (act === 'leave' && person.confirmed && known) {
        await unsubscribeAddress(site, known.address_key, EVIDENCE, site.now())
        person.confirmed = false
      } else if (act === 'undo' && known?.unsubscribed_at) {
        const delivery = await deliveryTo(known.id)
        const { unsubscribed_at: left } = known
        if (
          delivery &&
          (await undoLeaving(site.db, delivery, left, EVIDENCE, site.config, site.secret, site.now()))
        )
          person.confirmed = true
      } else if (act === 'absorb') {
        await absorb(index)
      } else if (act === 'handed' && person.confirmed) {
        handed.set(index, known?.address ?? '')
      } else if (act && RHYTHMS.includes(act as SubscriberRhythm)) {
        await choose({ rhythm: act as SubscriberRhythm, paused_until: null })
      } else if (typeof act === 'object' && 'follow' in act && known) {
        person.follows = act.follow
        const { tags, languages } = act.follow
        await choose({ followed_tags: JSON.stringify(tags), followed_languages: JSON.stringify(languages) })
      } else if (typeof act === 'object' && 'pause' in act) {
        const until = Temporal.PlainDate.from(site.now().toISOString().slice(0, 10)).add({ days: act.pause })
        await choose({ paused_until: pauseEnd(until.toString(), 'Europe/Berlin') })
      } else if (typeof act === 'object' && 'zone' in act) {
        await choose({ hour: act.hour, weekday: act.weekday, time_zone: act.zone })
      }
    }
    if (step.post) {
      const { tag, language } = step.post
      posts.push({
        title: `Tale ${posts.length + 1}.`,
        tag,
        language,
        date: site.now().toISOString(),
        edition: 1,
      })
      await publish(posts.length - 1)
    }
    const edited = (at * 5) % Math.max(1, posts.length)
    const tale = posts[edited]
    if (step.edit && tale) {
      tale.tag = step.edit.tag
      if (step.edit.isRepeated) {
        tale.edition++
        // It is told from the former edition by its title.
        for (const person of people) person.waiting.delete(tale.title)
        tale.title = `Tale ${edited + 1}, ${tale.edition}.`
        await publish(edited)
      } else writeTale(edited)
    }
    const chosen = (at * 7) % Math.max(1, posts.length)
    const file = `tale-${chosen + 1}.md`
    const title = posts[chosen]?.title
    if (title && handed.size > 0) {
      await send(site, { files: [file], to: [...handed.values()] })
      await expectMail((_, index) => (handed.has(index) ? [title] : []))
    }
    const rows = await rowsNow()
    const isReading = (index: number) => {
      const row = rows[index]
      return (
        row?.status === 'confirmed' && row.rhythm !== 'paused' && (row.paused_until ?? '') <= time(site.now())
      )
    }
    if (step.hand === 'post' && title) {
      await send(site, { files: [file] })
      await expectMail((person, index) => (isReading(index) ? followed(person, [title]) : []))
    } else if (step.hand !== 'nothing' && step.hand !== 'post') {
      await send(site, { digest: step.hand })
      const isTheirs = (index: number) => isReading(index) && rows[index]?.rhythm === step.hand
      await expectMail((person, index) => (isTheirs(index) ? followed(person, person.waiting) : []))
    }
    if (step.round) await round()
  }

  // Twenty days of a pause, and then a month until the first digest.
  site.setClock(new Date(site.now().getTime() + 52 * 86_400_000).toISOString())
  await round()
  const { posts: known } = await lookAtPosts(site, emptyMemory())
  expect((await planIssues(site.db, known, site.config, site.now())).flatMap((turn) => turn.issues)).toEqual(
    [],
  )
  const paused = (await rowsNow()).map((row) => row?.rhythm === 'paused')
  for (const [index, person] of people.entries()) {
    expect(new Set(person.has).size).toBe(person.has.length)
    if (person.confirmed && !paused[index]) expect(person.waiting.size).toBe(0)
  }
  const { rows: going } = await sql<{ person: number; text: string }>`
    select coalesce(j.subscriber, d.subscriber) as person, r.text from deliveries d
      join renditions r on r.id = d.rendition left join joined j on j.former = d.subscriber
    where d.state <> 'skipped'`.execute(site.db)
  const byPerson = Map.groupBy(going, ({ person }) => person)
  for (const [index, person] of people.entries()) {
    const shown = (byPerson.get(ids[index] ?? 0) ?? []).flatMap(({ text }) => shownIn(text))
    expect(new Set(shown).size).toBe(shown.length)
    if (person.confirmed && !person.isAnother) expect(shown.toSorted()).toEqual(person.has.toSorted())
  }
}
