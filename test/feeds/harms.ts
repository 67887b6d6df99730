import { type DefaultTreeAdapterMap, parseFragment } from 'parse5'

type Node = DefaultTreeAdapterMap['node']

// What runs, restyles, frames, asks or moves the page, and what only a browser's parser makes something of.
const FORBIDDEN = new Set(
  (
    'script style link meta base title head body html template noscript noembed noframes frame frameset iframe object ' +
    'embed applet param form input button select option textarea svg math marquee plaintext xmp canvas dialog portal'
  ).split(' '),
)
const ADDRESSES = [
  'href',
  'src',
  'cite',
  'poster',
  'action',
  'formaction',
  'background',
  'data',
  'xlink:href',
]
const LINKS = ['http:', 'https:', 'mailto:', 'tel:']

/** What a reader would suffer from a post's HTML, a sentence each: what could run, and what leads nowhere from there. */
export function harmsIn(html: string): string[] {
  return harmsOf(parseFragment(html))
}

function harmsOf(node: Node): string[] {
  const harms: string[] = []
  if ('tagName' in node) {
    if (FORBIDDEN.has(node.tagName)) harms.push(`there is a <${node.tagName}>`)
    if (node.namespaceURI !== 'http://www.w3.org/1999/xhtml') harms.push(`<${node.tagName}> is no HTML`)
    for (const { name, value } of node.attrs) harms.push(...harmsOfAttribute(node.tagName, name, value))
  }
  if (node.nodeName === '#comment') harms.push('there is a comment')
  if ('content' in node) harms.push(...harmsOf(node.content))
  if ('childNodes' in node) harms.push(...node.childNodes.flatMap(harmsOf))
  return harms
}

function harmsOfAttribute(tag: string, name: string, value: string): string[] {
  const said = `<${tag} ${name}="${value}">`
  if (name.startsWith('on') || name.startsWith('data-') || name === 'srcdoc' || name === 'ping') return [said]
  if (name === 'class' && !/^language-\S+$/.test(value)) return [said]
  if (name === 'style' && !/^text-align: ?(left|center|right);?$/.test(value)) return [said]
  if (ADDRESSES.includes(name))
    return isAbsolute(value, tag === 'a' ? LINKS : LINKS.slice(0, 2)) ? [] : [said]
  if (name === 'srcset')
    return value
      .split(/,\s+/)
      .every((candidate) => isAbsolute(candidate.split(' ')[0] ?? '', LINKS.slice(0, 2)))
      ? []
      : [said]
  return []
}

/** Without a base, and without an eye on what browsers would forgive: the scheme stands at the very beginning. */
function isAbsolute(address: string, schemes: string[]): boolean {
  return schemes.some((scheme) => address.startsWith(scheme)) && URL.canParse(address)
}
