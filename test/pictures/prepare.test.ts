import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Color } from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  articlePictures,
  leadPicture,
  type Picture,
  preparePictures,
  type Refused,
} from '../../src/pictures/prepare.ts'
import { post } from '../mail/press.ts'

const PAGE = 'https://blog.example/posts/hello/'

/** A site's folders with some files in them, by their paths. */
function makeSite(files: Record<string, Buffer | string>, link = PAGE) {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-pictures-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'posts'))
  mkdirSync(join(folder, 'public'))
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  const url = 'https://blog.example'
  const place = {
    folder,
    site: { title: 'A blog', url, description: '', language: 'en', timeZone: 'UTC' },
    posts: { folder: join(folder, 'posts'), link: '/posts/{slug}/' },
    feeds: { folder: join(folder, 'public'), url, entries: 20, size: 512_000 },
    journal: { file: join(folder, 'data', 'posthorn.journal') },
    web: { url: 'https://mail.blog.example', host: '127.0.0.1', port: 0, trustProxy: false },
  }
  const media = join(folder, 'data', 'media')
  const prepare = async (addresses: string[], options = {}) => {
    const refused: Refused[] = []
    const pictured = [{ post: { file: 'hello/index.md', url: link }, addresses }]
    const pictures = await preparePictures(pictured, place, (one) => refused.push(one), options)
    /** What was made of an address: the picture with its bytes. */
    const made = async (address: string) => {
      const picture = pictures.get(new URL(address, link).href) as Picture
      const name = picture.src.replace('https://mail.blog.example/media/', '')
      const bytes = readFileSync(join(media, name))
      return { ...picture, name, ...(await look(bytes)) }
    }
    return { pictures, refused, made }
  }
  return { folder, place, media, prepare }
}

async function look(bytes: Buffer) {
  const { format, width, height, space, depth, exif, icc, orientation, hasAlpha } =
    await sharp(bytes).metadata()
  return { bytes, file: { format, width, height, space, depth, exif, icc, orientation, hasAlpha } }
}

const plain = (width: number, height: number, background: Color = '#c33') =>
  sharp({ create: { width, height, channels: 3, background } })
const clear = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: { r: 0, g: 120, b: 0, alpha: 0.5 } } })
/** Like a photograph: no two pixels are alike, and its neighbours are not far. */
const photograph = (width: number, height: number) =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  }).blur(2)
const svg = (inside: string, size = 'width="300" height="150"') =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${size} viewBox="0 0 300 150">${inside}</svg>`

describe('what mail programs cannot show', () => {
  test('becomes PNG, or JPEG where it is a photograph, and is hosted under the hash of its bytes', async () => {
    const { prepare, media } = makeSite({
      'posts/hello/drawing.webp': await plain(40, 30).webp({ lossless: true }).toBuffer(),
      'posts/hello/clear.avif': await clear(40, 30).avif().toBuffer(),
      'posts/hello/tree.webp': await photograph(300, 200).webp().toBuffer(),
      'posts/hello/plan.svg': svg('<rect width="100" height="100" fill="red"/>'),
    })

    const { made, refused } = await prepare(['drawing.webp', 'clear.avif', 'tree.webp', 'plan.svg'])

    expect(refused).toEqual([])
    expect(await made('drawing.webp')).toMatchObject({
      width: 40,
      height: 30,
      file: { format: 'png', width: 40 },
    })
    expect(await made('clear.avif')).toMatchObject({ file: { format: 'png', hasAlpha: true } })
    expect(await made('tree.webp')).toMatchObject({ width: 300, file: { format: 'jpeg', width: 300 } })
    // As many pixels as a good screen has for it.
    expect(await made('plan.svg')).toMatchObject({
      width: 300,
      height: 150,
      file: { format: 'png', width: 600 },
    })
    expect((await made('plan.svg')).src).toMatch(/^https:\/\/mail\.blog\.example\/media\/[0-9a-f]{32}\.png$/)
    expect(readdirSync(media).filter((name) => name !== 'drawn')).toHaveLength(4)
  })

  test('a large picture is drawn as large as a mail shows it on a good screen, and says how large it is', async () => {
    const { prepare } = makeSite({
      'posts/hello/wide.png': await plain(2400, 300).png().toBuffer(),
      'posts/hello/wall.svg': svg('<rect width="9" height="9"/>', 'width="30000" height="15000"'),
    })

    const { made } = await prepare(['wide.png', 'wall.svg'])

    expect(await made('wide.png')).toMatchObject({
      width: 2400,
      height: 300,
      file: { width: 1104, height: 138 },
    })
    expect(await made('wall.svg')).toMatchObject({ width: 30000, height: 15000, file: { width: 1104 } })
  })

  test('photographs stand upright, and say neither where they were taken nor which printer they are for', async () => {
    const exif = { IFD0: { Copyright: 'Ada' }, IFD3: { GPSLatitude: '52/1 30/1 0/1' } }
    const { prepare } = makeSite({
      'posts/hello/turned.jpg': await photograph(60, 40)
        .withExif(exif)
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toBuffer(),
      'posts/hello/print.jpg': await photograph(60, 40).toColourspace('cmyk').jpeg().toBuffer(),
      'posts/hello/deep.png': await plain(60, 40).toColourspace('rgb16').png().toBuffer(),
      'posts/hello/grey.png': await clear(60, 40).toColourspace('grey16').png().toBuffer(),
    })

    const { made, refused } = await prepare(['turned.jpg', 'print.jpg', 'deep.png', 'grey.png'])

    expect(refused).toEqual([])
    const turned = await made('turned.jpg')
    expect(turned).toMatchObject({ width: 40, height: 60, file: { format: 'jpeg', width: 40, height: 60 } })
    expect([turned.file.exif, turned.file.icc, turned.file.orientation]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect((await made('print.jpg')).file).toMatchObject({ format: 'jpeg', space: 'srgb' })
    expect((await made('deep.png')).file).toMatchObject({ format: 'png', space: 'srgb', depth: 'uchar' })
    expect((await made('grey.png')).file).toMatchObject({ format: 'png', depth: 'uchar', hasAlpha: true })
  })
})

describe('what they can show', () => {
  test('is hosted as it is', async () => {
    const frames = [plain(20, 20).png(), plain(20, 20, '#3c3').png()].map((frame) => frame.toBuffer())
    const files = {
      'posts/hello/dot.png': await clear(20, 20).png().toBuffer(),
      'posts/hello/tree.jpg': await photograph(300, 200).jpeg().toBuffer(),
      'posts/hello/dance.gif': await sharp(await Promise.all(frames), { join: { animated: true } })
        .gif()
        .toBuffer(),
    }
    const { prepare } = makeSite(files)

    const { made } = await prepare(['dot.png', 'tree.jpg', 'dance.gif'])

    for (const name of ['dot.png', 'tree.jpg', 'dance.gif'])
      expect((await made(name)).bytes.equals(files[`posts/hello/${name}` as keyof typeof files])).toBe(true)
    expect(await made('dance.gif')).toMatchObject({ width: 20, height: 20 })
  })
})

describe('the file that an address means', () => {
  test('lies beside the post, or in the folder that is served', async () => {
    const dot = await plain(5, 5).png().toBuffer()
    const { prepare } = makeSite({
      'posts/hello/a b.png': dot,
      'posts/shared/all.png': dot,
      'public/logo.png': dot,
      'public/icon.png': dot,
      'public/posts/hello/by-hand.png': dot,
    })
    const addresses = [
      ...['a%20b.png', '../shared/all.png', '/logo.png', 'by-hand.png?v=2'],
      ...[`${PAGE}a%20b.png#top`, 'https://blog.example/icon.png'],
    ]

    const { pictures } = await prepare([...addresses, 'https://elsewhere.example/logo.png', 'nothing.png'])

    expect([...pictures.keys()]).toEqual(addresses.map((address) => new URL(address, PAGE).href))
    expect(new Set([...pictures.values()].map((picture) => picture?.src)).size).toBe(1)
  })

  test('is beside the post also where the blog has its pages elsewhere', async () => {
    const { prepare } = makeSite(
      { 'posts/hello/dot.png': await plain(5, 5).png().toBuffer() },
      'https://ada.example/hello.html',
    )

    const { pictures } = await prepare([
      'dot.png',
      'https://ada.example/dot.png',
      'https://ada.example/other.png',
    ])

    // Both are one address, and one picture.
    expect([...pictures.keys()]).toEqual(['https://ada.example/dot.png'])
  })

  test('is never one outside of these folders, a hidden one or a post', async () => {
    const dot = await plain(5, 5).png().toBuffer()
    const { prepare, folder } = makeSite({
      'secret.png': dot,
      'posts/.secret.png': dot,
      'posts/.git/a.png': dot,
      'posts/hello/index.md': dot,
      'public/.well-known/a.png': dot,
    })
    symlinkSync(join(folder, 'secret.png'), join(folder, 'posts', 'hello', 'link.png'))
    symlinkSync(folder, join(folder, 'public', 'up'))

    const { pictures } = await prepare([
      ...[
        '../../secret.png',
        '..%2f..%2fsecret.png',
        '%2e%2e/%2e%2e/secret.png',
        '/../secret.png',
        'link.png',
      ],
      ...['../.secret.png', '../.git/a.png', 'index.md', '/.well-known/a.png', '/up/secret.png', 'a%00.png'],
      ...[
        'file:///etc/hostname',
        'data:image/png;base64,AA',
        '%',
        '',
        '.',
        '/',
        '//blog.example/../../secret.png',
      ],
    ])

    expect([...pictures]).toEqual([])
  })

  test('an article shows the pictures of its text and its lead picture, a digest the lead picture', () => {
    const text = [
      '![a](a.webp) [![b](b.png)](b.html)[^1]\n\n| ![c](c.png) |\n|-|\n\n- ![d](d.png)\n\n[^1]: ![e](e.png)\n',
      '<picture><source srcset="f.avif"><img src="f.jpg"></picture> <video src="g.mp4" poster="g.webp"></video>',
    ].join('\n')
    const hello = post('Hello', text, { image: 'lead.png' })

    expect(articlePictures(hello).addresses.toSorted()).toEqual([
      'a.webp',
      'b.png',
      'c.png',
      'd.png',
      'e.png',
      'f.jpg',
      'g.webp',
      'lead.png',
    ])
    expect(leadPicture(hello).addresses).toEqual(['lead.png'])
  })
})

describe('a hostile picture', () => {
  test('becomes a link with a reason, and the others are not harmed', async () => {
    const { prepare, folder } = makeSite({
      'posts/hello/bomb.png': pngOf(50_000, 50_000),
      'posts/hello/page.png': '<!doctype html><script>alert(1)</script>',
      'posts/hello/cut.jpg': (await photograph(300, 200).jpeg().toBuffer()).subarray(0, 2000),
      'posts/hello/cut.png': (await photograph(300, 200).png().toBuffer()).subarray(0, 2000),
      'posts/hello/nothing.png': '',
      'posts/hello/huge.jpg': '',
      'posts/hello/fire.svg': svg('<g filter="url(#f)">').replace('</svg>', ''),
      'posts/hello/laughs.svg': laughs(),
      'posts/hello/flat.svg': svg('', 'width="0" height="9"'),
      'posts/hello/truth.gif': await plain(5, 5).png().toBuffer(),
    })
    truncateSync(join(folder, 'posts/hello/huge.jpg'), 200_000_000)
    const names = readdirSync(join(folder, 'posts/hello'))

    const { pictures, refused, made } = await prepare(names)

    expect(refused).toEqual(
      expect.arrayContaining([
        {
          address: 'bomb.png',
          post: 'hello/index.md',
          found: 'posts/hello/bomb.png has more than 100 million pixels',
          cure: 'save it as PNG or JPEG, no wider than a screen',
        },
        {
          address: 'page.png',
          post: 'hello/index.md',
          found: 'posts/hello/page.png is no PNG, JPEG, GIF, WebP, AVIF or SVG, whatever it is called',
          cure: 'save the picture as one of these',
        },
      ]),
    )
    const found = refused.map((one) => one.found)
    expect(found).toContain('posts/hello/nothing.png is an empty file')
    expect(found).toContain('posts/hello/huge.jpg has 200 MB, and a picture may have 50')
    const good = names.filter((name) => pictures.get(`${PAGE}${name}`))
    expect(good).toEqual(['truth.gif'])
    expect(refused.map(({ address }) => address)).toEqual(names.filter((name) => !good.includes(name)))
    // What it is counts, not what it is called.
    expect((await made('truth.gif')).name).toMatch(/\.png$/)
  })

  test('an SVG reads no other file, asks no server and runs nothing', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const green = await plain(300, 150, '#00ff00').png().toBuffer()
    const { prepare, folder } = makeSite({
      'posts/hello/green.png': green,
      'posts/hello/green.svg': svg('<rect width="300" height="150" fill="#0f0"/>'),
    })
    const file = `file://${join(folder, 'posts/hello')}`
    const ways = [
      `<image xlink:href="${origin}/a.png" width="300" height="150"/>`,
      `<image href="green.png" width="300" height="150"/>`,
      `<image href="${file}/green.png" width="300" height="150"/>`,
      `<image href="${join(folder, 'posts/hello/green.png')}" width="300" height="150"/>`,
      `<use href="green.svg#a"/><style>@import url(${origin}/b.css); rect { fill: url(${origin}/c.svg#d) }</style>`,
      `<style>@font-face { font-family: x; src: url(${origin}/e.woff) }</style><text font-family="x" fill="none">x</text>`,
      `<script>fetch("${origin}/f")</script><script href="${origin}/g.js"/>`,
      `<foreignObject width="9" height="9"><img xmlns="http://www.w3.org/1999/xhtml" src="${origin}/h.png"/></foreignObject>`,
      `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="${file}/green.svg"/>`,
      `<filter id="f"><feImage href="green.png"/></filter><rect width="300" height="150" filter="url(#f)"/>`,
    ]
    const sources = [
      ...ways.map((way) => svg(way)),
      `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "${file}/green.svg">]>${svg('&x;')}`,
      `<?xml version="1.0"?><!DOCTYPE svg SYSTEM "${origin}/i.dtd"><?xml-stylesheet href="${origin}/j.css"?>${svg('')}`,
    ]
    for (const [number, source] of sources.entries())
      writeFileSync(join(folder, 'posts/hello', `${number}.svg`), source)
    const names = sources.map((_, number) => `${number}.svg`)

    const { pictures, made } = await prepare([...names, 'green.svg'])
    const greenest = async (name: string) => (await sharp((await made(name)).bytes).stats()).channels[1]?.max

    expect(asked).toEqual([])
    const drawn = names.filter((name) => pictures.get(`${PAGE}${name}`))
    expect(drawn.length).toBeGreaterThan(8)
    for (const name of drawn) expect([name, await greenest(name)]).toEqual([name, 0])
    expect(await greenest('green.svg')).toBe(255)
  })

  test('one that takes too long is given up, and after three of them the rest', async () => {
    const slow = await photograph(600, 400).webp().toBuffer()
    const names = ['1.webp', '2.webp', '3.webp', '4.webp', '5.webp']
    const { prepare } = makeSite(Object.fromEntries(names.map((name) => [`posts/hello/${name}`, slow])))

    const { refused } = await prepare(names, { timeoutMs: 1 })

    expect(refused.map(({ found }) => found)).toEqual([
      ...[1, 2, 3].map((name) => `posts/hello/${name}.webp cannot be drawn: it took longer than 1 ms`),
      ...[4, 5].map(
        (name) => `posts/hello/${name}.webp was not tried, after others of this mail took too long`,
      ),
    ])
  })
})

test('a file that was drawn once is known, and drawn again where it or its picture is another', async () => {
  const { prepare, media, folder } = makeSite({
    'posts/hello/a.webp': await photograph(300, 200).webp().toBuffer(),
  })
  const first = await prepare(['a.webp'])

  // A millisecond is too short for any child, so none was asked.
  expect((await prepare(['a.webp'], { timeoutMs: 1 })).pictures).toEqual(first.pictures)

  const { name } = await first.made('a.webp')
  rmSync(join(media, name))
  expect((await (await prepare(['a.webp'])).made('a.webp')).name).toBe(name)

  writeFileSync(join(folder, 'posts/hello/a.webp'), await plain(30, 20).webp().toBuffer())
  expect((await prepare(['a.webp'])).pictures.get(`${PAGE}a.webp`)).toMatchObject({ width: 30, height: 20 })
})

/** A PNG whose head is true and that says nothing else. */
function pngOf(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const crc = Buffer.alloc(4)
    crc.writeUInt32BE(crc32(body))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    return Buffer.concat([length, body, crc])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(1_000_000))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function laughs(): string {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
  )
  return `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "ha">${levels.join('')}]>${svg('<text>&l12;</text>')}`
}
