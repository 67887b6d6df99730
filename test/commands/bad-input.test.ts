import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { makeSite, post } from '../site.ts'
import { emptyFolder, openSession, openSite, type Session } from './session.ts'

/** Every fault that a post can have, each in a file of its own. */
function writeFaults({ write, folder }: Session): void {
  const fields = (text: string) => `---\n${text}\n---\n\nText.\n`
  write('posts/broken-yaml.md', fields('title: [Broken\ndate: 2026-11-01'))
  write('posts/unclosed.md', '---\ntitle: Unclosed\ndate: 2026-11-01\n\nThe text: it begins.\n')
  write('posts/no-title.md', fields('date: 2026-11-01'))
  write('posts/no-date.md', fields('title: No date'))
  write('posts/impossible-date.md', fields('title: Impossible\ndate: 2026-02-30'))
  write('posts/one-slug.md', fields('title: One\ndate: 2026-11-01\nslug: same'))
  write('posts/two-slug.md', fields('title: Two\ndate: 2026-11-01\nslug: same'))
  write('posts/one-id.md', fields('title: One\ndate: 2026-11-01\nid: urn:same'))
  write('posts/two-id.md', fields('title: Two\ndate: 2026-11-01\nid: urn:same'))
  write(
    'posts/bad-utf8.md',
    Buffer.concat([Buffer.from(fields('title: X\ndate: 2026-11-01')), Buffer.from([0xff])]),
  )
  write('posts/nul.md', fields('title: X\ndate: 2026-11-01\n').replace('Text', 'Te\0xt'))
  write('posts/large.md', Buffer.alloc(20_000_000, 'x'))
  symlinkSync(emptyFolder(), join(folder, 'posts/out'))
  symlinkSync('nowhere.md', join(folder, 'posts/dangling.md'))
}

/** What the first round left, and what comes back. */
async function openBlog(): Promise<Session> {
  const session = openSite()
  session.write('posts/old.md', post('Old', '2026-10-01'))
  await session.posthorn('build')
  await session.posthorn('subscribers add ada@example.org --confirmed')
  return session
}

describe('posts with faults', () => {
  test('build tells all of them with file, line and cure, and changes nothing', async () => {
    const session = await openBlog()
    const { posthorn, files, write } = session
    writeFaults(session)
    write('posts/fine.md', post('Fine', '2026-11-02'))
    const before = files()
    expect(await posthorn('build')).toMatchInlineSnapshot(`
      "$ posthorn build
      ! posts/bad-utf8.md:7: there are bytes here that are not UTF-8; save the file as UTF-8
      ! posts/broken-yaml.md:3: this is not YAML: flow sequence in block collection must be sufficiently indented and end with a ]
      ! posts/dangling.md: this symlink leads nowhere; mend it or take it away
      ! posts/impossible-date.md:3: "date" is "2026-02-30", which does not exist; write it as 2026-01-31
      ! posts/large.md: this file has SIZE, and a post may have 5.0; keep pictures and data in files of their own
      ! posts/no-date.md: there is no date; write "date: 2026-01-31" in the front matter, or begin the file name with one
      ! posts/no-title.md: there is no title; write "title:" in the front matter, or begin the text with "# Title"
      ! posts/nul.md:7: there is a NUL byte here; take it out
      ! posts/one-id.md:4: "id" is "urn:same", and so it is in posts/two-id.md; give each its own "id"
      ! posts/one-slug.md:4: "slug" is "same", and so it is in posts/two-slug.md; give each its own "slug"
      ! posts/out: this symlink leads out of the posts folder and is not followed; copy what it leads to into the folder
      ! posts/two-id.md:4: "id" is "urn:same", and so it is in posts/one-id.md; give each its own "id"
      ! posts/two-slug.md:4: "slug" is "same", and so it is in posts/one-slug.md; give each its own "slug"
      ! posts/unclosed.md:1: the front matter has no closing "---"; put one on a line of its own below its last key
      ! posthorn: 14 faults, nothing was changed
      (exit 1)"
    `)
    expect(files()).toEqual(before)
  })

  test('build changes nothing either where two pages would have one place', async () => {
    const session = openSite({ posts: { link: '/{slug}.html' } })
    const { posthorn, files, write } = session
    write('posts/old.md', post('Old', '2026-10-01'))
    await posthorn('build')
    const before = files('public')
    write('posts/index.md', post('Index', '2026-11-02'))
    expect(await posthorn('build')).toMatchInlineSnapshot(`
      "$ posthorn build
      ! posts/index.md: its page would be index.html, which is the page of the list of posts; give it another slug
      ! posthorn: 1 fault, nothing was changed
      (exit 1)"
    `)
    expect(files('public')).toEqual(before)
  })

  test('the worker goes on with the rest: what can be read is published and mailed', async () => {
    const session = await openBlog()
    const { posthorn, write, read, json } = session
    writeFaults(session)
    write('posts/fine.md', post('Fine', '2026-11-02'))
    write('posts/old.md', '---\ntitle: [Old\n---\n')
    const said = await posthorn('worker --once')
    expect(said.split('\n').filter((line) => /^! posts\//.test(line))).toHaveLength(15)
    expect(
      said
        .split('\n')
        .filter((line) => !/^!/.test(line))
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "$ posthorn worker --once
      2 posts read from posts
        public/rss.xml SIZE  2 entries
        public/atom.xml SIZE  2 entries
        public/feed.json SIZE  2 entries
        public/feeds.opml SIZE  all feeds          unchanged
        public/ SIZE  4 pages and files  3 written
      issue #1, Fine: for 1 person
      messages: 1 sent"
    `)
    expect(read('public/rss.xml')).toContain('<title>Old</title>')
    expect(read('public/rss.xml')).toContain('<title>Fine</title>')
    expect(((await json('status --json')) as { faults: unknown[] }).faults).toHaveLength(15)
  })

  test('a posts folder that is a file or is not there is a fault, and no reason to empty the feeds', async () => {
    const { posthorn, folder, read, write } = await openBlog()
    const feed = read('public/rss.xml')
    renameSync(join(folder, 'posts'), join(folder, 'away'))
    expect(await posthorn('build')).toMatchInlineSnapshot(`
      "$ posthorn build
      ! posts: there is no such folder; make it, or name another one as "posts.folder" in the configuration
      ! posthorn: 1 fault, nothing was changed
      (exit 1)"
    `)
    write('posts', 'a file')
    expect(await posthorn('build')).toMatchInlineSnapshot(`
      "$ posthorn build
      ! posts: this folder cannot be read (ENOTDIR); a file stands in its place; name another folder as "posts.folder"
      ! posthorn: 1 fault, nothing was changed
      (exit 1)"
    `)
    await posthorn('worker --once')
    expect(read('public/rss.xml')).toBe(feed)
  })
})

describe('a configuration with faults', () => {
  const config = (text: string) => {
    const session = openSession()
    session.write('config.json', text)
    return session.posthorn('build')
  }

  test('each is told with its line and what to write', async () => {
    expect(
      await config(`{
  "site": { "title": "", "url": "blog.example", "timeZone": "Mars/Olympus", "langauge": "en" },
  "posts": { "link": "/posts/" },
  "newsletter": { "from": { "name": "A", "email": "a@b@c" }, "settle": "soon", "digests": { "weekly": "Monday" } },
  "transports": [{ "kind": "smtp", "host": "mail.example", "dkim": {} }],
  "database": { "url": "postgres://x" },
  "web": { "url": "http://blog.example", "listen": "8025" }
}`),
    ).toMatchInlineSnapshot(`
      "$ posthorn build
      ! config.json:2: "site.title" is ""; write some text
      ! config.json:2: "site.url" is "blog.example"; write a full address such as "https://blog.example"
      ! config.json:2: "site.timeZone" is "Mars/Olympus"; write a time zone such as "Europe/Berlin" or "UTC"
      ! config.json:2: "site.langauge" is unknown; did you mean "language"?
      ! config.json:3: "posts.link" is "/posts/"; it needs "{slug}", or all posts would share one page
      ! config.json:4: "newsletter.from.email" is "a@b@c"; it has more than one "@"; write one address
      ! config.json:4: "newsletter.settle" is "soon"; write it as "10m", "1h" or "0"
      ! config.json:4: "newsletter.digests.weekly" is "Monday"; write it as "Mon 08:00"
      ! config.json:5: "transports[0].dkim.domain" is missing; it has no default
      ! config.json:5: "transports[0].dkim.selector" is missing; it has no default
      ! config.json:5: "transports[0].dkim.privateKeyFile" is missing; it has no default
      ! config.json:6: "database.url" is "postgres://x"; write it as "sqlite:data/posthorn.db"
      ! config.json:7: "web.url" is "http://blog.example"; links in messages carry tokens, so write an https address (http is for localhost alone)
      ! config.json:7: "web.listen" is "8025"; write it as "127.0.0.1:8025"
      ! posthorn: 14 faults, nothing was changed
      (exit 1)"
    `)
  })

  test('what is no JSON, or no configuration at all', async () => {
    expect(await config('{ "site": { "title": "A", } }')).toMatchInlineSnapshot(`
      "$ posthorn build
      ! config.json:1: this is not JSON: Expected double-quoted property name; look for a comma too many or too few
      ! posthorn: 1 fault, nothing was changed
      (exit 1)"
    `)
    expect(await config('{}')).toMatchInlineSnapshot(`
      "$ posthorn build
      ! config.json: "site" is missing; it has no default
      ! config.json: "newsletter" is missing; it has no default
      ! posthorn: 2 faults, nothing was changed
      (exit 1)"
    `)
    expect(await config('')).toMatchInlineSnapshot(`
      "$ posthorn build
      ! config.json:1: this is not JSON: Unexpected end of JSON input; look for a comma too many or too few
      ! posthorn: 1 fault, nothing was changed
      (exit 1)"
    `)
  })

  test('a secret that the environment does not have', async () => {
    expect(
      await config(
        `{ "site": { "title": "A", "url": "https://a.example" }, "secret": { "env": "POSTHORN_SECRET" },
           "newsletter": { "from": { "name": "A", "email": "a@a.example" } } }`,
      ),
    ).toMatchInlineSnapshot(`
      "$ posthorn build
      ! config.json:1: "secret" is in the environment variable POSTHORN_SECRET, which is not set; set it, or write the value
      ! posthorn: 1 fault, nothing was changed
      (exit 1)"
    `)
  })
})

describe('a database', () => {
  const shell = ({ folder }: Session, sql: string) => {
    const database = new DatabaseSync(join(folder, 'data/posthorn.db'))
    database.exec(sql)
    database.close()
  }

  test('from a newer version is left alone', async () => {
    const session = await openBlog()
    shell(session, `insert into kysely_migration values ('9999-of-the-future', '2030-01-01')`)
    const before = session.files('data')
    expect(await session.posthorn('worker --once')).toMatchInlineSnapshot(`
      "$ posthorn worker --once
      ! posthorn: SITE/data/posthorn.db: this database is from a newer Posthorn (it knows "9999-of-the-future", this one does not)
      ! try: update Posthorn, or restore a backup made by this version
      (exit 1)"
    `)
    expect(session.files('data')['posthorn.db']).toBe(before['posthorn.db'])
  })

  test('that is none, or a folder, is told and left alone', async () => {
    const session = openSite()
    session.write('data/posthorn.db', 'Dear diary, '.repeat(100))
    expect(await session.posthorn('status')).toMatchInlineSnapshot(`
      "$ posthorn status
      ! posthorn: SITE/data/posthorn.db: this file is not a sound SQLite database
      ! try: move it away, and put a backup in its place
      (exit 1)"
    `)
    expect(session.read('data/posthorn.db')).toContain('Dear diary')
    const other = openSite()
    mkdirSync(join(other.folder, 'data/posthorn.db'), { recursive: true })
    expect(await other.posthorn('status')).toMatchInlineSnapshot(`
      "$ posthorn status
      ! posthorn: SITE/data/posthorn.db: the database cannot be opened
      ! try: look at the permissions of its folder, and that no folder stands in its place
      (exit 1)"
    `)
  })
})

test('a feeds folder in whose place a file stands is told, and the file left alone', async () => {
  const { posthorn, folder, write, read } = openSite()
  write('posts/old.md', post('Old', '2026-10-01'))
  writeFileSync(join(folder, 'public'), 'mine')
  expect(await posthorn('build')).toMatchInlineSnapshot(`
    "$ posthorn build
    ! posthorn: SITE/public/posts/old/index.html: cannot be written: a file stands where a folder has to be
    ! try: move that file away, or name another folder
    (exit 1)"
  `)
  expect(read('public')).toBe('mine')
})

test('a full disk stops a round with what it kept so far, and the next one mails what is left, once', async () => {
  const site = await makeSite()
  await site.round()
  await site.join('ada@example.org')
  for (let number = 1; number <= 8; number++)
    site.write(`${number}.md`, post(`Post ${number}`, '2026-11-02', 'A long story. '.repeat(1_000)))
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(site.db)
  // SQLite answers a limit of its own as it answers a full disk. Each step gives a little room, and takes it again.
  let failures = 0
  for (let room = 10; room <= 60; room += 10) {
    await sql.raw(`pragma max_page_count = ${(rows[0]?.page_count ?? 0) + room}`).execute(site.db)
    const failure = await site.round().then(
      () => null,
      (error: Error) => error,
    )
    if (failure) expect(failure.message).toMatch(/posthorn\.db: the disk is full$/)
    if (failure) failures++
  }
  expect(failures).toBeGreaterThan(1)
  await sql`pragma max_page_count = 1000000`.execute(site.db)
  await site.round()
  // Eight at once are held until the author has looked.
  expect(await site.mail()).toEqual([])
  await site.release()
  await site.round()
  expect(await site.mail()).toEqual(Array.from({ length: 8 }, (_, at) => `ada@example.org: Post ${at + 1}`))
}, 60_000)
