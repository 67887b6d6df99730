import { describe, expect, it } from 'vitest'
import { readFrontMatter } from '../../src/posts/frontmatter.ts'

describe('front matter', () => {
  it('is YAML between dashes', () => {
    expect(readFrontMatter('---\ntitle: Hello\ntags: [a, b]\n---\nText\n')).toMatchObject({
      data: { title: 'Hello', tags: ['a', 'b'] },
      body: 'Text\n',
    })
  })

  it('is TOML between plus signs', () => {
    expect(readFrontMatter('+++\ntitle = "Hello"\n[taxonomies]\ntags = ["a"]\n+++\nText')).toMatchObject({
      data: { title: 'Hello', taxonomies: { tags: ['a'] } },
      body: 'Text',
    })
  })

  it('may be left out, or be empty', () => {
    expect(readFrontMatter('# Hello\n\n---\n\nText')).toMatchObject({
      data: {},
      body: '# Hello\n\n---\n\nText',
    })
    expect(readFrontMatter('---\n---\nText')).toMatchObject({ data: {}, body: 'Text' })
    expect(readFrontMatter('')).toMatchObject({ data: {}, body: '' })
  })

  it('may come behind a byte order mark, end its lines as Windows or old Macs do, and end with three dots', () => {
    expect(readFrontMatter('\uFEFF---\r\ntitle: Hello\r\n---\r\nA\r\nB')).toMatchObject({
      data: { title: 'Hello' },
      body: 'A\nB',
    })
    expect(readFrontMatter('---\rtitle: Hello\r---\rText')).toMatchObject({
      data: { title: 'Hello' },
      body: 'Text',
    })
    expect(readFrontMatter('---\ntitle: Hello\n...\nText')).toMatchObject({
      data: { title: 'Hello' },
      body: 'Text',
    })
  })

  it('keeps dates and odd numbers as the text that they are', () => {
    const yaml = '---\na: 2026-02-30\nb: &b 1.10\nc: 007\nd: 12:30:45\ne: 12\nf: yes\ng: *b\n---'
    expect(readFrontMatter(yaml)).toMatchObject({
      data: { a: '2026-02-30', b: '1.10', c: '007', d: '12:30:45', e: 12, f: 'yes', g: '1.10' },
    })
    const toml = '+++\na = 2026-02-30 # a day too many\nb = 2026-01-31T10:00:00Z\nc = [2026-01-31]\n+++'
    expect(readFrontMatter(toml)).toMatchObject({
      data: { a: '2026-02-30', b: '2026-01-31T10:00:00Z', c: ['2026-01-31'] },
    })
  })

  it('carries no character that nothing may carry, not even escaped', () => {
    expect(readFrontMatter('---\na: "b\\u0001\\uE000\\uD800c"\n---')).toMatchObject({ data: { a: 'bc' } })
  })

  it('of another kind is refused, and nothing in it is run', () => {
    const ran = () => Reflect.get(globalThis, 'posthornRan')
    for (const kind of ['js', 'javascript', 'JS', ' js', 'json', 'coffee', 'yaml', 'toString', '__proto__'])
      expect(readFrontMatter(`---${kind}\nglobalThis.posthornRan = true\n---\n`)).toEqual({
        line: 1,
        message: expect.stringContaining(`begins with "---${kind.trim()}"; only YAML between "---" and TOML`),
      })
    expect(readFrontMatter('---\na: !!js/function "globalThis.posthornRan = true"\n---')).toMatchObject({
      line: 2,
    })
    expect(ran()).toBeUndefined()
  })

  it('without an end is said to have none', () => {
    expect(readFrontMatter('---\ntitle: Hello\n\nText')).toEqual({
      line: 1,
      message: expect.stringContaining('no closing "---"'),
    })
    expect(readFrontMatter('+++\ntitle = "Hello"')).toEqual({
      line: 1,
      message: expect.stringContaining('no closing "+++"'),
    })
    // The text has a rule of its own further down, and the parser stumbles in between.
    expect(readFrontMatter('---\ntitle: Hello\n\nOnce upon a time\n\n---\n\nThe end')).toEqual({
      line: 4,
      message: expect.stringContaining('if the text of the post begins here, there is no closing "---"'),
    })
    expect(readFrontMatter('---\ntitle: Hello\n---js\n')).toMatchObject({ line: 3 })
  })

  it('with a mistake names the line of the file', () => {
    const faults: [string, number, string][] = [
      ['---\ntitle: Hello\ndate: a: b\n---', 3, 'a value with ": " in it has to stand in quotes'],
      ['---\ntitle: Hello\ntitle: Again\n---', 3, 'this key is there a second time'],
      ['---\ntitle: [a\ndate: b\n---', 3, 'this is not YAML'],
      ['+++\ntitle = "Hello"\ndate = \n+++', 3, 'this is not TOML'],
      ['+++\ntitle = "Hello"\ntitle = "Again"\n+++', 3, 'redefine'],
      ['---\nHello\n---', 2, 'not a list of keys'],
      ['---\n- a\n- b\n---', 2, 'not a list of keys'],
    ]
    for (const [source, line, message] of faults)
      expect(readFrontMatter(source), source).toEqual({ line, message: expect.stringContaining(message) })
  })

  it('cannot exhaust the parser', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...['b', 'c', 'd', 'e', 'f', 'g'].map(
        (key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdef'[index]}`).join()}]`,
      ),
    ]
    for (const head of [bomb.join('\n'), 'a: *b', `a: ${'['.repeat(50_000)}`, 'a: &a [*a]'])
      expect(readFrontMatter(`---\n${head}\n---`), head.slice(0, 20)).toHaveProperty('message')
    expect(readFrontMatter(`+++\na = ${'['.repeat(50_000)}\n+++`)).toHaveProperty('message')
  })

  it('is not mixed up with another file’s', () => {
    const source = '---\ntitle: [Hello\n---'
    expect(readFrontMatter(source)).toHaveProperty('message')
    expect(readFrontMatter(source)).toHaveProperty('message')
    const first = readFrontMatter('---\ntags: [a]\n---')
    if ('data' in first) (first.data.tags as string[]).push('b')
    expect(readFrontMatter('---\ntags: [a]\n---')).toMatchObject({ data: { tags: ['a'] } })
  })
})
