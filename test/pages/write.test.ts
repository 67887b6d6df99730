import { mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nothingShown } from '../../src/public/write.ts'
import { makeSite, markdown, NOW } from './site.ts'

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex')

test('each public post gets a page, and the list names them newest first', async () => {
  const site = await makeSite()
  await site.write('posts/2026-01-31-one.md', markdown('One', '2026-01-31'))
  await site.write('posts/two.md', markdown('Two', '2026-02-01'))
  const done = await site.publish()
  expect(done.map(({ file, written }) => [file, written])).toEqual([
    ['public/posts/two/index.html', true],
    ['public/posts/one/index.html', true],
    ['public/index.html', true],
  ])
  for (const { file, bytes } of done) expect((await stat(join(site.folder, file))).size).toBe(bytes)
  const list = await site.read('public/index.html')
  expect(list.indexOf('https://blog.example/posts/two/')).toBeGreaterThan(0)
  expect(list.indexOf('https://blog.example/posts/one/')).toBeGreaterThan(
    list.indexOf('https://blog.example/posts/two/'),
  )
})

test('nothing is written a second time, and one changed post rewrites its page and the list', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31'))
  await site.write('posts/two.md', markdown('Two', '2026-02-01'))
  const shown = nothingShown()
  await site.publish({ shown })
  expect((await site.publish()).filter(({ written }) => written)).toEqual([])
  expect((await site.publish({ shown })).filter(({ written }) => written)).toEqual([])

  await site.write('posts/one.md', markdown('One, mended', '2026-01-31'))
  const changed = (await site.publish({ shown })).filter(({ written }) => written)
  expect(changed.map(({ file }) => file)).toEqual(['public/index.html', 'public/posts/one/index.html'])
  expect(await site.read('public/posts/one/index.html')).toContain('One, mended')
})

test('a page that somebody deleted is back after the next round', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31'))
  const shown = nothingShown()
  await site.publish({ shown })
  await rm(join(site.folder, 'public/posts'), { recursive: true })
  await site.publish({ shown })
  expect(await site.pages()).toEqual(['index.html', 'posts/one/index.html'])
})

test('a draft and a post of tomorrow leak into nothing, and come when their time has come', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31'))
  await site.write('posts/secret/index.md', markdown('Secret', '2026-01-31', '![](plan.png)', 'draft: true'))
  await site.write('posts/secret/plan.png', PNG)
  await site.write('posts/tomorrow.md', markdown('Tomorrow', '2026-11-23T08:00:00Z'))
  await site.publish()
  expect(await site.pages()).toEqual(['index.html', 'posts/one/index.html'])
  for (const file of ['public/index.html', 'public/posts/one/index.html', 'data/posthorn.files'])
    expect(await site.read(file)).not.toMatch(/secret|tomorrow|plan\.png/i)

  await site.publish({ now: new Date('2026-11-23T08:00:00Z') })
  expect(await site.pages()).toContain('posts/tomorrow/index.html')
})

test('a correction of next year is not shown before it was made', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31', 'Hello.', 'updated: 2027-02-01'))
  await site.publish()
  expect(await site.read('public/posts/one/index.html')).not.toContain('2027')
})

test('the page of a post that is gone, a draft again or elsewhere is removed with its pictures', async () => {
  const site = await makeSite()
  for (const name of ['gone', 'hidden', 'moved']) {
    await site.write(`posts/${name}/index.md`, markdown(name, '2026-01-31', '![](a.png)'))
    await site.write(`posts/${name}/a.png`, PNG)
  }
  await site.publish()
  expect(await site.pages()).toHaveLength(7)

  await rm(join(site.folder, 'posts/gone'), { recursive: true })
  await site.write('posts/hidden/index.md', markdown('hidden', '2026-01-31', '![](a.png)', 'draft: true'))
  await rename(join(site.folder, 'posts/moved'), join(site.folder, 'posts/here'))
  await site.publish()
  expect(await site.pages()).toEqual(['index.html', 'posts/here/a.png', 'posts/here/index.html'])
  await expect(stat(join(site.folder, 'public/posts/gone'))).rejects.toThrow('ENOENT')
})

test('what the author put into the folder stays, also beside a page that is removed', async () => {
  const site = await makeSite()
  await site.write('public/about.html', 'About me')
  await site.write('public/posts/one/notes.txt', 'Mine')
  await site.write('posts/one.md', markdown('One', '2026-01-31'))
  await site.publish()
  await rm(join(site.folder, 'posts/one.md'))
  await site.publish()
  expect(await site.pages()).toEqual(['about.html', 'index.html', 'posts/one/notes.txt'])
  expect(await site.read('public/about.html')).toBe('About me')
})

test("an author's own file in the way is told and never overwritten, and nothing else is written", async () => {
  const site = await makeSite()
  await site.write('public/index.html', 'My front page')
  await site.write('public/posts/one/index.html', 'By hand')
  await site.write('posts/one.md', markdown('One', '2026-01-31'))
  await site.write('posts/two.md', markdown('Two', '2026-02-01'))
  await expect(site.publish()).rejects.toMatchObject({
    name: 'FaultsError',
    faults: [
      {
        file: 'public/posts/one/index.html',
        message: "this file is not Posthorn's, and posts/one.md needs its place; move it away, or delete it",
      },
      {
        file: 'public/index.html',
        message:
          "this file is not Posthorn's, and the list of posts needs its place; move it away, or delete it",
      },
    ],
  })
  expect(await site.pages()).toEqual(['index.html', 'posts/one/index.html'])
  expect(await site.read('public/index.html')).toBe('My front page')
})

test('a lost list heals: pages with the very bytes are known again, and removed when they are gone', async () => {
  const site = await makeSite()
  await site.write('posts/one.md', markdown('One', '2026-01-31'))
  await site.publish()
  await rm(join(site.folder, 'data/posthorn.files'))
  await site.publish()
  await rm(join(site.folder, 'posts/one.md'))
  await site.publish()
  expect(await site.pages()).toEqual(['index.html'])
})

test('a list that names files outside of the folder is refused, and they stay', async () => {
  const site = await makeSite()
  await site.write('precious.txt', 'Mine')
  await site.write('data/posthorn.files', '# list\n../precious.txt\n')
  await expect(site.publish()).rejects.toThrow(
    'data/posthorn.files: "../precious.txt" is no path below the folder that is served',
  )
  expect(await site.read('precious.txt')).toBe('Mine')
})

test('a picture beside the post arrives where the page looks for it, and again when it changes', async () => {
  const site = await makeSite()
  const text = '![](tea.png) ![](pics/my%20cup.jpg?size=1#top)\n\n<img src="raw.gif"><video poster="p.jpg">'
  await site.write('posts/2026/one/index.md', markdown('One', '2026-01-31', text, 'image: lead.webp'))
  for (const name of ['tea.png', 'pics/my cup.jpg', 'raw.gif', 'p.jpg', 'lead.webp', 'unused.png'])
    await site.write(`posts/2026/one/${name}`, `the bytes of ${name}`)
  const shown = nothingShown()
  await site.publish({ shown })
  expect(await site.pages()).toEqual([
    'index.html',
    'posts/one/index.html',
    'posts/one/lead.webp',
    'posts/one/p.jpg',
    'posts/one/pics/my cup.jpg',
    'posts/one/raw.gif',
    'posts/one/tea.png',
  ])
  expect(await site.read('public/posts/one/pics/my cup.jpg')).toBe('the bytes of pics/my cup.jpg')
  expect(await site.read('public/posts/one/index.html')).toContain('https://blog.example/posts/one/tea.png')

  await site.write('posts/2026/one/tea.png', 'other bytes')
  await utimes(join(site.folder, 'posts/2026/one/tea.png'), NOW, NOW)
  const changed = (await site.publish({ shown })).filter(({ written }) => written)
  expect(changed.map(({ file }) => file)).toEqual(['public/posts/one/tea.png'])
})

test('a picture that turns up later beside an unchanged post arrives too', async () => {
  const site = await makeSite()
  await site.write('posts/one/index.md', markdown('One', '2026-01-31', '![](tea.png)'))
  const shown = nothingShown()
  await site.publish({ shown })
  await site.write('posts/one/tea.png', PNG)
  await site.publish({ shown })
  expect(await site.pages()).toContain('posts/one/tea.png')
})

test('nothing from outside of the posts folder is copied, nor hidden files, nor the source of posts', async () => {
  const site = await makeSite()
  const outside = await mkdtemp(join(tmpdir(), 'posthorn-outside-'))
  await writeFile(join(outside, 'key.pem'), 'secret')
  await site.write('secret.txt', 'secret')
  await site.write('posts/one/.env', 'secret')
  await site.write('posts/one/draft.md', markdown('Draft', '2026-01-31', 'secret', 'draft: true'))
  await symlink(join(outside, 'key.pem'), join(site.folder, 'posts/one/key.pem'))
  await symlink(outside, join(site.folder, 'posts/one/linked.d'))
  await symlink(join(site.folder, 'posts/one/draft.md'), join(site.folder, 'posts/one/draft.txt'))
  const addresses = [
    '../../secret.txt',
    '..%2f..%2fsecret.txt',
    '%2e%2e/%2e%2e/secret.txt',
    '..\\..\\secret.txt',
    '.env',
    'draft.md',
    'draft.txt',
    'key.pem',
    'linked.d',
    '/secret.txt',
    'file:///etc/passwd',
    '%00',
    '%',
    '.',
    '..',
    '#top',
  ]
  const text = addresses.map((address) => `[x](<${address}>) ![x](<${address}>)`).join('\n\n')
  await site.write('posts/one/index.md', markdown('One', '2026-01-31', text))
  // The symlinked folder is a fault of its own where posts are read.
  await rm(join(site.folder, 'posts/one/linked.d'))
  await site.publish()
  expect(await site.pages()).toEqual(['index.html', 'posts/one/index.html'])
})

test('two files that would be copied to one place are told', async () => {
  const site = await makeSite()
  await site.write('posts/a/one.md', markdown('One', '2026-01-31', '![](../tea.png)'))
  await site.write('posts/a/b/two.md', markdown('Two', '2026-02-01', '![](../tea.png)'))
  await site.write('posts/tea.png', 'one tea')
  await site.write('posts/a/tea.png', 'another tea')
  await expect(site.publish()).rejects.toThrow(
    'posts/a/one.md: "../tea.png" leads to posts/tea.png, where posts/a/tea.png is copied to already; give one another name',
  )
})

test("a picture never takes a page's place", async () => {
  const site = await makeSite()
  await site.write('posts/one/index.md', markdown('One', '2026-01-31', '[x](index.html)'))
  await site.write('posts/one/index.html', 'an old export')
  await site.publish()
  expect(await site.read('public/posts/one/index.html')).toContain('<h1>One</h1>')
})

test('a post whose page would be the front page is told', async () => {
  const site = await makeSite({ posts: { link: '/{slug}.html' } })
  await site.write('posts/a.md', markdown('A', '2026-01-31', 'Hello.', 'slug: index'))
  await expect(site.publish()).rejects.toThrow(
    'posts/a.md: its page would be index.html, which is the page of the list of posts; give it another slug',
  )
})

test('a blog of its own at a full address gets no pages, and what is in the folder stays', async () => {
  const site = await makeSite({ posts: { link: 'https://elsewhere.example/{slug}' } })
  await site.write('public/index.html', "another program's")
  await site.write('data/posthorn.files', '# list\nindex.html\n')
  await site.write('posts/one.md', markdown('One', '2026-01-31'))
  expect(await site.publish()).toEqual([])
  expect(await site.pages()).toEqual(['index.html'])
})

test('links with a date, without a last slash, with .html, and a site below a path', async () => {
  const places = {
    '/{year}/{month}/{day}/{slug}/': 'public/2026/01/31/one/index.html',
    '/{slug}': 'public/one/index.html',
    '/{slug}.html': 'public/one.html',
  }
  for (const [link, file] of Object.entries(places)) {
    const site = await makeSite({
      site: { title: 'Notes', url: 'https://blog.example/notes' },
      posts: { link },
    })
    await site.write('posts/one.md', markdown('One', '2026-01-31'))
    expect((await site.publish()).map((page) => page.file)).toContain(file)
  }
})

test('a site without posts has a front page that says so', async () => {
  const site = await makeSite()
  await site.publish()
  expect(await site.read('public/index.html')).toContain('No posts yet.')
})
