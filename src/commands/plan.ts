import { checkAddress } from '../address.ts'
import { type Finding, hasErrors } from '../check/finding.ts'
import { holdReason, inspectIssue } from '../deliveries/inspect.ts'
import { type Printed, printIssue } from '../deliveries/print.ts'
import { describeFault, type Fault, UsageError, UserError } from '../errors.ts'
import {
  type ByHand,
  countLanguages,
  countRecipients,
  foreseeIssues,
  leftOut,
  type PlannedIssue,
  planByHand,
  planId,
  upcomingDigests,
} from '../issues/plan.ts'
import { readDate } from '../posts/date.ts'
import { shownFile } from '../posts/find.ts'
import type { Identified, KnownPost } from '../posts/identity.ts'
import { isPublic } from '../posts/post.ts'
import { emptyMemory, lookAtPosts } from '../round.ts'
import type { Site } from '../site.ts'
import type { LeftOut } from '../store/owed.ts'
import { readPostRows } from '../store/posts.ts'
import type { DigestRhythm } from '../store/schedules.ts'
import { findSubscriber } from '../store/subscribers.ts'
import { count, moment, size, table } from '../terminal.ts'
import { findingLines } from './check.ts'
import { findPost } from './find-post.ts'
import { type Context, EXIT } from './main.ts'

export type PlanOptions = {
  digest?: DigestRhythm
  at?: string
  to?: string[]
  anyway?: boolean
  json?: boolean
}

/** One issue, decided, rendered and looked at, with the id that names exactly this. */
export type Plan = {
  issue: PlannedIssue
  printed: Printed[]
  findings: Finding[]
  left: LeftOut
  id: string
}

/** What would be sent. Nothing is. */
export async function plan(context: Context, names: string[], options: PlanOptions): Promise<number> {
  return context.withSite(async (site) => {
    const seen = await lookAtPosts(site, emptyMemory())
    tellSeen(context, seen)
    if (names.length === 0 && !options.digest) return planSchedule(context, site, seen, options)
    const made = await planIssue(site, seen.posts, names, options, context.surroundings.folder)
    if (options.json) context.terminal.json(planJson(made))
    else for (const line of planLines(made, site)) context.terminal.out(line)
    tellFindings(context, made, options)
    return EXIT.done
  })
}

/**
 * Decides and renders what a manual send would send.
 *
 * @throws UserError for names that are no post, addresses that are no subscriber's, times that cannot be read
 */
export async function planIssue(
  site: Site,
  posts: KnownPost[],
  names: string[],
  options: PlanOptions,
  folder: string,
): Promise<Plan> {
  const now = site.now()
  const due = options.at === undefined ? now : readTime(options.at, site)
  if (options.digest && names.length > 0)
    throw new UsageError('either posts or --digest can be named, not both', { hint: 'run it once for each' })
  if (options.digest && options.to)
    throw new UsageError('--to goes with posts, a digest is for all of its rhythm', {
      hint: 'name the posts to send',
    })
  const wanted: ByHand = options.digest
    ? { kind: 'digest', rhythm: options.digest }
    : {
        kind: 'posts',
        posts: [...new Set(names.map((name) => findPost(posts, name, site, folder)))],
        addressKeys: options.to ? await subscriberKeys(site, options.to) : null,
      }
  const issue = await planByHand(site.db, wanted, posts, site.config, due, now)
  const printed = await printIssue(issue, site.config)
  return {
    issue,
    printed,
    findings: await inspectIssue(issue, printed, site.config, now),
    left: await leftOut(site.db, issue),
    id: await planId(site.db, issue, [site.config.newsletter.from, printed]),
  }
}

/**
 * Tells what mail programs would spoil of an issue.
 *
 * @throws UserError where that is an error and the author has not said that it shall go anyway
 */
export function tellFindings(
  context: Context,
  { findings }: Plan,
  options: Pick<PlanOptions, 'anyway' | 'json'>,
): void {
  // As JSON they stand among the plan.
  if (!options.json) for (const line of findings.flatMap(findingLines)) context.terminal.say(line)
  if (!hasErrors(findings) || options.anyway) return
  throw new UserError('this would not arrive as it should, so it is not sent', {
    hint: 'mend what is told as an error, or say `--anyway`',
  })
}

export function planLines({ issue, printed, left, id }: Plan, site: Site): string[] {
  const first = printed[0]?.rendition
  const people = countRecipients(issue)
  const rows = [
    ['subject', first?.subject ?? '-'],
    ['posts', issue.posts.map((post) => post.title).join('; ') || 'nothing is new'],
    ['to', people === 0 ? 'nobody' : `${count(people, 'person', 'people')}${languageWords(issue)}`],
    ['when', issue.due.getTime() <= site.now().getTime() ? 'now' : shownTime(issue.due, site)],
  ]
  if (first)
    rows.push([
      'size',
      `HTML ${size(Buffer.byteLength(first.html))}, text ${size(Buffer.byteLength(first.text))}`,
    ])
  const reasons = leftOutWords(left)
  if (reasons) rows.push(['left out', reasons])
  if (people > 0) rows.push(['plan', id])
  return table(rows)
}

export function planJson({ issue, printed, findings, left, id }: Plan) {
  return {
    plan: id,
    kind: issue.kind,
    subject: printed[0]?.rendition.subject ?? null,
    posts: issue.posts.map((post) => post.slug),
    at: issue.due.toISOString(),
    recipients: countRecipients(issue),
    languages: Object.fromEntries(countLanguages(issue)),
    leftOut: left,
    findings,
  }
}

/** What an author has to know before anything else: faults, and that this was the site's first round. */
export function tellSeen(context: Context, seen: Pick<Identified, 'firstRound'> & { faults: Fault[] }): void {
  for (const fault of seen.faults) context.terminal.say(describeFault(fault))
  for (const line of firstRoundLines(seen)) context.terminal.say(line)
}

/** Said once in a site's life: what was there is old, and how to mail it all the same. */
export function firstRoundLines({ firstRound }: Pick<Identified, 'firstRound'>): string[] {
  if (!firstRound) return []
  const [example] = firstRound
  if (!example) return ['first round: no post is there yet; the first one you write is mailed']
  return [
    `first round: ${count(firstRound.length, 'post')} recorded as old and mailed to nobody; what you write from now on is mailed`,
    `to mail an old one: posthorn send ${example.slug}`,
  ]
}

/** A moment in the site's time zone, with its name. */
export function shownTime(date: Date, site: Site): string {
  return `${moment(date, site.config.site.timeZone)} ${site.config.site.timeZone}`
}

async function planSchedule(
  context: Context,
  site: Site,
  seen: { posts: KnownPost[] },
  options: PlanOptions,
): Promise<number> {
  const { terminal } = context
  const now = site.now()
  const at = options.at === undefined ? now : readTime(options.at, site)
  const turns = await foreseeIssues(site.db, seen.posts, site.config, at, now)
  const issues = turns.flatMap((turn) => turn.issues)
  const digests = await upcomingDigests(site.db, seen.posts, site.config, now)
  const waiting = await waitingPosts(site, seen.posts, now)
  if (options.json) {
    terminal.json({
      issues: issues.map((issue) => ({
        kind: issue.kind,
        rhythm: issue.rhythm,
        posts: issue.posts.map((post) => post.slug),
        recipients: countRecipients(issue),
        hold: issue.hold,
      })),
      next: digests.map(({ rhythm, at, posts, recipients }) => ({
        rhythm,
        at: at.toISOString(),
        posts: posts.map((post) => post.slug),
        recipients,
      })),
      waiting: waiting.map(({ post, why }) => ({ post: post.slug, why })),
    })
    return EXIT.done
  }
  const round = options.at === undefined ? 'the next round' : `a round on ${shownTime(at, site)}`
  terminal.out(
    issues.length === 0 ? `${round} mails nothing` : `${round} mails ${count(issues.length, 'issue')}:`,
  )
  for (const issue of issues) {
    const titles = issue.posts.map((post) => post.title).join('; ')
    const what = issue.rhythm ? `${issue.rhythm} digest: ${titles}` : titles
    const printed = await printIssue(issue, site.config)
    const hold = holdReason(issue, await inspectIssue(issue, printed, site.config, now))
    const held = hold === null ? '' : `, held until you release it: ${hold}`
    terminal.out(
      `  ${what}  to ${count(countRecipients(issue), 'person', 'people')}${languageWords(issue)}${held}`,
    )
    const reasons = leftOutWords(await leftOut(site.db, issue))
    if (reasons) terminal.out(`    left out: ${reasons}`)
  }
  terminal.out('the next digests:')
  const rows = digests.map(({ rhythm, at, posts, recipients }) => [
    `  ${rhythm}`,
    shownTime(at, site),
    recipients === 0
      ? 'nothing new so far'
      : `${count(posts.length, 'post')} to ${count(recipients, 'person', 'people')} so far`,
  ])
  for (const line of table(rows)) terminal.out(line)
  if (waiting.length > 0) {
    terminal.out('not mailed yet:')
    for (const { post, why } of waiting)
      terminal.out(`  ${post.title} (${shownFile(site.config, post.file)}): ${why}`)
  }
  return EXIT.done
}

/** Posts that are not in the order of mailing yet, and what they wait for. */
async function waitingPosts(
  site: Site,
  posts: KnownPost[],
  now: Date,
): Promise<{ post: KnownPost; why: string }[]> {
  const rows = await readPostRows(site.db)
  const waiting = new Set(rows.filter((row) => row.old === 0 && row.sequence === null).map((row) => row.key))
  return posts
    .filter((post) => waiting.has(post.key))
    .map((post) => {
      const settled = new Date(post.modified.getTime() + site.config.newsletter.settleMs)
      if (post.draft) return { post, why: 'a draft' }
      if (!isPublic(post, now)) return { post, why: `its date is ${shownTime(post.date, site)}` }
      if (!post.mail) return { post, why: 'its front matter says "mail: false"' }
      return { post, why: `its file has to be unchanged until ${shownTime(settled, site)}` }
    })
}

async function subscriberKeys(site: Site, addresses: string[]): Promise<string[]> {
  const keys: string[] = []
  for (const input of addresses) {
    const address = checkAddress(input)
    if ('fault' in address) {
      throw new UserError(`"${input}" is no address: ${address.fault}`, {
        hint: 'several are parted by spaces: --to ada@example.org grace@example.org',
      })
    }
    const person = await findSubscriber(site.db, address.key)
    if (person?.status !== 'confirmed') {
      throw new UserError(
        person
          ? `${address.address} is ${person.status}, so nothing is sent there`
          : `${address.address} is not a subscriber`,
        { hint: `\`--test ${address.address}\` sends one test message, counted for nobody` },
      )
    }
    keys.push(address.key)
  }
  return keys
}

function readTime(text: string, site: Site): Date {
  const date = readDate(text, site.config.site.timeZone)
  if (!(date instanceof Date)) {
    throw new UserError(`--at is "${text}", which is no time`, {
      hint: `write it as "2026-11-23 08:00" (${site.config.site.timeZone}) or 2026-11-23T08:00:00Z`,
    })
  }
  if (date.getTime() < site.now().getTime()) {
    throw new UserError(`--at is "${text}", which is past: ${shownTime(date, site)}`, {
      hint: 'leave it out to send now',
    })
  }
  return date
}

/** `: 3 in German, 2 in English`; nothing where all are spoken to in one language. */
function languageWords(issue: PlannedIssue): string {
  const counts = countLanguages(issue)
  if (counts.length < 2) return ''
  const names = new Intl.DisplayNames('en', { type: 'language' })
  const shares = counts.map(([language, people]) => `${people.toLocaleString('en')} in ${names.of(language)}`)
  return `: ${shares.join(', ')}`
}

function leftOutWords(left: LeftOut): string {
  const reasons: [number, string][] = [
    [left.haveIt, left.haveIt === 1 ? 'has it already' : 'have it already'],
    [left.unconfirmed, 'not confirmed'],
    [left.unsubscribed, 'unsubscribed'],
    [left.suppressed, 'suppressed'],
    [left.paused, 'paused'],
    [left.otherRhythm, 'of another rhythm'],
    [left.nothingNew, 'with nothing new'],
  ]
  return reasons
    .filter(([number]) => number > 0)
    .map(([number, reason]) => `${number.toLocaleString('en')} ${reason}`)
    .join(', ')
}
