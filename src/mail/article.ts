/**
 * A post's tree as HTML that mail programs leave alone: no classes, no anchors, no scripts, each element with its own
 * inline style, every address absolute.
 *
 * It is made in two steps. First the tree becomes plain HTML; then all of it, ours and what the author wrote as raw
 * HTML, passes one sanitizer, which keeps the elements below and gives each the style of its kind. So a raw `<table>`
 * looks like one from Markdown, and there is one place that decides what gets into a mail.
 */
import sanitizeHtml, { type Attributes, type Tag } from 'sanitize-html'
import { resolveLink } from '../posts/resolve.ts'
import type { Block, Inline, ListItem, Tree } from '../posts/tree.ts'
import { LIGHT } from './colors.ts'
import { escapeHtml, withoutMarks } from './template.ts'

/** How wide an article is, in CSS pixels: a message of 600 with a margin on each side. */
export const COLUMN = 552

const MONOSPACE = "Menlo, Consolas, 'DejaVu Sans Mono', monospace"
const SANS = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

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

/**
 * Renders a tree for the HTML part of a message, to stand below the message's one `h1`.
 *
 * @returns safe HTML with inline styles, in an element that states the article's language and direction
 */
export function renderArticle(tree: Tree, options: ArticleOptions): string {
  const direction = directionOf(options.language)
  const notes = tree.footnotes.map(
    (note) => `<li value="${note.number}">${blocks(note.children, { options, tight: false })}</li>`,
  )
  const html = [
    blocks(tree.children, { options, tight: false }),
    ...(notes.length > 0
      ? [
          `<hr><p ${look('notesTitle')}>${escapeHtml(options.words.notes)}</p><ol ${look('notes')}>`,
          ...notes,
          '</ol>',
        ]
      : []),
  ].join('')
  const safe = safeHtml(html, options)
  return `<div lang="${escapeHtml(options.language)}" dir="${direction}">${safe}</div>`
}

/** The direction that a language is written in. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  const locale: Intl.Locale & { getTextInfo?(): { direction: 'ltr' | 'rtl' } } = new Intl.Locale(language)
  return locale.getTextInfo?.().direction ?? 'ltr'
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

type Around = { options: ArticleOptions; tight: boolean }

function blocks(children: Block[], around: Around): string {
  return children.map((child, index) => block(child, around, index === children.length - 1)).join('')
}

function block(node: Block, around: Around, last: boolean): string {
  switch (node.type) {
    case 'heading':
      return `<h${node.level}>${inlines(node.children)}</h${node.level}>`
    case 'paragraph':
      return around.tight
        ? inlines(node.children)
        : `<p${last ? ` ${look('last')}` : ''}>${inlines(node.children)}</p>`
    case 'quote':
      return `<blockquote>${blocks(node.children, { ...around, tight: false })}</blockquote>`
    case 'list': {
      const tag = node.ordered ? 'ol' : 'ul'
      const start = node.ordered && node.start !== 1 ? ` start="${node.start}"` : ''
      const items = node.items.map((item) => listItem(item, { ...around, tight: node.tight })).join('')
      return `<${tag}${start}${around.tight ? ` ${look('inner')}` : ''}>${items}</${tag}>`
    }
    case 'code':
      return `<pre dir="ltr">${codeLines(node.text)}</pre>`
    case 'table': {
      const cell = (tag: 'th' | 'td', children: Inline[], column: number) => {
        const align = node.align[column]
        return `<${tag}${align ? ` align="${align}"` : ''}>${inlines(children)}</${tag}>`
      }
      const row = (tag: 'th' | 'td', cells: Inline[][]) =>
        `<tr>${cells.map((children, column) => cell(tag, children, column)).join('')}</tr>`
      const body = node.rows.map((cells) => row('td', cells)).join('')
      return `<div ${look('scroll')}><table><thead>${row('th', node.head)}</thead><tbody>${body}</tbody></table></div>`
    }
    case 'rule':
      return '<hr>'
    case 'html':
      return node.html
    default: {
      const never: never = node
      return never
    }
  }
}

// A checkbox is a form element, which mail programs drop, so the state is a character.
function listItem(item: ListItem, around: Around): string {
  const box = item.checked === null ? '' : item.checked ? '&#9745;&nbsp; ' : '&#9744;&nbsp; '
  const [first, ...rest] = item.children
  if (box && first?.type === 'paragraph' && !around.tight) {
    const text = `<p>${box}${inlines(first.children)}</p>`
    return `<li ${look('task')}>${text}${blocks(rest, around)}</li>`
  }
  return `<li${box ? ` ${look('task')}` : ''}>${box}${blocks(item.children, around)}</li>`
}

/*
 * Word, which draws mail in classic Outlook, knows no `white-space`: it sees lines only where there is a <br>, and runs
 * of spaces only where they cannot break. A tab becomes four.
 */
function codeLines(text: string): string {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) =>
      escapeHtml(line.replaceAll('\t', '    '))
        .replace(/^ +/, (spaces) => '\u00A0'.repeat(spaces.length))
        .replace(/ {2,}/g, (spaces) => `${'\u00A0'.repeat(spaces.length - 1)} `),
    )
    .join('<br>')
}

function inlines(children: Inline[]): string {
  return children.map(inline).join('')
}

function inline(node: Inline): string {
  switch (node.type) {
    case 'text':
      return escapeHtml(node.text)
    case 'emphasis':
      return `<em>${inlines(node.children)}</em>`
    case 'strong':
      return `<strong>${inlines(node.children)}</strong>`
    case 'strike':
      return `<s>${inlines(node.children)}</s>`
    case 'code':
      return `<code>${escapeHtml(node.text)}</code>`
    case 'link':
      return `<a href="${escapeHtml(node.href)}"${titled(node.title)}>${inlines(node.children)}</a>`
    case 'image':
      return `<img src="${escapeHtml(node.src)}" alt="${escapeHtml(node.alt)}"${titled(node.title)}>`
    case 'break':
      return '<br>'
    case 'footnote':
      return `<sup>${node.number}</sup>`
    case 'html':
      return node.html
    default: {
      const never: never = node
      return never
    }
  }
}

function titled(title: string): string {
  return title === '' ? '' : ` title="${escapeHtml(title)}"`
}

/** Asks for a style by name where the one of its tag does not fit. An author who writes it gets one of our styles, no more. */
function look(name: keyof Styles): string {
  return `data-look="${name}"`
}

type Styles = ReturnType<typeof stylesOf>

/** Styles by tag, and by the names that `look` asks for. */
function stylesOf(direction: 'ltr' | 'rtl') {
  const { panel, line, muted, accent } = LIGHT
  const start = direction === 'rtl' ? 'right' : 'left'
  const heading = `margin:36px 0 12px;font-family:${SANS};font-weight:bold;line-height:1.3;`
  const list = `margin:0 0 20px;padding:0;padding-${start}:26px;text-indent:0;`
  const cell = `padding:9px 12px;border:1px solid ${line};vertical-align:top;word-break:normal;overflow-wrap:break-word;`
  return {
    h2: `${heading}font-size:22px;`,
    h3: `${heading}font-size:19px;`,
    h4: `${heading}font-size:17px;margin-top:28px;`,
    h5: `${heading}font-size:16px;margin-top:28px;`,
    h6: `${heading}font-size:16px;margin-top:28px;`,
    p: 'margin:0 0 20px;',
    last: 'margin:0;',
    a: `color:${accent};text-decoration:underline;`,
    ul: list,
    ol: list,
    inner: `${list}margin:6px 0 0;`,
    li: 'margin:0 0 8px;',
    task: 'margin:0 0 8px;list-style:none;text-indent:-25px;',
    dl: 'margin:0 0 20px;',
    dt: 'font-weight:bold;',
    dd: `margin:0 0 10px;padding-${start}:26px;`,
    blockquote: `margin:0 0 20px;padding:2px 0;padding-${start}:20px;border-${start}:3px solid ${line};font-style:italic;`,
    pre: `margin:0 0 24px;padding:16px 18px;background-color:${panel};border-radius:6px;font-family:${MONOSPACE};font-size:14px;line-height:1.55;white-space:pre-wrap;text-align:left;word-break:break-word;overflow-wrap:anywhere;`,
    code: `font-family:${MONOSPACE};font-size:85%;background-color:${panel};border-radius:3px;padding:2px 4px;overflow-wrap:anywhere;`,
    kbd: `font-family:${MONOSPACE};font-size:85%;border:1px solid ${line};border-radius:3px;padding:1px 5px;`,
    table: `margin:0 0 24px;width:100%;border-collapse:collapse;font-family:${SANS};font-size:16px;line-height:1.45;`,
    scroll: 'overflow-x:auto;',
    th: `${cell}background-color:${panel};`,
    td: cell,
    caption: `padding:0 0 8px;color:${muted};text-align:${start};`,
    img: 'max-width:100%;height:auto;border:0;border-radius:4px;',
    hr: `margin:32px 0;border:0;border-top:1px solid ${line};height:0;`,
    sup: 'font-size:75%;line-height:0;vertical-align:super;',
    sub: 'font-size:75%;line-height:0;vertical-align:sub;',
    figure: 'margin:0 0 20px;',
    figcaption: `margin:6px 0 0;font-family:${SANS};font-size:16px;color:${muted};`,
    notesTitle: `margin:0 0 10px;font-family:${SANS};font-size:16px;font-weight:bold;`,
    notes: `${list}font-size:16px;`,
    details: 'margin:0 0 20px;',
    summary: 'font-weight:bold;',
    player: `display:block;margin:0 0 20px;padding:14px 18px;border:1px solid ${line};border-radius:6px;color:${accent};font-family:${SANS};font-size:16px;`,
  }
}

const KEPT =
  'h2 h3 h4 h5 h6 p a ul ol li dl dt dd blockquote pre code kbd samp var em strong b i u s del ins mark small sub sup q cite abbr br hr img table caption thead tbody tfoot tr th td div span figure figcaption details summary'.split(
    ' ',
  )

/** What may stay of HTML that anyone wrote: harmless elements in our styles, players as links, addresses absolute. */
export function safeHtml(html: string, options: ArticleOptions): string {
  const direction = directionOf(options.language)
  const styles: Record<string, string> = stylesOf(direction)
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
      table: ['cellpadding', 'cellspacing'],
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
        const style = styles[name ?? ''] ?? styles[tagName]
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
  const width = Number.isFinite(stated) && stated > 0 ? Math.min(stated, COLUMN) : COLUMN
  const { title } = attribs
  return { tagName, attribs: { src, alt, width: String(width), ...(title !== undefined && { title }) } }
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
