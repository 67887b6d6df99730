/**
 * When readers' digests are due. `subscribers.next_run_at` says it, as `issues/schedule.ts` has reckoned it from what they
 * chose; null where that has to be done yet, since they are new or chose something else. Of somebody who wants every post
 * at once it is null but for two: who has paused until a day, and who comes back. What became new meanwhile is due then.
 */
import { sql } from 'kysely'
import { type Database, type Reader, time, type Writer, write } from './database.ts'
import type { SubscriberRhythm } from './schema.ts'
import { readSetting, writeSetting } from './settings.ts'

export type DigestRhythm = Exclude<SubscriberRhythm, 'instant' | 'paused'>

/** When somebody's digests come, by their own clock. Null, or an empty zone, is what they left to the site. */
export type Hours = { weekday: string | null; hour: string | null; time_zone: string }

/** Readers of one rhythm for whom something is due at the same moments. `paused_until`: nothing before that. */
export type Schedule = Hours & { rhythm: DigestRhythm | 'instant'; paused_until: string | null }

/**
 * Has the slots reckoned anew of all who go by a setting of the site's that was changed.
 *
 * @param settings the hours and the zone of the site, as the configuration has them
 */
export async function keepSettings(db: Database, settings: Record<DigestRhythm, string>): Promise<void> {
  const kept = parsed(await readSetting(db, SETTINGS))
  const changed = RHYTHMS.filter((rhythm) => kept[rhythm] !== settings[rhythm])
  if (changed.length === 0) return
  await write(db, async (trx) => {
    await writeSetting(trx, SETTINGS, JSON.stringify(settings))
    for (const rhythm of changed) {
      if (kept[rhythm] === undefined) continue
      await sql`update subscribers set next_run_at = null
        where status = 'confirmed' and rhythm = ${rhythm}
          and (hour is null or time_zone = '' or ${rhythm} = 'monthly' or (${rhythm} = 'weekly' and weekday is null))`.execute(
        trx,
      )
    }
  })
}

/** The schedules of all whose next slot has to be reckoned. */
export async function unreckoned(db: Reader): Promise<Schedule[]> {
  const rows = await db
    .selectFrom('subscribers')
    .select(['rhythm', 'weekday', 'hour', 'time_zone', 'paused_until'])
    .distinct()
    .where('status', '=', 'confirmed')
    .where((by) =>
      by.or([
        by('rhythm', 'in', RHYTHMS),
        by.and([by('rhythm', '=', 'instant'), by('paused_until', 'is not', null)]),
      ]),
    )
    .where('next_run_at', 'is', null)
    .execute()
  return rows as Schedule[]
}

/** Keeps the next slot of all who have this schedule, and none yet. */
export async function keepSlot(trx: Writer, schedule: Schedule, next: Date): Promise<void> {
  const { rhythm, weekday, hour, time_zone, paused_until } = schedule
  await trx
    .updateTable('subscribers')
    .set({ next_run_at: time(next) })
    .where('status', '=', 'confirmed')
    .where('rhythm', '=', rhythm)
    .where('next_run_at', 'is', null)
    .where('weekday', 'is', weekday)
    .where('hour', 'is', hour)
    .where('time_zone', '=', time_zone)
    .where('paused_until', 'is', paused_until)
    .execute()
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
