import { expect, test } from 'vitest'
import { post } from '../site.ts'
import { openSession } from './session.ts'

test('an author’s first day', async () => {
  const { posthorn, write, setClock, files } = openSession()
  expect(await posthorn('init my-blog')).toMatchInlineSnapshot(`
    "$ posthorn init my-blog
    my-blog: a new site with 1 post; what you write from now on is mailed
    !
    !   cd my-blog
    !   config.json               name your site: "site" and "newsletter.from"
    !   posthorn subscribers add you@example.org --confirmed
    !   posthorn worker           feeds, pages and mail, a round each minute"
  `)
  expect(Object.keys(files()).sort()).toMatchInlineSnapshot(`
    [
      "my-blog/config.json",
      "my-blog/config.schema.json",
      "my-blog/data/posthorn.db",
      "my-blog/data/posthorn.files",
      "my-blog/data/posthorn.journal",
      "my-blog/posts/hello.md",
      "my-blog/public/atom.xml",
      "my-blog/public/feed.json",
      "my-blog/public/feeds.opml",
      "my-blog/public/index.html",
      "my-blog/public/posts/hello/index.html",
      "my-blog/public/rss.xml",
      "my-blog/public/sitemap.xml",
      "my-blog/public/tags/about/atom.xml",
      "my-blog/public/tags/about/feed.json",
      "my-blog/public/tags/about/index.html",
      "my-blog/public/tags/about/rss.xml",
      "my-blog/public/tags/index.html",
    ]
  `)
  expect(await posthorn('init my-blog')).toMatchInlineSnapshot(`
    "$ posthorn init my-blog
    ! posthorn: SITE/my-blog/config.json: there is a site here already
    ! try: name another folder, or run \`posthorn status\` in this one
    (exit 1)"
  `)
  expect(await posthorn('build --config my-blog')).toMatchInlineSnapshot(`
    "$ posthorn build --config my-blog
    1 post read from posts
      public/rss.xml SIZE  1 entry                       unchanged
      public/atom.xml SIZE  1 entry                       unchanged
      public/feed.json SIZE  1 entry                       unchanged
      public/feeds.opml SIZE  all feeds                     unchanged
      public/…/ SIZE  3 feeds of tags and the like  unchanged
      public/ SIZE  5 pages and files             unchanged"
  `)
  expect(await posthorn('--config my-blog/config.json plan')).toMatchInlineSnapshot(`
    "$ posthorn --config my-blog/config.json plan
    the next round mails nothing
    the next digests:
      daily    Tue 3 Nov 2026, 08:00 Europe/Berlin  nothing new so far
      weekly   Mon 9 Nov 2026, 08:00 Europe/Berlin  nothing new so far
      monthly  Tue 1 Dec 2026, 08:00 Europe/Berlin  nothing new so far"
  `)
  expect(
    await posthorn('subscribers --config my-blog add ada@example.org --confirmed'),
  ).toMatchInlineSnapshot(`
    "$ posthorn subscribers --config my-blog add ada@example.org --confirmed
    ada@example.org is a reader from now on (instant)"
  `)
  expect(
    await posthorn(
      'subscribers add alan@example.org --config my-blog --confirmed --name Alan --rhythm weekly',
    ),
  ).toMatchInlineSnapshot(`
    "$ posthorn subscribers add alan@example.org --config my-blog --confirmed --name Alan --rhythm weekly
    alan@example.org is a reader from now on (weekly)"
  `)
  write('my-blog/posts/news.md', post('News', '2026-11-02'))
  write('my-blog/posts/later.md', post('Later', '2026-11-05T12:00:00'))
  write('my-blog/posts/draft.md', '---\ntitle: Draft\ndate: 2026-11-01\ndraft: true\n---\nx')
  expect(await posthorn('plan --config my-blog')).toMatchInlineSnapshot(`
    "$ posthorn plan --config my-blog
    the next round mails nothing
    the next digests:
      daily    Tue 3 Nov 2026, 08:00 Europe/Berlin  nothing new so far
      weekly   Mon 9 Nov 2026, 08:00 Europe/Berlin  nothing new so far
      monthly  Tue 1 Dec 2026, 08:00 Europe/Berlin  nothing new so far
    not mailed yet:
      Draft (posts/draft.md): a draft
      Later (posts/later.md): its date is Thu 5 Nov 2026, 12:00 Europe/Berlin
      News (posts/news.md): its file has to be unchanged until Mon 2 Nov 2026, 10:10 Europe/Berlin"
  `)
  setClock('2026-11-02T09:10:00Z')
  expect(await posthorn('worker --once --config my-blog')).toMatchInlineSnapshot(`
    "$ posthorn worker --once --config my-blog
    4 posts read from posts
      public/rss.xml SIZE  2 entries
      public/atom.xml SIZE  2 entries
      public/feed.json SIZE  2 entries
      public/feeds.opml SIZE  all feeds                     unchanged
      public/…/ SIZE  3 feeds of tags and the like  unchanged
      public/ SIZE  6 pages and files             3 written
    issue #1, News: for 1 person
    messages: 1 sent"
  `)
  expect(await posthorn('worker --once --config my-blog')).toMatchInlineSnapshot(`
    "$ posthorn worker --once --config my-blog
    4 posts read from posts
      public/rss.xml SIZE  2 entries                     unchanged
      public/atom.xml SIZE  2 entries                     unchanged
      public/feed.json SIZE  2 entries                     unchanged
      public/feeds.opml SIZE  all feeds                     unchanged
      public/…/ SIZE  3 feeds of tags and the like  unchanged
      public/ SIZE  6 pages and files             unchanged
    no mail was due"
  `)
  expect(await posthorn('plan --at 2026-11-10 --config my-blog')).toMatchInlineSnapshot(`
    "$ posthorn plan --at 2026-11-10 --config my-blog
    a round on Tue 10 Nov 2026, 00:00 Europe/Berlin mails 1 issue:
      weekly digest: News  to 1 person
        left out: 1 of another rhythm
    the next digests:
      daily    Tue 3 Nov 2026, 08:00 Europe/Berlin  nothing new so far
      weekly   Mon 9 Nov 2026, 08:00 Europe/Berlin  1 post to 1 person so far
      monthly  Tue 1 Dec 2026, 08:00 Europe/Berlin  nothing new so far
    not mailed yet:
      Draft (posts/draft.md): a draft
      Later (posts/later.md): its date is Thu 5 Nov 2026, 12:00 Europe/Berlin"
  `)
  expect(await posthorn('status --config my-blog')).toMatchInlineSnapshot(`
    "$ posthorn status --config my-blog
    posts        4
    subscribers  2 confirmed, 0 unconfirmed, 0 unsubscribed, 0 suppressed
    messages     0 queued, 0 sending, 1 sent, 0 failed, 0 skipped, 0 unknown
    digests      daily Tue 3 Nov 2026, 08:00 Europe/Berlin: nothing new so far
                 weekly Mon 9 Nov 2026, 08:00 Europe/Berlin: 1 post to 1 person so far
                 monthly Tue 1 Dec 2026, 08:00 Europe/Berlin: nothing new so far
    issue #1, News: 1 sent (sent)"
  `)
  expect(await posthorn('issues show 1 --config my-blog')).toMatchInlineSnapshot(`
    "$ posthorn issues show 1 --config my-blog
    issue #1, News: 1 sent (sent)
    kind        single, by the schedule
    due         Mon 2 Nov 2026, 10:10 Europe/Berlin
    sent        Mon 2 Nov 2026, 10:10 Europe/Berlin
    to          ada@example.org
    read it at  http://localhost:8025/issues/1"
  `)
})
