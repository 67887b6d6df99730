import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, loadConfig } from '../../src/config.ts'
import { FaultsError } from '../../src/errors.ts'
import { channelsOf } from '../../src/feeds/channel.ts'
import type { Cut } from '../../src/feeds/cut.ts'
import { type Feed, isFeedFile, type Media } from '../../src/feeds/feed.ts'
import { toFeed as feedOf } from '../../src/feeds/tell.ts'
import { wantedFeeds } from '../../src/feeds/wanted.ts'
import { toHtml } from '../../src/posts/html.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import type { Post } from '../../src/posts/post.ts'
import { bytesInJson } from '../../src/posts/read.ts'
import { nothingShown, type WrittenFile, writePublic } from '../../src/public/write.ts'

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
  const html =
    changes.html ?? toHtml(parseMarkdown(markdown), changes.url ?? `https://blog.example/posts/${slug}/`)
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
    attachments: [],
    episode: null,
    draft: false,
    unlisted: false,
    feed: true,
    mail: true,
    edition: 1,
    subject: null,
    html,
    htmlBytes: bytesInJson(Buffer.from(html)),
    refersTo: [],
    extra: {},
    source: Buffer.from(markdown),
    hash: '',
    modified: new Date('2026-01-31T08:00:00Z'),
    size: 0,
    ...changes,
  }
}

/** What the site's own feeds say of these posts. */
export function toFeed(posts: Post[], config: Config, now: Date): Feed {
  const [channel] = channelsOf(posts, config, now)
  if (!channel) throw new Error('a site without a channel')
  const shown = channel.posts.filter((each) => each.feed).slice(0, config.feeds.entries)
  const part = { posts: shown, shortened: new Set<Post>(), archive: null, archives: 0, complete: true }
  return feedOf(channel, part, config, now, statedMedia)
}

/** Files of a post that state all there is to know. */
function statedMedia({ attachments, url: base }: Post): Media[] {
  return attachments.map(({ url, type, length, duration, title }) => ({
    url: new URL(url, base).href,
    type: type ?? 'application/octet-stream',
    length: length ?? 1,
    duration,
    title,
  }))
}

/** Writes all feeds, and tells of the site's own. */
export async function writeFeeds(posts: Post[], config: Config, now: Date): Promise<WrittenFile[]> {
  const { files } = await writeAll(posts, config, now)
  return files.filter(({ path }) => !path.includes('/') && isFeedFile(path))
}

/** Writes the feeds of all channels with their archives. */
export async function writeAll(
  posts: Post[],
  config: Config,
  now: Date,
): Promise<{ files: WrittenFile[]; cuts: Cut[] }> {
  const { files: wanted, cuts, faults } = await wantedFeeds(channelsOf(posts, config, now), config, now)
  if (faults.length > 0) throw new FaultsError(faults)
  return { files: await writePublic(wanted, config, nothingShown(), () => true), cuts }
}
