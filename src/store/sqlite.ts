/**
 * Kysely over the SQLite that Node brings.
 *
 * One connection for each process, every write transaction is `begin immediate`, and waiting for another process's
 * lock happens in the event loop: SQLite's own busy timeout would block it, and starves one of two writers for
 * seconds. A deferred `begin` is worse still: a read followed by a write under another writer fails at once, busy
 * timeout or not. WAL and `synchronous = FULL`: a commit that was answered survives a power cut.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CompiledQuery,
  type DatabaseConnection,
  CompiledQuery as Query,
  type QueryResult,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
} from 'kysely'
import { errorCode, UserError } from '../errors.ts'
import { cannotWrite } from '../file.ts'
import { folded } from './folded.ts'

const BUSY = 5
const IO_ERROR = 10
const FULL = 13
const CANNOT_OPEN = 14
const READ_ONLY = 8
const CORRUPT = 11
const NOT_A_DATABASE = 26
/** A lock held this long is no queue but a stuck process. */
const LOCK_PATIENCE_MS = 30_000
const STATEMENTS_KEPT = 200

/**
 * The dialect for one database file, made with its folder when it is not there yet.
 *
 * @throws UserError where the file cannot be opened or is not a database
 */
export function sqliteDialect(path: string): SqliteDialect {
  const connection = openConnection(path)
  const dialect = new SqliteDialect({ database: connection.database as never })
  dialect.createDriver = () => new Driver(connection)
  dialect.createAdapter = () => new Adapter()
  return dialect
}

/** Migrations run in one `begin immediate`, so two processes that start together make the tables once. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class Driver extends SqliteDriver {
  readonly #connection: Connection

  constructor(connection: Connection) {
    super({ database: connection.database as never })
    this.#connection = connection
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(Query.raw('begin immediate'))
  }

  // A full disk makes SQLite roll back by itself; asking again would hide that error behind one of our own.
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#connection.database.isTransaction) await connection.executeQuery(Query.raw('rollback'))
  }

  override async destroy(): Promise<void> {
    this.#connection.database.close()
  }
}

type Connection = DatabaseConnection & { database: DatabaseSync }

function openConnection(path: string): Connection {
  const database = open(path)
  const statements = new Map<string, StatementSync>()

  function prepare(sql: string): StatementSync {
    const kept = statements.get(sql)
    if (kept) return kept
    const statement = database.prepare(sql)
    if (statements.size >= STATEMENTS_KEPT) statements.delete(statements.keys().next().value as string)
    statements.set(sql, statement)
    return statement
  }

  function run(query: CompiledQuery): QueryResult<never> {
    const statement = prepare(query.sql)
    const parameters = query.parameters as SQLInputValue[]
    if (statement.columns().length > 0) return { rows: statement.all(...parameters) as never[] }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  return {
    database,
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const started = performance.now()
      for (;;) {
        try {
          return run(query)
        } catch (error) {
          // Inside a transaction the lock is already ours, so only a statement outside of one is worth a second try.
          const waits = resultCode(error) === BUSY && !database.isTransaction
          if (!waits || performance.now() - started > LOCK_PATIENCE_MS) throw explain(path, error)
        }
        await sleep(1 + Math.random() * 3)
      }
    },
    // Each row as it is read, so that a list of any length is walked in constant memory.
    async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
      // A statement of its own: a kept one would be reset by the next run of the same text.
      const statement = database.prepare(query.sql)
      for (const row of statement.iterate(...(query.parameters as SQLInputValue[])))
        yield { rows: [row as Row] }
    },
  }
}

function open(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true })
    const database = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true })
    try {
      preparePragmas(database)
      addFunctions(database)
    } catch (error) {
      database.close()
      throw error
    }
    return database
  } catch (error) {
    throw explain(path, error)
  }
}

function preparePragmas(database: DatabaseSync): void {
  // Turning WAL on needs the file alone for a moment; another process may be at just that.
  for (let attempt = 0; ; attempt++) {
    try {
      database.exec('pragma journal_mode = wal')
      break
    } catch (error) {
      if (resultCode(error) !== BUSY || attempt > 200) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
  database.exec('pragma synchronous = full')
  // What is deleted is overwritten: an erased address is not to be read in the file, nor in a copy of it.
  database.exec('pragma main.secure_delete = on')
}

function addFunctions(database: DatabaseSync): void {
  database.function('folded', { deterministic: true }, (text) => folded(String(text)))
}

/** SQLite's primary result code, or undefined where the error is none of SQLite's. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined
  return error.errcode & 0xff
}

function explain(path: string, error: unknown): unknown {
  if (errorCode(error) && errorCode(error) !== 'ERR_SQLITE_ERROR') return cannotWrite(path, error)
  const say = (found: string, hint: string) => new UserError(`${path}: ${found}`, { hint, cause: error })
  switch (resultCode(error)) {
    case BUSY:
      return say(
        `another process has held the database for ${LOCK_PATIENCE_MS / 1000} seconds`,
        'look for a backup or a shell that has it open, and close it',
      )
    case FULL:
      return say('the disk is full', 'free some space and run it again: nothing is half-written')
    case IO_ERROR:
      return say(
        'the disk gives an I/O error: it is full, or failing',
        'free some space and run it again, and look at the system log: what was committed is safe',
      )
    case READ_ONLY:
      return say('the database is read-only', 'give this user write permission on the file and its folder')
    case CANNOT_OPEN:
      return say(
        'the database cannot be opened',
        'look at the permissions of its folder, and that no folder stands in its place',
      )
    case CORRUPT:
    case NOT_A_DATABASE:
      return say('this file is not a sound SQLite database', 'move it away, and put a backup in its place')
    default:
      return error
  }
}
