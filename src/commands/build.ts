import { relative } from 'node:path'
import { emptyMemory, type Published, publishStrictly } from '../round.ts'
import type { Site } from '../site.ts'
import { count, size, table } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'
import { tellSeen } from './plan.ts'

/** Posts to feeds and pages, nothing sent; nothing written either where a post has a fault. */
export async function build(context: Context, options: { json?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    const published = await publishStrictly(site, emptyMemory())
    if (options.json) {
      context.terminal.json({ posts: published.posts.length, feeds: published.feeds, pages: published.pages })
      return EXIT.done
    }
    for (const line of publishedLines(published, site)) context.terminal.out(line)
    tellSeen(context, published)
    return EXIT.done
  })
}

/** What was written, a file a line for feeds, and pages in one. */
export function publishedLines({ posts, feeds, pages }: Published, site: Site): string[] {
  const public_ = posts.length
  const lines = [
    `${count(public_, 'post')} read from ${relative(site.config.folder, site.config.posts.folder) || '.'}`,
  ]
  const rows = feeds.map((feed) => [
    `  ${feed.file}`,
    size(feed.bytes),
    feed.entries === 1 ? '1 entry' : `${feed.entries} entries`,
    feed.written ? '' : 'unchanged',
  ])
  const written = pages.filter((page) => page.written).length
  if (pages.length > 0) {
    const bytes = pages.reduce((sum, page) => sum + page.bytes, 0)
    const folder = relative(site.config.folder, site.config.feeds.folder)
    rows.push([
      `  ${folder}/`,
      size(bytes),
      `${count(pages.length, 'page and file', 'pages and files')}`,
      written === 0 ? 'unchanged' : `${written} written`,
    ])
  }
  return [...lines, ...table(rows, [1])]
}
