import fc from 'fast-check'
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5'
import { describe, expect, it } from 'vitest'
import { toHtml } from '../../src/posts/html.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'

type Element = DefaultTreeAdapterTypes.Element
type Node = DefaultTreeAdapterTypes.ChildNode

const BASE = 'https://blog.example/posts/hello/'
const html = (source: string, base = BASE) => toHtml(parseMarkdown(source), base)

describe('the HTML of a post', () => {
  it('is semantic', () => {
    expect(html('## A & b\n\n> c\n\n---\n\n3. d\n4. e\n\n- f\n\n  g')).toBe(
      [
        '<h2>A &amp; b</h2>',
        '<blockquote>\n<p>c</p>\n</blockquote>',
        '<hr>',
        '<ol start="3">\n<li>d</li>\n<li>e</li>\n</ol>',
        '<ul>\n<li><p>f</p>\n<p>g</p></li>\n</ul>',
      ].join('\n'),
    )
  })

  it('names the language of code and changes nothing in it', () => {
    expect(html('```c++\na < b && "c"\n\n  d\n```')).toBe(
      '<pre><code class="language-c++">a &lt; b &amp;&amp; &quot;c&quot;\n\n  d</code></pre>',
    )
  })

  it('gives tables headers with a scope', () => {
    expect(html('|a|b|\n|-|-:|\n|1|2|')).toBe(
      '<table>\n<thead>\n<tr><th scope="col">a</th><th scope="col" style="text-align:right">b</th></tr>\n</thead>\n' +
        '<tbody>\n<tr><td>1</td><td style="text-align:right">2</td></tr>\n</tbody>\n</table>',
    )
  })

  it('shows the boxes of a task list as characters, which mail programs and readers keep', () => {
    expect(html('- [ ] sow\n- [x] reap')).toBe('<ul>\n<li>☐ sow</li>\n<li>☑ reap</li>\n</ul>')
  })

  it('makes addresses absolute as a browser would', () => {
    expect(html('[a](../about?x=1&y) [b](#part) [c](//cdn.example/d) ![e](pics/ä.png "f")')).toBe(
      '<p><a href="https://blog.example/posts/about?x=1&amp;y">a</a> ' +
        '<a href="https://blog.example/posts/hello/#part">b</a> <a href="https://cdn.example/d">c</a> ' +
        '<img src="https://blog.example/posts/hello/pics/%C3%A4.png" alt="e" title="f"></p>',
    )
  })

  it('keeps the text of a link that leads nowhere or runs code', () => {
    const hostile = [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'java&#10;script:alert(1)',
      '&#12;javascript:x',
      'data:text/html,x',
      'vbscript:x',
      'file:///x',
    ]
    for (const address of hostile) expect(html(`[text](<${address}>)`)).toBe('<p>text</p>')
    expect(html('![text](data:image/png;base64,AAAA)')).toBe('<p>text</p>')
    expect(html('[a](mailto:ada@example.org) [b](tel:+4930)')).toBe(
      '<p><a href="mailto:ada@example.org">a</a> <a href="tel:+4930">b</a></p>',
    )
  })

  it('puts footnotes at the end, with a way there and a way back for each reference', () => {
    const page = html('One[^a], again[^a].\n\n[^a]: Note *one*.')
    const targets = Array.from(
      page.matchAll(/href="https:\/\/blog\.example\/posts\/hello\/#([^"]+)"/g),
      (match) => match[1],
    )
    const ids = Array.from(page.matchAll(/ id="([^"]+)"/g), (match) => match[1])
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(targets)).toEqual(new Set(ids))
    expect(page).toMatch(
      /<ol>\n<li id="fn-\w+-1"><p>Note <em>one<\/em>\. <a [^>]+>↩\uFE0E<\/a> <a [^>]+>↩\uFE0E<\/a><\/p><\/li>\n<\/ol>/,
    )
  })

  it('gives the footnotes of two posts different ids', () => {
    const ids = (base: string) =>
      Array.from(html('a[^a]\n\n[^a]: b', base).matchAll(/ id="([^"]+)"/g), (match) => match[1])
    expect(ids(BASE).filter((id) => ids('https://blog.example/posts/other/').includes(id))).toEqual([])
  })

  it('keeps raw HTML that is content, also around Markdown', () => {
    expect(html('<details><summary>More</summary>\n\nText with <kbd>Ctrl</kbd>.\n\n</details>')).toBe(
      '<details><summary>More</summary>\n\n<p>Text with <kbd>Ctrl</kbd>.</p>\n</details>',
    )
  })

  it('makes every address of raw HTML absolute', () => {
    const page = html(
      '<video poster="a.jpg" src="b.mp4" controls></video>\n<img src=c.png srcset="c.png 1x, /d.png 2x" alt="">\n<blockquote cite="/e">f</blockquote>\n<a href="g#h">i</a>',
    )
    expect(page).toContain('poster="https://blog.example/posts/hello/a.jpg"')
    expect(page).toContain('src="https://blog.example/posts/hello/b.mp4"')
    expect(page).toContain(
      'srcset="https://blog.example/posts/hello/c.png 1x, https://blog.example/d.png 2x"',
    )
    expect(page).toContain('cite="https://blog.example/e"')
    expect(page).toContain('href="https://blog.example/posts/hello/g#h"')
  })

  it('takes scripts, styles, handlers and classes out of raw HTML', () => {
    expect(
      html(
        '<p class="lead" style="color:red" onclick="x()" data-y="z">a<script>b</script><style>c</style></p>\n\n<form><input name=d>e</form>',
      ),
    ).toBe('<p>a</p>\n\ne')
  })

  it('leaves a link in the place of a frame', () => {
    expect(
      html(
        '<iframe src="//video.example/v?a=1&b=2" title="A walk" onload=x>no <b>frames</b></iframe>\n\nend',
      ),
    ).toBe('<a href="https://video.example/v?a=1&amp;b=2">A walk</a>\n\n<p>end</p>')
    expect(html('<iframe srcdoc="<script>x</script>">y</iframe>\n\nend')).not.toContain('script')
  })

  it('shows a picture that a script would load later, and none without an address', () => {
    expect(html('<img data-src="real.png" src="data:image/gif;base64,AA" alt="a">')).toBe(
      '<img src="https://blog.example/posts/hello/real.png" alt="a" />',
    )
    expect(html('a <img src="data:image/gif;base64,AA" alt="b"> c')).toBe('<p>a  c</p>')
  })

  it('has no unfit character, not even one that raw HTML escapes', () => {
    expect(html('<p title="b&#xE000;">&#xE001;a&#12;</p>')).toBe('<p title="b">a</p>')
  })

  it('holds nothing that runs and no relative address, whatever the author writes', () => {
    fc.assert(
      fc.property(hostileMarkdown(), (source) => {
        for (const element of elements(parseFragment(html(source)).childNodes)) checkElement(element)
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps the text of code to the letter, with raw HTML beside it or without', () => {
    // Line feeds apart: where one stands at the end of a fence, it is the fence's.
    const code = fc.string({ unit: 'grapheme' }).filter((text) => !/[`\r\n]/.test(text) && /\S/.test(text))
    fc.assert(
      fc.property(code, fc.constantFrom('', '<b>raw</b>\n\n'), (text, before) => {
        const tree = parseMarkdown(`${before}\`\`\`\n${text}\n\`\`\``)
        const pre = [...elements(parseFragment(toHtml(tree, BASE)).childNodes)].find(
          (node) => node.tagName === 'code',
        )
        const written = tree.children.find((node) => node.type === 'code')
        expect(written?.text).toBe(text)
        expect(pre && textOf(pre)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })
})

function hostileMarkdown(): fc.Arbitrary<string> {
  const address = fc.constantFrom(
    ...[
      'javascript:alert(1)',
      ' javascript:x',
      'java\tscript:x',
      'data:text/html,x',
      '//x',
      '/a',
      'b',
      '#c',
      '?d',
      'http:',
      'https://e.example/f',
      ':',
      '\\\\g',
    ],
  )
  const tag = fc.constantFrom(
    ...[
      'a',
      'img',
      'script',
      'style',
      'iframe',
      'svg',
      'math',
      'video',
      'noscript',
      'textarea',
      'title',
      'p',
      'table',
      'td',
    ],
    ...[
      'xmp',
      'template',
      'plaintext',
      'object',
      'embed',
      'base',
      'form',
      'b',
      'pre',
      'code',
      'select',
      'option',
      'mglyph',
      'mtext',
    ],
  )
  const attribute = fc
    .tuple(
      fc.constantFrom(
        'href',
        'src',
        'srcset',
        'poster',
        'cite',
        'onclick',
        'onerror',
        'xlink:href',
        'style',
        'data-src',
        'action',
        'title',
        'srcdoc',
      ),
      address,
      fc.constantFrom('"', "'", ''),
    )
    .map(([name, value, quote]) => ` ${name}=${quote}${value}${quote}`)
  const open = fc
    .tuple(tag, fc.array(attribute, { maxLength: 3 }), fc.constantFrom('>', '/>', '', ' '))
    .map(([name, attributes, end]) => `<${name}${attributes.join('')}${end}`)
  const close = tag.map((name) => `</${name}>`)
  const link = fc
    .tuple(fc.constantFrom('', '!'), address)
    .map(([mark, to]) => `${mark}[t](<${to}> "</p><script>")`)
  const piece = fc.oneof(
    open,
    close,
    link,
    fc.constantFrom(
      '\n\n',
      '\n',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '`',
      '> ',
      '- ',
      '&lt;script&gt;',
      '"',
      "'",
      '[^a]',
      '\n\n[^a]: ',
    ),
    fc.string(),
  )
  return fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
}

function* elements(nodes: Node[]): Generator<Element> {
  for (const node of nodes) {
    if (!('tagName' in node)) continue
    yield node
    yield* elements(node.childNodes)
    if ('content' in node) yield* elements((node as DefaultTreeAdapterTypes.Template).content.childNodes)
  }
}

function checkElement(element: Element): void {
  expect(['script', 'style', 'iframe', 'object', 'embed', 'form', 'base', 'svg', 'math']).not.toContain(
    element.tagName,
  )
  for (const { name, value } of element.attrs) {
    expect(name).not.toMatch(/^on|^data-|^srcdoc$|^action$/)
    const addresses = name === 'srcset' ? value.split(', ') : [value]
    if (['href', 'src', 'srcset', 'poster', 'cite'].includes(name))
      for (const found of addresses) expect(found).toMatch(/^(https?:\/\/|mailto:|tel:)/)
  }
}

function textOf(node: Element): string {
  return node.childNodes
    .map((child) => ('value' in child ? child.value : 'tagName' in child ? textOf(child) : ''))
    .join('')
}
