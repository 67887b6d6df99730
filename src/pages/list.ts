import type { Config } from '../config.ts'
import { type Channel, channelUrl } from '../feeds/channel.ts'
import type { ShowDate } from './date.ts'
import { renderPage } from './page.ts'
import type { Templates } from './template.ts'
import { wordsFor } from './words.ts'

/**
 * The page of a channel, by `templates/index.html`: as many posts with their summaries as a feed has, the older ones by
 * title alone.
 */
export function renderList(
  channel: Channel,
  channels: Channel[],
  config: Config,
  templates: Templates,
  show: ShowDate,
): string {
  const { language, title, description } = config.site
  const entries = channel.posts.map((post) => ({
    title: post.title,
    url: post.url,
    summary: post.summary,
    language: post.language,
    date: show(post.date, language),
  }))
  const content = templates.render('index', {
    site: { title, description },
    channel: { kind: channel.kind, name: channel.name },
    tags:
      channel.kind === 'site'
        ? channels
            .filter(({ kind }) => kind === 'tag')
            .map((tag) => ({
              name: tag.name,
              url: channelUrl(config.site.url, tag),
              count: tag.posts.length,
            }))
        : [],
    newest: entries.slice(0, config.feeds.entries),
    older: entries.slice(config.feeds.entries),
    language,
    subscribe: `${config.web.url}/subscribe`,
    words: wordsFor(language),
  })
  const page = {
    title: channel.kind === 'site' ? null : channel.name,
    content,
    language,
    canonical: channelUrl(config.site.url, channel),
    description: channel.kind === 'site' ? description : '',
    channel,
  }
  return renderPage(page, config, templates)
}
