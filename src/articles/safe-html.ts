/**
 * The one gate for what stands in an article: harmless elements in our styles, addresses absolute, players as links.
 */
import sanitizeHtml, { type Attributes, type Tag } from 'sanitize-html'
import { directionOf } from '../markup.ts'
import type { Pictures } from '../pictures/prepare.ts'
import { resolveLink } from '../posts/resolve.ts'
import { withoutMarks } from '../slots.ts'
import type { MailWords } from '../words/words.ts'
import type { ColoredCode } from './code.ts'
import { LIGHT } from './colors.ts'
import { type Elsewhere, elsewhere } from './elsewhere.ts'
import { CLASSES, END, stylesOf, TOP } from './styles.ts'

/** How wide an article is, in CSS pixels: a message of 600 with a margin on each side. */
export const COLUMN = 552

/** What an article needs to know besides its tree. */
export type ArticleOptions = {
  /** Absolute address of the post; relative addresses in it are relative to this. */
  url: string
  /** Of the article; its own words are in it as well. */
  language: string
  words: Pick<MailWords, 'notes' | 'picture' | 'video' | 'audio' | 'embedded' | 'said' | 'seePost'>
  /** The level of its main headings; 2, save where it is one of several, each below a title of level 2. */
  top?: 2 | 3
  /** The colour of links, as hex; Posthorn's own if there is none. */
  accent?: string
  /** Pictures that Posthorn hosts, in a form and a size that are known. */
  pictures?: Pictures
  /** From `colorCode`; other code is plain. */
  code?: ColoredCode
  /** The post's own picture, as its author wrote it: the poster of a video that the article begins with. */
  image?: string | null
}

const KEPT =
  'h2 h3 h4 h5 h6 p a ul ol li dl dt dd blockquote pre code kbd samp var em strong b i u s del ins mark small sub sup q cite dfn abbr bdi bdo ruby rb rt rp br hr img table caption thead tbody tfoot tr th td div span figure figcaption'.split(
    ' ',
  )

/** Elements that mail programs drop, and their ends with them: what they hold would run together. */
const BOXES =
  'address article aside center details fieldset footer header hgroup main nav search section'.split(' ')

type Kind = Elsewhere['kind']

/** What may stay of HTML that anyone wrote: harmless elements in our styles, players as links, addresses absolute. */
export function safeHtml(html: string, options: ArticleOptions): string {
  const direction = directionOf(options.language)
  const styles = new Map(Object.entries(stylesOf(options.language, options.accent ?? LIGHT.accent)))
  const classes = new Map(Object.entries(CLASSES))
  const mend = mendedLevels(options.top ?? 2)
  const heading = (tag: string, attribs: Attributes): Tag => ({
    tagName: `h${mend(Number(tag[1]))}`,
    attribs,
  })
  const plain = (text?: string): Tag => ({
    tagName: 'span',
    attribs: {},
    ...(text !== undefined && { text }),
  })
  let openLinks = 0
  // A player names its files one by one, and one link leads to all of them.
  let hasLink = false
  const player = (address: string | undefined, kindOf: (page: Kind) => Kind): Tag => {
    const href = mailAddress(address ?? '', options.url)
    if (hasLink || href === null || href.startsWith('mailto:')) return plain()
    hasLink = true
    const page = elsewhere(href)
    const text = wordsOf(kindOf(page.kind), page.host, options)
    return openLinks > 0 ? plain(text) : { tagName: 'a', attribs: { href: page.href }, text }
  }
  const safe = sanitizeHtml(html, {
    // Each iframe has become a link before it is judged; of a tag that is not named here, the text would be seen twice.
    allowedTags: [...KEPT, 'iframe'],
    allowedAttributes: {
      '*': ['style', 'class', 'lang', 'dir', 'title'],
      a: ['href'],
      img: ['src', 'alt', 'width'],
      ol: ['start'],
      li: ['value'],
      table: ['role', 'width', 'cellspacing', 'cellpadding'],
      th: ['align', 'scope', 'colspan', 'rowspan'],
      td: ['align', 'colspan', 'rowspan'],
      span: ['aria-hidden'],
    },
    allowedSchemes: ['http', 'https', 'mailto'],
    // The styles are ours, so there is nothing to parse and judge in them.
    parseStyleAttributes: false,
    onOpenTag: (name) => {
      if (name === 'a') openLinks++
    },
    onCloseTag: (name) => {
      if (name === 'a') openLinks--
    },
    transformTags: {
      h1: heading,
      h2: heading,
      h3: heading,
      h4: heading,
      h5: heading,
      h6: heading,
      a: (tagName, attribs) => {
        const href = mailAddress(attribs.href ?? '', options.url)
        return href === null ? plain() : { tagName, attribs: { ...attribs, href } }
      },
      table: (tagName, { cellspacing: _, cellpadding: __, ...attribs }) => ({
        tagName,
        attribs: {
          ...attribs,
          width: '100%',
          ...(attribs['data-look'] === 'frame' && { cellspacing: '0', cellpadding: '0' }),
        },
      }),
      img: (_, attribs) => picture(attribs, openLinks > 0, options),
      // Browsers centre a head cell that does not say otherwise.
      th: (tagName, attribs) => ({
        tagName,
        attribs: {
          align: direction === 'rtl' ? 'right' : 'left',
          ...attribs,
          scope: attribs.scope === 'row' ? 'row' : 'col',
        },
      }),
      iframe: (_, attribs) => {
        hasLink = false
        return player(attribs['data-src'] || attribs.src, (kind) => kind)
      },
      video: (_, attribs) => {
        hasLink = false
        return player(attribs.src, () => 'video')
      },
      audio: (_, attribs) => {
        hasLink = false
        return player(attribs.src, () => 'audio')
      },
      // <video> and <audio> may name their files in these; in <picture> they have a srcset alone and are dropped.
      source: (_, attribs) => player(attribs.src, (kind) => (kind === 'audio' ? kind : 'video')),
      // Gmail and Outlook cannot fold: all of it is there, its name above it.
      summary: () => ({ tagName: 'p', attribs: { 'data-look': 'summary' } }),
      ...Object.fromEntries(BOXES.map((name) => [name, sanitizeHtml.simpleTransform('div', {})])),
      '*': (tagName, attribs) => {
        const { style: _authors, class: _names, 'data-look': name, [TOP]: top, [END]: end, ...rest } = attribs
        const key = name !== undefined && styles.has(name) ? name : tagName
        const style = `${styles.get(key) ?? ''}${sideOf(key, rest.dir)}${room('top', top)}${room('bottom', end)}`
        const own = classes.get(key)
        return {
          tagName,
          attribs: { ...rest, ...(own !== undefined && { class: own }), ...(style !== '' && { style }) },
        }
      },
    },
  })
  // An escape in raw HTML may have smuggled in the characters that slots are made of.
  return named(withoutMarks(safe), options)
}

function room(side: 'top' | 'bottom', pixels: string | undefined): string {
  return pixels === undefined ? '' : `margin-${side}:${Number.parseInt(pixels, 10) || 0}px;`
}

// What begins at the left for a whole article does so inside of it, whatever direction is asked for there.
function sideOf(name: string, direction: string | undefined): string {
  if (!/^(p|div|li|blockquote|h[2-6])$/.test(name) || !/^(ltr|rtl)$/i.test(direction ?? '')) return ''
  return `text-align:${direction?.toLowerCase() === 'rtl' ? 'right' : 'left'};`
}

/** What leads to a thing elsewhere, in words. */
export function wordsOf(kind: Kind, host: string, { words }: Pick<ArticleOptions, 'words'>): string {
  if (kind === 'video') return words.video(host)
  if (kind === 'audio') return words.audio(host)
  return kind === 'post' ? words.seePost(host) : words.embedded(host)
}

// A link that is a picture without words would have no name at all, and a screen reader would spell its address.
function named(html: string, options: ArticleOptions): string {
  return html.replace(
    // Attribute by attribute: "alt" stands in words too, and what is put there would end the one around them.
    /(<a [^>]*>\s*<img (?:[a-z-]+(?:="[^"]*")? )*?)alt(?:="")?(?= )([^>]*>\s*<\/a>)/g,
    (_, before: string, behind: string) => `${before}alt="${options.words.picture('')}"${behind}`,
  )
}

function picture(attribs: Attributes, isLinked: boolean, options: ArticleOptions): Tag {
  const alt = attribs.alt ?? ''
  const shown = shownPicture(attribs['data-src'] || attribs.src || '', options)
  if (shown === null) {
    const href = mailAddress(attribs.src ?? '', options.url)
    // A link cannot hold another one.
    return href === null || isLinked
      ? { tagName: 'span', attribs: {}, text: href === null ? alt : options.words.picture(alt) }
      : { tagName: 'a', attribs: { href }, text: options.words.picture(alt) }
  }
  // Outlook draws a picture as wide as the file is unless the attribute says less; all others go by the style, which
  // leaves small pictures small.
  const most = attribs['data-look'] === 'poster' ? POSTER : COLUMN
  const stated = /^\s*\d+\s*(px)?\s*$/i.test(attribs.width ?? '')
    ? Number.parseInt(attribs.width ?? '', 10)
    : 0
  const known = stated || shown.width
  const { title } = attribs
  return {
    tagName: 'img',
    attribs: {
      src: shown.src,
      alt,
      width: String(known ? Math.min(known, most) : most),
      ...(title !== undefined && { title }),
      ...(attribs['data-look'] === 'poster'
        ? { 'data-look': 'poster' }
        : !known && { 'data-look': 'natural' }),
    },
  }
}

/** How wide a poster is in its card. */
const POSTER = 516

/** What mail programs can show of a picture: its absolute address, and its width where that is known; null for nothing. */
export function shownPicture(
  address: string,
  options: Pick<ArticleOptions, 'url' | 'pictures'>,
): { src: string; width: number } | null {
  const own = options.pictures?.get(mailAddress(address, options.url) ?? '')
  if (own) return { src: own.src, width: own.width }
  if (own === null) return null
  const src = pictureAddress(address, options.url)
  return src === null ? null : { src, width: 0 }
}

/**
 * Levels for the headings of one article, in order: they begin one below its title, and none skips a level, whatever the
 * author began with. What was deeper stays deeper.
 */
function mendedLevels(top: number): (level: number) => number {
  const open: number[] = []
  return (level) => {
    while ((open.at(-1) ?? 0) >= level) open.pop()
    open.push(level)
    return Math.min(open.length + top - 1, 6)
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
