/**
 * When readers' digests are due. `subscribers.next_run_at` says it, as `issues/schedule.ts` has reckoned it from what they
 * chose; null where that has to be done yet, since they are new or chose something else. Of somebody who wants every post
 * at once it is null but for two: who has paused until a day, and who comes back. What became new meanwhile is due then.
 * Whoever writes their row writes that: to look for those among all who want every post would take longer than a round.
 */
import { type SqlBool, sql } from 'kysely'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import type { SubscriberRhythm } from './schema.ts'
import { readSetting, writeSetting } from './settings.ts'

export type DigestRhythm = Exclude<SubscriberRhythm, 'instant' | 'paused'>

/** When somebody's digests come, by their own clock. Null, or an empty zone, is what they left to the site. */
export type Hours = { weekday: string | null; hour: string | null; time_zone: string }

/** Readers of one rhythm for whom something is due at the same moments. `paused_until`: nothing before that. */
export type Schedule = Hours & { rhythm: DigestRhythm; paused_until: string | null }

/**
 * Has the slots reckoned anew of all who go by a setting of the site's that was changed. One that is due stays due: who is
 * owed a digest does not wait for another month since the author has changed an hour meanwhile.
 *
 * @param settings the hours and the zone of the site, as the configuration has them
 */
export async function keepSettings(
  db: Database,
  settings: Record<DigestRhythm, string>,
  now: Date,
): Promise<void> {
  const kept = parsed(await readSetting(db, SETTINGS))
  const changed = RHYTHMS.filter((rhythm) => kept[rhythm] !== settings[rhythm])
  if (changed.length === 0) return
  await write(db, async (trx) => {
    await writeSetting(trx, SETTINGS, JSON.stringify(settings))
    for (const rhythm of changed) {
      if (kept[rhythm] === undefined) continue
      await sql`update subscribers set next_run_at = null
        where status = 'confirmed' and rhythm = ${rhythm} and next_run_at > ${time(now)}
          and (hour is null or time_zone = '' or ${rhythm} = 'monthly' or (${rhythm} = 'weekly' and weekday is null))`.execute(
        trx,
      )
    }
  })
}

/**
 * Has slots reckoned anew that are further off than any of their rhythm can be: the clock was ahead when they were reckoned,
 * by years perhaps, and was set back since. Of who wants every post at once, what has gathered is due now.
 */
export async function forgetFarSlots(db: Database, now: Date): Promise<void> {
  const far = Object.entries(FARTHEST_DAYS).map(([rhythm, days]) => {
    const after = time(new Date(now.getTime() + days * 86_400_000))
    return sql<SqlBool>`status = 'confirmed' and rhythm = ${rhythm} and next_run_at > ${after} and paused_until is null`
  })
  for (const isFar of far) {
    // Asked first without the lock: most rounds find nobody.
    const { rows } = await sql`select 1 from subscribers where ${isFar} limit 1`.execute(db)
    if (rows.length === 0) continue
    await write(db, (trx) =>
      sql`update subscribers set next_run_at = case rhythm when 'instant' then ${time(now)} end
        where ${isFar}`.execute(trx),
    )
  }
}

/** With a day or two for what is left out of calendars, and for clocks that differ. */
const FARTHEST_DAYS: Record<Exclude<SubscriberRhythm, 'paused'>, number> = {
  instant: 1,
  daily: 3,
  weekly: 9,
  monthly: 33,
}

/** The schedules of all whose next slot has to be reckoned. */
export async function unreckoned(db: Reader): Promise<Schedule[]> {
  const rows = await db
    .selectFrom('subscribers')
    .select(['rhythm', 'weekday', 'hour', 'time_zone', 'paused_until'])
    .distinct()
    .where('status', '=', 'confirmed')
    .where('rhythm', 'in', RHYTHMS)
    .where('next_run_at', 'is', null)
    .execute()
  return rows as Schedule[]
}

/** Keeps the next slots of all who have one of these schedules, and no slot yet. */
export async function keepSlotsOf(trx: Writer, slots: (Schedule & { next: Date })[]): Promise<void> {
  for (const [rhythm, theirs] of Map.groupBy(slots, ({ rhythm }) => rhythm))
    await sql`
      with slots as materialized (${slotRows(theirs)})
      update subscribers as s set next_run_at = slots.next
      from slots where s.status = 'confirmed' and s.rhythm = ${rhythm} and s.next_run_at is null
        and slots.hours = ${hoursOf('s')} and slots.paused_until is s.paused_until`.execute(trx)
}

/**
 * Slots by the hours they are of, for one statement that moves everybody: one for each of a thousand schedules would walk
 * past all readers a thousand times.
 */
export function slotRows(slots: (Hours & { paused_until?: string | null; next: Date | null })[]) {
  const rows = slots.map(({ weekday, hour, time_zone, paused_until, next }) => [
    `${weekday ?? ''} ${hour ?? ''} ${time_zone}`,
    next && time(next),
    paused_until ?? null,
  ])
  return sql`select value ->> 0 as hours, value ->> 1 as next, value ->> 2 as paused_until
    from json_each(${JSON.stringify(rows)})`
}

/** What `slotRows` calls the hours of a subscriber by. */
export function hoursOf(subscriber: 's') {
  const column = (name: keyof Hours) => sql.ref(`${subscriber}.${name}`)
  return sql`coalesce(${column('weekday')}, '') || ' ' || coalesce(${column('hour')}, '') || ' ' || ${column('time_zone')}`
}

/** When the first digest of a rhythm is due, and how many of its readers' are later; null where nobody has the rhythm. */
export async function firstSlot(
  db: Reader,
  rhythm: DigestRhythm,
): Promise<{ at: Date; later: number } | null> {
  const { rows } = await sql<{ at: string; later: number }>`
    select next_run_at as at, sum(count(*)) over () - count(*) as later from subscribers
    where status = 'confirmed' and rhythm = ${rhythm} and next_run_at is not null
    group by next_run_at order by next_run_at limit 1`.execute(db)
  const [row] = rows
  return row ? { at: new Date(row.at), later: row.later } : null
}

const SETTINGS = 'digests'
const RHYTHMS: readonly DigestRhythm[] = ['daily', 'weekly', 'monthly']

function parsed(settings: string | null): Partial<Record<DigestRhythm, string>> {
  return settings === null ? {} : JSON.parse(settings)
}
