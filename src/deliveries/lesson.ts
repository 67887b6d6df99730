/**
 * What an answer changes besides its own delivery: the address is suppressed, a transport or a domain is left alone
 * for a while, an issue is paused. Applied in the ledger's commit, so that an answer and what follows from it are
 * kept together or not at all.
 *
 * Only what a server says about an address is held against the person. What it says about us (policy, reputation,
 * authentication) trips a brake: on the domain whose host a relay quotes, else on the transport. A brake lets go by
 * itself, the next message tries, and each time it has to pull again it holds for longer.
 */

import { keyOf } from '../address.ts'
import { bouncesSince, insertBounce } from '../store/bounces.ts'
import { type Brake, clearBrake, domainScope, readBrakes, setBrake } from '../store/brakes.ts'
import type { Writer } from '../store/database.ts'
import { lastSentTo } from '../store/deliveries.ts'
import { pauseIssue } from '../store/issues.ts'
import { findSubscriber, isErased, suppress } from '../store/subscribers.ts'
import type { Lesson } from './judge.ts'

/** What a lesson brought about: for the journal, since some of it has to outlive a restore, and for the author. */
export type Consequence =
  | { kind: 'suppressed'; person: { id: number; address: string } }
  | { kind: 'paused'; issue: number; why: string }
  | { kind: 'braked'; brake: Brake & { until: Date } }

/** Whom a lesson is about, and who is told what follows from it. */
export type Subject = {
  address: string
  domain: string
  issue: number | null
  transport: string
  tell(consequence: Consequence): void
}

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const BRAKE_WAITS = [1, 5, 15, 60, 240].map((minutes) => minutes * MINUTE)
/** Gmail asks for ten minutes of silence after its 4.7.28. */
const SLOW_WAITS = [10, 20, 60].map((minutes) => minutes * MINUTE)
/**
 * So many refusals among fewer than so many messages are too many: over 5 %, and of course five in a row. It takes
 * five, since one refusal to a list of ten people would be 10 %.
 */
const REFUSED_TOO_OFTEN = 5
const WATCHED_MESSAGES = 100
/** A full mailbox is given up after three issues over two weeks, with nothing accepted in between. */
const FULL_ISSUES = 3
const FULL_DAYS = 14
/** What is kept by the address. */
const PERSONAL: readonly Lesson['kind'][] = ['no such address', 'maybe no such address', 'full']

/** @param secret the site's key */
export async function applyLesson(
  trx: Writer,
  lesson: Lesson,
  subject: Subject,
  secret: string,
  now: Date,
): Promise<void> {
  // Who was erased while their message was on its way is not to be remembered by what a server answers to it.
  if (PERSONAL.includes(lesson.kind) && (await isErased(trx, keyOf(subject.address), secret))) return
  switch (lesson.kind) {
    case 'accepted':
      return countAccepted(trx, subject, now)
    case 'no such address':
      await remember(trx, 'hard', lesson.reply, subject, now)
      return giveUp(trx, subject, now)
    case 'maybe no such address':
      return strike(trx, lesson.reply, subject, now)
    case 'full':
      return countFull(trx, lesson.reply, subject, now)
    case 'policy':
      return watch(trx, scopeOf(lesson.host, subject), nameless(lesson.reply, subject), subject, now)
    case 'slow down': {
      const waits = /\b4\.7\.\d/.test(lesson.reply) ? SLOW_WAITS : BRAKE_WAITS
      return pull(trx, scopeOf(lesson.host, subject), nameless(lesson.reply, subject), waits, subject, now)
    }
    case 'unreachable':
      return pull(
        trx,
        subject.transport,
        nameless(lesson.reply, subject),
        BRAKE_WAITS.slice(0, 3),
        subject,
        now,
      )
    case 'message':
      return pause(trx, nameless(lesson.reply, subject), subject)
    default: {
      const never: never = lesson
      return never
    }
  }
}

/** A consequence as the author is told of it; null where it is nothing to look after. Names nobody's address. */
export function describeConsequence(consequence: Consequence): string | null {
  switch (consequence.kind) {
    case 'suppressed':
      return null
    case 'paused': {
      const { issue, why } = consequence
      return `issue #${issue} is paused: ${why}; to go on: posthorn issues resume ${issue}`
    }
    case 'braked': {
      const { scope, until, reason } = consequence.brake
      const why = reason.startsWith(`${scope}: `) ? reason.slice(`${scope}: `.length) : reason
      return `${scope} is left alone until ${until.toISOString().slice(0, 16).replace('T', ' ')} UTC: ${why}`
    }
    default: {
      const never: never = consequence
      return never
    }
  }
}

/** What is kept of an issue or a server, and told in the log, outlives whoever it was said about: servers quote them. */
function nameless(reply: string, { address }: Subject): string {
  return reply.replace(new RegExp(address.replace(/[^\w@]/g, '\\$&'), 'gi'), 'ADDRESS')
}

async function giveUp(trx: Writer, subject: Subject, now: Date): Promise<void> {
  await suppress(trx, keyOf(subject.address), 'bounce', now)
  const person = await findSubscriber(trx, keyOf(subject.address))
  if (person) subject.tell({ kind: 'suppressed', person })
}

async function pause(trx: Writer, reply: string, { issue, tell }: Subject): Promise<void> {
  if (issue === null) return
  const why = `the server does not take this message: ${reply}`
  if (await pauseIssue(trx, issue, why)) tell({ kind: 'paused', issue, why })
}

async function strike(trx: Writer, reply: string, subject: Subject, now: Date): Promise<void> {
  const since = await lastSentTo(trx, subject.address)
  const earlier = await bouncesSince(trx, keyOf(subject.address), 'maybe', since)
  if (earlier.some((bounce) => now.getTime() - bounce.at.getTime() >= DAY)) await giveUp(trx, subject, now)
  await remember(trx, 'maybe', reply, subject, now)
}

async function countFull(trx: Writer, reply: string, subject: Subject, now: Date): Promise<void> {
  await remember(trx, 'full', reply, subject, now)
  const bounces = await bouncesSince(
    trx,
    keyOf(subject.address),
    'full',
    await lastSentTo(trx, subject.address),
  )
  const issues = new Set(bounces.map((bounce) => bounce.issue))
  const first = bounces[0]?.at ?? now
  if (issues.size >= FULL_ISSUES && now.getTime() - first.getTime() >= FULL_DAYS * DAY) {
    await giveUp(trx, subject, now)
  }
}

async function watch(
  trx: Writer,
  scope: string,
  reason: string,
  { tell }: Subject,
  now: Date,
): Promise<void> {
  const brake = await readBrake(trx, scope)
  // What was in flight when the brake was pulled says nothing new.
  if (brake?.until && brake.until > now) return
  const refused = (brake?.refused ?? 0) + 1
  const accepted = brake?.accepted ?? 0
  const times = brake?.times ?? 0
  if (refused < REFUSED_TOO_OFTEN) {
    return setBrake(trx, { scope, until: brake?.until ?? null, reason, times, refused, accepted })
  }
  // After a brake one message is enough to say whether anything has changed.
  const pulled = {
    ...held(scope, reason, times, BRAKE_WAITS.slice(2), now),
    refused: REFUSED_TOO_OFTEN - 1,
    accepted: 0,
  }
  await setBrake(trx, pulled)
  tell({ kind: 'braked', brake: pulled })
}

async function pull(
  trx: Writer,
  scope: string,
  reason: string,
  waits: number[],
  { tell }: Subject,
  now: Date,
): Promise<void> {
  const brake = await readBrake(trx, scope)
  // Several connections tell of one outage: it is held once.
  if (brake?.until && brake.until > now) return
  const pulled = {
    ...held(scope, reason, brake?.times ?? 0, waits, now),
    refused: brake?.refused ?? 0,
    accepted: brake?.accepted ?? 0,
  }
  await setBrake(trx, pulled)
  tell({ kind: 'braked', brake: pulled })
}

function held(
  scope: string,
  reason: string,
  times: number,
  waits: number[],
  now: Date,
): Omit<Brake, 'refused' | 'accepted'> & { until: Date } {
  const wait = waits[Math.min(times, waits.length - 1)] as number
  return { scope, until: new Date(now.getTime() + wait), reason, times: times + 1 }
}

async function countAccepted(trx: Writer, subject: Subject, now: Date): Promise<void> {
  const brakes = await readBrakes(trx)
  for (const scope of [subject.transport, domainScope(subject.domain)]) {
    const brake = brakes.get(scope)
    // What was in flight when the brake was pulled is no sign that it may be let go.
    if (!brake || (brake.until && brake.until > now)) continue
    const accepted = brake.accepted + 1
    const isOver = brake.until !== null || brake.refused + accepted >= WATCHED_MESSAGES
    if (isOver) await clearBrake(trx, scope)
    else await setBrake(trx, { ...brake, accepted })
  }
}

async function readBrake(trx: Writer, scope: string): Promise<Brake | undefined> {
  return (await readBrakes(trx)).get(scope)
}

async function remember(
  trx: Writer,
  kind: 'hard' | 'maybe' | 'full',
  reply: string,
  subject: Subject,
  now: Date,
): Promise<void> {
  await insertBounce(trx, keyOf(subject.address), { kind, issue: subject.issue, at: now, reply })
}

function scopeOf(host: string | null, subject: Subject): string {
  return host === null ? subject.transport : domainScope(subject.domain)
}
