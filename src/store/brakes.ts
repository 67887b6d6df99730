/**
 * Brakes: what is left alone for a while, because a server said so or because it refuses us. Kept in the database, so
 * that every process keeps them and a restart forgets none.
 */
import { type Reader, time, type Writer } from './database.ts'

export type Brake = {
  /** `smtp mail.example.org:587`, or `domain example.net`. */
  scope: string
  /** Null while it is only being watched. */
  until: Date | null
  reason: string
  times: number
  /** What was refused and accepted since it is being watched. */
  refused: number
  accepted: number
}

/** All brakes, on and watched, by scope. */
export async function readBrakes(db: Reader): Promise<Map<string, Brake>> {
  const rows = await db.selectFrom('brakes').selectAll().orderBy('scope').execute()
  return new Map(
    rows.map((row) => [row.scope, { ...row, until: row.until === null ? null : new Date(row.until) }]),
  )
}

export async function setBrake(trx: Writer, brake: Brake): Promise<void> {
  const row = { ...brake, until: brake.until === null ? null : time(brake.until) }
  await trx
    .insertInto('brakes')
    .values(row)
    .onConflict((conflict) => conflict.column('scope').doUpdateSet(row))
    .execute()
}

export async function clearBrake(trx: Writer, scope: string): Promise<void> {
  await trx.deleteFrom('brakes').where('scope', '=', scope).execute()
}

/** Whether any brake is on or being watched. */
export async function isWatching(db: Reader): Promise<boolean> {
  return (await db.selectFrom('brakes').select('scope').limit(1).executeTakeFirst()) !== undefined
}

export function domainScope(domain: string): string {
  return `domain ${domain}`
}
