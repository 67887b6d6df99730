/**
 * Numbers that no row ever has. Rows are numbered as they come, and a link has the number of its delivery in it: whoever
 * asks for an address of their own, for another's, and for a second one of their own would see by the two links whether the
 * other was written to, and so whether it is a reader's. What is decided not to be written uses up its numbers all the same.
 */
import { sql } from 'kysely'
import type { Writer } from './database.ts'

/** Uses up the next number of a table. */
export async function spendNumber(trx: Writer, table: 'deliveries' | 'subscribers'): Promise<void> {
  await sql`update sqlite_sequence set seq = seq + 1 where name = ${table}`.execute(trx)
  // SQLite makes this row with the table's first.
  await sql`insert into sqlite_sequence (name, seq) select ${table}, 1
    where not exists (select 1 from sqlite_sequence where name = ${table})`.execute(trx)
}
