import { UserError } from '../errors.ts'
import { countDeliveries, recipientsOf, troubledDeliveries } from '../store/deliveries.ts'
import { readIssue, summariseIssues } from '../store/issues.ts'
import { renditionsOf } from '../store/renditions.ts'
import { table } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'
import { shownTime } from './plan.ts'
import { issueLine } from './send.ts'

const SHOWN = 50
const RECIPIENTS_SHOWN = 5

export async function listIssues(context: Context, options: { json?: boolean }): Promise<number> {
  return context.withSite(async ({ db }) => {
    const issues = await summariseIssues(db, options.json ? 1_000_000 : SHOWN)
    if (options.json) context.terminal.json(issues)
    else if (issues.length === 0) context.terminal.say('no issue yet')
    else
      for (const issue of issues)
        context.terminal.out(`${issueLine(issue, issue.deliveries)} (${issue.state})`)
    return EXIT.done
  })
}

/** One issue: what it says, how its deliveries stand, and each one that a person should know of. */
export async function showIssue(
  context: Context,
  number: string,
  options: { json?: boolean },
): Promise<number> {
  return context.withSite(async (site) => {
    const { db, config } = site
    const wanted = Number(number.replace(/^#/, ''))
    const issue = Number.isSafeInteger(wanted) ? await readIssue(db, wanted) : undefined
    if (!issue)
      throw new UserError(`there is no issue #${number}`, { hint: '`posthorn issues list` names them' })
    const deliveries = await countDeliveries(db, issue.number)
    const renditions = await renditionsOf(db, issue.number)
    const troubled = await troubledDeliveries(db, issue.number, options.json ? 1_000_000 : SHOWN)
    if (options.json) {
      context.terminal.json({ ...issue, deliveries, renditions: renditions.length, troubled })
      return EXIT.done
    }
    const { out } = context.terminal
    out(`${issueLine(issue, deliveries)} (${issue.state})`)
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
      ['read it at', `${config.web.url}/issues/${issue.number}`],
    ]
    for (const line of table(rows)) out(line)
    for (const line of table(troubled.map((row) => [row.address, row.state, row.reply ?? '']))) out(line)
    return EXIT.done
  })
}
