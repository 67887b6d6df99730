import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, loadConfig } from '../../src/config.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import type { Post } from '../../src/posts/post.ts'

/** A site in a new folder; `changes` overwrite whole sections of its configuration. */
export async function site(changes: Record<string, object> = {}): Promise<Config> {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-feeds-'))
  const config = {
    site: {
      title: 'Tea & <code>',
      url: 'https://blog.example',
      description: 'Notes of a "slow" reader.',
      language: 'en',
      timeZone: 'Europe/Berlin',
      author: { name: 'Ada', email: 'ada@example.org' },
    },
    newsletter: { from: { name: 'Ada', email: 'news@example.org' } },
    ...changes,
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  return loadConfig(folder, {})
}

/** A post of Ada's with `markdown` as its text. */
export function post(slug: string, changes: Partial<Post> = {}, markdown = 'Hello.'): Post {
  return {
    file: `${slug}.md`,
    id: `tag:blog.example,2026:${slug}`,
    statedId: null,
    url: `https://blog.example/posts/${slug}/`,
    slug,
    title: 'Hello',
    date: new Date('2026-01-31T08:00:00Z'),
    updated: null,
    language: 'en',
    tags: [],
    authors: [{ name: 'Ada', email: 'ada@example.org' }],
    summary: 'Hello.',
    image: null,
    draft: false,
    feed: true,
    mail: true,
    edition: 1,
    subject: null,
    body: parseMarkdown(markdown),
    extra: {},
    source: markdown,
    hash: '',
    modified: new Date('2026-01-31T08:00:00Z'),
    ...changes,
  }
}
