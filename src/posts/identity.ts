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
 * 6. by near-equal text, where the file it had is gone;
 * 7. else it is new, and its id is made now: a tag URI (RFC 4151) of the site's host, the post's date and slug.
 *
 * Where it is in doubt a file is a post that is known: a new post goes out to everybody, and cannot be called back.
 *
 * A file that can no longer be read keeps its last good form: it stays in the feeds, and is not mailed.
 */
import { setImmediate } from 'node:timers/promises'
import { Temporal } from 'temporal-polyfill'
import type { Config } from '../config.ts'
import type { Fault } from '../errors.ts'
import { changeStamp, type Database, type Reader, time, type Writer, write } from '../store/database.ts'
import {
  assignSequence,
  insertPosts,
  type NewPost,
  type NewPostRow,
  type PostRow,
  type ReadyPost,
  readPostRows,
  readPostSource,
  readSomePostRows,
  releaseFiles,
  updatePost,
} from '../store/posts.ts'
import { firstRoundAt, recordFirstRound } from '../store/settings.ts'
import { shownFile } from './find.ts'
import { ALIKE, likeness, runsOf } from './likeness.ts'
import { isPublic, type Post, type ReadPost, sourceOf } from './post.ts'
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
}

/** A post that appears with a date older than this may be an archive that was copied in, and no news. */
const NEWS_DAYS = 30
/** A folder that had this many posts and has none is a disk that is not there. */
const MANY = 5
/** So many rows that were written are read again by themselves; for more it is quicker to read them all. */
const FEW_TOUCHED = 100
/** More new posts than this in one round may be an import. */
const FEW = 3
/** A file that went this recently may be the one that has just come, under another name and with another text. */
const RECENT_MS = 24 * 3_600_000
/** How many lost texts a new one is held against: more is a folder that was exchanged as a whole. */
const MOST_COMPARED = 500

/** What is compared of a post each round; its text is, by its hash. */
type Facts = Omit<NewPostRow, 'source'>

/** What a process keeps from round to round, so that a post that did not change costs next to nothing. */
export type IdentityMemory = {
  rows: { stamp: string; rows: PostRow[] } | null
  /** What came out of a round in which every file could be read. */
  last: Last | null
  facts: WeakMap<ReadPost, Facts>
  known: WeakMap<ReadPost, KnownPost>
}

export function emptyIdentityMemory(): IdentityMemory {
  return { rows: null, last: null, facts: new WeakMap(), known: new WeakMap() }
}

type Last = {
  rows: PostRow[]
  /** The posts as they were read, the row of each, and what they are known as, all three in one order. */
  read: ReadPost[]
  rowsOf: PostRow[]
  posts: KnownPost[]
  /** Those that the schedule may still mail. */
  unmailed: Match[]
}

type Read = { posts: ReadPost[]; faults: Fault[] }
type Match = { post: ReadPost; row: PostRow | null }

/**
 * Gives every post its id, records what changed, and puts what is ready to be mailed at the end of the order of
 * mailing. Changes nothing where nothing changed.
 *
 * @param read what the posts folder holds now, and what could not be read
 * @param memory kept by a process that does many rounds
 * @returns a post that is the same, from the same file, is the same object as the last time
 */
export async function identifyPosts(
  db: Database,
  read: Read,
  config: Config,
  now: Date,
  memory: IdentityMemory = emptyIdentityMemory(),
): Promise<Identified> {
  const { stamp, rows } = await currentRows(db, memory)
  const edited = read.faults.length === 0 ? findEdited(read.posts, rows, memory) : null
  if (edited && memory.last && ![...memory.last.unmailed, ...edited].some((one) => isDue(one, config, now))) {
    const posts = await recordEdits(db, edited, stamp, memory)
    if (posts) return { posts, firstRound: null }
  }
  refuseEmptied(read, rows, config)
  const firstRound = await firstRoundAt(db)
  const context = { config, now, facts: memory.facts }
  const known = compare(read, rows, new Map(), firstRound, context)
  const alike = await findAlike(db, known, rows, now)
  const seen = alike.size === 0 ? known : compare(read, rows, alike, firstRound, context)
  const kept = seen.isNeeded
    ? await write(db, async (trx) => {
        // What was read above may be another process's past by now, so it is looked at again before it is written.
        const changes =
          (await changeStamp(trx)) === stamp
            ? seen
            : compare(read, await readPostRows(trx), alike, await firstRoundAt(trx), context)
        const recorded = await record(trx, changes, config, now)
        // Nobody else writes while we do, so what is kept of the rows need not be read again for a few.
        const isFew = changes === seen && recorded.touched.length <= FEW_TOUCHED
        memory.rows = isFew ? await patched(trx, rows, recorded.touched) : null
        return { ...changes, known: recorded.known }
      })
    : { ...seen, known: seen.matches.map(asIs) }

  const posts = kept.known.map(({ post, row }) => knownAs(post, row, memory))
  const slugs = new Set(posts.map((post) => post.slug.toLowerCase()))
  const lastGood: KnownPost[] = []
  for (const row of kept.unreadable) {
    const post = await rereadLastGood(db, row, config)
    // Whoever took its slug meanwhile can be read, and one address has one page.
    if (!post || slugs.has(post.slug.toLowerCase())) continue
    slugs.add(post.slug.toLowerCase())
    lastGood.push(post)
  }
  memory.last = read.faults.length === 0 && memory.rows ? lastOf(read.posts, posts, memory.rows.rows) : null
  return {
    posts: lastGood.length === 0 ? posts : [...posts, ...lastGood],
    firstRound: kept.isFirst ? posts.filter((post) => isPublic(post, now)) : null,
  }
}

/** What the next round can go on from. */
function lastOf(read: ReadPost[], posts: KnownPost[], rows: PostRow[]): Last {
  const byKey = new Map(rows.map((row) => [row.key, row]))
  const rowsOf = posts.map(({ key }) => byKey.get(key) as PostRow)
  const matches = read.map((post, at) => ({ post, row: rowsOf[at] as PostRow }))
  return { rows, read, rowsOf, posts, unmailed: matches.filter(({ post, row }) => mayBeMailed(post, row)) }
}

type Edited = { at: number; post: ReadPost; row: PostRow }

/**
 * The posts that are another text in the file they had, where nothing else has happened since the last round: no file
 * came or went, and no row has the new text of one. Then by all rules above each is the post it was. Null where more
 * has happened, and the rules have to be gone through.
 */
function findEdited(posts: ReadPost[], rows: PostRow[], { last }: IdentityMemory): Edited[] | null {
  if (last?.rows !== rows || last.read.length !== posts.length) return null
  const edited: Edited[] = []
  for (const [at, post] of posts.entries()) {
    if (post === last.read[at]) continue
    const row = last.rowsOf[at] as PostRow
    if (edited.length === FEW_TOUCHED || row.file !== post.file) return null
    if (post.statedId !== null && post.statedId !== row.id) return null
    edited.push({ at, post, row })
  }
  const texts = new Map(edited.map(({ post, row }) => [post.hash, row]))
  const isElsewhere = edited.length > 0 && rows.some((row) => (texts.get(row.hash) ?? row) !== row)
  return isElsewhere || texts.size < edited.length ? null : edited
}

/**
 * Writes down what `findEdited` found, and keeps all else as it was.
 *
 * @returns all posts; null where somebody else has written meanwhile
 */
async function recordEdits(
  db: Database,
  edited: Edited[],
  stamp: string,
  memory: IdentityMemory,
): Promise<KnownPost[] | null> {
  const last = memory.last as Last
  if (edited.length === 0) return last.posts
  const rows = await write(db, async (trx) => {
    if ((await changeStamp(trx)) !== stamp) return null
    for (const { post, row } of edited)
      await updatePost(trx, row.key, { ...rowOf(post, row.id), source: sourceOf(post) })
    memory.rows = await patched(
      trx,
      last.rows,
      edited.map(({ row }) => row.key),
    )
    return memory.rows.rows
  })
  if (rows === null) return null
  const written = new Map(rows.map((row) => [row.key, row]))
  const next: Last = { ...last, rows, read: [...last.read], rowsOf: [...last.rowsOf], posts: [...last.posts] }
  for (const { at, post, row } of edited) {
    const now = written.get(row.key) as PostRow
    next.read[at] = post
    next.rowsOf[at] = now
    next.posts[at] = knownAs(post, now, memory)
  }
  const gone = new Set(edited.map(({ at }) => last.read[at]))
  next.unmailed = [
    ...last.unmailed.filter(({ post }) => !gone.has(post)),
    ...edited.map(({ at, post }) => ({ post, row: next.rowsOf[at] as PostRow })),
  ].filter(({ post, row }) => row !== null && mayBeMailed(post, row))
  memory.last = next
  return next.posts
}

function knownAs(post: ReadPost, row: PostRow, memory: IdentityMemory): KnownPost {
  const before = memory.known.get(post)
  if (before?.key === row.key && before.id === row.id) return before
  const made = makeKnown(post, row, false)
  memory.known.set(post, made)
  return made
}

/** All rows, read again once anybody has written anything. */
async function currentRows(
  db: Database,
  memory: IdentityMemory,
): Promise<{ stamp: string; rows: PostRow[] }> {
  const stamp = await changeStamp(db)
  if (memory.rows?.stamp !== stamp) memory.rows = { stamp, rows: await readPostRows(db) }
  return memory.rows
}

// A folder that had posts and has none at all is most often a disk that is not there: nothing is let go of.
function refuseEmptied(read: Read, rows: PostRow[], config: Config): void {
  const had = rows.filter((row) => row.file !== null).length
  if (read.posts.length > 0 || read.faults.length > 0 || had < MANY) return
  read.faults.push({
    file: shownFile(config, ''),
    message: `the folder is empty, and ${had} posts were in it; look whether its disk is there (to take a post back, write "draft: true" in it)`,
  })
}

type Changes = {
  isNeeded: boolean
  isFirst: boolean
  matches: Match[]
  /** Those of them of which the database knows nothing, or something else. */
  changed: Set<Match>
  rows: PostRow[]
  unreadable: PostRow[]
  /** Rows whose file is gone, or is another's now. */
  released: number[]
  /** Posts that had their turn, whose files went just now and were not recognised in any other. */
  lost: PostRow[]
}

/** What is to be written down, and nothing written yet. */
function compare(
  read: Read,
  rows: PostRow[],
  alike: Map<string, number>,
  firstRound: Date | null,
  { config, now, facts }: { config: Config; now: Date; facts: IdentityMemory['facts'] },
): Changes {
  const isFirst = firstRound === null
  const { matches, unreadable } = matchPosts(read, rows, alike, config)
  const matched = new Set<PostRow>(unreadable)
  const kept = new Set<PostRow>(unreadable)
  const changed = new Set<Match>()
  let isReady = false
  for (const match of matches) {
    const { post, row } = match
    if (row) {
      matched.add(row)
      if (row.file === post.file) kept.add(row)
      isReady ||= !isFirst && isDue(match, config, now)
    }
    if (!row || differs(factsOf(post, row.id, facts), row)) changed.add(match)
  }
  const released = rows.filter((row) => row.file !== null && !kept.has(row)).map((row) => row.key)
  const isNeeded = isFirst || changed.size > 0 || isReady || released.length > 0
  const lost = rows.filter((row) => !matched.has(row) && wasMailed(row) && isRecent(row, now))
  return { isNeeded, isFirst, rows, matches, changed, unreadable, released, lost }
}

async function record(
  trx: Writer,
  changes: Changes,
  config: Config,
  now: Date,
): Promise<{ known: { post: ReadPost; row: PostRow }[]; touched: number[] }> {
  const { isFirst } = changes
  const taken = new Set(changes.rows.map((row) => row.id))
  for (const { post } of changes.matches) if (post.statedId !== null) taken.add(post.statedId)
  await releaseFiles(trx, changes.released, now)
  const released = new Set(changes.released)
  const rows = new Map<ReadPost, PostRow>()
  const fresh = new Map<string, { post: ReadPost; row: NewPost }>()
  for (const match of changes.matches) {
    const { post, row } = match
    if (row && !changes.changed.has(match) && !released.has(row.key)) {
      rows.set(post, row)
    } else if (row) {
      const changed = rowOf(post, row.id)
      await updatePost(trx, row.key, { ...changed, source: sourceOf(post) })
      rows.set(post, { ...row, ...changed })
    } else {
      const id = post.statedId ?? makeId(post, config, taken)
      taken.add(id)
      const first = { old: isFirst && isPublic(post, now), doubt: doubtOfNew(changes), edition: post.edition }
      fresh.set(id, { post, row: { ...rowOf(post, id), ...first, source: sourceOf(post) } })
    }
  }
  const inserted = await insertPosts(
    trx,
    Array.from(fresh.values(), ({ row }) => row),
    now,
  )
  for (const row of inserted) rows.set((fresh.get(row.id) as { post: ReadPost }).post, row)
  const known = changes.matches.map(({ post }) => ({ post, row: rows.get(post) as PostRow }))
  const ready = isFirst ? [] : readyPosts(known, config, now)
  if (isFirst) await recordFirstRound(trx, now)
  else await assignSequence(trx, ready)
  const changed = Array.from(changes.changed, ({ post }) => (rows.get(post) as PostRow).key)
  return { known, touched: [...changes.released, ...changed, ...ready.map(({ key }) => key)] }
}

/** The rows as they are now that some have been written. */
async function patched(
  trx: Writer,
  rows: PostRow[],
  touched: number[],
): Promise<{ stamp: string; rows: PostRow[] }> {
  const fresh = new Map((await readSomePostRows(trx, touched)).map((row) => [row.key, row]))
  const kept = rows.map((row) => {
    const read = fresh.get(row.key)
    fresh.delete(row.key)
    return read ?? row
  })
  return { stamp: await changeStamp(trx), rows: [...kept, ...fresh.values()] }
}

/** What the schedule may mail from now on, by date, so that posts of one round go out in the order they were written. */
function readyPosts(known: { post: ReadPost; row: PostRow }[], config: Config, now: Date): ReadyPost[] {
  const due = known
    .filter((match) => isDue(match, config, now))
    .toSorted((a, b) => a.post.date.getTime() - b.post.date.getTime())
  // What the author repeats on purpose is no import, and its date is known.
  const fresh = due.filter(({ row }) => !wasMailed(row))
  return due.map(({ post, row }) => ({
    key: row.key,
    edition: post.edition,
    doubt: wasMailed(row) ? null : doubtOfReady(post, fresh.length, now),
  }))
}

// Public, meant to be mailed, and unchanged for the settle time: nobody gets a half-saved file. Once each edition.
function isDue({ post, row }: Match, config: Config, now: Date): boolean {
  if (row !== null && !mayBeMailed(post, row)) return false
  const settled = now.getTime() - post.modified.getTime() >= config.newsletter.settleMs
  return post.mail && settled && isPublic(post, now)
}

function mayBeMailed(post: ReadPost, row: PostRow): boolean {
  return post.mail && (!wasMailed(row) || post.edition > row.edition)
}

/** Whether a post has had its turn: it was mailed, or counts as if it had been. */
function wasMailed(row: PostRow): boolean {
  return row.old === 1 || row.sequence !== null
}

function doubtOfReady(post: ReadPost, together: number, now: Date): string | null {
  const doubts: string[] = []
  const days = Math.floor((now.getTime() - post.date.getTime()) / (24 * 3_600_000))
  if (days > NEWS_DAYS) doubts.push(`"${post.title}" is dated ${days} days ago`)
  if (together > FEW) doubts.push(`${together} posts became new at once`)
  return doubts.length > 0 ? doubts.join('; ') : null
}

// A rename that also changed the text beyond recognition looks like one post that went and another that came.
function doubtOfNew({ isFirst, lost }: Changes): string | null {
  if (isFirst || lost.length === 0) return null
  const [first, ...others] = lost
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  return `it came as "${first?.title}"${more} went, and may be the same post with another text`
}

function isRecent(row: PostRow, now: Date): boolean {
  return row.file !== null || (row.gone_at !== null && now.getTime() - Date.parse(row.gone_at) <= RECENT_MS)
}

/** New files whose text is nearly that of a post whose file is gone: by file, the post's key. */
async function findAlike(
  db: Database,
  { matches }: Changes,
  rows: PostRow[],
  now: Date,
): Promise<Map<string, number>> {
  const fresh = matches
    .filter(({ post, row }) => row === null && post.statedId === null)
    .map(({ post }) => ({ file: post.file, post, runs: new Set<string>() }))
  const alike = new Map<string, number>()
  if (fresh.length === 0) return alike
  const matched = new Set(matches.flatMap(({ row }) => row?.key ?? []))
  const lost = rows.filter((row) => !matched.has(row.key) && isRecent(row, now)).slice(-MOST_COMPARED)
  if (lost.length === 0) return alike
  for (const post of fresh) post.runs = runsOf(sourceOf(post.post))
  for (const row of lost) {
    const runs = runsOf(await readPostSource(db, row.key))
    const [likest] = fresh
      .filter((post) => !alike.has(post.file))
      .map((post) => ({ file: post.file, share: likeness(runs, post.runs) }))
      .toSorted((a, b) => b.share - a.share)
    if (likest && likest.share >= ALIKE) alike.set(likest.file, row.key)
    // A folder that was exchanged as a whole takes seconds; mail and pages go on meanwhile.
    await setImmediate()
  }
  return alike
}

function matchPosts(
  read: Read,
  rows: PostRow[],
  alike: Map<string, number>,
  config: Config,
): { matches: Match[]; unreadable: PostRow[] } {
  const found = findUnchanged(read.posts, rows)
  const left = read.posts.filter((post) => !found.has(post))
  const taken = new Set(found.values())
  // What had a file until now comes before what has been gone for longer.
  const free = new Set(
    rows
      .filter((row) => !taken.has(row))
      .toSorted((a, b) => Number(a.file === null) - Number(b.file === null)),
  )
  const match = (
    indexRow: (row: PostRow) => string | null,
    indexPost: (post: ReadPost) => string | null,
    isSame: (post: ReadPost, row: PostRow) => boolean = () => true,
  ) => {
    const candidates = Map.groupBy(left.length > 0 ? free : [], indexRow)
    for (const post of left) {
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
  match(
    (row) => String(row.key),
    (post) => alike.get(post.file)?.toString() ?? null,
  )
  return { matches: read.posts.map((post) => ({ post, row: found.get(post) ?? null })), unreadable }
}

/**
 * The posts whose name and text are what they were, which most are in most rounds: steps 1 and 2, without looking
 * through all rows for each.
 */
function findUnchanged(posts: ReadPost[], rows: PostRow[]): Map<ReadPost, PostRow> {
  const stated = new Set(posts.map((post) => post.statedId))
  const rowOfFile = new Map(rows.map((row) => [row.file, row]))
  const found = new Map<ReadPost, PostRow>()
  for (const post of posts) {
    const row = rowOfFile.get(post.file)
    if (row?.hash !== post.hash) continue
    // An id that a post states goes to that post, whoever had it.
    if (post.statedId === null ? !stated.has(row.id) : post.statedId === row.id) found.set(post, row)
  }
  return found
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

/** A post from the text that the database keeps of it; null where that can no longer be read. */
export async function rereadLastGood(db: Reader, row: PostRow, config: Config): Promise<KnownPost | null> {
  const post = readPost(await readPostSource(db, row.key), {
    file: row.file as string,
    modified: new Date(row.modified_at),
    config,
  })
  // A newer Posthorn may ask more of a post than the one that kept it.
  return Array.isArray(post) ? null : makeKnown(post, row, true)
}

function makeKnown(post: ReadPost, row: PostRow, lastGood: boolean): KnownPost {
  return { ...post, id: row.id, key: row.key, lastGood }
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

function rowOf(post: ReadPost, id: string): Facts {
  const isOffered = post.mail && !post.draft
  return {
    id: post.statedId ?? id,
    file: post.file,
    slug: post.slug,
    title: post.title,
    date: time(post.date),
    hash: post.hash,
    modified_at: time(post.modified),
    tags: isOffered ? JSON.stringify(post.tags) : null,
    language: isOffered ? post.language : null,
  }
}

/** As `rowOf`, made once for each post that a process reads. */
function factsOf(post: ReadPost, id: string, facts: IdentityMemory['facts']): Facts {
  const known = facts.get(post)
  if (known && known.id === (post.statedId ?? id)) return known
  const made = rowOf(post, id)
  facts.set(post, made)
  return made
}

function differs(wanted: Facts, row: PostRow): boolean {
  return (Object.keys(wanted) as (keyof typeof wanted)[]).some((key) => wanted[key] !== row[key])
}

function asIs({ post, row }: Match): { post: ReadPost; row: PostRow } {
  return { post, row: row as PostRow }
}
