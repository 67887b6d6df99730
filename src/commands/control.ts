/** The author's hand on issues. All of it takes effect at the database, so on any process that is sending. */
import { releaseIssue } from '../deliveries/enqueue.ts'
import { UsageError, UserError } from '../errors.ts'
import { emptyMemory, lookAtPosts } from '../round.ts'
import type { Site } from '../site.ts'
import { type Writer, write } from '../store/database.ts'
import { requeueFailed, resolveUnknown, skipQueued } from '../store/deliveries.ts'
import { type Issue, moveIssue, pauseIssue, readIssue } from '../store/issues.ts'
import { stateLine } from '../store/journal-lines.ts'
import { count } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'

/** Stops an issue until it is resumed; what is in flight is finished. */
export async function pause(context: Context, numbers: string[]): Promise<number> {
  return forEach(context, numbers, async (issue, trx, site) => {
    if (!(await pauseIssue(trx, issue.number, 'by hand')))
      throw refused(issue, 'pause', 'it is not being sent')
    await site.journal.append(trx, [stateLine(issue.number, 'paused')])
    return 'paused; `posthorn issues resume` goes on where it stopped'
  })
}

export async function resume(context: Context, numbers: string[]): Promise<number> {
  return forEach(context, numbers, async (issue, trx, site) => {
    const state = new Date(issue.due_at) > site.now() ? 'planned' : 'sending'
    if (!(await moveIssue(trx, issue.number, ['paused'], state, null)))
      throw refused(issue, 'resume', 'it is not paused')
    await site.journal.append(trx, [stateLine(issue.number, state)])
    return 'resumed; a running worker goes on with it'
  })
}

/** Stops an issue for good: who has it has it, nobody else gets it. */
export async function cancel(context: Context, numbers: string[]): Promise<number> {
  return forEach(context, numbers, async (issue, trx, site) => {
    const open: Issue['state'][] = ['planned', 'held', 'sending', 'paused']
    if (!(await moveIssue(trx, issue.number, open, 'cancelled', 'by hand')))
      throw refused(issue, 'cancel', 'it is over already')
    const skipped = await skipQueued(trx, issue.number, 'the issue was cancelled', site.now())
    await site.journal.append(trx, [stateLine(issue.number, 'cancelled')])
    return `cancelled; ${count(skipped, 'message')} will not be sent`
  })
}

/** Queues once more what failed. */
export async function retry(context: Context, numbers: string[]): Promise<number> {
  return forEach(context, numbers, async (issue, trx, site) => {
    if (!['sending', 'paused', 'sent'].includes(issue.state))
      throw refused(issue, 'retry', 'it has not been sent')
    const queued = await requeueFailed(trx, issue.number, site.now())
    if (queued > 0 && issue.state === 'sent') await moveIssue(trx, issue.number, ['sent'], 'sending', null)
    return queued === 0
      ? 'nothing failed that could be tried again'
      : `${count(queued, 'message')} queued again; a running worker sends them`
  })
}

/** Lets held issues go, with their posts as they are now. */
export async function release(context: Context, numbers: string[]): Promise<number> {
  return context.withSite(async (site) => {
    const { posts } = await lookAtPosts(site, emptyMemory())
    for (const number of numbers) {
      const issue = await findIssue(site, number)
      if (!(await releaseIssue(site, issue.number, posts, site.now())))
        throw refused(issue, 'release', 'it is not held')
      context.terminal.out(`issue #${issue.number}, ${issue.subject}: released; a running worker sends it`)
    }
    return EXIT.done
  })
}

/** Settles what nobody knows: taken for sent, or sent once more. */
export async function resolve(
  context: Context,
  number: string,
  options: { sent?: boolean; resend?: boolean },
): Promise<number> {
  if (options.sent === options.resend) {
    throw new UsageError('say how: --sent or --resend', {
      hint: '`--sent` takes them for sent; `--resend` sends each once more, and whoever has it gets it twice',
    })
  }
  return forEach(context, [number], async (issue, trx, site) => {
    if (options.resend && issue.state === 'cancelled') throw refused(issue, 'resend', 'it was cancelled')
    const decision = options.sent ? 'sent' : 'resend'
    const settled = await resolveUnknown(trx, issue.number, decision, site.now())
    if (settled === 0) return 'nothing is unknown'
    if (decision === 'sent') return `${count(settled, 'message')} taken for sent`
    await moveIssue(trx, issue.number, ['sent'], 'sending', null)
    return `${count(settled, 'message')} queued once more, the same to the byte; a running worker sends them`
  })
}

async function forEach(
  context: Context,
  numbers: string[],
  act: (issue: Issue, trx: Writer, site: Site) => Promise<string>,
): Promise<number> {
  return context.withSite(async (site) => {
    for (const number of numbers) {
      const issue = await findIssue(site, number)
      const done = await write(site.db, (trx) => act(issue, trx, site))
      context.terminal.out(`issue #${issue.number}, ${issue.subject}: ${done}`)
    }
    return EXIT.done
  })
}

/** The issue of a number as people write it: `12` or `#12`. */
export async function findIssue(site: Site, number: string): Promise<Issue> {
  const wanted = Number(number.replace(/^#/, ''))
  const issue = Number.isSafeInteger(wanted) ? await readIssue(site.db, wanted) : undefined
  if (issue) return issue
  throw new UserError(`there is no issue ${number.startsWith('#') ? number : `#${number}`}`, {
    hint: '`posthorn issues list` names them',
  })
}

function refused(issue: Issue, act: string, why: string): UserError {
  return new UserError(
    `issue #${issue.number}, ${issue.subject}, is ${issue.state}: there is nothing to ${act}, ${why}`,
    {
      hint: `\`posthorn issues show ${issue.number}\` tells how it stands`,
    },
  )
}
