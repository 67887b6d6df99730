/**
 * The torture posts: what authors write, import and paste, and what they would never write, as files in `torture/`
 * and, where bytes are many, as text made here. `TOLD` says what each has to be told as in every feed, newest first.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadConfig } from '../../src/config.ts'
import { emptyMemory, publishStrictly } from '../../src/round.ts'
import { closeSite, openSite } from '../../src/site.ts'

const FIXTURES = join(import.meta.dirname, 'torture')

/** When the torture posts are published, unless a test says otherwise. */
export const NOW = new Date('2026-03-01T12:00:00Z')

/** Words of posts that nobody may see: not a letter of them, in no file at all. */
export const HIDDEN = [
  'amaranth',
  'bergamot',
  'damson',
  'secret-draft',
  'secret-future',
  'secret-unpublished',
]
/** The word of a post with `feed: false`, which has its page, and is in no feed. */
export const NO_FEED = 'cardamom'
/** The word of a post with `unlisted: true`, which has its page, for those who know where. */
export const UNLISTED = 'elderflower'

export type Told = {
  slug: string
  title: string
  published: string
  updated: string
  tags: string[]
  /** All names, in one, as RSS has them. */
  authors: string
  language: string | null
  /** Where the author states one. */
  id: string | null
}

// biome-ignore format: one post to a line
export const TOLD: Told[] = [
  told('long-word', longWord(), '2026-02-03T08:02:00Z'),
  told('long-title', longTitle(), '2026-02-03T08:01:00Z'),
  told('long-post', 'Two hundred kilobytes', '2026-02-03T08:00:00Z'),
  told('stated-uuid', 'A number for a name', '2026-02-01T08:42:00Z', { id: 'urn:uuid:1225C695-cfb8-4ebb-aaaa-80da344efa6a' }),
  told('stated-id', 'Ids are never made nicer', '2026-02-01T08:41:00Z', { id: 'HTTPS://Blog.Example:443/p/../1?a=1&b=2' }),
  told('placeholders', 'fill:0 fill:1 $& $1 $$ \\1 %s {{ title }} {% raw %} ${' + 'x} __proto__', '2026-02-01T08:40:00Z', { tags: ['__proto__', 'constructor', 'toString', 'fill:0'] }),
  told('line-ends', 'Lines that end differently', '2026-02-01T08:39:00Z'),
  told('sound', 'Sound', '2026-02-01T08:38:00Z'),
  told('only-a-picture', 'Only a picture', '2026-02-01T08:37:00Z'),
  told('empty', 'Empty', '2026-02-01T08:36:00Z'),
  told('corrected-never', 'Corrected in 2999 and not before', '2026-02-01T08:35:00Z'),
  told('corrected', 'Corrected', '2026-02-01T08:34:00Z', { updated: '2026-02-10T08:10:11Z' }),
  told('japanese', '吾輩は猫である。名前はまだ無い。', '2026-02-01T08:33:00Z', { language: 'ja', tags: ['猫'] }),
  told('hebrew', 'שלום עולם', '2026-02-01T08:32:00Z', { language: 'he', tags: ['עברית'] }),
  told('arabic', 'مرحبا بالعالم C++', '2026-02-01T08:31:00Z', { language: 'ar', tags: ['لغة'], authors: 'سارة' }),
  told('deutsch', '„Größe“ — ein Maß für Füße', '2026-02-01T08:30:00Z', { language: 'de', tags: ['Füße'] }),
  told('code', '`<b>` in code', '2026-02-01T08:29:00Z'),
  told('tasks', 'Tasks', '2026-02-01T08:28:00Z'),
  told('tables', 'Tables', '2026-02-01T08:27:00Z'),
  told('footnotes', 'Footnotes', '2026-02-01T08:26:00Z'),
  told('relative', 'Relative addresses of every sort', '2026-02-01T08:25:00Z'),
  told('pictures', 'Pictures, lazy and not', '2026-02-01T08:24:00Z'),
  told('other-base', 'A base of its own', '2026-02-01T08:23:00Z'),
  told('vector', 'SVG', '2026-02-01T08:22:00Z'),
  told('forms', 'Forms', '2026-02-01T08:21:00Z'),
  told('frames', 'Frames', '2026-02-01T08:20:00Z'),
  told('scripts', '<script>alert(1)</script>', '2026-02-01T08:19:00Z'),
  told('script-links', 'javascript:alert(1)', '2026-02-01T08:18:00Z', { authors: 'Mallory' }),
  told('literal-entities', 'Write &amp; as &amp;amp;, &lt;b&gt; and &#x26; or &#38;', '2026-02-01T08:17:00Z', { tags: ['&amp;', '&#x26;', '&nbsp;'] }),
  told('literal-tags', 'AT&T <b>5 < 6</b> &amp; "q"', '2026-02-01T08:16:00Z'),
  told('title-in-text', 'A heading of C<T> & more &amp; <b>', '2026-02-01T08:15:00Z'),
  told('blank-title', '', '2026-02-01T08:14:00Z'),
  told('address-alone', 'An author who is only an address', '2026-02-01T08:13:00Z'),
  told('no-address', 'An author without an address', '2026-02-01T08:12:00Z', { authors: 'Grace' }),
  told('two-authors', 'Two heads', '2026-02-01T08:11:00Z', { authors: 'Grace <hopper> & friends, "Linus"' }),
  told('über-bücher', 'Über bücher.example', '2026-02-01T08:10:00Z', { authors: 'Ödön' }),
  told('ampersands', '?a=1&copy=2 & AT&T &c.', '2026-02-01T08:09:00Z', { authors: 'Grace & Söhne' }),
  told('generics', 'C<T>, vector<int*>& and R&D', '2026-02-01T08:08:00Z', {
    tags: ['C<T>', 'C++', 'C#', '.NET', 'R&D', '&amp;', '"q"', "it's", '<script>alert(1)</script>', 'a/b', '100%'],
  }),
  told('spaces-of-others', '10\u00a0000\u202f€, 全角\u3000と', '2026-02-01T08:07:00Z'),
  told('zero-widths', 'zero\u200bwidth soft\u00adhyphen word\u2060joiner', '2026-02-01T08:06:00Z'),
  told('noncharacters', '\ufdd0 and \u{1fffe} and \u{10ffff}; private \ue002\uf8ff\u{f0000}', '2026-02-01T08:05:00Z'),
  told('combining', 'Cafe\u0301 Z\u0351\u0348a\u0330\u0349l\u0326\u0300g\u033b\u0306o\u0335 \u1112\u1161\u11ab', '2026-02-01T08:04:00Z', { tags: ['cafe\u0301', 'caf\u00e9'] }),
  told('right-to-left-marks', '\u200fMarks: \u202eevil.txt\u202c, \u2067isolated\u2069, \u200eLRM and \u061cALM', '2026-02-01T08:03:00Z'),
  told('emoji', '👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 ☺︎ 👍🏽 𝒳', '2026-02-01T08:02:00Z', { tags: ['🎺', '🏳️‍🌈'] }),
  told('controls', 'A bell, an escape,a delete and half a pair', '2026-02-01T08:01:00Z', { tags: ['bell'], authors: 'Grace' }),
  told('cdata', ']]> ends <![CDATA[ and ]]> again ]]>', '2026-02-01T08:00:00Z', { tags: [']]>', '<![CDATA['] }),
  told('same-second-b', 'Same second, b', '2026-01-15T10:00:00Z'),
  told('same-second-a', 'Same second, a', '2026-01-15T10:00:00Z'),
  told('same-second-c', 'Same second, c', '2026-01-15T10:00:00Z'),
  told('midnight', 'A day and no time', '2025-12-31T23:00:00Z'),
  told('far-east', 'Tomorrow already', '2025-12-31T10:30:00Z'),
  told('fall-back', 'An hour that is there twice', '2025-10-26T00:30:00Z'),
  told('spring-forward', 'An hour that is not there', '2025-03-30T01:30:00Z'),
  told('leap-day', 'Leap day', '2024-02-29T23:59:59Z'),
  told('epoch', 'The first second', '1970-01-01T00:00:00Z'),
  told('before-the-epoch', 'One before the first', '1969-12-31T23:59:59Z'),
  told('a-birthday', 'Long before', '1815-12-10T12:00:00Z'),
]

function told(slug: string, title: string, published: string, more: Partial<Told> = {}): Told {
  return {
    slug,
    title,
    published: iso(published),
    updated: iso(more.updated ?? published),
    tags: more.tags ?? [],
    authors: more.authors ?? 'Ada',
    language: more.language ?? null,
    id: more.id ?? null,
  }
}

function iso(time: string): string {
  return new Date(time).toISOString()
}

function longTitle(): string {
  return Array.from({ length: 1_000 }, (_, index) => `${index}<b>&amp;`).join(' ')
}

function longWord(): string {
  return 'Donaudampfschiff'.repeat(250)
}

/** The torture posts by their path below the posts folder. */
export function torturePosts(): Map<string, Buffer> {
  const posts = new Map<string, Buffer>()
  for (const entry of readdirSync(FIXTURES, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    posts.set(path.slice(FIXTURES.length + 1).replaceAll('\\', '/'), readFileSync(path))
  }
  const paragraph = `${'It goes on, and on & on. '.repeat(80)}[A link](x?a=1&b=2) and \`]]>\`.\n\n`
  const long = paragraph.repeat(Math.ceil(200_000 / paragraph.length))
  posts.set('long-post.md', source('Two hundred kilobytes', '2026-02-03T08:00:00Z', long))
  posts.set('long-title.md', source(longTitle(), '2026-02-03T08:01:00Z', 'Who reads that?'))
  posts.set('long-word.md', source(longWord(), '2026-02-03T08:02:00Z', 'x'.repeat(20_000)))
  return posts
}

function source(title: string, date: string, text: string): Buffer {
  return Buffer.from(`---\ntitle: ${JSON.stringify(title)}\ndate: ${date}\n---\n\n${text}\n`)
}

/** A new site folder with posts in it, written in the order that they have in the map. */
export function makeTortureFolder(posts: Map<string, Buffer> = torturePosts()): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-torture-'))
  const config = {
    site: {
      title: 'Tea & <code>',
      url: 'https://blog.example',
      description: 'Notes of a "slow" reader & <more>.',
      timeZone: 'Europe/Berlin',
      author: { name: 'Ada', email: 'ada@example.org' },
    },
    feeds: { entries: 1000 },
    newsletter: { from: { name: 'Ada', email: 'news@example.org' } },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  for (const [file, bytes] of posts) {
    const path = join(folder, 'posts', file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
  }
  return folder
}

/** Publishes a site's folder as `posthorn build` does, at a time of one's own, and gives back the public folder. */
export async function publishFolder(folder: string, now: Date): Promise<string> {
  const site = await openSite(loadConfig(folder, {}), () => now)
  try {
    await publishStrictly(site, emptyMemory())
    return site.config.feeds.folder
  } finally {
    await closeSite(site)
  }
}

/** Every file below a folder by its path in it. */
export function filesIn(folder: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    found.set(path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path))
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}
