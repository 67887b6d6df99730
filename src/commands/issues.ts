import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { replaceFile } from '../file.ts'
import { withoutSlots } from '../mail/message.ts'
import { countDeliveries, recipientsOf, type StateCounts, troubledDeliveries } from '../store/deliveries.ts'
import { type IssueSummary, readIssue, summariseIssues } from '../store/issues.ts'
import { renditionsOf } from '../store/renditions.ts'
import { table } from '../terminal.ts'
import { findIssue } from './control.ts'
import { type Context, EXIT } from './main.ts'
import { issueLine } from './send.ts'
import { shownTime } from './time.ts'

const SHOWN = 50
const RECIPIENTS_SHOWN = 5
/** States in which an issue has a page that everybody may see. */
const PUBLIC = ['sending', 'paused', 'sent']
const WATCH_MS = 500

export async function listIssues(context: Context, options: { json?: boolean }): Promise<number> {
  return context.withSite(async ({ db }) => {
    const issues = await summariseIssues(db, options.json ? 1_000_000 : SHOWN)
    if (options.json) context.terminal.json(issues)
    else if (issues.length === 0) context.terminal.say('no issue yet')
    else for (const issue of issues) context.terminal.out(issueStateLine(issue, issue.deliveries))
    return EXIT.done
  })
}

/** One issue: what it says, how its deliveries stand, and each one that a person should know of. */
export async function showIssue(
  context: Context,
  number: string,
  options: { json?: boolean; html?: string },
): Promise<number> {
  return context.withSite(async (site) => {
    const { db, config } = site
    const issue = await findIssue(site, number)
    const deliveries = await countDeliveries(db, issue.number)
    const renditions = await renditionsOf(db, issue.number)
    if (options.html !== undefined) return saveHtml(context, options.html, renditions[0]?.html ?? '')
    const troubled = await troubledDeliveries(db, issue.number, options.json ? 1_000_000 : SHOWN)
    if (options.json) {
      context.terminal.json({ ...issue, deliveries, renditions: renditions.length, troubled })
      return EXIT.done
    }
    const { out } = context.terminal
    out(issueStateLine(issue, deliveries))
    for (const line of hintLines(issue, deliveries)) out(`  ${line}`)
    const shown = await recipientsOf(db, issue.number, RECIPIENTS_SHOWN)
    const more = Object.values(deliveries).reduce((sum, number) => sum + number, 0) - shown.length
    const rows = [
      [
        'kind',
        `${issue.rhythm ? `${issue.rhythm} ` : ''}${issue.kind}, ${issue.origin === 'author' ? 'sent by hand' : 'by the schedule'}`,
      ],
      ['due', shownTime(new Date(issue.due_at), site)],
      ...(issue.sent_at ? [['sent', shownTime(new Date(issue.sent_at), site)]] : []),
      ['to', `${shown.join(', ')}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}`],
      ...(PUBLIC.includes(issue.state) ? [['read it at', `${config.web.url}/issues/${issue.number}`]] : []),
    ]
    for (const line of table(rows)) out(line)
    for (const line of table(troubled.map((row) => [row.address, row.state, row.reply ?? '']))) out(line)
    return EXIT.done
  })
}

/** Shows how an issue goes, whoever sends it, until it is over or the signal comes. */
export async function watchIssue(context: Context, number: string): Promise<number> {
  return context.withSite(async (site) => {
    const { signal } = context.surroundings
    const { number: wanted } = await findIssue(site, number)
    let counts = await countDeliveries(site.db, wanted)
    const total = Object.values(counts).reduce((sum, each) => sum + each, 0)
    const progress = context.terminal.progress(`issue #${wanted}`, total)
    let issue = await readIssue(site.db, wanted)
    while (issue && ['planned', 'sending'].includes(issue.state) && !signal.aborted) {
      progress.to(total - counts.queued - counts.sending)
      await sleep(WATCH_MS, undefined, { signal }).catch(() => {})
      counts = await countDeliveries(site.db, wanted)
      issue = await readIssue(site.db, wanted)
    }
    progress.end()
    if (issue) context.terminal.out(issueStateLine(issue, counts))
    return counts.failed + counts.unknown > 0 ? EXIT.partly : EXIT.done
  })
}

/** `issue #12, Jenga and other towers: 9 sent, 3 unknown (sent, 3 unknown)`; a held or paused one says why. */
export function issueStateLine(
  issue: Pick<IssueSummary, 'number' | 'subject' | 'state' | 'note'>,
  counts: StateCounts,
): string {
  const doubt = issue.state === 'sent' && counts.unknown > 0 ? `, ${counts.unknown} unknown` : ''
  const note = issue.note === null ? '' : `: ${issue.note}`
  return `${issueLine(issue, counts)} (${issue.state}${doubt}${note})`
}

/** What the author may do about an issue, where there is something to do. */
function hintLines(issue: { number: number; state: string }, counts: StateCounts): string[] {
  const command = `posthorn issues`
  const lines: string[] = []
  if (issue.state === 'held')
    lines.push(
      `to look at it: ${command} show ${issue.number} --html FILE; to let it go: ${command} release ${issue.number}; to drop it: ${command} cancel ${issue.number}`,
    )
  if (issue.state === 'paused')
    lines.push(
      `to go on: ${command} resume ${issue.number}; to stop it for good: ${command} cancel ${issue.number}`,
    )
  if (counts.unknown > 0)
    lines.push(
      `unknown means: handed over, and no answer came; to settle: ${command} resolve ${issue.number} --sent | --resend`,
    )
  if (counts.failed > 0 && issue.state !== 'cancelled')
    lines.push(`to try the failed ones again: ${command} retry ${issue.number}`)
  return lines
}

/** Writes an issue's HTML as most people get it, to be looked at before it goes. */
async function saveHtml(context: Context, file: string, html: string): Promise<number> {
  const path = resolve(context.surroundings.folder, file)
  await replaceFile(path, withoutSlots(html))
  context.terminal.say(`written to ${file}; open it in a browser`)
  return EXIT.done
}
