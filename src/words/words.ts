/** What Posthorn says by itself in mails and on pages: one catalogue for each language, all with the same words. */
import { arabic } from './ar.ts'
import { german } from './de.ts'
import { english, type Words } from './en.ts'
import { spanish } from './es.ts'
import { french } from './fr.ts'
import { japanese } from './ja.ts'

export type { Words } from './en.ts'
export type MailWords = Words['mail']

/** All catalogues, by language. Together they take a few milliseconds to load, so none is loaded by itself. */
export const CATALOGUES: ReadonlyMap<string, Words> = new Map(
  [english, german, french, spanish, arabic, japanese].map((words) => [words.language, words]),
)

/**
 * The catalogue for a BCP 47 language: `de-AT` gets that of `de`. A language that has none gets English, which says so
 * by its `language`, so that on a page in another language it can be marked as English.
 */
export function wordsFor(language: string): Words {
  return catalogueOf(language) ?? english
}

/**
 * The language that mail around the posts and pages about one person are in: theirs where there are words for it, else
 * the site's. So people who read the same words share one rendition, whatever region their languages name, and where
 * all of them speak the site's it is called as the site calls it.
 */
export function frameLanguage(theirs: string, site: string): string {
  const words = catalogueOf(theirs)
  return words === undefined || words === catalogueOf(site) ? site : words.language
}

// What comes from a form or an old database may be no language at all, and there are no words for that either.
function catalogueOf(language: string): Words | undefined {
  const [primary = ''] = language.toLowerCase().split('-')
  return CATALOGUES.get(THREE_LETTERS[primary] ?? primary)
}

// ISO 639-2: BCP 47 has the shorter one, and people write these all the same.
const THREE_LETTERS: Record<string, string> = {
  eng: 'en',
  deu: 'de',
  ger: 'de',
  fra: 'fr',
  fre: 'fr',
  spa: 'es',
  ara: 'ar',
  jpn: 'ja',
}
