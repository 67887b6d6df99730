/**
 * What goes out, to whom: decided here, written down by `deliveries/enqueue.ts`. Deciding reads the database and
 * changes nothing, so it can be done again at any time, by the worker each minute and by the author to see what
 * would happen. What is written is when new readers' digests are due, which whoever looks first reckons for all.
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
  type Offered,
  subscribersOwed,
  type Waiting,
} from '../store/owed.ts'
import { lastSequence, postsAfter, readDoubts } from '../store/posts.ts'
import { type DigestRhythm, firstSlot } from '../store/schedules.ts'
import type { Where } from '../store/where.ts'
import { frameLanguage } from '../words/words.ts'
import { keepSlots, nextSlot } from './schedule.ts'

/** A file that went this recently may come back: a folder is exchanged as a whole, a post is put aside for an evening. */
const BACK_SOON_MS = 24 * 3_600_000

const DIGESTS: readonly DigestRhythm[] = ['daily', 'weekly', 'monthly']

/** One issue that could be enqueued now. */
export type PlannedIssue = {
  kind: 'single' | 'digest'
  rhythm: DigestRhythm | null
  origin: 'schedule' | 'author'
  /** All posts it may hold, newest first. */
  posts: KnownPost[]
  audience: Audience
  offer: Offer
  groups: Group[]
  due: Date
  /** Why the schedule should not send it without a look by the author; null where nothing is odd. */
  hold: string | null
}

/** What the readers of one rhythm are owed at a moment: those who want every post at once, or those whose slot has come. */
export type Turn = {
  audience: Waiting
  issues: PlannedIssue[]
  /**
   * What was looked at for them: all that took its place in the order of mailing after `from`, up to `through`. Whose turn
   * it became since then, and who waits at an earlier place, was not looked at.
   */
  from: number
  through: number
  /** Of that, what may be owed still once the issues are enqueued, and what could be mailed. */
  pending: Offered[]
  ready: Offered[]
}

/**
 * What the schedule owes: an issue for each new post to those who want every post at once, and a digest to those whose
 * slot has come. Nothing where nothing is new.
 */
export function planIssues(db: Database, posts: KnownPost[], config: Config, now: Date): Promise<Turn[]> {
  return foreseeIssues(db, posts, config, now, now)
}

/**
 * What the schedule would owe at a later moment, were nothing to change until then. Slots are reckoned from now all the
 * same: reckoned from a moment to come, they would pass over all those before it.
 */
export async function foreseeIssues(
  db: Database,
  posts: KnownPost[],
  config: Config,
  at: Date,
  now: Date,
): Promise<Turn[]> {
  await keepSlots(db, config, now)
  const audiences: Waiting[] = [
    { kind: 'instant' },
    ...(['instant', ...DIGESTS] as const).map((rhythm) => ({ kind: 'due' as const, rhythm, by: at })),
  ]
  const turns: Turn[] = []
  for (const audience of audiences) {
    const turn = await planTurn(db, audience, posts, config, at)
    if (turn) turns.push(turn)
  }
  return turns
}

export type Upcoming = {
  rhythm: DigestRhythm
  /** The first slot that anybody of the rhythm has; the site's own where nobody has the rhythm. */
  at: Date
  /** What is owed by now to those who have that slot, and how many they are. */
  posts: KnownPost[]
  recipients: number
  /** How many readers of the rhythm have a later slot. */
  later: number
}

/** When each digest is due next, and how many people are owed how many posts in it by now. */
export async function upcomingDigests(
  db: Database,
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<Upcoming[]> {
  await keepSlots(db, config, now)
  return Promise.all(
    DIGESTS.map(async (rhythm) => {
      const first = await firstSlot(db, rhythm)
      const at = first?.at ?? nextSlot(rhythm, config.newsletter.digests[rhythm], config.site.timeZone, now)
      const turn = await planTurn(db, { kind: 'due', rhythm, by: at }, posts, config, now)
      const issue = turn?.issues[0]
      return {
        rhythm,
        at,
        posts: issue?.posts ?? [],
        recipients: issue ? countRecipients(issue) : 0,
        later: first?.later ?? 0,
      }
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
    const everybody: Audience = { kind: 'rhythm', rhythm, at: now }
    const issue = (await planTurn(db, everybody, posts, config, now))?.issues[0]
    const audience: Audience = { ...everybody, where }
    const nothing = { posts: [], offer: { posts: [], onlyOwed: true }, groups: [] }
    const content = issue && where.length > 0 ? await narrowed(db, issue, audience, config) : issue
    return { kind: 'digest', rhythm, ...(content ?? nothing), audience, origin: 'author', due, hold: null }
  }
  const chosen = newestFirst(wanted.posts) as KnownPost[]
  refuseUnmailable(chosen, now)
  const { addressKeys } = wanted
  const audience: Audience = addressKeys
    ? { kind: 'named', addressKeys, where }
    : { kind: 'all', at: now, where }
  const offer = { posts: chosen.map(offeredPost), onlyOwed: false }
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

/** Everybody who gets something of an offer, by what they get and the language they are spoken to in. */
async function groupsOwed(db: Reader, audience: Audience, offer: Offer, { site }: Config): Promise<Group[]> {
  return inOrder(
    await groupOwed(db, audience, offer, (theirs) => frameLanguage(theirs, site.language)),
    site.language,
  )
}

/** Most first; of as many the site's own language, since the first names the issue to its author. */
export function inOrder(groups: Group[], own: string): Group[] {
  const isOwn = ({ language }: Group) => Number(language === own)
  return groups.toSorted((one, other) => other.count - one.count || isOwn(other) - isOwn(one))
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
  if (issue.offer.posts.length > 0) {
    for await (const { id, language, posts } of subscribersOwed(db, issue.audience, issue.offer))
      hash.update(`\n${id} ${language} ${posts}`)
  }
  return hash.digest('hex').slice(0, 10)
}

/** @returns null where nobody is waiting for anything: with no slot to move, and nothing new */
async function planTurn<Theirs extends Audience>(
  db: Reader,
  audience: Theirs,
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<(Omit<Turn, 'audience'> & { audience: Theirs }) | null> {
  const through = await lastSequence(db)
  const lowest = await lowestSettled(db, audience)
  if (lowest === null) return null
  if (lowest >= through)
    return audience.kind === 'due'
      ? { audience, issues: [], from: lowest, through, pending: [], ready: [] }
      : null
  const byKey = new Map(posts.map((post) => [post.key, post]))
  const behind = (await postsAfter(db, lowest, new Date(now.getTime() - BACK_SOON_MS))).map(({ key }) => ({
    key,
    post: byKey.get(key),
  }))
  const isReady = (post: KnownPost | undefined) => post !== undefined && isMailable(post, now)
  // Whatever keeps a post from being mailed at the moment, it is owed still and nobody moves on past it: its file cannot
  // be read or went a moment ago, it became a draft again, its date was put off, or another process has seen it and this
  // one has not.
  const pending = behind.map(({ key, post }) =>
    post && isReady(post) ? offeredPost(post) : { key, tags: null, language: null },
  )
  const mailable = behind.flatMap(({ post }) => post ?? []).filter(isReady)
  const issues =
    audience.kind === 'instant'
      ? await planSingles(db, audience, mailable, config, now)
      : await planDigest(db, audience, mailable, config, now)
  return { audience, issues, from: lowest, through, pending, ready: mailable.map(offeredPost) }
}

function offeredPost({ key, tags, language }: KnownPost): Offered {
  return { key, tags, language }
}

async function planSingles(
  db: Reader,
  audience: Audience,
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<PlannedIssue[]> {
  const doubts = await readDoubts(
    db,
    posts.map((post) => post.key),
  )
  const issues: PlannedIssue[] = []
  for (const post of posts) {
    const offer = { posts: [offeredPost(post)], onlyOwed: true }
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
  audience: Audience,
  posts: KnownPost[],
  config: Config,
  now: Date,
): Promise<PlannedIssue[]> {
  const ordered = newestFirst(posts) as KnownPost[]
  const offer = { posts: ordered.map(offeredPost), onlyOwed: true }
  const groups = await groupsOwed(db, audience, offer, config)
  if (groups.length === 0) return []
  const held = new Set(groups.flatMap((group) => group.keys))
  const shown = ordered.filter((post) => held.has(post.key))
  const doubts = await readDoubts(db, [...held])
  const rhythm = 'rhythm' in audience && audience.rhythm !== 'instant' ? audience.rhythm : null
  return [
    {
      // Who was away and missed one post gets it as if they had been there.
      kind: rhythm === null && shown.length === 1 ? 'single' : 'digest',
      rhythm,
      origin: 'schedule',
      posts: shown,
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
