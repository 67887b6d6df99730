/**
 * Which post a file is.
 *
 * A post is its id, not its file: slug, title, date, domain and file name may change and it stays the same post. So
 * each file that was read is matched with what the database knows, in this order:
 *
 * 1. by the `id` its front matter states;
 * 2. by its name, where the text is the same too, or the title and the date;
 * 3. by its text: it was moved, and what has its old name now is another post;
 * 4. by its name, whatever changed in it;
 * 5. by its slug, or its title and date, where the file it had is gone: it was moved and changed at once, as one
 *    `git pull` does both;
 * 6. else it is new, and its id is made now: a tag URI (RFC 4151) of the site's host, the post's date and slug.
 *
 * Where it is in doubt a file is a post that is known: a new post goes out to everybody, and cannot be called back.
 *
 * A file that can no longer be read keeps its last good form: it stays in the feeds, and is not mailed.
 */
import { Temporal } from 'temporal-polyfill'
import type { Config } from '../config.ts'
import type { Fault } from '../errors.ts'
import { type Database, time, type Writer, write } from '../store/database.ts'
import {
  assignSequence,
  insertPost,
  type NewPostRow,
  type PostRow,
  readPostRows,
  readPostSource,
  recordOld,
  releaseFiles,
  updatePost,
} from '../store/posts.ts'
import { firstRoundAt, recordFirstRound } from '../store/settings.ts'
import { shownFile } from './find.ts'
import { postAddress } from './link.ts'
import { isPublic, type Post, type ReadPost } from './post.ts'
import { readPost } from './read.ts'

export type KnownPost = Post & {
  /** Its row in the database. */
  key: number
  /** True where the file can no longer be read, and this is what it last said. */
  lastGood: boolean
}

export type Identified = {
  posts: KnownPost[]
  /** What was there at the site's first round; null on every later one. */
  firstRound: KnownPost[] | null
  /** Posts that came to light now but are dated long ago: recorded as old, not mailed by the schedule. */
  datedLongAgo: KnownPost[]
}

/** A post that appears with a date older than this is an archive that was copied in, and no news. */
const NEWS_DAYS = 30

type Read = { posts: ReadPost[]; faults: Fault[] }
type Match = { post: ReadPost; row: PostRow | null }

/**
 * Gives every post its id, records what changed, and puts what is ready to be mailed at the end of the order of
 * mailing. Changes nothing where nothing changed.
 *
 * @param read what the posts folder holds now, and what could not be read
 */
export async function identifyPosts(
  db: Database,
  read: Read,
  config: Config,
  now: Date,
): Promise<Identified> {
  const seen = compare(read, await readPostRows(db), await firstRoundAt(db), config, now)
  // What was read above may be another process's past by now, so the transaction looks again before it writes.
  const kept = seen.isNeeded
    ? await write(db, async (trx) => {
        const changes = compare(read, await readPostRows(trx), await firstRoundAt(trx), config, now)
        return { ...changes, known: await record(trx, changes, config, now) }
      })
    : { ...seen, known: seen.matches.map(asIs) }

  const posts = kept.known.map(({ post, row }) => makeKnown(post, row, config, false))
  const slugs = new Set(posts.map((post) => post.slug.toLowerCase()))
  const lastGood: KnownPost[] = []
  for (const row of kept.unreadable) {
    const post = await rereadLastGood(db, row, config)
    // Whoever took its slug meanwhile can be read, and one address has one page.
    if (!post || slugs.has(post.slug.toLowerCase())) continue
    slugs.add(post.slug.toLowerCase())
    lastGood.push(post)
  }
  return {
    posts: [...posts, ...lastGood],
    firstRound: kept.isFirst ? posts.filter((post) => isPublic(post, now)) : null,
    datedLongAgo: posts.filter((post) => kept.old.includes(post.key)),
  }
}

type Changes = {
  isNeeded: boolean
  isFirst: boolean
  matches: Match[]
  unreadable: PostRow[]
  taken: Set<string>
  /** Rows whose file is gone, or is another's now. */
  released: number[]
  ready: number[]
  old: number[]
}

/** What is to be written down, and nothing written yet. */
function compare(read: Read, rows: PostRow[], firstRound: Date | null, config: Config, now: Date): Changes {
  const isFirst = firstRound === null
  const { matches, unreadable } = matchPosts(read, rows, config)
  const kept = new Map(matches.flatMap(({ post, row }) => (row ? [[row.key, post.file] as const] : [])))
  for (const row of unreadable) kept.set(row.key, row.file as string)
  const released = rows
    .filter((row) => row.file !== null && kept.get(row.key) !== row.file)
    .map((row) => row.key)
  const due = isFirst ? [] : matches.filter((match) => isDue(match, config, now))
  const known = due.flatMap(({ post, row }) => (row ? [{ key: row.key, isNews: isNews(post, now) }] : []))
  const isChanged = matches.some(({ post, row }) => row === null || differs(rowOf(post, row.id), row))
  const ready = known.filter((each) => each.isNews).map((each) => each.key)
  const old = known.filter((each) => !each.isNews).map((each) => each.key)
  const isNeeded = isFirst || isChanged || released.length + ready.length + old.length > 0
  const taken = new Set([...rows.map((row) => row.id), ...read.posts.flatMap((post) => post.statedId ?? [])])
  return { isNeeded, isFirst, matches, unreadable, taken, released, ready, old }
}

async function record(
  trx: Writer,
  changes: Changes,
  config: Config,
  now: Date,
): Promise<{ post: ReadPost; row: PostRow }[]> {
  const { isFirst, taken } = changes
  await releaseFiles(trx, changes.released)
  const known: { post: ReadPost; row: PostRow }[] = []
  for (const { post, row } of changes.matches) {
    if (row) {
      const changed = rowOf(post, row.id)
      if (differs(changed, row) || changes.released.includes(row.key)) await updatePost(trx, row.key, changed)
      known.push({ post, row: { ...row, ...changed } })
    } else {
      const fresh = rowOf(post, post.statedId ?? makeId(post, config, taken))
      taken.add(fresh.id)
      const inserted = await insertPost(trx, fresh, isFirst && isPublic(post, now), now)
      if (!isFirst && isDue({ post, row: inserted }, config, now))
        (isNews(post, now) ? changes.ready : changes.old).push(inserted.key)
      known.push({ post, row: inserted })
    }
  }
  if (isFirst) await recordFirstRound(trx, now)
  await recordOld(trx, changes.old)
  // By date, so that two posts of one round go out in the order their author wrote them.
  const dates = new Map(known.map(({ post, row }) => [row.key, post.date.getTime()]))
  await assignSequence(
    trx,
    changes.ready.toSorted((a, b) => (dates.get(a) ?? 0) - (dates.get(b) ?? 0)),
  )
  return known
}

// Public, meant to be mailed, and unchanged for the settle time: nobody gets a half-saved file.
function isDue({ post, row }: Match, config: Config, now: Date): boolean {
  if (row && (row.old === 1 || row.sequence !== null)) return false
  const settled = now.getTime() - post.modified.getTime() >= config.newsletter.settleMs
  return post.mail && settled && isPublic(post, now)
}

function isNews(post: ReadPost, now: Date): boolean {
  return now.getTime() - post.date.getTime() <= NEWS_DAYS * 24 * 3_600_000
}

function matchPosts(
  read: Read,
  rows: PostRow[],
  config: Config,
): { matches: Match[]; unreadable: PostRow[] } {
  const found = new Map<ReadPost, PostRow>()
  // What had a file until now comes before what has been gone for longer.
  const free = new Set(rows.toSorted((a, b) => Number(a.file === null) - Number(b.file === null)))
  const match = (
    indexRow: (row: PostRow) => string | null,
    indexPost: (post: ReadPost) => string | null,
    isSame: (post: ReadPost, row: PostRow) => boolean = () => true,
  ) => {
    const candidates = Map.groupBy(free, indexRow)
    for (const post of read.posts) {
      const wanted = indexPost(post)
      if (found.has(post) || wanted === null) continue
      const row = candidates.get(wanted)?.find((candidate) => free.has(candidate) && isSame(post, candidate))
      if (!row) continue
      found.set(post, row)
      free.delete(row)
    }
  }
  const isOfOneDate = (post: ReadPost, row: PostRow) => row.date === time(post.date)
  const saysTheSame = (post: ReadPost, row: PostRow) =>
    row.hash === post.hash || (row.title === post.title && isOfOneDate(post, row))
  match(
    (row) => row.id,
    (post) => post.statedId,
  )
  match(
    (row) => row.file,
    (post) => post.file,
    saysTheSame,
  )
  // Of two with one text, each the one whose address it has.
  match(
    (row) => `${row.hash} ${row.slug}`,
    (post) => `${post.hash} ${post.slug}`,
  )
  match(
    (row) => row.hash,
    (post) => post.hash,
  )
  const unreadable = findUnreadable(free, read, config)
  for (const row of unreadable) free.delete(row)
  match(
    (row) => row.file,
    (post) => post.file,
  )
  // What is free by now has lost its file. Long after that a slug alone may be another post's.
  match(
    (row) => row.slug,
    (post) => post.slug,
    (post, row) => row.file !== null || isOfOneDate(post, row),
  )
  match(
    (row) => row.title,
    (post) => post.title,
    isOfOneDate,
  )
  return { matches: read.posts.map((post) => ({ post, row: found.get(post) ?? null })), unreadable }
}

// Gone, or there and not to be read? A fault of the file, or of a folder it is in, says the second.
function findUnreadable(rows: Iterable<PostRow>, read: Read, config: Config): PostRow[] {
  const files = new Set(read.posts.map((post) => post.file))
  const faulty = new Set(read.faults.map((fault) => fault.file))
  return Array.from(rows).filter(({ file }) => {
    if (file === null || files.has(file)) return false
    const steps = shownFile(config, file).split('/')
    return faulty.has('.') || steps.some((_, at) => faulty.has(steps.slice(0, at + 1).join('/')))
  })
}

async function rereadLastGood(db: Database, row: PostRow, config: Config): Promise<KnownPost | null> {
  const post = readPost(await readPostSource(db, row.key), {
    file: row.file as string,
    modified: new Date(row.modified_at),
    config,
  })
  // A newer Posthorn may ask more of a post than the one that kept it.
  return Array.isArray(post) ? null : makeKnown(post, row, config, true)
}

function makeKnown(post: ReadPost, row: PostRow, config: Config, lastGood: boolean): KnownPost {
  return { ...post, id: row.id, key: row.key, url: postAddress(post, config), lastGood }
}

// RFC 4151: tag:authority,date:specific. The authority owned the name on that date; a slug is unique among posts. The
// day is the one that the author wrote: midnight in Berlin is the day before in UTC.
function makeId(post: ReadPost, { site }: Config, taken: Set<string>): string {
  const day = Temporal.Instant.fromEpochMilliseconds(post.date.getTime())
    .toZonedDateTimeISO(site.timeZone)
    .toPlainDate()
  const base = `tag:${new URL(site.url).hostname},${day}:${encodeURIComponent(post.slug)}`
  for (let number = 2, id = base; ; id = `${base}-${number++}`) if (!taken.has(id)) return id
}

function rowOf(post: ReadPost, id: string): NewPostRow {
  return {
    id: post.statedId ?? id,
    file: post.file,
    slug: post.slug,
    title: post.title,
    date: time(post.date),
    source: post.source,
    hash: post.hash,
    modified_at: time(post.modified),
  }
}

// The text is compared by its hash.
function differs({ source: _, ...wanted }: NewPostRow, row: PostRow): boolean {
  return (Object.keys(wanted) as (keyof typeof wanted)[]).some((key) => wanted[key] !== row[key])
}

function asIs({ post, row }: Match): { post: ReadPost; row: PostRow } {
  return { post, row: row as PostRow }
}
