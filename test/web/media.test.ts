import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { makeSite, post, type TestSite } from '../site.ts'
import { openBrowser } from './browser.ts'

const webp = () =>
  sharp({ create: { width: 40, height: 30, channels: 3, background: '#c33' } })
    .webp()
    .toBuffer()

function put(site: TestSite, file: string, bytes: Buffer | string) {
  const path = join(site.folder, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}

const NAME = '0123456789abcdef0123456789abcdef'

describe('the pictures of mails', () => {
  test('a WebP beside a post is a PNG in its mail, which is there when the post is not any more', async () => {
    const site = await makeSite({ posts: { link: 'https://ada.example/{slug}/' } })
    const { visit } = await openBrowser(site)
    await site.round()
    await site.join('ada@example.org')
    site.write(
      'hello/index.md',
      post('Hello', '2026-11-02', '![a street](street.webp)\n\n![a plan](plan.svg)'),
    )
    put(site, 'posts/hello/street.webp', await webp())
    put(site, 'posts/hello/plan.svg', '<svg')

    await site.round()

    const [message] = await site.messages()
    const [image] = message?.html?.match(/<img [^>]*alt="a street"[^>]*>/) ?? []
    expect(image).toMatch(/ src="https:\/\/mail\.blog\.example\/media\/[0-9a-f]{32}\.png"/)
    expect(image).toMatch(/ width="40"/)
    // What cannot be drawn is a link to where the author has it.
    expect(message?.html).toMatch(/<a [^>]*href="https:\/\/ada\.example\/hello\/plan\.svg"[^>]*>[^<]*a plan/)
    rmSync(join(site.folder, 'posts/hello'), { recursive: true })
    await site.round()
    const path = /\/media\/[^"]+/.exec(image ?? '')?.[0] ?? ''
    const answer = await visit(path)
    expect(answer.status).toBe(200)
    expect(await sharp(answer.bytes).metadata()).toMatchObject({ format: 'png', width: 40, height: 30 })
  })

  test('a digest shows the lead pictures', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org', 'daily')
    for (const name of ['one', 'two'])
      site.write(`${name}.md`, post(name, '2026-11-02').replace('---\n', '---\nimage: street.webp\n'))
    put(site, 'posts/street.webp', await webp())
    await site.round()
    site.setClock('2026-11-03T09:00:00Z')
    await site.round()

    const [message] = await site.messages()

    expect(
      message?.html?.match(/ src="https:\/\/mail\.blog\.example\/media\/[0-9a-f]{32}\.png"/g),
    ).toHaveLength(2)
    const pictures = readdirSync(join(site.folder, 'data/media')).filter((name) => name.endsWith('.png'))
    expect(pictures).toHaveLength(1)
  })

  test('are kept by whoever has them, and shown by any page', async () => {
    const site = await makeSite()
    const { visit } = await openBrowser(site)
    put(site, `data/media/${NAME}.png`, 'a picture')
    const path = `/media/${NAME}.png`

    const answer = await visit(path)

    expect(answer).toMatchObject({ status: 200, text: 'a picture' })
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
    })
    expect(await visit(path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
    const tag = answer.headers.etag as string
    expect(await visit(path, { headers: { 'If-None-Match': tag } })).toMatchObject({ status: 304 })
    expect(await visit(path, { headers: { Range: 'bytes=2-4' } })).toMatchObject({ status: 206, text: 'pic' })
    expect(await visit(path, { method: 'POST' })).toMatchObject({ status: 404 })
  })

  test('nothing else in their folder is served, and the author may have a folder of that name', async () => {
    const site = await makeSite()
    const { visit } = await openBrowser(site)
    put(site, `data/media/${NAME}.svg`, '<svg/>')
    put(site, `data/media/${NAME}.html`, '<p>')
    put(site, 'data/media/secret.png', 'secret')
    put(site, `data/media/drawn/${NAME}.json`, '{}')
    put(site, 'data/other.png', 'other')
    symlinkSync(join(site.folder, 'config.json'), join(site.folder, `data/media/${NAME}.gif`))
    put(site, 'public/media/tree.png', 'a tree')

    for (const path of [
      ...[`${NAME}.svg`, `${NAME}.html`, 'secret.png', `drawn/${NAME}.json`, `${NAME}.gif`, `${NAME}.jpg`],
      ...['../other.png', '%2e%2e/other.png', '..%2fother.png', `${NAME}.png%00`, '', '.', 'drawn'],
    ])
      expect([path, (await visit(`/media/${path}`)).status]).toEqual([path, 404])
    expect((await visit('/media/tree.png')).text).toBe('a tree')
  })
})
