import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseAtomFeed, parseJsonFeed, parseRssFeed } from 'feedsmith'
import { expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import { FaultsError } from '../../src/errors.ts'
import { channelsOf } from '../../src/feeds/channel.ts'
import { wantedFeeds } from '../../src/feeds/wanted.ts'
import type { Post } from '../../src/posts/post.ts'
import { readPost } from '../../src/posts/read.ts'
import { site } from './example.ts'

const NOW = new Date('2026-03-01T12:00:00Z')

/** A post with front matter, as it is read from `posts/show/index.md`. */
function read(frontMatter: string, config: Config): Post {
  const source = `---\ntitle: Show\ndate: 2026-02-01\n${frontMatter}\n---\n\nListen.\n`
  const found = readPost(source, { file: 'show/index.md', modified: NOW, config })
  if (Array.isArray(found)) throw new FaultsError(found)
  return { ...found, id: 'tag:blog.example,2026:show' }
}

async function put(config: Config, path: string, bytes: number): Promise<void> {
  await mkdir(dirname(join(config.folder, path)), { recursive: true })
  await writeFile(join(config.folder, path), Buffer.alloc(bytes))
}

async function feedsOf(post: Post, config: Config) {
  const { files, faults } = await wantedFeeds(channelsOf([post], config, NOW), config, NOW)
  const document = (file: string) => String(files.get(file)?.make())
  return {
    faults,
    from: files.get('rss.xml')?.from,
    rss: document('rss.xml'),
    item: parseRssFeed(document('rss.xml')).items?.[0],
    entry: parseAtomFeed(document('atom.xml')).entries?.[0],
    json: parseJsonFeed(document('feed.json')).items?.[0],
  }
}

test('files beside a post are told with their true length and registered type, all of them, in order', async () => {
  const config = await site()
  await put(config, 'posts/show/talk.mp3', 5_000)
  await put(config, 'posts/show/slides.pdf', 70)
  const post = read(
    'attachments: [{ url: slides.pdf, title: Slides, length: 1 }]\naudio: talk.mp3\nduration: "1:02:03"',
    config,
  )
  expect(post.refersTo).toEqual(['talk.mp3', 'slides.pdf'])
  const { item, entry, json } = await feedsOf(post, config)
  const talk = 'https://blog.example/posts/show/talk.mp3'
  const slides = 'https://blog.example/posts/show/slides.pdf'
  expect(item?.enclosures).toEqual([{ url: talk, length: 5_000, type: 'audio/mpeg' }])
  expect(item?.media?.contents).toMatchObject([{ url: slides, fileSize: 70, type: 'application/pdf' }])
  expect(entry?.links?.filter((link) => link.rel === 'enclosure')).toEqual([
    { href: talk, rel: 'enclosure', type: 'audio/mpeg', length: 5_000 },
    { href: slides, rel: 'enclosure', type: 'application/pdf', length: 70, title: 'Slides' },
  ])
  expect(json?.attachments).toEqual([
    { url: talk, mime_type: 'audio/mpeg', size_in_bytes: 5_000, duration_in_seconds: 3_723 },
    { url: slides, mime_type: 'application/pdf', title: 'Slides', size_in_bytes: 70 },
  ])
})

test('a file that the author put into the public folder is measured there', async () => {
  const config = await site()
  await put(config, 'public/talks/one.ogg', 321)
  const { item } = await feedsOf(read('enclosure: /talks/one.ogg', config), config)
  expect(item?.enclosures).toEqual([
    { url: 'https://blog.example/talks/one.ogg', length: 321, type: 'audio/ogg' },
  ])
})

test('a file elsewhere is told as the author states it', async () => {
  const config = await site()
  const post = read(
    'video: { url: "https://cdn.example/v?id=1&q=2", length: 99, type: Video/MP4, duration: 61.6 }',
    config,
  )
  const { item, json } = await feedsOf(post, config)
  expect(item?.enclosures).toEqual([{ url: 'https://cdn.example/v?id=1&q=2', length: 99, type: 'video/mp4' }])
  expect(json?.attachments?.[0]?.duration_in_seconds).toBe(62)
})

test('a file whose length nobody knows is a fault that says where and what to write', async () => {
  const config = await site()
  const elsewhere = await feedsOf(read('Audio: https://cdn.example/talk.mp3', config), config)
  expect(elsewhere.faults).toEqual([
    {
      file: 'posts/show/index.md',
      line: 4,
      message:
        '"Audio" is https://cdn.example/talk.mp3, which is elsewhere; write "Audio: { url: https://cdn.example/talk.mp3, length: 1234567 }" with its length in bytes, which feeds have to state',
    },
  ])
  const missing = await feedsOf(read('audio: talk.mp3', config), config)
  expect(missing.faults[0]?.message).toContain('there is no such file; put it beside the post')
})

test.each([
  ['audio: "javascript:alert(1)"', '"audio" is "javascript:alert(1)", which leads to no file'],
  ['audio: [{ length: 3 }]', 'write the address of a file, or an object with "url"'],
  ['audio: { url: a.mp3, length: -1 }', 'write its length in bytes, a whole number'],
  ['audio: { url: a.mp3, type: mp3 }', 'write its type as "audio/mpeg"'],
  ['duration: soon', 'write it as "12:34", "1:02:03" or in seconds'],
  ['episode: 0', 'write a whole number from 1 on'],
  ['explicit: maybe', 'write true or false'],
])('%s is a fault of the post', async (frontMatter, message) => {
  const config = await site()
  expect(() => read(frontMatter, config)).toThrow(message)
})

test('a feed is made anew when a file of it changes, and not before', async () => {
  const config = await site()
  await put(config, 'posts/show/talk.mp3', 100)
  const post = read('audio: talk.mp3', config)
  const before = await feedsOf(post, config)
  expect((await feedsOf(post, config)).from).toBe(before.from)
  await put(config, 'posts/show/talk.mp3', 101)
  const after = await feedsOf(post, config)
  expect(after.from).not.toBe(before.from)
  expect(after.item?.enclosures?.[0]?.length).toBe(101)
  await rm(join(config.folder, 'posts/show/talk.mp3'))
  expect((await feedsOf(post, config)).faults).toHaveLength(1)
})

test('a cover is told with its type, and with none where its address has none', async () => {
  const config = await site()
  const cup = await feedsOf(read('image: cup.webp', config), config)
  const url = 'https://blog.example/posts/show/cup.webp'
  expect(cup.item?.media?.contents).toEqual([{ url, medium: 'image', type: 'image/webp' }])
  expect(cup.entry?.media?.thumbnails).toEqual([{ url }])
  expect(cup.json?.image).toBe(url)
  const plain = await feedsOf(read('image: https://cdn.example/i/7', config), config)
  expect(plain.item?.media?.contents).toEqual([{ url: 'https://cdn.example/i/7', medium: 'image' }])
})

test('an episode of a podcast has its length, its numbers and its picture; a post without sound has nothing of it', async () => {
  const podcast = { image: 'https://blog.example/cover.png', category: 'Technology', explicit: true }
  const config = await site({ feeds: { podcast } })
  await put(config, 'posts/show/talk.mp3', 100)
  const about = 'image: cup.jpg\nduration: 754\nseason: 2\nepisode: "7"\nexplicit: false'
  const { item, rss } = await feedsOf(read(`audio: talk.mp3\n${about}`, config), config)
  expect(item?.itunes).toMatchObject({
    duration: 754,
    explicit: false,
    season: 2,
    episode: 7,
    image: 'https://blog.example/posts/show/cup.jpg',
  })
  expect(parseRssFeed(rss).itunes).toMatchObject({
    image: podcast.image,
    categories: [{ text: 'Technology' }],
    explicit: true,
    author: 'Ada',
    type: 'episodic',
  })
  const silent = await feedsOf(read(about, config), config)
  expect(silent.item?.itunes).toBeUndefined()
})

test('a video that another program plays is no file, and no fault', async () => {
  const config = await site()
  for (const video of ['dQw4w9WgXcQ', 'https://video.example/watch?v=dQw4w9WgXcQ']) {
    const { faults, json } = await feedsOf(read(`video: ${video}`, config), config)
    expect(faults).toEqual([])
    expect(json?.attachments).toBeUndefined()
  }
})
