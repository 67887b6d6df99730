/**
 * Several posts as one mail: of each its summary, or its text. However much there is, the mail stays whole. First what is
 * long is cut, then posts become titles, and at last it is only said how many more there are.
 */
import { type Links, linkNotes, renderText } from '../articles/text.ts'
import { directionOf } from '../markup.ts'
import { type Highlighter, openHighlighter } from '../posts/highlight.ts'
import { newestFirst, type Post } from '../posts/post.ts'
import { slot } from '../slots.ts'
import { wordsFor } from '../words/words.ts'
import { showsLead } from './article.ts'
import {
  MOST_BYTES,
  type Press,
  plain,
  preheader,
  type Rendition,
  renderFrame,
  shorten,
  spokenIn,
} from './frame.ts'
import { readWhole, shareRoom, type Text, type Whole } from './share.ts'
import { describer, type LeadPicture, leadPictureOf } from './shown.ts'
import { renderSubject } from './subject.ts'
import { Markup } from './template.ts'
import { composeTextPart, type DigestText, digestBody, listFoot } from './text-part.ts'

const LEAST = { full: 5, summary: 80 }
/** How many titles stand below texts, which they must not crowd out. */
const MOST_TITLES = 50
/** What a text gets at least, in bytes: a paragraph or two. Where there is less for each, fewer posts are shown. */
const LEAST_TEXT = 1500

/** Posts in the order of the site's digests. */
export function inOrder(posts: Post[], { newsletter }: Pick<Press, 'newsletter'>): Post[] {
  const newest = newestFirst(posts)
  return newsletter.digests.order === 'oldest' ? newest.reverse() : newest
}

/** The posts of which a digest shows more than the title, as long as they fit. */
export function shownInDigest(posts: Post[], press: Pick<Press, 'newsletter'>): Post[] {
  return inOrder(posts, press).slice(0, press.newsletter.digests.posts)
}

/**
 * Several posts by date, title, picture, and summary or text, as `newsletter.digests` has it. Beyond the most it shows
 * there are titles only, and where even these do not fit a mail, how many more there are.
 *
 * @throws FaultsError for faults of a template or of the subject, UserError where MJML fails
 */
export async function renderDigest(posts: Post[], press: Press): Promise<Rendition> {
  const draft = draftDigest(inOrder(posts, press), press)
  const laid =
    (press.newsletter.digests.show === 'full' ? await withTexts(draft) : null) ?? (await withSummaries(draft))
  const words = wordsFor(press.language).mail
  return {
    subject: draft.subject,
    html: laid.html,
    text: composeTextPart({
      site: press.site,
      title: draft.title,
      body: [...digestBody(laid.said, press.site), linkNotes(laid.links, words)],
      foot: listFoot(words, press.site, press.newsletter.postalAddress),
    }),
  }
}

/** How much of a digest is shown: posts with more than their title, and the most characters of a summary. */
type Shape = { full: number; summary: number }
/** A post as the template has it. Its text is a mark, in whose place the text is put once its room is known. */
type Shown = DigestText['posts'][number] & { image: LeadPicture | null; html: Markup | null }
type Said = Omit<DigestText, 'posts'> & { posts: Shown[] }
/** A digest of which it is not known yet how much fits. */
type Draft = ReturnType<typeof draftDigest>
type Laid = { html: string; said: DigestText; links: Links }

function draftDigest(posts: Post[], press: Press) {
  const words = wordsFor(press.language).mail
  const describe = describer(press)
  const shown = posts.map((post) => ({ ...describe(post), image: leadPictureOf(post, press), html: null }))
  const [first, ...others] = shown
  if (!first) throw new Error('a digest of no posts')
  const site = plain(press.site.title)
  const title = words.newPosts(shown.length)
  const { subject: template } = press.newsletter.digests
  const subject =
    template === undefined
      ? words.digestSubject(site, first.title, others.length)
      : renderSubject(
          template,
          {
            site: { title: site },
            title,
            language: spokenIn(press),
            rhythm: press.rhythm ?? '',
            posts: shown.map(({ title, date, authors }) => ({ title, date, authors })),
          },
          press.file,
        )
  return {
    ...{ posts, press, title, subject },
    /** The first `count` of them, in that shape. */
    part(count: number, { full, summary }: Shape): Said {
      const more = shown.slice(full, count)
      return {
        posts: shown
          .slice(0, Math.min(full, count))
          .map((post) => ({ ...post, summary: shorten(post.summary, summary) })),
        moreTitle: more.length > 0 ? words.more(more.length) : '',
        more: more.map(({ title, url, language, dir, start }) => ({ title, url, language, dir, start })),
        others: count < shown.length ? words.andMore(shown.length - count, site) : '',
      }
    },
    render: (said: Said, mustPrint: Record<string, Markup> = {}) =>
      renderFrame('digest.mjml', press, {
        subject,
        links: ['unsubscribe', 'preferences', 'issue'],
        preheader: preheader(
          others.length > 0 ? others.map((post) => post.title).join(' · ') : first.summary,
          words.newPost(site, first.date),
        ),
        variables: { title, ...said },
        mustPrint: { ...mustPrint, 'links.unsubscribe': slot('unsubscribe') },
      }),
  }
}

/** Cuts the longest summaries first, then shows fewer of them. */
async function withSummaries({ posts, press, part, render }: Draft): Promise<Laid> {
  const most = press.newsletter.digests.posts
  const fewer = [30, 20, 10, LEAST.full].filter((full) => full < most)
  const shapes = [
    ...[Number.POSITIVE_INFINITY, 160, 80].map((summary) => ({ full: most, summary })),
    ...fewer.map((full) => ({ full, summary: LEAST.summary })),
  ]
  const least = shapes.at(-1) ?? LEAST
  let said = part(posts.length, least)
  let html = ''
  for (const shape of shapes) {
    said = part(posts.length, shape)
    html = await render(said)
    if (Buffer.byteLength(html) <= MOST_BYTES) break
  }
  let count = posts.length
  while (Buffer.byteLength(html) > MOST_BYTES && count > 1) {
    count = Math.max(1, Math.floor((count * 0.95 * MOST_BYTES) / Buffer.byteLength(html)))
    said = part(count, least)
    html = await render(said)
  }
  return { html, said, links: new Map() }
}

/** Where the text of a post belongs, by its number. The frame is rendered first: what it takes is what they must leave. */
const TEXT_HERE = /<!-- the text of post (\d+) stands here -->/

/**
 * The text of each post, all of them together as long as a mail may be. Null where not even one has room, and the
 * summaries have to do.
 */
async function withTexts(draft: Draft): Promise<Laid | null> {
  const { posts, press } = draft
  const wholes = posts.slice(0, press.newsletter.digests.posts).map((post) => readWhole(post, press))
  const highlighter = openHighlighter({ journal: press.journal })
  for (let full = wholes.length; full > 0; full = Math.floor(full * 0.75)) {
    const laid = await layTexts(draft, wholes.slice(0, full), highlighter)
    if (laid) return laid
  }
  return null
}

/** These texts, and titles below them; null where it is too much for a mail. */
async function layTexts(draft: Draft, wholes: Whole[], highlighter: Highlighter): Promise<Laid | null> {
  const { press, part, render } = draft
  const said = part(wholes.length + MOST_TITLES, { full: wholes.length, summary: 160 })
  const marked = said.posts.map((post, index) => ({
    ...post,
    image: wholes[index]?.image ?? null,
    html: new Markup(`<!-- the text of post ${index} stands here -->`),
  }))
  const [first] = marked
  const frame = await render({ ...said, posts: marked }, first && { 'post.html': first.html })
  // Every second part is the number of a post.
  const parts = frame.split(TEXT_HERE)
  const asked = parts.flatMap((part, index) => (index % 2 === 1 ? [Number(part)] : []))
  const around = parts.filter((_, index) => index % 2 === 0).join('')
  // A template may leave the texts of some to their summaries, and it may show one twice.
  const here = [...new Set(asked)]
  const room = ((MOST_BYTES - Buffer.byteLength(around)) * here.length) / asked.length
  const dir = directionOf(spokenIn(press))
  const wishes = here.map((index) => {
    const { summary, readOn } = marked[index] as Shown
    return { whole: wholes[index] as Whole, summary, readOn, dir }
  })
  if (wishes.reduce((sum, { whole }) => sum + Math.min(whole.bytes, LEAST_TEXT), 0) > room) return null
  const shares = await shareRoom(wishes, room, highlighter)
  const texts = new Map(here.map((index, turn) => [index, shares[turn] as Text]))

  // A picture that a text was to show, and that was cut off with its end, stands above it after all.
  const pictured = wholes.map((whole, index) => ({
    ...whole,
    image: pictureOf(whole, texts.get(index), press),
  }))
  if (pictured.some(({ image }, index) => image !== (wholes[index] as Whole).image))
    return layTexts(draft, pictured, highlighter)

  const html = parts.map((part, index) => (index % 2 === 0 ? part : texts.get(Number(part))?.html)).join('')
  if (Buffer.byteLength(html) > MOST_BYTES) return null
  const links: Links = new Map()
  const posts = said.posts.map((post, index) => {
    const { tree = null, rest = true } = texts.get(index) ?? {}
    const options = wholes[index]?.options
    if (tree === null || options === undefined) return post
    return { ...post, text: { words: renderText(tree, { ...options, links }), rest } }
  })
  return { html, links, said: { ...said, posts } }
}

function pictureOf(
  { post, image, options }: Whole,
  text: Text | undefined,
  press: Press,
): LeadPicture | null {
  if (image !== null || text?.rest === false) return image
  return text?.tree && showsLead(post, text.tree, options) ? null : leadPictureOf(post, press)
}
