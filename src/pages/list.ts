import type { Config } from '../config.ts'
import type { Post } from '../posts/post.ts'
import type { ShowDate } from './date.ts'
import { renderPage } from './page.ts'
import type { Templates } from './template.ts'
import { wordsFor } from './words.ts'

/**
 * The front page, by `templates/index.html`: as many posts with their summaries as a feed has, the older ones by title
 * alone.
 *
 * @param posts public ones, newest first
 */
export function renderList(posts: Post[], config: Config, templates: Templates, show: ShowDate): string {
  const { language, title, description } = config.site
  const entries = posts.map((post) => ({
    title: post.title,
    url: post.url,
    summary: post.summary,
    language: post.language,
    date: show(post.date, language),
  }))
  const content = templates.render('index', {
    site: { title, description },
    newest: entries.slice(0, config.feeds.entries),
    older: entries.slice(config.feeds.entries),
    language,
    subscribe: `${config.web.url}/subscribe`,
    words: wordsFor(language),
  })
  const page = { title: null, content, language, canonical: `${config.site.url}/`, description }
  return renderPage(page, config, templates)
}
