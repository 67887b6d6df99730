import { describeFault } from '../errors.ts'
import { channelsOf } from '../feeds/channel.ts'
import { describeCuts } from '../feeds/cut.ts'
import { wantedFeeds } from '../feeds/wanted.ts'
import { upcomingDigests } from '../issues/plan.ts'
import { emptyMemory, lookAtPosts } from '../round.ts'
import type { Site } from '../site.ts'
import { readBrakes } from '../store/brakes.ts'
import { countDeliveries } from '../store/deliveries.ts'
import { summariseIssues } from '../store/issues.ts'
import { readSilence, readUntold } from '../store/pings.ts'
import { countSubscribers, countSuppressions } from '../store/subscribers.ts'
import { countTurnedAway, describeTurnedAway } from '../subscribers/caps.ts'
import { count, table } from '../terminal.ts'
import { issueStateLine } from './issues.ts'
import { type Context, EXIT } from './main.ts'
import { firstRoundLines } from './seen.ts'
import { shownTime } from './time.ts'
import { upcomingWords } from './upcoming.ts'

const ISSUES_SHOWN = 10

/** How everything is: posts, faults, subscribers, issues and what comes next. */
export async function status(context: Context, options: { json?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    const { terminal } = context
    const { db, config } = site
    const seen = await lookAtPosts(site, emptyMemory())
    const { posts } = seen
    const feeds = await wantedFeeds(channelsOf(posts, config, site.now()), config, site.now())
    const faults = [...seen.faults, ...feeds.faults]
    for (const line of firstRoundLines(seen)) terminal.say(line)
    const subscribers = await countSubscribers(db)
    const suppressions = await countSuppressions(db)
    const issues = await summariseIssues(db, options.json ? 1_000_000 : ISSUES_SHOWN)
    const next = await upcomingDigests(db, posts, config, site.now())
    const brakes = await activeBrakes(site)
    const hub = await untold(site)
    const turnedAway = await countTurnedAway(db, site.now())
    if (options.json) {
      terminal.json({
        posts: posts.length,
        faults: faults.map(({ file, line, message }) => ({ file, line: line ?? null, message })),
        cuts: feeds.cuts,
        subscribers,
        suppressions,
        turnedAway,
        brakes: brakes.map(({ scope, until, reason }) => ({ scope, until: until.toISOString(), reason })),
        hub: hub && {
          address: hub.address,
          untold: hub.feeds,
          since: hub.since?.toISOString() ?? null,
          until: hub.until?.toISOString() ?? null,
          reason: hub.reason,
        },
        issues,
        next: next.map((digest) => ({
          rhythm: digest.rhythm,
          at: digest.at.toISOString(),
          posts: digest.posts.map((post) => post.slug),
          recipients: digest.recipients,
          later: digest.later,
        })),
      })
      return EXIT.done
    }
    const { confirmed, unconfirmed, unsubscribed } = subscribers
    const all = await countDeliveries(db, null)
    const lines = table([
      ['posts', `${posts.length}${faults.length > 0 ? `, ${count(faults.length, 'fault')}` : ''}`],
      [
        'subscribers',
        `${confirmed} confirmed, ${unconfirmed} unconfirmed, ${unsubscribed} unsubscribed, ${suppressions} suppressed`,
      ],
      [
        'messages',
        Object.entries(all)
          .map(([state, number]) => `${number} ${state}`)
          .join(', '),
      ],
      ...next.map((digest, index) => [
        index === 0 ? 'digests' : '',
        `${digest.rhythm} ${shownTime(digest.at, site)}: ${upcomingWords(digest)}`,
      ]),
    ])
    for (const line of lines) terminal.out(line)
    const away = describeTurnedAway(turnedAway)
    if (away !== '') terminal.out(`sign-ups turned away within a day: ${away}`)
    for (const { scope, until, reason } of brakes)
      terminal.out(`${scope} is left alone until ${shownTime(until, site)}: ${reason}`)
    const hubLine = hub && untoldLine(hub, site)
    if (hubLine) terminal.out(hubLine)
    for (const issue of issues) terminal.out(issueStateLine(issue, issue.deliveries))
    for (const line of describeCuts(feeds.cuts, config)) terminal.out(line)
    for (const fault of faults) terminal.out(describeFault(fault))
    return EXIT.done
  })
}

/** What is being left alone at the moment, and why. */
async function activeBrakes(site: Site): Promise<{ scope: string; until: Date; reason: string }[]> {
  const brakes = await readBrakes(site.db)
  return [...brakes.values()].flatMap(({ scope, until, reason }) =>
    until !== null && until > site.now() ? [{ scope, until, reason }] : [],
  )
}

/** Feeds that the hub was not told of; `until` and `reason` are there while it is left alone. */
type Untold = {
  address: string
  feeds: number
  since: Date | null
  until: Date | null
  reason: string | null
  looks: number
}

/** What the hub has not been told of; null for a site without one. */
async function untold({ db, config }: Site): Promise<Untold | null> {
  const address = config.feeds.hub
  if (!address) return null
  const { feeds, since, looks } = await readUntold(db)
  const silence = feeds > 0 ? await readSilence(db, address) : null
  return { address, feeds, since, until: silence?.until ?? null, reason: silence?.reason ?? null, looks }
}

function untoldLine({ address, feeds, since, until, reason, looks }: Untold, site: Site): string | null {
  if (feeds === 0 || since === null) return null
  const what = `${count(feeds, 'feed')} since ${shownTime(since, site)}`
  if (reason !== null && until !== null)
    return `the hub ${address} could not be told of ${what}: ${reason}; the next try is ${shownTime(until, site)}`
  // What was written a moment ago is no news.
  if (looks === 0) return null
  return `the hub ${address} is not told of ${what}: what is at ${site.config.feeds.url} is not what was written here; upload it, or mend "feeds.url"`
}
