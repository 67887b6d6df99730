import { UsageError, UserError } from '../errors.ts'
import type { Site } from '../site.ts'
import { type Batch, readBatches, type Since, type Undone } from '../store/batches.ts'
import { findUndoableImport, undoImport } from '../subscribers/undo-import.ts'
import { count, table } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'
import { shownTime } from './time.ts'

type Options = { undo?: string; yes?: boolean; json?: boolean }

/** The lists that people came by, or, with `undo`, one of them taken back. */
export async function imports(context: Context, options: Options): Promise<number> {
  return context.withSite((site) =>
    options.undo === undefined ? list(context, site, options) : undo(context, site, options.undo, options),
  )
}

async function list({ terminal }: Context, site: Site, options: Options): Promise<number> {
  const batches = await readBatches(site.db)
  if (options.json) terminal.json(batches)
  else for (const batch of batches) terminal.out(line(batch, site))
  if (!options.json) terminal.say(count(batches.length, 'import'))
  return EXIT.done
}

function line(batch: Batch, site: Site): string {
  const { number, file, at, people, here, left, movingUntil, undoneAt } = batch
  const head = `import #${number}, ${file}, ${shownTime(new Date(at), site)}: ${count(people, 'person', 'people')}`
  if (undoneAt !== null)
    return `${head}, taken back ${shownTime(new Date(undoneAt), site)}; ${here.toLocaleString('en')} stayed`
  if (movingUntil !== null) return `${head} so far: it is under way, or was cut off`
  const gone = people - here
  const since = [
    ...(left > 0 ? [`${left.toLocaleString('en')} ${left === 1 ? 'has' : 'have'} left`] : []),
    ...(gone > 0 ? [`${gone.toLocaleString('en')} ${gone === 1 ? 'was' : 'were'} erased`] : []),
  ]
  return since.length > 0 ? `${head}, of whom ${since.join(' and ')} since` : head
}

async function undo(
  { terminal, surroundings }: Context,
  site: Site,
  written: string,
  options: Options,
): Promise<number> {
  if (!/^[1-9]\d{0,9}$/.test(written)) throw new UsageError(`"${written}" is not the number of an import`)
  const number = Number(written)
  const { batch, removable } = await findUndoableImport(site.db, number, site.now())
  const whom = `${removable.toLocaleString('en')} of the ${count(batch.people, 'person', 'people')} of import #${number}`
  if (!options.yes) {
    if (!surroundings.streams.stdin.isTTY)
      throw new UserError(`this would remove ${whom}, and nobody is here to be asked`, {
        hint: 'say `--yes`',
      })
    if (!(await terminal.confirm(`Remove ${whom}, ${batch.file}?`))) {
      terminal.say('nothing was taken back')
      return EXIT.failed
    }
  }
  const undone = await undoImport(site.db, number, site.now())
  if (options.json) terminal.json({ number, ...undone })
  else for (const line of undoneLines(undone, number)) terminal.out(line)
  return EXIT.done
}

/** What somebody who stays has done since. */
const SINCE: Record<Since, string> = {
  asked: 'asked for a confirmation since',
  confirmed: 'confirmed since',
  imported: 'came by another list since',
  added: 'were added by you since',
  unsubscribed: 'left since',
  returned: 'left and came back since',
  moved: 'moved to a new address since',
  allowed: 'were let be mailed again by you since',
  mailed: 'were mailed since',
}

function undoneLines({ removed, stayed, examples }: Undone, number: number): string[] {
  const whose = Object.entries(stayed) as [Since, number][]
  const more = whose.reduce((sum, [, count]) => sum + count, 0) - examples.length
  return [
    ...examples.map(({ address, since }) => `${address} stays: ${SINCE[since].replace(/^were /, '')}`),
    ...(more > 0 ? [`and ${more.toLocaleString('en')} more stay`] : []),
    ...table(
      [
        [removed.toLocaleString('en'), 'removed without a trace: the same list may bring them again'],
        ...whose.map(([since, count]) => [count.toLocaleString('en'), `stay: they ${SINCE[since]}`]),
      ],
      [0],
    ),
    `import #${number} is taken back`,
  ]
}
