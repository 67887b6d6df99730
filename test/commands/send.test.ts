import { SMTPServer } from 'smtp-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { post } from '../site.ts'
import { openSite, type Session } from './session.ts'

/** A site with an old post and three readers. */
async function openBlog(settings: Record<string, object> = {}): Promise<Session> {
  const session = openSite(settings)
  session.write('posts/old.md', post('Old', '2026-10-01'))
  await session.posthorn('build')
  for (const [name, rhythm] of [
    ['ada', 'instant'],
    ['grace', 'instant'],
    ['alan', 'weekly'],
  ])
    await session.posthorn(`subscribers add ${name}@example.org --confirmed --rhythm ${rhythm}`)
  return session
}

const inbox = (session: Session) => Object.keys(session.files('outbox/new')).length

describe('a send by hand', () => {
  test('shows the plan, and asks before mail goes to more than one', async () => {
    const session = await openBlog()
    const { posthorn } = session
    expect(await posthorn('plan old')).toMatchInlineSnapshot(`
      "$ posthorn plan old
      subject  Old
      posts    Old
      to       3 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN"
    `)
    expect(await posthorn('send old')).toMatchInlineSnapshot(`
      "$ posthorn send old
      subject  Old
      posts    Old
      to       3 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      ! posthorn: this goes to 3 people, and nobody is here to be asked
      ! try: say \`--yes\` to send it, or \`--dry-run\` to look first
      (exit 1)"
    `)
    expect(await posthorn('send old --dry-run')).toMatchInlineSnapshot(`
      "$ posthorn send old --dry-run
      subject  Old
      posts    Old
      to       3 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      ! a dry run: nothing was sent"
    `)
    expect(await posthorn('send old', { types: 'n\n' })).toMatchInlineSnapshot(`
      "$ posthorn send old
      subject  Old
      posts    Old
      to       3 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      ! Send this to 3 people? [y/N] n
      ! nothing was sent
      (exit 1)"
    `)
    expect(await posthorn('issues list')).toMatchInlineSnapshot(`
      "$ posthorn issues list
      ! no issue yet"
    `)
    expect(await posthorn('send old --to ada@example.org')).toMatchInlineSnapshot(`
      "$ posthorn send old --to ada@example.org
      subject  Old
      posts    Old
      to       1 person
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      issue #1, Old: 1 sent"
    `)
    expect(await posthorn('send old', { types: 'y\n' })).toMatchInlineSnapshot(`
      "$ posthorn send old
      subject   Old
      posts     Old
      to        2 people
      when      now
      size      HTML SIZE, text SIZE
      left out  1 has it already
      plan      PLAN
      ! Send this to 2 people? [y/N] y
      issue #2, Old: 2 sent"
    `)
    expect(await posthorn('send old')).toMatchInlineSnapshot(`
      "$ posthorn send old
      subject   -
      posts     Old
      to        nobody
      when      now
      left out  3 have it already
      ! nobody is left to send it to"
    `)
    expect(inbox(session)).toBe(3)
  })

  test('with --yes asks nobody, and takes what its plan showed or nothing', async () => {
    const session = await openBlog()
    const { posthorn, json, write, setClock } = session
    const idOf = async () => ((await json('plan old --json')) as { plan: string }).plan
    const plan = await idOf()
    setClock('2026-11-02T10:00:00Z')
    write('posts/old.md', post('Old', '2026-10-01', 'A better text.'))
    const refused = (await posthorn(`send posts/old.md --plan ${plan} --yes`)).replaceAll(plan, 'PLAN')
    const now = await idOf()
    expect(refused.replaceAll(now, 'NOW')).toMatchInlineSnapshot(`
      "$ posthorn send posts/old.md --plan PLAN --yes
      ! posthorn: the plan PLAN is no longer what would be sent: that is NOW now
      ! try: posts or subscribers have changed since; look at it again with \`posthorn plan\`
      (exit 1)"
    `)
    expect(
      (await posthorn(`send posts/old.md --plan ${now} --yes`)).replaceAll(now, 'NOW'),
    ).toMatchInlineSnapshot(`
      "$ posthorn send posts/old.md --plan NOW --yes
      subject  Old
      posts    Old
      to       3 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      issue #1, Old: 3 sent"
    `)
  })

  test('at a later time is planned, and goes out then', async () => {
    const session = await openBlog()
    const { posthorn, setClock } = session
    expect(await posthorn('send old --yes --at "2026-11-04 18:00"')).toMatchInlineSnapshot(`
      "$ posthorn send old --yes --at "2026-11-04 18:00"
      subject  Old
      posts    Old
      to       3 people
      when     Wed 4 Nov 2026, 18:00 Europe/Berlin
      size     HTML SIZE, text SIZE
      plan     PLAN
      ! issue #1, Old: planned for Wed 4 Nov 2026, 18:00 Europe/Berlin; a running worker sends it then"
    `)
    expect(await posthorn('send old --yes')).toMatchInlineSnapshot(`
      "$ posthorn send old --yes
      subject   -
      posts     Old
      to        nobody
      when      now
      left out  3 have it already
      ! nobody is left to send it to"
    `)
    expect(await posthorn('issues list')).toMatchInlineSnapshot(`
      "$ posthorn issues list
      issue #1, Old: 3 queued (planned)"
    `)
    expect(inbox(session)).toBe(0)
    setClock('2026-11-04T17:00:00Z')
    expect(await posthorn('worker --once')).toMatchInlineSnapshot(`
      "$ posthorn worker --once
      1 post read from posts
        public/rss.xml SIZE  1 entry            unchanged
        public/atom.xml SIZE  1 entry            unchanged
        public/feed.json SIZE  1 entry            unchanged
        public/feeds.opml SIZE  all feeds          unchanged
        public/ SIZE  3 pages and files  unchanged
      messages: 3 sent"
    `)
    expect(inbox(session)).toBe(3)
  })

  test('of a digest goes ahead of its hour', async () => {
    const { posthorn, write } = await openBlog()
    expect(await posthorn('plan --digest weekly')).toMatchInlineSnapshot(`
      "$ posthorn plan --digest weekly
      subject   -
      posts     nothing is new
      to        nobody
      when      now
      left out  2 of another rhythm, 1 with nothing new"
    `)
    expect(await posthorn('send --digest weekly')).toMatchInlineSnapshot(`
      "$ posthorn send --digest weekly
      subject   -
      posts     nothing is new
      to        nobody
      when      now
      left out  2 of another rhythm, 1 with nothing new
      ! nothing is new, so nothing is sent"
    `)
    write('posts/news.md', post('News', '2026-11-02'))
    expect(await posthorn('send --digest weekly')).toMatchInlineSnapshot(`
      "$ posthorn send --digest weekly
      subject   A test blog: News
      posts     News
      to        1 person
      when      now
      size      HTML SIZE, text SIZE
      left out  2 of another rhythm
      plan      PLAN
      issue #1, A test blog: News: 1 sent"
    `)
  })

  test('of a digest of many posts names ten of them, as they stand in it, and says how many there are', async () => {
    const from = { name: 'A test blog', email: 'news@blog.example' }
    const { posthorn, write } = await openBlog({ newsletter: { from, digests: { order: 'oldest' } } })
    for (let day = 1; day <= 12; day++)
      write(`posts/day-${day}.md`, post(`Day ${day}`, `2026-10-${String(day + 10)}`))
    expect(await posthorn('plan --digest weekly')).toMatch(/^posts +Day 1; .*; Day 10; and 2 more$/m)
  })

  test('as a test goes to one address, draft or not, and is counted for nobody', async () => {
    const { posthorn, write, json } = await openBlog()
    write('posts/draft.md', '---\ntitle: Draft\ndate: 2026-11-01\ndraft: true\n---\nx')
    const answer = await posthorn('send draft --test me@example.org')
    expect(answer.replace(/\w{32}/, 'ID')).toMatchInlineSnapshot(`
      "$ posthorn send draft --test me@example.org
      test to me@example.org: sent (outbox/new/ID@blog.example)"
    `)
    expect(await json('send draft --test me@example.org --json')).toMatchObject({
      test: 'me@example.org',
      state: 'sent',
    })
    expect(await posthorn('issues list')).toMatchInlineSnapshot(`
      "$ posthorn issues list
      ! no issue yet"
    `)
    expect(await posthorn('send draft --yes')).toMatchInlineSnapshot(`
      "$ posthorn send draft --yes
      ! posthorn: "Draft" is not mailed: it is a draft
      ! try: take "draft: true" out of its front matter; \`--test ADDRESS\` sends it to one address as a test
      (exit 1)"
    `)
  })

  test('says what it cannot do, and what to try', async () => {
    const { posthorn, write } = await openBlog()
    write('posts/later.md', post('Later', '2026-11-05'))
    write('posts/quiet.md', '---\ntitle: Quiet\ndate: 2026-11-01\nmail: false\n---\nx')
    const said: string[] = []
    for (const line of [
      'send',
      'send nothing-like-it',
      'send ol',
      'send later',
      'send quiet',
      'send old --digest weekly',
      'send --digest weekly --to ada@example.org',
      'send --digest weekly --test ada@example.org',
      'send old --at tomorrow',
      'send old --at 2026-02-30',
      'send old --at 2026-11-02T08:59:00Z',
      'send old --to nobody@example.org',
      'send old --to ada@example.org,grace@example.org',
      'send old --test "Ada <ada@example.org>"',
      'send --digest yearly',
    ])
      said.push(await posthorn(line))
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "$ posthorn send
      ! posthorn: nothing is named to be sent
      ! try: \`posthorn send POST\`, by slug or file, or \`posthorn send --digest weekly\`
      (exit 2)
      $ posthorn send nothing-like-it
      ! posthorn: there is no post "nothing-like-it"
      ! try: name it by its slug or its file, such as posts/hello.md; a post with a fault is not there: see \`posthorn status\`
      (exit 1)
      $ posthorn send ol
      ! posthorn: there is no post "ol"
      ! try: one of these: old
      (exit 1)
      $ posthorn send later
      ! posthorn: "Later" is not mailed: its date is still to come
      ! try: wait, and it is mailed by itself; or change its date; \`--test ADDRESS\` sends it to one address as a test
      (exit 1)
      $ posthorn send quiet
      ! posthorn: "Quiet" is not mailed: its front matter says "mail: false"
      ! try: take that out; \`--test ADDRESS\` sends it to one address as a test
      (exit 1)
      $ posthorn send old --digest weekly
      ! posthorn: either posts or --digest can be named, not both
      ! try: run it once for each
      (exit 2)
      $ posthorn send --digest weekly --to ada@example.org
      ! posthorn: --to goes with posts, a digest is for all of its rhythm
      ! try: name the posts to send
      (exit 2)
      $ posthorn send --digest weekly --test ada@example.org
      ! posthorn: --test needs the posts to test with
      ! try: \`posthorn send POST --test you@example.org\`
      (exit 2)
      $ posthorn send old --at tomorrow
      ! posthorn: --at is "tomorrow", which is no time
      ! try: write it as "2026-11-23 08:00" (Europe/Berlin) or 2026-11-23T08:00:00Z
      (exit 1)
      $ posthorn send old --at 2026-02-30
      ! posthorn: --at is "2026-02-30", which is no time
      ! try: write it as "2026-11-23 08:00" (Europe/Berlin) or 2026-11-23T08:00:00Z
      (exit 1)
      $ posthorn send old --at 2026-11-02T08:59:00Z
      ! posthorn: --at is "2026-11-02T08:59:00Z", which is past: Mon 2 Nov 2026, 09:59 Europe/Berlin
      ! try: leave it out to send now
      (exit 1)
      $ posthorn send old --to nobody@example.org
      ! posthorn: nobody@example.org is not a subscriber
      ! try: \`--test nobody@example.org\` sends one test message, counted for nobody
      (exit 1)
      $ posthorn send old --to ada@example.org,grace@example.org
      ! posthorn: "ada@example.org,grace@example.org" is no address: it has more than one "@"; write one address
      ! try: several are parted by spaces: --to ada@example.org grace@example.org
      (exit 1)
      $ posthorn send old --test "Ada <ada@example.org>"
      ! posthorn: "Ada <ada@example.org>" is no address: write one bare address, without a name, comma, space or < >
      (exit 1)
      $ posthorn send --digest yearly
      ! posthorn: option '--digest <rhythm>' argument 'yearly' is invalid. Allowed choices are daily, weekly, monthly.
      ! (--help shows how it is called)
      (exit 2)"
    `)
  })

  test('to an address that the mail server refuses ends with 3, and the issue says why', async () => {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo({ address }, _, done) {
        const refused = Object.assign(new Error('no such mailbox here'), { responseCode: 550 })
        done(address === 'grace@example.org' ? refused : null)
      },
      onData(stream, _, done) {
        stream.resume().on('end', () => done(null))
      },
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
    const address = server.server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { posthorn, json } = await openBlog({ transports: [{ kind: 'smtp', host: '127.0.0.1', port }] })
    expect(await posthorn('send old --yes')).toMatchInlineSnapshot(`
      "$ posthorn send old --yes
      subject  Old
      posts    Old
      to       3 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      issue #1, Old: 2 sent, 1 failed
      (exit 3)"
    `)
    expect(await posthorn('issues show 1')).toMatchInlineSnapshot(`
      "$ posthorn issues show 1
      issue #1, Old: 2 sent, 1 failed (sent)
        to try the failed ones again: posthorn issues retry 1
      kind        single, sent by hand
      due         Mon 2 Nov 2026, 10:00 Europe/Berlin
      sent        Mon 2 Nov 2026, 10:00 Europe/Berlin
      to          ada@example.org, grace@example.org, alan@example.org
      read it at  https://mail.blog.example/issues/1
      grace@example.org  failed  550 no such mailbox here"
    `)
    expect(await json('issues show 1 --json')).toMatchObject({
      deliveries: { sent: 2, failed: 1 },
      troubled: [{ address: 'grace@example.org', state: 'failed' }],
    })
    expect(await posthorn('issues show 7')).toMatchInlineSnapshot(`
      "$ posthorn issues show 7
      ! posthorn: there is no issue #7
      ! try: \`posthorn issues list\` names them
      (exit 1)"
    `)
  })

  test('with a key that cannot sign is refused while there is nothing to be sent later', async () => {
    const dkim = { domain: 'blog.example', selector: 'k', privateKeyFile: 'key.pem' }
    const session = await openBlog({ transports: [{ kind: 'maildir', dkim }] })
    session.write('key.pem', 'no key')
    for (const line of ['send old --yes', 'send old --yes --at 2027-01-01', 'send old --test me@example.org'])
      expect(await session.posthorn(line)).toMatch(
        /! posthorn: .*key\.pem: this is no private key.*\n.*\n\(exit 1\)$/,
      )
    expect(await session.json('issues list --json')).toEqual([])
  })

  test('while no mail server answers keeps the messages and says so', async () => {
    const { posthorn } = await openBlog({ transports: [{ kind: 'smtp', host: '127.0.0.1', port: 1 }] })
    expect(await posthorn('send old --yes')).toMatchInlineSnapshot(`
      "$ posthorn send old --yes
      subject  Old
      posts    Old
      to       3 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      issue #1, Old: 3 queued
      ! smtp 127.0.0.1:1 is left alone until 2026-11-02 09:01 UTC: connect ECONNREFUSED 127.0.0.1:1
      ! 3 messages will be tried again by the worker
      (exit 3)"
    `)
    expect(await posthorn('worker --once')).toMatchInlineSnapshot(`
      "$ posthorn worker --once
      1 post read from posts
        public/rss.xml SIZE  1 entry            unchanged
        public/atom.xml SIZE  1 entry            unchanged
        public/feed.json SIZE  1 entry            unchanged
        public/feeds.opml SIZE  all feeds          unchanged
        public/ SIZE  3 pages and files  unchanged
      no mail was due"
    `)
  })
})
