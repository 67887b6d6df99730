/**
 * Raw HTML that an author wrote between the Markdown. It is theirs to write, and it goes into feeds, mail programs and
 * pages where a script, a style or a frame would be cut out, shown as text or do harm; so what is known to be content
 * stays, and the rest loses its tags.
 */
import sanitizeHtml, { type Attributes, type Tag } from 'sanitize-html'
import { cleanText } from './characters.ts'
import { resolveLink, resolveMedia, resolveSrcset } from './resolve.ts'

const TAGS = [
  ...[
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'p',
    'blockquote',
    'pre',
    'hr',
    'div',
    'section',
    'aside',
    'address',
  ],
  ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'figure', 'figcaption', 'details', 'summary'],
  ...['table', 'caption', 'colgroup', 'col', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td'],
  ...[
    'a',
    'abbr',
    'b',
    'bdi',
    'bdo',
    'br',
    'cite',
    'code',
    'del',
    'dfn',
    'em',
    'i',
    'ins',
    'kbd',
    'mark',
    'q',
    's',
  ],
  ...['samp', 'small', 'span', 'strong', 'sub', 'sup', 'time', 'u', 'var', 'wbr', 'ruby', 'rb', 'rp', 'rt'],
  ...['img', 'picture', 'source', 'video', 'audio', 'track'],
]

const ATTRIBUTES = {
  '*': ['id', 'lang', 'dir', 'title', 'role'],
  a: ['href', 'name'],
  img: ['src', 'srcset', 'sizes', 'alt', 'width', 'height'],
  source: ['src', 'srcset', 'sizes', 'type', 'media'],
  video: ['src', 'poster', 'controls', 'width', 'height'],
  audio: ['src', 'controls'],
  track: ['src', 'kind', 'srclang', 'label'],
  ol: ['start', 'reversed', 'type'],
  li: ['value'],
  th: ['scope', 'colspan', 'rowspan', 'style'],
  td: ['colspan', 'rowspan', 'style'],
  col: ['span'],
  colgroup: ['span'],
  blockquote: ['cite'],
  q: ['cite'],
  del: ['cite', 'datetime'],
  ins: ['cite', 'datetime'],
  time: ['datetime'],
  details: ['open'],
}

const ALIGN = { 'text-align': [/^(left|center|right)$/] }

/** HTML with content alone in it and every address absolute against `base`. It parses without surprises. */
export function sanitizePost(html: string, base: string): string {
  const clean = sanitizeHtml(html, {
    // Never let through: see `frameToLink`. Named here, because the text of a tag that is not is looked at twice.
    allowedTags: [...TAGS, 'iframe'],
    allowedAttributes: ATTRIBUTES,
    allowedClasses: { code: ['language-*'] },
    allowedStyles: { th: ALIGN, td: ALIGN },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowProtocolRelative: false,
    nonTextTags: ['script', 'style', 'textarea', 'option', 'xmp', 'noscript', 'title'],
    // A picture that is not http or https is a picture that nobody sees.
    exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !attribs.src && !attribs.srcset,
    transformTags: {
      iframe: (_name, attributes) => frameToLink(attributes),
      '*': (tagName, attributes) => ({ tagName, attribs: resolveAll(attributes, base) }),
    },
  })
  // The sanitizer decodes what was escaped, so unfit characters can appear here for the first time.
  return cleanText(clean)
}

/** A frame runs somebody else's page inside the post; a link to that page is what is left of it anywhere else. */
function frameToLink(attributes: Attributes): Tag {
  const src = attributes['data-src'] || attributes.src
  return {
    tagName: src ? 'a' : 'span',
    attribs: src ? { href: src } : {},
    text: attributes.title || src || '',
  }
}

// A picture that a script loads later has its address in data-src, and a blank one in src: no script runs elsewhere.
function resolveAll(attributes: Attributes, base: string): Attributes {
  const { 'data-src': src, 'data-srcset': srcset, ...others } = attributes
  const stated = { ...others, ...(src ? { src } : {}), ...(srcset ? { srcset } : {}) }
  const resolved: Attributes = {}
  for (const [name, value] of Object.entries(stated)) {
    const absolute = resolveAttribute(name, value, base)
    if (absolute !== null) resolved[name] = absolute
  }
  return resolved
}

function resolveAttribute(name: string, value: string, base: string): string | null {
  if (name === 'href') return resolveLink(value, base)
  if (name === 'srcset') return resolveSrcset(value, base) || null
  if (name === 'src' || name === 'poster' || name === 'cite') return resolveMedia(value, base)
  return value
}
