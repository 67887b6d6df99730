/**
 * From a decision to deliveries. What a planned issue says is rendered first, since rendering takes time; then the
 * issue, its renditions and one delivery for each person are written in one transaction, and so is that these posts
 * are theirs now. Who is owed what is asked again inside it: where another process was faster, nobody is left and
 * nothing is written.
 */
import { keyOf } from '../address.ts'
import type { Config } from '../config.ts'
import { UserError } from '../errors.ts'
import { inOrder, isMailable, type PlannedIssue, type Turn } from '../issues/plan.ts'
import { nextRun } from '../issues/schedule.ts'
import type { Rendition } from '../mail/frame.ts'
import { withMjml } from '../mail/mjml.ts'
import { shownFile } from '../posts/find.ts'
import type { KnownPost } from '../posts/identity.ts'
import { type Database, time, type Writer, write } from '../store/database.ts'
import { countDeliveries, insertDelivery, redateQueued } from '../store/deliveries.ts'
import { insertIssue, moveIssue, postsOf, readIssue, renameIssue } from '../store/issues.ts'
import type { Journal } from '../store/journal.ts'
import { issueLine, type JournalIssue, stateLine } from '../store/journal-lines.ts'
import { enqueueGroup, moveSlots, recordShares, settle, withOwed } from '../store/owed.ts'
import { clearDoubts } from '../store/posts.ts'
import { insertRendition, renditionsOf, replaceRendition, sameRendition } from '../store/renditions.ts'
import type { DeliveryKind } from '../store/schema.ts'
import { findSubscriber } from '../store/subscribers.ts'
import { frameLanguage } from '../words/words.ts'
import { holdReason, inspectIssue } from './inspect.ts'
import { type Printed, printAs, printGroups, printPosts } from './print.ts'

/** An issue that was enqueued. */
export type Enqueued = {
  /** Why it waits for the author; null where it goes by itself. */
  hold: string | null
  number: number
  kind: PlannedIssue['kind']
  subject: string
  recipients: number
  posts: KnownPost[]
}

/** What enqueuing needs of a site. */
type Desk = { db: Database; journal: Journal; config: Config }

/** Enqueues what the schedule owes, and moves its readers and their slots on. What a guard holds waits for the author. */
export async function enqueueDeliveries(desk: Desk, turns: Turn[], now: Date): Promise<Enqueued[]> {
  const { db, config } = desk
  const enqueued: Enqueued[] = []
  await withMjml(async (mjml) => {
    const press = { ...config, mjml }
    for (const turn of turns) {
      const [digest] = turn.audience.kind === 'due' ? turn.issues : []
      for (const issue of turn.issues) {
        const printed = await printGroups(issue, press)
        const hold = holdReason(issue, await inspectIssue(issue, printed, config, now))
        const done = await write(db, async (trx) => {
          const done = await enqueue(trx, desk, { ...issue, hold }, printed, now)
          // With the digest, or a crash in between would have it due again.
          if (issue === digest) await moveOn(trx, turn, config, now)
          return done
        })
        if (done) enqueued.push(done)
      }
      if (!digest) await write(db, (trx) => moveOn(trx, turn, config, now))
    }
  })
  return enqueued
}

/** Moves those whose turn it was past what was decided for them, and to their next slots. */
async function moveOn(
  trx: Writer,
  { audience, from, through, pending, ready }: Turn,
  config: Config,
  now: Date,
): Promise<void> {
  await settle(trx, audience, { from, through }, pending)
  if (audience.kind !== 'due') return
  const { rhythm } = audience
  // Who wants every post at once has had what gathered, and the next one comes by itself.
  await moveSlots(trx, audience, from, ready, (hours) =>
    rhythm === 'instant' ? null : nextRun(rhythm, hours, null, config, now),
  )
}

/**
 * Enqueues one issue of the author's as it was rendered.
 *
 * @returns null where nobody is left to send it to
 */
export async function enqueueByHand(
  desk: Desk,
  issue: PlannedIssue,
  printed: Printed[],
  now: Date,
): Promise<Enqueued | null> {
  return write(desk.db, (trx) => enqueue(trx, desk, issue, printed, now))
}

/**
 * Lets a held issue go, rendered anew: what the author mended while it was held is what goes out.
 *
 * @param posts as they are now
 * @throws UserError where a post of it can no longer be mailed
 */
export async function releaseIssue(
  desk: Desk,
  number: number,
  posts: KnownPost[],
  now: Date,
): Promise<boolean> {
  const { db, journal, config } = desk
  const issue = await readIssue(db, number)
  if (issue?.state !== 'held') return false
  const byKey = new Map(posts.map((post) => [post.key, post]))
  const counts = await countDeliveries(db, number)
  // An issue held half-way, for want of its journal, goes on as it began: nobody's copy differs from another's.
  const isUntouched = counts.sent + counts.sending + counts.failed + counts.unknown === 0
  const renditions = isUntouched ? await renditionsOf(db, number) : []
  const printed = await withMjml(async (mjml) => {
    const anew: PrintedRow[] = []
    for (const { id, posts, language } of renditions) {
      // What an older Posthorn made does not say what it shows, and shows what it showed.
      if (!posts) continue
      const keys = posts.split(',').map(Number)
      const shown = keys.map((key) => mailable(byKey.get(key), number, config, now))
      const { kind, rhythm } = issue
      const press = { ...config, mjml, rhythm, language: frameLanguage(language, config.site.language) }
      const rendition = await printAs(kind, shown, press)
      anew.push({ ...rendition, id, keys, language })
    }
    return anew
  })
  return write(db, async (trx) => {
    const state = new Date(issue.due_at) <= now ? 'sending' : 'planned'
    if (!(await moveIssue(trx, number, ['held'], state, null))) return false
    for (const each of printed) await replaceRendition(trx, each.id, each)
    const keys = await postsOf(trx, number)
    await clearDoubts(trx, keys)
    if (isUntouched) await redateQueued(trx, number, now)
    const [first] = printed
    if (!first) {
      await journal.append(trx, [stateLine(number, state)])
      return true
    }
    await renameIssue(trx, number, first.subject)
    const { kind, rhythm, origin, due_at: due } = issue
    const about = { number, kind, rhythm, origin, subject: first.subject, due, hold: null }
    const posts = keys.flatMap((key) => byKey.get(key) ?? [])
    await journal.append(trx, [toldIssue(about, posts, printed)])
    return true
  })
}

function mailable(post: KnownPost | undefined, number: number, config: Config, now: Date): KnownPost {
  if (post && isMailable(post, now)) return post
  const what = post ? `"${post.title}" (${shownFile(config, post.file)})` : 'a post of it'
  throw new UserError(`issue #${number} cannot go: ${what} is gone, hidden, not for mail or cannot be read`, {
    hint: `mend the post, or drop the issue with \`posthorn issues cancel ${number}\``,
  })
}

/**
 * Enqueues posts as a test: to one address, of no issue, counted for nobody. A subscriber's is in their language.
 * Returns the delivery's id.
 */
export async function enqueueTest(
  db: Database,
  posts: KnownPost[],
  address: string,
  config: Config,
  now: Date,
): Promise<number> {
  const theirs = await findSubscriber(db, keyOf(address))
  const language = frameLanguage(theirs?.language ?? config.site.language, config.site.language)
  const rendition = await withMjml((mjml) => printPosts(posts, { ...config, language, mjml }))
  const marked = { ...rendition, subject: `[Test] ${rendition.subject}` }
  return write(db, async (trx) => {
    const id = await insertRendition(trx, null, kept(marked, 'test', language, now))
    return insertDelivery(trx, { kind: 'test', subscriber: null, rendition: id, address, name: '' }, now)
  })
}

/**
 * Enqueues a mail about the subscription itself, in the transaction that it tells of. The same rendition serves everybody
 * until the template or the site's words change.
 */
export async function enqueuePersonal(
  trx: Writer,
  kind: 'confirmation' | 'welcome' | 'moved',
  person: { id: number; address: string; name: string },
  printed: Rendition,
  language: string,
  now: Date,
): Promise<number> {
  const row = kept(printed, kind, language, now)
  const rendition = (await sameRendition(trx, row)) ?? (await insertRendition(trx, null, row))
  const { id: subscriber, address, name } = person
  return insertDelivery(trx, { kind, subscriber, rendition, address, name }, now)
}

async function enqueue(
  trx: Writer,
  { journal, config }: Desk,
  issue: PlannedIssue,
  printed: Printed[],
  now: Date,
): Promise<Enqueued | null> {
  const spokenIn = (theirs: string) => frameLanguage(theirs, config.site.language)
  return withOwed(trx, issue.audience, issue.offer, spokenIn, async (owed) => {
    const renditions = new Map(printed.map((each) => [`${each.keys} ${each.language}`, each.rendition]))
    const groups = inOrder(owed, config.site.language).flatMap((group) => {
      // Somebody whose share changed since it was rendered is still owed it: at the next round, or the next slot.
      const rendition = renditions.get(`${group.keys.join(',')} ${group.language}`)
      return rendition ? [{ group, rendition }] : []
    })
    const first = groups[0]
    if (!first) return null
    const { kind, rhythm, origin, due, hold } = issue
    const { subject } = first.rendition
    const posts = issue.posts.map((post) => post.key)
    const number = await insertIssue(trx, { kind, rhythm, origin, subject, posts, due, hold }, now)
    const printedRows: PrintedRow[] = []
    let recipients = 0
    for (const { group, rendition } of groups) {
      const row = kept(rendition, 'issue', group.language, now, group.keys)
      const id = await insertRendition(trx, number, row)
      printedRows.push({ ...row, id, keys: group.keys })
      recipients += await enqueueGroup(trx, group, { number, rendition: id, due: time(due) })
    }
    await recordShares(trx, number)
    const about = { number, kind, rhythm, origin, subject, due: time(due), hold }
    await journal.append(trx, [toldIssue(about, issue.posts, printedRows)])
    return { number, kind, subject, recipients, posts: issue.posts, hold }
  })
}

type PrintedRow = Rendition & { id: number; keys: number[]; language: string }

/** An issue as the journal is told of it: enough to make it again. */
function toldIssue(
  about: Omit<JournalIssue, 'posts' | 'renditions'>,
  posts: KnownPost[],
  printed: PrintedRow[],
): string {
  const idOf = new Map(posts.map((post) => [post.key, post.id]))
  return issueLine({
    ...about,
    posts: posts.map(({ id, file, slug, title, date, hash, edition }) => ({
      ...{ id, file, slug, title, hash, edition },
      date: time(date),
    })),
    renditions: printed.map(({ id, keys, language, subject, html, text }) => ({
      ...{ id, language, subject, html, text },
      posts: keys.map((key) => idOf.get(key) ?? ''),
    })),
  })
}

function kept(rendition: Rendition, kind: DeliveryKind, language: string, now: Date, posts: number[] = []) {
  return {
    ...rendition,
    kind,
    language,
    created_at: time(now),
    posts: posts.length > 0 ? posts.join(',') : null,
  }
}
