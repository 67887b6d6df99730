/** What Posthorn's own templates make passes its own checks, and those of two programs that are not ours. */
import { caniemail } from 'caniemail'
import { HtmlValidate } from 'html-validate'
import { beforeAll, expect, test } from 'vitest'
import { checkMessage } from '../../src/check/check.ts'
import { defaultMails, longMails, type Mail, mailOf } from './mails.ts'

let mails: Mail[]
beforeAll(async () => {
  mails = await defaultMails()
}, 60_000)

// What the golden articles show on purpose: a picture without words, a link that says "link".
const ON_PURPOSE = ['picture-words', 'link-words', 'few-words']

test('no check finds anything in a mail of the default templates', async () => {
  const found: string[] = []
  for (const { name, bytes, about } of mails)
    for (const { rule, where, found: what } of await checkMessage(bytes, about))
      if (!name.startsWith('everything') || !ON_PURPOSE.includes(rule))
        found.push(`${name}: ${rule}: ${where}: ${what}`)
  expect(found).toEqual([])
  expect(mails).toHaveLength(18)
})

test('nor in a post and a digest that were cut, once links and names are filled in', async () => {
  for (const { name, bytes, html, about } of await longMails()) {
    expect(await checkMessage(bytes, about), name).toEqual([])
    expect(Buffer.byteLength(html), name).toBeGreaterThan(80_000)
  }
})

test('what a post says of mail is not taken for the message’s own', async () => {
  const said = [
    ...['Content-Type: text/html; charset=utf-8', 'List-Unsubscribe: nowhere'],
    ...[
      '--=_',
      '.',
      'From here on, dots',
      'Bcc: everybody',
      'style="color:#fff"',
      '%%name%%',
      '{{ subscriber.name }}',
    ],
  ]
  const { bytes, text, about } = await mailOf(`${said.join('\n\n')}\n\n    ${said.join('\n    ')}\n`)
  expect(await checkMessage(bytes, about)).toEqual([])
  expect(text.split('\n').map((line) => line.trim())).toEqual(expect.arrayContaining(said))
})

test('html-validate finds nothing in them', async () => {
  const validator = new HtmlValidate({
    extends: ['html-validate:document', 'html-validate:a11y'],
    // What MJML writes: an <article> would be unknown to older Outlooks.
    rules: { 'prefer-native-element': 'off' },
  })
  const found = new Set<string>()
  for (const { name, html } of mails) {
    const report = await validator.validateString(html)
    for (const { messages } of report.results)
      for (const { ruleId, message, line } of messages) found.add(`${name}: ${ruleId}: ${message} (${line})`)
  }
  expect([...found]).toEqual([])
})

/** What some program ignores or does in part, and why that spoils nothing. */
const HARMLESS: Record<string, string[]> = {
  'the looks of dark and of telephones are in style blocks; without them the inline styles hold': [
    ...['<style> element', '@media', '!important keyword', 'Attribute selector', 'Chaining selectors'],
    ...['Child combinator', 'Class selector', 'Descendant combinator', 'ID selector', 'Type selector'],
    ...[
      'color-scheme CSS property',
      'color-scheme meta tag',
      'display:none',
      '<body> element',
      '<link> element',
    ],
  ],
  'corners are square, nothing throws a shadow, a pointer is an arrow': [
    ...[
      'border-radius',
      'box-shadow',
      'cursor',
      'outline',
      'text-transform',
      'word-spacing',
      'letter-spacing',
    ],
  ],
  'the layout is of tables with widths; Outlook draws boxes in their cells': [
    ...[
      'width property',
      'width attribute',
      'height property',
      'max-width',
      'max-height property',
      'display',
    ],
    ...['margin', 'padding', 'border', 'border-spacing', 'background', 'overflow', 'table-layout'],
    ...['align attribute', 'text-align', 'line-height', 'font-size', 'font-weight', 'target attribute'],
  ],
  'code has <br> and spaces that do not break; long words are wide where they cannot be broken': [
    ...['white-space', 'word-break', 'overflow-wrap'],
  ],
  'lists and links look as the program draws them': [
    ...['<ul>, <ol> and <dl>', 'list-style', 'text-indent', 'text-decoration'],
  ],
  'for who listens; the reading order says the same': [
    ...['aria-label attribute', 'aria-hidden attribute', 'role attribute', 'dir attribute', 'direction'],
  ],
  'the words are read without them': ['<abbr> element', '<ruby> element', '<rt> element', '<rp> element'],
}

test('caniemail finds nothing but what does no harm where it is ignored', () => {
  const found = new Set<string>()
  for (const { html } of mails) {
    const { issues } = caniemail({ clients: ['gmail.*', 'outlook.*', 'apple-mail.*'], html })
    for (const list of [...issues.errors.values(), ...issues.warnings.values()])
      for (const { title } of list) found.add(title)
  }
  const harmless = new Set(Object.values(HARMLESS).flat())
  expect([...found].filter((title) => !harmless.has(title))).toEqual([])
  // It finds something in every mail, or it has not looked.
  expect(found.size).toBeGreaterThan(40)
})
