/**
 * Limits: how many messages may go in a second, a minute, an hour, a day. What went is counted in the database, in
 * sixty slices of each span, by every process, so a restart forgets nothing and two workers keep one limit.
 *
 * What counts is what leaves: a message is counted in the commit that allows it to (`markSending`), and where there is
 * no room that commit does not allow it. So a server that cannot be reached, or that knows no such person, uses up
 * nothing, and no two processes together send more than one may. A claim only looks: it takes no more than there is
 * room for, less what its own process has claimed and not sent yet. What another process holds it does not know; where
 * both have claimed the last of an hour, the slower one is refused at the mark and gives back what it holds.
 *
 * A span slides: at any moment what went within the last minute is at most the minute's limit. A slice that only
 * partly lies within the span counts whole, which errs by a sixtieth on the careful side. A second is one slice.
 */
import { sql } from 'kysely'
import type { Reader, Writer } from './database.ts'

export type Limits = { second?: number; minute?: number; hour?: number; day?: number }
export type Span = keyof Limits
/** What a transport may send: in all, and to single domains, whose limits count beside the others. */
export type Allowed = { limits: Limits; domainLimits: Record<string, Limits> }

export const UNLIMITED: Allowed = { limits: {}, domainLimits: {} }

export const SPANS: readonly Span[] = ['second', 'minute', 'hour', 'day']

const SPAN_MS: Record<Span, number> = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }

function sliceMs(span: Span): number {
  return span === 'second' ? 1_000 : SPAN_MS[span] / 60
}

/** How many messages may go now under all limits of a scope, and when there will be room again where none may. */
export async function readAllowance(
  db: Reader,
  scope: string,
  limits: Limits,
  now: Date,
): Promise<{ free: number; retryAt: Date | null }> {
  let free = Number.POSITIVE_INFINITY
  let retryAt: Date | null = null
  for (const span of SPANS) {
    const limit = limits[span]
    if (limit === undefined) continue
    const first = firstSlice(span, now)
    const { rows } = await sql<{ used: number | null; oldest: number | null }>`
      select sum(count) as used, min(bucket) as oldest from allowances
      where scope = ${scope} and span = ${span} and bucket >= ${first}`.execute(db)
    const { used, oldest } = rows[0] ?? { used: 0, oldest: null }
    const left = Math.max(0, limit - (used ?? 0))
    if (left < free) free = left
    if (left === 0 && oldest !== null) {
      // Room comes when the oldest slice has slid out of the span altogether.
      const room = new Date((oldest + 1) * sliceMs(span) + (span === 'second' ? 0 : SPAN_MS[span]))
      if (retryAt === null || room > retryAt) retryAt = room
    }
  }
  return { free, retryAt: free === 0 ? retryAt : null }
}

/**
 * Lets messages go one after the other while there is room, and counts those.
 *
 * @returns which of them may go
 */
export async function admit<Message extends { domain: string }>(
  trx: Writer,
  transport: string,
  { limits, domainLimits }: Allowed,
  messages: Message[],
  now: Date,
): Promise<Message[]> {
  const scopes = new Map([[transport, limits]])
  for (const { domain } of messages) {
    const limitsOfDomain = domainLimits[domain]
    if (limitsOfDomain) scopes.set(domainAllowance(transport, domain), limitsOfDomain)
  }
  const room = new Map<string, number>()
  for (const [scope, each] of scopes) room.set(scope, (await readAllowance(trx, scope, each, now)).free)
  const spent = new Map<string, number>()
  const admitted = messages.filter(({ domain }) => {
    const needed = [transport, domainAllowance(transport, domain)].filter((scope) => scopes.has(scope))
    if (needed.some((scope) => (room.get(scope) ?? 0) <= (spent.get(scope) ?? 0))) return false
    for (const scope of needed) spent.set(scope, (spent.get(scope) ?? 0) + 1)
    return true
  })
  for (const [scope, count] of spent) await spendAllowance(trx, scope, scopes.get(scope) ?? {}, count, now)
  return admitted
}

/** What a domain's allowance of a transport is kept under. */
export function domainAllowance(transport: string, domain: string): string {
  return `${transport} ${domain}`
}

export function isLimited({ limits, domainLimits }: Allowed): boolean {
  return Object.keys(limits).length + Object.keys(domainLimits).length > 0
}

/** Counts messages that are about to go. */
export async function spendAllowance(
  trx: Writer,
  scope: string,
  limits: Limits,
  count: number,
  now: Date,
): Promise<void> {
  if (count === 0) return
  for (const span of SPANS) {
    if (limits[span] === undefined) continue
    await trx
      .insertInto('allowances')
      .values({ scope, span, bucket: slice(span, now), count })
      .onConflict((conflict) =>
        conflict
          .columns(['scope', 'span', 'bucket'])
          .doUpdateSet({ count: sql`allowances.count + ${count}` }),
      )
      .execute()
    await trx
      .deleteFrom('allowances')
      .where('scope', '=', scope)
      .where('span', '=', span)
      .where('bucket', '<', firstSlice(span, now))
      .execute()
  }
}

function slice(span: Span, now: Date): number {
  return Math.floor(now.getTime() / sliceMs(span))
}

function firstSlice(span: Span, now: Date): number {
  return span === 'second' ? slice(span, now) : Math.floor((now.getTime() - SPAN_MS[span]) / sliceMs(span))
}
