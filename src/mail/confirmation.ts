/** The mail that asks whether an address wants the newsletter. */

import { WIDTH, wrap } from '../articles/wrap.ts'
import { slot } from '../slots.ts'
import { wordsFor } from '../words/words.ts'
import { type Press, plain, preheader, type Rendition, renderFrame } from './frame.ts'
import { PrintOnly } from './print-only.ts'
import { composeTextPart } from './text-part.ts'

/**
 * It goes to people who are on no list yet, so there is
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
      links: ['confirm'],
      preheader: preheader(words.confirmPreheader(site), press.site.description),
      variables: { title: words.confirmTitle, lead: new PrintOnly(lead) },
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
