/**
 * What to do after an attempt: a pure decision over the outcome, how often it was tried, and the age.
 *
 * RFC 5321, 4.5.4.1: a sender tries again after a temporary refusal, soon at first and then at longer intervals.
 * Posts are news: a message that could not be delivered within a day of trying has failed. How long it waited before
 * the first attempt, for a limit or for the author, is not held against it.
 */
import type { Outcome } from '../mail/transport.ts'
import type { Settlement } from '../store/deliveries.ts'
import { isAboutMailbox, type Meaning, quotedHost, readRefusal } from './reply.ts'

const MINUTE = 60_000
const WAITS = [1, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * MINUTE)
const GIVE_UP_AFTER = 24 * 60 * MINUTE
/** A tenth more or less, so that a thousand messages refused in one minute do not all come back in one minute. */
const JITTER = 0.1

/** `attempts` is how often a server has answered for it before; `tried` is when it was first tried. */
export type Attempt = { id: number; attempts: number; tried: Date }

/** What an answer teaches besides: about the address, the transport, the domain or the message. */
export type Lesson =
  | { kind: 'accepted' }
  | { kind: 'no such address' | 'maybe no such address' | 'full'; reply: string }
  | {
      kind: 'policy' | 'slow down'
      reply: string /** The remote host that a relay quotes. */
      host: string | null
    }
  | { kind: 'message'; reply: string }
  | { kind: 'unreachable'; reply: string }

export type Verdict = { settlement: Settlement; lesson: Lesson | null }

/** Decides what becomes of a delivery that was tried; what was handed back was not. */
export function judge(
  attempt: Attempt,
  outcome: Exclude<Outcome, { kind: 'handed back' }>,
  now: Date,
): Verdict {
  const { id } = attempt
  const attempts = attempt.attempts + 1
  switch (outcome.kind) {
    case 'sent':
      return {
        settlement: { id, attempts, state: 'sent', due: null, reply: outcome.reply },
        lesson: { kind: 'accepted' },
      }
    case 'unknown':
      return {
        settlement: { id, attempts, state: 'unknown', due: null, reply: `no answer came: ${outcome.reason}` },
        lesson: null,
      }
    case 'refused': {
      const meaning = readRefusal(outcome)
      const settlement =
        meaning === 'later' || meaning === 'slow down'
          ? later({ ...attempt, attempts }, outcome.reply, waitAfter(attempts, id), now)
          : ({ id, attempts, state: 'failed', due: null, reply: outcome.reply } as const)
      // A mailbox that took nothing for a day counts like a full one: three issues of that, and it is given up.
      if (settlement.state === 'failed' && meaning === 'later' && isAboutMailbox(outcome))
        return { settlement, lesson: { kind: 'full', reply: outcome.reply } }
      return { settlement, lesson: lessonOf(meaning, outcome.reply) }
    }
    case 'not sent':
      // Where no message at all would have gone, nothing counts against this one, except its age: it is due as before,
      // and another transport may take it at once.
      if (outcome.scope === 'transport') {
        return {
          settlement: later(attempt, outcome.reason, 0, now),
          lesson: { kind: 'unreachable', reply: outcome.reason },
        }
      }
      return {
        settlement: later({ ...attempt, attempts }, outcome.reason, waitAfter(attempts, id), now),
        lesson: null,
      }
    default: {
      const never: never = outcome
      return never
    }
  }
}

/** A letter that could not be written was no attempt: no server was asked. It would fail again, so it is not tried again. */
export function judgeUnwritable({ id, attempts }: Pick<Attempt, 'id' | 'attempts'>, reason: string): Verdict {
  const reply = `the letter could not be written: ${reason}`
  return { settlement: { id, attempts, state: 'failed', due: null, reply }, lesson: null }
}

function lessonOf(meaning: Meaning, reply: string): Lesson | null {
  switch (meaning) {
    case 'no such address':
    case 'maybe no such address':
    case 'full':
    case 'message':
      return { kind: meaning, reply }
    case 'policy':
    case 'slow down':
      return { kind: meaning, reply, host: quotedHost(reply) }
    case 'later':
    case 'refused':
      return null
    default: {
      const never: never = meaning
      return never
    }
  }
}

function waitAfter(attempts: number, id: number): number {
  const wait = WAITS[Math.min(attempts, WAITS.length) - 1] as number
  // By the delivery's own number (Knuth's multiplicative hash), so that the same history gives the same times.
  const share = ((id * 2_654_435_761) % 1_000) / 1_000
  return Math.round(wait * (1 - JITTER + 2 * JITTER * share))
}

function later(attempt: Attempt, reply: string, wait: number, now: Date): Settlement {
  const { id, attempts } = attempt
  const due = new Date(now.getTime() + wait)
  if (due.getTime() - attempt.tried.getTime() <= GIVE_UP_AFTER)
    return { id, attempts, state: 'queued', due, reply }
  return {
    id,
    attempts,
    state: 'failed',
    due: null,
    reply: `given up after a day; the last answer was: ${reply}`,
  }
}
