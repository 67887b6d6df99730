/** Several posts as one mail. */
import { newestFirst, type Post } from '../posts/post.ts'
import { slot } from '../slots.ts'
import { wordsFor } from '../words/words.ts'
import { MOST_BYTES, type Press, plain, preheader, type Rendition, renderFrame, shorten } from './frame.ts'
import { describer, leadPictureOf } from './shown.ts'
import { composeTextPart, digestBody, listFoot } from './text-part.ts'

/** How many posts a digest shows with picture and summary; the rest are titles. */
export const MOST_IN_FULL = 20

const LEAST = { full: 5, summary: 80 }
/**
 * What is tried until it fits a mail: how many posts are shown in full, and the most characters of a summary. So the
 * longest summaries are cut first, then there are fewer of them.
 */
const SHAPES = [
  { full: MOST_IN_FULL, summary: Number.POSITIVE_INFINITY },
  { full: MOST_IN_FULL, summary: 160 },
  { full: MOST_IN_FULL, summary: 80 },
  { full: 10, summary: 80 },
  LEAST,
]

/**
 * Several posts by date, title, summary and picture, newest first. Beyond twenty there are titles only, and where even
 * these do not fit a mail, how many more there are.
 *
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderDigest(posts: Post[], press: Press): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const describe = describer(press)
  const shown = newestFirst(posts).map((post) => ({ ...describe(post), image: leadPictureOf(post, press) }))
  const [newest, ...older] = shown
  if (!newest) throw new Error('a digest of no posts')
  const site = plain(press.site.title)
  const title = words.newPosts(shown.length)
  const subject = words.digestSubject(site, newest.title, older.length)
  const others = (count: number) => (count < shown.length ? words.andMore(shown.length - count, site) : '')
  const part = (count: number, { full, summary }: typeof LEAST) => ({
    posts: shown
      .slice(0, Math.min(full, count))
      .map((post) => ({ ...post, summary: shorten(post.summary, summary) })),
    more: shown
      .slice(full, count)
      .map(({ title, url, language, dir, start }) => ({ title, url, language, dir, start })),
    others: others(count),
  })
  const render = (variables: ReturnType<typeof part>) =>
    renderFrame('digest.mjml', press, {
      subject,
      links: ['unsubscribe', 'preferences', 'issue'],
      preheader: preheader(
        older.length > 0 ? older.map((post) => post.title).join(' · ') : newest.summary,
        words.newPost(site, newest.date),
      ),
      variables: { title, ...variables },
      mustPrint: { 'links.unsubscribe': slot('unsubscribe') },
    })

  let said = part(shown.length, LEAST)
  let html = ''
  for (const shape of SHAPES) {
    said = part(shown.length, shape)
    html = await render(said)
    if (Buffer.byteLength(html) <= MOST_BYTES) break
  }
  let count = shown.length
  while (Buffer.byteLength(html) > MOST_BYTES && count > 1) {
    count = Math.max(1, Math.floor((count * 0.95 * MOST_BYTES) / Buffer.byteLength(html)))
    said = part(count, LEAST)
    html = await render(said)
  }
  return {
    subject,
    html,
    text: composeTextPart({
      site: press.site,
      title,
      body: digestBody(said, press.site, words),
      foot: listFoot(words, press.site, press.newsletter.postalAddress),
    }),
  }
}
