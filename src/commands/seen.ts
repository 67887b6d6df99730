/** What an author has to know before anything else. */
import { describeFault, type Fault } from '../errors.ts'
import type { Identified } from '../posts/identity.ts'
import { count } from '../terminal.ts'
import type { Context } from './main.ts'

/** Tells faults, and that this was the site's first round. */
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
