import { describe, expect, test } from 'vitest'
import { post } from '../site.ts'
import { openSite, type Session } from './session.ts'

const ADDRESS = { newsletter: { postalAddress: 'The Garden, 1 Example Street' } }
const WORDS = 'Two kilos of tomatoes, and what to do with them: soup, sauce, and a word on the weather.'
const OLD_CHART = '![What grew in each month](http://old.example/chart.png)'
const OLD_LINK = '[An old friend](http://old.example/) grows them too.'

/** A site with two readers and a post that mail programs would spoil. */
async function openBlog(): Promise<Session> {
  const session = openSite(ADDRESS)
  session.write('posts/good.md', post('Good', '2026-10-01', WORDS))
  await session.posthorn('build')
  for (const name of ['ada', 'grace'])
    await session.posthorn(`subscribers add ${name}@example.org --confirmed`)
  session.write('posts/spoilt.md', post('Spoilt', '2026-11-02', `${WORDS} ${OLD_LINK}`))
  return session
}

/** A plan's id changes with each word of a template. */
const planned = (seen: string) => seen.replace(/^(plan +)[0-9a-f]{10}$/m, '$1ID')

describe('posthorn check', () => {
  test('says of all mails what a mail program would spoil, where, and what to do', async () => {
    const session = await openBlog()
    session.write('posts/broken.md', '---\ntitle: Broken\ndate: someday\n---\n\nHello.\n')
    expect(await session.posthorn('check')).toMatchInlineSnapshot(`
      "$ posthorn check
      posts/broken.md:3: "date" is "someday"; write it as 2026-01-31
      Spoilt (posts/spoilt.md):
        error link-https: line 6, link "An old friend": it leads to http://old.example/, which is not https
          filters distrust it and browsers warn of it; write https:// where that site answers to it
      5 mails checked, 1 fault, 1 error, 0 warnings
      (exit 1)"
    `)
    session.write(
      'posts/draft.md',
      '---\ntitle: Draft\ndate: 2026-11-02\ndraft: true\n---\n\n![](chart.png)\n',
    )
    expect(await session.posthorn('check good draft')).toMatchInlineSnapshot(`
      "$ posthorn check good draft
      posts/broken.md:3: "date" is "someday"; write it as 2026-01-31
      Draft (posts/draft.md):
        warning picture-words: line 7, picture chart.png: no words stand for it
          many mail programs show no pictures until they are asked: say what it shows, as in ![words](picture.png)
        warning few-words: a picture with 169 characters of text
          spam filters distrust mail that is all picture; say more in words
        warning picture-file: chart.png: there is no such file beside the post
          its words stand in its place; put it there, or mend the address
      2 mails checked, 1 fault, 0 errors, 3 warnings
      (exit 1)"
    `)
    expect(await session.json('check spoilt --json')).toMatchInlineSnapshot(`
      {
        "faults": [
          {
            "file": "posts/broken.md",
            "line": 3,
            "message": ""date" is "someday"; write it as 2026-01-31",
          },
        ],
        "findings": [],
        "mails": [
          {
            "file": "posts/spoilt.md",
            "findings": [
              {
                "cure": "filters distrust it and browsers warn of it; write https:// where that site answers to it",
                "found": "it leads to http://old.example/, which is not https",
                "rule": "link-https",
                "severity": "error",
                "where": "posts/spoilt.md:6, link "An old friend"",
              },
            ],
            "kind": "single",
            "post": "spoilt",
          },
        ],
      }
    `)
  })
})

test('of templates of the author’s, check says what is wrong in which mails', async () => {
  const session = await openBlog()
  const text = (
    content: string,
  ) => `{% layout 'frame.mjml' %}{% block footer %}{% endblock %}{% block content %}
<mj-section><mj-column><mj-text color="#aaaaaa"><h1>{{ title }}</h1>${content}</mj-text></mj-column></mj-section>
{% endblock %}`
  session.write(
    'templates/confirmation.mjml',
    text('{{ lead }} <a href="{{ links.confirm }}">Yes, please</a>'),
  )
  session.write('templates/welcome.mjml', text('{{ leed }}'))
  expect(await session.posthorn('check')).toMatchInlineSnapshot(`
    "$ posthorn check
    templates/welcome.mjml:2: undefined variable: leed; there are colors, dir, language, lead, links, message, newsletter, posts, site, start, subscriber, title, words
    Spoilt (posts/spoilt.md):
      error link-https: line 6, link "An old friend": it leads to http://old.example/, which is not https
        filters distrust it and browsers warn of it; write https:// where that site answers to it
    the confirmation:
      error contrast: "Somebody, we hope you, asked us to send…": in light it is #aaaaaa on #ffffff, a contrast of 2.3
        many people cannot read less than 4.5: make it darker, or what is behind it lighter
      error contrast: "One more click": in light it is #aaaaaa on #ffffff, a contrast of 2.3
        many people cannot read less than 3: make it darker, or what is behind it lighter
    4 mails checked, 1 fault, 3 errors, 0 warnings
    (exit 1)"
  `)
})

test('a subject of digests that cannot be made is told by check, plan and send, and no digest goes out with it', async () => {
  const session = openSite({ newsletter: { digests: { subject: 'Dear {{ subscriber.name }}' } } })
  await session.posthorn('worker --once')
  await session.posthorn('subscribers add ada@example.org --confirmed --rhythm daily')
  for (const name of ['one', 'two']) session.write(`posts/${name}.md`, post(name, '2026-11-02', WORDS))
  const fault =
    'config.json: "newsletter.digests.subject": {{ subscriber.name }} is each reader’s own, and a subject is the same for all of them; take it out'
  expect(await session.posthorn('check')).toContain(fault)
  expect(await session.posthorn('plan --digest daily')).toContain(`! ${fault}`)
  expect(await session.posthorn('send --digest daily --yes')).toContain(`! ${fault}`)
  session.setClock('2026-11-03T09:00:00Z')
  expect(await session.posthorn('worker --once')).toContain(fault)
  expect(await session.posthorn('issues list')).toContain('no issue yet')

  const config = JSON.parse(session.read('config.json'))
  config.newsletter.digests = {
    subject: '{{ posts.size }} on {{ site.title }}',
    order: 'oldest',
    show: 'full',
  }
  session.write('config.json', JSON.stringify(config))
  expect(await session.posthorn('check')).toContain('5 mails checked, 0 errors')
  expect(await session.posthorn('worker --once')).toContain('issue #1, 2 on ')
})

test('who wrote more than a mail can hold is told that it is cut', async () => {
  const session = openSite(ADDRESS)
  session.write('posts/long.md', post('Long', '2026-10-02', `${WORDS}\n\n`.repeat(1_200)))
  expect(await session.posthorn('check long')).toContain('warning cut: it is longer than a mail can be')
})

describe('a post that mail programs would spoil', () => {
  test('is not sent by hand unless the author says so', async () => {
    const session = await openBlog()
    expect(planned(await session.posthorn('plan spoilt'))).toMatchInlineSnapshot(`
      "$ posthorn plan spoilt
      subject  Spoilt
      posts    Spoilt
      to       2 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      !   error link-https: posts/spoilt.md:6, link "An old friend": it leads to http://old.example/, which is not https
      !     filters distrust it and browsers warn of it; write https:// where that site answers to it
      ! posthorn: this would not arrive as it should, so it is not sent
      ! try: mend what is told as an error, or say \`--anyway\`
      (exit 1)"
    `)
    expect(planned(await session.posthorn('send spoilt --yes'))).toMatchInlineSnapshot(`
      "$ posthorn send spoilt --yes
      subject  Spoilt
      posts    Spoilt
      to       2 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      !   error link-https: posts/spoilt.md:6, link "An old friend": it leads to http://old.example/, which is not https
      !     filters distrust it and browsers warn of it; write https:// where that site answers to it
      ! posthorn: this would not arrive as it should, so it is not sent
      ! try: mend what is told as an error, or say \`--anyway\`
      (exit 1)"
    `)
    expect(planned(await session.posthorn('send spoilt --yes --anyway'))).toMatchInlineSnapshot(`
      "$ posthorn send spoilt --yes --anyway
      subject  Spoilt
      posts    Spoilt
      to       2 people
      when     now
      size     HTML SIZE, text SIZE
      plan     PLAN
      !   error link-https: posts/spoilt.md:6, link "An old friend": it leads to http://old.example/, which is not https
      !     filters distrust it and browsers warn of it; write https:// where that site answers to it
      issue #1, Spoilt: 2 sent"
    `)
  })

  test('is held by the worker, with the reason, until the author lets it go', async () => {
    const session = await openBlog()
    session.write('posts/spoilt.md', post('Spoilt', '2026-11-02', `${WORDS} ${OLD_LINK} ${OLD_CHART}`))
    session.setClock('2026-11-02T10:00:00Z')
    expect(await session.posthorn('plan')).toMatchInlineSnapshot(`
      "$ posthorn plan
      the next round mails 1 issue:
        Spoilt  to 2 people, held until you release it: it would not arrive as it should: posts/spoilt.md:6, picture chart.png: http://old.example/chart.png is not https; \`posthorn check\` says what to do
      the next digests:
        daily    Tue 3 Nov 2026, 08:00 Europe/Berlin  nothing new so far
        weekly   Mon 9 Nov 2026, 08:00 Europe/Berlin  nothing new so far
        monthly  Tue 1 Dec 2026, 08:00 Europe/Berlin  nothing new so far"
    `)
    expect(await session.posthorn('worker --once')).toMatchInlineSnapshot(`
      "$ posthorn worker --once
      2 posts read from posts
        public/rss.xml SIZE  2 entries
        public/atom.xml SIZE  2 entries
        public/feed.json SIZE  2 entries
        public/feeds.opml SIZE  all feeds          unchanged
        public/ SIZE  4 pages and files  3 written
      issue #1, Spoilt: for 2 people, held: it would not arrive as it should: posts/spoilt.md:6, picture chart.png: http://old.example/chart.png is not https; \`posthorn check\` says what to do
        to let it go: posthorn issues release 1
      no mail was due"
    `)
    expect(await session.posthorn('issues list')).toMatchInlineSnapshot(`
      "$ posthorn issues list
      issue #1, Spoilt: 2 queued (held: it would not arrive as it should: posts/spoilt.md:6, picture chart.png: http://old.example/chart.png is not https; \`posthorn check\` says what to do)"
    `)
    expect(await session.posthorn('issues release 1')).toMatchInlineSnapshot(`
      "$ posthorn issues release 1
      issue #1, Spoilt: released; a running worker sends it"
    `)
    expect(await session.posthorn('worker --once')).toMatchInlineSnapshot(`
      "$ posthorn worker --once
      2 posts read from posts
        public/rss.xml SIZE  2 entries          unchanged
        public/atom.xml SIZE  2 entries          unchanged
        public/feed.json SIZE  2 entries          unchanged
        public/feeds.opml SIZE  all feeds          unchanged
        public/ SIZE  4 pages and files  unchanged
      messages: 2 sent"
    `)
  })

  test('for what its links lead to alone is not held: nobody is there at night who could be asked', async () => {
    const session = await openBlog()
    session.setClock('2026-11-02T10:00:00Z')
    expect(await session.posthorn('worker --once')).toContain('messages: 2 sent')
  })
})
