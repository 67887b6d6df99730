import { type Channel, channelUrl } from '../feeds/channel.ts'
import { feedUrl } from '../feeds/feed.ts'
import { OPML } from '../feeds/opml.ts'
import { wordsFor } from '../words/words.ts'
import { nameLanguage, titleOf } from './listed.ts'
import { type Press, renderPage } from './page.ts'

/** The folder that all channels of a kind lie in, with a page that lists them. */
export const CONTENTS = { tag: 'tags', author: 'authors', language: 'languages' } as const
export type ContentsKind = keyof typeof CONTENTS

/**
 * The list of all tags, all authors or all languages, by `templates/contents.html`.
 *
 * @param channels those of the kind, and at least one
 */
export function renderContents(kind: ContentsKind, channels: Channel[], press: Press): string {
  const { config, templates, frame } = press
  const { language, url } = config.site
  const words = wordsFor(language).pages
  const title = { tag: words.tags, author: words.authors, language: words.languages }[kind]
  const content = templates.render('contents', {
    ...frame(language),
    title,
    channels: channels
      .map((channel) => ({
        name: titleOf(channel),
        language: nameLanguage(channel),
        url: channelUrl(url, channel),
        count: channel.posts.length,
      }))
      .toSorted(byName(language)),
    opml: feedUrl(config, OPML),
  })
  const page = { title, content, language, canonical: channelUrl(url, { folder: CONTENTS[kind] }) }
  return renderPage(page, config, press)
}

function byName(language: string): (a: { name: string }, b: { name: string }) => number {
  const { compare } = new Intl.Collator([language, 'en'], { numeric: true })
  return (a, b) => compare(a.name, b.name) || (a.name < b.name ? -1 : 1)
}
