import { execFile } from 'node:child_process'
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contrast } from '../../src/contrast.ts'
import { escapeHtml } from '../../src/markup.ts'
import { hasCode, withColors } from '../../src/pages/code.ts'
import { EDITION, openHighlighter } from '../../src/posts/highlight.ts'
import { makeSite as makeWholeSite } from '../site.ts'
import { makeSite, markdown } from './site.ts'

const run = promisify(execFile)
const CHECKOUT = join(import.meta.dirname, '..', '..')
const SOURCE = 'const tea = "green" // & hot\n'

/** A highlighter of a new site, and the file of what it found out. */
async function open() {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-code-'))
  const config = { journal: { file: join(folder, 'posthorn.journal') } }
  const again = () => openHighlighter(config)
  return { highlighter: again(), again, file: join(folder, 'posthorn.code') }
}

function blockOf(text: string, language: string): string {
  return `<pre><code class="language-${language}">${escapeHtml(text)}</code></pre>`
}

const { highlighter } = await open()

test('code on a page is in colours, by classes alone', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31', `\`\`\`js\n${SOURCE}\`\`\``))
  await site.publish()
  expect(await site.read('public/posts/one/index.html')).toContain(
    '<pre tabindex="0"><code class="language-js"><span class="k">const</span> <span class="v">tea</span> <span class="k">=</span> <span class="s">&quot;green&quot;</span> <span class="c">// &amp; hot</span></code></pre>',
  )
})

test('a change as a diff has what went and what came', async () => {
  expect(await withColors(blockOf('-old\n+<new>\n', 'patch'), highlighter)).toBe(
    '<pre><code class="language-patch"><span class="r">-old</span>\n<span class="t">+&lt;new&gt;</span>\n</code></pre>',
  )
})

test.each([
  ['in no language', '<pre><code>let a</code></pre>'],
  ['in a language that nobody knows', blockOf('let a', 'posthorn')],
  ['in a language with the name of what every object has', blockOf('let a', 'constructor')],
  ['that the author has coloured', '<pre><code class="language-js"><b>let</b> a</code></pre>'],
  ['with an entity that is not ours', '<pre><code class="language-js">let&nbsp;a &#39 &</code></pre>'],
  ['of a length that nobody reads', blockOf('let a\n'.repeat(10_000), 'js')],
  ['of a width that nobody reads', blockOf(`\n${'"$(a'.repeat(600)}`, 'bash')],
])('code %s stays as it is', async (_, html) => {
  expect(await withColors(html, highlighter)).toBe(html)
})

test('a page without a known language has no code to colour', () => {
  expect(hasCode(blockOf('let a', 'posthorn'))).toBe(false)
  expect(hasCode(`<p>x</p>${blockOf('let a', 'TS')}`)).toBe(true)
})

test('what is around code and between it is as before', async () => {
  const html = `<p>a</p>\n${blockOf('1', 'json')}<p>b</p>${blockOf('x', 'posthorn')}${blockOf('2', 'json')}\n<p>c</p>`
  const value = (text: string) => `<span class="v">${text}</span>`
  expect(await withColors(html, highlighter)).toBe(
    html.replace('>1<', `>${value('1')}<`).replace('>2<', `>${value('2')}<`),
  )
})

test('without its tags the code is what the author wrote, whatever that is', async () => {
  const words = [
    'const',
    'if [ -z "$a" ]; then',
    '`${',
    '/* ',
    '*/',
    '<script>',
    '</script>',
    '"',
    "'",
    '&amp;',
  ]
  const piece = fc.oneof(
    fc.constantFrom(...words, '\n', ' ', '\r\n', '\t', '# '),
    fc.string({ unit: 'grapheme' }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.constantFrom('js', 'bash', 'diff'),
      async (text, language) => {
        const plain = blockOf(text, language)
        const colored = await withColors(plain, highlighter)
        expect(colored.replace(/<span class="[a-z]">|<\/span>/g, '')).toBe(plain)
      },
    ),
    { numRuns: 100 },
  )
})

test('code inside of code does not depend on what was coloured before', async () => {
  const text = '# Tea\n\n```json\n{ "tea": 1 }\n```\n'
  const { highlighter: fresh } = await open()
  const before = await fresh.highlight(text, 'md')
  await highlighter.highlight('{ "a": 1 }', 'json')
  expect(await highlighter.highlight(text, 'md')).toEqual(before)
})

test('what was found out is found again by the next start, by the text and the language that is meant', async () => {
  const { highlighter: first, again, file } = await open()
  const found = await first.highlight(SOURCE, 'js')
  await first.save()
  const written = await readFile(file, 'utf8')
  // A keyword taken for a comment tells what was read from what was found out.
  await writeFile(file, written.replace(' k5', ' c5'))
  const [read] = (await again().highlight(SOURCE, 'JavaScript')) ?? []
  expect(found?.[0]).toEqual({ kind: 'keyword', text: 'const' })
  expect(read).toEqual({ kind: 'comment', text: 'const' })
})

test('nothing is written where nothing is new, and what is not asked for is forgotten', async () => {
  const { highlighter: first, again, file } = await open()
  await first.highlight('{ "a": 1 }', 'json')
  await first.highlight('{ "b": 2 }', 'json')
  await first.save()
  const { ino } = await stat(file)
  const second = again()
  await second.highlight('{ "a": 1 }', 'json')
  await second.highlight('{ "b": 2 }', 'json')
  await second.save()
  await second.save()
  expect((await stat(file)).ino).toBe(ino)
  const third = again()
  await third.highlight('{ "a": 1 }', 'json')
  await third.save()
  expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(2)
})

test('a cache that is damaged, forged or of another edition makes no other page', async () => {
  const { highlighter: first, again, file } = await open()
  const html = blockOf('{ "tea": [1, true] }', 'json')
  const page = await withColors(html, first)
  await first.save()
  const written = await readFile(file, 'utf8')
  const [about = '', line = ''] = written.split('\n')
  const [key] = line.split(' ')
  for (const damaged of [
    '',
    '\0\xff',
    written.slice(0, -8),
    written.replace(EDITION, '0'),
    `${about}\n${key} v999999\n`,
    `${about}\n${key} \n`,
    `${about}\n${key} <script>1\n`,
    `${about}\n${key} x"onclick=1\n`,
  ]) {
    await writeFile(file, damaged)
    const next = again()
    expect(await withColors(html, next)).toBe(page)
    await next.save()
    if (damaged.startsWith(about)) expect(await readFile(file, 'utf8')).toBe(written)
  }
})

test('Shiki is loaded for the first new code in a language it knows, and for nothing before that', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-code-'))
  const script = `
    import { registerHooks } from 'node:module'
    let loaded = 0
    registerHooks({ load: (url, context, next) => {
      if (url.includes('@shikijs')) loaded++
      return next(url, context)
    } })
    await import('./src/pages/code.ts')
    const { openHighlighter } = await import('./src/posts/highlight.ts')
    const config = { journal: { file: ${JSON.stringify(join(folder, 'posthorn.journal'))} } }
    for (const language of ['posthorn', 'json']) {
      const highlighter = openHighlighter(config)
      const pieces = await highlighter.highlight('{ "tea": 1 }', language)
      await highlighter.save()
      console.log(language, pieces?.length ?? 'plain', loaded > 0)
    }`
  const start = () => run(process.execPath, ['--input-type=module', '--eval', script], { cwd: CHECKOUT })
  expect((await start()).stdout).toBe('posthorn plain false\njson 5 true\n')
  expect((await start()).stdout).toBe('posthorn plain false\njson 5 false\n')
})

test('a round colours code on pages and remembers how; feeds, whose readers would strip it, do without', async () => {
  const site = await makeWholeSite()
  site.write('tea.md', markdown('Tea', '2026-01-31', '```json\n{ "tea": 1 }\n```'))
  await site.round()
  const read = (file: string) => readFile(join(site.folder, file), 'utf8')
  expect(await read('public/posts/tea/index.html')).toContain('<span class="v">')
  for (const feed of ['rss.xml', 'atom.xml', 'feed.json'])
    expect(await read(`public/${feed}`)).not.toMatch(/span|class=\W+v/)
  expect(await read('data/posthorn.code')).toContain(EDITION)
})

test('the edition names the grammars that are installed: another version colours otherwise', async () => {
  const { version } = JSON.parse(
    await readFile(join(CHECKOUT, 'node_modules/@shikijs/langs/package.json'), 'utf8'),
  )
  expect(EDITION.split(' ')[1]).toBe(version)
})

test('every colour of code is legible on its ground, by day and by night', async () => {
  const template = await readFile(join(CHECKOUT, 'templates/page.html'), 'utf8')
  const palettes = Array.from(template.matchAll(/:root \{ --paper: .*--focus.*\}/g), ([rule]) =>
    Object.fromEntries(
      Array.from(rule.matchAll(/--(\w+): (#\w{6})/g), ([, name, color]) => [name, color ?? '']),
    ),
  )
  const used = Array.from(
    template.matchAll(/^pre \.[a-z].*color: var\(--(\w+)\)/gm),
    ([, name]) => name ?? '',
  )
  expect([palettes.length, used.length]).toEqual([2, 7])
  for (const palette of palettes)
    for (const name of used)
      expect(contrast(palette[name] ?? '', palette.fill ?? ''), name).toBeGreaterThanOrEqual(4.5)
})
