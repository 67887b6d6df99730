import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mjml } from '../../src/mail/mjml.ts'
import type { Press } from '../../src/mail/render.ts'
import type { Post } from '../../src/posts/post.ts'

/** A site in a new folder, with templates of its own if any are given. */
export async function pressOf(mjml: Mjml, templates: Record<string, string> = {}): Promise<Press> {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-mail-'))
  await mkdir(join(folder, 'templates'))
  for (const [name, source] of Object.entries(templates))
    await writeFile(join(folder, 'templates', name), source)
  return {
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
    newsletter: {
      from: { name: 'The Garden', email: 'news@garden.example' },
      postalAddress: 'The Garden, 1 Example Street, 12345 Exampletown',
      settleMs: 600_000,
      digests: { daily: '08:00', weekly: 'Mon 08:00', monthly: '1 08:00' },
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
