/**
 * What plays or quotes elsewhere, as a card in a mail: a video, a short message, a page in a frame. Nothing runs in a
 * mail and nothing is asked of other sites, so a card says what the post itself knows, and links to the rest.
 */
import { escapeHtml, unescapeHtml } from '../markup.ts'
import type { Inline } from '../posts/tree.ts'
import { elsewhere } from './elsewhere.ts'
import { type ArticleOptions, mailAddress, shownPicture, wordsOf } from './safe-html.ts'
import { look } from './styles.ts'

// A tag is looked for no further than to the next one: where thousands are left open, that would take minutes.
const MEDIA = /(?:<p\b[^<>]*>\s*)?<(iframe|video|audio)\b([^<>]*)>([\s\S]*?)<\/\1\s*>(?:\s*<\/p\s*>)?/gi
const ALONE = /^\s*<(iframe|video|audio)\b[^<>]*>[\s\S]*<\/\1\s*>\s*$/i
const QUOTATION = /<blockquote\b([^<>]*)>([\s\S]*?)<\/blockquote\s*>/gi
// What these sites give people to paste: a quotation, which a script would make into a frame.
const PASTED =
  /(^|\s)(twitter-(tweet|video)|mastodon-embed|bluesky-embed|text-post-media|instagram-media)(\s|$)/

/** Raw HTML with cards in place of the players and quoted messages that are whole in it. */
export function withCards(html: string, options: ArticleOptions): string {
  return html
    .replace(MEDIA, (whole, tag: string, attributes: string, inner: string) => {
      const name = tag.toLowerCase()
      const source = /<source\b([^<>]*)>/i.exec(inner)?.[1] ?? ''
      const src =
        attribute(attributes, 'data-src') || attribute(attributes, 'src') || attribute(source, 'src')
      const href = mailAddress(src, options.url)
      if (href === null || href.startsWith('mailto:')) return whole
      const there = elsewhere(href)
      const kind = name === 'iframe' ? there.kind : (name as 'video' | 'audio')
      const title = attribute(attributes, 'title') || attribute(attributes, 'aria-label')
      // Sites write their own names into the titles of their frames.
      const known = /^(youtube|vimeo)?\s*(video)?\s*(player)?$/i.test(title) ? '' : title
      return card({ ...there, kind }, known, attribute(attributes, 'poster') || options.image || '', options)
    })
    .replace(QUOTATION, (whole, attributes: string, inner: string) =>
      PASTED.test(attribute(attributes, 'class'))
        ? box('panel', `<blockquote ${look('said')}>${inner}</blockquote>`)
        : whole,
    )
}

/**
 * The card of a paragraph that is a player, or a link to a video or a short message, and nothing else; null for every
 * other paragraph.
 */
export function cardOf(children: Inline[], options: ArticleOptions): string | null {
  const markup = children.map(tagText)
  if (markup.every((text) => text !== null)) {
    const html = markup.join('')
    return ALONE.test(html) ? withCards(html, options) : null
  }
  const [link, ...others] = children.filter((node) => node.type !== 'text' || node.text.trim() !== '')
  if (link?.type !== 'link' || others.length > 0) return null
  const href = mailAddress(link.href, options.url)
  if (href === null || href.startsWith('mailto:')) return null
  const there = elsewhere(href)
  if (there.kind !== 'video' && there.kind !== 'post') return null
  const [picture, ...rest] = link.children
  if (picture?.type === 'image' && rest.length === 0) return card(there, picture.alt, picture.src, options)
  const title = wordsIn(link.children)
  if (title === null) return null
  return card(there, title === link.href ? '' : title, options.image ?? '', options)
}

function card(
  there: ReturnType<typeof elsewhere>,
  title: string,
  picture: string,
  options: ArticleOptions,
): string {
  const { kind, href, host, author } = there
  const words = wordsOf(kind, host, options)
  const name = title.trim() || (author === '' ? words : options.words.said(author))
  const poster =
    kind === 'video' && picture !== '' && shownPicture(picture, options) !== null
      ? `<img src="${escapeHtml(picture)}" alt="" ${look('poster')}>`
      : ''
  const sign =
    kind === 'video' || kind === 'audio'
      ? `<span aria-hidden="true" ${look('play')}>&#9654;&#65038;&nbsp;&nbsp;</span>`
      : ''
  const more = [
    name === words || title.trim() === '' || author === '' ? '' : options.words.said(author),
    words,
  ]
  const below = name === words ? '' : more.filter(Boolean).join(' · ')
  return box(
    'card',
    `<a href="${escapeHtml(href)}" ${look('title')}>${poster}${sign}${escapeHtml(name)}</a>` +
      (below === '' ? '' : `<p ${look('host')}>${escapeHtml(below)}</p>`),
  )
}

/** A panel of its own in the column. */
export function box(name: 'panel' | 'card', html: string, end = ''): string {
  return `<table role="presentation" ${look('frame')}${end}><tr><td ${look(name)}>${html}</td></tr></table>`
}

/** Raw HTML and the text between it; null for what is neither. */
function tagText(node: Inline): string | null {
  if (node.type === 'html') return node.html
  return node.type === 'text' ? escapeHtml(node.text) : null
}

/** The words of a link; null where there is more than words in it. */
function wordsIn(children: Inline[]): string | null {
  const words = children.map((node) => {
    if (node.type === 'text' || node.type === 'code') return node.text
    return node.type === 'emphasis' || node.type === 'strong' ? wordsIn(node.children) : null
  })
  return words.includes(null) ? null : words.join('').replace(/\s+/g, ' ')
}

function attribute(attributes: string, name: string): string {
  const found = new RegExp(`(?:^|[\\s"'/])${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(
    attributes,
  )
  return unescapeHtml(found?.[1] ?? found?.[2] ?? found?.[3] ?? '')
}
