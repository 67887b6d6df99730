/**
 * What takes a message away. A transport says of each message one of five things, and the difference between the
 * last two is what the ledger stands on:
 *
 * - `sent`: the server took responsibility for it;
 * - `refused`: the server said no, in a reply;
 * - `handed back`: nothing was tried, and nothing is wrong with the transport: others of its connections go on;
 * - `not sent`: no byte of it left this machine;
 * - `unknown`: bytes of it left, and no answer came back.
 */
import type { TransportConfig } from '../config.ts'
import type { Sign } from './message.ts'

export type Envelope = {
  from: string
  to: string
  /** The Message-ID without its angle brackets. */
  messageId: string
  /** That no attempt was made before: a transport that would find an earlier copy need not look for one. */
  isFirst?: boolean
}

export type Outcome =
  | { kind: 'sent'; reply: string }
  /** `phase` is what was being said to the server. */
  | { kind: 'refused'; code: number; reply: string; phase: 'session' | 'sender' | 'recipient' | 'message' }
  /** One connection more than the server allows, or the transport was aborted: this connection is at its end. */
  | { kind: 'handed back'; reason: string }
  /**
   * `scope` is `transport` where no message at all would have gone: no connection, no TLS, no login. `fault` says that
   * it stays so until the author mends something, as a wrong password does.
   */
  | { kind: 'not sent'; reason: string; scope: 'message' | 'transport'; fault?: 'configuration' }
  | { kind: 'unknown'; reason: string }

export type Transport = {
  /** As the author knows it, see `transportName`; limits and brakes are kept under it. */
  name: string
  /** How many messages it takes at once. */
  connections: number
  /** Makes a message ready for this transport, with the signatures of its keys where it has some. */
  sign: Sign
  /**
   * Hands over one message.
   *
   * @param chunks what `sign` made of it
   * @param beforeFirstByte is awaited once the server is ready for the message and before its first byte leaves;
   *   where it answers false, or throws, nothing is sent
   * @param mayBegin is asked once there is a connection and before a word of this message is said: opening one takes
   *   minutes where a server is slow, and by then the message may be another process's
   * @throws what `beforeFirstByte` throws, and nothing else
   */
  deliver(
    envelope: Envelope,
    chunks: Buffer[],
    beforeFirstByte: () => Promise<boolean>,
    mayBegin?: () => boolean,
  ): Promise<Outcome>
  /** Breaks off whatever is in flight, and takes nothing more: what had no answer by then is `unknown`. */
  abort(): void
  close(): Promise<void>
}

/**
 * Opens the transport that the configuration names. What one kind needs is loaded for that kind alone.
 *
 * @throws UserError where a key of it cannot sign: no message goes out unsigned that should have been
 */
export async function openTransport(config: TransportConfig): Promise<Transport> {
  switch (config.kind) {
    case 'maildir': {
      const { maildirTransport } = await import('./maildir.ts')
      return maildirTransport(config)
    }
    case 'smtp': {
      const { smtpTransport } = await import('./smtp.ts')
      return smtpTransport(config)
    }
    default: {
      const never: never = config
      return never
    }
  }
}
