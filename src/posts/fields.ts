/**
 * The keys of front matter, as the tools that people come from spell them, and what they mean here. Keys are read
 * without regard to case, as Hugo reads them: a `Draft: true` that is overlooked would be a post mailed too early.
 */
import { z } from 'zod'
import { isLanguage } from '../config-schema.ts'
import { isTable } from './frontmatter.ts'
import { oneLine } from './plain.ts'
import type { Attachment, Author, Episode } from './post.ts'
import { slugFault } from './slug.ts'

/** RFC 6838, 4.2: a type and a subtype of these characters. */
const MEDIA_TYPE = /^[a-z0-9][\w!#$&^.+-]*\/[a-z0-9][\w!#$&^.+-]*$/
/** The keys of files that go with a post, in the order in which they are told: players take the first. */
const FILE_KEYS = ['audio', 'video', 'enclosures', 'attachments'] as const

const line = z
  .union([z.string(), z.number()], { error: 'write it as text on one line' })
  .transform((value) => oneLine(String(value)))
const yesOrNo = z.boolean({ error: 'write true or false' })
// Read further on, since the site's time zone belongs to it.
const date = z.string({ error: 'write it as 2026-01-31' })
const texts = z.union([line, z.array(line)], { error: 'write a word, or a list of words' })

const person = z.looseObject({ name: line, email: line.nullish(), url: line.nullish() })
const people = z.union([line, person, z.array(z.union([line, person]))], {
  error: 'write a name, an object with "name", or a list of them',
})
const pictureKeys = ['url', 'src', 'path', 'image', 'file'] as const
const picture = z.union(
  [
    z.string(),
    z
      .looseObject({})
      .transform((object) => pictureKeys.map((key) => object[key]).find((value) => typeof value === 'string'))
      .pipe(z.string()),
  ],
  { error: 'write the address of a picture, or an object with "url"' },
)
const bytesWanted = { error: 'write its length in bytes, a whole number' }
const bytes = z.int(bytesWanted).min(1, bytesWanted)
const typeWanted = { error: 'write its type as "audio/mpeg"' }
const duration = z
  .union([z.string(), z.number()], { error: 'write it as "12:34", "1:02:03" or in seconds' })
  .transform(seconds)
  .refine((value) => value !== null, { error: 'write it as "12:34", "1:02:03" or in seconds' })
const stated = z.looseObject({
  url: z.string(),
  type: z.string(typeWanted).trim().toLowerCase().regex(MEDIA_TYPE, typeWanted).nullish(),
  length: bytes.nullish(),
  duration: duration.nullish(),
  title: line.nullish(),
})
const file = z.union([z.string(), stated])
const files = z.union([file, z.array(file)], {
  error:
    'write the address of a file, or an object with "url" and, as you like, "type", "length" in bytes, "duration" and "title"; or a list of them',
})
const language = line.refine(isLanguage, { error: 'write a language tag such as "en" or "pt-BR"' })
const wholeNumber = z
  .union([z.string(), z.number()], { error: 'write a whole number from 1 on' })
  .transform(Number)
  .refine((value) => Number.isSafeInteger(value) && value >= 1, { error: 'write a whole number from 1 on' })
const uriWanted = { error: 'write a URI such as "tag:blog.example,2026:hello", or leave it out' }
const uri = z.string(uriWanted).refine(isUri, uriWanted)
const slug = line.check((context) => {
  const fault = slugFault(context.value)
  if (fault) context.issues.push({ code: 'custom', message: fault, input: context.value })
})

/** Each field of a post with the keys that state it; the first one that is there holds. */
const KEYS = {
  title: ['title'],
  // Hugo's publishDate says when a post may be seen, where its date says when it was written.
  date: ['publishdate', 'pubdate', 'date'],
  updated: ['updated', 'lastmod', 'modified', 'updateddate', 'last_modified_at'],
  slug: ['slug'],
  id: ['id'],
  language: ['lang', 'language'],
  description: ['description', 'summary', 'excerpt'],
  author: ['authors', 'author'],
  image: ['image', 'cover', 'heroimage'],
  audio: ['audio'],
  video: ['video'],
  enclosures: ['enclosures', 'enclosure'],
  attachments: ['attachments'],
  duration: ['duration'],
  episode: ['episode'],
  season: ['season'],
  explicit: ['explicit'],
  draft: ['draft'],
  published: ['published'],
  unlisted: ['unlisted'],
  feed: ['feed'],
  mail: ['mail'],
  edition: ['edition'],
  subject: ['subject'],
  tags: ['tags'],
  categories: ['categories'],
  category: ['category'],
} as const
const KEY_LISTS = Object.entries(KEYS) as [FieldName, readonly string[]][]

const SCHEMAS = {
  title: line,
  date,
  updated: date,
  slug,
  id: uri,
  language,
  description: line,
  author: people,
  image: picture,
  audio: files,
  video: files,
  enclosures: files,
  attachments: files,
  duration,
  episode: wholeNumber,
  season: wholeNumber,
  explicit: yesOrNo,
  draft: yesOrNo,
  published: yesOrNo,
  unlisted: yesOrNo,
  feed: yesOrNo,
  mail: yesOrNo,
  edition: wholeNumber,
  subject: line,
  tags: texts,
  categories: texts,
  category: line,
}

type Fields = { [Name in keyof typeof SCHEMAS]?: z.output<(typeof SCHEMAS)[Name]> | undefined }
type FieldName = keyof Fields

/** A key that holds something else than it should; `message` completes `"key" is …; `. */
type FieldFault = { key: string; message: string }

type ReadFields = {
  fields: Fields
  /** The key that stated each field, as the author wrote it. */
  keys: Partial<Record<FieldName, string>>
  /** What Posthorn gives no meaning to, Zola's `[extra]` spread out in it. */
  extra: Record<string, unknown>
  faults: FieldFault[]
}

/**
 * Finds the fields of a post in its front matter and checks them.
 *
 * Zola keeps tags in `[taxonomies]` and what is not its own in `[extra]`: both count, behind the keys on top. A key
 * without a value counts as not there. A field with a fault is left out of `fields`.
 */
export function readFields(data: Record<string, unknown>): ReadFields {
  const { stated, faults } = foldKeys(data)
  const fields: Record<string, unknown> = {}
  const keys: ReadFields['keys'] = {}
  for (const [name, spellings] of KEY_LISTS) {
    const found = spellings.find((spelling) => stated.has(spelling))
    if (found === undefined) continue
    const { key, value } = stated.get(found) as Entry
    for (const spelling of spellings) stated.delete(spelling)
    keys[name] = key
    // One by one: a post states few of them, and what it does not state costs nothing.
    const parsed = SCHEMAS[name].safeParse(value)
    if (parsed.success) fields[name] = parsed.data
    else faults.push({ key, message: `"${key}" is ${shown(value)}; ${parsed.error.issues[0]?.message}` })
  }
  const extra = Object.fromEntries(Array.from(stated.values(), ({ key, value }) => [key, value]))
  return { fields: fields as Fields, keys, extra, faults }
}

/**
 * The tags of a post, each once. A file named as Jekyll names its posts has tags in one text between spaces, as Jekyll
 * reads them; elsewhere commas part them, since Eleventy's `tags: cat and dog` is one tag.
 */
export function readTags(fields: Fields, isJekylls: boolean): string[] {
  const split = (value: string | string[] | undefined): string[] =>
    typeof value === 'string' ? value.split(isJekylls ? /[,\s]+/ : /,/) : (value ?? [])
  const all = [...split(fields.tags), ...split(fields.categories), fields.category ?? '']
  return [...new Set(all.map((tag) => tag.trim()).filter((tag) => tag !== ''))]
}

/** The authors of a post. One text may name several: "Ada, Grace and Joan", and each may have an address: "Ada <ada@example.org>". */
export function readAuthors(stated: Fields['author']): Author[] {
  if (stated === undefined) return []
  if (typeof stated === 'string') return stated.split(/\s*[,;]\s*|\s+(?:and|&)\s+/).flatMap(namedAuthor)
  return (Array.isArray(stated) ? stated : [stated]).flatMap((one) =>
    typeof one === 'string' ? namedAuthor(one) : [objectAuthor(one)],
  )
}

function namedAuthor(text: string): Author[] {
  const [, name = '', email] = /^(.*?)\s*(?:<([^<>\s]+@[^<>\s]+)>)?$/.exec(text.trim()) ?? []
  // An address without a name is nobody's: it would stand as a name on every page, for harvesters to find.
  if (name === '') return []
  return [email === undefined ? { name } : { name, email }]
}

function objectAuthor({ name, email, url }: z.output<typeof person>): Author {
  return { name, ...(email ? { email } : {}), ...(url ? { url } : {}) }
}

/**
 * The files that go with a post: what a podcast app plays, what a reader offers to save. A `duration` that stands by
 * itself is that of the first one.
 */
export function readAttachments({ fields, keys }: Pick<ReadFields, 'fields' | 'keys'>): Attachment[] {
  const found = FILE_KEYS.flatMap((field) =>
    [fields[field] ?? []].flat().map((one) => {
      const { url, type, length, duration, title } = typeof one === 'string' ? { url: one } : one
      return {
        key: keys[field] ?? field,
        url: url.trim(),
        type: type ?? null,
        length: length ?? null,
        duration: duration ?? null,
        title: title || null,
      }
    }),
  )
  if (found[0]) found[0].duration ??= fields.duration ?? null
  return found
}

/** What podcast directories ask about an episode; null where the post says nothing of it. */
export function readEpisode({ episode, season, explicit }: Fields): Episode | null {
  if (episode === undefined && season === undefined && explicit === undefined) return null
  return { number: episode ?? null, season: season ?? null, explicit: explicit ?? null }
}

type Entry = { key: string; value: unknown }

function foldKeys(data: Record<string, unknown>): { stated: Map<string, Entry>; faults: FieldFault[] } {
  const stated = new Map<string, Entry>()
  const faults: FieldFault[] = []
  for (const [key, value] of Object.entries(data)) {
    const twin = stated.get(key.toLowerCase())
    if (twin) faults.push({ key, message: `"${key}" and "${twin.key}" are one key; keep one of them` })
    else stated.set(key.toLowerCase(), { key, value })
  }
  for (const table of ['taxonomies', 'extra']) {
    const entry = stated.get(table)
    if (!isTable(entry?.value)) continue
    stated.delete(table)
    for (const [key, value] of Object.entries(entry.value))
      if (!stated.has(key.toLowerCase())) stated.set(key.toLowerCase(), { key, value })
  }
  for (const [name, { value }] of stated) if (value === null || value === '') stated.delete(name)
  return { stated, faults }
}

/** `754`, `"12:34"` or `"1:02:03"` in whole seconds; null for anything else. */
function seconds(value: string | number): number | null {
  const text = String(value).trim()
  if (/^\d{1,7}(\.\d+)?$/.test(text)) return Math.round(Number(text))
  const [, hours = '0', minutes, rest] = /^(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)$/.exec(text) ?? []
  if (minutes === undefined) return null
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)
}

// RFC 3986, 2: the characters of a URI; 3: it begins with a scheme.
function isUri(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/i.test(value) && URL.canParse(value)
}

/** A value as a fault shows it: as the author would recognise it, and not longer than a glance. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
