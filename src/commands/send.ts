import { setTimeout as sleep } from 'node:timers/promises'
import { checkAddress } from '../address.ts'
import { type Delivered, type Delivering, deliverDue } from '../deliveries/deliver.ts'
import { type Enqueued, enqueueByHand, enqueueTest } from '../deliveries/enqueue.ts'
import { withTransports } from '../deliveries/outlet.ts'
import { UsageError, UserError } from '../errors.ts'
import { countRecipients } from '../issues/plan.ts'
import type { Transport } from '../mail/transport.ts'
import type { KnownPost } from '../posts/identity.ts'
import { delivering, emptyMemory, publish } from '../round.ts'
import type { Site } from '../site.ts'
import { countDeliveries, countInHand, type StateCounts } from '../store/deliveries.ts'
import { findSuppression } from '../store/subscribers.ts'
import { refusal } from '../subscribers/add.ts'
import { count } from '../terminal.ts'
import { findPost } from './find-post.ts'
import { type Context, EXIT } from './main.ts'
import { type Plan, type PlanOptions, planIssue, planJson, planLines, tellFindings } from './plan-issue.ts'
import { tellSeen } from './seen.ts'
import { shownTime } from './time.ts'

type SendOptions = PlanOptions & { plan?: string; test?: string; dryRun?: boolean; yes?: boolean }

const POLL_MS = 500

/** The author's manual send: the same street as the schedule's, entered by another door. */
export async function send(context: Context, names: string[], options: SendOptions): Promise<number> {
  if (names.length === 0 && !options.digest) {
    throw new UsageError('nothing is named to be sent', {
      hint: '`posthorn send POST`, by slug or file, or `posthorn send --digest weekly`',
    })
  }
  if (options.test !== undefined && options.where) {
    throw new UsageError('--test goes to one address, so --where has nobody to choose from', {
      hint: 'leave one of them out',
    })
  }
  return context.withSite(async (site) => {
    // First, so that the links in the mail lead to pages that are there.
    const published = await publish(site, emptyMemory())
    tellSeen(context, published)
    const { transports: configs } = site.config
    if (options.test !== undefined)
      return withTransports(configs, (transports) =>
        sendTest(context, { site, transports }, published.posts, names, options),
      )
    const { terminal } = context
    const made = await planIssue(site, published.posts, names, options, context.surroundings.folder)
    if (options.plan !== undefined && options.plan !== made.id) {
      throw new UserError(
        `the plan ${options.plan} is no longer what would be sent: that is ${made.id} now`,
        {
          hint: 'posts or subscribers have changed since; look at it again with `posthorn plan`',
        },
      )
    }
    const people = countRecipients(made.issue)
    if (!options.json) for (const line of planLines(made, site)) terminal.out(line)
    if (people === 0) {
      if (options.json) terminal.json({ ...planJson(made), issue: null })
      terminal.say(
        made.issue.posts.length === 0 ? 'nothing is new, so nothing is sent' : 'nobody is left to send it to',
      )
      return EXIT.done
    }
    if (options.dryRun) {
      if (options.json) terminal.json({ ...planJson(made), issue: null })
      tellFindings(context, made, options)
      terminal.say('a dry run: nothing was sent')
      return EXIT.done
    }
    tellFindings(context, made, options)
    // Before anything is enqueued: a key that cannot sign is told while there is still nothing to be sent later.
    return withTransports(configs, async (transports) => {
      if (people > 1 && !options.yes && !(await mayBeSent(context, people))) return EXIT.failed
      return sendIssue(context, { site, transports }, made, options)
    })
  })
}

/** A site whose transports are open. */
type OpenSite = { site: Site; transports: Transport[] }

async function sendIssue(
  context: Context,
  { site, transports }: OpenSite,
  made: Plan,
  options: SendOptions,
): Promise<number> {
  const { terminal } = context
  const enqueued = await enqueueByHand(site, made.issue, made.printed, site.now())
  if (!enqueued) {
    if (options.json) terminal.json({ ...planJson(made), issue: null })
    terminal.say('another process sent it first: nobody is left to send it to')
    return EXIT.done
  }
  if (made.issue.due.getTime() > site.now().getTime()) {
    if (options.json) terminal.json({ ...planJson(made), issue: enqueued.number })
    terminal.say(
      `issue #${enqueued.number}, ${enqueued.subject}: planned for ${shownTime(made.issue.due, site)}; a running worker sends it then`,
    )
    return EXIT.done
  }
  const { counts, unreachable, happened } = await deliverIssue(context, { site, transports }, enqueued)
  if (options.json) terminal.json({ ...planJson(made), issue: enqueued.number, deliveries: counts })
  else terminal.out(issueLine(enqueued, counts))
  for (const event of happened) terminal.say(event)
  if (counts.queued > 0) {
    const why = unreachable && happened.length === 0 ? `: ${unreachable}` : ''
    terminal.say(`${count(counts.queued, 'message')} will be tried again by the worker${why}`)
  }
  return counts.failed + counts.unknown + counts.queued > 0 ? EXIT.partly : EXIT.done
}

/** `issue #12, Jenga and other towers: 3 sent, 1 failed`. */
export function issueLine(issue: { number: number; subject: string }, counts: StateCounts): string {
  const states = Object.entries(counts).filter(([, number]) => number > 0)
  return `issue #${issue.number}, ${issue.subject}: ${states.map(([state, number]) => `${number.toLocaleString('en')} ${state}`).join(', ')}`
}

async function mayBeSent(context: Context, people: number): Promise<boolean> {
  const { terminal, surroundings } = context
  if (!surroundings.streams.stdin.isTTY) {
    throw new UserError(`this goes to ${count(people, 'person', 'people')}, and nobody is here to be asked`, {
      hint: 'say `--yes` to send it, or `--dry-run` to look first',
    })
  }
  if (await terminal.confirm(`Send this to ${count(people, 'person', 'people')}?`)) return true
  terminal.say('nothing was sent')
  return false
}

/** Delivers, and shows how it goes from the database: a worker beside us may be sending the same issue. */
async function deliverIssue(
  context: Context,
  { site, transports }: OpenSite,
  issue: Enqueued,
): Promise<Pick<Delivered, 'unreachable' | 'happened'> & { counts: StateCounts }> {
  const progress = context.terminal.progress(`issue #${issue.number}`, issue.recipients)
  const { signal } = context.surroundings
  let settled = 0
  try {
    const onSettled: Delivering['onSettled'] = (delivery) => {
      if (delivery.issue === issue.number) progress.to(++settled)
    }
    const { unreachable, happened } = await deliverDue({
      ...(await delivering(site, transports, signal)),
      onSettled,
    })
    while ((await countInHand(site.db, issue.number, site.now())) > 0 && !signal.aborted) {
      const counts = await countDeliveries(site.db, issue.number)
      progress.to(issue.recipients - counts.queued - counts.sending)
      await sleep(POLL_MS)
    }
    return { counts: await countDeliveries(site.db, issue.number), unreachable, happened }
  } finally {
    progress.end()
  }
}

async function sendTest(
  context: Context,
  { site, transports }: OpenSite,
  posts: KnownPost[],
  names: string[],
  options: SendOptions,
): Promise<number> {
  const address = checkAddress(options.test as string)
  if ('fault' in address) throw new UserError(`"${options.test}" is no address: ${address.fault}`)
  // Of whoever was erased the queue knows a hash alone, and could not tell.
  const stop = await findSuppression(site.db, address.key, site.secret)
  if (stop) throw refusal(address.key, stop, site.config)
  if (names.length === 0)
    throw new UsageError('--test needs the posts to test with', {
      hint: '`posthorn send POST --test you@example.org`',
    })
  const chosen = names.map((name) => findPost(posts, name, site, context.surroundings.folder))
  const id = await enqueueTest(site.db, chosen, address.address, site.config, site.now())
  let answer = ''
  let state = 'queued'
  const { unreachable, happened } = await deliverDue({
    ...(await delivering(site, transports, context.surroundings.signal)),
    onSettled(delivery, settlement) {
      if (delivery.id === id) [state, answer] = [settlement.state, settlement.reply]
    },
  })
  for (const event of happened) context.terminal.say(event)
  answer ||= unreachable ?? ''
  if (options.json) context.terminal.json({ test: address.address, state, reply: answer })
  else context.terminal.out(`test to ${address.address}: ${state}${answer ? ` (${answer})` : ''}`)
  return state === 'sent' ? EXIT.done : EXIT.partly
}
