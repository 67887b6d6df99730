import { holdReason, inspectIssue } from '../deliveries/inspect.ts'
import { printIssue } from '../deliveries/print.ts'
import { UsageError } from '../errors.ts'
import { countRecipients, foreseeIssues, leftOut, upcomingDigests } from '../issues/plan.ts'
import { shownFile } from '../posts/find.ts'
import type { KnownPost } from '../posts/identity.ts'
import { isPublic } from '../posts/post.ts'
import { emptyMemory, lookAtPosts } from '../round.ts'
import type { Site } from '../site.ts'
import { readPostRows } from '../store/posts.ts'
import { count, table } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'
import {
  languageWords,
  leftOutWords,
  type PlanOptions,
  planIssue,
  planJson,
  planLines,
  tellFindings,
} from './plan-issue.ts'
import { tellSeen } from './seen.ts'
import { readTime, shownTime } from './time.ts'
import { upcomingWords } from './upcoming.ts'

/** What would be sent. Nothing is. */
export async function plan(context: Context, names: string[], options: PlanOptions): Promise<number> {
  const isByHand = names.length > 0 || options.digest !== undefined
  if (options.where && !isByHand) {
    throw new UsageError('--where goes with posts or a digest, and the schedule mails everybody', {
      hint: '`posthorn plan POST --where FILTER`, or `posthorn plan --digest weekly --where FILTER`',
    })
  }
  return context.withSite(async (site) => {
    const seen = await lookAtPosts(site, emptyMemory())
    tellSeen(context, seen)
    if (!isByHand) return planSchedule(context, site, seen, options)
    const made = await planIssue(site, seen.posts, names, options, context.surroundings.folder)
    if (options.json) context.terminal.json(planJson(made))
    else for (const line of planLines(made, site)) context.terminal.out(line)
    tellFindings(context, made, options)
    return EXIT.done
  })
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
      next: digests.map(({ rhythm, at, posts, recipients, later }) => ({
        rhythm,
        at: at.toISOString(),
        posts: posts.map((post) => post.slug),
        recipients,
        later,
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
  const rows = digests.map((digest) => [
    `  ${digest.rhythm}`,
    shownTime(digest.at, site),
    upcomingWords(digest),
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
