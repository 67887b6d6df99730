/** The HTML of a message as a browser reads it: a tree of elements, each with what it says and how it looks. */
import type { DefaultTreeAdapterMap } from 'parse5'
import { type Declaration, type Rule, readDeclarations, readRules } from './css.ts'

export type Element = {
  tag: string
  attributes: Record<string, string>
  classes: string[]
  parent: Element | null
  children: (Element | string)[]
  /** Its own style. */
  style: Declaration[]
  /** Where its opening tag begins, in characters of the source; 0 where the parser made it up. */
  offset: number
}

export type Page = {
  /** All elements in the order of the source. */
  elements: Element[]
  /** What stands in the style blocks, and it as rules. */
  styles: string[]
  rules: Rule[]
  /** The first element that is too deep in others to be looked into. */
  tooDeep: Element | null
}

/** A mail of nested quotations and tables has some sixty levels. What reads it has to end in any case. */
const DEEPEST = 250

type Node = DefaultTreeAdapterMap['childNode']

/** Reads a page. parse5 is loaded when it is needed, like all that only a check needs. */
export async function readPage(html: string): Promise<Page> {
  const { parse } = await import('parse5')
  // A template repeats the same few styles in hundreds of elements.
  const styles = new Map<string, Declaration[]>()
  const styleOf = (style: string) => {
    const known = styles.get(style) ?? readDeclarations(style)
    styles.set(style, known)
    return known
  }
  const page: Page = { elements: [], styles: [], rules: [], tooDeep: null }
  const walk = (nodes: Node[], parent: Element | null, depth: number): (Element | string)[] =>
    nodes.flatMap((node): (Element | string)[] => {
      if (node.nodeName === '#text') return [(node as DefaultTreeAdapterMap['textNode']).value]
      if (!('tagName' in node)) return []
      const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]))
      const element: Element = {
        tag: node.tagName,
        attributes,
        classes: (attributes.class ?? '').split(/\s+/).filter(Boolean),
        parent,
        children: [],
        style: styleOf(attributes.style ?? ''),
        offset: node.sourceCodeLocation?.startOffset ?? 0,
      }
      page.elements.push(element)
      if (depth < DEEPEST) element.children = walk(node.childNodes, element, depth + 1)
      else page.tooDeep ??= element
      return [element]
    })
  walk(parse(html, { sourceCodeLocationInfo: true }).childNodes, null, 0)
  page.styles = page.elements
    .filter((element) => element.tag === 'style')
    .map((element) => element.children.filter((child) => typeof child === 'string').join(''))
  page.rules = page.styles.flatMap((css) => readRules(css))
  return page
}

/** What an element says, in one line, save in what is left out; pictures say their words. */
export function textOf(element: Element, isLeftOut: (inside: Element) => boolean = () => false): string {
  const say = (node: Element | string): string => {
    if (typeof node === 'string') return node
    if (isLeftOut(node)) return ''
    if (node.tag === 'img') return ` ${node.attributes.alt ?? ''} `
    if (node.tag === 'style' || node.tag === 'script' || node.tag === 'title') return ''
    const text = node.children.map(say).join('')
    return INLINE.has(node.tag) ? text : ` ${text} `
  }
  return oneLine(say(element))
}

const INLINE = new Set(
  'a abbr b bdi bdo cite code del em i ins kbd mark q s samp small span strong sub sup u var wbr font'.split(
    ' ',
  ),
)

/** Text with its runs of space as one, and without the characters that fill a preheader. */
export function oneLine(text: string): string {
  if (!/[^!-~]/.test(text)) return text
  return text
    .replace(/\u034F|[\u200B-\u200F\u00AD\uFEFF]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Whether it stands in a line of text and begins none. */
export function isInline({ tag }: Element): boolean {
  return INLINE.has(tag)
}

export function within(element: Element, holds: (above: Element) => boolean): boolean {
  for (let above: Element | null = element; above; above = above.parent) if (holds(above)) return true
  return false
}
