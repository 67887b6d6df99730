/**
 * The journal: what was sent, written down outside of the database.
 *
 * A database that is restored from yesterday's backup does not know what went out since, and would mail everyone
 * again. So each group of the ledger is appended to a plain file, synced, before the commit that it describes, and
 * the commit records how long the file was by then. The file can lie on another disk. At start both are compared:
 *
 *     file as long as the database says     nothing happened in between
 *     file longer                           the database is older: what follows is replayed
 *     file shorter                          the file is older: the database knows more, nothing to do
 *     no file, another one, or damaged      the gap cannot be filled: issues not yet sent are held
 *
 * A crash between the two leaves the file one group ahead. That looks exactly like a restore, so it is treated as
 * one: what had no outcome is `unknown`, at most one message for each open connection.
 *
 * `journal-lines.ts` tells what a line says, `replay.ts` what a restored database makes of it. A last line without
 * its line break was cut off by a crash before anybody relied on it. It is taken away before the next one is written,
 * since `+ 12` may be all that is left of `+ 1234`. Files are cut and written under the database's write lock alone:
 * another process may be at the same.
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../errors.ts'
import { cannotRead, cannotWrite } from '../file.ts'
import { type Database, type Writer, write } from './database.ts'
import { HEADER } from './journal-lines.ts'
import { holdUnsent, type Replayed, replay } from './replay.ts'

export type Journal = {
  /** Appends lines and syncs them, inside the transaction that they describe; kept whether or not that is committed. */
  append(trx: Writer, lines: string[]): Promise<void>
  close(): void
}

const SETTING = 'journal'
const CHUNK = 64 * 1024
const LINE_BREAK = 10
type Position = { id: string; length: number }

/**
 * Opens the journal of a site, makes it where there is none, and brings the database up to what it says.
 *
 * @param secret the site's key; addresses stand in the journal only as keyed hashes
 * @throws UserError where the file cannot be read or written
 */
export async function openJournal(
  db: Database,
  path: string,
  secret: string,
  now: Date,
): Promise<{ journal: Journal; replayed: Replayed }> {
  const file = openFile(path)
  try {
    const replayed = await write(db, (trx) => catchUp(trx, file, path, secret, now))
    return {
      journal: { append: (trx, lines) => append(trx, file, path, lines), close: () => closeSync(file) },
      replayed,
    }
  } catch (error) {
    closeSync(file)
    throw error
  }
}

async function append(trx: Writer, file: number, path: string, lines: string[]): Promise<void> {
  if (lines.length === 0) return
  const before = cutTorn(file, path)
  try {
    // Unlike one `writeSync`, this goes on until all of it is written: a disk that gets full takes a part first.
    writeFileSync(file, `${lines.join('\n')}\n`)
    fdatasyncSync(file)
  } catch (error) {
    takeBack(file, before)
    throw cannotWrite(path, error)
  }
  await recordLength(trx, fstatSync(file).size)
}

/** The group does not come to pass, so nothing of it should be told after a restore. */
function takeBack(file: number, length: number): void {
  try {
    ftruncateSync(file, length)
  } catch {
    // The first failure is the one to tell. A torn line goes with the next append; a whole mark without an outcome makes
    // a message `unknown`, which is mailed to nobody by itself.
  }
}

async function catchUp(
  trx: Writer,
  file: number,
  path: string,
  secret: string,
  now: Date,
): Promise<Replayed> {
  const nothing = { deliveries: 0, issues: 0, people: 0, strayed: 0, held: 0 }
  const position = await readPosition(trx)
  const id = journalId(file, path)
  if (id === null) {
    const why = `the journal ${path} is gone, so nobody can tell whether this database is the latest`
    const held = position === null ? 0 : await holdUnsent(trx, why)
    await start(trx, file, path)
    return { ...nothing, held }
  }
  const length = cutTorn(file, path)
  if (position !== null && position.id !== id) {
    const why = `the journal ${path} is another database's, so nobody can tell whether this one is the latest`
    const held = await holdUnsent(trx, why)
    await savePosition(trx, { id, length })
    return { ...nothing, held }
  }
  if (position !== null && length <= position.length) {
    if (length < position.length) await savePosition(trx, { id, length })
    return nothing
  }
  const lines = linesOf(file, path, position?.length ?? 0, length)
  const { isDamaged, ...replayed } = await replay(trx, lines, secret, now)
  await savePosition(trx, { id, length })
  const why = `a line of the journal ${path} cannot be read, so nobody can tell all that went out since this database was copied`
  return { ...replayed, held: isDamaged ? await holdUnsent(trx, why) : 0 }
}

async function start(trx: Writer, file: number, path: string): Promise<void> {
  const id = randomUUID()
  try {
    ftruncateSync(file, 0)
    writeFileSync(file, `${HEADER}${id}\n`)
    fdatasyncSync(file)
  } catch (error) {
    throw cannotWrite(path, error)
  }
  await savePosition(trx, { id, length: fstatSync(file).size })
}

async function readPosition(trx: Writer): Promise<Position | null> {
  const row = await trx.selectFrom('settings').select('value').where('key', '=', SETTING).executeTakeFirst()
  if (!row) return null
  const [id = '', length = '0'] = row.value.split(' ')
  return { id, length: Number(length) }
}

async function savePosition(trx: Writer, { id, length }: Position): Promise<void> {
  const value = `${id} ${length}`
  await trx
    .insertInto('settings')
    .values({ key: SETTING, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

async function recordLength(trx: Writer, length: number): Promise<void> {
  const position = await readPosition(trx)
  if (position) await savePosition(trx, { ...position, length })
}

function openFile(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'a+')
  } catch (error) {
    throw cannotWrite(path, error)
  }
}

/** The name in the first line; null where there is none yet, or a crash cut it off. */
function journalId(file: number, path: string): string | null {
  const head = Buffer.alloc(80)
  const text = head.toString('latin1', 0, readSync(file, head, 0, head.length, 0))
  if (HEADER.startsWith(text) || (text.startsWith(HEADER) && !text.includes('\n'))) return null
  const id = /^# posthorn journal (\S+)\n/.exec(text)?.[1]
  if (id) return id
  throw new UserError(`${path}: this is not a journal of Posthorn`, {
    hint: 'move it away, or name another file as "journal.file" in the configuration',
  })
}

/**
 * Takes away a last line that was cut off.
 *
 * @returns how long the file is then
 */
function cutTorn(file: number, path: string): number {
  const size = fstatSync(file).size
  const length = endOfLines(file, size)
  if (length === size) return size
  try {
    ftruncateSync(file, length)
  } catch (error) {
    throw cannotWrite(path, error)
  }
  return length
}

/** Where the last line that ends before `size` ends. */
function endOfLines(file: number, size: number): number {
  const chunk = Buffer.alloc(Math.min(CHUNK, size))
  // Nearly always the last byte, and this is asked before each group.
  for (let end = size, length = 1; end > 0; end -= length, length = Math.min(CHUNK, end)) {
    readSync(file, chunk, 0, length, end - length)
    const at = chunk.subarray(0, length).lastIndexOf(LINE_BREAK)
    if (at !== -1) return end - length + at + 1
  }
  return 0
}

/** The lines between two places, one after the other in constant memory. */
function* linesOf(file: number, path: string, from: number, to: number): Generator<string> {
  const chunk = Buffer.alloc(CHUNK)
  let begun: Buffer[] = []
  for (let at = from; at < to; ) {
    const bytes = chunk.subarray(0, readChunk(file, path, chunk, at, to))
    if (bytes.length === 0) return
    at += bytes.length
    let begin = 0
    for (let end = bytes.indexOf(LINE_BREAK); end !== -1; end = bytes.indexOf(LINE_BREAK, begin)) {
      yield Buffer.concat([...begun, bytes.subarray(begin, end)]).toString()
      begun = []
      begin = end + 1
    }
    // Copied: the next piece is read into the same place.
    if (begin < bytes.length) begun.push(Buffer.from(bytes.subarray(begin)))
  }
}

function readChunk(file: number, path: string, chunk: Buffer, at: number, to: number): number {
  try {
    return readSync(file, chunk, 0, Math.min(chunk.length, to - at), at)
  } catch (error) {
    throw cannotRead(path, error, 'look at the disk that it lies on')
  }
}
