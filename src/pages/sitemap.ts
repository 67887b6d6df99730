import type { Config } from '../config.ts'
import { type Channel, channelUrl } from '../feeds/channel.ts'
import { escapeHtml } from '../markup.ts'
import { correctedAt } from '../posts/post.ts'

/** What sitemaps.org allows: "no more than 50,000 URLs". The newest are in it. */
const MOST = 50_000

/** The pages of the site for search engines (sitemaps.org 0.9): the lists, then the posts, newest first. */
export function renderSitemap(channels: Channel[], config: Config, now: Date): string {
  const lists = channels.map((channel) => ({ loc: channelUrl(config.site.url, channel), lastmod: null }))
  const posts = (channels[0]?.posts ?? []).map((post) => ({
    loc: post.url,
    lastmod: (correctedAt(post, now) ?? post.date).toISOString(),
  }))
  const urls = [...lists, ...posts]
    .slice(0, MOST)
    .map(
      ({ loc, lastmod }) =>
        `<url><loc>${escapeHtml(loc)}</loc>${lastmod ? `<lastmod>${lastmod}</lastmod>` : ''}</url>`,
    )
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
    ...urls,
    '</urlset>\n',
  ].join('\n')
}
