/** The text part of a message: what stands around the text of a post, in the words of the HTML part. */

import type { MailWords } from '../words/words.ts'
import { slot } from './slots.ts'
import { underlined, WIDTH, wrap } from './text.ts'

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
    // The line that mail programs know as the beginning of a signature, and show with less weight.
    ['-- ', ...letter.foot.filter((line) => line !== '').map((line) => wrap(line, WIDTH))].join('\n'),
  ]
  return `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`
}

/** The foot of mail to subscribers. */
export function listFoot(words: MailWords, site: { title: string }, postalAddress: string): string[] {
  return [
    words.reason(site.title),
    `${words.viewInBrowser}: ${slot('issue')}`,
    `${words.unsubscribe}: ${slot('unsubscribe')}`,
    postalAddress,
  ]
}
