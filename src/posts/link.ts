import { Temporal } from 'temporal-polyfill'
import type { Config } from '../config.ts'
import type { ReadPost } from './post.ts'

/** The absolute address of a post's page: `posts.link` with the slug and the date, which is in the site's time zone. */
export function postAddress(post: Pick<ReadPost, 'slug' | 'date'>, config: Config): string {
  const { site, posts } = config
  const dated = /\{(year|month|day)\}/.test(posts.link)
    ? withDate(posts.link, post.date, site.timeZone)
    : posts.link
  const link = dated.replaceAll('{slug}', encodeURIComponent(post.slug))
  return new URL(link.startsWith('/') ? site.url + link : link).href
}

function withDate(link: string, moment: Date, timeZone: string): string {
  const date = Temporal.Instant.fromEpochMilliseconds(moment.getTime()).toZonedDateTimeISO(timeZone)
  return link
    .replaceAll('{year}', String(date.year).padStart(4, '0'))
    .replaceAll('{month}', String(date.month).padStart(2, '0'))
    .replaceAll('{day}', String(date.day).padStart(2, '0'))
}
