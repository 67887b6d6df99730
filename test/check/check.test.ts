import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { checkMessage } from '../../src/check/check.ts'
import type { About } from '../../src/check/finding.ts'
import { checkSite } from '../../src/check/unsubscribe.ts'
import { ABOUT, ARTICLE, letter, page, TOKEN, words } from './letter.ts'

/** What is found in a letter, `error picture-width`, each kind once. */
async function rules(bytes: Buffer, about: Partial<About> = {}): Promise<string[]> {
  const findings = await checkMessage(bytes, { ...ABOUT, ...about })
  return [...new Set(findings.map(({ severity, rule }) => `${severity} ${rule}`))]
}

const inArticle = (html: string) => letter({ html: page(`${ARTICLE}${html}`) })
const field = (name: string, value: string | string[] | null) => letter({ fields: { [name]: value } })
const caption = (html: string) =>
  `<figcaption style="font-size:15px;line-height:1.45;">${html.replace('<sup', '<sup style="font-size:75%;"')}</figcaption>`
const instead = (from: string | RegExp, to: string) => letter({ html: page().replace(from, to) })

test('a good letter is let through without a word', async () => {
  expect(await checkMessage(letter(), ABOUT)).toEqual([])
})

describe('the header', () => {
  test.each<[string, Buffer, string[]]>([
    ['two senders', field('From', 'a@garden.example, b@garden.example'), ['error one-sender']],
    ['a sender called as the subject is', field('From', '"Tomatoes™" <news@garden.example>'), []],
    [
      'a subject that only looks like an answer',
      letter({ fields: { Subject: 're:Tomatoes' }, html: page().replace('<title>', '<title>re:') }),
      [],
    ],
    ['a sender who smiles', field('From', '"The Garden 🍅" <news@garden.example>'), ['error sender-name']],
    [
      'a sender called by an address',
      field('From', '"a@b.example" <news@garden.example>'),
      ['error sender-name'],
    ],
    [
      'two dates',
      field('Date', ['Mon, 02 Nov 2026 08:59:00 +0000', 'Mon, 02 Nov 2026 08:58:00 +0000']),
      ['error header-twice'],
    ],
    [
      'no subject',
      letter({ fields: { Subject: null }, html: page().replace('<title>Tomatoes', '<title>') }),
      ['error header-missing'],
    ],
    ['readers who see each other', field('Bcc', 'grace@example.org'), ['error hidden-recipient']],
    ['two readers', field('To', 'ada@example.org, grace@example.org'), ['error one-recipient']],
    ['somebody else', field('To', 'grace@example.org'), ['error one-recipient']],
    ['a short Message-ID', field('Message-ID', '<1@garden.example>'), ['error message-id']],
    [
      'a Message-ID of elsewhere',
      field('Message-ID', '<0123456789abcdef0123@elsewhere.example>'),
      ['error message-id'],
    ],
    ['mail from tomorrow', field('Date', 'Tue, 03 Nov 2026 08:59:00 +0000'), ['error date']],
    ['no date at all', field('Date', 'some time ago'), ['error date']],
    [
      'a subject that plays an answer',
      letter({ fields: { Subject: 'Re: Tomatoes' }, html: page().replace('<title>', '<title>Re: ') }),
      ['error subject-prefix'],
    ],
    [
      'a way out over http',
      field('List-Unsubscribe', `<http://mail.garden.example/unsubscribe?token=${TOKEN}>`),
      ['error unsubscribe-header'],
    ],
    [
      'a way out by mail first',
      field(
        'List-Unsubscribe',
        `<mailto:out@garden.example>, <https://mail.garden.example/unsubscribe?token=${TOKEN}>`,
      ),
      ['error unsubscribe-header'],
    ],
    ...(
      [
        ['a way out by mail', `?subject=unsubscribe%20${TOKEN}`, []],
        ['a way out by mail that names nobody', '', ['error unsubscribe-mail']],
        ['a way out by mail for another', '?subject=unsubscribe%20u2s-x', ['error unsubscribe-mail']],
      ] as const
    ).map(([name, subject, expected]): [string, Buffer, string[]] => [
      name,
      // The author may well read it where they read their own newsletter.
      field(
        'List-Unsubscribe',
        `<https://mail.garden.example/unsubscribe?token=${TOKEN}>,\r\n <mailto:${ABOUT.address}${subject}>`,
      ),
      [...expected],
    ]),
    ['no way out', field('List-Unsubscribe', null), ['error unsubscribe-header']],
    [
      'a way out that can be guessed',
      field('List-Unsubscribe', '<https://mail.garden.example/unsubscribe?token=12>'),
      ['error unsubscribe-token', 'error foreign-token'],
    ],
    ['no one-click', field('List-Unsubscribe-Post', null), ['error one-click']],
    ['a List-Id that is an address', field('List-Id', '<posts@garden.example>'), ['error list-id']],
    ['a Feedback-ID of three fields', field('Feedback-ID', '1:posts:gardenexample'), ['error feedback-id']],
    ['no Feedback-ID', field('Feedback-ID', null), ['error feedback-id']],
    [
      'vacation replies asked for',
      letter({ fields: { 'Auto-Submitted': null, Precedence: null } }),
      ['error auto-submitted', 'error precedence'],
    ],
    ['an address that nobody reads', field('Reply-To', 'no-reply@garden.example'), ['warning reply-address']],
    ['a part of the body signed', field('DKIM-Signature', signature({ l: '100' })), ['error signature']],
    [
      'the way out not signed',
      field(
        'DKIM-Signature',
        signature({
          h: 'from:to:reply-to:subject:date:message-id:mime-version:content-type:list-id:list-unsubscribe:feedback-id',
        }),
      ),
      ['error signature'],
    ],
    [
      'a signature of somebody else',
      field('DKIM-Signature', signature({ d: 'elsewhere.example' })),
      ['error signature'],
    ],
    [
      'a signature that few can check',
      field('DKIM-Signature', signature({ a: 'ed25519-sha256' })),
      ['error signature'],
    ],
    ['a signature as it should be', field('DKIM-Signature', signature({})), []],
    ['a bare line feed', Buffer.concat([letter(), Buffer.from('\n')]), ['error line-ends']],
    ['a line too long', field('X-Long', 'x'.repeat(1000)), ['error line-length']],
  ])('%s', async (_, bytes, expected) => {
    expect(await rules(bytes)).toEqual(expected)
  })
})

describe('the two parts', () => {
  test.each<[string, Buffer, string[]]>([
    [
      'a text part about something else',
      letter({ text: words('See our web page.').replace(/Tomatoes[\s=]*/, '') }),
      ['error same-words'],
    ],
    ['no text', letter({ text: '' }), ['error two-parts', 'error unsubscribe-link', 'error postal-address']],
    [
      'HTML first',
      Buffer.from(
        letter()
          .toString()
          .replaceAll('text/plain', 'text/x')
          .replaceAll('text/html', 'text/plain')
          .replaceAll('text/x', 'text/html'),
      ),
      ['error two-parts'],
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await rules(bytes)).toEqual(expect.arrayContaining(expected))
  })
})

describe('size', () => {
  const long = (bytes: number) => `<p>${'tomatoes '.repeat((bytes - 2600) / 9)}</p>`
  test.each<[string, Buffer, string[]]>([
    ['just enough', inArticle(long(89_500)), []],
    ['nearly too much', inArticle(long(95_000)), ['warning html-size']],
    [
      'styles that Gmail drops',
      instead('@media', `${'.a { color: #333333; }\n'.repeat(1000)}@media`),
      ['error style-size'],
    ],
  ])('%s', async (_, bytes, expected) => {
    expect((await rules(bytes)).filter((rule) => !rule.endsWith('unsubscribe-link'))).toEqual(expected)
  })

  it('tells that the way out is cut off with the rest', async () => {
    expect(await rules(inArticle(long(103_000)))).toEqual(['error html-size', 'error unsubscribe-link'])
  })
})

describe('the ways out', () => {
  test.each<[string, Buffer, string[]]>([
    [
      'no link to leave',
      instead(/<a href="[^"]*unsubscribe[^>]*>Unsubscribe<\/a>/, ''),
      ['error unsubscribe-link'],
    ],
    [
      'a hidden link to leave',
      instead(
        '<a href="https://mail.garden.example/unsubscribe',
        '<a hidden href="https://mail.garden.example/unsubscribe',
      ),
      ['error unsubscribe-link', 'error hidden-text'],
    ],
    [
      'a text part that cannot be left',
      letter({ text: words().replace(/^Unsubscribe.*\n/m, '') }),
      ['error unsubscribe-link'],
    ],
    [
      'a template without the postal address',
      instead(/<br>\nThe Garden, 1 Example.*?</, '<'),
      ['error postal-address'],
    ],
    [
      'no link to the browser',
      instead(/<a href="[^"]*issues[^>]*>View in the browser<\/a>/, ''),
      ['error browser-link'],
    ],
    [
      'a link of another reader',
      inArticle(
        '<p><a href="https://mail.garden.example/unsubscribe?token=u2t-AAAAAAAAAAAAAAAAAAAAAA">Leave</a></p>',
      ),
      ['error foreign-token'],
    ],
    ['a place left open', inArticle('<p>Dear \uE000name\uE001, hello.</p>'), ['error slot-unfilled']],
  ])('%s', async (_, bytes, expected) => {
    expect(await rules(bytes)).toEqual(expected)
  })

  it('warns where the configuration has no postal address, and not in each message', async () => {
    expect(await rules(letter(), { postalAddress: '' })).toEqual([])
    expect(checkSite('')).toMatchObject([{ rule: 'postal-address', severity: 'warning' }])
  })
})

describe('the page', () => {
  test.each<[string, Buffer, string[]]>([
    ['no language', instead('<html lang="en"', '<html'), ['error language']],
    [
      'a language that is told outside alone',
      instead('class="page" lang="en"', 'class="page"'),
      ['error language'],
    ],
    ['a language that is none', inArticle('<p lang="not a language">Hello</p>'), ['error language']],
    ['another language than the header says', field('Content-Language', 'de'), ['error language']],
    ['another title', instead('<title>Tomatoes', '<title>Potatoes'), ['error title']],
    ['no viewport', instead(/<meta name="viewport".*?>/, ''), ['error head']],
    ['a second h1', inArticle('<h1>Again</h1>'), ['error heading-order']],
    ['a level left out', inArticle('<h3>Deep</h3>'), ['error heading-order']],
    ['a layout that says it is data', instead('role="presentation" ', ''), ['error table-role']],
    ['a table of data', inArticle('<table><tr><th scope="col">A</th></tr><tr><td>1</td></tr></table>'), []],
    [
      'a head cell without a scope',
      inArticle('<table><tr><th>A</th></tr><tr><td>1</td></tr></table>'),
      ['error table-scope'],
    ],
    ['an abyss', inArticle(`${'<b>'.repeat(20_000)}deep`), ['error nesting']],
    ['a script', inArticle('<script>alert(1)</script>'), ['error active-content']],
    ['a frame', inArticle('<iframe src="https://video.example/"></iframe>'), ['error active-content']],
    ['a form', inArticle('<form><input name="a"></form>'), ['error active-content']],
    ['an event', inArticle('<p onclick="go()">Hello</p>'), ['error active-content']],
    [
      'a script for an address',
      inArticle('<p><a href="javascript:go()">Going there</a></p>'),
      ['error active-content', 'error link-address'],
    ],
    [
      'styles from elsewhere',
      instead(
        '<meta name="viewport"',
        '<link rel="stylesheet" href="https://a.example/a.css"><meta name="viewport"',
      ),
      ['error outside-style'],
    ],
    [
      'a font from elsewhere',
      instead('@media', '@import url(https://fonts.example/a.css);\n@media'),
      ['error outside-style'],
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await rules(bytes)).toEqual(expected)
  })
})

describe('links', () => {
  const link = (href: string, text = 'how to grow them') => inArticle(`<p><a href="${href}">${text}</a></p>`)
  test.each<[string, Buffer, string[]]>([
    ['an https address', link('https://a.example/'), []],
    ['a mailbox', link('mailto:ada@example.org'), []],
    ['this machine', link('http://localhost:8025/posts/'), []],
    ['an http address', link('http://a.example/'), ['error link-https']],
    ['a place in the mail', link('#notes'), ['error link-address']],
    ['a relative address', link('/posts/'), ['error link-address']],
    ['a number for a host', link('https://192.0.2.7/'), ['error link-host']],
    ['a shortened address', link('https://bit.ly/abc'), ['error link-shortened']],
    [
      'words that name another host',
      link('https://evil.example/', 'www.bank.example'),
      ['error link-disguise'],
    ],
    ['words that name the same site', link('https://www.bank.example/', 'https://bank.example/login'), []],
    ['words that are the name of a file', link('https://nodejs.org/api/', 'package.json'), []],
    ['"click here"', link('https://a.example/', 'Click here!'), ['warning link-words']],
    ['no words', link('https://a.example/', ''), ['error link-words']],
    [
      'a picture without words for words',
      link(
        'https://a.example/',
        '<img src="https://a.example/a.png" alt="" role="presentation" width="100">',
      ),
      ['error link-words', 'warning few-words'],
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await rules(bytes)).toEqual(expected)
  })
})

describe('pictures', () => {
  const MORE = `<p>${'There is much to say about tomatoes. '.repeat(15)}</p>`
  const picture = (attributes: string) =>
    letter({
      html: page(`${ARTICLE}${MORE}<p><img style="max-width:100%;height:auto;" ${attributes}></p>`),
      text: words(
        'Two kilos of tomatoes, and what to do with all of them. There is much to say about tomatoes.',
      ),
    })
  const good = 'src="https://a.example/a.png" alt="Tomatoes" width="552"'
  test.each<[string, Buffer, string[]]>([
    ['a good one', picture(good), []],
    ['no alt', picture(good.replace('alt="Tomatoes"', '')), ['error picture-words']],
    ['no words', picture(good.replace('Tomatoes', '')), ['warning picture-words']],
    ['an ornament', picture(`${good.replace('Tomatoes', '')} role="presentation"`), []],
    [
      'a poster with its title beside it',
      inArticle(
        `${MORE}<p><a href="https://a.example/v"><img style="max-width:100%;" ${good.replace('Tomatoes', '')}>The film</a></p>`,
      ),
      [],
    ],
    [
      'the name of a file for words',
      picture(good.replace('Tomatoes', 'IMG_1234.JPG')),
      ['warning picture-words'],
    ],
    ['no width', picture(good.replace('width="552"', '')), ['error picture-width']],
    ['too wide', picture(good.replace('552', '1200')), ['error picture-width']],
    ['a logo above a few words', inArticle(`<p class="logo"><img style="max-width:100%;" ${good}></p>`), []],
    ['one that does not shrink', inArticle(`${MORE}<p><img ${good}></p>`), ['error picture-width']],
    ['a relative address', picture(good.replace('https://a.example/', '')), ['error picture-address']],
    ['an http address', picture(good.replace('https:', 'http:')), ['error picture-address']],
    ['WebP', picture(good.replace('a.png', 'a.webp')), ['error picture-kind']],
    ['SVG', picture(good.replace('a.png', 'a.svg?x=1')), ['error picture-kind']],
    [
      'a data: address',
      picture(good.replace('https://a.example/a.png', 'data:image/png;base64,AAAA')),
      ['error picture-kind'],
    ],
    ['several sizes', picture(`${good} srcset="https://a.example/b.png 2x"`), ['error element-support']],
    ['a mail that is all picture', inArticle(`<img style="max-width:100%;" ${good}>`), ['warning few-words']],
  ])('%s', async (_, bytes, expected) => {
    expect(await rules(bytes)).toEqual(expected)
  })
})

describe('what can be read', () => {
  test.each<[string, Buffer, string[]]>([
    ['grey on white', inArticle('<p style="color:#aaaaaa;">Pale</p>'), ['error contrast']],
    [
      'a colour that is lost in the dark',
      inArticle('<p style="color:#26221d;"><span style="color:#26221d;">Dark</span></p>'),
      ['error hidden-text'],
    ],
    ['white on white', inArticle('<p style="color:#ffffff;">Cheap pills</p>'), ['error hidden-text']],
    ['text of one pixel', inArticle('<p style="font-size:1px;">Cheap pills</p>'), ['error hidden-text']],
    ['a number of a note in a caption', inArticle(`${caption('Soup<sup>1</sup>')}${ARTICLE}`), []],
    ['a caption and nothing else', instead(ARTICLE, caption('Soup')), []],
    [
      'a table and nothing else',
      instead(
        ARTICLE,
        '<table><tr><th scope="col" style="font-size:14px;line-height:1.45;">A</th></tr></table>',
      ),
      [],
    ],
    ['an Arabic word within English', inArticle('<p>Say <span dir="rtl">طماطم</span> to it.</p>'), []],
    ['small print', inArticle('<p style="font-size:9px;">Terms</p>'), ['error text-size']],
    ['lines that touch', instead('line-height:1.65', 'line-height:1.1'), ['error line-height']],
    [
      'a link that looks like text',
      inArticle(
        '<p>Ask <a href="https://a.example/" style="color:#26221d;text-decoration:none;">Ada about it</a> today.</p>',
      ),
      ['error link-line'],
    ],
    [
      'Arabic that begins at the left',
      inArticle('<p lang="ar" dir="rtl" style="text-align:left;">طماطم وحساء</p>'),
      ['error direction'],
    ],
    ['text that is not shown', inArticle('<p style="display:none;">Cheap pills</p>'), ['error hidden-text']],
    ['no preheader', instead(/<div style="display:none.*<\/div>/, ''), ['warning preheader']],
    [
      'a short preheader',
      instead('Two kilos of tomatoes, and a word on the weather of this week.', 'Tomatoes, again.'),
      ['warning preheader'],
    ],
    ['a preheader that ends at once', instead(/(&#847;&zwnj;&nbsp;)+/, ''), ['warning preheader']],
  ])('%s', async (_, bytes, expected) => {
    expect(await rules(bytes)).toEqual(expected)
  })
})

describe('what mail programs make of it', () => {
  const styled = (style: string) => inArticle(`<p style="${style}">Hello</p>`)
  test.each<[string, Buffer, string[]]>([
    ['a variable', styled('color:var(--ink)'), ['error style-support']],
    ['a computed width', styled('width:calc(100% - 2px)'), ['error style-support']],
    ['a colour with a slash', styled('border-color:rgb(0 0 0 / 50%)'), ['error style-support']],
    ['flex', styled('display:flex'), ['error style-support']],
    ['a negative margin', styled('margin:0 -4px'), ['error style-support']],
    ['a logical side', styled('margin-inline-start:4px'), ['error style-support']],
    ['a place of its own', styled('position:absolute'), ['error style-support']],
    ['what only Word knows', styled('mso-line-height-rule:exactly'), []],
    ['a comment in the styles', instead('@media', '/* dark */\n@media'), ['error style-comment']],
    ['an element of an application', inArticle('<menu><li>Hello</li></menu>'), ['error element-support']],
    ['an include that was refused', inArticle('<!-- mj-include denied -->'), ['error include-missing']],
  ])('%s', async (_, bytes, expected) => {
    expect(await rules(bytes)).toEqual(expected)
  })
})

it('comes to an end with whatever is broken in a message', async () => {
  const whole = letter()
  const broken = fc.asyncProperty(
    fc.nat(whole.length),
    fc.nat(200),
    fc.string(),
    async (at, length, more) => {
      const bytes = Buffer.concat([whole.subarray(0, at), Buffer.from(more), whole.subarray(at + length)])
      expect(await checkMessage(bytes, ABOUT)).toBeInstanceOf(Array)
    },
  )
  await fc.assert(broken, { numRuns: 50 })
})

it('names a picture as its author wrote it, and not as it is hosted', async () => {
  const hosted = 'https://a.example/media/0123456789abcdef0123456789abcdef.png'
  const bytes = inArticle(`<p><img style="max-width:100%;" src="${hosted}" alt="" width="552"></p>`)
  const [finding] = await checkMessage(bytes, { ...ABOUT, pictures: new Map([[hosted, 'soup.webp']]) })
  expect(finding?.where).toBe('posts/tomatoes.md, picture soup.webp')
})

it('lets nothing that a post says be a command to the terminal', async () => {
  const [finding] = await checkMessage(
    inArticle('<p><a href="http://a.example/">\x1b[2J\x07red</a></p>'),
    ABOUT,
  )
  expect(finding?.where).toBe('posts/tomatoes.md, link " [2J red"')
})

it('says what it found, where, for whom, and what to do', async () => {
  const html =
    '<p><a href="http://old.example/">an old friend</a><img src="chart.webp" alt="" width="900"></p>'
  const findings = await checkMessage(inArticle(html), ABOUT)
  expect(findings.filter(({ rule }) => /^(link|picture)-(https|kind)/.test(rule))).toMatchInlineSnapshot(`
    [
      {
        "cure": "filters distrust it and browsers warn of it; write https:// where that site answers to it",
        "found": "it leads to http://old.example/, which is not https",
        "rule": "link-https",
        "severity": "error",
        "where": "posts/tomatoes.md, link "an old friend"",
      },
      {
        "cure": "Outlook shows no WebP and no AVIF, Gmail no SVG: use PNG or JPEG (with \`sharp\` installed that is done for you)",
        "found": "it is WEBP",
        "rule": "picture-kind",
        "severity": "error",
        "where": "posts/tomatoes.md:5, picture chart.webp",
      },
    ]
  `)
})

it('reads a message of 60 KB in a moment', async () => {
  const bytes = inArticle(
    '<p>Tomatoes are <a href="https://a.example/">red</a> and <code>green</code>.</p>'.repeat(700),
  )
  const start = performance.now()
  await checkMessage(bytes, ABOUT)
  expect(performance.now() - start).toBeLessThan(1000)
})

function signature(changes: Record<string, string>): string {
  const tags = {
    v: '1',
    a: 'rsa-sha256',
    d: 'garden.example',
    s: 'n2026',
    h: 'from:to:reply-to:subject:date:message-id:mime-version:content-type:list-id:list-unsubscribe:list-unsubscribe-post:feedback-id',
    bh: 'AAAA',
    b: 'AAAA',
    ...changes,
  }
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
}
