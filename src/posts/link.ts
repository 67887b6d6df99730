import { Temporal } from 'temporal-polyfill'
import type { Config } from '../config.ts'
import type { ReadPost } from './post.ts'

/** The absolute address of a post's page: `posts.link` with the slug and the date, which is in the site's time zone. */
export function postAddress(post: Pick<ReadPost, 'slug' | 'date'>, config: Config): string {
  const date = Temporal.Instant.fromEpochMilliseconds(post.date.getTime()).toZonedDateTimeISO(
    config.site.timeZone,
  )
  const link = config.posts.link
    .replaceAll('{slug}', encodeURIComponent(post.slug))
    .replaceAll('{year}', String(date.year).padStart(4, '0'))
    .replaceAll('{month}', String(date.month).padStart(2, '0'))
    .replaceAll('{day}', String(date.day).padStart(2, '0'))
  return new URL(link.startsWith('/') ? config.site.url + link : link).href
}
