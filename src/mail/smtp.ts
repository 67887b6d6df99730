/**
 * SMTP. Connection, TLS, login, envelope and errors are nodemailer's; the DATA phase is ours, since the ledger needs
 * one thing that no library gives: the moment between the server's 354 and the first byte of the message.
 *
 *     C: MAIL FROM, RCPT TO, DATA      a refusal here is certain: nothing of the message left
 *     S: 354
 *        beforeFirstByte()             `sending` is committed; a "no" ends the connection, nothing left
 *     C: message, CRLF . CRLF
 *     S: 250                           sent
 *        4xx, 5xx                      refused; the connection is not used again
 *        (no reply)                    unknown: RFC 1047 tells why nobody can know
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { type SmtpConfig, transportName } from '../config.ts'
import { isLoopback } from '../config-schema.ts'
import { openSigner } from './dkim-key.ts'
import type { Envelope, Outcome, Transport } from './transport.ts'

export type Timeouts = { connectMs: number; greetingMs: number; replyMs: number }

/** RFC 5321, 4.5.3.2.6: after the final dot "the minimum timeout is 10 minutes": less would make doubt out of patience. */
export const TIMEOUTS: Timeouts = { connectMs: 120_000, greetingMs: 30_000, replyMs: 600_000 }

/** The server: what the configuration says of it, but for how much may be sent there. */
type Server = Omit<SmtpConfig, 'kind' | 'limits'>

type Message = { chunks: Buffer[]; beforeFirstByte: () => Promise<boolean>; mayBegin: () => boolean }
type Failure = Error & {
  code?: string
  originalCode?: string
  responseCode?: number | false
  response?: string
  command?: string
}

/** A reply is kept and shown in full up to here; what goes on for longer is no help to anybody. */
const REPLY_LENGTH = 500

/**
 * A pool of connections to one server: each carries one message at a time and is kept for the next.
 *
 * Many servers allow fewer connections than we may open. One that is refused while others are open says nothing about
 * the server, so its message is handed back for the others to take.
 */
export async function smtpTransport(config: Server, timeouts: Timeouts = TIMEOUTS): Promise<Transport> {
  const name = transportName({ kind: 'smtp', ...config })
  const sign = await openSigner(config.dkim)
  const idle: Connection[] = []
  const busy = new Set<Connection>()
  /** Those that are being opened, each with what ends when it is or is not open. */
  const opening = new Map<Connection, Promise<void>>()
  let isAborted = false
  const ABORTED: Outcome = { kind: 'handed back', reason: `${name}: Posthorn is stopping` }

  /** @returns a connection, which is busy from now on; or why there is none for this message */
  async function take(): Promise<Connection | Outcome> {
    for (;;) {
      if (isAborted) return ABORTED
      for (let kept = idle.pop(); kept; kept = idle.pop()) {
        if (!kept.isOpen()) continue
        busy.add(kept)
        return kept
      }
      const opened = await open()
      if (opened instanceof Connection) return opened
      // Those that are being opened at this moment tell whether it is the server that is away.
      while (!isAborted && !isAnyOpen() && opening.size > 0) await Promise.race(opening.values())
      if (isAborted) return ABORTED
      const reason = `${name}: ${plain(opened)}`
      if (!isAnyOpen()) return noConnection(reason, opened)
      if (idle.length === 0) return { kind: 'handed back', reason }
    }
  }

  async function open(): Promise<Connection | Failure> {
    const fresh = new Connection(config, timeouts)
    let failure: Failure | null = null
    const ended = fresh
      .open()
      .then(
        () => void busy.add(fresh),
        (error: Failure) => {
          failure = error
        },
      )
      .then(() => void opening.delete(fresh))
    opening.set(fresh, ended)
    await ended
    return failure ?? fresh
  }

  function isAnyOpen(): boolean {
    return [...busy, ...idle].some((each) => each.isOpen())
  }

  async function attempt(envelope: Envelope, message: Message, connection: Connection): Promise<Outcome> {
    try {
      if (!message.mayBegin()) return { kind: 'not sent', reason: 'no longer ours', scope: 'message' }
      return await connection.hand(envelope, message)
    } finally {
      busy.delete(connection)
      if (connection.isOpen()) idle.push(connection)
    }
  }

  return {
    name,
    connections: config.connections,
    sign,
    async deliver(envelope, chunks, beforeFirstByte, mayBegin = () => true) {
      for (;;) {
        const connection = await take()
        if (!(connection instanceof Connection)) return connection
        const wasUsed = connection.used
        const outcome = await attempt(envelope, { chunks, beforeFirstByte, mayBegin }, connection)
        if (outcome.kind === 'not sent' && isAborted && !connection.asked) return ABORTED
        // Servers close a connection after some messages without a word: ordinary, and no attempt of this message.
        // Only where it did close: a fault of the envelope would come again for ever.
        const wasClosed = wasUsed && !connection.asked && !connection.isOpen()
        if (outcome.kind === 'not sent' && wasClosed) continue
        return outcome
      }
    },
    abort() {
      isAborted = true
      for (const connection of [...busy, ...opening.keys()]) connection.breakOff()
    },
    async close() {
      for (const connection of idle.splice(0)) connection.quit()
    },
  }
}

class Connection extends SMTPConnection {
  // nodemailer's own fields, which its types keep to themselves. The version is pinned, and a test fails if they move.
  declare _responseActions: ((reply: string) => void)[]
  declare _actionSMTPStream: (
    reply: string,
    callback: (error: Failure | null, reply?: string) => void,
  ) => void
  declare _destroyed: boolean

  used = false
  /** Whether `beforeFirstByte` was asked for the message in hand, what came of it, and whether bytes left. */
  asked = false
  #marking: Promise<boolean> = Promise.resolve(false)
  #started = false
  #message: Message | null = null
  /** Ends the opening of the connection; before that and after it there is nothing to end. */
  #giveUp: (reason: Error) => void = () => {}
  readonly #config: Server

  constructor(config: Server, timeouts: Timeouts) {
    super({
      host: config.host,
      port: config.port,
      secure: config.tls === 'required' && config.port === 465,
      requireTLS: config.tls === 'required',
      ignoreTLS: config.tls === 'never',
      allowInternalNetworkInterfaces: isLoopback(config.host),
      connectionTimeout: timeouts.connectMs,
      greetingTimeout: timeouts.greetingMs,
      socketTimeout: timeouts.replyMs,
    })
    this.#config = config
    // Every failure reaches the message in hand by its callback; without one, an idle connection just closed.
    this.on('error', () => {})
  }

  isOpen(): boolean {
    return !this._destroyed && this._socket !== false && this._socket?.writable === true
  }

  /** Connects, agrees on TLS and logs in; where that fails the connection is closed. */
  async open(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#giveUp = reject
    // nodemailer's `login` never calls back when the connection is lost meanwhile: only these two tell.
    this.once('error', reject)
    this.once('end', () => reject(new Error('Connection closed')))
    this.connect((error) => {
      const auth = this.#config.auth
      if (error) reject(error)
      else if (!auth) resolve()
      else
        this.login({ user: auth.user, pass: auth.password }, (failure) =>
          failure ? reject(failure) : resolve(),
        )
    })
    try {
      await promise
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Sends one message. Afterwards the connection is open and clean, or closed. */
  async hand(envelope: Envelope, message: Message): Promise<Outcome> {
    this.used = true
    this.asked = false
    this.#started = false
    this.#marking = Promise.resolve(false)
    this.#message = message
    const answer = await new Promise<{ error: Failure | null; reply: string }>((resolve) => {
      // The text is never looked at: what would read it is replaced below.
      this.send({ from: envelope.from, to: [envelope.to] }, 'message', (error, info) =>
        resolve({ error: error as Failure | null, reply: info?.response ?? '' }),
      )
    })
    // The ledger's answer may still be on its way when the connection breaks; the outcome comes after it.
    const marked = await this.#marking
    const outcome = this.#outcome(answer.error, answer.reply, marked)
    await this.#clean(outcome)
    return outcome
  }

  /** Ends the connection in the middle of whatever it does; the message in hand fails as if the line had gone dead. */
  breakOff(): void {
    const reason = new Error('broken off: Posthorn is stopping')
    // While the server's name is being looked up there is no socket yet.
    this.#giveUp(reason)
    if (this._socket) this._socket.destroy(reason)
  }

  override quit(): void {
    if (!this.isOpen()) return
    super.quit()
    // RFC 5321, 4.1.1.10: a client "SHOULD wait until it receives the reply", but no process stays alive for it.
    if (this._socket) this._socket.unref()
  }

  /** nodemailer calls this once the server has answered 354. */
  _createSendStream(done: (error: Failure | null, reply?: string) => void) {
    const message = this.#message as Message
    this.asked = true
    this.#marking = message.beforeFirstByte()
    this.#marking.then(
      (allowed) => {
        if (!this.isOpen()) return
        if (!allowed) {
          this.close()
          done(new Error('no longer wanted'))
          return
        }
        this.#started = true
        this._responseActions.push((reply) => this._actionSMTPStream(reply, done))
        const socket = this._socket as Exclude<typeof this._socket, false | null>
        socket.cork()
        for (const chunk of message.chunks) socket.write(chunk)
        socket.write('.\r\n')
        socket.uncork()
      },
      (error: Error) => {
        this.close()
        done(error)
      },
    )
    return { write() {}, end() {}, outByteCount: 0 }
  }

  #outcome(error: Failure | null, reply: string, marked: boolean): Outcome {
    // nodemailer looks at the first character alone, and "2 of 3 disks are full" is no reply (RFC 5321, 4.2).
    if (!error && /^2\d\d([ -]|$)/.test(reply)) return { kind: 'sent', reply: oneLine(reply) }
    if (!error) return { kind: 'unknown', reason: `the answer was "${oneLine(reply)}"` }
    const code = error.responseCode || 0
    const said = code >= 400 && code < 600 && error.command !== 'CONN'
    if (said)
      return {
        kind: 'refused',
        code,
        reply: oneLine(error.response ?? error.message),
        phase: this.#phase(error),
      }
    if (this.#started && marked) return { kind: 'unknown', reason: plain(error) }
    return { kind: 'not sent', reason: plain(error), scope: 'message' }
  }

  #phase(error: Failure): 'session' | 'sender' | 'recipient' | 'message' {
    if (this.#started) return 'message'
    if (error.command === 'RCPT TO') return 'recipient'
    return error.command === 'MAIL FROM' ? 'sender' : 'session'
  }

  async #clean(outcome: Outcome): Promise<void> {
    this.#message = null
    if (!this.isOpen()) return
    // A server that refused the message itself may be in any state; so may one that spoke out of turn.
    if (this.asked && outcome.kind !== 'sent') return this.close()
    if (outcome.kind === 'sent') return
    await new Promise<void>((resolve) => {
      this.once('end', resolve)
      this.reset((error) => {
        if (error) this.close()
        resolve()
      })
    })
  }
}

/** No message would have gone. Where TLS or the login is why, waiting helps nobody: the author has to look. */
function noConnection(reason: string, { code, originalCode = '', responseCode }: Failure): Outcome {
  const outcome = { kind: 'not sent', reason, scope: 'transport' } as const
  // RFC 4954, 6: 454 is a login that fails for now.
  if (responseCode && responseCode < 500) return outcome
  const key =
    code === 'EAUTH' ? 'auth' : code === 'ETLS' || /CERT|TLS|SSL|SIGNATURE/.test(originalCode) ? 'tls' : null
  if (key === null) return outcome
  const mended = `${reason}; this is for the author to mend: look at "host", "port" and "${key}" of this transport`
  return { ...outcome, reason: mended, fault: 'configuration' }
}

function plain(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error))
}

// It goes into the database and onto terminals, where control characters of a stranger's would be commands.
function oneLine(text: string): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim()
  return line.length > REPLY_LENGTH ? `${line.slice(0, REPLY_LENGTH - 1).trimEnd()}…` : line
}
