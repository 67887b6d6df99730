/** The frame around everything that Posthorn shows in a browser: posts, their lists, and the web server's pages. */
import type { Config } from '../config.ts'
import type { Channel } from '../feeds/channel.ts'
import { FORMATS, feedLinks } from '../feeds/feed.ts'
import { directionOf } from '../markup.ts'
import { type Words, wordsFor } from '../words/words.ts'
import { datesIn, type ShowDate, yearsIn } from './date.ts'
import { openTemplates, type Templates, templateStamp } from './template.ts'

const FEED_NAMES = new Map<string, string>(Object.values(FORMATS).map(({ type, name }) => [type, name]))

export type Page = {
  /** Plain text; null for the page that is the site's front. */
  title: string | null
  /** HTML that is safe as it stands: it is not escaped again. */
  content: string
  /** BCP 47: the language of the content. */
  language: string
  /** The one address of a page that has several, or that may be copied. */
  canonical?: string
  /** Plain text, a sentence or two, for search engines and link previews. */
  description?: string
  /** Absolute address of the picture that previews of the page show. */
  image?: string | null
  /** When a post came out and when it was corrected, in RFC 3339; left out of what is no post. */
  published?: string
  updated?: string | null
  /** What the page lists; the site itself where it is left out. Its feeds are the ones that readers find first. */
  channel?: Channel
  /** True offers the mail in a form below the content. Default false. */
  invites?: boolean
  /** False keeps search engines away: confirmations, and whatever carries a token. Default true. */
  indexed?: boolean
}

/** What many pages are made with: opened once for all of them, since each of these takes longer than a page does. */
export type Press = {
  config: Config
  templates: Templates
  show: ShowDate
  yearOf: (date: Date) => number
  frame: (language: string, channel?: Channel) => Frame
}

/** What pages of one language and channel have in common. */
type Frame = {
  site: { title: string; url: string; description: string }
  site_language: string
  language: string
  direction: 'ltr' | 'rtl'
  feeds: Link[]
  more_feeds: Link[]
  subscribe: string
  words: FrameWords
}
/** Plain text, with the language that it is in: English where we have no words for the page's. */
type FrameWords = Words['pages'] & { language: string }
type Link = { href: string; type: string; title: string; name: string }

/** Reads the templates of a site, as they are now. */
export function openPress(config: Config): Press {
  const frames = new Map<string, Frame>()
  return {
    config,
    templates: openTemplates(config),
    show: datesIn(config.site.timeZone),
    yearOf: yearsIn(config.site.timeZone),
    frame: (language, channel) => {
      const key = `${language} ${channel?.folder ?? ''}`
      const frame = frames.get(key) ?? makeFrame(language, channel, config)
      frames.set(key, frame)
      return frame
    },
  }
}

/**
 * The press of a program that stays: as it was, for as long as no template is another. Reading and understanding them
 * takes longer than all else that a page needs.
 */
export function keepPress(config: Config): () => Press {
  let kept: Press | null = null
  return () => {
    if (kept?.templates.stamp !== templateStamp(config)) kept = openPress(config)
    return kept
  }
}

function makeFrame(language: string, channel: Channel | undefined, { site, web, ...config }: Config): Frame {
  const links = (about?: Channel) =>
    feedLinks({ site, web, ...config }, about).map((link) => ({
      ...link,
      name: FEED_NAMES.get(link.type) ?? '',
    }))
  return {
    site: { title: site.title, url: `${site.url}/`, description: site.description },
    site_language: site.language,
    language,
    direction: directionOf(language),
    feeds: links(channel),
    more_feeds: channel && channel.kind !== 'site' ? links() : [],
    subscribe: `${web.url}/subscribe`,
    words: frameWords(language),
  }
}

function frameWords(of: string): FrameWords {
  const { language, pages } = wordsFor(of)
  return { language, ...pages }
}

/**
 * One page as a whole HTML document, made by `templates/page.html`.
 *
 * @param press opened once for many pages; opened anew where it is left out
 * @throws FaultsError with file and line where the author's template has a mistake
 */
export function renderPage(page: Page, config: Config, press: Press = openPress(config)): string {
  return press.templates.render('page', {
    ...press.frame(page.language, page.channel),
    title: page.title ?? null,
    description: page.description || null,
    content: page.content,
    canonical: page.canonical ?? null,
    image: page.image ?? null,
    published: page.published ?? null,
    updated: page.updated ?? null,
    invites: page.invites ?? false,
    indexed: page.indexed ?? true,
  })
}
