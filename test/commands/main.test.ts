import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { post } from '../site.ts'
import { openSession, openSite } from './session.ts'

describe('the command line', () => {
  test('answers wrong usage with 2, and says how to ask', async () => {
    const { posthorn } = openSite()
    const said: string[] = []
    for (const line of [
      'frobnicate',
      'status --frobnicate',
      'subscribers add',
      'build now',
      'subscribers frobnicate',
      'plan --at',
      'subscribers add ada@example.org --rhythm hourly',
    ])
      said.push(await posthorn(line))
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "$ posthorn frobnicate
      ! posthorn: unknown command 'frobnicate'
      ! (--help shows how it is called)
      (exit 2)
      $ posthorn status --frobnicate
      ! posthorn: unknown option '--frobnicate'
      ! (--help shows how it is called)
      (exit 2)
      $ posthorn subscribers add
      ! posthorn: missing required argument 'address'
      ! (--help shows how it is called)
      (exit 2)
      $ posthorn build now
      ! posthorn: too many arguments for 'build'. Expected 0 arguments but got 1: now.
      ! (--help shows how it is called)
      (exit 2)
      $ posthorn subscribers frobnicate
      ! posthorn: unknown command 'frobnicate'
      ! (--help shows how it is called)
      (exit 2)
      $ posthorn plan --at
      ! posthorn: option '--at <time>' argument missing
      ! (--help shows how it is called)
      (exit 2)
      $ posthorn subscribers add ada@example.org --rhythm hourly
      ! posthorn: option '--rhythm <rhythm>' argument 'hourly' is invalid. Allowed choices are instant, daily, weekly, monthly, paused.
      ! (--help shows how it is called)
      (exit 2)"
    `)
    expect(await posthorn('')).toMatch(/^! Usage: posthorn[\s\S]*\(exit 2\)$/m)
    expect(await posthorn('issues')).toMatch(/^! Usage: posthorn issues[\s\S]*\(exit 2\)$/m)
  })

  test('shows help and the version to who asks for them', async () => {
    const { posthorn } = openSession()
    expect(await posthorn('--version')).toMatch(/\n\d+\.\d+\.\d+$/)
    for (const line of ['--help', 'help', 'send --help', 'help send', 'subscribers add --help'])
      expect(await posthorn(line)).toMatch(/\nUsage: posthorn(?![\s\S]*exit)/)
  })

  test('needs a site, and says how to make one or name one', async () => {
    const { posthorn } = openSession()
    for (const line of [
      'build',
      'plan',
      'send hello',
      'worker --once',
      'status',
      'issues list',
      'subscribers list',
    ])
      expect(await posthorn(line)).toBe(
        `$ posthorn ${line}\n! posthorn: SITE: there is no config.json here, so this is not a site folder\n` +
          '! try: make one with `posthorn init FOLDER`, or name a configuration with `--config FILE`\n(exit 1)',
      )
    expect(await posthorn('status --config elsewhere.json')).toMatchInlineSnapshot(`
      "$ posthorn status --config elsewhere.json
      ! posthorn: SITE/elsewhere.json: cannot be read: there is no such file
      ! try: name an existing file with \`--config FILE\`, or make a site with \`posthorn init FOLDER\`
      (exit 1)"
    `)
  })

  test('takes --config anywhere on the line, a file or its folder, from where one is', async () => {
    const { posthorn } = openSession()
    await posthorn('init blog')
    for (const line of [
      '--config blog subscribers list',
      'subscribers --config blog list',
      'subscribers list --config blog/config.json',
      'subscribers --config=blog list',
    ])
      expect(await posthorn(line)).toBe(`$ posthorn ${line}\n! 0 subscribers`)
  })

  test('writes escape codes for a terminal alone', async () => {
    const { posthorn, write } = openSite()
    write('posts/hello.md', post('Hello', '2026-10-01'))
    // The session itself fails on a code that no terminal would get.
    for (const line of ['build', 'plan', 'plan hello', 'status', 'subscribers list', 'frobnicate', '--help'])
      await posthorn(line)
  })
})

describe('--json', () => {
  test('of status is the shape that programs rely on', async () => {
    const { posthorn, json, write } = openSite()
    write('posts/hello.md', post('Hello', '2026-10-01'))
    await posthorn('build')
    await posthorn('subscribers add ada@example.org --confirmed')
    await posthorn('subscribers add alan@example.org --confirmed --rhythm weekly')
    await posthorn('subscribers add grace@example.org')
    write('posts/news.md', post('News', '2026-11-02'))
    write('posts/broken.md', '---\ntitle: Broken\ndate: yesterday\n---\nx')
    await posthorn('worker --once')
    expect(await json('status --json')).toEqual({
      posts: 2,
      faults: [
        { file: 'posts/broken.md', line: 3, message: '"date" is "yesterday"; write it as 2026-01-31' },
      ],
      cuts: [],
      subscribers: { unconfirmed: 1, confirmed: 2, unsubscribed: 0 },
      suppressions: 0,
      turnedAway: { address: 0, network: 0, domain: 0, site: 0, unproved: 0 },
      brakes: [],
      hub: null,
      issues: [
        {
          number: 1,
          kind: 'single',
          state: 'sent',
          note: null,
          subject: 'News',
          posts: ['news'],
          deliveries: { queued: 0, sending: 0, sent: 1, failed: 0, skipped: 0, unknown: 0 },
        },
      ],
      next: [
        { rhythm: 'daily', at: '2026-11-03T07:00:00.000Z', posts: [], recipients: 0, later: 0 },
        { rhythm: 'weekly', at: '2026-11-09T07:00:00.000Z', posts: ['news'], recipients: 1, later: 0 },
        { rhythm: 'monthly', at: '2026-12-01T07:00:00.000Z', posts: [], recipients: 0, later: 0 },
      ],
    })
  })

  test('is all that stands on stdout, wherever it is offered', async () => {
    const { json, write, posthorn } = openSite()
    write('posts/hello.md', post('Hello', '2026-10-01'))
    write('posts/later.md', post('Later', '2026-11-05'))
    const built = (await json('build --json')) as { files: object[] }
    expect(built).toMatchObject({ posts: 2 })
    expect(built.files).toContainEqual({
      file: 'public/rss.xml',
      bytes: expect.any(Number),
      written: true,
      entries: 1,
    })
    await posthorn('subscribers add ada@example.org --confirmed')
    expect(await json('plan --json')).toMatchObject({
      issues: [],
      next: [{}, {}, {}],
      waiting: [{ post: 'later' }],
    })
    const plan = { kind: 'single', subject: 'Hello', posts: ['hello'], recipients: 1, leftOut: { haveIt: 0 } }
    expect(await json('plan hello --json')).toMatchObject(plan)
    expect(await json('send hello --dry-run --json')).toMatchObject({ ...plan, issue: null })
    expect(await json('send hello --json')).toMatchObject({ ...plan, issue: 1, deliveries: { sent: 1 } })
    expect(await json('send hello --json')).toMatchObject({ recipients: 0, issue: null })
    expect(await json('worker --once --json')).toMatchObject({
      posts: 2,
      issues: [],
      deliveries: { sent: 0 },
    })
    expect(await json('issues list --json')).toMatchObject([{ number: 1, deliveries: { sent: 1 } }])
    expect(await json('issues show 1 --json')).toMatchObject({ number: 1, origin: 'author', troubled: [] })
    expect(await json('subscribers list --json')).toMatchObject([
      { address: 'ada@example.org', status: 'confirmed' },
    ])
    expect(await json('subscribers show ada@example.org --json')).toMatchObject({
      consents: [{ act: 'added' }],
      deliveries: [{ issue: 1, state: 'sent' }],
    })
  })
})

describe('the first command of a site', () => {
  test('says that what is there is old, whichever it is', async () => {
    for (const line of ['build', 'plan', 'status', 'worker --once', 'send old --dry-run']) {
      const { posthorn, write } = openSite()
      write('posts/old.md', post('Old', '2026-10-01'))
      expect(await posthorn(line)).toContain(
        '! first round: 1 post recorded as old and mailed to nobody; what you write from now on is mailed\n' +
          '! to mail an old one: posthorn send old',
      )
      expect(await posthorn(line)).not.toContain('first round')
    }
  })
})

describe('init', () => {
  test('makes a site of a folder that has posts, and leaves them as they are', async () => {
    const { posthorn, write, files } = openSession()
    write('posts/mine.md', post('Mine', '2026-10-01'))
    write('posts/broken.md', 'no front matter')
    expect(await posthorn('init')).toMatchInlineSnapshot(`
      "$ posthorn init
      .: a new site with 1 post; what you write from now on is mailed
      ! posts/broken.md: there is no date; write "date: 2026-01-31" in the front matter, or begin the file name with one
      ! posts/broken.md: there is no title; write "title:" in the front matter, or begin the text with "# Title"
      !
      !   config.json               name your site: "site" and "newsletter.from"
      !   posthorn subscribers add you@example.org --confirmed
      !   posthorn worker           feeds, pages and mail, a round each minute"
    `)
    expect(Object.keys(files('posts'))).toEqual(['broken.md', 'mine.md'])
  })

  test('says what is in its way', async () => {
    const { posthorn, write, folder } = openSession()
    write('taken', 'a file')
    mkdirSync(join(folder, 'half'))
    write('half/posts', 'a file')
    expect(
      `${await posthorn('init taken')}\n${await posthorn('init taken/blog')}\n${await posthorn('init half')}`,
    ).toMatchInlineSnapshot(`
      "$ posthorn init taken
      ! posthorn: SITE/taken: a file stands here
      ! try: name another folder
      (exit 1)
      $ posthorn init taken/blog
      ! posthorn: SITE/taken/blog: cannot be written: a file stands where a folder has to be
      ! try: move that file away, or name another folder
      (exit 1)
      $ posthorn init half
      ! posthorn: SITE/half/posts: a file stands where the posts folder has to be
      ! try: move that file away, or name another folder
      (exit 1)"
    `)
  })
})
