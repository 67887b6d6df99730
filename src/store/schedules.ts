import { type Database, type Reader, time, type Writer, write } from './database.ts'

export type DigestRhythm = 'daily' | 'weekly' | 'monthly'
export type Schedule = { rhythm: DigestRhythm; next: Date }

/** When each digest is due next. */
export async function readSchedules(db: Reader): Promise<(Schedule & { hour: string })[]> {
  const rows = await db.selectFrom('schedules').selectAll().execute()
  return rows.map((row) => ({ rhythm: row.rhythm, hour: row.hour, next: new Date(row.next_at) }))
}

/** Sets when a digest is due next; `hour` is the setting it was reckoned from. */
async function setSchedule(trx: Writer, rhythm: DigestRhythm, hour: string, next: Date): Promise<void> {
  await trx
    .insertInto('schedules')
    .values({ rhythm, hour, next_at: time(next) })
    .onConflict((conflict) => conflict.column('rhythm').doUpdateSet({ hour, next_at: time(next) }))
    .execute()
}

/**
 * Takes a slot for this process: moves the digest on to `next`, if it still stands at `slot`.
 *
 * @returns false where another process was first
 */
export async function takeSlot(trx: Writer, rhythm: DigestRhythm, slot: Date, next: Date): Promise<boolean> {
  const result = await trx
    .updateTable('schedules')
    .set({ next_at: time(next) })
    .where('rhythm', '=', rhythm)
    .where('next_at', '=', time(slot))
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Reckons digests anew whose hour was changed in the configuration, and those never reckoned. */
export async function keepSchedules(db: Database, wanted: (Schedule & { hour: string })[]): Promise<void> {
  const kept = await readSchedules(db)
  const changed = wanted.filter((each) => kept.find((row) => row.rhythm === each.rhythm)?.hour !== each.hour)
  if (changed.length === 0) return
  await write(db, async (trx) => {
    for (const each of changed) await setSchedule(trx, each.rhythm, each.hour, each.next)
  })
}
