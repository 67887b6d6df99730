/** From a delivery to the letter that goes out: its rendition's compiled message, and what is the recipient's own. */
import type { Config } from '../config.ts'
import { type Compiled, compileMessage } from '../mail/message.ts'
import { makeMessageId, makeToken } from '../mail/token.ts'
import type { Envelope } from '../mail/transport.ts'
import type { Database } from '../store/database.ts'
import type { ClaimedDelivery } from '../store/deliveries.ts'
import { type Rendition, readRendition, renditionsOf } from '../store/renditions.ts'

export type Letter = { envelope: Envelope; chunks: Buffer[] }

/**
 * Writes letters, each rendition read and compiled once and kept while it is in use.
 *
 * @throws UnwritableLetter where this letter cannot be written and another one may be; whatever else it throws is
 *   about the database, and no letter's fault
 */
export type LetterWriter = (delivery: ClaimedDelivery) => Promise<Letter>

/** One person's letter that cannot be written. That is a bug of ours, and nobody else's mail waits for its mending. */
export class UnwritableLetter extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'UnwritableLetter'
  }
}

type Prepared = { compiled: Compiled; issueAddress: string }

/** Renditions of one issue differ by what each person is owed: a handful. More would be several issues at once. */
const RENDITIONS_KEPT = 50

export function letterWriter(db: Database, config: Config, secret: string): LetterWriter {
  const prepared = new Map<number, Promise<Prepared>>()
  const { from } = config.newsletter
  const domain = from.email.slice(from.email.lastIndexOf('@') + 1)

  function prepare(rendition: number): Promise<Prepared> {
    const kept = prepared.get(rendition)
    if (kept) return kept
    if (prepared.size >= RENDITIONS_KEPT) prepared.delete(prepared.keys().next().value as number)
    const fresh = readRendition(db, rendition).then(async (row) => ({
      compiled: writable(() => compileMessage(frameOf(row, config))),
      issueAddress: row.issue === null ? '' : await issueAddress(db, config, row.issue, row.id),
    }))
    prepared.set(rendition, fresh)
    return fresh
  }

  return async (delivery) => {
    const { compiled, issueAddress } = await prepare(delivery.rendition)
    const messageId = makeMessageId(secret, delivery, domain)
    const link = (purpose: 'unsubscribe' | 'confirm') =>
      `${config.web.url}/${purpose}?token=${makeToken(secret, purpose, delivery.id)}`
    const chunks = writable(() =>
      compiled({
        name: delivery.name,
        address: delivery.address,
        messageId,
        date: new Date(delivery.dated_at),
        slots: {
          name: delivery.name,
          address: delivery.address,
          issue: issueAddress,
          ...(delivery.kind === 'confirmation'
            ? { confirm: link('confirm') }
            : { unsubscribe: link('unsubscribe') }),
        },
      }),
    )
    return { envelope: { from: from.email, to: delivery.address, messageId }, chunks }
  }
}

function writable<Written>(write: () => Written): Written {
  try {
    return write()
  } catch (error) {
    throw new UnwritableLetter(error)
  }
}

/** Where an issue is viewed in the browser; the second and further renditions of one issue say which they are. */
async function issueAddress(db: Database, config: Config, issue: number, rendition: number): Promise<string> {
  const place = (await renditionsOf(db, issue)).findIndex((row) => row.id === rendition)
  return `${config.web.url}/issues/${issue}${place > 0 ? `?rendition=${place + 1}` : ''}`
}

function frameOf(rendition: Rendition, config: Config) {
  const { from, replyTo } = config.newsletter
  return {
    from: { name: from.name, address: from.email },
    replyTo: replyTo ?? null,
    subject: rendition.subject,
    html: rendition.html,
    text: rendition.text,
    language: rendition.language,
    list: rendition.kind === 'confirmation' ? null : { name: config.site.title, id: listId(config) },
  }
}

// RFC 2919, 2: "a list identifier ... in a domain name space" that the list's owner has: the newsletter's own.
function listId(config: Config): string {
  return `posts.${config.newsletter.from.email.slice(config.newsletter.from.email.lastIndexOf('@') + 1)}`
}
