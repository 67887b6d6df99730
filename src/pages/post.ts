import type { Config } from '../config.ts'
import type { Author, Post } from '../posts/post.ts'
import type { ShowDate } from './date.ts'
import { renderPage } from './page.ts'
import type { Templates } from './template.ts'
import { wordsFor } from './words.ts'

/** What of a post depends on more than the post: the correction to show, and where its tags have pages. */
export type Around = { updated: Date | null; tags: { name: string; url: string | null }[] }

/** The page of one post, by `templates/post.html` inside of `page.html`. */
export function renderPost(
  post: Post,
  { updated, tags }: Around,
  config: Config,
  templates: Templates,
  show: ShowDate,
): string {
  const { language } = post
  const content = templates.render('post', {
    post: {
      title: post.title,
      url: post.url,
      date: show(post.date, language),
      updated: updated && show(updated, language),
      authors: post.authors.map(({ name, url }) => ({ name, url: webAddress(url) })),
      tags,
      body: forScreens(post.html),
    },
    language,
    subscribe: `${config.web.url}/subscribe`,
    words: wordsFor(language),
  })
  const page = {
    title: post.title,
    content,
    language,
    canonical: post.url,
    description: post.summary,
    indexed: !post.unlisted,
  }
  return renderPage(page, config, templates)
}

/**
 * What a feed or a mail would do without. Wide code and tables scroll in themselves on a narrow screen, and who has no
 * pointer scrolls what has the focus, so both can have it. An item with a box of its own needs no bullet.
 *
 * Text in the HTML is escaped, so what looks like a tag here is one.
 */
function forScreens(html: string): string {
  return html
    .replaceAll('<pre>', '<pre tabindex="0">')
    .replaceAll('<table>', '<div class="table" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>')
    .replace(/<li>(?=(<p>)?[☑☐] )/g, '<li class="task">')
}

function webAddress(url: Author['url']): string | null {
  return url && /^https?:$/.test(URL.parse(url)?.protocol ?? '') ? url : null
}
