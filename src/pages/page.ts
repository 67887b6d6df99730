/** The frame around everything that Posthorn shows in a browser: posts, their index, and the web server's pages. */
import type { Config } from '../config.ts'
import type { Channel } from '../feeds/channel.ts'
import { FORMATS, feedLinks } from '../feeds/feed.ts'
import { directionOf } from '../markup.ts'
import { openTemplates, type Templates } from './template.ts'
import { wordsFor } from './words.ts'

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
  /** What the page lists; the site itself where it is left out. Its feeds are the ones that readers find. */
  channel?: Channel
  /** False keeps search engines away: confirmations, and whatever carries a token. Default true. */
  indexed?: boolean
}

/**
 * One page as a whole HTML document, made by `templates/page.html`.
 *
 * @param templates opened once for many pages; read anew where it is left out
 * @throws FaultsError with file and line where the author's template has a mistake
 */
export function renderPage(page: Page, config: Config, templates: Templates = openTemplates(config)): string {
  return templates.render('page', {
    site: { title: config.site.title, url: `${config.site.url}/`, description: config.site.description },
    site_language: config.site.language,
    language: page.language,
    direction: directionOf(page.language),
    title: page.title ?? null,
    description: page.description || null,
    content: page.content,
    canonical: page.canonical ?? null,
    indexed: page.indexed ?? true,
    feeds: feedLinks(config, page.channel).map((link) => ({ ...link, name: FEED_NAMES.get(link.type) })),
    subscribe: `${config.web.url}/subscribe`,
    words: wordsFor(page.language),
  })
}
