import { describe, expect, test } from 'vitest'
import { enqueueByHand, enqueueTest } from '../../src/deliveries/enqueue.ts'
import { inspectIssue } from '../../src/deliveries/inspect.ts'
import { type Printed, printIssue } from '../../src/deliveries/print.ts'
import { countLanguages, type PlannedIssue, planByHand, planId } from '../../src/issues/plan.ts'
import { deliverNow, emptyMemory, lookAtPosts } from '../../src/round.ts'
import { CATALOGUES } from '../../src/words/words.ts'
import { makeSite, post, type TestSite } from '../site.ts'

/** Readers by name, each with a language. */
async function siteWith(people: Record<string, string>, language = 'en'): Promise<TestSite> {
  const site = await makeSite({ site: { title: 'A test blog', url: 'https://blog.example', language } })
  await site.round()
  for (const [name, spoken] of Object.entries(people)) {
    await site.join(`${name}@example.org`)
    await speak(site, name, spoken)
  }
  site.write('tea.md', post('Tea', '2026-11-02'))
  return site
}

async function speak(site: TestSite, name: string, language: string): Promise<void> {
  const row = site.db.updateTable('subscribers').where('address', '=', `${name}@example.org`)
  await row.set({ language }).execute()
}

async function planTea(site: TestSite): Promise<PlannedIssue> {
  const { posts } = await lookAtPosts(site, emptyMemory())
  const wanted = { kind: 'posts' as const, posts, addressKeys: null }
  return planByHand(site.db, wanted, posts, site.config, site.now(), site.now())
}

/** In plain words: MJML would take most of the time. */
function plainly(issue: PlannedIssue): Printed[] {
  return issue.groups.map(({ keys, language }) => {
    const said = `Tea, in ${language}`
    return {
      keys: keys.join(','),
      language,
      rendition: { subject: said, html: `<p>${said}</p>`, text: said },
    }
  })
}

describe('people of several languages', () => {
  test('share what is said in the same words, and the words of the site where there are none of theirs', async () => {
    const people = { ada: 'de', grace: 'de-AT', linus: 'en-GB', alan: 'pt-BR', emmy: 'de' }
    const issue = await planTea(await siteWith(people))
    expect(issue.groups.map(({ language, count }) => [language, count])).toEqual([
      ['de', 3],
      ['en', 2],
    ])
    expect(countLanguages(issue)).toEqual([
      ['de', 3],
      ['en', 2],
    ])
  })

  test('where as many speak each, come behind those of the site, whose words name the issue', async () => {
    const { groups } = await planTea(await siteWith({ ada: 'de', grace: 'en', linus: 'ar' }))
    expect(groups.map(({ language }) => language)).toEqual(['en', 'ar', 'de'])
  })

  test('are one group where all are spoken to as the site speaks, whatever their regions', async () => {
    const issue = await planTea(await siteWith({ ada: 'en', grace: 'en-US', linus: 'zh', alan: '' }, 'en-GB'))
    expect(issue.groups).toMatchObject([{ language: 'en-GB', count: 4 }])
  })

  test('get one issue, each in their language and once', async () => {
    const site = await siteWith({ ada: 'de', grace: 'de-AT', linus: 'en', alan: 'ja' })
    const issue = await planTea(site)
    const done = await enqueueByHand(site, issue, plainly(issue), site.now())
    expect(done).toMatchObject({ recipients: 4, subject: 'Tea, in de' })
    await deliverNow(site, new AbortController().signal)
    expect(await site.mail()).toEqual([
      'ada@example.org: Tea, in de',
      'alan@example.org: Tea, in ja',
      'grace@example.org: Tea, in de',
      'linus@example.org: Tea, in en',
    ])
    const languages = (await site.messages()).map(
      ({ headers }) => headers.find(({ key }) => key === 'content-language')?.value,
    )
    expect(languages.toSorted()).toEqual(['de', 'de', 'en', 'ja'])
    expect((await planTea(site)).groups).toEqual([])
  })

  test('make another plan once one of them speaks another language', async () => {
    const site = await siteWith({ ada: 'de', grace: 'en' })
    const id = async () => planId(site.db, await planTea(site), null)
    const before = await id()
    expect(await id()).toBe(before)
    await speak(site, 'ada', 'en')
    await speak(site, 'grace', 'de')
    expect(await id()).not.toBe(before)
  })

  test('who takes up a language that was not printed waits for the next round, and misses nothing', async () => {
    const site = await siteWith({ ada: 'de', grace: 'en' })
    const issue = await planTea(site)
    const printed = plainly(issue)
    await speak(site, 'ada', 'fr')
    expect(await enqueueByHand(site, issue, printed, site.now())).toMatchObject({ recipients: 1 })
    const left = await planTea(site)
    expect(left.groups).toMatchObject([{ language: 'fr', count: 1 }])
    expect(await enqueueByHand(site, left, plainly(left), site.now())).toMatchObject({ recipients: 1 })
    await deliverNow(site, new AbortController().signal)
    expect(await site.mail()).toEqual(['ada@example.org: Tea, in fr', 'grace@example.org: Tea, in en'])
  })

  test('read what is said around a post in their own words, and the post as it is', async () => {
    const site = await siteWith({ ada: 'ar', grace: 'en' })
    const issue = await planTea(site)
    const held = { ...issue, hold: 'for a look' }
    await enqueueByHand(site, held, plainly(held), site.now())
    // Released, it is rendered anew: each rendition in the language that it has.
    await site.release()
    await deliverNow(site, new AbortController().signal)
    const messages = await site.messages()
    const [ada, grace] = ['ada', 'grace'].map((name) =>
      messages.find(({ to }) => to?.[0]?.address === `${name}@example.org`),
    )
    expect(ada?.text).toContain('إلغاء الاشتراك: https://mail.blog.example/unsubscribe?token=')
    expect(ada?.html).toMatch(/<html[^>]* lang="ar" dir="rtl"/)
    expect(ada?.html).toMatch(/lang="en"[^>]*dir="ltr"/)
    expect(grace?.text).toContain('Unsubscribe: https://mail.blog.example/unsubscribe?token=')
    expect(grace?.html).toMatch(/<html[^>]* lang="en" dir="ltr"/)

    const { posts } = await lookAtPosts(site, emptyMemory())
    // A test to a subscriber is in their language too.
    await enqueueTest(site.db, posts, 'Ada@example.org', site.config, site.now())
    await enqueueTest(site.db, posts, 'nobody@example.org', site.config, site.now())
    const tests = await site.db
      .selectFrom('renditions')
      .select('language')
      .where('kind', '=', 'test')
      .execute()
    expect(tests.map(({ language }) => language)).toEqual(['ar', 'en'])
  })

  test('get what no mail program spoils, in each language that we have words for', async () => {
    const people = Object.fromEntries(
      [...CATALOGUES.keys()].map((language) => [`reader-${language}`, language]),
    )
    const site = await siteWith(people)
    const issue = await planTea(site)
    expect(issue.groups).toHaveLength(CATALOGUES.size)
    const printed = await printIssue(issue, site.config)
    expect(await inspectIssue(issue, printed, site.config, site.now())).toEqual([])
  })
})
