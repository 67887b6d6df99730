/** Which feeds the folder that is served has to hold, and what each is made from. Nothing is made or written here. */
import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import { correctedAt, type Post } from '../posts/post.ts'
import type { WantedFiles } from '../public/wanted.ts'
import { renderAtom } from './atom.ts'
import type { Channel } from './channel.ts'
import { FORMATS } from './feed.ts'
import { renderJson } from './json.ts'
import { renderRss } from './rss.ts'
import { toFeed } from './tell.ts'

const RENDER = { rss: renderRss, atom: renderAtom, json: renderJson }
/** Where there are more channels than this, only the site's own feeds are compressed for as long as it takes. */
const FEW_CHANNELS = 40

/**
 * The feeds of all channels. The same posts give the same bytes on any day and machine.
 *
 * @param now which corrections have come by now; it is written nowhere
 */
export function wantedFeeds(channels: Channel[], config: Config, now: Date): WantedFiles {
  const wanted: WantedFiles = new Map()
  const all = JSON.stringify([config.site, config.feeds])
  const versions = new Map<Post, string>()
  const version = (post: Post) => {
    const found = versions.get(post) ?? `${post.hash} ${post.id} ${post.url} ${correctedAt(post, now)}`
    versions.set(post, found)
    return found
  }
  for (const channel of channels) {
    const posts = channel.posts.filter((post) => post.feed).slice(0, config.feeds.entries)
    const from = digest([all, channel.kind, channel.name, channel.folder, ...posts.map(version)])
    const feed = once(() => toFeed(channel, posts, config, now))
    for (const [format, { file }] of Object.entries(FORMATS))
      wanted.set(inFolder(channel, file), {
        source: null,
        from,
        make: () => RENDER[format as keyof typeof RENDER](feed()),
        step: 'feed',
        brotli: channel.kind === 'site' || channels.length <= FEW_CHANNELS ? 11 : 5,
      })
  }
  return wanted
}

/** The path of a file of a channel below the folder that is served. */
export function inFolder(channel: Pick<Channel, 'folder'>, file: string): string {
  return channel.folder === '' ? file : `${channel.folder}/${file}`
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function digest(parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url')
}
