import { mediaType } from '../feeds/media.ts'
import { escapeHtml } from '../markup.ts'
import type { Author, Post } from '../posts/post.ts'
import { resolveMedia } from '../posts/resolve.ts'
import { withHeadingIds } from './headings.ts'
import { type Press, renderPage } from './page.ts'

/** A name with the address of its page, if it has one. */
export type Linked = { name: string; url: string | null }

/**
 * What of a post depends on more than the post: its text with code in colours, the correction to show, and where its
 * tags and authors have pages.
 */
export type Around = { body: string; updated: Date | null; tags: Linked[]; authors: Linked[] }

/** The page of one post, by `templates/post.html` inside of `page.html`. */
export function renderPost(post: Post, { body, updated, tags, authors }: Around, press: Press): string {
  const { templates, show, frame, config } = press
  const { language } = post
  const date = show(post.date, language)
  const corrected = updated && show(updated, language)
  const image = post.image ? resolveMedia(post.image, post.url) : null
  const content = templates.render('post', {
    ...frame(language),
    post: {
      title: post.title,
      url: post.url,
      date,
      updated: corrected,
      authors: post.authors.map(({ name, url }, index) => ({
        name,
        url: webAddress(url) ?? authors[index]?.url ?? null,
      })),
      tags,
      // Where the text shows it too, once is enough.
      image: image && !shows(post.html, image) ? image : null,
      media: mediaOf(post),
      body: forScreens(body),
    },
  })
  const page = {
    title: post.title,
    content,
    language,
    canonical: post.url,
    description: post.summary,
    image,
    published: date.iso,
    updated: corrected?.iso ?? null,
    invites: true,
    indexed: !post.unlisted,
  }
  return renderPage(page, config, press)
}

/** The files that go with a post and that its text does not play itself. */
function mediaOf(
  post: Post,
): { kind: 'audio' | 'video' | 'file'; url: string; type: string; title: string }[] {
  return post.attachments.flatMap((attachment) => {
    const url = resolveMedia(attachment.url, post.url)
    if (url === null || shows(post.html, url)) return []
    const type = attachment.type ?? mediaType(url) ?? 'application/octet-stream'
    const kind = type.startsWith('audio/') ? 'audio' : type.startsWith('video/') ? 'video' : 'file'
    return [{ kind, url, type, title: attachment.title ?? fileName(url) }]
  })
}

function shows(html: string, url: string): boolean {
  return html.includes(`src="${escapeHtml(url)}"`)
}

function fileName(url: string): string {
  const name = new URL(url).pathname.split('/').pop() ?? ''
  try {
    return decodeURIComponent(name)
  } catch {
    // A "%" that encodes nothing.
    return name
  }
}

/**
 * What a feed or a mail would do without. Wide code and tables scroll in themselves on a narrow screen, and who has no
 * pointer scrolls what has the focus, so both can have it. An item with a box of its own needs no bullet.
 *
 * Text in the HTML is escaped, so what looks like a tag here is one.
 */
function forScreens(html: string): string {
  return withHeadingIds(html)
    .replaceAll('<pre>', '<pre tabindex="0">')
    .replaceAll('<table>', '<div class="table" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>')
    .replace(/<li>(?=(<p>)?[☑☐] )/g, '<li class="task">')
}

function webAddress(url: Author['url']): string | null {
  return url && /^https?:$/.test(URL.parse(url)?.protocol ?? '') ? url : null
}
