import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import type { Reader } from '../store/database.ts'
import { type Subscriber, streamSubscribers } from '../store/subscribers.ts'
import type { Where } from '../store/where.ts'
import { guardCell } from './formula.ts'

/** The columns, by the names that an import knows them by. Times are RFC 3339. */
const COLUMNS: [string, (person: Subscriber) => string][] = [
  ['address', (person) => person.address],
  ['name', (person) => person.name],
  ['status', (person) => person.status],
  ['rhythm', (person) => person.rhythm],
  ['tags', (person) => (JSON.parse(person.tags) as string[]).map(quoted).join(';')],
  ['language', (person) => person.language],
  ['time zone', (person) => person.time_zone],
  ['created', (person) => person.created_at],
  ['confirmed', (person) => person.confirmed_at ?? ''],
  ['unsubscribed', (person) => person.unsubscribed_at ?? ''],
]

/**
 * Writes all subscribers, or those of `where`, as CSV, in the order in which they came, in constant memory. The output is left open.
 *
 * @throws what the output throws, such as EPIPE where its reader went away
 */
export async function exportSubscribers(db: Reader, output: Writable, where?: Where): Promise<void> {
  // Every cell in quotes: a spreadsheet that parts cells at ";" would find new ones in a name, unguarded.
  const csv = stringify({ quoted: true, quoted_empty: true })
  await pipeline(cells(db, where), csv, output, { end: false })
}

async function* cells(db: Reader, where?: Where): AsyncGenerator<string[]> {
  yield COLUMNS.map(([name]) => name)
  for await (const person of streamSubscribers(db, where))
    yield COLUMNS.map(([, value]) => guardCell(value(person)))
}

/** A tag as an import takes it back. */
function quoted(tag: string): string {
  return /[;,]/.test(tag) ? `"${tag}"` : tag
}
