export type Author = { name: string; email?: string; url?: string }

/** A file that goes with a post, as its front matter states it: an episode's sound, slides, a PDF. */
export type Attachment = {
  /** The key that names it, for faults. */
  key: string
  /** As the author wrote it. */
  url: string
  /** A media type, `audio/mpeg`. */
  type: string | null
  /** In bytes. */
  length: number | null
  /** In seconds. */
  duration: number | null
  title: string | null
}

/** What podcast directories ask about an episode. */
export type Episode = { number: number | null; season: number | null; explicit: boolean | null }

/** One Markdown file, read and checked, before it is known which post it is. */
export type ReadPost = {
  /** Path below the posts folder, with forward slashes: `2026/hello.md`. */
  file: string
  /** The permanent id, where front matter states one. */
  statedId: string | null
  slug: string
  /** Absolute address of the post's page. Relative addresses in the text are relative to it. */
  url: string
  title: string
  date: Date
  /** When the author last changed it by their own word (`updated`, `lastmod`). */
  updated: Date | null
  /** BCP 47; the site's where the post names none. */
  language: string
  tags: string[]
  /** The site's author where the post names none; empty where neither does. */
  authors: Author[]
  /** Plain text, one paragraph, never empty unless the post has no text. */
  summary: string
  /** Address of the lead picture as the author wrote it. */
  image: string | null
  /** In the order in which they are told: players take the first. */
  attachments: Attachment[]
  episode: Episode | null
  draft: boolean
  /** True gives it a page that nothing leads to: no list, no feed, no mail, and search engines are told to pass. */
  unlisted: boolean
  /** False leaves the post out of feeds. */
  feed: boolean
  /** False leaves the post out of mail. */
  mail: boolean
  /** Which mailing of the post this is: more than 1 repeats it on purpose. */
  edition: number
  /** The mail's subject where it differs from the title. */
  subject: string | null
  /** The text as HTML for pages and feeds: safe, every address absolute. `readBody` has it as a tree, for mail. */
  html: string
  /** How many bytes `html` takes at most where it is written into JSON, which escapes quotes and line ends. */
  htmlBytes: number
  /** The relative addresses of the text, the lead picture and attachments, as written: files that may lie beside it. */
  refersTo: string[]
  /** Front matter that Posthorn gives no meaning to. */
  extra: Record<string, unknown>
  /** The bytes of the file, UTF-8, and their SHA-256 in hex. */
  source: Uint8Array
  hash: string
  /** When the file was last written. */
  modified: Date
  /** In bytes. */
  size: number
}

/** A post with the identity that feeds, mail and the database know it by. */
export type Post = ReadPost & {
  /** Permanent: a URI stated in front matter, or made when the post was first seen. */
  id: string
}

/** The text of a post's file. It is kept as bytes: as text, ten thousand files take several times their size. */
export function sourceOf({ source }: Pick<ReadPost, 'source'>): string {
  return Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString()
}

/** True once a post may be seen: no draft, and its date has come. */
export function isPublic(post: ReadPost, now: Date): boolean {
  return !post.draft && post.date.getTime() <= now.getTime()
}

/** True once a post may stand in a list of posts. */
export function isListed(post: ReadPost, now: Date): boolean {
  return !post.unlisted && isPublic(post, now)
}

/** When the author changed a post by their own word, if by `now` they have: before it came out is no correction. */
export function correctedAt({ date, updated }: Pick<ReadPost, 'date' | 'updated'>, now: Date): Date | null {
  return updated && updated > date && updated <= now ? updated : null
}

/** Newest first; posts of one moment in the order of their ids, so that the order never depends on the disk's. */
export function newestFirst(posts: Post[]): Post[] {
  return posts.toSorted((a, b) => b.date.getTime() - a.date.getTime() || (a.id < b.id ? -1 : 1))
}
