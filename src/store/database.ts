/**
 * The database: where Posthorn keeps what the posts folder cannot tell, and who decides when two processes want the
 * same thing. See `schema.ts` for the rows, `migrations.ts` for the promises made as constraints.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, sql, type Transaction } from 'kysely'
import { Migrator } from 'kysely/migration'
import { UserError } from '../errors.ts'
import { migrations } from './migrations.ts'
import type { Schema } from './schema.ts'
import { sqliteDialect } from './sqlite.ts'

/** Reads may be run on either; writes only inside `write`. */
export type Reader = Kysely<Schema>
export type Writer = Transaction<Schema>
export type Database = Kysely<Schema>

/**
 * Opens the database of a site and brings its tables up to date.
 *
 * @param url `sqlite:` and an absolute path
 * @throws UserError where it cannot be opened, or was written by a newer Posthorn
 */
export async function openDatabase(url: string): Promise<Database> {
  const path = url.replace(/^sqlite:/, '')
  const db = new Kysely<Schema>({ dialect: sqliteDialect(path) })
  try {
    await refuseNewer(db, path)
    const { error } = await new Migrator({
      db,
      provider: { getMigrations: async () => migrations },
    }).migrateToLatest()
    if (error) throw error
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/**
 * Runs `work` in one write transaction: all of it is kept or nothing. No file is read and nobody is waited for
 * inside, since every other writer waits for it.
 */
export function write<Result>(db: Database, work: (trx: Writer) => Promise<Result>): Promise<Result> {
  return db.transaction().execute(work)
}

/**
 * As `write`, for what may be lost when the power goes: nobody waits until it is on the disk. It is there for every
 * process at once, in whole or not at all, and the next `write` takes it along.
 */
export function writeLightly<Result>(db: Database, work: (trx: Writer) => Promise<Result>): Promise<Result> {
  return db.connection().execute(async (one) => {
    await sql`pragma synchronous = normal`.execute(one)
    try {
      return await one.transaction().execute(work)
    } finally {
      await sql`pragma synchronous = full`.execute(one)
    }
  })
}

/**
 * Empties the log that SQLite keeps beside the database: pages as they once were, until it is written over, and so whoever
 * was erased since. Where another process has it in use for longer than a moment, it stays until the next time.
 */
export async function emptyLog(db: Database): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db)
    if (rows[0]?.busy !== 1) return
    await sleep(5)
  }
}

/**
 * A number that is another one as soon as another process has committed something; what this one writes does not
 * change it.
 */
export async function outsideChanges(db: Reader): Promise<number> {
  const { rows } = await sql<{ data_version: number }>`pragma data_version`.execute(db)
  return rows[0]?.data_version ?? 0
}

/** A text that is another one as soon as anybody has written anything, this process too. */
export async function changeStamp(db: Reader): Promise<string> {
  const { rows } = await sql<{ own: number }>`select total_changes() as own`.execute(db)
  return `${await outsideChanges(db)} ${rows[0]?.own ?? 0}`
}

/** A moment in the form the tables keep. */
export function time(date: Date): string {
  return date.toISOString()
}

async function refuseNewer(db: Database, path: string): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute()
  const newer = rows.find((row) => !(row.name in migrations))
  if (newer) {
    throw new UserError(
      `${path}: this database is from a newer Posthorn (it knows "${newer.name}", this one does not)`,
      {
        hint: 'update Posthorn, or restore a backup made by this version',
      },
    )
  }
}
