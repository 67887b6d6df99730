/**
 * What is shown changes for three reasons: a post is another, a file beside one is, or a time has come. Where none of
 * them holds there is nothing to be looked through, and a round of ten thousand posts costs what it takes to list them.
 */
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { errorCode } from '../errors.ts'
import { fileStamp } from '../file.ts'
import type { Post } from '../posts/post.ts'
import { besidePath } from './beside.ts'
import { filePath } from './place.ts'

export type Outlook = {
  /** The next moment at which a post appears or a correction shows, in milliseconds since 1970; Infinity for none. */
  until: number
  /** Every place where a file that posts refer to is or may come to be. */
  watched: string[]
}

/** What may change the look of these posts though none of them is another. */
export function outlookOf(posts: Post[], config: Config, now: Date): Outlook {
  let until = Number.POSITIVE_INFINITY
  const watched: string[] = []
  for (const post of posts) {
    for (const time of [post.date, post.updated])
      if (time && time > now) until = Math.min(until, time.getTime())
    for (const address of post.refersTo) watched.push(...placesOf(address, post, config))
  }
  return { until, watched }
}

/** Another text once one of the files is another, gone, or there. */
export function stampOf(watched: string[]): string {
  return watched.map(stampOfFile).join('\n')
}

function placesOf(address: string, post: Post, config: Config): string[] {
  const path = besidePath(address, post.file)
  const url = URL.canParse(address, post.url) ? new URL(address, post.url).href : null
  const served = url === null ? null : filePath(url, config.site.url)
  return [
    ...(path === null ? [] : [join(config.posts.folder, path)]),
    ...(served ? [join(config.feeds.folder, served)] : []),
  ]
}

function stampOfFile(path: string): string {
  try {
    return fileStamp(path) ?? '-'
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    return code
  }
}
