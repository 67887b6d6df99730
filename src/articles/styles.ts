/**
 * How an article looks in a mail: one inline style for each element, since many mail programs drop the rest. Nothing here
 * may be a property that a program of today turns into a fault: no variables, no negative margins, no flex. A message has
 * room for 88,000 bytes, and what is here stands in it once for each element.
 *
 * Lists are moved in by margins: Word, which draws mail in classic Outlook, gives a list no padding. A panel is a cell of
 * a table for the same reason.
 */
import { directionOf } from '../markup.ts'
import { LIGHT } from './colors.ts'

const MONOSPACE = 'Menlo,Consolas,monospace'
export const SANS = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

/** Written with letters that have no italics; a browser would slant them. */
const UPRIGHT = new Set(['ar', 'dv', 'fa', 'he', 'hi', 'ja', 'ko', 'ps', 'th', 'ur', 'yi', 'zh'])

/**
 * The attribute that asks for a style by name where the one of the tag does not fit. An author who writes it by hand gets
 * one of our styles, no more.
 */
export function look(name: keyof Styles): string {
  return `data-look="${name}"`
}

/** What has nothing below it in its box: how much room there is all the same, in pixels. */
export const END = 'data-end'

/** What begins its box, or stands right below a heading: how much room is above it, in pixels. */
export const TOP = 'data-top'

/** For what is never broken between two lines. */
export const WHOLE = 'white-space:nowrap'

type Styles = ReturnType<typeof stylesOf>

/**
 * The classes that some of them have. Everything is right without: the style block of the frame gives what has the
 * class another colour in the dark.
 */
export const CLASSES: Partial<Record<keyof Styles, string>> = {
  panel: 'panel',
  card: 'panel',
  host: 'soft',
  caption: 'soft',
  figcaption: 'soft',
}

/** Styles by tag, and by the names that `look` asks for. */
export function stylesOf(language: string, accent: string) {
  const { panel, line, text, muted } = LIGHT
  const start = directionOf(language) === 'rtl' ? 'right' : 'left'
  const stress = UPRIGHT.has(new Intl.Locale(language).language) ? 'font-style:normal;font-weight:bold;' : ''
  const heading = `margin:36px 0 12px;font-family:${SANS};font-weight:bold;line-height:1.3;`
  const list = `margin:0 0 20px;margin-${start}:26px;padding:0;text-indent:0;`
  const cell = 'padding:9px 12px;vertical-align:top;word-break:normal;'
  const code = `font-family:${MONOSPACE};font-size:14px;line-height:1.55;white-space:pre-wrap;text-align:left;text-indent:0;word-break:break-word;overflow-wrap:anywhere;`
  const filled = `padding:16px 18px;background-color:${panel};border-radius:6px;text-indent:0;`
  const img = 'max-width:100%;height:auto;border:0;border-radius:4px;'
  return {
    h2: `${heading}font-size:22px;`,
    h3: `${heading}font-size:19px;`,
    h4: `${heading}font-size:17px;margin-top:28px;`,
    h5: `${heading}font-size:16px;margin-top:28px;`,
    h6: `${heading}font-size:16px;margin-top:28px;`,
    p: 'margin:0 0 20px;',
    last: 'margin:0;',
    em: stress,
    i: stress,
    a: `color:${accent};text-decoration:underline;`,
    ul: list,
    ol: list,
    inner: `margin:6px 0 0;margin-${start}:24px;padding:0;text-indent:0;`,
    li: 'margin:0 0 8px;',
    task: 'margin:0 0 8px;list-style-type:none;text-indent:-25px;',
    tasks: 'margin:0 0 8px;list-style-type:none;',
    dl: 'margin:0 0 20px;',
    dt: 'font-weight:bold;',
    dd: `margin:0 0 10px;margin-${start}:26px;`,
    blockquote: `margin:0 0 20px;padding:2px 0;padding-${start}:20px;border-${start}:4px solid ${line};`,
    frame: 'width:100%;margin:0 0 24px;border-collapse:separate;border-spacing:0;',
    panel: filled,
    pre: `margin:0;${code}`,
    code: `font-family:${MONOSPACE};font-size:85%;background-color:${panel};border-radius:3px;padding:2px 4px;`,
    samp: `font-family:${MONOSPACE};font-size:85%;`,
    whole: `${WHOLE};`,
    kbd: `font-family:${MONOSPACE};font-size:85%;border:1px solid ${line};border-radius:3px;padding:1px 5px;`,
    // The text says its colour, for the ground stays bright in the dark.
    mark: `background-color:#ffeaa3;color:${text};padding:1px 3px;`,
    table: `margin:0 0 24px;width:100%;border-collapse:collapse;font-family:${SANS};font-size:16px;line-height:1.45;text-indent:0;`,
    scroller: 'width:100%;table-layout:fixed;border-collapse:collapse;padding:0;',
    scroll: 'overflow-x:auto;',
    th: `${cell}border-bottom:2px solid ${muted};font-weight:bold;`,
    rowHead: `${cell}border-bottom:1px solid ${line};font-weight:bold;`,
    td: `${cell}border-bottom:1px solid ${line};`,
    caption: `padding:0 0 8px;color:${muted};text-align:${start};`,
    img,
    natural: `width:auto;${img}`,
    figure: 'margin:28px 0;text-align:center;',
    hr: `margin:36px 0;border:0;border-top:1px solid ${line};height:0;`,
    sup: 'font-size:75%;line-height:0;vertical-align:super;',
    sub: 'font-size:75%;line-height:0;vertical-align:sub;',
    figcaption: `margin:8px 0 0;font-family:${SANS};font-size:15px;line-height:1.45;color:${muted};`,
    notesTitle: `margin:0 0 12px;font-family:${SANS};font-size:16px;font-weight:bold;`,
    notes: `${list}font-size:16px;line-height:1.55;`,
    summary: 'margin:0 0 12px;font-weight:bold;',
    card: `${filled}font-family:${SANS};font-size:16px;line-height:1.45;`,
    said: 'margin:0;',
    poster: `display:block;width:100%;margin:0 0 12px;${img}`,
    title: `color:${accent};text-decoration:underline;font-weight:bold;`,
    // A box of its own is not underlined with the link around it.
    play: 'display:inline-block;text-decoration:none;',
    host: `margin:0;color:${muted};font-family:${SANS};font-size:14px;`,
    math: "font-family:'Cambria Math', Cambria, 'STIX Two Text', Georgia, serif;font-style:italic;",
    mathBlock:
      "margin:24px 0;font-family:'Cambria Math', Cambria, 'STIX Two Text', Georgia, serif;font-style:italic;font-size:19px;text-align:center;",
  }
}
