import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { enqueueDeliveries } from '../../src/deliveries/enqueue.ts'
import { planByHand, planIssues, upcomingDigests } from '../../src/issues/plan.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { findSubscriber, type Subscriber } from '../../src/store/subscribers.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { pauseEnd } from '../../src/subscribers/preferences.ts'
import { undoLeaving } from '../../src/subscribers/undo.ts'
import { unsubscribe } from '../../src/subscribers/unsubscribe.ts'
import { makeSite, post, type TestSite } from '../site.ts'

const EVIDENCE = { source: 'a test', words: '' }

async function blog(clock?: string): Promise<TestSite> {
  const site = await makeSite({}, clock)
  await site.round()
  return site
}

async function person(site: TestSite, address: string): Promise<Subscriber> {
  return (await findSubscriber(site.db, address)) as Subscriber
}

/** A round without posts: what is due has nothing in it, and its slots move on. */
async function emptyRound(site: TestSite): Promise<void> {
  const turns = await planIssues(site.db, [], site.config, site.now())
  await enqueueDeliveries(site, turns, site.now())
}

function tagged(title: string, date: string, tags: string, language = 'en'): string {
  return `---\ntitle: ${title}\ndate: ${date}\ntags: [${tags}]\nlanguage: ${language}\n---\n\nAbout it.\n`
}

describe('a digest comes at the hour of its reader', () => {
  test('wherever they live, and those of one moment share an issue', async () => {
    const site = await blog()
    await site.join('berlin@example.org', 'daily')
    await site.join('evening@example.org', 'daily')
    await site.join('auckland@example.org', 'daily')
    await site.join('lagos@example.org', 'daily')
    await site.choose('evening@example.org', { hour: '19:30' })
    await site.choose('auckland@example.org', { time_zone: 'Pacific/Auckland' })
    await site.choose('lagos@example.org', { time_zone: 'Africa/Lagos' })
    site.write('one.md', post('One', '2026-11-02'))
    const came: string[] = []
    for (const time of ['18:00', '18:30', '19:00', '20:00']) {
      site.setClock(`2026-11-02T${time}:00Z`)
      const { enqueued } = await site.round()
      came.push(...enqueued.map(({ number, recipients }) => `${time} #${number} to ${recipients}`))
    }
    // 19:30 in Berlin; 08:00 of the next day in Auckland.
    expect(came).toEqual(['18:30 #1 to 1', '19:00 #2 to 1'])
    site.setClock('2026-11-03T07:00:00Z')
    // 08:00 in Berlin and in Lagos.
    expect((await site.round()).enqueued).toMatchObject([{ number: 3, recipients: 2 }])
    expect((await site.mail()).map((line) => line.split('@')[0])).toEqual([
      'auckland',
      'berlin',
      'evening',
      'lagos',
    ])
  })

  test('on the weekday they chose; a site that changes its own hour changes nobody’s who has one', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'weekly')
    await site.join('grace@example.org', 'weekly')
    await site.choose('ada@example.org', { weekday: 'Wed', hour: '06:00', time_zone: 'Europe/Berlin' })
    expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2026-11-04T05:00:00.000Z' })
    expect(await person(site, 'grace@example.org')).toMatchObject({ next_run_at: '2026-11-09T07:00:00.000Z' })
    const { newsletter } = site.config
    const digests = { ...newsletter.digests, weekly: 'Fri 18:00' }
    const changed = await site.again({ newsletter: { ...newsletter, digests } })
    await emptyRound(changed)
    expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2026-11-04T05:00:00.000Z' })
    expect(await person(site, 'grace@example.org')).toMatchObject({ next_run_at: '2026-11-06T17:00:00.000Z' })
  })

  const changes = [
    [
      'Europe/Berlin',
      '2026-03-28',
      '02:30',
      '2026-03-28 02:30+01:00, 2026-03-29 03:00+02:00, 2026-03-30 02:30+02:00',
    ],
    [
      'Europe/Berlin',
      '2026-10-24',
      '02:30',
      '2026-10-24 02:30+02:00, 2026-10-25 02:30+02:00, 2026-10-26 02:30+01:00',
    ],
    [
      'America/New_York',
      '2026-03-07',
      '02:30',
      '2026-03-07 02:30-05:00, 2026-03-08 03:00-04:00, 2026-03-09 02:30-04:00',
    ],
    [
      'America/New_York',
      '2026-10-31',
      '01:30',
      '2026-10-31 01:30-04:00, 2026-11-01 01:30-04:00, 2026-11-02 01:30-05:00',
    ],
    [
      'Australia/Lord_Howe',
      '2026-10-03',
      '02:15',
      '2026-10-03 02:15+10:30, 2026-10-04 02:30+11:00, 2026-10-05 02:15+11:00',
    ],
    [
      'Australia/Lord_Howe',
      '2026-04-04',
      '01:45',
      '2026-04-04 01:45+11:00, 2026-04-05 01:45+11:00, 2026-04-06 01:45+10:30',
    ],
  ] as const
  test.each(changes)(
    'in %s over the change of clocks after %s, at %s: each day once',
    async (zone, day, hour, wanted) => {
      const midnight = Temporal.PlainDate.from(day).toZonedDateTime(zone)
      const site = await blog(midnight.toInstant().toString())
      await site.join('ada@example.org', 'daily')
      await site.choose('ada@example.org', { hour, time_zone: zone })
      const taken: string[] = []
      let due = (await person(site, 'ada@example.org')).next_run_at
      // The worker looks each quarter of an hour, for three days of whatever length.
      for (
        let at = midnight;
        Temporal.ZonedDateTime.compare(at, midnight.add({ days: 3 })) < 0;
        at = at.add({ minutes: 15 })
      ) {
        site.setClock(at.toInstant().toString())
        await emptyRound(site)
        const { next_run_at } = await person(site, 'ada@example.org')
        if (next_run_at === due) continue
        taken.push(`${at.toPlainDate()} ${at.toPlainTime().toString({ smallestUnit: 'minute' })}${at.offset}`)
        due = next_run_at
      }
      expect(taken.join(', ')).toBe(wanted)
    },
  )
})

describe('a worker that slept', () => {
  test('for a week sends one digest, not seven, and goes on at the usual hour', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'daily')
    for (const [day, title] of [
      ['03', 'One'],
      ['05', 'Two'],
      ['08', 'Three'],
    ] as const) {
      site.setClock(`2026-11-${day}T12:00:00Z`)
      site.write(`${title}.md`, post(title, `2026-11-${day}`))
    }
    site.setClock('2026-11-09T15:00:00Z')
    expect((await site.round()).enqueued).toMatchObject([{ recipients: 1, posts: { length: 3 } }])
    expect((await site.round()).enqueued).toEqual([])
    expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2026-11-10T07:00:00.000Z' })
  })

  test('finds somebody due who became a reader meanwhile', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'daily')
    site.write('one.md', post('One', '2026-11-02'))
    site.setClock('2026-11-05T12:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: A test blog: One'])
  })

  test('and died between the digest and its slot: there is no between', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'daily')
    site.write('one.md', post('One', '2026-11-02'))
    site.setClock('2026-11-03T07:00:00Z')
    // Two processes have decided the same; the second one's decision is void once the first has enqueued.
    const other = await site.again()
    const { posts } = await lookAtPosts(site, emptyMemory())
    const turns = await planIssues(site.db, posts, site.config, site.now())
    const again = await planIssues(other.db, posts, other.config, other.now())
    expect(await enqueueDeliveries(site, turns, site.now())).toHaveLength(1)
    expect(await enqueueDeliveries(other, again, other.now())).toEqual([])
    expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2026-11-04T07:00:00.000Z' })
  })
})

test('who saves their page a moment after eight still gets the digest of eight', async () => {
  const site = await blog()
  await site.join('ada@example.org', 'daily')
  // A pause that is over by then, too.
  await site.choose('ada@example.org', { paused_until: pauseEnd('2026-11-03', 'Europe/Berlin') })
  site.write('one.md', post('One', '2026-11-02'))
  site.setClock('2026-11-03T07:00:20Z')
  await site.choose('ada@example.org', { name: 'Ada', language: 'de' })
  expect((await site.round()).enqueued).toMatchObject([{ recipients: 1 }])
  // Whoever chooses another hour chooses the next one.
  site.write('two.md', post('Two', '2026-11-03'))
  site.setClock('2026-11-04T07:00:20Z')
  await site.choose('ada@example.org', { hour: '09:00' })
  expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2026-11-04T08:00:00.000Z' })
})

test('a digest with nothing in it is not sent, and its slot moves on', async () => {
  const site = await blog()
  await site.join('ada@example.org', 'daily')
  site.setClock('2026-11-03T07:00:00Z')
  expect((await site.round()).enqueued).toEqual([])
  expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2026-11-04T07:00:00.000Z' })
})

describe('somebody who pauses until a day', () => {
  test('and wants every post: nothing comes, then one mail with what they missed, then each post again', async () => {
    const site = await blog()
    await site.join('ada@example.org')
    await site.join('grace@example.org')
    await site.choose('ada@example.org', { paused_until: pauseEnd('2026-11-10', 'Europe/Berlin') })
    for (const [day, title] of [
      ['03', 'One'],
      ['05', 'Two'],
    ] as const) {
      site.setClock(`2026-11-${day}T12:00:00Z`)
      site.write(`${title}.md`, post(title, `2026-11-${day}`))
      await site.round()
    }
    site.setClock('2026-11-09T22:59:00Z')
    await site.round()
    const mailOf = async (name: string) =>
      (await site.mail())
        .filter((line) => line.startsWith(name))
        .map((line) => line.split(': ').slice(1).join(': '))
    expect(await mailOf('ada')).toEqual([])
    site.setClock('2026-11-09T23:00:00Z')
    await site.round()
    expect(await mailOf('ada')).toEqual(['A test blog: Two and 1 more'])
    expect(await person(site, 'ada@example.org')).toMatchObject({ paused_until: null, next_run_at: null })
    site.setClock('2026-11-10T12:00:00Z')
    site.write('three.md', post('Three', '2026-11-10'))
    await site.round()
    expect(await mailOf('ada')).toEqual(['A test blog: Two and 1 more', 'Three'])
    expect(await mailOf('grace')).toEqual(['One', 'Three', 'Two'])
  })

  test('and wants digests: the first one from that day on has it all, and a send by hand passes them over', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'weekly')
    // A Wednesday: the Monday after it is the slot.
    await site.choose('ada@example.org', { paused_until: pauseEnd('2026-11-18', 'Europe/Berlin') })
    expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2026-11-23T07:00:00.000Z' })
    site.write('one.md', post('One', '2026-11-02'))
    const { posts } = await lookAtPosts(site, emptyMemory())
    const [, weekly] = await upcomingDigests(site.db, posts, site.config, site.now())
    expect(weekly).toMatchObject({ recipients: 1, at: new Date('2026-11-23T07:00:00Z') })
    const byHand = (now: Date) =>
      planByHand(site.db, { kind: 'digest', rhythm: 'weekly' }, posts, site.config, now, now)
    expect((await byHand(site.now())).groups).toEqual([])
    expect((await byHand(new Date('2026-11-18T09:00:00Z'))).groups).toMatchObject([{ count: 1 }])
  })

  test('is paused as well on the site that they are moved to as a row of a list', async () => {
    const site = await blog()
    const until = pauseEnd('2026-11-10', 'Europe/Berlin')
    writeFileSync(
      join(site.folder, 'list.csv'),
      `address,status,rhythm,paused until,consents\nada@example.org,confirmed,instant,${until},[]\n`,
    )
    const { db, config, secret, now } = site
    await importSubscribers(db, join(site.folder, 'list.csv'), { confirmed: true }, config, secret, now())
    expect(await person(site, 'ada@example.org')).toMatchObject({ paused_until: until, next_run_at: until })
  })

  test('and chooses again before it gets what has gathered by what they chose', async () => {
    const site = await blog()
    await site.join('ada@example.org')
    await site.choose('ada@example.org', { paused_until: pauseEnd('2026-12-24', 'Europe/Berlin') })
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    await site.choose('ada@example.org', { rhythm: 'instant', paused_until: null })
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: One'])
  })
})

describe('who comes back to every post at once', () => {
  test('from a long pause gets one mail with all of it, not one for each', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'paused')
    for (const title of ['One', 'Two', 'Three']) site.write(`${title}.md`, post(title, '2026-11-02'))
    await site.round()
    await site.choose('ada@example.org', { rhythm: 'instant' })
    expect((await site.round()).enqueued).toMatchObject([
      { kind: 'digest', recipients: 1, posts: { length: 3 } },
    ])
    expect((await site.round()).enqueued).toEqual([])
  })

  test('having left by mistake gets what they missed in one mail as well', async () => {
    const site = await blog()
    await site.join('ada@example.org')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    const { id } = await site.db.selectFrom('deliveries').select('id').executeTakeFirstOrThrow()
    await unsubscribe(site, id, EVIDENCE, site.now())
    const left = (await person(site, 'ada@example.org')).unsubscribed_at ?? ''
    for (const title of ['Two', 'Three']) site.write(`${title}.md`, post(title, '2026-11-02'))
    await site.round()
    await undoLeaving(site.db, id, left, EVIDENCE, site.config, site.secret, site.now())
    expect((await site.round()).enqueued).toMatchObject([
      { kind: 'digest', recipients: 1, posts: { length: 2 } },
    ])
  })
})

describe('a round', () => {
  test('is not stopped by one reader whose time zone this Node does not know: theirs is the site’s', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'daily')
    await site.join('grace@example.org', 'daily')
    await sql`update subscribers set time_zone = 'Mars/Olympus', next_run_at = null
      where address = 'ada@example.org'`.execute(site.db)
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    site.setClock('2026-11-03T07:00:00Z')
    expect((await site.round()).enqueued).toMatchObject([{ recipients: 2 }])
    expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2026-11-04T07:00:00.000Z' })
  })

  test('after the site’s hour was changed sends what was due by the former one', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'monthly')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    // The author stops the worker for it, and the slot passes.
    site.setClock('2026-12-01T07:30:00Z')
    const { newsletter } = site.config
    const digests = { ...newsletter.digests, monthly: '1 06:00' }
    const changed = await site.again({ newsletter: { ...newsletter, digests } })
    expect((await changed.round()).enqueued).toMatchObject([{ recipients: 1 }])
    expect(await person(site, 'ada@example.org')).toMatchObject({ next_run_at: '2027-01-01T05:00:00.000Z' })
  })

  test('with the right time again, after one that was years ahead, keeps nobody waiting for years', async () => {
    const site = await blog()
    for (const rhythm of ['daily', 'weekly', 'monthly', 'paused'] as const)
      await site.join(`${rhythm}@example.org`, rhythm)
    const until = pauseEnd('2026-12-24', 'Europe/Berlin')
    await site.join('away@example.org')
    await site.choose('away@example.org', { paused_until: until })
    await site.join('far@example.org', 'weekly')
    await site.choose('far@example.org', { paused_until: pauseEnd('2028-05-01', 'Europe/Berlin') })
    site.setClock('2028-02-01T00:00:00Z')
    await emptyRound(site)
    await site.choose('paused@example.org', { rhythm: 'instant' })
    site.setClock('2026-11-02T10:00:00Z')
    await emptyRound(site)
    const slots = await site.db.selectFrom('subscribers').select(['address', 'next_run_at']).execute()
    expect(
      slots.map(({ address, next_run_at }) => `${address.split('@')[0]} ${next_run_at?.slice(0, 10)}`),
    ).toEqual([
      'daily 2026-11-03',
      'weekly 2026-11-09',
      'monthly 2026-12-01',
      'paused undefined',
      'away undefined',
      'far 2028-05-01',
    ])
  })

  test('passes over nobody whose turn came while it was being rendered', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'weekly')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    await site.join('grace@example.org')
    await site.join('linus@example.org', 'paused')
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    await site.choose('linus@example.org', { rhythm: 'instant' })
    const { posts } = await lookAtPosts(site, emptyMemory())
    const turns = await planIssues(site.db, posts, site.config, site.now())
    // What she pressed a moment before this plan is written a moment after it: the database was locked.
    await site.choose('ada@example.org', { rhythm: 'instant' })
    await enqueueDeliveries(site, turns, site.now())
    await site.round()
    expect((await site.mail()).filter((line) => line.startsWith('ada'))).toEqual([
      'ada@example.org: One',
      'ada@example.org: Two',
    ])
  })

  test('at an hour at which a file was away for a moment leaves its post for the next digest', async () => {
    const site = await blog()
    await site.join('ada@example.org', 'weekly')
    for (const title of ['One', 'Two']) site.write(`${title}.md`, post(title, '2026-11-02'))
    await site.round()
    site.setClock('2026-11-09T07:00:00Z')
    site.remove('One.md')
    await site.round()
    site.setClock('2026-11-09T07:01:00Z')
    site.write('One.md', post('One', '2026-11-02'))
    await site.round()
    site.setClock('2026-11-16T07:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual([
      'ada@example.org: A test blog: One',
      'ada@example.org: A test blog: Two',
    ])
  })
})

describe('what a post is about', () => {
  test('decides to whom it goes: a tag, a language, or everything', async () => {
    const site = await blog()
    const readers = {
      all: {},
      release: { followed_tags: '["release"]' },
      either: { followed_tags: '["Release","ops"]' },
      german: { followed_languages: '["de"]' },
      both: { followed_tags: '["ops"]', followed_languages: '["de"]' },
    }
    for (const [name, choices] of Object.entries(readers)) {
      await site.join(`${name}@example.org`)
      await site.choose(`${name}@example.org`, choices)
    }
    site.write('release.md', tagged('Release', '2026-11-02', 'RELEASE, node'))
    site.write('ops.md', tagged('Ops', '2026-11-02', 'ops', 'de-AT'))
    site.write('none.md', tagged('Neither', '2026-11-02', ''))
    await site.round()
    expect(await site.mail()).toEqual([
      'all@example.org: Neither',
      'all@example.org: Ops',
      'all@example.org: Release',
      'both@example.org: Ops',
      'either@example.org: Ops',
      'either@example.org: Release',
      'german@example.org: Ops',
      'release@example.org: Release',
    ])
    // What was passed over is over: who follows more from now on gets what comes from now on.
    await site.choose('release@example.org', { followed_tags: '[]' })
    expect((await site.round()).enqueued).toEqual([])
  })

  test('differs in one digest: an issue for all, a rendition for each share', async () => {
    const site = await blog()
    for (const name of ['all', 'release', 'nothing']) await site.join(`${name}@example.org`, 'daily')
    await site.choose('release@example.org', { followed_tags: '["release"]' })
    await site.choose('nothing@example.org', { followed_tags: '["cats"]' })
    site.write('release.md', tagged('Release', '2026-11-02', 'release'))
    site.write('ops.md', tagged('Ops', '2026-11-01', 'ops'))
    site.setClock('2026-11-03T07:00:00Z')
    expect((await site.round()).enqueued).toMatchObject([{ recipients: 2, posts: { length: 2 } }])
    expect(await site.mail()).toEqual([
      'all@example.org: A test blog: Release and 1 more',
      'release@example.org: A test blog: Release',
    ])
    expect(await site.db.selectFrom('renditions').select('id').execute()).toHaveLength(2)
  })
})
