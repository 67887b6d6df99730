/** What every writer of HTML needs, once. */

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as HTML, between tags and inside quoted attributes alike. */
export function escapeHtml(text: string): string {
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string) : text
}

/** The text of what `escapeHtml`, or another program that writes these five alike, has made into HTML. */
export function unescapeHtml(html: string): string {
  return html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

/** Which way a language is written, for `dir`: a German page about Arabic is still `ltr`. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  const locale = new Intl.Locale(language) as Intl.Locale & { getTextInfo(): { direction: 'ltr' | 'rtl' } }
  return locale.getTextInfo().direction
}

const RIGHT_TO_LEFT = /[[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}\p{sc=Adlam}]&&\p{L}]/v
const LEFT_TO_RIGHT = /[\p{L}--[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}\p{sc=Adlam}]]/v

/** Whether a text has letters that are written in a direction; a text may have both, or none. */
export function hasLetters(text: string, direction: 'ltr' | 'rtl'): boolean {
  return (direction === 'rtl' ? RIGHT_TO_LEFT : LEFT_TO_RIGHT).test(text)
}
