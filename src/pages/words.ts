/**
 * The few words that a page says by itself, in the page's language where we have them, else in English. A screen
 * reader speaks a page by its `lang`, so English words on a German page carry `lang="en"` (`language` here).
 */
export type Words = {
  language: string
  allPosts: string
  by: string
  updated: string
  tags: string
  feeds: string
  noPosts: string
  older: string
  subscribe: string
  invitation: string
}

const english: Words = {
  language: 'en',
  allPosts: 'All posts',
  by: 'by',
  updated: 'Updated',
  tags: 'Tags',
  feeds: 'Feeds',
  noPosts: 'No posts yet.',
  older: 'Older posts',
  subscribe: 'Subscribe',
  invitation: 'New posts can come to you by e-mail, as often as you like.',
}

const german: Words = {
  language: 'de',
  allPosts: 'Alle Beiträge',
  by: 'von',
  updated: 'Aktualisiert',
  tags: 'Schlagwörter',
  feeds: 'Feeds',
  noPosts: 'Noch keine Beiträge.',
  older: 'Ältere Beiträge',
  subscribe: 'Abonnieren',
  invitation: 'Neue Beiträge kommen auf Wunsch per E-Mail, so oft du magst.',
}

/** The words for a BCP 47 language: `de-AT` gets German ones, an unknown language English ones. */
export function wordsFor(language: string): Words {
  return new Intl.Locale(language).language === 'de' ? german : english
}
