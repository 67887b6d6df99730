/**
 * A file to a post. What is not right becomes a fault with its file and line, and all faults are told together: a file
 * is a post or its faults, never half read.
 */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import type { Fault } from '../errors.ts'
import { relativeAddresses } from './addresses.ts'
import { readDate } from './date.ts'
import { readAttachments, readAuthors, readEpisode, readFields, readTags } from './fields.ts'
import { type FoundPost, shownFile, unreadable } from './find.ts'
import { lineOfKey, readFrontMatter } from './frontmatter.ts'
import { toHtml } from './html.ts'
import { postAddress } from './link.ts'
import { parseMarkdown } from './markdown.ts'
import { type Author, type ReadPost, sourceOf } from './post.ts'
import { resolveMedia } from './resolve.ts'
import { makeSlug, slugFault, splitName } from './slug.ts'
import { summarize, withoutMore } from './summary.ts'
import { takeTitle } from './title.ts'

/**
 * Reads one post from its text. Pure: the same text gives the same post.
 *
 * @param file path below the posts folder, with forward slashes; date and slug may come from it.
 * @param modified when the file was last written.
 * @returns the post, or everything that is wrong with it.
 */
export function readPost(
  source: string,
  { file, modified, config }: { file: string; modified: Date; config: Config },
): ReadPost | Fault[] {
  const shown = shownFile(config, file)
  const nul = source.indexOf('\0')
  if (nul >= 0)
    return [{ file: shown, line: lineAt(source, nul), message: 'there is a NUL byte here; take it out' }]
  const front = readFrontMatter(source)
  if ('message' in front) return [{ file: shown, line: front.line, message: front.message }]

  const faults: Fault[] = []
  const fault = (message: string, key?: string) => {
    const line = key === undefined ? undefined : lineOfKey(front.head, key)
    faults.push(line === undefined ? { file: shown, message } : { file: shown, line, message })
  }
  const { fields, keys, extra, faults: wrong } = readFields(front.data)
  for (const { key, message } of wrong) fault(message, key)
  const name = splitName(file)
  const moment = (stated: string, key: string | undefined): Date | null => {
    const date = readDate(stated, config.site.timeZone)
    if (date instanceof Date) return date
    const what = key === undefined ? `the file name's date is "${stated}"` : `"${key}" is "${stated}"`
    fault(`${what}${date === 'impossible' ? ', which does not exist' : ''}; write it as 2026-01-31`, key)
    return null
  }

  const statedDate = fields.date ?? (keys.date === undefined ? name.date : null)
  const date = statedDate === null ? null : moment(statedDate, keys.date)
  if (statedDate === null && keys.date === undefined)
    fault('there is no date; write "date: 2026-01-31" in the front matter, or begin the file name with one')
  const updated = fields.updated === undefined ? null : moment(fields.updated, keys.updated)
  const nameFault = keys.slug === undefined ? slugFault(name.slug) : null
  if (nameFault) fault(`the name of the file cannot be the post's address: ${nameFault}, or state a "slug"`)
  const { title, body } = takeTitle(fields.title, parseMarkdown(front.body))
  if (title === '' && keys.title === undefined)
    fault('there is no title; write "title:" in the front matter, or begin the text with "# Title"')
  const attachments = readAttachments({ fields, keys })
  for (const { key, url } of attachments)
    if (resolveMedia(url, config.site.url) === null)
      fault(
        `"${key}" is "${url}", which leads to no file; write an address on the web, or that of a file beside the post`,
        key,
      )
  if (faults.length > 0 || !date) return faults.sort(byPlace)

  const authors = readAuthors(fields.author)
  // Of its own memory: a Buffer shares a larger piece, which goes whole from one thread to another.
  const bytes = new TextEncoder().encode(source)
  const slug = makeSlug(fields.slug ?? name.slug)
  const url = postAddress({ slug, date }, config)
  const image = fields.image || null
  const text = withoutMore(body)
  const unlisted = fields.unlisted ?? false
  const html = Buffer.from(toHtml(text, url))
  return {
    file,
    statedId: fields.id ?? null,
    slug,
    url,
    title,
    date,
    updated,
    language: fields.language ?? config.site.language,
    tags: readTags(fields, name.date !== null),
    authors: authors.length > 0 ? authors : siteAuthors(config),
    summary: fields.description ?? summarize(body),
    image,
    attachments,
    episode: readEpisode(fields),
    draft: fields.draft === true || fields.published === false,
    unlisted,
    feed: !unlisted && (fields.feed ?? true),
    mail: !unlisted && (fields.mail ?? true),
    edition: fields.edition ?? 1,
    subject: fields.subject ?? null,
    // A string made of many pieces keeps each of them, at several times its size, until somebody needs it in one.
    html: html.toString(),
    htmlBytes: bytesInJson(html),
    refersTo: relativeAddresses(text, [...(image ? [image] : []), ...attachments.map((one) => one.url)]),
    extra,
    source: bytes,
    hash: hash('sha256', bytes),
    modified,
    size: bytes.length,
  }
}

/** Quotes, backslashes, tabs and line feeds are two bytes there; other controls were taken out. */
export function bytesInJson(text: Buffer): number {
  let bytes = text.length
  for (const byte of text) if (byte === 0x22 || byte === 0x5c || byte === 0x0a || byte === 0x09) bytes++
  return bytes
}

/**
 * Reads one file.
 *
 * @returns the post, or everything that is wrong with it
 */
export function readFile(found: FoundPost, config: Config): ReadPost | Fault[] {
  const file = shownFile(config, found.file)
  let bytes: Buffer
  try {
    bytes = readFileSync(found.path)
  } catch (error) {
    return [{ file, message: unreadable('file', error) }]
  }
  if (!isUtf8(bytes))
    return [
      {
        file,
        line: firstBadLine(bytes),
        message: 'there are bytes here that are not UTF-8; save the file as UTF-8',
      },
    ]
  return readPost(bytes.toString('utf8'), { file: found.file, modified: found.modified, config })
}

function siteAuthors({ site }: Config): Author[] {
  if (!site.author) return []
  const { name, email } = site.author
  return [email === undefined ? { name } : { name, email }]
}

/** Where a key of a post that has been read stands, for a fault that shows only beside other things. */
export function placeOfKey(post: ReadPost, key: string, config: Config): Omit<Fault, 'message'> {
  const file = shownFile(config, post.file)
  const front = readFrontMatter(sourceOf(post))
  const line = 'head' in front ? lineOfKey(front.head, key) : undefined
  return line === undefined ? { file } : { file, line }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split(/\r\n?|\n/).length
}

// No byte of a longer UTF-8 sequence is a line feed, so lines can be told apart before they can be read.
function firstBadLine(bytes: Buffer): number {
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start)
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line
    start = end + 1
  }
  return line
}

/** The order in which faults are told. */
export function byPlace(a: Fault, b: Fault): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return (a.line ?? 0) - (b.line ?? 0)
}
