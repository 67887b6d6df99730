import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Press } from '../../src/mail/frame.ts'
import { type Mjml, withMjml } from '../../src/mail/mjml.ts'
import type { Post } from '../../src/posts/post.ts'

/** One child process for all tests of a file, as all renditions of a round share one. */
export function sharedMjml(): Mjml {
  let shared: Mjml
  let close: () => void
  let closed: Promise<void>
  beforeAll(
    () =>
      new Promise<void>((ready) => {
        closed = withMjml((started) => {
          shared = started
          ready()
          return new Promise((done) => {
            close = done
          })
        })
      }),
  )
  afterAll(() => {
    close()
    return closed
  })
  return (source) => shared(source)
}

/** A site in a new folder, with templates of its own if any are given. */
export async function pressOf(mjml: Mjml, templates: Record<string, string> = {}): Promise<Press> {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-mail-'))
  await mkdir(join(folder, 'templates'))
  for (const [name, source] of Object.entries(templates))
    await writeFile(join(folder, 'templates', name), source)
  return {
    file: join(folder, 'config.json'),
    folder,
    mjml,
    language: 'en',
    site: {
      title: 'The Garden & Shed',
      url: 'https://garden.example',
      description: 'Notes on tomatoes and software.',
      language: 'en',
      timeZone: 'Europe/Berlin',
    },
    posts: { folder: join(folder, 'posts'), link: '/posts/{slug}/' },
    feeds: { folder: join(folder, 'public'), url: 'https://garden.example', entries: 20, size: 512_000 },
    journal: { file: join(folder, 'posthorn.journal') },
    web: { url: 'https://mail.garden.example', host: '127.0.0.1', port: 8025, trustProxy: false },
    newsletter: {
      from: { name: 'The Garden', email: 'news@garden.example' },
      postalAddress: 'The Garden, 1 Example Street, 12345 Exampletown',
      welcome: true,
      settleMs: 600_000,
      digests: {
        ...{ daily: '08:00', weekly: 'Mon 08:00', monthly: '1 08:00' },
        ...{ order: 'newest', posts: 20, show: 'summary' },
      },
    },
  }
}

export function post(title: string, markdown: string, changes: Partial<Post> = {}): Post {
  return {
    id: `tag:garden.example,2026:${title}`,
    url: 'https://garden.example/posts/hello/',
    file: 'hello.md',
    statedId: null,
    slug: 'hello',
    title,
    date: new Date('2026-10-20T22:30:00Z'),
    updated: null,
    language: 'en',
    tags: [],
    authors: [{ name: 'Ada' }],
    summary: 'Two kilos of tomatoes, what to do with them, and a word on the weather.',
    image: null,
    attachments: [],
    episode: null,
    draft: false,
    unlisted: false,
    feed: true,
    mail: true,
    edition: 1,
    subject: null,
    html: '',
    htmlBytes: 0,
    refersTo: [],
    extra: {},
    source: Buffer.from(markdown),
    hash: '',
    modified: new Date('2026-10-20T22:30:00Z'),
    size: 0,
    ...changes,
  }
}

/** A message as its reader's program reads it. */
export function decodeQuotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
