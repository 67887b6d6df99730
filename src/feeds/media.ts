/** The files that go with posts, as feeds tell them: with their true length and their registered type. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { errorCode, type Fault } from '../errors.ts'
import type { Attachment, Post } from '../posts/post.ts'
import { placeOfKey } from '../posts/read.ts'
import { resolveMedia } from '../posts/resolve.ts'
import { findBeside } from '../public/beside.ts'
import { filePath } from '../public/place.ts'
import type { Media } from './feed.ts'

/** What a post's files are by now; another `stamp` once a file of them is another. */
export type FoundMedia = { media: Media[]; stamp: string }

// By IANA's registry, as far as files go with posts; the registry has no list of the ends of names.
const TYPES: Record<string, string> = {
  aac: 'audio/aac',
  avif: 'image/avif',
  epub: 'application/epub+zip',
  flac: 'audio/flac',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  m4a: 'audio/mp4',
  m4v: 'video/mp4',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  ogv: 'video/ogg',
  opus: 'audio/ogg',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  wav: 'audio/vnd.wave',
  webm: 'video/webm',
  webp: 'image/webp',
  zip: 'application/zip',
}

/** The media type of what an address leads to, by the end of its path; null where that says nothing. */
export function mediaType(url: string): string | null {
  const [, ending = ''] = /\.(\w+)$/.exec(new URL(url).pathname) ?? []
  return TYPES[ending.toLowerCase()] ?? null
}

/**
 * Looks at the files that go with some posts.
 *
 * @param posts those that feeds tell of; who goes without files costs nothing
 * @returns the files of each post that has any, and a fault for each whose length nobody knows
 */
export async function findMedia(
  posts: Post[],
  config: Config,
): Promise<{ found: Map<Post, FoundMedia>; faults: Fault[] }> {
  const found = new Map<Post, FoundMedia>()
  const faults: Fault[] = []
  for (const post of posts) {
    if (post.attachments.length === 0) continue
    const media: Media[] = []
    const stamps: string[] = []
    for (const stated of post.attachments) {
      const url = resolveMedia(stated.url, post.url)
      if (url === null) continue
      const file = await findFile(stated.url, url, post, config)
      const length = file?.size ?? stated.length
      if (length === null && !isFile(stated, url)) continue
      if (length === null) {
        faults.push({
          ...placeOfKey(post, stated.key, config),
          message: lengthFault(stated, url, config),
        })
        continue
      }
      const { duration, title } = stated
      media.push({
        url,
        type: stated.type ?? mediaType(url) ?? 'application/octet-stream',
        length,
        duration,
        title,
      })
      stamps.push(file?.stamp ?? '')
    }
    found.set(post, { media, stamp: stamps.join(' ') })
  }
  return { found, faults }
}

/** "video: dQw4w9WgXcQ" and the page of a video are what another program plays: no file, and no mistake. */
function isFile({ key, type }: Attachment, url: string): boolean {
  return type !== null || mediaType(url) !== null || !/^(audio|video)$/i.test(key)
}

/** Beside the post, whence it is copied, or in the folder that is served, where the author put it by hand. */
async function findFile(
  address: string,
  url: string,
  post: Post,
  config: Config,
): Promise<{ size: number; stamp: string } | null> {
  const beside = await findBeside(address, post, config.posts.folder, config.site.url)
  const path = filePath(url, config.site.url)
  if (beside !== null || !path) return beside
  try {
    const { size, mtimeMs, ino } = await stat(join(config.feeds.folder, path))
    return { size, stamp: `${size} ${mtimeMs} ${ino}` }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return null
    throw error
  }
}

// RSS 2.0: an enclosure "has three required attributes", and one of them is its length in bytes.
function lengthFault({ key, url: address }: Attachment, url: string, config: Config): string {
  const write = `"${key}: { url: ${address}, length: 1234567 }" with its length in bytes, which feeds have to state`
  return filePath(url, config.site.url) === null
    ? `"${key}" is ${address}, which is elsewhere; write ${write}`
    : `"${key}" is ${address}, and there is no such file; put it beside the post, or write ${write}`
}
