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
import { isLoopback, type SmtpConfig } from '../config.ts'
import type { Envelope, Outcome, Transport } from './transport.ts'

export type Timeouts = { connectMs: number; greetingMs: number; replyMs: number }

/** RFC 5321, 4.5.3.2.6: after the final dot "the minimum timeout is 10 minutes": less would make doubt out of patience. */
export const TIMEOUTS: Timeouts = { connectMs: 120_000, greetingMs: 30_000, replyMs: 600_000 }

type Message = { chunks: Buffer[]; beforeFirstByte: () => Promise<boolean> }
type Failure = Error & { responseCode?: number | false; response?: string; command?: string }

/** A pool of connections to one server: each carries one message at a time and is kept for the next. */
export async function smtpTransport(config: SmtpConfig, timeouts: Timeouts = TIMEOUTS): Promise<Transport> {
  const name = `smtp ${config.host}:${config.port}`
  const idle: Connection[] = []

  async function take(): Promise<Connection> {
    for (let kept = idle.pop(); kept; kept = idle.pop()) if (kept.isOpen()) return kept
    const fresh = new Connection(config, timeouts)
    await fresh.open()
    return fresh
  }

  async function attempt(envelope: Envelope, message: Message, connection: Connection): Promise<Outcome> {
    const outcome = await connection.hand(envelope, message)
    if (connection.isOpen()) idle.push(connection)
    return outcome
  }

  return {
    name,
    connections: config.connections,
    async deliver(envelope, chunks, beforeFirstByte) {
      for (;;) {
        let connection: Connection
        try {
          connection = await take()
        } catch (error) {
          return { kind: 'not sent', reason: `${name}: ${plain(error)}`, scope: 'transport' }
        }
        const wasUsed = connection.used
        const outcome = await attempt(envelope, { chunks, beforeFirstByte }, connection)
        // Servers close a connection after some messages without a word: ordinary, and no attempt of this message.
        // Only where it did close: a fault of the envelope would come again for ever.
        const wasClosed = wasUsed && !connection.asked && !connection.isOpen()
        if (outcome.kind === 'not sent' && wasClosed) continue
        return outcome
      }
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
  readonly #config: SmtpConfig

  constructor(config: SmtpConfig, timeouts: Timeouts) {
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
    if (said) return { kind: 'refused', code, reply: oneLine(error.response ?? error.message) }
    if (this.#started && marked) return { kind: 'unknown', reason: plain(error) }
    return { kind: 'not sent', reason: plain(error), scope: 'message' }
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

function plain(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error))
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
