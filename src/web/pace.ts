/**
 * How often somebody may fetch a feed whole who never says what they have: a bucket of tokens for each address and
 * feed, in memory alone. It is there for programs that fetch a hundred kilobytes every few seconds for ever. A reader
 * that asks with If-None-Match or If-Modified-Since costs next to nothing and does not come here.
 *
 * A bucket holds 30 and gets one each minute: half an office may read the same feed by readers that know no 304, and
 * somebody may try one out and press "reload" as often as they like; who asks every ten seconds is told to wait after
 * six minutes.
 */
const MOST = 30
const REFILL_MS = 60_000
/** How many buckets there are at a time, at most. */
const BUCKETS = 10_000

export type Pace = {
  /** @returns 0 where they may have it, else in how many seconds they may ask again */
  take(who: string, feed: string, now: Date): number
}

export function openPace(): Pace {
  // In the order in which they were last touched, so that those to forget come first.
  // A bucket is told in milliseconds, one token in each `REFILL_MS`.
  const buckets = new Map<string, { stock: number; at: number }>()
  return {
    take(who, feed, now) {
      const key = `${who} ${feed}`
      const at = now.getTime()
      const before = buckets.get(key) ?? { stock: MOST * REFILL_MS, at }
      // A clock that was set back takes nothing away.
      const stock = Math.min(before.stock + Math.max(at - before.at, 0), MOST * REFILL_MS)
      const lacking = Math.max(REFILL_MS - stock, 0)
      buckets.delete(key)
      buckets.set(key, { stock: lacking > 0 ? stock : stock - REFILL_MS, at })
      for (const [oldest, bucket] of buckets) {
        // One that is full again by now tells nothing, and an address is not kept for nothing.
        if (buckets.size <= BUCKETS && at - bucket.at < MOST * REFILL_MS) break
        buckets.delete(oldest)
      }
      return Math.ceil(lacking / 1000)
    },
  }
}
