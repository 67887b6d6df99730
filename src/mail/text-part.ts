/** The text part of a message: what stands around the text of posts, in the words of the HTML part. */

import { underlined } from '../articles/text.ts'
import { WIDTH, withoutLongLines, wrap } from '../articles/wrap.ts'
import { slot } from '../slots.ts'
import type { MailWords } from '../words/words.ts'

export type TextPart = {
  site: { title: string; url: string }
  title: string
  /** Paragraphs of finished text; empty ones are left out. */
  body: string[]
  /** What ends it: the way out of the list, for mail that is part of one, and the sender's postal address. */
  foot: string[]
}

/** Composes a text part; lines are at most 78 columns wide, except where an address or code is wider. */
export function composeTextPart(letter: TextPart): string {
  const paragraphs = [
    `${wrap(letter.site.title, WIDTH)}\n${letter.site.url}`,
    underlined(letter.title, '='),
    ...letter.body,
    // The line that mail programs know as the beginning of a signature, and show with less weight. No other line can be
    // one: all others have lost the space at their end.
    ['-- ', ...letter.foot.filter((line) => line !== '').map((line) => wrap(line, WIDTH))].join('\n'),
  ]
  return `${withoutLongLines(paragraphs.filter((paragraph) => paragraph !== '').join('\n\n'))}\n`
}

/** The foot of mail to subscribers. */
export function listFoot(words: MailWords, site: { title: string }, postalAddress: string): string[] {
  return [
    words.reason(site.title),
    `${words.viewInBrowser}: ${slot('issue')}`,
    `${words.preferences}: ${slot('preferences')}`,
    `${words.unsubscribe}: ${slot('unsubscribe')}`,
    postalAddress,
  ]
}

type Shown = { title: string; url: string }

export type DigestText = {
  posts: (Shown & {
    date: string
    authors: string
    summary: string
    readOn: string
    /** Stands in place of the summary; `rest` says that there is more of it. */
    text?: { words: string; rest: boolean }
  })[]
  /** Stands above those that are shown by title alone. */
  moreTitle: string
  more: Shown[]
  /** How many there are besides; empty where there are none. */
  others: string
}

/** The body of a digest, for `composeTextPart`: the same posts, as fully, in the same order as in the HTML part. */
export function digestBody({ posts, moreTitle, more, others }: DigestText, site: { url: string }): string[] {
  const shown = posts.map((post) => {
    const isWhole = post.text?.rest === false
    const about = wrap([post.date, post.authors].filter(Boolean).join(' · '), WIDTH)
    return [
      `${underlined(post.title, '-')}\n${about}${isWhole ? `\n${post.url}` : ''}`,
      post.text?.words ?? wrap(post.summary, WIDTH),
      isWhole ? '' : `${wrap(post.readOn, WIDTH)}\n${post.url}`,
    ]
      .filter((text) => text !== '')
      .join('\n\n')
  })
  return [
    ...shown,
    more.length > 0 ? underlined(moreTitle, '-') : '',
    ...more.map((post) => `${wrap(post.title, WIDTH)}\n${post.url}`),
    others === '' ? '' : `${wrap(others, WIDTH)}\n${site.url}`,
  ]
}
