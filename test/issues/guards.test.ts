import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSite, type Session } from '../commands/session.ts'
import { post } from '../site.ts'

/** A site past its first round, with one reader who takes each post at once, or with more. */
async function openBlog(
  readers: Record<string, string> = { ada: 'instant' },
  settings: Record<string, object> = {},
): Promise<Session> {
  const session = openSite(settings)
  await session.posthorn('build')
  for (const [name, rhythm] of Object.entries(readers))
    await session.posthorn(`subscribers add ${name}@example.org --confirmed --rhythm ${rhythm}`)
  return session
}

/** `ada: Tea`, sorted: what lies in the outbox. */
function mail(session: Session): string[] {
  const head = (text: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? ''
  return Object.values(session.files('outbox/new'))
    .map((text) => `${head(text, 'To').replace(/^.*<|@.*$/g, '')}: ${head(text, 'Subject')}`)
    .sort()
}

async function states(session: Session): Promise<string[]> {
  const issues = (await session.json('issues list --json')) as {
    number: number
    subject: string
    state: string
  }[]
  return issues.map(({ number, subject, state }) => `#${number} ${subject}: ${state}`).reverse()
}

const remove = (session: Session, file: string) => rmSync(join(session.folder, file))

const TITLES = ['Cake', 'Coffee', 'Jam', 'Tea']
const writeAll = (session: Session, titles: string[], date = '2026-11-02') => {
  for (const title of titles) session.write(`posts/${title.toLowerCase()}.md`, post(title, date))
}

describe('posts that the schedule finds', () => {
  test('are mailed at once where they are three', async () => {
    const session = await openBlog()
    writeAll(session, TITLES.slice(1))
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Coffee', 'ada: Jam', 'ada: Tea'])
  })

  test('wait for the author where they are four at once, and say why and how to go on', async () => {
    const session = await openBlog()
    writeAll(session, TITLES)
    expect(await session.posthorn('plan')).toMatchInlineSnapshot(`
      "$ posthorn plan
      the next round mails 4 issues:
        Cake  to 1 person, held until you release it: 4 posts became new at once
        Coffee  to 1 person, held until you release it: 4 posts became new at once
        Jam  to 1 person, held until you release it: 4 posts became new at once
        Tea  to 1 person, held until you release it: 4 posts became new at once
      the next digests:
        daily    Tue 3 Nov 2026, 08:00 Europe/Berlin  nothing new so far
        weekly   Mon 9 Nov 2026, 08:00 Europe/Berlin  nothing new so far
        monthly  Tue 1 Dec 2026, 08:00 Europe/Berlin  nothing new so far"
    `)
    const told = await session.posthorn('worker --once')
    expect(
      told.split('\n').filter((line) => line.includes('issue') || line.includes('mail')),
    ).toMatchInlineSnapshot(`
      [
        "issue #1, Cake: for 1 person, held: 4 posts became new at once",
        "  to let it go: posthorn issues release 1",
        "issue #2, Coffee: for 1 person, held: 4 posts became new at once",
        "  to let it go: posthorn issues release 2",
        "issue #3, Jam: for 1 person, held: 4 posts became new at once",
        "  to let it go: posthorn issues release 3",
        "issue #4, Tea: for 1 person, held: 4 posts became new at once",
        "  to let it go: posthorn issues release 4",
        "no mail was due",
      ]
    `)
    expect(await session.posthorn('status')).toMatchInlineSnapshot(`
      "$ posthorn status
      posts        4
      subscribers  1 confirmed, 0 unconfirmed, 0 unsubscribed, 0 suppressed
      messages     4 queued, 0 sending, 0 sent, 0 failed, 0 skipped, 0 unknown
      digests      daily Tue 3 Nov 2026, 08:00 Europe/Berlin: nothing new so far
                   weekly Mon 9 Nov 2026, 08:00 Europe/Berlin: nothing new so far
                   monthly Tue 1 Dec 2026, 08:00 Europe/Berlin: nothing new so far
      issue #4, Tea: 1 queued (held: 4 posts became new at once)
      issue #3, Jam: 1 queued (held: 4 posts became new at once)
      issue #2, Coffee: 1 queued (held: 4 posts became new at once)
      issue #1, Cake: 1 queued (held: 4 posts became new at once)"
    `)
    expect(await session.posthorn('issues show 2')).toContain(
      'to let it go: posthorn issues release 2; to drop it: posthorn issues cancel 2',
    )
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual([])
    expect(await session.posthorn('issues release 2 #3')).toMatchInlineSnapshot(`
      "$ posthorn issues release 2 #3
      issue #2, Coffee: released; a running worker sends it
      issue #3, Jam: released; a running worker sends it"
    `)
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Coffee', 'ada: Jam'])
  })

  test('do not count as many where the author repeats some of them on purpose', async () => {
    const session = await openBlog()
    writeAll(session, TITLES.slice(1))
    await session.posthorn('worker --once')
    session.setClock('2026-11-03T09:00:00Z')
    for (const title of ['Coffee', 'Jam', 'Tea'])
      session.write(
        `posts/${title.toLowerCase()}.md`,
        `---\ntitle: ${title}\ndate: 2026-11-02\nedition: 2\n---\n\nAgain.\n`,
      )
    session.write('posts/cake.md', post('Cake', '2026-11-03'))
    await session.posthorn('worker --once')
    expect(mail(session)).toHaveLength(7)
  })

  test.each([
    [30, '2026-10-03T08:00:00Z', true],
    [31, '2026-10-02T08:00:00Z', false],
  ])('wait for the author where they are dated %i days ago: no news', async (days, date, isNews) => {
    const session = await openBlog()
    session.write('posts/old.md', post('Old', date))
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(isNews ? ['ada: Old'] : [])
    if (!isNews)
      expect(await session.posthorn('issues list')).toContain(`(held: "Old" is dated ${days} days ago)`)
  })

  test('wait where one went and another came, which may be the same with another text', async () => {
    const session = await openBlog()
    writeAll(session, ['Tea'])
    await session.posthorn('worker --once')
    session.setClock('2026-11-02T10:00:00Z')
    remove(session, 'posts/tea.md')
    session.write(
      'posts/infusions.md',
      post('Infusions', '2026-11-01', 'Quite another thing to say of leaves.'),
    )
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Tea'])
    expect(await session.posthorn('issues list')).toMatchInlineSnapshot(`
      "$ posthorn issues list
      issue #2, Infusions: 1 queued (held: it came as "Tea" went, and may be the same post with another text)
      issue #1, Tea: 1 sent (sent)"
    `)
    // The next round, long after, is not in doubt about what comes then.
    session.setClock('2026-11-04T10:00:00Z')
    session.write('posts/jam.md', post('Jam', '2026-11-04'))
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Jam', 'ada: Tea'])
  })

  test('do not wait because a draft went that nobody was ever mailed', async () => {
    const session = await openBlog()
    session.write('posts/idea.md', '---\ntitle: An idea\ndate: 2026-11-02\ndraft: true\n---\nSomething.')
    await session.posthorn('worker --once')
    remove(session, 'posts/idea.md')
    session.write('posts/jam.md', post('Jam', '2026-11-02'))
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Jam'])
  })

  test('wait until their files were unchanged for the settle time, and the plan says until when', async () => {
    const session = await openBlog(undefined, { newsletter: { settle: '10m' } })
    writeAll(session, ['Tea'])
    const waiting = (await session.posthorn('plan')).split('\n').slice(-1)[0]
    expect(waiting).toBe(
      '  Tea (posts/tea.md): its file has to be unchanged until Mon 2 Nov 2026, 10:10 Europe/Berlin',
    )
    session.setClock('2026-11-02T09:05:00Z')
    session.write('posts/tea.md', post('Tea', '2026-11-02', 'Better.'))
    session.setClock('2026-11-02T09:10:00Z')
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual([])
    session.setClock('2026-11-02T09:15:00Z')
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Tea'])
  })

  test('go out in the round that finds them where the settle time is 0', async () => {
    const session = await openBlog(undefined, { newsletter: { settle: '0' } })
    writeAll(session, ['Tea'])
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Tea'])
  })

  test('and that are dated to come wait for their date', async () => {
    const session = await openBlog()
    session.write('posts/tea.md', post('Tea', '2026-11-02T12:00:00Z'))
    expect(await session.posthorn('plan')).toContain(
      'Tea (posts/tea.md): its date is Mon 2 Nov 2026, 13:00 Europe/Berlin',
    )
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual([])
    session.setClock('2026-11-02T12:00:00Z')
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Tea'])
  })
})

describe('an issue that is held', () => {
  async function heldBlog(readers?: Record<string, string>): Promise<Session> {
    const session = await openBlog(readers)
    session.write('posts/old.md', post('Old', '2026-01-01'))
    await session.posthorn('worker --once')
    return session
  }

  test('goes out as its post was mended meanwhile, dated by its release, and is called what it says', async () => {
    const session = await heldBlog()
    session.setClock('2026-11-04T09:00:00Z')
    session.write('posts/old.md', post('Old but good', '2026-01-01', 'Mended text.'))
    expect(await session.posthorn('issues release 1')).toMatchInlineSnapshot(`
      "$ posthorn issues release 1
      issue #1, Old: released; a running worker sends it"
    `)
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Old but good'])
    const [message = ''] = Object.values(session.files('outbox/new'))
    expect(message).toContain('Mended text.')
    expect(message).toMatch(/^Date: Wed, 0?4 Nov 2026 09:00:00 \+0000$/m)
    expect(await states(session)).toEqual(['#1 Old but good: sent'])
  })

  test('is not released while its post is gone or hidden, and says so', async () => {
    const session = await heldBlog()
    remove(session, 'posts/old.md')
    expect(await session.posthorn('issues release 1')).toMatchInlineSnapshot(`
      "$ posthorn issues release 1
      ! posthorn: issue #1 cannot go: a post of it is gone, hidden, not for mail or cannot be read
      ! try: mend the post, or drop the issue with \`posthorn issues cancel 1\`
      (exit 1)"
    `)
    session.setClock('2026-11-02T10:00:00Z')
    session.write('posts/old.md', '---\ntitle: Old\ndate: 2026-01-01\ndraft: true\n---\nx')
    expect(await session.posthorn('issues release 1')).toMatchInlineSnapshot(`
      "$ posthorn issues release 1
      ! posthorn: issue #1 cannot go: "Old" (posts/old.md) is gone, hidden, not for mail or cannot be read
      ! try: mend the post, or drop the issue with \`posthorn issues cancel 1\`
      (exit 1)"
    `)
    expect(await states(session)).toEqual(['#1 Old: held'])
  })

  test('is not released while its template has a fault, nor is anything new sent, and both say where', async () => {
    const session = await heldBlog()
    const fault =
      "templates/issue.mjml:2: {{ subscriber.name | upcase }} would be the same for all readers; print it, such as {{ subscriber.name | default: 'there' }}"
    session.write('templates/issue.mjml', "{% layout 'frame.mjml' %}\n{{ subscriber.name | upcase }}")
    expect(await session.posthorn('issues release 1')).toContain(fault)
    session.write('posts/tea.md', post('Tea', '2026-11-02'))
    expect(await session.posthorn('plan tea')).toContain(fault)
    session.setClock('2026-11-03T09:00:00Z')
    expect(await session.posthorn('worker --once')).toContain(fault)
    expect(await states(session)).toEqual(['#1 Old: held'])
    expect(mail(session)).toEqual([])
  })

  test('that is cancelled goes to nobody, now or ever by the schedule', async () => {
    const session = await heldBlog()
    expect(await session.posthorn('issues cancel 1')).toMatchInlineSnapshot(`
      "$ posthorn issues cancel 1
      issue #1, Old: cancelled; 1 message will not be sent"
    `)
    session.write('posts/tea.md', post('Tea', '2026-11-02'))
    await session.posthorn('worker --once')
    session.setClock('2026-12-03T09:00:00Z')
    session.write('posts/old.md', post('Old', '2026-01-01', 'Changed.'))
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Tea'])
    expect(await session.posthorn('issues release 1')).toMatchInlineSnapshot(`
      "$ posthorn issues release 1
      ! posthorn: issue #1, Old, is cancelled: there is nothing to release, it is not held
      ! try: \`posthorn issues show 1\` tells how it stands
      (exit 1)"
    `)
  })

  test('does not keep others waiting', async () => {
    const session = await heldBlog()
    session.write('posts/tea.md', post('Tea', '2026-11-02'))
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Tea'])
    await session.posthorn('issues release 1')
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Old', 'ada: Tea'])
  })

  test('may be a digest, with one post in doubt among others', async () => {
    const session = await openBlog({ ada: 'weekly' })
    session.write('posts/old.md', post('Old', '2026-01-01'))
    session.write('posts/tea.md', post('Tea', '2026-11-02'))
    await session.posthorn('worker --once')
    session.setClock('2026-11-09T09:00:00Z')
    expect((await session.posthorn('plan')).split('\n')[2]).toBe(
      '  weekly digest: Tea; Old  to 1 person, held until you release it: "Old" is dated 305 days ago',
    )
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual([])
    await session.posthorn('issues release 1')
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: A test blog: Tea and 1 more'])
  })

  test('once released settles the doubt for the digest as well', async () => {
    const session = await heldBlog({ ada: 'instant', grace: 'weekly' })
    await session.posthorn('issues release 1')
    session.setClock('2026-11-09T09:00:00Z')
    await session.posthorn('worker --once')
    expect(mail(session)).toEqual(['ada: Old', 'grace: A test blog: Old'])
  })

  test('is never what the author sends by hand', async () => {
    const session = await openBlog({ ada: 'instant', grace: 'weekly' })
    for (const title of TITLES) session.write(`posts/${title.toLowerCase()}.md`, post(title, '2026-01-01'))
    expect(await session.posthorn('send tea --yes')).toContain('issue #1, Tea: 2 sent')
    expect(await session.posthorn('send --digest weekly --yes')).toMatch(/issue #2, A test blog: .*: 1 sent/)
    expect(await session.posthorn('plan cake')).not.toContain('held')
  })
})
