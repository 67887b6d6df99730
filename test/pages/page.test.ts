import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderPage } from '../../src/pages/page.ts'
import { nothingShown } from '../../src/public/write.ts'
import { makeSite, markdown } from './site.ts'

test('hostile titles, names, tags and summaries are text on every page', async () => {
  const hostile = `</title><script>alert(1)</script> & "quotes" 'n' {{ site.title }}`
  const site = await makeSite()
  const more = [`tags: [${JSON.stringify(hostile)}]`, `author: ${JSON.stringify(hostile)}`]
  more.push(`summary: ${JSON.stringify(hostile)}`)
  await site.write('posts/one.md', markdown(hostile, '2026-01-31', 'Hello.', more.join('\n')))
  await site.publish()
  for (const file of ['index.html', 'posts/one/index.html']) {
    const page = await site.read(`public/${file}`)
    expect(page).not.toMatch(/<script/i)
    expect(page.match(/<\/title>/g)).toHaveLength(1)
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;')
    expect(page).toContain('{{ site.title }}')
    expect(page).toContain('Tea &amp; &lt;code&gt;')
  }
})

test("an author's address is a link only where it is a web address", async () => {
  const site = await makeSite()
  const more =
    'authors: [{ name: Ada, url: "javascript:alert(1)" }, { name: Grace, url: "https://grace.example" }]'
  await site.write('posts/one.md', markdown('One', '2026-01-31', 'Hello.', more))
  await site.publish()
  const page = await site.read('public/posts/one/index.html')
  expect(page).not.toContain('javascript:')
  expect(page).toContain(
    '<a href="https://blog.example/authors/ada/" rel="author">Ada</a>, <a href="https://grace.example',
  )
})

test("dates are on the site's clock and in the language of the page", async () => {
  const site = await makeSite()
  const text = markdown('Eins', '2026-01-31T23:30:00Z', 'Hallo.', 'lang: de\nupdated: 2026-03-01 10:00')
  await site.write('posts/eins.md', text)
  await site.publish()
  const page = await site.read('public/posts/eins/index.html')
  expect(page).toContain('<html lang="de" dir="ltr">')
  expect(page).toContain('<time datetime="2026-01-31T23:30:00.000Z">1. Februar 2026</time>')
  expect(page).toContain('Aktualisiert</span> <time datetime="2026-03-01T09:00:00.000Z">1. März 2026</time>')
  expect(page).toContain('Abonnieren')
  const list = await site.read('public/index.html')
  expect(list).toContain('<time datetime="2026-01-31T23:30:00.000Z">February 1, 2026</time>')
  expect(list).toContain('<h2 lang="de" dir="auto"><a href="https://blog.example/posts/eins/">Eins</a></h2>')
})

test('a page offers the feeds and a way to subscribe, and says in which language it speaks by itself', async () => {
  const { config } = await makeSite()
  const page = renderPage({ title: 'כותרת', content: '<p>טקסט</p>', language: 'he' }, config)
  expect(page).toContain('<html lang="he" dir="rtl">')
  expect(page).toContain('<footer lang="en">')
  expect(page).toContain(
    '<link rel="alternate" type="application/atom+xml" title="Tea &amp; &lt;code&gt; (Atom)" href="https://blog.example/atom.xml">',
  )
  expect(page).toContain('<a href="http://localhost:8025/subscribe">Subscribe</a>')
  expect(page).toContain('<p>טקסט</p>')
  expect(page).not.toContain('canonical')
  const arabic = renderPage({ title: 'عنوان', content: '', language: 'ar-EG' }, config)
  expect(arabic).toContain('<html lang="ar-EG" dir="rtl">')
  expect(arabic).toContain('<a href="http://localhost:8025/subscribe">الاشتراك</a>')
})

test('a page that is not to be found by search engines says so', async () => {
  const { config } = await makeSite()
  const page = { title: 'Unsubscribe', content: '', language: 'en' }
  expect(renderPage({ ...page, indexed: false }, config)).toContain('<meta name="robots" content="noindex">')
  expect(renderPage(page, config)).not.toContain('noindex')
})

test('pages load nothing from anywhere and run no script', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31', '<script>alert(1)</script><b>Bold</b>'))
  await site.publish()
  for (const file of await site.pages())
    expect(await site.read(`public/${file}`)).not.toMatch(
      /<script|<iframe|@import|url\(|rel="stylesheet"| on\w+=/i,
    )
})

test("a template in the site's folder wins, and is read again by the next round of one process", async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31'))
  const shown = nothingShown()
  await site.publish({ shown })
  await site.write('templates/page.html', 'Mine: {{ title }} {{ content | raw }}')
  await site.publish({ shown })
  expect(await site.read('public/posts/one/index.html')).toMatch(/^Mine: One <article>/)
})

test('a mistake in a template is told with file and line, and nothing is written', async () => {
  const mistakes = {
    '<p>\n{{ tilte }}': 'templates/page.html:2: undefined variable: tilte',
    '\n\n{{ title | shout }}': 'templates/page.html:3: undefined filter: shout',
    '{% if title %}': 'templates/page.html:1: tag {% if title %} not closed',
  }
  for (const [template, message] of Object.entries(mistakes)) {
    const site = await makeSite()
    await site.write('posts/one.md', markdown('One', '2026-01-31'))
    await site.write('templates/page.html', template)
    await expect(site.publish()).rejects.toThrow(message)
    await expect(site.pages()).rejects.toThrow('ENOENT')
  }
})

test('a template reads templates and no other file', async () => {
  const site = await makeSite()
  await site.write('secret.html', 'secret')
  await site.write('templates/page.html', "{% render '../secret' %}")
  await expect(site.publish()).rejects.toMatchObject({ name: 'FaultsError' })
})

test('the sample posts have pages whose every link to the site leads to a file', async () => {
  const site = await makeSite()
  await cp(new URL('../../posts', import.meta.url), join(site.folder, 'posts'), { recursive: true })
  await site.publish()
  const pages = await site.pages()
  const samples = await readdir(new URL('../../posts', import.meta.url))
  expect(pages.filter((page) => /^posts\/[^/]+\/index\.html$/.test(page))).toHaveLength(samples.length)
  for (const page of pages.filter((file) => file.endsWith('.html'))) {
    const html = await readFile(join(site.config.feeds.folder, page), 'utf8')
    for (const [, path = ''] of html.matchAll(
      /(?:href|src)="https:\/\/blog\.example\/((?:posts|tags|authors|languages)\/[^"#]*)/g,
    ))
      if (!/\.(xml|json)$/.test(path))
        expect(pages).toContain(path.endsWith('/') ? `${path}index.html` : path)
  }
})
