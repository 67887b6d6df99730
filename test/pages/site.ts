import { mkdir, mkdtemp, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { type Config, loadConfig, writesPages } from '../../src/config.ts'
import { channelsOf } from '../../src/feeds/channel.ts'
import { renderOpml } from '../../src/feeds/opml.ts'
import { wantedPages } from '../../src/pages/wanted.ts'
import { readPosts } from '../../src/posts/folder.ts'
import type { Post } from '../../src/posts/post.ts'
import { nothingShown, type Shown, type WrittenFile, writePublic } from '../../src/public/write.ts'

export const NOW = new Date('2026-11-22T12:00:00Z')

/** A site in a new folder, where a test writes files and publishes as an author would. */
export type Site = {
  folder: string
  config: Config
  write: (file: string, content: string | Uint8Array) => Promise<void>
  read: (file: string) => Promise<string>
  /** Reads the posts folder and writes the pages; what was written is told by file. */
  publish: (options?: { now?: Date; shown?: Shown }) => Promise<WrittenFile[]>
  opml: () => Promise<string>
  /** Every file below public/, but for the lists of what is ours and the sitemap. */
  pages: () => Promise<string[]>
}

export async function makeSite(changes: Record<string, object> = {}): Promise<Site> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'posthorn-pages-')))
  const settings = {
    site: {
      title: 'Tea & <code>',
      url: 'https://blog.example',
      timeZone: 'Europe/Berlin',
      author: { name: 'Ada' },
    },
    newsletter: { from: { name: 'Ada', email: 'ada@example.org' } },
    ...changes,
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(settings))
  await mkdir(join(folder, 'posts'))
  const config = loadConfig(folder, {})
  return {
    folder,
    config,
    write: async (file, content) => {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), content)
    },
    read: (file) => readFile(join(folder, file), 'utf8'),
    publish: async ({ now = NOW, shown = nothingShown() } = {}) => {
      if (!writesPages(config)) return []
      const posts = await readAll(config)
      const wanted = await wantedPages(posts, channelsOf(posts, config, now), config, now)
      const files = await writePublic(wanted, config, shown, () => true)
      return files.filter(({ path }) => path !== 'sitemap.xml')
    },
    opml: async () => renderOpml(channelsOf(await readAll(config), config, NOW), config),
    pages: async () =>
      (await filesBelow(config.feeds.folder)).filter(
        (file) => !file.startsWith('.') && file !== 'sitemap.xml',
      ),
  }
}

/** The text of a post on a day; more front matter may follow the title. */
export function markdown(title: string, date: string, text = 'Hello.', more = ''): string {
  return `---\ntitle: ${JSON.stringify(title)}\ndate: ${date}\n${more}\n---\n\n${text}\n`
}

async function readAll(config: Config): Promise<Post[]> {
  const { posts, faults } = await readPosts(config)
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  return posts.map((post) => ({
    ...post,
    id: `tag:blog.example,2026:${post.slug}`,
  }))
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll(sep, '/'),
    )
    .sort()
}
