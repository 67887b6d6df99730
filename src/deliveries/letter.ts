/** From a delivery to the letter that goes out: its rendition's compiled message, and what is the recipient's own. */
import type { Config } from '../config.ts'
import { feedbackId } from '../mail/feedback.ts'
import {
  type Compiled,
  chunksOf,
  compileMessage,
  type Original,
  type Recipient,
  type Sign,
} from '../mail/message.ts'
import { makeBounceAddress, makeMessageId, makeToken, type Purpose } from '../mail/token.ts'
import type { Envelope } from '../mail/transport.ts'
import type { Database } from '../store/database.ts'
import type { ClaimedDelivery } from '../store/deliveries.ts'
import { type Rendition, readRendition, renditionsOf } from '../store/renditions.ts'

export type Letter = { envelope: Envelope; chunks: Buffer[] }

/**
 * Writes letters, each rendition read and compiled once and kept while it is in use. `sign` is that of the transport
 * which the letter goes out through.
 *
 * @throws UnwritableLetter where this letter cannot be written and another one may be; whatever else it throws is
 *   about the database or the key, and no letter's fault
 */
export type LetterWriter = (delivery: ClaimedDelivery, sign: Sign) => Promise<Letter>

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

/**
 * @param secret the site's own key, which Message-IDs are of
 * @param linkKey signs links and bounce addresses; the site's own key too, unless another is named
 */
export function letterWriter(
  db: Database,
  config: Config,
  secret: string,
  linkKey: string = secret,
): LetterWriter {
  const prepared = new Map<number, Promise<Prepared>>()
  const { from, bounces } = config.newsletter

  function prepare(rendition: number): Promise<Prepared> {
    const kept = prepared.get(rendition)
    if (kept) return kept
    if (prepared.size >= RENDITIONS_KEPT) prepared.delete(prepared.keys().next().value as number)
    const fresh = readRendition(db, rendition).then(async (row) => ({
      compiled: writable(() => compileMessage(originalOf(row, config))),
      // A test is of no issue; its link to the browser leads to the blog, for one that leads nowhere is no test.
      issueAddress: row.issue === null ? config.site.url : await issueAddress(db, config, row.issue, row.id),
    }))
    prepared.set(rendition, fresh)
    return fresh
  }

  return async (delivery, sign) => {
    const { compiled, issueAddress } = await prepare(delivery.rendition)
    const recipient = recipientOf(delivery, issueAddress, config, { secret, linkKey })
    const message = writable(() => compiled(recipient))
    const sender = bounces ? makeBounceAddress(linkKey, bounces, delivery.id) : from.email
    const envelope = { from: sender, to: delivery.address, messageId: recipient.messageId }
    return { envelope, chunks: await sign(message) }
  }
}

/** What a letter says before there is a delivery. */
type Sampled = Pick<Rendition, 'kind' | 'subject' | 'html' | 'text' | 'language'>

const SAMPLE_KEYS = { secret: 'a sample', linkKey: 'a sample' }

/** Who gets a sample. The domain is nobody's (RFC 2606). */
export const SAMPLE_READER = { name: 'Ada', address: 'ada@example.org' }

/**
 * A rendition as a reader would get it, unsigned: the bytes that go on the wire, to be looked at before it is sent. Its
 * links have tokens that open nothing.
 */
export function writeSample(rendition: Sampled, config: Config, now: Date): Buffer {
  const { kind } = rendition
  const issue = kind === 'issue' ? 1 : null
  const delivery = { ...SAMPLE_READER, id: 0, kind, issue, subscriber: null, dated_at: now.toISOString() }
  const recipient = recipientOf(delivery, `${config.web.url}/issues/1`, config, SAMPLE_KEYS)
  return Buffer.concat(chunksOf(compileMessage(originalOf({ ...rendition, issue }, config))(recipient)))
}

type Addressed = Pick<
  ClaimedDelivery,
  'id' | 'kind' | 'issue' | 'subscriber' | 'name' | 'address' | 'dated_at'
>

function recipientOf(
  delivery: Addressed,
  issue: string,
  config: Config,
  { secret, linkKey }: { secret: string; linkKey: string },
): Recipient {
  const { id, kind, name, address } = delivery
  const link = (purpose: Purpose, token = makeToken(linkKey, purpose, id)) =>
    `${config.web.url}/${purpose}?token=${token}`
  const leave = isOfList(kind) ? makeToken(linkKey, 'unsubscribe', id) : null
  const { unsubscribe } = config.newsletter
  return {
    name,
    address,
    messageId: makeMessageId(secret, delivery, senderDomain(config)),
    date: new Date(delivery.dated_at),
    slots: {
      name,
      address,
      issue,
      // Which of the two it has, its rendition says.
      ...(kind === 'confirmation' && { confirm: link('confirm'), move: link('move') }),
      ...(kind !== 'confirmation' && { preferences: link('preferences') }),
      ...(leave && { unsubscribe: link('unsubscribe', leave) }),
    },
    ...(leave && unsubscribe && { leaveByMail: mailtoLeave(unsubscribe, leave) }),
  }
}

/**
 * Whether a message can be left by. One that asks goes to people who are on no list; the one that says where somebody has
 * moved from goes to a mailbox that is theirs no more, perhaps, and nobody who tidies that is to end their subscription.
 */
function isOfList(kind: Addressed['kind']): boolean {
  return kind !== 'confirmation' && kind !== 'moved'
}

/**
 * A mail to the author whose subject says whom it takes off: of a mail's sender nobody knows whether they are the reader.
 * RFC 6068, 2: "A number of characters that can appear in <addr-spec> MUST be percent-encoded", such as "%", "?" and "&".
 */
function mailtoLeave(address: string, token: string): string {
  const at = address.lastIndexOf('@')
  const mailbox = `${encodeURIComponent(address.slice(0, at))}${address.slice(at)}`
  return `mailto:${mailbox}?subject=unsubscribe%20${token}`
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

function originalOf(rendition: Sampled & Pick<Rendition, 'issue'>, config: Config): Original {
  const { from, replyTo } = config.newsletter
  const { kind, issue, subject, html, text, language } = rendition
  return {
    from: { name: from.name, address: from.email },
    replyTo: replyTo ?? null,
    ...{ subject, html, text, language },
    list: !isOfList(kind) ? null : { name: config.site.title, id: listId(config) },
    feedbackId: feedbackId(issue, kind, senderDomain(config)),
  }
}

// RFC 2919, 2: "a list identifier ... in a domain name space" that the list's owner has: the newsletter's own.
function listId(config: Config): string {
  return `posts.${senderDomain(config)}`
}

function senderDomain(config: Config): string {
  const { email } = config.newsletter.from
  return email.slice(email.lastIndexOf('@') + 1)
}
