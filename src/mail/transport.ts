/**
 * What takes a message away. A transport says of each message one of four things, and the difference between the
 * last two is what the ledger stands on:
 *
 * - `sent`: the server took responsibility for it;
 * - `refused`: the server said no, in a reply;
 * - `not sent`: no byte of it left this machine;
 * - `unknown`: bytes of it left, and no answer came back.
 */
import type { TransportConfig } from '../config.ts'

export type Envelope = {
  from: string
  to: string
  /** The Message-ID without its angle brackets. */
  messageId: string
}

export type Outcome =
  | { kind: 'sent'; reply: string }
  | { kind: 'refused'; code: number; reply: string }
  /** `scope` is `transport` where no message at all would have gone: no connection, no TLS, no login. */
  | { kind: 'not sent'; reason: string; scope: 'message' | 'transport' }
  | { kind: 'unknown'; reason: string }

export type Transport = {
  /** As the author knows it: `maildir outbox`, `smtp mail.example.org:587`. */
  name: string
  /** How many messages it takes at once. */
  connections: number
  /**
   * Hands over one message.
   *
   * @param chunks ASCII with CRLF line ends, no line begins with a dot
   * @param beforeFirstByte is awaited once the server is ready for the message and before its first byte leaves;
   *   where it answers false, or throws, nothing is sent
   * @throws what `beforeFirstByte` throws, and nothing else
   */
  deliver(envelope: Envelope, chunks: Buffer[], beforeFirstByte: () => Promise<boolean>): Promise<Outcome>
  close(): Promise<void>
}

/** Opens the transport that the configuration names. What one kind needs is loaded for that kind alone. */
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
