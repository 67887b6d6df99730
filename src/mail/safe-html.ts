/**
 * The one gate for what stands in an article: harmless elements in our styles, addresses absolute, players as links.
 */
import sanitizeHtml, { type Attributes, type Tag } from 'sanitize-html'
import { directionOf } from '../markup.ts'
import { resolveLink } from '../posts/resolve.ts'
import { stylesOf } from './styles.ts'
import { withoutMarks } from './template.ts'

/** How wide an article is, in CSS pixels: a message of 600 with a margin on each side. */
const COLUMN = 552

/** What an article needs to know besides its tree. */
export type ArticleOptions = {
  /** Absolute address of the post; relative addresses in it are relative to this. */
  url: string
  language: string
  /** Words that the article says itself, in the language of the message. */
  words: {
    notes: string
    picture(alt: string): string
    video(host: string): string
    audio(host: string): string
  }
}

const KEPT =
  'h2 h3 h4 h5 h6 p a ul ol li dl dt dd blockquote pre code kbd samp var em strong b i u s del ins mark small sub sup q cite abbr br hr img table caption thead tbody tfoot tr th td div span figure figcaption details summary'.split(
    ' ',
  )

/** What may stay of HTML that anyone wrote: harmless elements in our styles, players as links, addresses absolute. */
export function safeHtml(html: string, options: ArticleOptions): string {
  const direction = directionOf(options.language)
  const styles = new Map(Object.entries(stylesOf(direction)))
  const mend = mendedLevels()
  const heading = (tag: string, attribs: Attributes): Tag => ({
    tagName: `h${mend(Number(tag[1]))}`,
    attribs,
  })
  const link = (address: string | undefined, words: (host: string) => string): Tag => {
    const href = watchAddress(address ?? '', options.url)
    return href === null
      ? { tagName: 'span', attribs: {} }
      : {
          tagName: 'a',
          attribs: { href, 'data-look': 'player' },
          text: words(new URL(href).host.replace(/^www\./, '')),
        }
  }
  const safe = sanitizeHtml(html, {
    // Each iframe has become a link before it is judged; of a tag that is not named here, the text would be seen twice.
    allowedTags: [...KEPT, 'iframe'],
    allowedAttributes: {
      '*': ['style', 'lang', 'dir', 'title'],
      a: ['href'],
      img: ['src', 'alt', 'width'],
      ol: ['start'],
      li: ['value'],
      table: ['role'],
      th: ['align', 'scope', 'colspan', 'rowspan'],
      td: ['align', 'colspan', 'rowspan'],
    },
    allowedSchemes: ['http', 'https', 'mailto'],
    // The styles are ours, so there is nothing to parse and judge in them.
    parseStyleAttributes: false,
    transformTags: {
      h1: heading,
      h2: heading,
      h3: heading,
      h4: heading,
      h5: heading,
      h6: heading,
      a: (tagName, attribs) => {
        const href = mailAddress(attribs.href ?? '', options.url)
        return href === null ? { tagName: 'span', attribs: {} } : { tagName, attribs: { ...attribs, href } }
      },
      img: (tagName, attribs) => picture(tagName, attribs, options),
      // Browsers centre a head cell that does not say otherwise.
      th: (tagName, attribs) => ({
        tagName,
        attribs: {
          align: direction === 'rtl' ? 'right' : 'left',
          ...attribs,
          scope: attribs.scope === 'row' ? 'row' : 'col',
        },
      }),
      iframe: (_, attribs) => link(attribs.src, options.words.video),
      video: (_, attribs) => link(attribs.src, options.words.video),
      audio: (_, attribs) => link(attribs.src, options.words.audio),
      // <video> and <audio> may name their files in these; in <picture> they have a srcset alone and are dropped.
      source: (_, attribs) => link(attribs.src, options.words.video),
      '*': (tagName, attribs) => {
        const { style: _authors, 'data-look': name, ...rest } = attribs
        const style = styles.get(name ?? '') ?? styles.get(tagName)
        return { tagName, attribs: style === undefined ? rest : { ...rest, style } }
      },
    },
  })
  // An escape in raw HTML may have smuggled in the characters that slots are made of.
  return withoutMarks(safe)
}

function picture(tagName: string, attribs: Attributes, options: ArticleOptions): Tag {
  const alt = attribs.alt ?? ''
  const src = pictureAddress(attribs.src ?? '', options.url)
  if (src === null) {
    const href = mailAddress(attribs.src ?? '', options.url)
    return href === null
      ? { tagName: 'span', attribs: {}, text: alt }
      : { tagName: 'a', attribs: { href }, text: options.words.picture(alt) }
  }
  // Outlook draws a picture as wide as the file is unless the attribute says less; all others go by the style, which
  // leaves small pictures small.
  const stated = Number.parseInt(attribs.width ?? '', 10)
  const known = Number.isFinite(stated) && stated > 0
  const width = String(known ? Math.min(stated, COLUMN) : COLUMN)
  const { title } = attribs
  return {
    tagName,
    attribs: {
      src,
      alt,
      width,
      ...(title !== undefined && { title }),
      ...(!known && { 'data-look': 'natural' }),
    },
  }
}

/** Where to watch what a player would show: a mail holds a link in place of the player. */
function watchAddress(address: string, base: string): string | null {
  const href = mailAddress(address, base)
  if (href === null || href.startsWith('mailto:')) return null
  const { host, pathname } = new URL(href)
  const embed = pathname.match(/^\/(?:embed|video)\/([\w-]+)$/)?.[1]
  if (embed && /^(www\.)?youtube(-nocookie)?\.com$/.test(host))
    return `https://www.youtube.com/watch?v=${embed}`
  if (embed && host === 'player.vimeo.com') return `https://vimeo.com/${embed}`
  return href
}

/**
 * Levels for the headings of one article, in order: the title above it is the one `h1`, so they begin at 2, and none
 * skips a level, whatever the author began with. What was deeper stays deeper.
 */
function mendedLevels(): (level: number) => number {
  const open: number[] = []
  return (level) => {
    while ((open.at(-1) ?? 0) >= level) open.pop()
    open.push(level)
    return Math.min(open.length + 1, 6)
  }
}

/**
 * The absolute address that a link in a mail leads to, or null where there is none: http, https and mailto alone, and
 * no place in the post itself, since mail programs drop or rename ids.
 */
export function mailAddress(address: string, base: string): string | null {
  const resolved = address.trim().startsWith('#') ? null : resolveLink(address, base)
  return resolved?.startsWith('tel:') ? null : resolved
}

/** The absolute form of a picture's address, or null where mail programs do not show the kind of picture. */
export function pictureAddress(address: string, base: string): string | null {
  const url = mailAddress(address, base)
  // Outlook shows no WebP and no AVIF, Gmail no SVG and no data: address.
  return url === null || url.startsWith('mailto:') || /\.(svgz?|webp|avif)$/i.test(new URL(url).pathname)
    ? null
    : url
}
