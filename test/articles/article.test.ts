import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginsWithVideo, renderArticle } from '../../src/articles/article.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { english } from '../../src/words/en.ts'

const article = (markdown: string, language = 'en') =>
  renderArticle(parseMarkdown(markdown), {
    url: 'https://garden.example/posts/hello/',
    language,
    words: english.mail,
  })

/** The article without its styles, so that a test reads what it is about. */
const bare = (markdown: string) =>
  article(markdown)
    .replace(/ style="[^"]*"/g, '')
    .replace(/ (width="100%"|cellspacing="0"|cellpadding="0"|class="\w+")/g, '')
    .replace(/^<div lang="en" dir="ltr">|<\/div>$/g, '')

const words = (html: string) =>
  html
    .replace(/<br( \/)?>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .replaceAll('\u00A0', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')

test('every element has its style inline', () => {
  const html = article(
    '# A\n\nb *c* `d` [e](/f)\n\n> g\n\n- h\n\n| i |\n|---|\n| j |\n\n```\nk\n```\n\n---\n',
  )
  for (const tag of ['h2', 'p', 'code', 'a', 'blockquote', 'ul', 'li', 'table', 'th', 'td', 'pre', 'hr'])
    expect(html).toMatch(new RegExp(`<${tag}( [a-z]+="[^"]*")* style="`))
})

test('headings begin below the title and skip no level, whatever the author began with', () => {
  const levels = (markdown: string) =>
    [...bare(markdown).matchAll(/<h(\d)>/g)].map((found) => Number(found[1]))
  expect(levels('# a\n\n## b\n\n# c')).toEqual([2, 3, 2])
  expect(levels('#### a\n\n###### b\n\n## c\n\n### d')).toEqual([2, 3, 2, 3])
  expect(levels('## a\n\n<h1>b</h1>\n\n<h6>c</h6>')).toEqual([2, 2, 3])
  expect(levels('# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6')).toEqual([2, 3, 4, 5, 6, 6])
})

test('a heading without words is none', () => {
  expect(bare('##\n\na')).toBe('<p>a</p>')
  expect(bare('## ![](a.png)\n\na')).toContain('<h2><img ')
})

test('code keeps every character and every space, also in Word, which knows only breaks', () => {
  const code = 'if (a < b && c) {\n\treturn "&amp;lt;"  // 日本語 🎈\n    x\n\n}'
  const html = article(`\`\`\`js\n${code}\n\`\`\``)
  expect(words(html)).toBe(code.replaceAll('\t', '    '))
  expect(html).toContain('<br>\u00A0\u00A0\u00A0\u00A0return')
  expect(html).toMatch(/<pre dir="ltr" style="[^"]*white-space:pre-wrap[^"]*word-break:break-word/)
})

test('tables say what their head cells are the head of', () => {
  expect(bare('| a | b |\n|---|--:|\n| c | d |')).toBe(
    '<table role="presentation"><tr><td><div><table><thead><tr><th align="left" scope="col">a</th><th align="right" scope="col">b</th></tr></thead>' +
      '<tbody><tr><td>c</td><td align="right">d</td></tr></tbody></table></div></td></tr></table>',
  )
  expect(bare('<table><tr><th scope="row">a</th><th>b</th></tr></table>')).toContain(
    '<th align="left" scope="row">a</th><th align="left" scope="col">b</th>',
  )
})

test('task lists show their boxes as characters, for mail has no forms', () => {
  const html = bare('- [x] done\n- [ ] open')
  expect(words(html)).toBe('☑\uFE0E  done☐\uFE0E  open')
  expect(html).not.toContain('<input')
})

test('pictures are absolute, described, and no wider than the column', () => {
  expect(bare('![A tomato](tomato.png "Ripe")')).toBe(
    '<p><img src="https://garden.example/posts/hello/tomato.png" alt="A tomato" width="552" title="Ripe" /></p>',
  )
  expect(bare('<img src="/a.jpg" width="2000" onerror="x()">')).toContain('alt="" width="552" />')
  expect(bare('<img src="/a.jpg" width="120">')).toContain('width="120"')
  expect(article('![a](b.png)')).toContain('width:auto;max-width:100%;height:auto')
  expect(article('<img src="b.png" width="120">')).toContain('style="max-width:100%;height:auto')
})

test('pictures that mail programs do not show become links, and pictures without an address their description', () => {
  expect(bare('![a plan](plan.svg)')).toBe(
    '<p><a href="https://garden.example/posts/hello/plan.svg">Picture: a plan</a></p>',
  )
  expect(bare('![a](x.webp)![b](y.avif?z)')).not.toContain('<img')
  expect(bare('![a plan](data:image/png;base64,AAAA)')).toBe('<p><span>a plan</span></p>')
})

test('links are absolute and lead only to web and mail addresses', () => {
  expect(bare('[a](../b "c")')).toBe('<p><a href="https://garden.example/posts/b" title="c">a</a></p>')
  expect(bare('[a](mailto:ada@example.org)')).toContain('href="mailto:ada@example.org"')
  for (const bad of [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'tel:1',
    '#top',
    'http://%',
  ])
    expect(bare(`[a](<${bad}>)`)).toBe('<p><span>a</span></p>')
})

test('footnotes are numbers and a list, without jumps', () => {
  const html = bare('One[^a] and two[^b].\n\n[^a]: first\n[^b]: second')
  expect(html).toContain('One<sup>1</sup> and two<sup>2</sup>.')
  expect(html).toContain('<ol><li value="1"><p>first</p></li><li value="2"><p>second</p></li></ol>')
  expect(html).not.toMatch(/href="[^"]*#| id=/)
})

test('a video is a link to where it can be watched', () => {
  const frame = '<iframe src="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?rel=0">no frames</iframe>'
  const link = '<a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ">'
  expect(bare(frame)).toContain(link)
  expect(words(bare(frame))).toBe('▶\uFE0E  Watch the video on youtube.com')
  const video = bare('<video controls><source src="/a.webm"><source src="/a.mp4">Get a browser</video>')
  expect(video.match(/<a [^>]*>/g)).toEqual(['<a href="https://garden.example/a.webm">'])
  expect(words(video)).toBe('▶\uFE0E  Watch the video on garden.example')
  // What is not whole in one piece of raw HTML is still a link, and one.
  expect(bare('A <video><source src="/a.mp4"><source src="/b.mp4">').match(/<a [^>]*>/g)).toHaveLength(1)
})

test("a video that a post begins with has the post's picture for its poster, and no other video has", () => {
  const video = 'https://youtu.be/dQw4w9WgXcQ'
  const options = {
    url: 'https://garden.example/posts/hello/',
    language: 'en',
    words: english.mail,
    image: 'lead.jpg',
  }
  const posters = (markdown: string) =>
    renderArticle(parseMarkdown(markdown), options).match(/src="[^"]*lead.jpg"/g)?.length ?? 0
  expect(posters(`${video}\n\n${video}`)).toBe(1)
  expect(posters(`Hello.\n\n${video}`)).toBe(0)
  expect(posters(`[![A poster of its own](own.jpg)](${video})`)).toBe(0)
  for (const [markdown, begins] of [
    [video, true],
    [`Hello.\n\n${video}`, false],
    ['', false],
  ] as const)
    expect(beginsWithVideo(parseMarkdown(markdown), options)).toBe(begins)
  expect(beginsWithVideo(parseMarkdown(video), { ...options, image: null })).toBe(false)
})

test('links have the colour of the newsletter', () => {
  const options = { url: 'https://garden.example/', language: 'en', words: english.mail, accent: '#123456' }
  expect(renderArticle(parseMarkdown('[a](/b)'), options)).toContain(
    '<a href="https://garden.example/b" style="color:#123456;',
  )
})

test('pictures that Posthorn hosts have its address and no more than their own width', () => {
  const hosted = (width: number) =>
    renderArticle(parseMarkdown('![a](b.webp)'), {
      url: 'https://garden.example/posts/hello/',
      language: 'en',
      words: english.mail,
      pictures: new Map([
        [
          'https://garden.example/posts/hello/b.webp',
          { src: 'https://garden.example/media/c.png', width, height: 9 },
        ],
      ]),
    })
  expect(hosted(2000)).toContain('<img src="https://garden.example/media/c.png" alt="a" width="552"')
  expect(hosted(20)).toContain('<img src="https://garden.example/media/c.png" alt="a" width="20"')
})

test('letters that have no italics are stressed by weight', () => {
  for (const language of ['ar', 'he', 'ja', 'zh-Hant'])
    expect(article('*a*', language)).toContain('<em style="font-style:normal;font-weight:bold;">')
  expect(article('*a*', 'de')).toContain('<em>a</em>')
})

test('raw HTML keeps its content and loses what could do harm, styles of the author included', () => {
  const html = article(
    '<p onclick="x()" style="color:red" class="y" id="z">a<script>b()</script><style>c{}</style></p>\n\n' +
      '<form action="/d"><input value="e"><button>f</button></form>\n\n<svg><a xlink:href="javascript:g()">h</a></svg>\n\n' +
      '<object data="i"></object><details open><summary>j</summary>k</details> <kbd>l</kbd>',
  )
  expect(html).not.toMatch(/script|onclick|color:red|class=|id=|<form|<input|<button|<svg|<object|c\{\}/)
  expect(words(html)).toMatch(/^a\s+f\s+h\s*jk l\s*$/)
})

test('an author who knows how styles are asked for gets one of ours or none', () => {
  expect(article('<p data-look="constructor">a</p><b data-look="toString">b</b>')).not.toContain('function')
  expect(bare('<b data-look="constructor">b</b>')).toBe('<p><b>b</b></p>')
})

test('unclosed raw HTML cannot leave the article', () => {
  const html = article('</div></td></table><div><b>a\n\nb')
  expect(html.match(/<div/g)?.length).toBe(html.match(/<\/div>/g)?.length)
  expect(html).not.toMatch(/<\/t/)
})

test('an article in Arabic is aligned to the right, its code is not', () => {
  const html = article('> ا\n\n- ب\n\n```\nc\n```', 'ar')
  expect(html).toMatch(/^<div lang="ar" dir="rtl" style="text-align:right;/)
  expect(html).toContain('border-right:4px')
  expect(html).toContain('margin-right:26px')
  expect(html).toContain('<pre dir="ltr"')
})

test('what begins an article or a quotation has no room above it, and a heading below another one little', () => {
  const room = (markdown: string) =>
    [...article(markdown).matchAll(/<(h\d|p) style="(?:[^"]*?)(?:margin-top:(\d+)px;)?"/g)].map(
      ([, tag, top]) => `${tag} ${top ?? ''}`.trim(),
    )
  expect(room('## A\n\n### B\n\nC\n\n## D')).toEqual(['h2 0', 'h3 20', 'p', 'h2'])
  expect(room('> ## A\n>\n> B')).toEqual(['h2 0', 'p'])
  expect(room('![a](a.png)\n\n![b](b.png)')).toEqual(['p 0', 'p'])
})

test('what is written in another direction begins at its own side', () => {
  expect(article('<div dir="rtl">א</div>')).toContain('<div dir="rtl" style="text-align:right;">')
  expect(article('<p dir="LTR">a</p>', 'ar')).toContain('text-align:left;">a</p>')
  expect(article('<bdo dir="rtl">א</bdo>')).not.toContain('<bdo dir="rtl" style')
})

test('a linked picture without words is named, and no word of one with words is taken for that', () => {
  const image = (markdown: string) => /<img [^>]*>/.exec(bare(`[${markdown}](https://x.example)`))?.[0]
  expect(image('![](a.png)')).toContain(' alt="Picture"')
  expect(image('![](a.png "alt text")')).toContain(' alt="Picture" width="552" title="alt text"')
  expect(image('![the alt key](a.png)')).toContain(' alt="the alt key"')
  const hostile = image('![A cat](a.png "alt onerror=alert(1) x")')
  expect(hostile).toContain(' alt="A cat" width="552" title="alt onerror=alert(1) x"')
})

test.each([
  ['', '<p '],
  ['', '<iframe '],
  ['', '<blockquote '],
  ['<video>', '<source '],
  ['<pre>', '<code'],
  ['<pre>', '<'],
  ['<a href="https://x.example"><img src="https://x.example/a.png" title="', 'alt '],
])('HTML that is broken forty thousand times over takes no more than its time: %s%s', (opening, broken) => {
  const begun = performance.now()
  article(`<div>\n${opening}${broken.repeat(40_000)}"></a></pre></video></div>`)
  expect(performance.now() - begun).toBeLessThan(3_000)
})

test('an article cannot pretend to hold a slot', () => {
  expect(article('a \uE000unsubscribe\uE001 <b>&#xE000;confirm&#xE001;</b>')).not.toMatch(/[\uE000-\uE005]/)
})

test('whatever the text, what comes out is harmless', () => {
  const nasty = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        ...[
          '<',
          '>',
          '"',
          '`',
          '](',
          '![',
          '<a href="',
          '<img src=x onerror=',
          'javascript:',
          '</div>',
          '<style>',
          '<svg>',
        ],
        ...[
          '&#106;',
          '<!--',
          '-->',
          '\n\n',
          '<script>',
          '<iframe src="',
          '| a |\n|---|\n',
          '[^1]',
          '[^1]: ',
          '```\n',
        ],
        ...[
          '<video src="',
          '</video>',
          '<source src=',
          '<blockquote class="twitter-tweet">',
          '</blockquote>',
          'https://youtu.be/abcdefgh',
          '[![',
          '<pre>',
          '</pre>',
          '<table>',
          '<td>',
          '</table>',
          '\uFDD0',
          '1.2\uFDD1',
          '\uFDD20\uFDD3',
        ],
      ),
    ),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(nasty, (pieces) => {
      const html = article(pieces.join(''))
      const tags = html.match(/<[^>]*>/g)?.join('') ?? ''
      expect(tags).not.toMatch(/<(script|style|svg|iframe|object|form|input)\b/i)
      expect(tags.replace(/"[^"]*"/g, '""')).not.toMatch(/\son\w+=|<[^>]*</)
      for (const [, address = ''] of tags.matchAll(/(?:href|src)="([^"]*)"/g))
        expect(address).toMatch(/^(https?:|mailto:)/)
      expect(html).not.toMatch(/[\uFDD0-\uFDD3]/)
    }),
    { numRuns: 500 },
  )
})
