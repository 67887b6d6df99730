/**
 * Where other blog tools have their feeds, so that readers find them again after a blog has moved here. Each address
 * leads to the feed of the same channel and format; of those of WordPress that Posthorn has nothing for, the comments,
 * it is said that they are gone, which makes readers stop asking.
 */
import { tagFolder } from '../feeds/channel.ts'
import { type FeedFormat, FORMATS } from '../feeds/feed.ts'

/** `gone`, or the files that may have taken its place, the likeliest first; null for what is no old feed. */
export type Moved = 'gone' | string[] | null

/** The words for a format in addresses: `/feed/atom/`, `?feed=rss2`. */
const NAMES: Record<string, FeedFormat> = {
  rss: 'rss',
  rss2: 'rss',
  rdf: 'rss',
  feed: 'rss',
  atom: 'atom',
  json: 'json',
}

/**
 * The last part of a feed's address, behind its channel. WordPress: `feed/`, `feed/atom/`, `rss/`; Ghost: `rss/`;
 * Substack: `feed`; Hugo: `index.xml`; Jekyll: `feed.xml`, which is Atom.
 */
const ENDING = [
  '(?<plain>rss2?|rdf|atom)',
  'feed(?:/(?<named>feed|rss2?|rdf|atom|json))?',
  '(?:index|feed)\\.(?<index>rss|rdf|atom)',
  '(?<hugo>index\\.xml)',
  '(?<jekyll>feed\\.xml)',
  'feed/(?:feed\\.(?<eleventy>xml|json)|index\\.xml)',
  'feeds/(?:all\\.(?<pelican>rss|atom)\\.xml|(?<blogger>posts)/default)',
  'wp-(?<php>rss2?|rdf|atom|feed)\\.php',
].join('|')

const SITE = new RegExp(`^(?:(?:posts?|blog|articles|archives?|page)/)?(?:${ENDING})$`, 'i')
const TAG = new RegExp(`^(?:tags?|categor(?:y|ies)|topics?)/(?:.+?/)??(?<name>[^/]+)/(?:${ENDING})$`, 'i')
const AUTHOR = new RegExp(`^authors?/(?<name>[^/]+)/(?:${ENDING})$`, 'i')
const LANGUAGE = new RegExp(`^(?<name>[a-z]{2,3}(?:-[a-z0-9]{2,8})*)/(?:${ENDING})$`, 'i')
/** Of jekyll-feed: `feed/by_tag/NAME.xml`, and `feed/NAME.xml` for categories and collections. */
const JEKYLL = /^feed\/(?:by_tag\/)?(?<name>[^/]+)\.xml$/i

const COMMENTS = [
  /^(?:.+\/)?comments\/(?:feed|rss2?|atom)(?:\/(?:feed|rss2?|rdf|atom))?$/i,
  /^comments\.(?:xml|rss|atom)$/i,
  /^feeds\/(?:\d+\/)?comments\/default$/i,
  /^wp-commentsrss2\.php$/i,
  // Of a post, or of a month.
  /^\d{4}(?:\/[^/]+){0,4}\/feed(?:\/(?:feed|rss2?|rdf|atom))?$/i,
]

/** @param path decoded, below the site, without its first slash */
export function movedFrom(path: string, query: URLSearchParams): Moved {
  const bare = path.replace(/\/$/, '')
  const asked = query.get('feed')?.toLowerCase()
  if (asked !== undefined) return fromQuery(bare, asked, query)
  if (COMMENTS.some((form) => form.test(bare))) return 'gone'

  const site = SITE.exec(bare)?.groups
  if (site) return [fileOf('', formatOf(site))]
  const tag = TAG.exec(bare)?.groups
  if (tag) return namesOf(tag.name).map((name) => fileOf(`tags/${name}/`, formatOf(tag)))
  const author = AUTHOR.exec(bare)?.groups
  if (author) return namesOf(author.name).map((name) => fileOf(`authors/${name}/`, formatOf(author)))
  const language = LANGUAGE.exec(bare)?.groups
  if (language) return namesOf(language.name).map((name) => fileOf(`languages/${name}/`, formatOf(language)))
  const jekyll = JEKYLL.exec(bare)?.groups
  if (jekyll)
    return jekyll.name === 'posts'
      ? [fileOf('', 'atom')]
      : namesOf(jekyll.name).map((name) => fileOf(`tags/${name}/`, 'atom'))
  return null
}

/** WordPress without rewritten addresses: `/?feed=rss2`, `/?feed=rss2&tag=x`, `/tag/x/?feed=atom`. */
function fromQuery(path: string, asked: string, query: URLSearchParams): Moved {
  if (/^comments[-_]/.test(asked)) return 'gone'
  if (!Object.hasOwn(NAMES, asked)) return null
  const tag = query.get('tag') ?? query.get('category_name')
  const author = query.get('author_name')
  const place = tag ? `tag/${tag}/` : author ? `author/${author}/` : path === '' ? '' : `${path}/`
  return movedFrom(`${place}feed/${asked}`, new URLSearchParams())
}

function formatOf(found: Record<string, string | undefined>): FeedFormat {
  const { plain, named, index, pelican, php, jekyll, eleventy, blogger } = found
  if (jekyll || blogger) return 'atom'
  if (eleventy) return eleventy.toLowerCase() === 'json' ? 'json' : 'atom'
  return NAMES[(plain ?? named ?? index ?? pelican ?? php ?? 'rss').toLowerCase()] ?? 'rss'
}

function fileOf(channel: string, format: FeedFormat): string {
  return `${channel}${FORMATS[format].file}`
}

/** A name as its folder may have it here: as it was, and as the folders of all channels are named. */
function namesOf(name = ''): string[] {
  return [...new Set([name, tagFolder(name).replace(/^tags\//, '')])].filter((each) => each !== '')
}
