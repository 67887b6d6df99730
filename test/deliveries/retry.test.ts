import { describe, expect, test } from 'vitest'
import { settleOutcome } from '../../src/deliveries/retry.ts'
import type { Outcome } from '../../src/mail/transport.ts'

const DATED = new Date('2026-11-22T08:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

function settle(outcome: Outcome, attempts: number, age: number) {
  const now = new Date(DATED.getTime() + age)
  const { due, ...settled } = settleOutcome({ id: 7, attempts, dated: DATED }, outcome, now)
  return { ...settled, wait: due === null ? null : due.getTime() - now.getTime() }
}

const later: Outcome = { kind: 'refused', code: 450, reply: '450 4.2.1 later' }
const never: Outcome = { kind: 'refused', code: 550, reply: '550 5.1.1 nobody' }
const broken: Outcome = { kind: 'not sent', scope: 'message', reason: 'Connection closed' }
const unreachable: Outcome = { kind: 'not sent', scope: 'transport', reason: 'ECONNREFUSED' }
const doubt: Outcome = { kind: 'unknown', reason: 'Timeout' }
const sent: Outcome = { kind: 'sent', reply: '250 queued as 1' }

const GIVEN_UP = 'given up after a day; the last answer was: '

// Outcome, attempts before, age in ms; what is written down: state, attempts, reply, wait in ms.
const TABLE: [string, Outcome, number, number, [string, number, string, number | null]][] = [
  ['taken at once', sent, 0, 0, ['sent', 1, '250 queued as 1', null]],
  ['taken after six tries and two days', sent, 6, 48 * HOUR, ['sent', 7, '250 queued as 1', null]],
  ['refused for good', never, 0, 0, ['failed', 1, '550 5.1.1 nobody', null]],
  ['refused with 500', { ...never, code: 500 }, 0, 0, ['failed', 1, '550 5.1.1 nobody', null]],
  ['refused with 499', { ...later, code: 499 }, 0, 0, ['queued', 1, '450 4.2.1 later', MINUTE]],
  ['in doubt', doubt, 0, 0, ['unknown', 1, 'no answer came: Timeout', null]],
  ['in doubt after a day', doubt, 3, 30 * HOUR, ['unknown', 4, 'no answer came: Timeout', null]],
  ['refused for now', later, 0, 0, ['queued', 1, '450 4.2.1 later', MINUTE]],
  ['… the second time', later, 1, 0, ['queued', 2, '450 4.2.1 later', 5 * MINUTE]],
  ['… the third time', later, 2, 0, ['queued', 3, '450 4.2.1 later', 15 * MINUTE]],
  ['… the fourth time', later, 3, 0, ['queued', 4, '450 4.2.1 later', 30 * MINUTE]],
  ['… the fifth time', later, 4, 0, ['queued', 5, '450 4.2.1 later', HOUR]],
  ['… the sixth time', later, 5, 0, ['queued', 6, '450 4.2.1 later', 2 * HOUR]],
  ['… the seventh time', later, 6, 0, ['queued', 7, '450 4.2.1 later', 4 * HOUR]],
  ['… the hundredth time', later, 99, 0, ['queued', 100, '450 4.2.1 later', 4 * HOUR]],
  ['refused for now, the last time within a day', later, 7, 20 * HOUR, ['queued', 8, later.reply, 4 * HOUR]],
  [
    'refused for now, and the next time would be too late',
    later,
    7,
    20 * HOUR + 1,
    ['failed', 8, GIVEN_UP + later.reply, null],
  ],
  ['lost before the message', broken, 0, 0, ['queued', 1, 'Connection closed', MINUTE]],
  ['lost before the message, again', broken, 1, 0, ['queued', 2, 'Connection closed', 5 * MINUTE]],
  [
    'lost before the message, a day later',
    broken,
    7,
    24 * HOUR,
    ['failed', 8, `${GIVEN_UP}Connection closed`, null],
  ],
  ['nobody reachable: nothing counts', unreachable, 0, 0, ['queued', 0, 'ECONNREFUSED', MINUTE]],
  ['nobody reachable for hours', unreachable, 3, 23 * HOUR, ['queued', 3, 'ECONNREFUSED', MINUTE]],
  ['nobody reachable for a day', unreachable, 0, 24 * HOUR, ['failed', 0, `${GIVEN_UP}ECONNREFUSED`, null]],
]

describe('a message that was', () => {
  for (const [what, outcome, attempts, age, [state, counted, reply, wait]] of TABLE)
    test(what, () => {
      expect(settle(outcome, attempts, age)).toEqual({ id: 7, state, attempts: counted, reply, wait })
    })
})
