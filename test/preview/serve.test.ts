import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { type Mjml, withMjml } from '../../src/mail/mjml.ts'
import { packageFolder } from '../../src/package.ts'
import type { Choice } from '../../src/preview/make.ts'
import { isOwn, servePreview } from '../../src/preview/serve.ts'
import { makeFolder, post } from '../site.ts'

let mjml: Mjml
let done = () => {}
let ended: Promise<void>
// One process for all of them: it takes a second to start.
beforeAll(async () => {
  await new Promise<void>((ready) => {
    ended = withMjml(async (given) => {
      mjml = given
      ready()
      await new Promise<void>((resolve) => {
        done = resolve
      })
    })
  })
})
afterAll(async () => {
  done()
  await ended
})

type Answer = { status: number; headers: IncomingMessage['headers']; text: string; bytes: Buffer }

/** A site with some files, and its preview in somebody's hands. */
async function openPreview(files: Record<string, string>, first: Choice | null = null) {
  const folder = makeFolder()
  const scratch = mkdtempSync(join(tmpdir(), 'posthorn-scratch-'))
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }))
  const save = (file: string, text: string | Buffer) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  for (const [file, text] of Object.entries(files)) save(file, text)
  const now = () => new Date('2026-11-02T09:00:00Z')
  const previewed = { configure: () => loadConfig(folder, {}), first, folder, mjml, scratch, now }
  const { port, close } = await servePreview(previewed, { host: '127.0.0.1', port: 0 })
  onTestFinished(close)
  const visit = (path = '/', headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<Answer>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path, headers, method }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: bytes.toString(),
            bytes,
          })
        })
      })
        .on('error', reject)
        .end()
    })
  return { folder, save, visit, port }
}

/** Saves as they are told to the page, each awaited. The first is told at once. */
async function hear(port: number): Promise<() => Promise<string>> {
  const stream = await new Promise<IncomingMessage>((resolve) =>
    get({ port, host: '127.0.0.1', path: '/saves' }, resolve),
  )
  onTestFinished(() => void stream.destroy())
  const told: string[] = []
  let wake = () => {}
  stream.on('data', (chunk: Buffer) => {
    told.push(...Array.from(String(chunk).matchAll(/^data: (.*)$/gm), ([, version]) => String(version)))
    wake()
  })
  stream.on('error', () => {})
  const next = async () => {
    while (told.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return told.shift() as string
  }
  await next()
  return next
}

const words = ({ text }: Answer) =>
  text
    .replace(/[\s\S]*<main>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

/** What each part of the page has been made from. */
function parts({ text }: Answer): Map<string, string> {
  return new Map(
    Array.from(text.matchAll(/data-part="([^"]*)" data-hash="([^"]*)"/g), ([, part, hash]) => [
      String(part),
      String(hash),
    ]),
  )
}

function frames({ text }: Answer): Map<string, string> {
  return new Map(
    Array.from(text.matchAll(/<iframe title="([^"]*)" src="([^"]*)"/g), ([, title, src]) => [
      String(title),
      String(src).replaceAll('&amp;', '&'),
    ]),
  )
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}

describe('one page', () => {
  test('shows the newest post: its page, its mail in every light, its text part, header, sizes and findings', async () => {
    const { folder, visit } = await openPreview({
      'posts/old.md': post('Old', '2026-10-01'),
      'posts/new.md': post('New & <b>bold</b>', '2026-11-01', 'Words. ![](nothing.png)'),
    })
    const before = filesIn(folder)
    const page = await visit()
    expect(page.status).toBe(200)
    expect(page.text).toContain('<h1>New &amp; &lt;b&gt;bold&lt;/b&gt;</h1>')
    expect(words(page)).toContain('A test blog &lt;news@blog.example&gt;')
    expect(words(page)).toContain('Warning picture-words posts/new.md')
    expect(words(page)).toMatch(/HTML [\d.]+ KB, \d+ % of what Gmail shows/)
    expect(words(page)).toContain(
      'Subject: New & <b>bold</b>'.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;'),
    )
    expect(words(page)).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click')
    expect([...frames(page).keys()]).toEqual([
      'On a phone, light',
      'On a phone, dark',
      'Without any style',
      'On a desk, light',
      'On a desk, dark',
      'The page, light',
      'The page, dark',
    ])
    for (const [title, src] of frames(page)) {
      const frame = await visit(src)
      expect(frame.status).toBe(200)
      expect(frame.text).toContain('New &amp; &lt;b&gt;bold&lt;/b&gt;')
      expect(frame.headers['content-security-policy']).toMatch(
        /^sandbox allow-same-origin allow-popups .*default-src 'none'/,
      )
      expect(frame.text).not.toContain('prefers-color-scheme')
      if (title.includes('dark')) expect(frame.text).toContain('color-scheme: dark !important')
    }
    expect(page.headers['content-security-policy']).toContain("script-src 'self'")
    // Nothing of the site was written: no database, no outbox, no pictures.
    expect(filesIn(folder)).toEqual(before)
  })

  test('shows drafts and what is to come, and says that they are', async () => {
    const { visit } = await openPreview({
      'posts/draft.md': post('Draft', '2026-11-01').replace('---\n\n', 'draft: true\n---\n\n'),
      'posts/later.md': post('Later', '2026-12-24'),
    })
    expect(words(await visit('/?show=post:draft.md'))).toContain('A draft: nobody sees it yet.')
    expect(words(await visit('/?show=post:later.md'))).toContain('Comes out on December 24, 2026')
  })

  test('shows the other mails, in each language that there are words for', async () => {
    const { visit } = await openPreview({ 'posts/a.md': post('A post', '2026-10-01') })
    for (const [kind, says] of [
      ['digest', 'A post'],
      ['confirmation', 'confirm'],
      ['welcome', 'Welcome'],
    ] as const) {
      const page = await visit(`/?show=${kind}`)
      const [mail] = frames(page).values()
      expect((await visit(mail as string)).text).toContain(says)
    }
    const [mail] = frames(await visit('/?show=confirmation&language=ar')).values()
    expect((await visit(mail as string)).text).toMatch(/<html[^>]* dir="rtl"/)
  })

  test('says what is missing where there is nothing to show', async () => {
    const { visit } = await openPreview({})
    expect(words(await visit())).toContain('The confirmation')
    expect(words(await visit('/?show=digest'))).toContain('there is no post yet that a digest could show')
    for (const nothing of ['toString', '__proto__'])
      expect(words(await visit(`/?show=${nothing}`))).toContain('The confirmation')
    expect(words(await visit('/?show=post:never.md'))).toContain(
      'posts/never.md there is no such file any more',
    )
  })

  test('has the pictures of a post before anything is published', async () => {
    const street = await sharp({ create: { width: 20, height: 10, channels: 3, background: '#27527a' } })
      .webp()
      .toBuffer()
    const { visit, save } = await openPreview({})
    save('posts/a/street.webp', street)
    save('posts/a/index.md', post('A', '2026-10-01', '![The street](street.webp) ![Odd](odd.webp)'))
    save('posts/a/odd.webp', 'no picture')
    save('posts/a/secret.md', 'not even front matter')
    const page = await visit('/?show=post:a/index.md')
    expect(words(page)).toContain(
      'Warning picture-file posts/a/index.md, odd.webp: posts/a/odd.webp is no PNG',
    )
    const shown = frames(page)
    const sourceIn = async (title: string) => {
      const { text } = await visit(shown.get(title) as string)
      return /<img[^>]*? src="([^"]*)"/.exec(text)?.[1] ?? ''
    }
    const inMail = await visit(await sourceIn('On a phone, light'))
    expect(inMail.headers['content-type']).toBe('image/png')
    const onPage = await visit(await sourceIn('The page, light'))
    expect(onPage.bytes.equals(street)).toBe(true)
    for (const path of [
      '/posts/a/secret.md',
      '/config.json',
      '/../config.json',
      '/%2e%2e/config.json',
      '/media/../x.png',
      '/frame/x',
      '/%',
    ])
      expect(`${path} ${(await visit(path)).status}`).toBe(`${path} 404`)
  })
})

describe('at each save', () => {
  test('the page is told, and only what changed is another', async () => {
    const { visit, save, port } = await openPreview({ 'posts/a.md': post('A', '2026-10-01', 'One.') })
    const saved = await hear(port)
    const before = await visit()
    save('posts/a.md', post('A', '2026-10-01', 'Two.'))
    const version = await saved()
    const after = await visit()
    expect(after.text).toContain(`data-version="${version}"`)
    const [old, now] = [parts(before), parts(after)]
    const changed = [...now.keys()].filter((part) => now.get(part) !== old.get(part))
    expect(changed).toEqual(expect.arrayContaining(['phone-mail-dark', 'desk-page-light', 'text']))
    expect(changed).not.toContain('title')
    expect(changed).not.toContain('chooser')
    const [mail] = frames(after).values()
    expect((await visit(mail as string)).text).toContain('Two.')
  })

  test('as editors save: another file in the place of the old one, again and again, and in new folders', async () => {
    const { folder, visit, save, port } = await openPreview({ 'posts/a.md': post('A', '2026-10-01') })
    const saved = await hear(port)
    for (const text of ['Two.', 'Three.', 'Four.']) {
      save('posts/.a.md.swp', post('A', '2026-10-01', text))
      renameSync(join(folder, 'posts/.a.md.swp'), join(folder, 'posts/a.md'))
      await saved()
      expect(words(await visit('/?show=post:a.md'))).toContain(text)
    }
    mkdirSync(join(folder, 'posts/deep'))
    await saved()
    save('posts/deep/b.md', post('B', '2026-10-02', 'Below.'))
    await saved()
    expect(words(await visit('/?show=post:deep/b.md'))).toContain('Below.')
    rmSync(join(folder, 'posts/deep'), { recursive: true })
    await saved()
    expect(words(await visit('/?show=post:deep/b.md'))).toContain('there is no such file any more')
  })

  test('a fault of a post is shown with its line, and mended by the next save', async () => {
    const { visit, save, port } = await openPreview({ 'posts/a.md': post('A', '2026-10-01') })
    const saved = await hear(port)
    save('posts/a.md', '---\ntitle: A\ndate: yesterday\n---\n\nText.\n')
    await saved()
    const page = await visit('/?show=post:a.md')
    expect(page.status).toBe(200)
    expect(words(page)).toContain('posts/a.md:3')
    expect(words(page)).toContain('&quot;date&quot; is &quot;yesterday&quot;')
    expect(page.text).toMatch(/class="here">\s*3 {2}date: yesterday/)
    expect(page.text).toContain('<option value="post:a.md" selected>a.md (to be mended)</option>')
    save('posts/a.md', post('A', '2026-10-01', 'Mended.'))
    await saved()
    expect(words(await visit('/?show=post:a.md'))).toContain('Mended.')
  })

  test('a fault of a template too, and the rest is shown beside it; a template may be the first', async () => {
    const { folder, visit, save, port } = await openPreview({ 'posts/a.md': post('A', '2026-10-01') })
    const saved = await hear(port)
    const own = readFileSync(join(packageFolder(), 'templates', 'issue.mjml'), 'utf8')
    save('templates/issue.mjml', `${own}\n{% nonsense %}\n`)
    await saved()
    const page = await visit('/?show=post:a.md')
    expect(words(page)).toContain('The mail cannot be made')
    expect(words(page)).toMatch(/templates\/issue\.mjml:\d+/)
    expect(page.text).toMatch(/class="here">\s*\d+ {2}\{% nonsense %\}/)
    expect([...frames(page).keys()]).toEqual(['The page, light', 'The page, dark'])
    rmSync(join(folder, 'templates'), { recursive: true })
    await saved()
    expect(frames(await visit('/?show=post:a.md')).size).toBe(7)
  })

  test('a fault of the configuration too', async () => {
    const { folder, visit, save, port } = await openPreview({ 'posts/a.md': post('A', '2026-10-01') })
    const saved = await hear(port)
    const config = readFileSync(join(folder, 'config.json'), 'utf8')
    save('config.json', config.replace('"url"', '"uri"'))
    await saved()
    expect(words(await visit())).toMatch(/config\.json:1 .*uri/)
    save('config.json', config.replace('A test blog', 'Another blog'))
    await saved()
    expect(words(await visit())).toContain('Another blog')
  })
})

describe('nobody else', () => {
  test('reaches it by a name, which may be anybody’s', async () => {
    const { visit, port } = await openPreview({})
    for (const host of [
      'blog.example',
      `blog.example:${port}`,
      'localhost.blog.example',
      '127.0.0.1.blog.example',
      'localhost@blog.example',
    ])
      expect((await visit('/', { Host: host })).status).not.toBe(200)
    for (const host of ['localhost', `localhost:${port}`, '127.0.0.1:1', `[::1]:${port}`])
      expect((await visit('/', { Host: host })).status).toBe(200)
  })

  test('nor by none at all', () => {
    for (const host of [undefined, '', ':80', '[::1', '127.0.0.1@blog.example', 'blog.example#localhost'])
      expect(isOwn(host)).toBe(false)
  })

  test('and nothing but to look is possible', async () => {
    const { visit } = await openPreview({})
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await visit('/', {}, method)).status).toBe(405)
    expect((await visit('/', {}, 'HEAD')).text).toBe('')
    const { headers } = await visit()
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    expect(headers['cache-control']).toBe('no-store')
  })
})
