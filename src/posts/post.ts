export type Author = { name: string; email?: string; url?: string }

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
  /** The relative addresses in the text and the lead picture, as the author wrote them: files that may lie beside it. */
  refersTo: string[]
  /** Front matter that Posthorn gives no meaning to. */
  extra: Record<string, unknown>
  /** The file's text and its SHA-256 in hex. */
  source: string
  hash: string
  /** When the file was last written. */
  modified: Date
}

/** A post with the identity that feeds, mail and the database know it by. */
export type Post = ReadPost & {
  /** Permanent: a URI stated in front matter, or made when the post was first seen. */
  id: string
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
