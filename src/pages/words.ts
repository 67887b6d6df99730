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
  authors: string
  languages: string
  feeds: string
  allFeeds: string
  noPosts: string
  older: string
  subscribe: string
  invitation: string
  address: string
  leaveEmpty: string
}

const english: Words = {
  language: 'en',
  allPosts: 'All posts',
  by: 'by',
  updated: 'Updated',
  tags: 'Tags',
  authors: 'Authors',
  languages: 'Languages',
  feeds: 'Feeds',
  allFeeds: 'All feeds, for your reader (OPML)',
  noPosts: 'No posts yet.',
  older: 'Older posts',
  subscribe: 'Subscribe',
  invitation: 'New posts can come to you by e-mail, as often as you like.',
  address: 'E-mail address',
  leaveEmpty: 'Leave this empty',
}

const german: Words = {
  language: 'de',
  allPosts: 'Alle Beiträge',
  by: 'von',
  updated: 'Aktualisiert',
  tags: 'Schlagwörter',
  authors: 'Wer hier schreibt',
  languages: 'Sprachen',
  feeds: 'Feeds',
  allFeeds: 'Alle Feeds für deinen Feedreader (OPML)',
  noPosts: 'Noch keine Beiträge.',
  older: 'Ältere Beiträge',
  subscribe: 'Abonnieren',
  invitation: 'Neue Beiträge kommen auf Wunsch per E-Mail, so oft du magst.',
  address: 'E-Mail-Adresse',
  leaveEmpty: 'Dieses Feld leer lassen',
}

/** The words for a BCP 47 language: `de-AT` gets German ones, an unknown language English ones. */
export function wordsFor(language: string): Words {
  return /^(de|deu)(-|$)/i.test(language) ? german : english
}
