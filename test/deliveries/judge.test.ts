import { describe, expect, test } from 'vitest'
import { judge, type Lesson } from '../../src/deliveries/judge.ts'

type Outcome = Parameters<typeof judge>[1]

const TRIED = new Date('2026-11-22T08:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** How much earlier than the schedule delivery 7 comes back: each has a share of its own, a tenth to either side. */
const SHARE = 0.9654
const GIVE_UP = 24 * HOUR

function settle(outcome: Outcome, attempts: number, age: number) {
  const now = new Date(TRIED.getTime() + age)
  const { settlement, lesson } = judge({ id: 7, attempts, tried: TRIED }, outcome, now)
  const { due, ...settled } = settlement
  return { ...settled, wait: due === null ? null : due.getTime() - now.getTime(), lesson }
}

const later = { kind: 'refused', code: 450, reply: '450 4.2.0 later', phase: 'recipient' } as const
const never = { kind: 'refused', code: 550, reply: '550 5.1.1 nobody', phase: 'recipient' } as const
const broken: Outcome = { kind: 'not sent', scope: 'message', reason: 'Connection closed' }
const unreachable: Outcome = { kind: 'not sent', scope: 'transport', reason: 'ECONNREFUSED' }
const doubt: Outcome = { kind: 'unknown', reason: 'Timeout' }
const sent: Outcome = { kind: 'sent', reply: '250 queued as 1' }

const GIVEN_UP = 'given up after a day; the last answer was: '
const scheduled = (wait: number) => Math.round(wait * SHARE)
const LAST = GIVE_UP - scheduled(4 * HOUR)

// Outcome, attempts before, age in ms; what is written down: state, attempts, reply, wait in ms; and what else it says.
type Row = [string, Outcome, number, number, [string, number, string, number | null], Lesson['kind'] | null]
const TABLE: Row[] = [
  ['taken at once', sent, 0, 0, ['sent', 1, '250 queued as 1', null], 'accepted'],
  [
    'taken after six tries and two days',
    sent,
    6,
    48 * HOUR,
    ['sent', 7, '250 queued as 1', null],
    'accepted',
  ],
  ['refused for good', never, 0, 0, ['failed', 1, '550 5.1.1 nobody', null], 'no such address'],
  ['refused with 500', { ...never, code: 500 }, 0, 0, ['failed', 1, never.reply, null], 'no such address'],
  ['refused with 499', { ...later, code: 499 }, 0, 0, ['queued', 1, later.reply, scheduled(MINUTE)], null],
  ['in doubt', doubt, 0, 0, ['unknown', 1, 'no answer came: Timeout', null], null],
  ['in doubt after a day', doubt, 3, 30 * HOUR, ['unknown', 4, 'no answer came: Timeout', null], null],
  ['refused for now', later, 0, 0, ['queued', 1, later.reply, scheduled(MINUTE)], null],
  ['… the second time', later, 1, 0, ['queued', 2, later.reply, scheduled(5 * MINUTE)], null],
  ['… the third time', later, 2, 0, ['queued', 3, later.reply, scheduled(15 * MINUTE)], null],
  ['… the fourth time', later, 3, 0, ['queued', 4, later.reply, scheduled(30 * MINUTE)], null],
  ['… the fifth time', later, 4, 0, ['queued', 5, later.reply, scheduled(HOUR)], null],
  ['… the sixth time', later, 5, 0, ['queued', 6, later.reply, scheduled(2 * HOUR)], null],
  ['… the seventh time', later, 6, 0, ['queued', 7, later.reply, scheduled(4 * HOUR)], null],
  ['… the hundredth time', later, 99, 0, ['queued', 100, later.reply, scheduled(4 * HOUR)], null],
  [
    'refused for now, the last time within a day',
    later,
    7,
    LAST,
    ['queued', 8, later.reply, GIVE_UP - LAST],
    null,
  ],
  [
    'refused for now, and the next time would be too late',
    later,
    7,
    LAST + 1,
    ['failed', 8, GIVEN_UP + later.reply, null],
    // Its mailbox takes nothing: one of the times that it takes to give the address up.
    'full',
  ],
  [
    '… by a server that has troubles of its own',
    { ...later, code: 451, reply: '451 4.3.0 disk full' },
    7,
    LAST + 1,
    ['failed', 8, `${GIVEN_UP}451 4.3.0 disk full`, null],
    null,
  ],
  ['lost before the message', broken, 0, 0, ['queued', 1, 'Connection closed', scheduled(MINUTE)], null],
  [
    'lost before the message, again',
    broken,
    1,
    0,
    ['queued', 2, 'Connection closed', scheduled(5 * MINUTE)],
    null,
  ],
  ['lost, a day later', broken, 7, GIVE_UP, ['failed', 8, `${GIVEN_UP}Connection closed`, null], null],
  // What waits is the transport; the message itself may go through another one at once.
  ['nobody reachable: nothing counts', unreachable, 0, 0, ['queued', 0, 'ECONNREFUSED', 0], 'unreachable'],
  ['nobody reachable for hours', unreachable, 3, 23 * HOUR, ['queued', 3, 'ECONNREFUSED', 0], 'unreachable'],
  ['nobody reachable for a day', unreachable, 0, GIVE_UP, ['queued', 0, 'ECONNREFUSED', 0], 'unreachable'],
  [
    'nobody reachable for more than a day',
    unreachable,
    0,
    GIVE_UP + 1,
    ['failed', 0, `${GIVEN_UP}ECONNREFUSED`, null],
    'unreachable',
  ],
]

describe('a message that was', () => {
  for (const [what, outcome, attempts, age, [state, counted, reply, wait], kind] of TABLE)
    test(what, () => {
      const { lesson, ...written } = settle(outcome, attempts, age)
      expect(written).toEqual({ id: 7, state, attempts: counted, reply, wait })
      expect(lesson?.kind ?? null).toBe(kind)
    })
})

test('a thousand messages refused in one minute come back over a fifth of the wait, each at its own time', () => {
  const waits = Array.from({ length: 1000 }, (_, id) => {
    const { due } = judge({ id, attempts: 5, tried: TRIED }, later, TRIED).settlement
    return (due as Date).getTime() - TRIED.getTime()
  })
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0.9 * 2 * HOUR)
  expect(Math.max(...waits)).toBeLessThanOrEqual(1.1 * 2 * HOUR)
  // In each minute of those 24 about the same number.
  const minutes = Map.groupBy(waits, (wait) => Math.floor(wait / MINUTE))
  expect(minutes.size).toBe(24)
  for (const group of minutes.values()) expect(group.length).toBeLessThanOrEqual(50)
})
