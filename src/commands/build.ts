import { relative } from 'node:path'
import type { WrittenFile } from '../public/write.ts'
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
      const { posts, files } = published
      context.terminal.json({
        posts: posts.length,
        files: files.map(({ file, bytes, written }) => ({ file, bytes, written })),
      })
      return EXIT.done
    }
    for (const line of publishedLines(published, site)) context.terminal.out(line)
    tellSeen(context, published)
    return EXIT.done
  })
}

/** What was written: the site's feeds a line each, the feeds of tags and the like in one, and pages in one. */
export function publishedLines({ posts, files }: Published, site: Site): string[] {
  const { config } = site
  const folder = relative(config.folder, config.feeds.folder)
  const feeds = files.filter(({ step }) => step === 'feed')
  const pages = files.filter(({ step }) => step !== 'feed')
  const rows = [
    ...feeds.filter(({ path }) => !path.includes('/')).map((feed) => summary(feed.file, [feed], '')),
    ...group(
      `${folder}/…/`,
      feeds.filter(({ path }) => path.includes('/')),
      ['feed of a tag or the like', 'feeds of tags and the like'],
    ),
    ...group(`${folder}/`, pages, ['page and file', 'pages and files']),
  ]
  const read = relative(config.folder, config.posts.folder) || '.'
  return [`${count(posts.length, 'post')} read from ${read}`, ...table(rows, [1])]
}

function group(name: string, files: WrittenFile[], [one, more]: [string, string]): string[][] {
  return files.length === 0 ? [] : [summary(name, files, count(files.length, one, more))]
}

function summary(name: string, files: WrittenFile[], what: string): string[] {
  const written = files.filter((file) => file.written).length
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const state = written === 0 ? 'unchanged' : files.length > 1 ? `${written} written` : ''
  return [`  ${name}`, size(bytes), what, state]
}
