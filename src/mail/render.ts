/**
 * Posts to renditions: subject, HTML and text, made once for all who get the same. What differs from one recipient to
 * the next stands in them as slots.
 */
import type { Config } from '../config.ts'
import { directionOf, escapeHtml } from '../markup.ts'
import { readBody } from '../posts/body.ts'
import { oneLine } from '../posts/plain.ts'
import { newestFirst, type Post } from '../posts/post.ts'
import type { Tree } from '../posts/tree.ts'
import { type MailWords, wordsFor } from '../words/words.ts'
import { renderArticle } from './article.ts'
import { DARK, LIGHT } from './colors.ts'
import { cutTree } from './cut.ts'
import type { Mjml } from './mjml.ts'
import { pictureAddress } from './safe-html.ts'
import { slot } from './slots.ts'
import { Markup, renderTemplate, withoutMarks } from './template.ts'
import { renderText, underlined, WIDTH, wrap } from './text.ts'
import { composeTextPart, listFoot } from './text-part.ts'

/** A message before it has a recipient. */
export type Rendition = { subject: string; html: string; text: string }

/** What all renditions of a round share. `folder` is the site's; templates in its `templates/` win over Posthorn's. */
export type Press = Pick<Config, 'site' | 'newsletter' | 'folder'> & {
  /** BCP 47: the language of what is said around the posts. */
  language: string
  mjml: Mjml
}

/*
 * Gmail cuts a message off near 102 KB of HTML, and with it the footer. What is rendered stays below this many bytes,
 * so that the way out is within the first 90 KB also when slots have grown into addresses with tokens.
 */
const MOST_BYTES = 88_000

/** How many posts a digest shows with picture and summary; the rest are titles. The fewer fit, the fewer are shown. */
const IN_FULL = [20, 10, 5]

const ARTICLE_HERE = '<!-- article -->'

/**
 * One post, whole. One that is too long for a mail is cut between two blocks and ends in a link to the rest.
 *
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderIssue(post: Post, press: Press): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const body = readBody(post)
  const shown = { ...describe(post, press), image: showsPicture(post, body) ? null : pictureOf(post) }
  const subject = plain(post.subject ?? post.title)
  const article = new Markup(ARTICLE_HERE)
  const frame = await renderFrame('issue.mjml', press, {
    subject,
    preheader: preheader(post.summary, words.newPost(press.site.title, shown.date)),
    variables: { post: { ...shown, html: article } },
    mustPrint: { 'post.html': article, 'links.unsubscribe': slot('unsubscribe') },
  })
  const room = MOST_BYTES - Buffer.byteLength(frame)
  const { tree, rest } = cutTree(
    body,
    (beginning) => Buffer.byteLength(articleHtml(post, beginning, true, words)) <= room,
  )
  return {
    subject,
    html: frame.replace(ARTICLE_HERE, () => articleHtml(post, tree, rest, words)),
    text: composeTextPart({
      site: press.site,
      title: shown.title,
      body: [
        wrap([shown.date, shown.authors].filter(Boolean).join(' · '), WIDTH),
        renderText(tree, { url: post.url, words }),
        rest ? `${wrap(words.tooLong, WIDTH)}\n${wrap(words.readOn(shown.title), WIDTH)}\n${post.url}` : '',
      ],
      foot: listFoot(words, press.site, press.newsletter.postalAddress),
    }),
  }
}

/**
 * Several posts by date, title, summary and picture, newest first. Beyond twenty there are titles only, and where even
 * these do not fit a mail, how many more there are.
 *
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderDigest(posts: Post[], press: Press): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const shown = newestFirst(posts).map((post) => ({ ...describe(post, press), image: pictureOf(post) }))
  const [newest] = shown
  if (!newest) throw new Error('a digest of no posts')
  const title = words.newPosts(shown.length)
  const subject = words.digestSubject(plain(press.site.title), newest.title, shown.length - 1)
  const others = (count: number) =>
    count < shown.length ? words.andMore(shown.length - count, press.site.title) : ''
  const render = (full: number, count: number) =>
    renderFrame('digest.mjml', press, {
      subject,
      preheader: preheader(
        shown.length > 1
          ? shown
              .slice(1)
              .map((post) => post.title)
              .join(' · ')
          : newest.summary,
        words.newPost(press.site.title, newest.date),
      ),
      variables: {
        title,
        posts: shown.slice(0, Math.min(full, count)),
        more: shown.slice(full, count),
        others: others(count),
      },
      mustPrint: { 'links.unsubscribe': slot('unsubscribe') },
    })
  let count = shown.length
  let html = ''
  for (const full of IN_FULL) {
    html = await render(full, count)
    if (Buffer.byteLength(html) <= MOST_BYTES) break
  }
  while (Buffer.byteLength(html) > MOST_BYTES && count > 1) {
    count = Math.max(1, Math.floor((count * 0.95 * MOST_BYTES) / Buffer.byteLength(html)))
    html = await render(IN_FULL.at(-1) ?? 1, count)
  }
  return {
    subject,
    html,
    text: composeTextPart({
      site: press.site,
      title,
      body: [
        ...shown
          .slice(0, count)
          .map((post) =>
            [`${underlined(post.title, '-')}\n${post.date}`, wrap(post.summary, WIDTH), post.url]
              .filter(Boolean)
              .join('\n\n'),
          ),
        others(count) && `${wrap(others(count), WIDTH)}\n${press.site.url}`,
      ],
      foot: listFoot(words, press.site, press.newsletter.postalAddress),
    }),
  }
}

/**
 * The message that asks whether an address wants the newsletter. It goes to people who are on no list yet, so there is
 * nothing in it to leave.
 *
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderConfirmation(press: Press): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const site = press.site.title
  const subject = plain(words.confirmSubject(site))
  const lead = words.confirmLead(site, slot('address'))
  return {
    subject,
    html: await renderFrame('confirmation.mjml', press, {
      subject,
      preheader: preheader(words.confirmPreheader(site), press.site.description),
      variables: { title: words.confirmTitle, lead },
      mustPrint: { 'links.confirm': slot('confirm') },
    }),
    text: composeTextPart({
      site: press.site,
      title: words.confirmTitle,
      body: [
        wrap(lead, WIDTH),
        `${words.confirmButton}:\n${slot('confirm')}`,
        wrap(words.confirmIgnore, WIDTH),
      ],
      foot: [press.newsletter.postalAddress],
    }),
  }
}

type FrameParts = {
  subject: string
  preheader: string
  variables: Record<string, unknown>
  mustPrint: Record<string, string | Markup>
}

function renderFrame(name: string, press: Press, parts: FrameParts): Promise<string> {
  const dir = directionOf(press.language)
  const { site, newsletter } = press
  const words = wordsFor(press.language).mail
  return renderTemplate(
    name,
    {
      site: { title: site.title, url: site.url, description: site.description },
      newsletter: { postalAddress: newsletter.postalAddress },
      issue: { subject: parts.subject, preheader: parts.preheader },
      links: { unsubscribe: slot('unsubscribe'), issue: slot('issue'), confirm: slot('confirm') },
      subscriber: { name: slot('name'), address: slot('address') },
      language: press.language,
      dir,
      start: dir === 'rtl' ? 'right' : 'left',
      colors: { light: LIGHT, dark: DARK },
      words: { ...fixedWords(words), reason: words.reason(site.title) },
      ...parts.variables,
    },
    { folder: press.folder, mjml: press.mjml, mustPrint: parts.mustPrint },
  )
}

function fixedWords(words: MailWords): Record<string, unknown> {
  return Object.fromEntries(Object.entries(words).filter(([, word]) => typeof word === 'string'))
}

/** What templates know of a post. Free text is free of the characters that slots are made of. */
function describe(post: Post, press: Press) {
  const title = plain(post.title)
  const words = wordsFor(press.language).mail
  return {
    title,
    url: post.url,
    date: new Intl.DateTimeFormat(press.language, {
      dateStyle: 'long',
      timeZone: press.site.timeZone,
    }).format(post.date),
    summary: shorten(plain(post.summary), 320),
    authors: new Intl.ListFormat(press.language).format(post.authors.map((author) => plain(author.name))),
    language: post.language,
    dir: directionOf(post.language),
    readOn: words.readOn(title),
  }
}

function articleHtml(post: Post, body: Tree, rest: boolean, words: MailWords): string {
  const article = renderArticle(body, { url: post.url, language: post.language, words })
  if (!rest) return article
  const href = escapeHtml(post.url)
  return `${article}<p style="margin:32px 0 0;">${escapeHtml(words.tooLong)}<br><a href="${href}" style="color:${LIGHT.accent};text-decoration:underline;">${escapeHtml(words.readOn(plain(post.title)))}</a></p>`
}

function pictureOf(post: Post): string | null {
  return post.image === null ? null : pictureAddress(post.image, post.url)
}

/** Whether the article shows the post's lead picture itself, which would make it stand there twice. */
function showsPicture(post: Post, body: Tree): boolean {
  const picture = pictureOf(post)
  let shows = false
  JSON.stringify(body.children, (_, value) => {
    if (value?.type === 'image') shows ||= pictureAddress(value.src, post.url) === picture
    return value
  })
  return shows
}

/** What an inbox shows after the subject: 40 to 130 characters; `more` is added where `text` is too short for that. */
function preheader(text: string, more: string): string {
  const whole = plain(text)
  return shorten(whole.length >= 40 ? whole : plain(`${whole} ${more}`), 130)
}

/** Text of at most `length` characters, cut between words where there are any. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text
  let cut = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (cut.length + segment.length > length - 1) break
    cut += segment
  }
  const space = cut.lastIndexOf(' ')
  return `${(space > length / 2 ? cut.slice(0, space) : cut).replace(/[\s.,;:–—-]+$/, '')}…`
}

function plain(text: string): string {
  return oneLine(withoutMarks(text))
}
