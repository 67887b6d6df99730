import { relative } from 'node:path'
import { describeCuts } from '../feeds/cut.ts'
import { isArchiveFile } from '../feeds/feed.ts'
import { pingHub } from '../hub/ping.ts'
import { compressFiles, type WrittenFile } from '../public/write.ts'
import { emptyMemory, type Published, publishStrictly } from '../round.ts'
import type { Site } from '../site.ts'
import { count, size, table } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'
import { tellSeen } from './seen.ts'

/** Posts to feeds and pages, nothing sent; nothing written either where a post has a fault. */
export async function build(context: Context, options: { json?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    const memory = emptyMemory()
    const started = performance.now()
    const published = await publishStrictly(site, memory)
    const live = performance.now()
    await compressFiles(site.config, memory.shown)
    const took = { live: Math.round(live - started), compressed: Math.round(performance.now() - live) }
    const pinged = await pingHub({ ...site, signal: context.surroundings.signal })
    if (options.json) {
      const { posts, files, cuts } = published
      context.terminal.json({
        posts: posts.length,
        files: files.map(({ file, bytes, written, entries }) => ({ file, bytes, written, entries })),
        hub: pinged,
        cuts,
        // In milliseconds: until feeds and pages were there, and until their compressed siblings were.
        took,
      })
      return EXIT.done
    }
    for (const line of publishedLines(published, site)) context.terminal.out(line)
    for (const { line } of pinged.happened) context.terminal.say(line)
    tellSeen(context, published)
    return EXIT.done
  })
}

/** What was written: the site's feeds a line each, those of tags and the like in one, archives in one, and pages. */
export function publishedLines({ posts, files, cuts }: Published, site: Site): string[] {
  const { config } = site
  const folder = relative(config.folder, config.feeds.folder)
  const [archives, feeds] = [true, false].map((isArchive) =>
    files.filter(({ path, step }) => step === 'feed' && isArchiveFile(path) === isArchive),
  ) as [WrittenFile[], WrittenFile[]]
  const pages = files.filter(({ step }) => step !== 'feed')
  const rows = [
    ...feeds
      .filter(({ path }) => !path.includes('/'))
      .map((feed) => summary(feed.file, [feed], contentOf(feed))),
    ...group(
      `${folder}/…/`,
      feeds.filter(({ path }) => path.includes('/')),
      ['feed of a tag or the like', 'feeds of tags and the like'],
    ),
    ...group(`${folder}/…/archive/`, archives, ['archive of feeds', 'archives of feeds']),
    ...group(`${folder}/`, pages, ['page and file', 'pages and files']),
  ]
  const read = relative(config.folder, config.posts.folder) || '.'
  return [
    `${count(posts.length, 'post')} read from ${read}`,
    ...table(rows, [1]),
    ...describeCuts(cuts, config),
  ]
}

function contentOf({ entries }: WrittenFile): string {
  return entries === undefined ? 'all feeds' : count(entries, 'entry', 'entries')
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
