/**
 * The lines of the journal, as they are written and as they are read back. Each begins with a sign:
 *
 *     # posthorn journal ID
 *     i {…}                                   an issue was enqueued, or released as it is now: its posts and renditions,
 *                                             so that it can be made again
 *     = ISSUE STATE                           the author, or a server's refusal, moved it: paused, cancelled, sending
 *     > DELIVERY KIND ISSUE SUBSCRIBER RENDITION HASH   the message may leave; the hash of the address tells whether it is
 *                                             the same person
 *     + DELIVERY  - DELIVERY  ? DELIVERY      sent, failed, unknown
 *     ~ DELIVERY                              certainly not sent: queued again
 *     x SUBSCRIBER HASH HOW                   this person is not to be mailed: unsubscribed, suppressed, erased
 *     m SUBSCRIBER HASH HASH OTHER            this person moved from one address to another, and is one from then on with
 *                                             the subscriber who had it, if there was one
 */
import { createHmac } from 'node:crypto'
import { keyOf } from '../address.ts'
import type { DeliveryKind, IssueState, Schema } from './schema.ts'

export type JournalDelivery = {
  id: number
  kind: DeliveryKind
  issue: number | null
  subscriber: number | null
  rendition: number
  address: string
}

/** An issue as the journal keeps it. */
export type JournalIssue = {
  number: number
  kind: 'single' | 'digest'
  rhythm: Schema['issues']['rhythm']
  origin: 'schedule' | 'author'
  subject: string
  due: string
  /** Why it waits for the author; null where it goes by itself. */
  hold: string | null
  posts: {
    id: string
    file: string
    slug: string
    title: string
    date: string
    hash: string
    edition: number
  }[]
  /** `posts` by their ids, in the order shown. */
  renditions: { id: number; posts: string[]; language: string; subject: string; html: string; text: string }[]
}

/** How somebody came to be mailed no longer. */
export type Leaving = 'unsubscribed' | 'suppressed' | 'erased'

/** What became of a message that may have left; `>` where nothing was heard of it yet. */
export type Sign = '>' | '+' | '-' | '?' | '~'

/** A line that was read back. */
export type Line =
  | { kind: 'issue'; issue: JournalIssue }
  | { kind: 'state'; issue: number; state: IssueState }
  | {
      kind: 'mark'
      id: number
      issue: number | null
      subscriber: number | null
      rendition: number
      hash: string
    }
  | { kind: 'outcome'; id: number; sign: Sign }
  | { kind: 'leaving'; subscriber: number; hash: string; how: Leaving }
  | { kind: 'moving'; subscriber: number; from: string; to: string; joined: number | null }

export const HEADER = '# posthorn journal '

export function markLine(delivery: JournalDelivery, secret: string): string {
  const { id, kind, issue, subscriber, rendition, address } = delivery
  return `> ${id} ${kind} ${issue ?? '-'} ${subscriber ?? '-'} ${rendition} ${addressHash(address, secret)}`
}

export function outcomeLine(id: number, state: 'sent' | 'failed' | 'unknown' | 'queued' | 'skipped'): string {
  const sign = { sent: '+', failed: '-', unknown: '?', queued: '~', skipped: '-' }[state]
  return `${sign} ${id}`
}

export function issueLine(issue: JournalIssue): string {
  return `i ${JSON.stringify(issue)}`
}

export function stateLine(issue: number, state: 'planned' | 'sending' | 'paused' | 'cancelled'): string {
  return `= ${issue} ${state}`
}

export function leavingLine(person: { id: number; address: string }, how: Leaving, secret: string): string {
  return `x ${person.id} ${addressHash(person.address, secret)} ${how}`
}

/** @param joined the number of who had the address until then; null where nobody had */
export function movingLine(
  person: { id: number; address: string },
  to: string,
  joined: number | null,
  secret: string,
): string {
  return `m ${person.id} ${addressHash(person.address, secret)} ${addressHash(to, secret)} ${joined ?? '-'}`
}

/** @returns null for a line that no Posthorn wrote: the disk has damaged it */
export function readLine(line: string): Line | null {
  switch (line.charAt(0)) {
    case 'i':
      return readIssue(line)
    case '=': {
      const [, issue, state] = /^= (\d+) (planned|sending|paused|cancelled)$/.exec(line) ?? []
      return state ? { kind: 'state', issue: Number(issue), state: state as IssueState } : null
    }
    case '>':
      return readMark(line)
    case 'x': {
      const [, subscriber, hash, how] =
        /^x (\d+) ([0-9a-f]{12}) (unsubscribed|suppressed|erased)$/.exec(line) ?? []
      if (!hash) return null
      return { kind: 'leaving', subscriber: Number(subscriber), hash, how: how as Leaving }
    }
    case 'm': {
      const [, subscriber, from, to, joined] =
        /^m (\d+) ([0-9a-f]{12}) ([0-9a-f]{12}) (\d+|-)$/.exec(line) ?? []
      if (!from || !to) return null
      return {
        kind: 'moving',
        subscriber: Number(subscriber),
        from,
        to,
        joined: joined === '-' ? null : Number(joined),
      }
    }
    default: {
      const [, sign, id] = /^([+?~-]) (\d+)$/.exec(line) ?? []
      return sign ? { kind: 'outcome', id: Number(id), sign: sign as Sign } : null
    }
  }
}

/** What an address stands as in the journal: it can be recognised by who has the site's key, and not read. */
export function addressHash(address: string, secret: string): string {
  return createHmac('sha256', secret)
    .update(`journal ${keyOf(address)}`)
    .digest('hex')
    .slice(0, 12)
}

function readIssue(line: string): Line | null {
  if (!line.startsWith('i {')) return null
  try {
    return { kind: 'issue', issue: JSON.parse(line.slice(2)) as JournalIssue }
  } catch {
    // Not even half of it can be trusted: the caller counts it as damage.
    return null
  }
}

function readMark(line: string): Line | null {
  const parts = /^> (\d+) [a-z]+ (\d+|-) (\d+|-) (\d+) ([0-9a-f]{12})$/.exec(line)
  if (!parts) return null
  const [, id, issue, subscriber, rendition, hash = ''] = parts
  const number = (value: string | undefined) => (value === '-' ? null : Number(value))
  return {
    kind: 'mark',
    id: Number(id),
    issue: number(issue),
    subscriber: number(subscriber),
    rendition: Number(rendition),
    hash,
  }
}
