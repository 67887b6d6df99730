import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, emptyLog } from '../store/database.ts'
import { forgetMoves } from '../store/moves.ts'
import { forgetSignUps } from '../store/sign-ups.ts'
import { forgetSolved } from '../store/solved.ts'
import { eraseUnanswered } from '../store/subscribers.ts'
import { GOOD_FOR_MS } from './confirm.ts'

const AT_ONCE = 100
/** Between two transactions another process has its turn. */
const TURN_MS = 2

/**
 * Erases who was asked to confirm and has not, once their confirmation is good no more: what a stranger typed into a
 * form is kept no longer than it can be of use. Nothing of them stays, so they may ask again. Who left, who must not be
 * mailed, and whom the author imported and nobody ever asked, stay. New addresses that nobody confirmed go likewise.
 *
 * @returns how many
 */
export async function forgetUnconfirmed(db: Database, now: Date): Promise<number> {
  await forgetSignUps(db, now)
  await forgetSolved(db, now)
  const askedBefore = new Date(now.getTime() - GOOD_FOR_MS)
  await forgetMoves(db, askedBefore, 'nobody confirmed it within seven days', now)
  let erased = 0
  for (;;) {
    const { looked, gone } = await eraseUnanswered(db, askedBefore, AT_ONCE, now)
    erased += gone
    if (looked < AT_ONCE) break
    await sleep(TURN_MS)
  }
  if (erased > 0) await emptyLog(db)
  return erased
}

export function describeForgotten(people: number): string {
  return people === 1
    ? '1 person did not confirm within seven days and is erased'
    : `${people} people did not confirm within seven days and are erased`
}
