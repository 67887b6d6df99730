/** What all mails share: the site around the words, and the templates' variables that stand in every one of them. */

import { CODE } from '../articles/colors.ts'
import type { Config } from '../config.ts'
import { FORMATS } from '../feeds/feed.ts'
import { directionOf } from '../markup.ts'
import type { Pictures, Place } from '../pictures/prepare.ts'
import { oneLine } from '../posts/plain.ts'
import { type SlotName, withoutMarks } from '../slots.ts'
import type { DigestRhythm } from '../store/schedules.ts'
import { type MailWords, wordsFor } from '../words/words.ts'
import { paletteOf } from './accent.ts'
import { prepareLogo } from './logo.ts'
import type { Mjml } from './mjml.ts'
import { PrintOnly } from './print-only.ts'
import { type Markup, renderTemplate } from './template.ts'

/**
 * A message before it has a recipient: made once for all who get the same. What differs from one recipient to the next
 * stands in it as slots.
 */
export type Rendition = { subject: string; html: string; text: string }

/** What all renditions of a round share. `folder` is the site's; templates in its `templates/` win over Posthorn's. */
export type Press = Pick<Config, 'newsletter' | 'file'> &
  Place & {
    /** BCP 47: the language of what is said around the posts. */
    language: string
    mjml: Mjml
    /** What was prepared of the posts' pictures; where there is nothing, they are shown from where they are. */
    pictures?: Pictures
    /** Whose digest it is; nobody's for what the author sends by hand. */
    rhythm?: DigestRhythm | null
  }

/*
 * Gmail cuts a message off near 102 KB of HTML, and with it the footer. What is rendered stays below this many bytes,
 * so that the way out is within the first 90 KB also when slots have grown into addresses with tokens.
 */
export const MOST_BYTES = 88_000

type FrameParts = {
  subject: string
  preheader: string
  /** The recipient's own addresses that a message of this kind has. */
  links: SlotName[]
  variables: Record<string, unknown>
  /** What is said in other words than the frame's. */
  words?: Record<string, string>
  mustPrint: Record<string, string | Markup>
}

/** Renders the template of that name with what it is given and what all templates get. */
export async function renderFrame(name: string, press: Press, parts: FrameParts): Promise<string> {
  const language = spokenIn(press)
  const dir = directionOf(language)
  const { site, newsletter } = press
  const words = wordsFor(press.language).mail
  return renderTemplate(
    name,
    {
      site: {
        title: plain(site.title),
        url: site.url,
        description: plain(site.description),
        feed: `${press.feeds.url}/${FORMATS.atom.file}`,
      },
      newsletter: {
        postalAddress: plain(newsletter.postalAddress),
        logo: newsletter.logo === undefined ? null : await prepareLogo(newsletter.logo, press),
      },
      message: { subject: parts.subject, preheader: parts.preheader },
      links: Object.fromEntries(parts.links.map((link) => [link, PrintOnly.address(link)])),
      subscriber: { name: PrintOnly.word('name'), address: PrintOnly.word('address') },
      language,
      dir,
      start: startOf(dir),
      colors: {
        ...paletteOf(newsletter.color),
        code: Object.entries(CODE).map(([name, { dark }]) => ({ class: name, dark })),
      },
      words: { ...frameWords(words, plain(site.title)), ...parts.words },
      ...parts.variables,
    },
    { folder: press.folder, mjml: press.mjml, mustPrint: parts.mustPrint },
  )
}

/** The language of what is said around the posts: the press's own, save where there are no words for it. */
export function spokenIn(press: Pick<Press, 'language'>): string {
  const { language } = wordsFor(press.language)
  return new Intl.Locale(press.language).language === language ? press.language : language
}

/** Where lines begin. */
export function startOf(dir: 'ltr' | 'rtl'): 'left' | 'right' {
  return dir === 'rtl' ? 'right' : 'left'
}

function frameWords(words: MailWords, site: string): Record<string, string> {
  const { viewInBrowser, preferences, unsubscribe } = words
  const { confirmButton, confirmByAddress, confirmIgnore, welcomeNewest, welcomeChange } = words
  return {
    ...{ viewInBrowser, preferences, unsubscribe, reason: words.reason(site) },
    ...{ confirmButton, confirmByAddress, confirmIgnore, welcomeNewest, welcomeChange },
  }
}

/** What an inbox shows after the subject: 40 to 130 characters; `more` is added where `text` is too short for that. */
export function preheader(text: string, more: string): string {
  const whole = plain(text)
  return shorten(whole.length >= 40 ? whole : plain(`${whole} ${more}`), 130)
}

/** Text of at most `length` characters, cut between words where there are any. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text
  let cut = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (cut.length + segment.length > length - 1) break
    cut += segment
  }
  const space = cut.lastIndexOf(' ')
  return `${(space > length / 2 ? cut.slice(0, space) : cut).replace(/[\s.,;:–—-]+$/, '')}…`
}

/** Text on one line, free of the characters that slots are made of. */
export function plain(text: string): string {
  return oneLine(withoutMarks(text))
}
