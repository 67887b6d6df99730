/**
 * What to do after an attempt: a pure decision over the outcome, how often it was tried, and the age.
 *
 * RFC 5321, 4.5.4.1: a sender tries again after a temporary refusal, soon at first and then at longer intervals.
 * Posts are news: after a day nobody waits for one, so a message that could not be delivered by then has failed.
 */
import type { Outcome } from '../mail/transport.ts'
import type { Settlement } from '../store/deliveries.ts'

const MINUTE = 60_000
const WAITS = [1, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * MINUTE)
const GIVE_UP_AFTER = 24 * 60 * MINUTE
/** How long to leave a mail server alone that cannot be reached. */
const UNREACHABLE_WAIT = MINUTE

/** `attempts` is how often a server has answered for it before; `dated` is when it was first owed. */
export type Attempt = { id: number; attempts: number; dated: Date }

export function settleOutcome(attempt: Attempt, outcome: Outcome, now: Date): Settlement {
  const { id } = attempt
  const attempts = attempt.attempts + 1
  switch (outcome.kind) {
    case 'sent':
      return { id, attempts, state: 'sent', due: null, reply: outcome.reply }
    case 'unknown':
      return { id, attempts, state: 'unknown', due: null, reply: `no answer came: ${outcome.reason}` }
    case 'refused':
      if (outcome.code >= 500) return { id, attempts, state: 'failed', due: null, reply: outcome.reply }
      return later({ ...attempt, attempts }, outcome.reply, waitAfter(attempts), now)
    case 'not sent':
      // Where no message at all would have gone, nothing counts against this one, except its age.
      if (outcome.scope === 'transport') return later(attempt, outcome.reason, UNREACHABLE_WAIT, now)
      return later({ ...attempt, attempts }, outcome.reason, waitAfter(attempts), now)
    default: {
      const never: never = outcome
      return never
    }
  }
}

function waitAfter(attempts: number): number {
  return WAITS[Math.min(attempts, WAITS.length) - 1] as number
}

function later(attempt: Attempt, reply: string, wait: number, now: Date): Settlement {
  const { id, attempts } = attempt
  const due = new Date(now.getTime() + wait)
  if (due.getTime() - attempt.dated.getTime() <= GIVE_UP_AFTER)
    return { id, attempts, state: 'queued', due, reply }
  return {
    id,
    attempts,
    state: 'failed',
    due: null,
    reply: `given up after a day; the last answer was: ${reply}`,
  }
}
