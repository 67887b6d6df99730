import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import type { Reader } from '../store/database.ts'
import { countErased, type Exported, streamExported, streamStrangersSuppressed } from '../store/exports.ts'
import type { Where } from '../store/where.ts'
import { writeList } from './cells.ts'
import { SUPPRESSED } from './columns.ts'
import { guardCell } from './formula.ts'

/** The columns, by the names that an import knows them by. Times are RFC 3339. */
const COLUMNS: [string, (person: Exported) => string | null][] = [
  ['address', (person) => person.address],
  ['name', (person) => person.name],
  ['status', (person) => person.status],
  ['rhythm', (person) => person.rhythm],
  ['tags', (person) => list(person.tags)],
  ['language', (person) => person.language],
  ['time zone', (person) => person.time_zone],
  ['hour', (person) => person.hour],
  ['weekday', (person) => person.weekday],
  ['paused until', (person) => person.paused_until],
  ['followed tags', (person) => list(person.followed_tags)],
  ['followed languages', (person) => list(person.followed_languages)],
  ['created', (person) => person.created_at],
  ['asked', (person) => person.asked_at],
  ['confirmed', (person) => person.confirmed_at],
  ['unsubscribed', (person) => person.unsubscribed_at],
  ['suppressed', (person) => person.reason],
  ['suppressed since', (person) => person.suppressed_at],
  ['consents', (person) => person.consents],
]

/**
 * Writes all subscribers, in the order in which they came, and the addresses that are not to be mailed; or the
 * subscribers of `where` alone. As CSV, in constant memory. The output is left open.
 *
 * @returns how many are not in it because they were erased: a hash that only this site can make is all there is of them
 * @throws what the output throws, such as EPIPE where its reader went away
 */
export async function exportSubscribers(
  db: Reader,
  output: Writable,
  where: Where = [],
): Promise<{ erased: number }> {
  // Every cell in quotes: a spreadsheet that parts cells at ";" would find new ones in a name, unguarded.
  const csv = stringify({ quoted: true, quoted_empty: true })
  await pipeline(rows(db, where), csv, output, { end: false })
  return { erased: where.length > 0 ? 0 : await countErased(db) }
}

async function* rows(db: Reader, where: Where): AsyncGenerator<string[]> {
  yield COLUMNS.map(([name]) => name)
  for await (const person of streamExported(db, where))
    yield COLUMNS.map(([, value]) => guardCell(value(person) ?? ''))
  if (where.length > 0) return
  for await (const { key, reason, at } of streamStrangersSuppressed(db)) {
    const cells: Record<string, string> = {
      address: key,
      status: SUPPRESSED,
      suppressed: reason,
      'suppressed since': at,
    }
    yield COLUMNS.map(([name]) => guardCell(cells[name] ?? ''))
  }
}

function list(json: string): string {
  return writeList(JSON.parse(json) as string[])
}
