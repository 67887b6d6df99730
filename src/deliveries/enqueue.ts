/**
 * From a decision to deliveries. What a planned issue says is rendered first, since rendering takes time; then the
 * issue, its renditions and one delivery for each person are written in one transaction, and so is that these posts
 * are theirs now. Who is owed what is asked again inside it: where another process was faster, nobody is left and
 * nothing is written.
 */
import type { Config } from '../config.ts'
import type { PlannedIssue, Turn } from '../issues/plan.ts'
import { withMjml } from '../mail/mjml.ts'
import { type Press, type Rendition, renderConfirmation, renderDigest, renderIssue } from '../mail/render.ts'
import type { KnownPost } from '../posts/identity.ts'
import { type Database, time, type Writer, write } from '../store/database.ts'
import { insertDelivery } from '../store/deliveries.ts'
import { insertIssue } from '../store/issues.ts'
import { enqueueGroup, groupOwed, settleRhythm } from '../store/owed.ts'
import { insertRendition, sameRendition } from '../store/renditions.ts'
import { takeSlot } from '../store/schedules.ts'
import type { DeliveryKind } from '../store/schema.ts'

/** An issue that was enqueued. */
export type Enqueued = {
  number: number
  kind: PlannedIssue['kind']
  subject: string
  recipients: number
  posts: KnownPost[]
}

/** What the people of one group get, `keys` being their posts as the database names the group. */
export type Printed = { keys: string; rendition: Rendition }

/** Enqueues what the schedule owes, and moves its readers and slots on. */
export async function enqueueDeliveries(
  db: Database,
  turns: Turn[],
  config: Config,
  now: Date,
): Promise<Enqueued[]> {
  const enqueued: Enqueued[] = []
  await withMjml(async (mjml) => {
    const press = { ...config, language: config.site.language, mjml }
    for (const turn of turns) {
      for (const issue of turn.issues) {
        const printed = await print(issue, press)
        const done = await write(db, async (trx) => {
          if (turn.slot && !(await takeTurnSlot(trx, turn))) return null
          const number = await enqueue(trx, issue, printed, now)
          if (turn.slot) await settleTurn(trx, turn)
          return number
        })
        if (done) enqueued.push(done)
      }
      if (turn.slot && turn.issues.length > 0) continue
      await write(db, async (trx) => {
        if (turn.slot && !(await takeTurnSlot(trx, turn))) return
        await settleTurn(trx, turn)
      })
    }
  })
  return enqueued
}

/** Renders an issue, one rendition for each group: what the author sees before they send it is what is sent. */
export async function printIssue(issue: PlannedIssue, config: Config): Promise<Printed[]> {
  if (issue.groups.length === 0) return []
  return withMjml((mjml) => print(issue, { ...config, language: config.site.language, mjml }))
}

/**
 * Enqueues one issue of the author's as it was rendered.
 *
 * @returns null where nobody is left to send it to
 */
export async function enqueueByHand(
  db: Database,
  issue: PlannedIssue,
  printed: Printed[],
  now: Date,
): Promise<Enqueued | null> {
  return write(db, (trx) => enqueue(trx, issue, printed, now))
}

/** Enqueues posts as a test: to one address, of no issue, counted for nobody. Returns the delivery's id. */
export async function enqueueTest(
  db: Database,
  posts: KnownPost[],
  address: string,
  config: Config,
  now: Date,
): Promise<number> {
  const rendition = await withMjml((mjml) =>
    printPosts(posts, { ...config, language: config.site.language, mjml }),
  )
  const marked = { ...rendition, subject: `[Test] ${rendition.subject}` }
  return write(db, async (trx) => {
    const id = await insertRendition(trx, null, kept(marked, 'test', config.site.language, now))
    return insertDelivery(trx, { kind: 'test', subscriber: null, rendition: id, address, name: '' }, now)
  })
}

/** What a confirmation says, rendered; the caller enqueues it in the transaction that records who asked. */
export async function printConfirmation(config: Config): Promise<Rendition> {
  return withMjml((mjml) => renderConfirmation({ ...config, language: config.site.language, mjml }))
}

/** Enqueues a confirmation. The same rendition serves everybody until the template or the site's words change. */
export async function enqueueConfirmation(
  trx: Writer,
  person: { id: number; address: string; name: string },
  printed: Rendition,
  config: Config,
  now: Date,
): Promise<number> {
  const row = kept(printed, 'confirmation', config.site.language, now)
  const rendition = (await sameRendition(trx, row)) ?? (await insertRendition(trx, null, row))
  const { id: subscriber, address, name } = person
  return insertDelivery(trx, { kind: 'confirmation', subscriber, rendition, address, name }, now)
}

async function print(issue: PlannedIssue, press: Press): Promise<Printed[]> {
  const byKey = new Map(issue.posts.map((post) => [post.key, post]))
  const printed: Printed[] = []
  for (const { keys } of issue.groups) {
    const posts = keys.map((key) => byKey.get(key) as KnownPost)
    const rendition =
      issue.kind === 'single' ? await printPosts(posts, press) : await renderDigest(posts, press)
    printed.push({ keys: keys.join(','), rendition })
  }
  return printed
}

function printPosts(posts: KnownPost[], press: Press): Promise<Rendition> {
  return posts.length === 1 ? renderIssue(posts[0] as KnownPost, press) : renderDigest(posts, press)
}

async function enqueue(
  trx: Writer,
  issue: PlannedIssue,
  printed: Printed[],
  now: Date,
): Promise<Enqueued | null> {
  const groups = (await groupOwed(trx, issue.audience, issue.offer)).flatMap((group) => {
    // Somebody whose share changed since it was rendered is still owed it, and gets it in the next round.
    const match = printed.find((each) => each.keys === group.keys.join(','))
    return match ? [{ group, rendition: match.rendition }] : []
  })
  const first = groups[0]
  if (!first) return null
  const { kind, rhythm, origin, due } = issue
  const { subject } = first.rendition
  const posts = issue.posts.map((post) => post.key)
  const number = await insertIssue(trx, { kind, rhythm, origin, subject, posts, due }, now)
  let recipients = 0
  for (const { group, rendition } of groups) {
    const row = kept(rendition, 'issue', issue.posts[0]?.language ?? 'en', now)
    const id = await insertRendition(trx, number, row)
    recipients += await enqueueGroup(trx, issue.audience, issue.offer, group, {
      number,
      rendition: id,
      due: time(due),
    })
  }
  return { number, kind, subject, recipients, posts: issue.posts }
}

function takeTurnSlot(trx: Writer, turn: Turn): Promise<boolean> {
  if (turn.rhythm === 'instant' || !turn.slot) return Promise.resolve(true)
  return takeSlot(trx, turn.rhythm, turn.slot.at, turn.slot.next)
}

async function settleTurn(trx: Writer, turn: Turn): Promise<void> {
  await settleRhythm(trx, turn.rhythm, turn.through, turn.pending)
}

function kept(rendition: Rendition, kind: DeliveryKind, language: string, now: Date) {
  return { ...rendition, kind, language, created_at: time(now) }
}
