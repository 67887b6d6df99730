/** A digest as its site wants it: `newsletter.digests`. What all digests have in common is in renditions.test.ts. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Config, loadConfig } from '../../src/config.ts'
import { renderDigest } from '../../src/mail/digest.ts'
import type { Press } from '../../src/mail/frame.ts'
import { readWhole, shareRoom } from '../../src/mail/share.ts'
import { readPosts } from '../../src/posts/folder.ts'
import type { Post } from '../../src/posts/post.ts'
import { SLOTS } from '../../src/slots.ts'
import { post, pressOf, sharedMjml } from './press.ts'

const mjml = sharedMjml()

async function pressWith(
  digests: Partial<Config['newsletter']['digests']>,
  templates: Record<string, string> = {},
): Promise<Press> {
  const press = await pressOf(mjml, templates)
  return {
    ...press,
    newsletter: { ...press.newsletter, digests: { ...press.newsletter.digests, ...digests } },
  }
}

/** A post of the garden, the first of them the oldest. */
function day(number: number, title: string, markdown: string, changes: Partial<Post> = {}): Post {
  const slug = title.toLowerCase().replace(/\W+/g, '-')
  return post(title, markdown, {
    url: `https://garden.example/posts/${slug}/`,
    date: new Date(Date.UTC(2026, 9, number, 10)),
    summary: `What there is to say about ${slug}, in a line.`,
    ...changes,
  })
}

const SOWN = [
  day(1, 'Peas', 'Peas are *sown* in [rows](/rows).'),
  day(2, 'Beans', '## When\n\nBeans come later[^1].\n\n### How\n\nIn a [ring](/ring).\n\n[^1]: Late in May.'),
  day(3, 'Leeks & chives', 'Leeks want `sand`.\n\n```js\nconst sand = 2\n```', { image: 'leeks.jpg' }),
]
const TWELVE = Array.from({ length: 12 }, (_, index) => day(index + 1, `Post ${index + 1}`, 'Text.'))
/** Some 50,000 bytes of HTML. */
const LONG = Array.from(
  { length: 500 },
  (_, index) => `Line ${index} of a text that has very many of them.`,
).join('\n\n')

const titlesIn = (html: string) =>
  [...html.matchAll(/<h2[^>]*><a[^>]*>(.*?)<\/a>/g)].map(([, title]) => title)
const levelsIn = (html: string) => [...html.matchAll(/<h(\d)/g)].map(([, level]) => Number(level))
const bytes = (html: string) => Buffer.byteLength(html)

describe('its order and its length', () => {
  test('the newest stands on top, or the oldest, and the subject names what does', async () => {
    const newest = await renderDigest(SOWN, await pressWith({}))
    expect(titlesIn(newest.html)).toEqual(['Leeks &amp; chives', 'Beans', 'Peas'])
    expect(newest.subject).toBe('The Garden & Shed: Leeks & chives and 2 more')
    const { html, text, subject } = await renderDigest(SOWN, await pressWith({ order: 'oldest' }))
    expect(titlesIn(html)).toEqual(['Peas', 'Beans', 'Leeks &amp; chives'])
    expect(text.match(/^(Peas|Beans|Leeks & chives)$/gm)).toEqual(['Peas', 'Beans', 'Leeks & chives'])
    expect(subject).toBe('The Garden & Shed: Peas and 2 more')
  })

  test('of twelve posts five are shown, and seven more are named', async () => {
    const { html, text, subject } = await renderDigest(TWELVE, await pressWith({ posts: 5 }))
    expect(titlesIn(html)).toEqual(['Post 12', 'Post 11', 'Post 10', 'Post 9', 'Post 8'])
    expect(html).toContain('>And 7 more</h2>')
    expect(text).toContain(
      'And 7 more\n----------\n\nPost 7\nhttps://garden.example/posts/post-7/\n\nPost 6\n',
    )
    expect(text).toMatch(/Post 1\nhttps:\/\/garden\.example\/posts\/post-1\/\n\n-- \n/)
    expect(subject).toBe('The Garden & Shed: Post 12 and 11 more')
  })

  test('fifty long summaries become fewer before they are too much for a mail', async () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      day(index, `Post ${index}`, '', { summary: 'ありがとう。'.repeat(60), image: 'a.png' }),
    )
    const { html, text } = await renderDigest(many, await pressWith({ posts: 50 }))
    expect(bytes(html)).toBeLessThanOrEqual(88_000)
    expect(titlesIn(html)).toHaveLength(20)
    expect(text).toContain('And 40 more\n')
  })

  test('it is what it was, word for word', async () => {
    const { subject, html, text } = await renderDigest(
      TWELVE,
      await pressWith({ order: 'oldest', posts: 2, subject: '{{ title }} — {{ posts[0].title }}' }),
    )
    const shown = (part: string) => part.replace(SLOTS, '[[$1]]')
    await expect(shown(html)).toMatchFileSnapshot('golden/digest-oldest.html')
    await expect(shown(`Subject: ${subject}\n\n${text}`)).toMatchFileSnapshot('golden/digest-oldest.txt')
  })
})

describe('whole posts', () => {
  const full = (posts: Post[], changes: Partial<Config['newsletter']['digests']> = {}) =>
    pressWith({ show: 'full', ...changes }).then((press) => renderDigest(posts, press))

  test('each stands there as its author wrote it, and no link says to read on', async () => {
    const { subject, html, text } = await full(SOWN)
    expect(html + text).not.toContain('Read on')
    expect(html + text).not.toContain('in a line')
    const shown = (part: string) => part.replace(SLOTS, '[[$1]]')
    await expect(shown(html)).toMatchFileSnapshot('golden/digest-full.html')
    await expect(shown(`Subject: ${subject}\n\n${text}`)).toMatchFileSnapshot('golden/digest-full.txt')
  })

  test('their headings stand below their titles, and nothing in one can be taken for a part of another', async () => {
    const { html, text } = await full([
      ...SOWN,
      day(4, 'Chard', '#### Deep\n\nText[^1].\n\n[^1]: Chard’s own.'),
    ])
    const levels = levelsIn(html)
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    // The titles of the four, and of the list of more there is none.
    expect(levels.filter((level) => level === 2)).toHaveLength(4)
    levels.forEach((level, index) => {
      expect(level).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1)
    })
    expect(html).not.toMatch(/\sid="|href="#/)
    // Titles have a line of their own below them, which headings do not have.
    expect(text).toContain('\nBeans\n-----\n')
    expect(text).toContain('\nWhen\n~~~~\n')
    expect(text).toContain('\nNotes\n~~~~~\n\n1. Late in May.\n')
    // Addresses are numbered through, and stand together at the end.
    expect(text).toMatch(
      /ring \[1\][\s\S]*rows \[2\][\s\S]*\nLinks\n-----\n\n\[1\] .*\/ring\n\[2\] .*\/rows\n\n-- \n/,
    )
  })

  test('a picture that the text shows is not shown above it once more', async () => {
    const count = async (markdown: string) =>
      (await full([day(1, 'Peas', markdown, { image: 'peas.jpg' })])).html.match(/<img/g)?.length
    expect(await count('Text.')).toBe(1)
    expect(await count('Text.\n\n![Peas](peas.jpg)')).toBe(1)
    // Nor is it lost with the end of a text that is too long.
    const { html } = await full([
      day(1, 'Peas', `${LONG.repeat(3)}\n\n![Peas](peas.jpg)`, { image: 'peas.jpg' }),
    ])
    expect(html.match(/<img/g)).toHaveLength(1)
    expect(html.indexOf('<img')).toBeLessThan(html.indexOf('<h2'))
  })

  test('a short post leaves what it does not need to the long ones, which share it evenly', async () => {
    const posts = [day(1, 'Short', 'Three words only.'), day(2, 'Long', LONG), day(3, 'As long', LONG)]
    const { html, text } = await full(posts)
    expect(bytes(html)).toBeLessThanOrEqual(88_000)
    expect(bytes(html)).toBeGreaterThan(86_000)
    expect(html).toContain('Three words only.')
    expect([...html.matchAll(/>(Read on: .*?)</g)].map(([, words]) => words)).toEqual([
      'Read on: As long',
      'Read on: Long',
    ])
    const [, asLong = 0, long = 0] = html.split('<h2').map((part) => part.match(/>Line \d+ of/g)?.length ?? 0)
    expect(asLong).toBeGreaterThan(200)
    expect(Math.abs(asLong - long)).toBeLessThanOrEqual(2)
    // What has its text in one part has as much of it in the other.
    expect(text.match(/^Line \d+ of/gm)).toHaveLength(asLong + long)
    expect(text).toContain('Read on: Long\nhttps://garden.example/posts/long/')
    expect(text).toContain(
      'Short\n-----\nOctober 1, 2026 · Ada\nhttps://garden.example/posts/short/\n\nThree words',
    )
  })

  test('one of whose text nothing fits shows its summary', async () => {
    const code = `\`\`\`\n${'x'.repeat(100_000)}\n\`\`\``
    const { html, text } = await full([day(1, 'Peas', 'Text.'), day(2, 'One line of code', code)])
    for (const part of [html, text]) {
      expect(part).toContain('What there is to say about one-line-of-code, in a line.')
      expect(part).toContain('Read on: One line of code')
      expect(part).not.toContain('xxx')
    }
  })

  test('where there is not a paragraph for each, the last become titles, and of very many it is told how many', async () => {
    const many = Array.from({ length: 300 }, (_, index) => day(index - 200, `Post ${index}`, LONG))
    const { html, text } = await full(many, { posts: 50 })
    expect(bytes(html)).toBeLessThanOrEqual(88_000)
    const shown = titlesIn(html).length
    expect(shown).toBeGreaterThan(15)
    expect(shown).toBeLessThan(50)
    expect(html.match(/>Line 0 of/g)).toHaveLength(shown)
    expect(text).toContain('\nAnd 50 more\n')
    expect(text).toContain(`\nAnd ${250 - shown} more posts on The Garden & Shed\n`)
  })

  test('colours never cost words: they get what is left, from the top', async () => {
    const code = (number: number) => `\`\`\`js\nconst sand = ${number} // a comment, "and" a string\n\`\`\``
    const short = await full([day(1, 'Peas', code(1)), day(2, 'Beans', code(2))])
    expect(short.html.match(/class="k"/g)).toHaveLength(4)
    const crowded = await full([
      day(1, 'Peas', `${code(1)}\n\n${LONG}`),
      day(2, 'Beans', `${code(2)}\n\n${LONG}`),
    ])
    expect(crowded.html).not.toContain('class="k"')
    expect(crowded.html).toContain('const sand')
  })

  test('a template of the site’s own that shows no text is told', async () => {
    const press = await pressWith(
      { show: 'full' },
      {
        'digest.mjml':
          '<mjml><mj-body><mj-section><mj-column><mj-text>{% for post in posts %}{{ post.summary }}{% endfor %}<a href="{{ links.unsubscribe }}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>',
      },
    )
    await expect(renderDigest(SOWN, press)).rejects.toThrow(
      'templates/digest.mjml: nothing shows {{ post.html }}; put it inside an <mj-text> or <mj-button>',
    )
  })

  test('a template of the site’s own may show the text of the first alone', async () => {
    const press = await pressWith(
      { show: 'full' },
      {
        'digest.mjml':
          '<mjml><mj-body><mj-section><mj-column><mj-text>{% for post in posts %}{% if forloop.first %}{{ post.html }}{% else %}{{ post.summary }}{% endif %}{% endfor %}<a href="{{ links.unsubscribe }}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>',
      },
    )
    const { html, text } = await renderDigest(SOWN, press)
    for (const part of [html, text]) {
      expect(part).toContain('Leeks want')
      expect(part).not.toContain('Beans come later')
      expect(part).toContain('What there is to say about beans, in a line.')
    }
  })

  test('whatever their lengths, they fit, and only what is longer than its share is cut', async () => {
    const press = await pressOf(mjml)
    const plain = { highlight: async () => null }
    const lengths = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1500, max: 12_000 }), async (paragraphs, each) => {
        const wishes = paragraphs.map((count, index) => ({
          whole: readWhole(day(index, `Post ${index}`, 'Words of a text.\n\n'.repeat(count)), press),
          summary: 'A summary.',
          readOn: 'Read on',
          dir: 'ltr' as const,
        }))
        const room = each * wishes.length
        const texts = await shareRoom(wishes, room, plain)
        expect(texts.reduce((sum, { html }) => sum + bytes(html), 0)).toBeLessThanOrEqual(room)
        texts.forEach(({ rest, html }, index) => {
          const whole = wishes[index]?.whole.bytes ?? 0
          expect(rest).toBe(!html.startsWith(wishes[index]?.whole.html ?? ''))
          if (whole <= each) expect(rest).toBe(false)
          // A paragraph and the link take less than this.
          if (rest) expect(bytes(html)).toBeGreaterThan(each - 500)
        })
      }),
      { numRuns: 30 },
    )
  })
})

describe('its subject', () => {
  const subject = async (template: string, posts = SOWN, language = 'en') => {
    const press = { ...(await pressWith({ subject: template })), language, rhythm: 'weekly' as const }
    return (await renderDigest(posts, press)).subject
  }
  const fault = (template: string, posts = SOWN) =>
    subject(template, posts).then(
      (said) => `no fault: ${said}`,
      (error: Error) => error.message.replace('config.json: "newsletter.digests.subject": ', ''),
    )

  test('is the author’s own, from what a digest knows', async () => {
    const template =
      '{{ site.title }}: {{ posts[0].title }}{% if posts.size > 1 %} and {{ posts.size | minus: 1 }} more{% endif %}'
    expect(await subject(template)).toBe('The Garden & Shed: Leeks & chives and 2 more')
    expect(await subject(template, SOWN.slice(0, 1))).toBe('The Garden & Shed: Peas')
    const everything =
      '{{ title }} ({{ language }}, {{ rhythm }}): {% for post in posts %}{{ post.title }}, {{ post.date }}, {{ post.authors }}. {% endfor %}'
    expect(await subject(everything, SOWN.slice(0, 2), 'de')).toBe(
      '2 neue Beiträge (de, weekly): Beans, 2. Oktober 2026, Ada. Peas, 1. Oktober 2026, Ada.',
    )
  })

  test('is text on one line, whatever is in it, and no longer than anybody reads', async () => {
    expect(await subject('News\n  of\r\nthe\u2028week\u0007 {{ posts[0].title }}')).toBe(
      'News of the week Leeks & chives',
    )
    const hostile = [day(1, 'a\r\nBcc: all@example.org <b> \uE000name\uE001', 'Text.')]
    expect(await subject('{{ posts[0].title }}', hostile)).toBe('a Bcc: all@example.org <b> name')
    const long = await subject('{% for i in (1..400) %}{{ posts[0].title }} {% endfor %}')
    expect(long.length).toBeLessThanOrEqual(250)
    expect(long).toMatch(/Leeks &…$/)
  })

  test('knows nothing that is a reader’s own, not even to print it', async () => {
    expect(await fault('Dear {{ subscriber.name | default: "reader" }}')).toBe(
      '{{ subscriber.name | default: "reader" }} is each reader’s own, and a subject is the same for all of them; take it out',
    )
    expect(await fault('{% if links["issue"] %}a{% endif %}')).toMatch(/^\{% if links\["issue"\] %\} is each/)
    expect(await fault('{% assign a = subscriber %}a')).toMatch(/^\{% assign a = subscriber %\} is each/)
    expect(
      await subject(
        'To our subscribers: {{ "subscriber.name" }}{% comment %}{{ links.issue }}{% endcomment %}',
      ),
    ).toBe('To our subscribers: subscriber.name')
  })

  test('tells what is wrong with it', async () => {
    expect(await fault('{{ posts[0].titel }}')).toBe(
      'undefined variable: posts[0].titel; posts[0] has authors, date, title',
    )
    expect(await fault('{{ sit.title }}')).toBe(
      'undefined variable: sit; there are language, posts, rhythm, site, title',
    )
    expect(await fault('{{ title')).toContain('a {{ stands here, and nothing closes it; it ends in }}')
    expect(await fault('{% if title %}a')).toContain('not closed')
    expect(await fault('{{ title | shout }}')).toContain('undefined filter: shout')
    expect(await fault('{{ posts }}')).toContain('this prints several things at once')
    expect(await fault("{% render 'issue.mjml' %}")).toContain('there is no template "issue.mjml"')
    expect(await fault('{% for i in (1..1000000000) %}a{% endfor %}')).toContain('this takes too long')
    expect(await fault('{% if title == "" %}a{% endif %}')).toBe(
      'nothing is left of it; write words that are there for every digest',
    )
  })

  test('is tried with one post too, before there is a week with no more', async () => {
    expect(await fault('{{ posts[0].title }} and {{ posts[1].title }}')).toContain(
      'with one post alone: undefined variable: posts[1]',
    )
    expect(await fault('{% if posts.size > 1 %}News{% endif %}')).toContain(
      'with one post alone: nothing is left',
    )
  })
})

// Real posts of years and many hands, no part of the package. The other 111 are in test/outside.
const CORPUS = resolve('../shared/corpus/nodejs-blog')
test.skipIf(!existsSync(CORPUS))(
  'thirty real posts with their texts are one mail',
  async () => {
    const press = await pressWith({ show: 'full', posts: 30 })
    await writeFile(
      join(press.folder, 'config.json'),
      JSON.stringify({
        site: { title: press.site.title, url: press.site.url },
        posts: { folder: CORPUS },
        newsletter: { from: press.newsletter.from },
      }),
    )
    const { posts } = await readPosts(loadConfig(press.folder, {}))
    const thirty = posts
      .filter((_, index) => index % 5 === 0)
      .slice(0, 30)
      .map((read) => ({ ...read, id: read.slug, url: `https://garden.example/posts/${read.slug}/` }))
    expect(thirty).toHaveLength(29)
    const { html } = await renderDigest(thirty, press)
    expect(bytes(html)).toBeLessThanOrEqual(88_000)
    expect(bytes(html)).toBeGreaterThan(80_000)
    expect(titlesIn(html).length).toBeGreaterThanOrEqual(20)
    expect(html).not.toMatch(/<script|<iframe|\son\w+="|(?:href|src)="(?!https?:|mailto:|\uE000)/)
  },
  60_000,
)
