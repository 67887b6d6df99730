/** What Posthorn says by itself in mails and on pages: one catalogue for each language, all with the same words. */
import { english } from './en.ts'

export type Words = typeof english
export type MailWords = Words['mail']

/** The catalogue for a BCP 47 language: `en-GB` gets that of `en`, a language that has none gets English. */
export function wordsFor(_language: string): Words {
  return english
}
