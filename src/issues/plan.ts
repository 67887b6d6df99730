/**
 * What goes out, to whom: decided here, written down by `deliveries/enqueue.ts`. Deciding reads the database and
 * changes nothing, so it can be done again at any time, by the worker each minute and by the author to see what
 * would happen. Only the worker's `planIssues` writes: it sets the slots of digests when it first sees them.
 */
import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import { UserError } from '../errors.ts'
import type { KnownPost } from '../posts/identity.ts'
import { isPublic, newestFirst } from '../posts/post.ts'
import type { Database, Reader } from '../store/database.ts'
import {
  type Audience,
  countLeftOut,
  type Group,
  groupOwed,
  type LeftOut,
  lowestSettled,
  type Offer,
  subscribersOwed,
} from '../store/owed.ts'
import { lastSequence, postsAfter, readDoubts } from '../store/posts.ts'
import { type DigestRhythm, keepSchedules, readSchedules, type Schedule } from '../store/schedules.ts'
import type { Where } from '../store/where.ts'
import { frameLanguage } from '../words/words.ts'
import { nextSlot, wantedSchedules } from './schedule.ts'

/** One issue that could be enqueued now. */
export type PlannedIssue = {
  kind: 'single' | 'digest'
  rhythm: DigestRhythm | null
  origin: 'schedule' | 'author'
  /** All posts it may hold, in the order they are shown. */
  posts: KnownPost[]
  audience: Audience
  offer: Offer
  groups: Group[]
  due: Date
  /** Why the schedule should not send it without a look by the author; null where nothing is odd. */
  hold: string | null
}

/** What one rhythm's readers are owed at the moment. */
export type Turn = {
  rhythm: 'instant' | DigestRhythm
  issues: PlannedIssue[]
  /** The slot of a digest that is due and the one after it. */
  slot: { at: Date; next: Date } | null
  /** Up to where its readers have been dealt with once the issues are enqueued, and what may still be owed. */
  through: number
  pending: number[]
}

/**
 * What the schedule owes: an issue for each new post to those who want every post at once, and a digest for each
 * rhythm whose hour has come. Nothing where nothing is new.
 */
export async function planIssues(
  db: Database,
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<Turn[]> {
  await keepSchedules(db, wantedSchedules(config, now))
  return foreseeIssues(db, posts, config, now, now)
}

/**
 * What the schedule would owe at a later moment, were nothing to change until then. Writes nothing: slots reckoned from
 * a moment to come would pass over all those before it.
 */
export async function foreseeIssues(
  db: Database,
  posts: KnownPost[],
  config: Config,
  at: Date,
  now: Date,
): Promise<Turn[]> {
  const turns: Turn[] = []
  const instant = await planTurn(db, 'instant', posts, config, at)
  if (instant) turns.push({ ...instant, slot: null })
  for (const { rhythm, next } of await upcomingSlots(db, config, now)) {
    if (next.getTime() > at.getTime()) continue
    const slot = {
      at: next,
      next: nextSlot(rhythm, config.newsletter.digests[rhythm], config.site.timeZone, at),
    }
    const turn = await planTurn(db, rhythm, posts, config, at)
    turns.push({ ...(turn ?? { rhythm, issues: [], through: 0, pending: [] }), slot })
  }
  return turns
}

/** When each digest is due next, and how many people are owed how many posts in it by now. */
export async function upcomingDigests(
  db: Database,
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<{ rhythm: DigestRhythm; at: Date; posts: KnownPost[]; recipients: number }[]> {
  return Promise.all(
    (await upcomingSlots(db, config, now)).map(async ({ rhythm, next }) => {
      const issue = (await planTurn(db, rhythm, posts, config, now))?.issues[0]
      return { rhythm, at: next, posts: issue?.posts ?? [], recipients: issue ? countRecipients(issue) : 0 }
    }),
  )
}

/** What the author sends by hand, and with `where` to whom of those who could get it. */
export type ByHand = (
  | { kind: 'posts'; posts: KnownPost[]; addressKeys: string[] | null }
  | { kind: 'digest'; rhythm: DigestRhythm }
) & { where?: Where }

/**
 * The issue that a manual send makes: these posts to everybody who is not paused (or to the named ones), or a
 * rhythm's digest ahead of its hour. A post goes to nobody who has it. Whom `where` leaves out of a digest is owed it
 * still, at its hour.
 */
export async function planByHand(
  db: Database,
  wanted: ByHand,
  posts: KnownPost[],
  config: Config,
  due: Date,
  now: Date,
): Promise<PlannedIssue> {
  const { where = [] } = wanted
  if (wanted.kind === 'digest') {
    const { rhythm } = wanted
    const issue = (await planTurn(db, rhythm, posts, config, now))?.issues[0]
    const audience: Audience = { kind: 'rhythm', rhythm, where }
    const nothing = { posts: [], offer: { keys: [], onlyOwed: true }, groups: [] }
    const content = issue && where.length > 0 ? await narrowed(db, issue, audience, config) : issue
    return { kind: 'digest', rhythm, ...(content ?? nothing), audience, origin: 'author', due, hold: null }
  }
  const chosen = newestFirst(wanted.posts) as KnownPost[]
  refuseUnmailable(chosen, now)
  const audience: Audience = { kind: 'all', addressKeys: wanted.addressKeys, where }
  const offer = { keys: chosen.map((post) => post.key), onlyOwed: false }
  const groups = await groupsOwed(db, audience, offer, config)
  const kind = chosen.length === 1 ? 'single' : 'digest'
  return { kind, rhythm: null, origin: 'author', posts: chosen, audience, offer, groups, due, hold: null }
}

/** What is left of a digest for fewer people; all its posts where nobody is, so that it can be told what they miss. */
async function narrowed(
  db: Reader,
  { offer, posts }: PlannedIssue,
  audience: Audience,
  config: Config,
): Promise<Pick<PlannedIssue, 'offer' | 'posts' | 'groups'>> {
  const groups = await groupsOwed(db, audience, offer, config)
  const held = new Set(groups.flatMap((group) => group.keys))
  return { offer, groups, posts: groups.length === 0 ? posts : posts.filter((post) => held.has(post.key)) }
}

/** Everybody who gets something of an offer, by what they get and the language they are spoken to in, most first. */
export function groupsOwed(db: Reader, audience: Audience, offer: Offer, config: Config): Promise<Group[]> {
  return groupOwed(db, audience, offer, (theirs) => frameLanguage(theirs, config.site.language))
}

export function countRecipients(issue: PlannedIssue): number {
  return issue.groups.reduce((sum, group) => sum + group.count, 0)
}

/** How many people are spoken to in which language, most first. */
export function countLanguages(issue: PlannedIssue): [language: string, count: number][] {
  const counts = new Map<string, number>()
  for (const { language, count } of issue.groups) counts.set(language, (counts.get(language) ?? 0) + count)
  return [...counts].toSorted(([, one], [, other]) => other - one)
}

/** Who is not among the recipients, and why. */
export function leftOut(db: Reader, issue: PlannedIssue): Promise<LeftOut> {
  return countLeftOut(db, issue.audience, issue.offer)
}

/**
 * A short name for exactly this content to exactly these people: the same as long as neither changes.
 *
 * @param printed what is sent beside the posts: the renditions and the sender
 */
export async function planId(db: Reader, issue: PlannedIssue, printed: unknown): Promise<string> {
  const hash = createHash('sha256')
  const content = issue.posts.map((post) => [post.id, post.hash])
  hash.update(JSON.stringify([issue.kind, issue.rhythm, content, printed]))
  if (issue.offer.keys.length > 0) {
    for await (const { id, language, posts } of subscribersOwed(db, issue.audience, issue.offer))
      hash.update(`\n${id} ${language} ${posts}`)
  }
  return hash.digest('hex').slice(0, 10)
}

// The kept slot, which may be past where no worker ran; else the one that the worker will keep.
async function upcomingSlots(db: Database, config: Config, now: Date): Promise<Schedule[]> {
  const kept = await readSchedules(db)
  return wantedSchedules(config, now).map(
    (wanted) => kept.find((row) => row.rhythm === wanted.rhythm && row.hour === wanted.hour) ?? wanted,
  )
}

async function planTurn(
  db: Reader,
  rhythm: Turn['rhythm'],
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<Omit<Turn, 'slot'> | null> {
  const through = await lastSequence(db)
  const lowest = await lowestSettled(db, rhythm)
  if (lowest === null || lowest >= through) return null
  const byKey = new Map(posts.map((post) => [post.key, post]))
  // Whatever keeps a post from being mailed at the moment, it is owed still and nobody moves on past it: its file cannot
  // be read, it became a draft again, its date was put off, or another process has seen it and this one has not.
  const pending = (await postsAfter(db, lowest)).map(({ key }) => key)
  const mailable = pending.flatMap((key) => byKey.get(key) ?? []).filter((post) => isMailable(post, now))
  const issues =
    rhythm === 'instant'
      ? await planSingles(db, mailable, config, now)
      : await planDigest(db, rhythm, mailable, config, now)
  return { rhythm, issues, through, pending }
}

async function planSingles(
  db: Reader,
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<PlannedIssue[]> {
  const audience: Audience = { kind: 'rhythm', rhythm: 'instant' }
  const doubts = await readDoubts(
    db,
    posts.map((post) => post.key),
  )
  const issues: PlannedIssue[] = []
  for (const post of posts) {
    const offer = { keys: [post.key], onlyOwed: true }
    const groups = await groupsOwed(db, audience, offer, config)
    if (groups.length === 0) continue
    issues.push({
      kind: 'single',
      rhythm: null,
      origin: 'schedule',
      posts: [post],
      audience,
      offer,
      groups,
      due: now,
      hold: doubts.get(post.key) ?? null,
    })
  }
  return issues
}

async function planDigest(
  db: Reader,
  rhythm: DigestRhythm,
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<PlannedIssue[]> {
  const audience: Audience = { kind: 'rhythm', rhythm }
  const shown = newestFirst(posts) as KnownPost[]
  const offer = { keys: shown.map((post) => post.key), onlyOwed: true }
  const groups = await groupsOwed(db, audience, offer, config)
  if (groups.length === 0) return []
  const held = new Set(groups.flatMap((group) => group.keys))
  const doubts = await readDoubts(db, [...held])
  return [
    {
      kind: 'digest',
      rhythm,
      origin: 'schedule',
      posts: shown.filter((post) => held.has(post.key)),
      audience,
      offer,
      groups,
      due: now,
      hold: doubts.size > 0 ? [...new Set(doubts.values())].join('; ') : null,
    },
  ]
}

/** True for a post that may go out now. */
export function isMailable(post: KnownPost, now: Date): boolean {
  return isPublic(post, now) && post.mail && !post.lastGood
}

function whyNot(post: KnownPost, now: Date): [why: string, hint: string] | null {
  if (post.lastGood)
    return ['its file cannot be read at the moment', 'mend the fault that `posthorn status` names']
  if (post.draft) return ['it is a draft', 'take "draft: true" out of its front matter']
  if (!isPublic(post, now))
    return ['its date is still to come', 'wait, and it is mailed by itself; or change its date']
  if (!post.mail) return ['its front matter says "mail: false"', 'take that out']
  return null
}

function refuseUnmailable(posts: KnownPost[], now: Date): void {
  for (const post of posts) {
    const found = whyNot(post, now)
    if (!found) continue
    const [why, hint] = found
    throw new UserError(`"${post.title}" is not mailed: ${why}`, {
      hint: `${hint}; \`--test ADDRESS\` sends it to one address as a test`,
    })
  }
}
