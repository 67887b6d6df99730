/** What mails and their templates know of a post beside its article. */

import { COLUMN, pictureAddress } from '../articles/safe-html.ts'
import { directionOf } from '../markup.ts'
import { pictureAddresses } from '../posts/addresses.ts'
import type { Post } from '../posts/post.ts'
import { resolveMedia } from '../posts/resolve.ts'
import type { Tree } from '../posts/tree.ts'
import { type MailWords, wordsFor } from '../words/words.ts'
import { type Press, plain, shorten, spokenIn, startOf } from './frame.ts'

/** Describes posts in the language of the frame, save what the author wrote. */
export function describer(press: Press) {
  const words = wordsFor(press.language).mail
  const language = spokenIn(press)
  const dates = new Intl.DateTimeFormat([language, 'en'], {
    dateStyle: 'long',
    timeZone: press.site.timeZone,
  })
  const lists = new Intl.ListFormat([language, 'en'])
  return (post: Post) => describe(post, { words, dates, lists })
}

type Manner = { words: MailWords; dates: Intl.DateTimeFormat; lists: Intl.ListFormat }

function describe(post: Post, { words, dates, lists }: Manner) {
  const title = plain(post.title)
  const dir = directionOf(post.language)
  return {
    title,
    url: post.url,
    date: dates.format(post.date),
    summary: shorten(plain(post.summary), 320),
    authors: lists.format(post.authors.map((author) => plain(author.name))),
    language: post.language,
    dir,
    start: startOf(dir),
    readOn: words.readOn(shorten(title, 48)),
  }
}

/** `width` is in CSS pixels, and null where nobody knows how large the picture is. */
export type LeadPicture = { src: string; alt: string; width: number | null }

/** The lead picture, as a link to the post and named after it; null where there is none that mail programs show. */
export function leadPictureOf(post: Post, press: Press): LeadPicture | null {
  const address = post.image === null ? null : resolveMedia(post.image, post.url)
  if (address === null) return null
  const hosted = press.pictures?.get(address)
  const alt = plain(post.title)
  if (hosted) return { src: hosted.src, alt, width: Math.min(hosted.width, COLUMN) }
  const src = hosted === null ? null : pictureAddress(address, post.url)
  return src === null ? null : { src, alt, width: null }
}

/** Whether the article shows the post's lead picture itself, which would make it stand there twice. */
export function showsPicture(post: Post, body: Tree): boolean {
  if (post.image === null) return false
  const picture = resolveMedia(post.image, post.url)
  return pictureAddresses(body).some((address) => resolveMedia(address, post.url) === picture)
}
