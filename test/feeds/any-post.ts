/**
 * Posts that nobody writes, of every code unit from U+0000 to U+FFFF and of what breaks feeds and sanitizers, taken
 * from their source to the three documents. `any-post.test.ts` does it with a hundred, `npm run torture` with ten
 * thousand.
 */
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import type { Config } from '../../src/config.ts'
import { renderAtom } from '../../src/feeds/atom.ts'
import { renderJson } from '../../src/feeds/json.ts'
import { renderRss } from '../../src/feeds/rss.ts'
import { readPost } from '../../src/posts/read.ts'
import { toFeed } from './example.ts'
import { harmsIn } from './harms.ts'
import { readAtom, readJson, readRss } from './read-back.ts'

// biome-ignore format: one kind of trouble to a line
const PIECES = [
  ']]>', ']]', '>', '<![CDATA[', '<!--', '-->', '--!>', '<!', '<?', '?>', '</', '/>', '<', '"', "'", '`', '=', '&',
  '&amp;', '&lt;', '&#60;', '&#x3c', '&#0;', '&#xD800;', '&#xFFFF;', '&#x1;', '&nbsp', '&Tab;', '&colon;', 'fill:0', '$&',
  '\ud800', '\udc00', '\ufffe', '\uffff', '\ue000', '\u2028', '\u0000', '\u0008', '\u001b', '\u007f', '\u0085', '\ufeff',
  'javascript:alert(1)', 'JaVa\tscript:', 'data:text/html,', 'vbscript:', '//evil.example/', '#', '../', 'https://a.example/',
  '<a href="', '<a href=', '<img src=', '<img src="x" ', ' onerror=alert(1) ', ' onload="', ' srcset="', ' style="', '">',
  '<script>', '</script>', '<style>', '</style>', '<svg>', '</svg>', '<math>', '<mglyph>', '<mtext>', '<foreignObject>',
  '<noscript>', '</noscript>', '<template>', '<title>', '</title>', '<textarea>', '</textarea>', '<xmp>', '<plaintext>',
  '<iframe src=', '<iframe srcdoc="', '<object data=', '<form>', '<input ', '<select>', '<option>', '<table>', '<td>', '<p>',
  '</p>', '<b>', '<pre>', '<code>', '<video poster=', '<source srcset=', '<picture>', '<details ontoggle=x>', '<base href=',
  '[x](', '](', ')', '![', '[^1]', '[^1]: ', '^[', '\n\n', '\n', '    ', '> ', '- [ ] ', '| a |\n|---|\n| ', '```', '~~~', '# ',
  '<!-- more -->', '{{ x }}', '\\', '*', '_', '~~', '\r\n', '\r', '\t',
]

const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
const words = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...PIECES) }, { weight: 1, arbitrary: unit }), {
    maxLength: 30,
  })
  .map((pieces) => pieces.join(''))

export type AnyPost = {
  title: string
  tags: string[]
  names: string[]
  summary: string
  image: string
  text: string
}

/** A post; all of its words are any. */
export const anyPost: fc.Arbitrary<AnyPost> = fc.record({
  // A post without a title is a fault, and told as such.
  title: words.map((value) => `T${value}`),
  tags: fc.array(words, { maxLength: 3 }),
  names: fc.array(words, { maxLength: 2 }),
  summary: words,
  image: words,
  text: words,
})

/**
 * Publishes posts and reads them again.
 *
 * @returns the two XML documents, for another program to judge
 * @throws Error that says what is wrong
 */
export function publishAny(posts: AnyPost[], config: Config): string[] {
  const read = posts.map((any, index) => readAny(any, index, config))
  const feed = toFeed(read, config, new Date('2030-01-01T00:00:00Z'))
  const rss = renderRss(feed)
  const atom = renderAtom(feed)
  const json = renderJson(feed)
  for (const document of [rss, atom]) new SaxesParser({ xmlns: true }).write(document).close()
  for (const document of [rss, atom, json])
    if (!document.isWellFormed()) throw new Error('half a surrogate pair was published')
  const [fromRss, fromAtom, fromJson] = [readRss(rss), readAtom(atom), readJson(json)].map((found) =>
    JSON.stringify(found),
  )
  if (fromAtom !== fromRss || fromJson !== fromRss)
    throw new Error(`the formats differ:\n${fromRss}\n${fromAtom}\n${fromJson}`)
  for (const { html } of feed.entries) {
    const harms = harmsIn(html)
    if (harms.length > 0) throw new Error(`${harms.join('\n')}\nin ${html}`)
  }
  return [rss, atom]
}

function readAny(any: AnyPost, index: number, config: Config) {
  const front = {
    title: any.title,
    date: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString(),
    tags: any.tags,
    authors: any.names.map((name) => ({ name: `A${name}`, url: any.image })),
    summary: any.summary,
    image: any.image,
  }
  // JSON is YAML, once the controls are written out that YAML wants written out.
  const head = JSON.stringify(front, null, 1).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  // Bytes that are no text are told when a file is read, before a post is made of it.
  const text = any.text.replaceAll('\0', '&#0;')
  const read = readPost(`---\n${head}\n---\n\n${text}`, {
    file: `any-${index}.md`,
    modified: new Date(0),
    config,
  })
  if (Array.isArray(read)) throw new Error(`it was not read: ${JSON.stringify(read)}`)
  const url = `https://blog.example/posts/${read.slug}/`
  return { ...read, id: `tag:blog.example,2026:${read.slug}`, url }
}
