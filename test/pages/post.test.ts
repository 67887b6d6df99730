import { expect, test } from 'vitest'
import { makeSite, markdown } from './site.ts'

async function pageOf(text: string, more = ''): Promise<string> {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31', text, more))
  await site.publish()
  return site.read('public/posts/one/index.html')
}

const textOf = (page: string) => page.replace(/<[^>]*>/g, '')

test('a heading is led to by its name, as on GitHub, and each by another', async () => {
  const page = await pageOf(
    '[up](#usage)\n\n## Usage\n\n## *Usage* & `more`\n\n### Usage\n\n## Über uns, 3.0_b\n\n## 日本語\n\n## !!!\n\n<h2 id="mine">Mine</h2>\n\n## Mine',
  )
  expect(Array.from(page.matchAll(/<h[23] id="([^"]*)"/g), ([, id]) => id)).toEqual([
    'usage',
    'usage--more',
    'usage-1',
    'über-uns-30_b',
    '日本語',
    'mine',
    'mine-1',
  ])
  expect(page).toContain('<a href="https://blog.example/posts/one/#usage">up</a>')
  expect(page).toContain('<h2>!!!</h2>')
})

test('a heading that looks like markup is no markup in an id', async () => {
  const page = await pageOf('## `"><script>alert(1)</script>` &quot; onclick="x"\n')
  expect(page).not.toMatch(/<script|<h2[^>]* onclick/)
  expect(page).toContain('<h2 id="scriptalert1script--onclickx">')
})

test('a lead picture stands on top, unless the text shows it', async () => {
  const cover = '<p class="cover"><img src="https://blog.example/posts/one/tea.png" alt=""></p>'
  expect(await pageOf('Hello.', 'image: tea.png')).toContain(cover)
  expect(await pageOf('![Tea](tea.png)', 'image: tea.png')).not.toContain(cover)
  expect(await pageOf('Hello.', 'image: "javascript:alert(1)"')).not.toMatch(/javascript|og:image/)
  expect(await pageOf('![Tea](tea.png)', 'image: tea.png')).toContain(
    '<meta property="og:image" content="https://blog.example/posts/one/tea.png">',
  )
})

test('a page tells previews what it is', async () => {
  const page = await pageOf('Hello & goodbye.', 'updated: 2026-02-01')
  for (const line of [
    '<link rel="canonical" href="https://blog.example/posts/one/">',
    '<meta name="description" content="Hello &amp; goodbye.">',
    '<meta property="og:type" content="article">',
    '<meta property="og:title" content="One">',
    '<meta property="og:url" content="https://blog.example/posts/one/">',
    '<meta property="article:published_time" content="2026-01-30T23:00:00.000Z">',
    '<meta property="article:modified_time" content="2026-01-31T23:00:00.000Z">',
  ])
    expect(page).toContain(line)
})

test('sound and film have players of the browser, other files a link', async () => {
  const page = await pageOf(
    'Listen.',
    'audio: { url: talk.mp3, length: 10, title: "A <talk>" }\nvideo: { url: film.mp4, length: 10 }\nattachments: { url: "my slides.pdf", length: 10 }',
  )
  const at = 'https://blog.example/posts/one'
  expect(page).toContain(`<audio controls preload="none" src="${at}/talk.mp3"></audio>`)
  expect(page).toContain(`<a href="${at}/talk.mp3" type="audio/mpeg">A &lt;talk&gt;</a>`)
  expect(page).toContain(`<video controls preload="none" src="${at}/film.mp4"></video>`)
  expect(page).toContain(`<a href="${at}/my%20slides.pdf" type="application/pdf">my slides.pdf</a>`)
})

test('the form asks at the address that takes it, with the fields that are read there', async () => {
  const page = await pageOf('Hello.')
  expect(page).toContain('<form action="http://localhost:8025/subscribe" method="post">')
  expect(page).toMatch(/<input name="address" type="email" required/)
  expect(page).toMatch(/<input name="website" tabindex="-1"/)
})

test('a post that nothing leads to asks search engines to pass', async () => {
  expect(await pageOf('Hello.', 'unlisted: true')).toContain('<meta name="robots" content="noindex">')
  expect(await pageOf('Hello.')).not.toContain('noindex')
})

test('around a post everything is as its language writes it', async () => {
  const page = await pageOf('こんにちは。', 'lang: ja\nauthors: [Ada, 紫式部]\ntags: [お茶]')
  expect(page).toContain('<html lang="ja" dir="ltr">')
  expect(textOf(page)).toMatch(/2026年1月31日 著者： Ada、紫式部\n.*タグ：/s)
  expect(page).toContain('<input type="hidden" name="language" value="ja">')
  const arabic = await pageOf('أهلًا.', 'lang: ar\nauthors: [Ada, Grace]')
  expect(arabic).toContain('<html lang="ar" dir="rtl">')
  expect(textOf(arabic)).toContain('31 يناير 2026 بقلم Ada، Grace\n')
})
