/** The mail that greets a new subscriber. */

import { WIDTH, wrap } from '../articles/wrap.ts'
import { newestFirst, type Post } from '../posts/post.ts'
import { slot } from '../slots.ts'
import { wordsFor } from '../words/words.ts'
import { type Press, plain, preheader, type Rendition, renderFrame } from './frame.ts'
import { describer } from './shown.ts'
import { composeTextPart } from './text-part.ts'

/** How many posts are named, so that there is something to read until the first one comes. */
const NAMED = 3

/**
 * Says what will come and how often, names the newest posts, and tells how to change it and how to leave.
 *
 * @param newest posts as everybody may see them; the newest three of them are shown
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderWelcome(press: Press, newest: Post[]): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const site = plain(press.site.title)
  const subject = words.welcomeSubject(site)
  const lead = words.welcomeLead(site)
  const posts = newestFirst(newest).slice(0, NAMED).map(describer(press))
  return {
    subject,
    html: await renderFrame('welcome.mjml', press, {
      subject,
      preheader: preheader(words.welcomePreheader(site), press.site.description),
      links: ['unsubscribe', 'preferences'],
      variables: { title: words.welcomeTitle, lead, posts },
      mustPrint: { 'links.unsubscribe': slot('unsubscribe') },
    }),
    text: composeTextPart({
      site: press.site,
      title: words.welcomeTitle,
      body: [
        wrap(lead, WIDTH),
        posts.length > 0 ? wrap(words.welcomeNewest, WIDTH) : '',
        ...posts.map((post) => `${wrap(post.title, WIDTH)}\n${post.url}`),
        wrap(words.welcomeChange, WIDTH),
      ],
      foot: [
        words.reason(site),
        `${words.preferences}: ${slot('preferences')}`,
        `${words.unsubscribe}: ${slot('unsubscribe')}`,
        press.newsletter.postalAddress,
      ],
    }),
  }
}
