/** Names of places in a message, as an author would point at them. */
import type { About } from './finding.ts'
import { type Element, oneLine, textOf, within } from './page.ts'

/** `posts/hello.md:12, link "over there"`: where it is to be mended first, where that is in a post's own text. */
export function whereIs(element: Element, about: About): string {
  const { href, src = '' } = element.attributes
  // Nobody knows a picture by the name it is hosted under.
  const written = about.pictures?.get(src) ?? src
  return placed(element, about, nameOf(element, written), href ?? written)
}

/** The same for a piece of text. */
export function whereSays(element: Element, text: string, about: About): string {
  return placed(element, about, `"${shorten(oneLine(text))}"`)
}

/** True in what a post says, false in what the template says around it. */
export function isInArticle(element: Element): boolean {
  // The class that every template gives the place of a post's text (templates/issue.mjml).
  return within(element, ({ classes }) => classes.includes('article'))
}

function placed(element: Element, about: About, name: string, address?: string): string {
  const [post, ...others] = about.posts
  if (!post || others.length > 0 || !isInArticle(element)) return name
  const line = address === undefined ? null : lineOf(address, post.source())
  return `${post.file}${line === null ? '' : `:${line}`}, ${name}`
}

/** The first line that an address is written in, whole or as a part of the site; null where it is made up by us. */
function lineOf(address: string, source: string): number | null {
  const url = URL.parse(address)
  const written = url ? [address, url.pathname + url.search, url.pathname.split('/').at(-1) ?? ''] : [address]
  for (const form of written) {
    const at = form.length > 3 ? source.indexOf(form) : -1
    if (at >= 0) return source.slice(0, at).split('\n').length
  }
  return null
}

function nameOf(element: Element, picture: string): string {
  const { tag, attributes } = element
  if (tag === 'img') return `picture ${fileName(picture)}`
  const text = textOf(element)
  const said = text === '' ? '' : ` "${shorten(text)}"`
  if (tag === 'a') return said === '' ? `link to ${shorten(attributes.href ?? '', 60)}` : `link${said}`
  if (/^h[1-6]$/.test(tag)) return `heading${said}`
  return `<${tag}>${said}`
}

function fileName(address: string): string {
  if (address.startsWith('data:')) return `${address.slice(0, 20)}…`
  return shorten(URL.parse(address)?.pathname.split('/').at(-1) || address, 60)
}

export function shorten(text: string, length = 40): string {
  return text.length > length ? `${text.slice(0, length).toWellFormed().trimEnd()}…` : text
}
