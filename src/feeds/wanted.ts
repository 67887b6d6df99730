/** Which feeds the folder that is served has to hold, and what each is made from. Nothing is made or written here. */
import type { Config } from '../config.ts'
import type { Fault } from '../errors.ts'
import { correctedAt, type Post } from '../posts/post.ts'
import type { WantedFiles } from '../public/wanted.ts'
import { cutFeed } from './archive.ts'
import { renderAtom } from './atom.ts'
import type { Channel } from './channel.ts'
import type { Cut } from './cut.ts'
import { archiveFile, type FeedFormat, FORMATS } from './feed.ts'
import { renderJson } from './json.ts'
import { findMedia } from './media.ts'
import { OPML, renderOpml } from './opml.ts'
import { renderRss } from './rss.ts'
import type { Measure } from './size.ts'
import { type Part, toFeed } from './tell.ts'

const RENDER = { rss: renderRss, atom: renderAtom, json: renderJson }
/** Where there are more channels than this, only the site's own feeds are compressed for as long as it takes. */
const FEW_CHANNELS = 40
/** Archives are read once by each reader, and there may be hundreds. */
const ARCHIVE_BROTLI = 5
/** The markup of a document without entries, at most; each of the site's words stands in it a few times. */
const HEAD_BYTES = 4_000

export type WantedFeeds = {
  files: WantedFiles
  cuts: Cut[]
  /** What is wrong with files that go with posts. */
  faults: Fault[]
}

/**
 * The feeds of all channels, and the archives of some. The same posts give the same bytes on any day and machine.
 *
 * @param now which corrections have come by now; it is written nowhere
 */
export async function wantedFeeds(channels: Channel[], config: Config, now: Date): Promise<WantedFeeds> {
  const files: WantedFiles = new Map()
  const cuts: Cut[] = []
  const all = JSON.stringify([config.site, config.feeds])
  const measure = measureOf(config)
  const { found, faults } = await findMedia(channels[0]?.posts.filter((post) => post.feed) ?? [], config)
  const mediaOf = (post: Post) => found.get(post)?.media ?? []

  const add = (channel: Channel, part: Part, brotli: number) => {
    const { posts, shortened, archive, archives, complete } = part
    const isLast = archive === archives
    const from = [
      all,
      channel.kind,
      channel.name,
      channel.folder,
      `${archive ?? `current ${complete} ${archives}`} ${isLast}`,
    ]
    for (const post of posts) {
      from.push(post.hash, post.id, post.url)
      if (post.updated) from.push(`${correctedAt(post, now)?.getTime()}`)
      if (shortened.has(post)) from.push('shortened')
      const stamp = found.get(post)?.stamp
      if (stamp !== undefined) from.push(stamp)
    }
    // Compared as it is: a digest of it would take longer than all the rest.
    const signature = from.join('\n')
    const feed = once(() => toFeed(channel, part, config, now, mediaOf))
    for (const format of Object.keys(FORMATS) as FeedFormat[]) {
      const file = archive === null ? FORMATS[format].file : archiveFile(format, archive)
      const make = () => RENDER[format](feed())
      const entries = posts.length
      files.set(inFolder(channel, file), {
        source: null,
        from: signature,
        make,
        step: 'feed',
        brotli,
        entries,
      })
    }
  }

  for (const channel of channels) {
    const posts = channel.posts.filter((post) => post.feed)
    const isArchived = channel.kind === 'site' || channel.kind === 'language'
    const { current, archives, wanted, complete } = cutFeed(posts, config.feeds.entries, isArchived, measure)
    // Archives come first: whoever finds a link to one finds the archive.
    for (const [index, part] of archives.entries())
      add(
        channel,
        { ...part, archive: index + 1, archives: archives.length, complete: false },
        ARCHIVE_BROTLI,
      )
    const brotli = channel.kind === 'site' || channels.length <= FEW_CHANNELS ? 11 : 5
    add(channel, { ...current, archive: null, archives: archives.length, complete }, brotli)
    const cut = {
      file: inFolder(channel, FORMATS.rss.file),
      entries: current.posts.length,
      wanted,
      shortened: current.shortened.size,
    }
    if (cut.entries < wanted || cut.shortened > 0) cuts.push(cut)
  }
  files.set(OPML, {
    source: null,
    from: `${all} ${config.posts.link} ${channels.map(({ folder, name }) => `${folder} ${name}`).join('\n')}`,
    make: () => renderOpml(channels, config),
    step: 'feed',
    brotli: ARCHIVE_BROTLI,
  })
  return { files, cuts, faults }
}

/** The path of a file of a channel below the folder that is served. */
export function inFolder(channel: Pick<Channel, 'folder'>, file: string): string {
  return channel.folder === '' ? file : `${channel.folder}/${file}`
}

function measureOf({ site, feeds }: Config): Measure {
  const said = JSON.stringify([site, feeds.url, feeds.hub, feeds.podcast]).length
  return { limit: feeds.size, head: HEAD_BYTES + 10 * said, sizes: new Map() }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
