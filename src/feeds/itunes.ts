/**
 * What podcast directories want in RSS, by Apple's "A Podcaster's guide to RSS", which the others follow. Of a show
 * they require title, description, language, `itunes:image`, `itunes:category` and `itunes:explicit`; of an episode a
 * title and an enclosure.
 */
import type { Entry, Podcast } from './feed.ts'
import { element, type Fill } from './fill.ts'

/** The elements of a show, beside those that any RSS has. */
export function showTags(podcast: Podcast, fill: Fill): string[] {
  const { owner, subcategory } = podcast
  const narrower = subcategory ? element('itunes:category', { text: fill.plain(subcategory) }) : ''
  return [
    element('itunes:image', { href: fill.plain(podcast.image) }),
    element('itunes:category', { text: fill.plain(podcast.category) }, narrower),
    element('itunes:explicit', {}, String(podcast.explicit)),
    element('itunes:author', {}, fill.text(podcast.author)),
    element('itunes:type', {}, podcast.type),
    ...(owner
      ? [
          element(
            'itunes:owner',
            {},
            element('itunes:name', {}, fill.text(owner.name)) +
              element('itunes:email', {}, fill.plain(owner.email)),
          ),
        ]
      : []),
  ]
}

/** The elements of an episode; none for an entry that is not played. */
export function episodeTags({ media: [first], image, episode }: Entry, show: Podcast, fill: Fill): string[] {
  if (!first || !/^(audio|video)\//.test(first.type)) return []
  return [
    ...(first.duration === null ? [] : [element('itunes:duration', {}, fill.plain(`${first.duration}`))]),
    element('itunes:explicit', {}, String(episode?.explicit ?? show.explicit)),
    // "in JPEG or PNG format [...] with appropriate file extensions"
    ...(image && /\.(jpe?g|png)$/i.test(new URL(image).pathname)
      ? [element('itunes:image', { href: fill.plain(image) })]
      : []),
    ...(episode?.season ? [element('itunes:season', {}, fill.plain(`${episode.season}`))] : []),
    ...(episode?.number ? [element('itunes:episode', {}, fill.plain(`${episode.number}`))] : []),
  ]
}
