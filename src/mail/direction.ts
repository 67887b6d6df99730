/** The direction that a language is written in. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  const locale: Intl.Locale & { getTextInfo?(): { direction: 'ltr' | 'rtl' } } = new Intl.Locale(language)
  return locale.getTextInfo?.().direction ?? 'ltr'
}
