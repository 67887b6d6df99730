import { existsSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { DARK, LIGHT } from '../../src/mail/colors.ts'
import { type Mjml, withMjml } from '../../src/mail/mjml.ts'
import { type Rendition, renderConfirmation, renderDigest, renderIssue } from '../../src/mail/render.ts'
import { slot } from '../../src/mail/slots.ts'
import { readPosts } from '../../src/posts/folder.ts'
import { post, pressOf } from './press.ts'

// All tests share one child, as all renditions of a round do.
let mjml: Mjml
let close: () => void
let closed: Promise<void>
beforeAll(
  () =>
    new Promise<void>((ready) => {
      closed = withMjml((started) => {
        mjml = started
        ready()
        return new Promise((done) => {
          close = done
        })
      })
    }),
)
afterAll(() => {
  close()
  return closed
})

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

/** Each kind of rendition, with everything in it that a mail can have. */
async function eachKind(): Promise<[string, Rendition][]> {
  const press = await pressOf(mjml)
  const posts = [
    post('Tomatoes & <basil>', SAMPLE, { image: 'tomato.jpg' }),
    post('Peas', '', { date: new Date('2026-10-01T10:00:00Z') }),
  ]
  return [
    ['issue', await renderIssue(posts[0] ?? post('', ''), press)],
    ['digest', await renderDigest(posts, press)],
    ['confirmation', await renderConfirmation(press)],
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

describe('what every message has', () => {
  test('language and direction, on the page and on what is left of it when a program takes the page away', async () => {
    for (const [, { html }] of await eachKind()) {
      expect(html).toMatch(/<html lang="en" dir="ltr"/)
      expect(tagsOf(html).find((tag) => tag.includes('role="article"'))).toMatch(/ lang="en" dir="ltr"/)
    }
    const press = { ...(await pressOf(mjml)), language: 'ar' }
    const { html } = await renderIssue(post('مرحبا', 'نص', { language: 'ar' }), press)
    expect(html).toMatch(/<html lang="ar" dir="rtl"/)
    expect(html).not.toMatch(/direction:ltr;font-size:0px;padding|<td\n?[^>]*align="left"/)
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
        /<(script|iframe|form|object|link|video|svg)\b|javascript:|@import|@font-face|fonts\.google/,
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
    for (const { ground, panel, ...ink } of [LIGHT, DARK])
      for (const color of [ink.text, ink.muted, ink.accent])
        for (const behind of [ground, panel]) expect(contrast(color, behind)).toBeGreaterThanOrEqual(4.5)
  })

  test('only slots that are known, and no other mark', async () => {
    const used = new Map<string, Set<string | undefined>>()
    for (const [kind, { html, text, subject }] of await eachKind()) {
      used.set(kind, new Set([...(html + text).matchAll(/\uE000(\w+)\uE001/g)].map((found) => found[1])))
      expect((html + text).replace(/\uE000(unsubscribe|confirm|issue|address)\uE001/g, '')).not.toMatch(
        /[\uE000-\uE005]/,
      )
      expect(html + text + subject).not.toMatch(/\{\{|\{%|%%|\[object|undefined/)
    }
    expect(used).toEqual(
      new Map([
        ['issue', new Set(['issue', 'unsubscribe'])],
        ['digest', new Set(['issue', 'unsubscribe'])],
        ['confirmation', new Set(['confirm', 'address'])],
      ]),
    )
  })

  test('the way out, the way to the browser and the postal address in both parts, for those on the list', async () => {
    for (const [kind, { html, text }] of await eachKind()) {
      expect(visible(html)).toContain('1 Example Street')
      expect(text).toContain('1 Example Street')
      if (kind === 'confirmation') continue
      expect(html).toContain(`href="${slot('unsubscribe')}"`)
      expect(html).toContain(`href="${slot('issue')}"`)
      expect(text).toContain(`\nUnsubscribe: ${slot('unsubscribe')}\n`)
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
    expect(Buffer.byteLength(html)).toBeLessThan(20_000)
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
    expect(text).toContain('Beans\n-----\nOctober 21, 2026\n\nTwo kilos of tomatoes')
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
  })
})

describe("a site's own templates", () => {
  const render = async (templates: Record<string, string>) =>
    renderIssue(post('Peas', 'Text.'), await pressOf(mjml, templates))
  const faults = async (templates: Record<string, string>) =>
    render(templates).then(
      () => [],
      (error) => error.message.split('\n'),
    )
  const mail = (inner: string) =>
    `<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n${inner}\n<mj-text>{{ post.html }} <a href="{{ links.unsubscribe }}">x</a></mj-text>\n` +
    '</mj-column>\n</mj-section>\n</mj-body>\n</mjml>'

  test('win over the built-in ones, alone or as the frame of them', async () => {
    expect((await render({ 'issue.mjml': mail('<mj-text>mine</mj-text>') })).html).toContain('>mine</div>')
    const frame = mail('{% block content %}{% endblock %}').replace(
      /<mj-section>|<mj-column>|<\/mj-(section|column)>/g,
      '',
    )
    const own = await render({ 'frame.mjml': frame.replace(/<mj-text>.*/, '') }).catch(
      (error) => error.message,
    )
    expect(own).toContain('templates/issue.mjml: nothing shows {{ links.unsubscribe }}')
  })

  test('may use parts that lie beside them', async () => {
    const { html } = await render({
      'issue.mjml': mail("{% render 'part.mjml', word: post.title %}"),
      'part.mjml': '<mj-text>part of {{ word }}</mj-text>',
    })
    expect(html).toContain('part of Peas')
  })

  test('that use an unknown name, filter or tag are told the file and the line', async () => {
    expect(await faults({ 'issue.mjml': mail('<mj-text>\n{{ post.titel }}</mj-text>') })).toEqual([
      expect.stringMatching(/^templates\/issue\.mjml:6: undefined variable: post\.titel/),
    ])
    expect(await faults({ 'issue.mjml': mail('{{ post.title | shout }}') })).toEqual([
      expect.stringMatching(/^templates\/issue\.mjml:5: undefined filter: shout/),
    ])
    expect(await faults({ 'issue.mjml': mail('{% if post.title %}') })).toEqual([
      expect.stringMatching(/^templates\/issue\.mjml:5: tag .*if post\.title.* not closed/),
    ])
    expect(
      await faults({ 'issue.mjml': mail("{% render 'part.mjml' %}"), 'part.mjml': '\n\n{{ nothing }}' }),
    ).toEqual([expect.stringMatching(/^templates\/part\.mjml:3: undefined variable: nothing/)])
  })

  test('that MJML does not understand are told the line in the template, also after a loop', async () => {
    const loop =
      "{% assign three = '1,2,3' | split: ',' %}{% for n in three %}\n<mj-text>{{ n }}</mj-text>\n{% endfor %}"
    expect(
      await faults({ 'issue.mjml': mail(`${loop}\n<mj-txt>a</mj-txt>\n<mj-text colour="red">b</mj-text>`) }),
    ).toEqual([
      expect.stringMatching(/^templates\/issue\.mjml:8: <mj-txt>: Element mj-txt doesn't exist/),
      expect.stringMatching(/^templates\/issue\.mjml:9: <mj-text>: Attribute colour is illegal/),
    ])
    expect(await faults({ 'issue.mjml': mail('{% for n in (1..3) %}<mj-txt />{% endfor %}') })).toHaveLength(
      1,
    )
  })

  test('with tags that are not closed, or closed in the wrong order, are not mended in silence', async () => {
    expect(await faults({ 'issue.mjml': mail('<mj-text>a') })).toEqual([
      'templates/issue.mjml:7: found </mj-column>, but <mj-text> is open here; close it first',
    ])
    expect(await faults({ 'issue.mjml': `${mail('')}\n<mj-raw>` })).toEqual([
      'templates/issue.mjml:11: <mj-raw> is opened here and never closed',
    ])
  })

  test('cannot read files: not by MJML, not by Liquid', async () => {
    expect(await faults({ 'issue.mjml': mail('<mj-include path="../config.json" />') })).toEqual([
      "templates/issue.mjml:5: <mj-include> is not read; use Liquid's {% render 'name.mjml' %}",
    ])
    for (const path of ['../config.json', '/etc/passwd', 'page.html'])
      expect(await faults({ 'issue.mjml': mail(`{% render '${path}' %}`) })).toEqual([
        expect.stringMatching(/^templates\/issue\.mjml:5: .*Failed to lookup/),
      ])
  })

  test('cannot be links to files elsewhere, and have to be files', async () => {
    const press = await pressOf(mjml)
    const template = join(press.folder, 'templates', 'issue.mjml')
    await symlink(join(press.folder, 'config.json'), template)
    await expect(renderIssue(post('a', 'b'), press)).rejects.toThrow(
      'templates/issue.mjml: cannot be read: there is no such file',
    )
    await writeFile(join(press.folder, 'config.json'), '{}')
    await expect(renderIssue(post('a', 'b'), press)).rejects.toThrow(
      'templates/issue.mjml: this link leads out of the templates folder',
    )
  })

  test('that show no article or no way out are refused', async () => {
    expect(
      await faults({ 'issue.mjml': mail('').replace(/<mj-text>.*<\/mj-text>/, '{{ post.html }}') }),
    ).toEqual([
      'templates/issue.mjml: nothing shows {{ post.html }}; put it inside an <mj-text> or <mj-button>',
      'templates/issue.mjml: nothing shows {{ links.unsubscribe }}; put it inside an <mj-text> or <mj-button>',
    ])
  })

  test('may set colours and widths by variables, which MJML then checks', async () => {
    const { html } = await render({
      'issue.mjml': mail('<mj-text color="{{ colors.light.accent }}">a</mj-text>'),
    })
    expect(html).toContain(`color:${LIGHT.accent}`)
    expect(await faults({ 'issue.mjml': mail('<mj-text color="{{ language }}">a</mj-text>') })).toEqual([
      expect.stringMatching(/^templates\/issue\.mjml:5: <mj-text>: Attribute color has invalid value: en/),
    ])
  })
})

// Real posts of years and many hands; they are no part of the package, so the test runs where they lie beside it.
const CORPUS = resolve('../shared/corpus/nodejs-blog')
test.skipIf(!existsSync(CORPUS))(
  'all real posts become mail of a fit size',
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
    for (const read of posts) {
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

/** The contrast of two colours by WCAG 2. */
function contrast(a: string, b: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}
