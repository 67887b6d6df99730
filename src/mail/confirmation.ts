/**
 * The mails that ask whether an address wants the newsletter, and whether a reader's newsletter is to come to it; and the
 * one that tells the address which they have left.
 */

import { WIDTH, wrap } from '../articles/wrap.ts'
import { type SlotName, slot } from '../slots.ts'
import { wordsFor } from '../words/words.ts'
import { type Press, plain, preheader, type Rendition, renderFrame } from './frame.ts'
import { PrintOnly } from './print-only.ts'
import { composeTextPart } from './text-part.ts'

type Question = {
  subject: string
  title: string
  lead: string
  button: string
  ignore: string
  opening: string
}

/**
 * It goes to people who are on no list yet, so there is
 * nothing in it to leave.
 *
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderConfirmation(press: Press): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const site = press.site.title
  return renderQuestion(press, 'confirm', {
    subject: words.confirmSubject(site),
    title: words.confirmTitle,
    lead: words.confirmLead(site, slot('address')),
    button: words.confirmButton,
    ignore: words.confirmIgnore,
    opening: words.confirmPreheader(site),
  })
}

/**
 * It goes to where a reader says they are from now on. That may be a mistyped address, so there is nothing in it of
 * theirs: no name, and not the address that they have.
 *
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderMove(press: Press): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const site = press.site.title
  return renderQuestion(press, 'move', {
    subject: words.moveSubject(site),
    title: words.moveTitle,
    lead: words.moveLead(site, slot('address')),
    button: words.moveButton,
    ignore: words.moveIgnore,
    opening: words.movePreheader(site),
  })
}

/**
 * It goes to the address that a reader has left. Whoever had one message of theirs could move them, and they would only
 * notice that nothing comes any more. The new address is not in it: the mailbox may be another's by now.
 *
 * @throws FaultsError for faults of a template, UserError where MJML fails
 */
export async function renderMoved(press: Press): Promise<Rendition> {
  const words = wordsFor(press.language).mail
  const site = press.site.title
  return renderQuestion(press, 'preferences', {
    subject: words.movedSubject(site),
    title: words.movedTitle,
    lead: words.movedLead(site, slot('address')),
    button: words.movedButton,
    ignore: words.movedIgnore,
    opening: words.movedPreheader(site),
  })
}

async function renderQuestion(press: Press, link: SlotName, asked: Question): Promise<Rendition> {
  const { title, lead, button, ignore } = asked
  const subject = plain(asked.subject)
  return {
    subject,
    html: await renderFrame('confirmation.mjml', press, {
      subject,
      links: [],
      preheader: preheader(asked.opening, press.site.description),
      variables: { title, lead: new PrintOnly(lead), links: { confirm: PrintOnly.address(link) } },
      words: { confirmButton: button, confirmIgnore: ignore },
      mustPrint: { 'links.confirm': slot(link) },
    }),
    text: composeTextPart({
      site: press.site,
      title,
      body: [wrap(lead, WIDTH), `${button}:\n${slot(link)}`, wrap(ignore, WIDTH)],
      foot: [press.newsletter.postalAddress],
    }),
  }
}
