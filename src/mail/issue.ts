/** One post as a mail. */

import { cutArticle } from '../articles/article.ts'
import { colorCode } from '../articles/code.ts'
import { renderText } from '../articles/text.ts'
import { WIDTH, wrap } from '../articles/wrap.ts'
import { directionOf, escapeHtml } from '../markup.ts'
import { openHighlighter } from '../posts/highlight.ts'
import type { Post } from '../posts/post.ts'
import { slot } from '../slots.ts'
import { wordsFor } from '../words/words.ts'
import { readArticle } from './article.ts'
import { MOST_BYTES, type Press, plain, preheader, type Rendition, renderFrame } from './frame.ts'
import { describer } from './shown.ts'
import { Markup } from './template.ts'
import { composeTextPart, listFoot } from './text-part.ts'

/** Stands in the frame, which is rendered first: what it takes is what the article must leave. */
const ARTICLE_HERE = '<!-- the article of the post stands here -->'

/**
 * One post, whole. One that is too long for a mail is cut between two blocks and ends in a link to the rest.
 *
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderIssue(post: Post, press: Press): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const read = readArticle(post, press)
  const code = await colorCode(read.body, openHighlighter({ journal: press.journal }))
  const options = { ...read.options, code }
  const shown = { ...describer(press)(post), image: read.image }
  const subject = plain(post.subject ?? post.title)
  const article = new Markup(ARTICLE_HERE)
  const frame = await renderFrame('issue.mjml', press, {
    subject,
    links: ['unsubscribe', 'preferences', 'issue'],
    preheader: preheader(post.summary, words.newPost(press.site.title, shown.date)),
    variables: { post: { ...shown, html: article } },
    mustPrint: { 'post.html': article, 'links.unsubscribe': slot('unsubscribe') },
  })
  const around = frame.split(ARTICLE_HERE)
  const room = (MOST_BYTES - Buffer.byteLength(around.join(''))) / (around.length - 1)
  const ending = readOn(post, press.language, options.accent)
  const { html, tree, rest } = cutArticle(read.body, options, room - Buffer.byteLength(ending))
  return {
    subject,
    html: around.join(rest ? html + ending : html),
    text: composeTextPart({
      site: press.site,
      title: shown.title,
      body: [
        wrap([shown.date, shown.authors].filter(Boolean).join(' · '), WIDTH),
        renderText(tree, options),
        rest ? `${wrap(words.tooLong, WIDTH)}\n${wrap(words.readOn(shown.title), WIDTH)}\n${post.url}` : '',
      ],
      foot: listFoot(words, press.site, press.newsletter.postalAddress),
    }),
  }
}

// In the reader's words, so at the side where their lines begin, whatever the post's language.
function readOn(post: Post, language: string, accent: string): string {
  const words = wordsFor(language).mail
  const dir = directionOf(language)
  const href = escapeHtml(post.url)
  return `<p dir="${dir}" style="margin:32px 0 0;text-align:${dir === 'rtl' ? 'right' : 'left'};">${escapeHtml(words.tooLong)}<br><a href="${href}" style="color:${accent};text-decoration:underline;">${escapeHtml(words.readOn(plain(post.title)))}</a></p>`
}
