import { type Config, writesPages } from '../config.ts'
import { escapeHtml } from '../markup.ts'
import { cleanText } from '../posts/characters.ts'
import { oneLine } from '../posts/plain.ts'
import { type Channel, channelUrl } from './channel.ts'
import { FORMATS, feedTitle } from './feed.ts'

/** Its file in the folder that is served. */
export const OPML = 'feeds.opml'

/** Readers show nested outlines as folders; the site's own feed stands outside of them. */
const FOLDERS = [
  ['tag', 'Tags'],
  ['author', 'Authors'],
  ['language', 'Languages'],
] as const

/**
 * All feeds of the site as OPML 2.0, so that a reader takes them at once: each channel's in one format, since a reader
 * that is given three shows each post three times.
 *
 * There is no date in it: it changes when there is another feed, and no post makes it another.
 */
export function renderOpml(channels: Channel[], config: Config): string {
  const { site, feeds } = config
  const outline = (channel: Channel) => {
    const name = text(feedTitle(config, channel))
    const feed = text(channelUrl(feeds.url, channel, FORMATS.rss.file))
    // A blog of its own has pages for its tags too, perhaps, and we do not know where.
    const page = text(writesPages(config) ? channelUrl(site.url, channel) : `${site.url}/`)
    return `<outline type="rss" version="RSS2" text="${name}" title="${name}" xmlUrl="${feed}" htmlUrl="${page}"/>`
  }
  const of = (kind: Channel['kind']) => channels.filter((channel) => channel.kind === kind).map(outline)
  const folders = FOLDERS.flatMap(([kind, name]) => {
    const outlines = of(kind)
    return outlines.length > 0 ? [`<outline text="${name}">`, ...outlines, '</outline>'] : []
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<opml version="2.0">',
    `<head><title>${text(site.title)}</title></head>`,
    '<body>',
    ...of('site'),
    ...folders,
    '</body>',
    '</opml>\n',
  ].join('\n')
}

function text(value: string): string {
  return escapeHtml(oneLine(cleanText(value)))
}
