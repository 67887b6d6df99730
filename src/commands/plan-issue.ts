/** One issue of the author's: decided, rendered and looked at, for `plan` to show and `send` to send. */
import { checkAddress } from '../address.ts'
import { type Finding, hasErrors } from '../check/finding.ts'
import { inspectIssue } from '../deliveries/inspect.ts'
import { type Printed, printIssue } from '../deliveries/print.ts'
import { UsageError, UserError } from '../errors.ts'
import {
  type ByHand,
  countLanguages,
  countRecipients,
  leftOut,
  type PlannedIssue,
  planByHand,
  planId,
} from '../issues/plan.ts'
import { inOrder } from '../mail/digest.ts'
import type { KnownPost } from '../posts/identity.ts'
import type { Site } from '../site.ts'
import type { LeftOut } from '../store/owed.ts'
import type { DigestRhythm } from '../store/schedules.ts'
import { findSubscriber } from '../store/subscribers.ts'
import { readWhere } from '../subscribers/where.ts'
import { count, size, table } from '../terminal.ts'
import { findingLines } from './check.ts'
import { findPost } from './find-post.ts'
import type { Context } from './main.ts'
import { readTime, shownTime } from './time.ts'

export type PlanOptions = {
  digest?: DigestRhythm
  at?: string
  to?: string[]
  where?: string[]
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

/**
 * Decides and renders what a manual send would send.
 *
 * @throws UserError for names that are no post, addresses that are no subscriber's, times and filters that cannot be read
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
  const where = readWhere(options.where, 'recipients', site.config.site.timeZone)
  const wanted: ByHand = options.digest
    ? { kind: 'digest', rhythm: options.digest, where }
    : {
        kind: 'posts',
        posts: [...new Set(names.map((name) => findPost(posts, name, site, folder)))],
        addressKeys: options.to ? await subscriberKeys(site, options.to) : null,
        where,
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

/** How many posts of a plan are named; `--json` has all. */
const NAMED = 10

function titles({ posts }: PlannedIssue, config: Site['config']): string {
  const named = inOrder(posts, config)
    .slice(0, NAMED)
    .map((post) => post.title)
  return [...named, ...(posts.length > NAMED ? [`and ${posts.length - NAMED} more`] : [])].join('; ')
}

export function planLines({ issue, printed, left, id }: Plan, site: Site): string[] {
  const first = printed[0]?.rendition
  const people = countRecipients(issue)
  const rows = [
    ['subject', first?.subject ?? '-'],
    ['posts', titles(issue, site.config) || 'nothing is new'],
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

/** `: 3 in German, 2 in English`; nothing where all are spoken to in one language. */
export function languageWords(issue: PlannedIssue): string {
  const counts = countLanguages(issue)
  if (counts.length < 2) return ''
  const names = new Intl.DisplayNames('en', { type: 'language' })
  const shares = counts.map(([language, people]) => `${people.toLocaleString('en')} in ${names.of(language)}`)
  return `: ${shares.join(', ')}`
}

/** `1 paused, 2 unsubscribed`; empty where nobody is left out. */
export function leftOutWords(left: LeftOut): string {
  const reasons: [number, string][] = [
    [left.haveIt, left.haveIt === 1 ? 'has it already' : 'have it already'],
    [left.unconfirmed, 'not confirmed'],
    [left.unsubscribed, 'unsubscribed'],
    [left.suppressed, 'suppressed'],
    [left.paused, 'paused'],
    [left.otherRhythm, 'of another rhythm'],
    [left.later, 'at another hour'],
    [left.unmatched, 'not matched by --where'],
    [
      left.unfollowed,
      left.unfollowed === 1 ? 'follows other tags or languages' : 'follow other tags or languages',
    ],
    [left.nothingNew, 'with nothing new'],
  ]
  return reasons
    .filter(([number]) => number > 0)
    .map(([number, reason]) => `${number.toLocaleString('en')} ${reason}`)
    .join(', ')
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
