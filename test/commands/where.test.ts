import { describe, expect, test } from 'vitest'
import { post } from '../site.ts'
import { openSite, type Session } from './session.ts'

const PEOPLE = `email,status,rhythm,tags,language
ada@example.org,confirmed,instant,Release;big news,en
grace@example.org,confirmed,weekly,release,de-AT
alan@mail.example.org,confirmed,weekly,Übersicht,de
linus@example.com,confirmed,paused,,fil
hedy@example.com,unsubscribed,instant,release,de
`

/** A site with an old post and five people; Mary came a month later and has not confirmed. */
async function openBlog(): Promise<Session> {
  const session = openSite()
  session.write('posts/old.md', post('Old', '2026-10-01'))
  await session.posthorn('build')
  session.write('people.csv', PEOPLE)
  await session.posthorn('subscribers import people.csv --confirmed')
  session.setClock('2026-12-01T23:30:00Z')
  await session.posthorn('subscribers add mary@example.org')
  return session
}

/** The names of those in a list. */
async function named({ json }: Session, where: string): Promise<string> {
  const people = (await json(`subscribers list --where ${where} --json`)) as { address: string }[]
  return people.map(({ address }) => address.split('@')[0]).join(' ')
}

describe('--where', () => {
  test('finds people by what they have', async () => {
    const session = await openBlog()
    const found: string[] = []
    for (const where of [
      'tag:release',
      '-tag:release',
      '"tag:RELEASE lang:de"',
      `"tag:'big news'"`,
      'tag:big',
      'tag:übersicht',
      'tag:ÜBERSICHT',
      'lang:de',
      'lang:de-at',
      'lang:fi',
      'domain:example.org',
      'domain:mail.example.org',
      '"-domain:example.org -domain:example.com"',
      'rhythm:weekly',
      '"lang:de -rhythm:weekly"',
      'status:confirmed',
      // Mary came at half past midnight in Berlin.
      'since:2026-12-02',
      'since:2026-12-03',
      '-since:2026-12-02',
      'tag:release --where status:unsubscribed',
    ])
      found.push(`${where}: ${await named(session, where)}`)
    expect(found.join('\n')).toMatchInlineSnapshot(`
      "tag:release: ada grace hedy
      -tag:release: alan linus mary
      "tag:RELEASE lang:de": grace hedy
      "tag:'big news'": ada
      tag:big: 
      tag:übersicht: alan
      tag:ÜBERSICHT: alan
      lang:de: grace alan hedy
      lang:de-at: grace
      lang:fi: 
      domain:example.org: ada grace mary
      domain:mail.example.org: alan
      "-domain:example.org -domain:example.com": alan
      rhythm:weekly: grace alan
      "lang:de -rhythm:weekly": hedy
      status:confirmed: ada grace alan linus
      since:2026-12-02: mary
      since:2026-12-03: 
      -since:2026-12-02: ada grace alan linus hedy
      tag:release --where status:unsubscribed: hedy"
    `)
  })

  test('chooses for the list and the export', async () => {
    const { posthorn } = await openBlog()
    expect(await posthorn('subscribers list --where "lang:de status:confirmed"')).toMatchInlineSnapshot(`
      "$ posthorn subscribers list --where "lang:de status:confirmed"
      grace@example.org                confirmed    weekly
      alan@mail.example.org            confirmed    weekly
      ! 2 subscribers"
    `)
    expect(await posthorn('subscribers list --where tag:nobody-has-it')).toMatchInlineSnapshot(`
      "$ posthorn subscribers list --where tag:nobody-has-it
      ! 0 subscribers"
    `)
    expect(await posthorn('subscribers export --where rhythm:paused')).toMatchInlineSnapshot(`
      "$ posthorn subscribers export --where rhythm:paused
      "address","name","status","rhythm","tags","language","time zone","hour","weekday","paused until","followed tags","followed languages","created","asked","confirmed","unsubscribed","suppressed","suppressed since","consents"
      "linus@example.com","","confirmed","paused","","fil","","","","","","","2026-11-02T09:00:00.000Z","","2026-11-02T09:00:00.000Z","","","","[{""at"":""2026-11-02T09:00:00.000Z"",""act"":""imported"",""source"":""people.csv"",""words"":""""}]""
    `)
  })

  test('is a value and never a statement', async () => {
    const session = await openBlog()
    for (const tag of [
      "x')or(1=1)--",
      "x';drop/**/table/**/subscribers;--",
      'rel%',
      '_elease',
      '$1',
      '?',
      '\\',
    ])
      expect(await named(session, `tag:${tag}`)).toBe('')
    expect(await named(session, "-tag:x')or(1=1)--")).toBe('ada grace alan linus hedy mary')
  })

  test('narrows a send, and the plan says whom it leaves out', async () => {
    const { posthorn, json, files } = await openBlog()
    expect(await posthorn('plan old --where -lang:de')).toMatchInlineSnapshot(`
      "$ posthorn plan old --where -lang:de
      subject   Old
      posts     Old
      to        1 person
      when      now
      size      HTML SIZE, text SIZE
      left out  1 not confirmed, 1 unsubscribed, 1 paused, 2 not matched by --where
      plan      PLAN"
    `)
    const idOf = async (line: string) => ((await json(`${line} --json`)) as { plan: string }).plan
    const id = await idOf('plan old --where tag:release')
    expect(await idOf('plan old')).not.toBe(id)
    const refused = await posthorn(`send old --where -tag:release --plan ${id} --yes`)
    expect(refused).toContain(`the plan ${id} is no longer what would be sent`)
    const before = Object.keys(files('outbox/new')).length
    expect(
      (await posthorn(`send old --where tag:release --plan ${id} --yes`)).replace(id, 'ID'),
    ).toMatchInlineSnapshot(`
      "$ posthorn send old --where tag:release --plan ID --yes
      subject   Old
      posts     Old
      to        2 people: 1 in English, 1 in German
      when      now
      size      HTML SIZE, text SIZE
      left out  1 not confirmed, 1 unsubscribed, 1 paused, 1 not matched by --where
      plan      PLAN
      issue #1, Old: 2 sent"
    `)
    expect(Object.keys(files('outbox/new'))).toHaveLength(before + 2)
    expect(await posthorn('plan old --where tag:release')).toMatchInlineSnapshot(`
      "$ posthorn plan old --where tag:release
      subject   -
      posts     Old
      to        nobody
      when      now
      left out  2 have it already, 1 not confirmed, 1 unsubscribed, 1 paused, 1 not matched by --where"
    `)
    expect(
      await json('plan old --where lang:de --to ada@example.org alan@mail.example.org --json'),
    ).toMatchObject({
      recipients: 1,
      leftOut: { unmatched: 1 },
    })
  })

  test('sends a digest to some ahead of its hour, and the others get it then', async () => {
    const { posthorn, write, setClock, json } = await openBlog()
    await posthorn('worker --once')
    write('posts/news.md', post('News', '2026-12-01'))
    setClock('2026-12-02T09:00:00Z')
    await posthorn('worker --once')
    expect(await posthorn('send --digest weekly --where tag:nobody-has-it')).toMatchInlineSnapshot(`
      "$ posthorn send --digest weekly --where tag:nobody-has-it
      subject   -
      posts     News
      to        nobody
      when      now
      left out  1 not confirmed, 1 unsubscribed, 1 paused, 1 of another rhythm, 2 not matched by --where
      ! nobody is left to send it to"
    `)
    expect(await posthorn('send --digest weekly --where tag:release')).toMatchInlineSnapshot(`
      "$ posthorn send --digest weekly --where tag:release
      subject   A test blog: News
      posts     News
      to        1 person
      when      now
      size      HTML SIZE, text SIZE
      left out  1 not confirmed, 1 unsubscribed, 1 paused, 1 of another rhythm, 1 not matched by --where
      plan      PLAN
      issue #2, A test blog: News: 1 sent"
    `)
    setClock('2026-12-07T09:00:00Z')
    await posthorn('worker --once')
    const about = async (name: string) => {
      const { deliveries } = (await json(`subscribers show ${name} --json`)) as {
        deliveries: { subject: string }[]
      }
      return deliveries.map(({ subject }) => subject)
    }
    expect(await about('grace@example.org')).toEqual(['A test blog: News'])
    expect(await about('alan@mail.example.org')).toEqual(['A test blog: News'])
  })

  test('says what it cannot do, and mails nobody', async () => {
    const { posthorn, files } = await openBlog()
    const before = files('outbox/new')
    const said: string[] = []
    for (const line of [
      'send old --yes --where ""',
      'send old --yes --where "tags:release since:today status:confirmed"',
      'send old --yes --where tag:release lang:de',
      'send old --yes --where tag:release --test me@example.org',
      'plan --where tag:release',
      'subscribers list --where',
      'subscribers export --where rhythm:hourly',
    ])
      said.push(await posthorn(line))
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "$ posthorn send old --yes --where ""
      ! posthorn: --where: it is empty; leave it out for everybody
      ! try: write it as --where 'tag:release lang:de since:2026-01-31 -tag:"big news"'
      (exit 1)
      $ posthorn send old --yes --where "tags:release since:today status:confirmed"
      ! posthorn: --where: tags:release asks for "tags"; there are tag, follows, lang, since, rhythm or domain
      ! --where: since:today names no day; write it as since:2026-01-31
      ! --where: status:confirmed is for lists alone: only confirmed readers are mailed; leave it out
      ! try: write it as --where 'tag:release lang:de since:2026-01-31 -tag:"big news"'
      (exit 1)
      $ posthorn send old --yes --where tag:release lang:de
      ! posthorn: there is no post "lang:de"
      ! try: name it by its slug or its file, such as posts/hello.md; a post with a fault is not there: see \`posthorn status\`
      (exit 1)
      $ posthorn send old --yes --where tag:release --test me@example.org
      ! posthorn: --test goes to one address, so --where has nobody to choose from
      ! try: leave one of them out
      (exit 2)
      $ posthorn plan --where tag:release
      ! posthorn: --where goes with posts or a digest, and the schedule mails everybody
      ! try: \`posthorn plan POST --where FILTER\`, or \`posthorn plan --digest weekly --where FILTER\`
      (exit 2)
      $ posthorn subscribers list --where
      ! posthorn: option '--where <filter>' argument missing
      ! (--help shows how it is called)
      (exit 2)
      $ posthorn subscribers export --where rhythm:hourly
      ! posthorn: --where: rhythm:hourly names no rhythm; there are instant, daily, weekly, monthly or paused
      ! try: write it as --where 'tag:release lang:de since:2026-01-31 -tag:"big news"'
      (exit 1)"
    `)
    expect(files('outbox/new')).toEqual(before)
  })
})
