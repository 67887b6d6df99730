import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LIGHT } from '../../src/articles/colors.ts'
import { renderConfirmation } from '../../src/mail/confirmation.ts'
import { renderDigest } from '../../src/mail/digest.ts'
import type { Press } from '../../src/mail/frame.ts'
import { renderIssue } from '../../src/mail/issue.ts'
import { chunksOf, compileMessage, withoutSlots } from '../../src/mail/message.ts'
import { renderWelcome } from '../../src/mail/welcome.ts'
import { slot } from '../../src/slots.ts'
import { decodeQuotedPrintable, post, pressOf, sharedMjml } from './press.ts'

const mjml = sharedMjml()

describe("a site's own templates", () => {
  const render = async (templates: Record<string, string>) =>
    renderIssue(post('Peas', 'Text.'), await pressOf(mjml, templates))
  const faults = async (templates: Record<string, string>) =>
    render(templates).then(
      () => [],
      (error) => error.message.split('\n'),
    )
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

  test('that have no end are ended, and told', async () => {
    for (const endless of [
      '{% for i in (1..1000000000) %}{% endfor %}',
      "{% assign a = 'aaaa' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}",
    ])
      expect(await faults({ 'issue.mjml': mail(endless) })).toEqual([
        expect.stringContaining('templates/issue.mjml:5: this takes too long, or makes too much'),
      ])
    expect(
      await faults({ 'issue.mjml': mail("{% render 'a.mjml' %}"), 'a.mjml': "{% render 'a.mjml' %}" }),
    ).toEqual([expect.stringContaining('it is made of itself')])
  })

  test('that use an unknown name, filter or tag are told the file and the line', async () => {
    expect(await faults({ 'issue.mjml': mail('<mj-text>\n{{ post.titel }}</mj-text>') })).toEqual([
      'templates/issue.mjml:6: undefined variable: post.titel; post has authors, date, dir, html, image, language, readOn, start, summary, title, url',
    ])
    expect(await faults({ 'issue.mjml': mail('{{ post.title | shout }}') })).toEqual([
      expect.stringMatching(/^templates\/issue\.mjml:5: undefined filter: shout/),
    ])
    expect(await faults({ 'issue.mjml': mail('{% if post.title %}') })).toEqual([
      expect.stringMatching(/^templates\/issue\.mjml:5: tag .*if post\.title.* not closed/),
    ])
    expect(await faults({ 'issue.mjml': '{{ post.title\n' })).toEqual([
      'templates/issue.mjml:1: a {{ stands here, and nothing closes it; it ends in }}',
    ])
    expect(await faults({ 'issue.mjml': mail('{{ post.title {{ post.html }}') })).toEqual([
      'templates/issue.mjml:5: after a name there is "|" and a filter, or "}}"; one of them is missing',
    ])
    expect(await faults({ 'issue.mjml': mail('{% endif %}') })).toEqual([
      'templates/issue.mjml:5: found {% endif %}, but something else is open here, or nothing; each {% if %} wants its {% endif %}',
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
      'templates/issue.mjml:5: <mj-text> is not closed before </mj-column>',
    ])
    expect(await faults({ 'issue.mjml': mail('</mj-text>') })).toEqual([
      'templates/issue.mjml:5: found </mj-text>, but <mj-column> is open here; take it out',
    ])
    for (const half of ['<mj-text', '<mj-text color="red>a</mj-text>', '<mj-text>a</mj-text'])
      expect(await faults({ 'issue.mjml': mail(half) })).toEqual([
        expect.stringMatching(/^templates\/issue\.mjml:[56]: <\/?mj-\w+ has no end; a ">" or a quot/),
      ])
    expect(await faults({ 'issue.mjml': 'hello' })).toEqual([
      "templates/issue.mjml:1: there is no <mjml> in it; begin with {% layout 'frame.mjml' %} and a block",
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
        expect.stringContaining(`templates/issue.mjml:5: there is no template "${path}", neither`),
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

  test('may show the article twice, and then each is half as long', async () => {
    const long = post('Peas', 'word '.repeat(100).concat('\n\n').repeat(300))
    const press = await pressOf(mjml, { 'issue.mjml': mail('<mj-text>{{ post.html }}</mj-text>') })
    const { html } = await renderIssue(post('Peas', 'Text.'), press)
    expect(html.match(/<p[^>]*>Text\.<\/p>/g)).toHaveLength(2)
    const cut = (await renderIssue(long, press)).html
    expect(cut.match(/Read on: Peas/g)).toHaveLength(2)
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(88_000)
    expect(Buffer.byteLength(cut)).toBeGreaterThan(80_000)
  })

  test('may take up what they print and print it again, in one piece', async () => {
    const taken = '{% capture both %}{{ post.title }} & {{ post.summary }}\n{% endcapture %}'
    const { html } = await render({ 'issue.mjml': mail(`${taken}<mj-text>{{ both | upcase }}</mj-text>`) })
    expect(html).toContain('Peas &amp; Two kilos')
    expect(
      await faults({ 'issue.mjml': mail(`${taken}<mj-text>{{ both | truncate: 4 }}</mj-text>`) }),
    ).toEqual([
      'templates/issue.mjml: a filter cut through a value that `capture` had taken up; use the filter on the value itself',
    ])
  })
})

describe("what is each reader's own", () => {
  const faults = async (inner: string, name = 'issue.mjml') => {
    const press = await pressOf(mjml, { [name]: name === 'issue.mjml' ? mail(inner) : inner })
    return renderIssue(post('Peas', 'Text.'), press).then(
      () => [],
      (error) => error.message.split('\n'),
    )
  }

  test('can be printed, a name with words for those who gave none', async () => {
    const press = await pressOf(mjml, {
      'issue.mjml': mail(
        '<mj-text>Dear {{ subscriber.name | default: \'friend & "reader"\' }}, {{- subscriber.address }}! <a href=\'{{ links.issue }}\'>x</a></mj-text><mj-button href="{{ links.preferences }}">y</mj-button>',
      ),
    })
    const { html } = await renderIssue(post('Peas', 'Text.'), press)
    expect(html).toContain(`Dear ${slot('name', 'friend &amp; &quot;reader&quot;')},${slot('address')}! <a`)
    const letter = (name: string) =>
      decodeQuotedPrintable(
        Buffer.concat(
          chunksOf(
            compileMessage({
              from: { name: 'The Garden', address: 'news@garden.example' },
              replyTo: null,
              subject: 'Peas',
              html,
              text: 'Peas',
              language: 'en',
              list: null,
              feedbackId: 'a:b:c:d',
            })({
              name,
              address: 'grace@example.org',
              messageId: 'a@garden.example',
              date: new Date(0),
              slots: { name, address: 'grace@example.org' },
            }),
          ),
        ).toString(),
      )
    expect(letter('Grace <3')).toContain('Dear Grace &lt;3,grace@example.org! <a')
    expect(letter('')).toContain('Dear friend &amp; &quot;reader&quot;,grace@example.org! <a')
    expect(withoutSlots(html)).toContain('Dear friend &amp; &quot;reader&quot;,! <a')
  })

  test('cannot be put to any other use, and the fault has its file and line', async () => {
    const name = "print it, such as {{ subscriber.name | default: 'there' }}"
    const link = 'print it as it is, such as {{ links.unsubscribe }}'
    for (const [used, cure] of [
      ['{{ subscriber.name | upcase }}', name],
      ["{{ subscriber.name | default: 'you' | append: '!' }}", name],
      ['{{ subscriber.name | default: site.title }}', name],
      ['{{ subscriber }}', name],
      ['{{ subscriber["name"] }}', name],
      ['{{ ["subscriber"].name }}', name],
      ["{{ 'Dear ' | append: subscriber.name }}", name],
      ['{{ post.title | append: subscriber.name }}', name],
      ['{% if subscriber.name %}a{% endif %}', name],
      ["{% if 'Ada' == subscriber.name %}a{% endif %}", name],
      ['{% unless subscriber.name contains "A" %}a{% endunless %}', name],
      ['{% assign who = subscriber.name %}', name],
      ['{% for letter in subscriber.name %}a{% endfor %}', name],
      ['{% case subscriber.name %}{% when "Ada" %}a{% endcase %}', name],
      ["{% render 'part.mjml', who: subscriber.name %}", name],
      ['{% echo subscriber.name %}', name],
      ['{% capture who %}{{ subscriber.name }}{% endcapture %}', name],
      ['{% if false %}{{ subscriber.address | split: "@" }}{% endif %}', name],
      ['{{ links.issue | url_encode }}', link],
      ['{% if links.issue %}a{% endif %}', link],
      ['{% assign here = links.issue %}', link],
    ] as const) {
      const shown = /\{[{%][^{]*(?:subscriber|links)[^}]*[}%]\}/.exec(used)?.[0]
      expect(await faults(`<mj-text>a</mj-text>\n${used}`)).toEqual([
        `templates/issue.mjml:6: ${shown} would be the same for all readers; ${cure}`,
      ])
    }
    expect(
      await faults(
        "{% layout 'frame.mjml' %}\n{% block content %}{{ subscriber.name | size }}{% endblock %}",
        'issue.mjml',
      ),
    ).toHaveLength(1)
  })

  test('is not misused by words that only look like it', async () => {
    expect(
      await faults(
        "{% comment %}{{ subscriber.name | upcase }}{% endcomment %}{% # of the subscriber %}<mj-text>{{ post.title | append: ' for a subscriber, with links' }}{% assign my-links = 'x' %}{% raw %}{{ subscriber }}{% endraw %}</mj-text>",
      ),
    ).toEqual([])
  })

  test('cannot be reached by another way either', async () => {
    expect(
      await faults("{% assign key = 'subscriber' %}\n<mj-text>{{ [key].name | upcase }}</mj-text>"),
    ).toEqual([
      expect.stringMatching(
        /^templates\/issue\.mjml:6: what is each reader’s own can be printed, and nothing else/,
      ),
    ])
    const press = await pressOf(mjml, {
      'issue.mjml': mail(
        "{% capture who %}{% render 'who.mjml' %}{% endcapture %}\n<mj-text>{{ who }}</mj-text>",
      ),
      'who.mjml': '{{ subscriber.name }}',
    })
    await expect(renderIssue(post('Peas', 'Text.'), press)).rejects.toThrow(
      'templates/issue.mjml:6: what is each reader’s own can be printed, and nothing else',
    )
  })

  test('stands in text; an address may also be a whole attribute', async () => {
    const fault =
      'what is each reader’s own stands in a tag, a title, a style or a comment; it may stand in text, and an address as a whole attribute, such as href="{{ links.unsubscribe }}"'
    for (const wrong of [
      '<mj-text><a href="https://blog.example/?{{ subscriber.name }}">a</a></mj-text>',
      '<mj-text><a href="{{ links.issue }}#top">a</a></mj-text>',
      '<mj-text><a href="mailto:?body={{ links.issue }}">a</a></mj-text>',
      '<mj-text><a href={{ links.issue }}>a</a></mj-text>',
      '<mj-text><i title="{{ subscriber.name }}">a</i></mj-text>',
      '<mj-button href="{{ subscriber.address }}">a</mj-button>',
      '<mj-text><{{ subscriber.name }}></mj-text>',
      '<mj-raw><!-- {{ subscriber.name }} --></mj-raw>',
      '<mj-raw><style>.a { content: "{{ subscriber.name }}" }</style></mj-raw>',
    ])
      expect(await faults(`<mj-text>a</mj-text>\n${wrong}`)).toEqual([`templates/issue.mjml:6: ${fault}`])
    const head = '<mjml>\n<mj-head><mj-title>{{ subscriber.name }}</mj-title></mj-head>'
    const press = await pressOf(mjml, { 'issue.mjml': mail('').replace('<mjml>', head) })
    await expect(renderIssue(post('Peas', 'Text.'), press)).rejects.toThrow(
      `templates/issue.mjml:2: ${fault}`,
    )
  })

  test('is there only where a mail has it', async () => {
    expect(await faults('<mj-text>{{ links.confirm }}</mj-text>')).toEqual([
      'templates/issue.mjml:5: undefined variable: links.confirm; links has issue, preferences, unsubscribe',
    ])
  })
})

describe('what templates may use', () => {
  const KINDS: Record<string, (press: Press) => Promise<unknown>> = {
    'issue.mjml': (press) => renderIssue(post('Peas', 'Text.', { image: 'a.png' }), press),
    'digest.mjml': (press) => renderDigest(Array(21).fill(post('Peas', 'Text.', { image: 'a.png' })), press),
    'confirmation.mjml': (press) => renderConfirmation(press),
    'welcome.mjml': (press) => renderWelcome(press, [post('Peas', 'Text.')]),
  }
  const refused = async (name: string, output: string) => {
    const press = await pressOf(mjml, { [name]: `<mjml><mj-body>${output}</mj-body></mjml>` })
    press.newsletter.logo = 'https://garden.example/logo.png'
    return KINDS[name]?.(press).then(
      () => '',
      (error: Error) => error.message,
    )
  }
  /** All names that a template of that kind knows, asked for as an author meets them: by naming one that is not there. */
  const known = async (name: string, path = ''): Promise<string[]> => {
    const found = / (?:has|there are) (.*)$/.exec((await refused(name, `{{ ${path}nothing }}`)) ?? '')?.[1]
    if (found === undefined) return path === '' ? [] : [path.slice(0, -1)]
    const names = found.startsWith('0') ? ['[0]'] : found.split(', ')
    const deeper = await Promise.all(
      names.map((each) => known(name, `${path.replace(/\.$/, each.startsWith('[') ? '' : '.')}${each}.`)),
    )
    return deeper.flat()
  }

  test.each(Object.keys(KINDS))(
    'is in the README and in the comments, and nothing else is: %s',
    async (name) => {
      const names = [...new Set((await known(name)).map((each) => each.replace(/\[\d+\]/g, '[]')))].sort()
      expect(names).toEqual((await listed(name)).sort())
    },
  )

  test('is named in the comments on top of them', async () => {
    const frame = await readFile('templates/frame.mjml', 'utf8')
    for (const name of Object.keys(KINDS)) {
      const comment = `${frame}${await readFile('templates/issue.mjml', 'utf8')}${await readFile(`templates/${name}`, 'utf8')}`
      for (const path of await listed(name))
        for (const word of path.split(/[.[\]]+/).filter(Boolean))
          expect(comment).toMatch(new RegExp(`\\b${word}\\b`))
    }
  })
})

/** What the README's table lists for a kind of mail: `posts[]` are the members of a list. */
async function listed(name: string): Promise<string[]> {
  const readme = await readFile('README.md', 'utf8')
  const table = /\| variable \| in \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(readme)?.[1] ?? ''
  return table
    .trim()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .filter(([, , kinds = '']) => kinds === 'all' || kinds.includes(name.replace('.mjml', '')))
    .flatMap(([, variables = '']) => [...variables.matchAll(/`([^`]+)`/g)].map((found) => found[1] ?? ''))
}

/** A template that is whole, with something in it. */
function mail(inner: string): string {
  return (
    `<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n${inner}\n<mj-text>{{ post.html }} <a href="{{ links.unsubscribe }}">x</a></mj-text>\n` +
    '</mj-column>\n</mj-section>\n</mj-body>\n</mjml>'
  )
}
