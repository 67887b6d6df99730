import { type Channel, channelUrl } from '../feeds/channel.ts'
import type { Archive } from './archive.ts'
import { listed, nameLanguage, titleOf } from './listed.ts'
import { type Press, renderPage } from './page.ts'

/**
 * The page of a channel, by `templates/index.html`: as many posts with their summaries as a feed has, and the older
 * ones by title alone, on this page or in archives.
 *
 * @param archives its own, newest first; where there are none all of its posts stand here
 * @param contents where all tags, authors and languages are listed; the front page leads there
 */
export function renderList(
  channel: Channel,
  archives: Archive[],
  contents: { kind: Channel['kind']; url: string }[],
  press: Press,
): string {
  const { config, templates, show, frame } = press
  const { language, title, description, url } = config.site
  const { entries } = config.feeds
  const here = channel.posts.slice(0, archives.length > 0 ? entries : channel.posts.length)
  const posts = here.map((post) => listed(post, language, show))
  const isFront = channel.kind === 'site'
  const content = templates.render('index', {
    ...frame(language, channel),
    site: { title, description, url: `${url}/` },
    channel: { kind: channel.kind, name: titleOf(channel), language: nameLanguage(channel) },
    newest: posts.slice(0, entries),
    older: posts.slice(entries),
    archives: archives.map((archive) => ({
      name: archive.name,
      url: channelUrl(url, archive),
      count: archive.posts.length,
    })),
    contents: isFront ? contents : [],
  })
  const page = {
    title: isFront ? null : titleOf(channel),
    content,
    language,
    canonical: channelUrl(url, channel),
    description: isFront ? description : '',
    channel,
    invites: true,
  }
  return renderPage(page, config, press)
}
