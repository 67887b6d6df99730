/**
 * How an article looks in a mail: one inline style for each element, since many mail programs drop the rest. Nothing here
 * may be a property that a program of today turns into a fault: no variables, no negative margins, no flex.
 */
import { LIGHT } from './colors.ts'

const MONOSPACE = "Menlo, Consolas, 'DejaVu Sans Mono', monospace"
const SANS = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

/**
 * The attribute that asks for a style by name where the one of the tag does not fit. An author who writes it by hand gets
 * one of our styles, no more.
 */
export function look(name: keyof Styles): string {
  return `data-look="${name}"`
}

type Styles = ReturnType<typeof stylesOf>

/** Styles by tag, and by the names that `look` asks for. */
export function stylesOf(direction: 'ltr' | 'rtl') {
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
    scroller: 'width:100%;table-layout:fixed;border-collapse:collapse;padding:0;',
    scroll: 'overflow-x:auto;',
    th: `${cell}background-color:${panel};`,
    td: cell,
    caption: `padding:0 0 8px;color:${muted};text-align:${start};`,
    img: 'max-width:100%;height:auto;border:0;border-radius:4px;',
    natural: 'width:auto;max-width:100%;height:auto;border:0;border-radius:4px;',
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
