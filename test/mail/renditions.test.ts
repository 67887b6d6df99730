import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LIGHT } from '../../src/articles/colors.ts'
import { loadConfig } from '../../src/config.ts'
import { paletteOf } from '../../src/mail/accent.ts'
import { renderConfirmation } from '../../src/mail/confirmation.ts'
import { renderDigest } from '../../src/mail/digest.ts'
import type { Rendition } from '../../src/mail/frame.ts'
import { renderIssue } from '../../src/mail/issue.ts'
import { chunksOf, compileMessage } from '../../src/mail/message.ts'
import { renderWelcome } from '../../src/mail/welcome.ts'
import { readPosts } from '../../src/posts/folder.ts'
import { MARKS_IN_TEXT, SLOTS, slot } from '../../src/slots.ts'
import { decodeQuotedPrintable, post, pressOf, sharedMjml } from './press.ts'

const NASTY = [
  'a" onmouseover="x',
  '</mj-text><script>alert(1)</script>',
  '{{ 7*7 }} {% raw %}',
  'AT&T <b>',
  "it's -->",
]
const SAMPLE =
  '# One\n\nText[^1] with `code`, [a link](/x) and ![a tomato](t.png).\n\n## Two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n' +
  '- [x] done\n\n> said\n\n```js\nconst x = 1\n```\n\n[^1]: A note.'

/** Each kind of rendition, with everything in it that a mail can have; rendered once. */
let kinds: Promise<[string, Rendition][]> | undefined
function eachKind(): Promise<[string, Rendition][]> {
  kinds ??= renderKinds()
  return kinds
}

async function renderKinds(): Promise<[string, Rendition][]> {
  const press = await pressOf(mjml)
  const posts = [
    post('Tomatoes & <basil>', SAMPLE, { image: 'tomato.jpg' }),
    post('Peas', '', { date: new Date('2026-10-01T10:00:00Z') }),
  ]
  return [
    ['issue', await renderIssue(posts[0] ?? post('', ''), press)],
    ['digest', await renderDigest(posts, press)],
    ['confirmation', await renderConfirmation(press)],
    ['welcome', await renderWelcome(press, posts)],
  ]
}

const decoded = (html: string) =>
  html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
const tagsOf = (html: string) => html.match(/<[a-z][^>]*>/g) ?? []
const attribute = (tag: string, name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
const visible = (html: string) =>
  decoded(
    html
      .replace(/^[\s\S]*<body/, '')
      .replace(/<!--[\s\S]*?-->/g, '')
      .replace(/<div style="display:none[\s\S]*?<\/div>/, '')
      .replace(/<[^>]*>/g, ' '),
  ).replace(/\s+/g, ' ')
const preheaderOf = (html: string) =>
  decoded(/<div style="display:none[^>]*>([^<]*)<\/div>/.exec(html)?.[1] ?? '')

const mjml = sharedMjml()

describe('what every message has', () => {
  test('language and direction, on the page and on what is left of it when a program takes the page away', async () => {
    for (const [, { html }] of await eachKind()) {
      expect(html).toMatch(/<html lang="en" dir="ltr"/)
      expect(tagsOf(html).find((tag) => tag.includes('role="article"'))).toMatch(/ lang="en" dir="ltr"/)
    }
  })

  test('in Arabic, all of it runs from right to left', async () => {
    const press = { ...(await pressOf(mjml)), language: 'ar' }
    const posts = [post('مرحبا', 'نص', { language: 'ar' })]
    for (const { html } of [
      await renderIssue(posts[0] ?? post('', ''), press),
      await renderDigest(posts, press),
      await renderConfirmation(press),
      await renderWelcome(press, posts),
    ]) {
      expect(html).toMatch(/<html lang="ar" dir="rtl"/)
      expect(tagsOf(html).find((tag) => tag.includes('role="article"'))).toMatch(/ lang="ar" dir="rtl"/)
      expect(html.replace(/<!--[\s\S]*?-->/g, '')).not.toMatch(/direction:ltr|align="left"/)
    }
  })

  test('a post in another language runs its own way, and the mail around it the way of its reader', async () => {
    const press = await pressOf(mjml)
    const { html } = await renderIssue(post('مرحبا', 'نص', { language: 'ar' }), press)
    expect(html).toMatch(/<html lang="en" dir="ltr"/)
    expect(html).toMatch(/text-align:right;[^>]*>\s*<h1 lang="ar" dir="rtl"/)
    expect(html).toMatch(/<div lang="ar" dir="rtl"/)
    expect(html).toMatch(/text-align:right;[^>]*>(<[^>]*>)*October 21, 2026/)
  })

  test('where there are no words for a language, the mail says that its own are English, and the post keeps its own', async () => {
    const press = { ...(await pressOf(mjml)), language: 'pt-BR' }
    const { html } = await renderIssue(post('Olá', 'Texto', { language: 'pt-BR' }), press)
    expect(html).toMatch(/<html lang="en" dir="ltr"/)
    expect(tagsOf(html).find((tag) => tag.includes('role="article"'))).toMatch(/ lang="en" dir="ltr"/)
    expect(html).toContain('October 21, 2026')
    expect(html).toMatch(/<h1 lang="pt-BR"/)
    expect(html).toMatch(/<div lang="pt-BR" dir="ltr"/)
    const british = await renderIssue(post('Hello', 'Text'), { ...press, language: 'en-GB' })
    expect(british.html).toMatch(/<html lang="en-GB" dir="ltr"/)
    expect(british.html).toContain('21 October 2026')
  })

  test('one title, which is the subject, and the metas that phones and dark screens need', async () => {
    for (const [, { html, subject }] of await eachKind()) {
      expect([...html.matchAll(/<title>(.*?)<\/title>/g)].map((found) => decoded(found[1] ?? ''))).toEqual([
        subject,
      ])
      expect(html).toContain('charset=UTF-8')
      expect(html).toContain('<meta name="viewport"')
      expect(html).toContain('<meta name="color-scheme" content="light dark">')
    }
  })

  test('the way to the feed, for programs that follow blogs', async () => {
    for (const [, { html }] of await eachKind())
      expect(html.slice(0, html.indexOf('</head>'))).toContain(
        '<link rel="alternate" type="application/atom+xml" href="https://garden.example/atom.xml" title="The Garden &amp; Shed">',
      )
  })

  test('text that is large enough to read', async () => {
    for (const [, { html }] of await eachKind()) {
      const sizes = [...html.matchAll(/font-size:(\d+)px/g)].map((found) => Number(found[1]))
      expect(sizes.filter((size) => size > 1 && size < 13)).toEqual([])
      expect(html).toMatch(/font-size:18px;line-height:1\.65/)
    }
  })

  test('a button that a thumb can hit', async () => {
    const { html } = await renderConfirmation(await pressOf(mjml))
    const [, size = '', padding = ''] = /font-size:(\d+)px[^>]*padding:(\d+)px 28px/.exec(html) ?? []
    expect(Number(size) * 1.2 + 2 * Number(padding)).toBeGreaterThanOrEqual(44)
  })

  test('one h1, and no heading that skips a level', async () => {
    for (const [, { html }] of await eachKind()) {
      const levels = [...html.matchAll(/<h(\d)/g)].map((found) => Number(found[1]))
      expect(levels.filter((level) => level === 1)).toHaveLength(1)
      levels.forEach((level, index) => {
        expect(level).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1)
      })
    }
  })

  test('tables for layout say so, tables of data have head cells with a scope', async () => {
    for (const [, { html }] of await eachKind())
      for (const table of html.match(/<table[\s\S]*?>[\s\S]*?(?=<\/table>)/g) ?? [])
        expect(table).toMatch(/^<table[^>]*role="presentation"|<th[^>]* scope="(col|row)"/)
  })

  test('pictures have a description, a width and an absolute address', async () => {
    let pictures = 0
    for (const [, { html }] of await eachKind())
      for (const tag of tagsOf(html).filter((each) => each.startsWith('<img'))) {
        pictures++
        expect(attribute(tag, 'alt')).toBeDefined()
        expect(Number(attribute(tag, 'width'))).toBeLessThanOrEqual(600)
        expect(attribute(tag, 'src')).toMatch(/^https:\/\//)
        expect(tag).toMatch(/height:auto|height="auto"/)
      }
    expect(pictures).toBe(3)
  })

  test('a lead picture is no wider than its mail, also where a program shows its words in its place', async () => {
    const image = 'https://garden.example/tomato.jpg'
    const hosted = { src: 'https://mail.garden.example/media/tomato.jpg', width: 400, height: 300 }
    const press = { ...(await pressOf(mjml)), pictures: new Map([[image, hosted]]) }
    const { html } = await renderIssue(post('Tomatoes', 'Text', { image }), press)
    // With a width in pixels, Chromium makes a box that wide of a picture that it does not load.
    expect(html).toContain('width="400" style="display:block;width:100%;max-width:400px;height:auto;')
  })

  test('a preheader of 40 to 130 characters that is not the first line, and padding behind it', async () => {
    for (const [, { html }] of await eachKind()) {
      const [, words = '', padding = ''] = /^(.*?)((?:&#847;&zwnj;&nbsp;)+)$/.exec(preheaderOf(html)) ?? []
      expect(words.length).toBeGreaterThanOrEqual(40)
      expect(words.length).toBeLessThanOrEqual(130)
      expect(padding.length).toBeGreaterThan(500)
      expect(visible(html).trim().startsWith(words)).toBe(false)
    }
    const press = await pressOf(mjml)
    const short = await renderIssue(post('A', 'Hi.', { summary: 'Hi.' }), press)
    expect(preheaderOf(short.html)).toMatch(
      /^Hi\. A new post on The Garden & Shed, October 21, 2026\. Read it here/,
    )
    const long = await renderIssue(post('A', 'x', { summary: 'word '.repeat(60) }), press)
    expect(preheaderOf(long.html)).toMatch(/word…&/)
  })

  test('nothing that mail programs forbid, in elements, attributes and styles', async () => {
    for (const [, { html }] of await eachKind()) {
      const live = html.replace(/<!--[\s\S]*?-->/g, '')
      expect(live).not.toMatch(
        /<(script|iframe|form|object|link (?!rel="alternate")|video|svg)\b|javascript:|@import|@font-face|fonts\.google/,
      )
      expect(tagsOf(live).join('')).not.toMatch(/\son\w+=/)
      expect(live).not.toMatch(/var\(|calc\(|rgb\([^)]*\/|rgba\(|light-dark\(/)
      for (const [, style = ''] of live.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)) {
        expect(style).not.toContain('/*')
        expect(style.length).toBeLessThan(16_000)
      }
    }
  })

  test('no text that is hidden by its colour', async () => {
    for (const [, { html }] of await eachKind())
      expect(html).not.toMatch(
        /[^-]color:\s*#ffffff[^"]*background-color:\s*#ffffff|display:none[^"]*[^-]color:/,
      )
  })

  test('only slots that are known, and no other mark', async () => {
    const used = new Map<string, Set<string | undefined>>()
    for (const [kind, { html, text, subject }] of await eachKind()) {
      used.set(kind, new Set([...(html + text).matchAll(/\uE000(\w+)\uE001/g)].map((found) => found[1])))
      expect((html + text).replace(SLOTS, '')).not.toMatch(MARKS_IN_TEXT)
      expect(html + text + subject).not.toMatch(/\{\{|\{%|%%|\[object|undefined/)
    }
    expect(used).toEqual(
      new Map([
        ['issue', new Set(['issue', 'preferences', 'unsubscribe'])],
        ['digest', new Set(['issue', 'preferences', 'unsubscribe'])],
        ['confirmation', new Set(['confirm', 'address'])],
        ['welcome', new Set(['preferences', 'unsubscribe'])],
      ]),
    )
  })

  test('the way out, the way to the browser and the postal address in both parts, for those on the list', async () => {
    for (const [kind, { html, text }] of await eachKind()) {
      expect(visible(html)).toContain('1 Example Street')
      expect(text).toContain('1 Example Street')
      if (kind === 'confirmation') continue
      expect(html).toContain(`href="${slot('unsubscribe')}"`)
      expect(html).toContain(`href="${slot('preferences')}"`)
      expect(text).toContain(`\nUnsubscribe: ${slot('unsubscribe')}\n`)
      expect(text).toContain(`\nPreferences: ${slot('preferences')}\n`)
      expect(visible(html)).toContain('You get this because you subscribed to The Garden & Shed.')
      if (kind === 'welcome') continue
      expect(html).toContain(`href="${slot('issue')}"`)
      expect(text).toContain(`\nView in the browser: ${slot('issue')}\n`)
    }
  })

  test('the same words in the text part as in the HTML part', async () => {
    for (const [, { html, text }] of await eachKind()) {
      const said = new Set(visible(html).match(/[\p{L}\d]+/gu))
      const written = text
        .replace(/\uE000\w+\uE001|\n(Links|\[\d+\] .*)(?=\n)|https?:\/\/\S+|\[(note )?\d+\]|-----*/g, '')
        .match(/[\p{L}\d]+/gu)
      const missing = new Set(written?.filter((word) => !said.has(word)))
      expect([...missing].filter((word) => !['x', 'Links', 'Picture', 'tomato'].includes(word))).toEqual([])
      expect(written?.length).toBeGreaterThan(10)
    }
  })
})

describe('one post', () => {
  test('its subject is its own, else its title, on one line', async () => {
    const press = await pressOf(mjml)
    expect((await renderIssue(post('A\n b', 'c'), press)).subject).toBe('A b')
    expect((await renderIssue(post('A', 'c', { subject: 'Tomatoes!' }), press)).subject).toBe('Tomatoes!')
  })

  test('is laid out like the one before it, so MJML has nothing new to do', async () => {
    const press = await pressOf(mjml)
    const sources = new Set<string>()
    const watched = { ...press, mjml: (source: string) => mjml(sources.add(source) && source) }
    await renderIssue(post('Peas and beans', 'Text.'), watched)
    await renderIssue(
      post('Leeks!', SAMPLE, { summary: 'Other words.', authors: [{ name: 'Grace' }] }),
      watched,
    )
    expect(sources.size).toBe(1)
  })

  test('a hostile title is text wherever it stands', async () => {
    const press = await pressOf(mjml)
    for (const title of NASTY) {
      const nasty = post(title, 'text', { summary: title.repeat(3), authors: [{ name: title }] })
      for (const { html } of [await renderIssue(nasty, press), await renderDigest([nasty], press)]) {
        expect(tagsOf(html).join('')).not.toMatch(/onmouseover="|<script/)
        expect(html).not.toMatch(/alert\(1\)<\/script>|<b>/)
        expect(decoded(/<h[12][^>]*><a[^>]*>(.*?)<\/a><\/h[12]>/.exec(html)?.[1] ?? '')).toBe(title)
        const label = attribute(
          tagsOf(html).find((tag) => tag.includes('role="article"')) ?? '',
          'aria-label',
        )
        expect(decoded(label ?? '')).toContain(title)
      }
    }
  })

  test('a title cannot hold a slot', async () => {
    const { html, subject, text } = await renderIssue(
      post(`A ${slot('confirm')}`, 'b', { summary: slot('confirm'), subject: slot('confirm') }),
      await pressOf(mjml),
    )
    expect(html + subject + text).not.toContain(slot('confirm'))
  })

  test('the date is a day of the site, in the language of the message', async () => {
    const press = await pressOf(mjml)
    const { text } = await renderIssue(post('A', 'b'), { ...press, language: 'de' })
    expect(text).toContain('21. Oktober 2026 · Ada')
  })

  test('the lead picture is shown once', async () => {
    const press = await pressOf(mjml)
    const count = async (markdown: string) =>
      (await renderIssue(post('A', markdown, { image: 'a.png' }), press)).html.match(/<img/g)?.length
    expect(await count('no picture')).toBe(1)
    expect(await count('![a](./a.png)')).toBe(1)
  })

  test('a post that is too long for a mail ends between two blocks, with the rest behind a link', async () => {
    const paragraphs = Array.from(
      { length: 400 },
      (_, index) => `## Part ${index}\n\n${`word${index} `.repeat(60)}[^${index}]`,
    )
    const notes = paragraphs.map((_, index) => `[^${index}]: Note ${index}.`)
    const { html, text } = await renderIssue(
      post('Long', `${paragraphs.join('\n\n')}\n\n${notes.join('\n')}`),
      await pressOf(mjml),
    )
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(88_000)
    expect(Buffer.byteLength(html)).toBeGreaterThan(80_000)
    expect(html).toMatch(/<a href="https:\/\/garden\.example\/posts\/hello\/"[^>]*>Read on: Long<\/a>/)
    expect(html).toContain(`href="${slot('unsubscribe')}"`)
    const parts = html.match(/Part \d+/g)?.length ?? 0
    expect(text.match(/Part \d+/g)).toHaveLength(parts)
    expect(html.match(/Note \d+\./g)).toHaveLength(parts)
    expect(text).toContain('Read on: Long\nhttps://garden.example/posts/hello/')
  })

  test('also one that is a single block too long', async () => {
    const { html } = await renderIssue(
      post('Long', `\`\`\`\n${'x\n'.repeat(50_000)}\`\`\``),
      await pressOf(mjml),
    )
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(88_000)
    expect(html).toContain('Read on: Long')
  })
})

describe('a digest', () => {
  test('says in its subject whose it is, what is newest and how many more there are', async () => {
    const press = await pressOf(mjml)
    const old = post('Old', '', { date: new Date('2026-01-01T00:00:00Z') })
    expect((await renderDigest([old, post('New', '')], press)).subject).toBe(
      'The Garden & Shed: New and 1 more',
    )
    expect((await renderDigest([old], press)).subject).toBe('The Garden & Shed: Old')
  })

  test('shows each post with a link that says where it leads', async () => {
    const { html, text } = await renderDigest([post('Peas', ''), post('Beans', '')], await pressOf(mjml))
    expect([...html.matchAll(/>(Read on: .*?)<\/a>/g)].map((found) => found[1])).toEqual([
      'Read on: Beans',
      'Read on: Peas',
    ])
    expect(text).toContain('Beans\n-----\nOctober 21, 2026 · Ada\n\nTwo kilos of tomatoes')
    expect(text).toContain('Read on: Beans\nhttps://garden.example/posts/hello/')
  })

  test('of many posts names all it can and counts the rest, and is never too long', async () => {
    const posts = Array.from({ length: 300 }, (_, index) =>
      post(`Post ${index} ${'with a long title '.repeat(8)}`, '', {
        date: new Date(1_700_000_000_000 + index * 86_400_000),
        summary: 'word '.repeat(100),
        image: 'a.png',
      }),
    )
    const { html, text } = await renderDigest(posts, await pressOf(mjml))
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(88_000)
    const named = new Set(html.match(/Post \d+/g)).size
    expect(named).toBeGreaterThan(20)
    expect(html).toContain(`And ${300 - named} more posts on The Garden &amp; Shed`)
    expect(text).toContain(`And ${300 - named} more posts on The Garden & Shed\nhttps://garden.example`)
    expect(html).toContain(`href="${slot('unsubscribe')}"`)
    // What has a summary in one part has it in the other.
    expect(text.match(/\n\nword word/g)).toHaveLength(html.match(/>word word/g)?.length ?? 0)
  })

  test('cuts the longest summaries first, before it shows fewer of them', async () => {
    const posts = Array.from({ length: 20 }, (_, index) =>
      post(`Post ${index}`, '', {
        url: `https://garden.example/${'long/'.repeat(80)}${index}/`,
        summary: index === 0 ? 'Short.' : 'ありがとう。'.repeat(60),
      }),
    )
    const { html, text } = await renderDigest(posts, await pressOf(mjml))
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(88_000)
    expect(html.match(/<h2/g)).toHaveLength(20)
    expect(html).toContain('>Short.<')
    expect(html).not.toContain('ありがとう。'.repeat(30))
    expect(html).toContain('ありがとう。'.repeat(10))
    expect(text).toContain('Short.')
  })

  test('of more than four posts begins with their names, and no link leads into the mail itself', async () => {
    const titles = ['Peas', 'Beans', 'Leeks', 'Chard', 'Kale']
    const count = async (length: number) => {
      const { html } = await renderDigest(
        titles.slice(0, length).map((title) => post(title, '')),
        await pressOf(mjml),
      )
      expect(html).not.toMatch(/href="#/)
      return html.match(/<li /g)?.length ?? 0
    }
    expect(await count(4)).toBe(0)
    expect(await count(5)).toBe(5)
  })
})

describe('a welcome', () => {
  test('says what will come, names the newest three posts, and tells the way to change it and to leave', async () => {
    const posts = [1, 2, 3, 4].map((day) =>
      post(`Post ${day}`, '', {
        date: new Date(Date.UTC(2026, 9, day)),
        url: `https://garden.example/${day}/`,
      }),
    )
    const { html, text, subject } = await renderWelcome(await pressOf(mjml), posts)
    expect(subject).toBe('Welcome to The Garden & Shed')
    for (const part of [visible(html), text]) {
      expect(part).toContain('You are subscribed to The Garden & Shed.')
      expect(part.match(/Post \d/g)).toEqual(['Post 4', 'Post 3', 'Post 2'])
    }
    expect(html).toMatch(/href="https:\/\/garden\.example\/4\/"/)
    expect(text).toContain('Post 4\nhttps://garden.example/4/')
  })

  test('of a blog that is still empty names none', async () => {
    const { html, text } = await renderWelcome(await pressOf(mjml), [])
    expect(html + text).not.toContain('To begin with')
    expect(html.match(/<h1/g)).toHaveLength(1)
  })
})

describe('the look of a site', () => {
  test('its colour is that of links and buttons, and its logo stands in place of its name', async () => {
    const press = await pressOf(mjml)
    press.newsletter = { ...press.newsletter, color: '#ffd400', logo: 'art/logo.svg' }
    await mkdir(join(press.folder, 'art'))
    await writeFile(
      join(press.folder, 'art', 'logo.svg'),
      '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="60"><rect width="300" height="60"/></svg>',
    )
    const { light, dark } = paletteOf('#ffd400')
    const { html } = await renderConfirmation(press)
    expect(html).toContain(`background:${light.accent}`)
    expect(html).toContain(`background: ${dark.accent} !important`)
    expect(html).not.toContain(LIGHT.accent)
    const logo = tagsOf(html).find((tag) => tag.startsWith('<img')) ?? ''
    expect(attribute(logo, 'src')).toMatch(/^https:\/\/mail\.garden\.example\/media\/.*\.png$/)
    expect(logo).toContain('alt="The Garden &amp; Shed" width="240" height="48"')
    const { html: issue } = await renderIssue(post('Peas', '[a link](/x)'), press)
    expect(issue).toMatch(new RegExp(`href="https://garden.example/x"[^>]*color:${light.accent}`))
  })

  test('a logo that is an address stays there', async () => {
    const press = await pressOf(mjml)
    press.newsletter = { ...press.newsletter, logo: 'https://garden.example/logo.png' }
    const logo = tagsOf((await renderConfirmation(press)).html).find((tag) => tag.startsWith('<img')) ?? ''
    expect(attribute(logo, 'src')).toBe('https://garden.example/logo.png')
    expect(logo).toContain('max-height:48px')
  })

  test('a logo that is not there stops the mail', async () => {
    const press = await pressOf(mjml)
    press.newsletter = { ...press.newsletter, logo: 'logo.png' }
    await expect(renderConfirmation(press)).rejects.toThrow(
      '"newsletter.logo" is "logo.png", and there is no such file',
    )
  })
})

test("of a thousand letters none holds what is another reader's own", async () => {
  const own = '<mj-text>Dear {{ subscriber.name | default: "reader" }} ({{ subscriber.address }})</mj-text>'
  const issue = await readFile('templates/issue.mjml', 'utf8')
  const press = await pressOf(mjml, {
    'issue.mjml': issue.replace('<mj-text css-class="article"', `${own}$&`),
  })
  const { subject, html, text } = await renderIssue(post('Tomatoes & <basil>', SAMPLE), press)
  const compiled = compileMessage({
    from: { name: 'The Garden', address: 'news@garden.example' },
    replyTo: null,
    ...{ subject, html, text, language: 'en', feedbackId: '1:posts:issue:garden' },
    list: { name: 'The Garden', id: 'posts.garden.example' },
  })
  for (let number = 0; number < 1000; number++) {
    const mark = createHash('sha256').update(String(number)).digest('hex').slice(0, 16)
    const link = (purpose: string) => `https://mail.garden.example/${purpose}?token=${mark}`
    const address = `${mark}@example.org`
    const name = number % 10 === 0 ? '' : `Grace ${mark} "<&\uE000name\uE001`
    const letter = chunksOf(
      compiled({
        ...{ name, address, messageId: `${mark}@garden.example`, date: new Date(0) },
        slots: {
          ...{ name, address, unsubscribe: link('unsubscribe'), preferences: link('preferences') },
          issue: 'https://mail.garden.example/issues/1',
        },
      }),
    )
    const written = decodeQuotedPrintable(Buffer.concat(letter).toString())
    const marks = written.match(/\b[0-9a-f]{16}\b/g) ?? []
    expect(new Set(marks)).toEqual(new Set([mark]))
    expect(marks.length).toBeGreaterThanOrEqual(7)
    expect(written.includes('Dear reader (')).toBe(name === '')
  }
})

test('each kind is what it was, word for word', async () => {
  const shown = (part: string) => part.replace(SLOTS, '[[$1]]')
  for (const [kind, { subject, html, text }] of await eachKind()) {
    await expect(shown(html)).toMatchFileSnapshot(`golden/${kind}.html`)
    await expect(shown(`Subject: ${subject}\n\n${text}`)).toMatchFileSnapshot(`golden/${kind}.txt`)
  }
})

// Real posts of years and many hands, one of ten: rendering all of them takes too long for every day. They are no part
// of the package, so the test runs where they lie beside it.
const CORPUS = resolve('../shared/corpus/nodejs-blog')
test.skipIf(!existsSync(CORPUS))(
  'real posts become mail of a fit size',
  async () => {
    const press = await pressOf(mjml)
    await writeFile(
      join(press.folder, 'config.json'),
      JSON.stringify({
        site: { title: press.site.title, url: press.site.url },
        posts: { folder: CORPUS },
        newsletter: { from: press.newsletter.from },
      }),
    )
    const { posts } = await readPosts(loadConfig(press.folder, {}))
    expect(posts).toHaveLength(141)
    for (const read of posts.filter((_, index) => index % 10 === 0)) {
      const known = {
        ...read,
        id: `tag:garden.example,2026:${read.slug}`,
        url: `https://garden.example/posts/${read.slug}/`,
      }
      const { html, text, subject } = await renderIssue(known, press)
      expect(subject).not.toBe('')
      expect(Buffer.byteLength(html)).toBeLessThanOrEqual(88_000)
      expect(html).not.toMatch(/<script|<iframe|\son\w+="|(?:href|src)="(?!https?:|mailto:|\uE000)/)
      expect(html.match(/<h1/g)).toHaveLength(1)
      expect(text.length).toBeGreaterThan(200)
    }
  },
  60_000,
)
