/** Pictures: whether every mail program shows them, and what is said to those who do not see them. */
import type { About, Finding } from './finding.ts'
import { isLoopbackAddress } from './links.ts'
import type { Look } from './look.ts'
import type { Message } from './message.ts'
import { type Element, oneLine, type Page, textOf, within } from './page.ts'
import { whereIs } from './where.ts'

/** The widest that a message is, in CSS pixels. */
const WIDEST = 600
/** With pictures, less than this many characters of text look like an advertisement that hides its words from filters. */
const FEW = 400

export function checkPictures({ page, looks }: Message, about: About): Finding[] {
  const pictures = page.elements.filter((element) => element.tag === 'img')
  const found = pictures.flatMap((picture) => {
    const { src = '', alt, width, style = '', role } = picture.attributes
    const where = whereIs(picture, about)
    const tell = (
      rule: string,
      found: string,
      cure: string,
      severity: Finding['severity'] = 'error',
    ): Finding => ({
      rule,
      severity,
      where,
      found,
      cure,
    })
    const each: Finding[] = []
    const isOrnament =
      /^(presentation|none)$/.test(role ?? '') ||
      picture.attributes['aria-hidden'] === 'true' ||
      // The words of the link that it is a part of are its own.
      within(picture, (above) => above.tag === 'a' && textOf(above) !== '')
    if (alt === undefined)
      each.push(
        tell(
          'picture-words',
          'it has no alt',
          'who listens hears its address: write alt, or alt="" for an ornament',
        ),
      )
    else if (alt.trim() === '' && !isOrnament)
      each.push(
        tell(
          'picture-words',
          'no words stand for it',
          'many mail programs show no pictures until they are asked: say what it shows, as in ![words](picture.png)',
          'warning',
        ),
      )
    else if (/^\S+\.(png|jpe?g|gif|webp|avif|svg)$/i.test(alt.trim()))
      each.push(
        tell(
          'picture-words',
          `its words are "${alt.trim()}", the name of a file`,
          'say what it shows',
          'warning',
        ),
      )
    const pixels = Number(width)
    if (!/^\d+$/.test(width ?? '') || pixels < 1 || pixels > WIDEST)
      each.push(
        tell(
          'picture-width',
          width === undefined ? 'it states no width' : `its width is "${width}"`,
          `Outlook draws it as wide as the file is: write a width of ${WIDEST} or less`,
        ),
      )
    // What is small anyway, an icon or a formula, fits every screen.
    if (!/max-width:\s*100%/.test(style) && !/width:\s*100%/.test(style) && !(pixels <= 160))
      each.push(
        tell(
          'picture-width',
          'it does not shrink',
          'a phone has to scroll sideways: write max-width:100%;height:auto;',
        ),
      )
    const url = URL.parse(src)
    if (src.startsWith('data:'))
      each.push(
        tell(
          'picture-kind',
          'it is a data: address',
          'Gmail shows none of them: put the picture into a file',
        ),
      )
    else if (!url || !/^https?:$/.test(url.protocol))
      each.push(
        tell(
          'picture-address',
          `"${src}" is no full address`,
          'a mail has no place that it could be relative to',
        ),
      )
    else if (url.protocol === 'http:' && !isLoopbackAddress(url))
      each.push(
        tell(
          'picture-address',
          `${src} is not https`,
          'mail programs show no such picture, or warn: write https://',
        ),
      )
    const kind = /\.(webp|avif|svgz?|heic|tiff?|bmp)$/i.exec(url?.pathname ?? src)?.[1]
    if (kind)
      each.push(
        tell(
          'picture-kind',
          `it is ${kind.toUpperCase()}`,
          `Outlook shows no WebP and no AVIF, Gmail no SVG: use PNG or JPEG (with \`sharp\` installed that is done for you)`,
        ),
      )
    return each
  })
  return [...found, ...fewWords(page, looks.light, pictures.filter(isNoLogo).length, about)]
}

// It stands on top of every mail and is as high as a line: no mail is all picture for it.
function isNoLogo(picture: Element): boolean {
  return !within(picture, ({ classes }) => classes.includes('logo'))
}

function fewWords(page: Page, looks: Map<Element, Look>, pictures: number, about: About): Finding[] {
  const said = page.elements
    .filter((element) => !looks.get(element)?.hidden && element.tag !== 'head')
    .map((element) => element.children.filter((child) => typeof child === 'string').join(''))
  const length = oneLine(said.join(' ')).length
  if (pictures === 0 || length >= FEW) return []
  return [
    {
      rule: 'few-words',
      severity: 'warning',
      where: (about.posts.length === 1 && about.posts[0]?.file) || 'the HTML part',
      found: `${pictures === 1 ? 'a picture' : `${pictures} pictures`} with ${length} characters of text`,
      cure: 'spam filters distrust mail that is all picture; say more in words',
    },
  ]
}
