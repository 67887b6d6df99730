/**
 * A reader gets another address. Nothing changes until its owner has said yes there: whoever has one message of somebody's
 * has its link to their preferences, and is not to carry their newsletter off, nor to send one to a stranger.
 */
import { type Address, checkAddress, keyOf } from '../address.ts'
import type { Config } from '../config.ts'
import { enqueuePersonal } from '../deliveries/enqueue.ts'
import { printMove } from '../deliveries/print.ts'
import { UserError } from '../errors.ts'
import type { Rendition } from '../mail/frame.ts'
import { type Database, type Reader, time, type Writer, write } from '../store/database.ts'
import { recordEvidence } from '../store/deliveries.ts'
import type { Journal } from '../store/journal.ts'
import { movingLine } from '../store/journal-lines.ts'
import { findMove, forgetMove, insertMove, type Move, moveSubscriber } from '../store/moves.ts'
import { spendNumber } from '../store/numbers.ts'
import {
  type Consent,
  findSubscriber,
  findSuppression,
  recordConsent,
  type Subscriber,
  type Suppression,
  subscriberOfDelivery,
  suppressionsOf,
} from '../store/subscribers.ts'
import { frameLanguage } from '../words/words.ts'
import { refusal } from './add.ts'
import { admit } from './caps.ts'
import { GOOD_FOR_MS } from './confirm.ts'

const OTHER_WISH = 'another address was asked for since'

/** Where a reader says they are from now on, and whose caps that counts for: a network, null where it cannot be known. */
export type NewAddress = Address & { network: string | null }

type Desk = { db: Database; journal: Journal; secret: string }

/**
 * Takes a reader's wish for another address: that is asked, and nothing else changes until it answers. The wish before
 * this one is void, since it may have been a mistyped address. Who is asked is bounded by the caps on sign-ups, so that
 * this is no means to flood anybody. It is kept alike whether or not a message goes out for it: a new address may be known
 * here, must not be written to or be beyond a cap, and none of that is told.
 *
 * @param delivery the one that the token came in
 * @param printed what asks, rendered before anybody is looked up
 * @param secret the site's key
 * @returns the person: nothing was done where they are no reader, or have this address; null where they were erased
 */
export async function askToMove(
  db: Database,
  delivery: number,
  wanted: NewAddress,
  printed: { rendition: Rendition; language: string },
  secret: string,
  now: Date,
): Promise<Subscriber | null> {
  return write(db, async (trx) => {
    // Whoever uses a link that only this message held has the message.
    await recordEvidence(trx, delivery, 'its preferences link was used', now)
    const person = (await subscriberOfDelivery(trx, delivery))?.subscriber ?? null
    if (person?.status !== 'confirmed' || person.address_key === wanted.key) return person
    // Before the new address is looked up: what counts must not depend on whose it is.
    // A link that only a reader has is worth the work that strangers prove.
    const isAdmitted = await admit(trx, { ...wanted, proved: true }, secret, now)
    const known = await findMove(trx, person.id)
    const mayBeAsked =
      isAdmitted &&
      !(await findSuppression(trx, wanted.key, secret)) &&
      !(await personalNo(trx, person, secret))
    if (!mayBeAsked) await spendNumber(trx, 'deliveries')
    // Asked for once more on the same day: the message that they have is good still.
    if (!isAdmitted && known?.address_key === wanted.key && !isOver(known, now)) return person
    await ask(trx, person, wanted, mayBeAsked ? printed : null, now)
    return person
  })
}

/**
 * The reader whom an answer from a new address is for, and their wish; null where it does nothing any more: it is older
 * than seven days, they have asked for another address since, have left or were erased. `move` is null where it has been
 * done: of two clicks the second one finds that.
 *
 * @param delivery the one that the token came in, which went to the new address
 */
export async function findMovable(
  db: Reader,
  delivery: number,
  secret: string,
  now: Date,
): Promise<{ person: Subscriber; move: Move | null } | null> {
  const sent = await subscriberOfDelivery(db, delivery)
  if (sent?.kind !== 'confirmation' || sent.subscriber?.status !== 'confirmed') return null
  if (now.getTime() - sent.datedAt.getTime() > GOOD_FOR_MS) return null
  const person = sent.subscriber
  const move = await findMove(db, person.id)
  if (move?.delivery !== delivery)
    return keyOf(sent.address) === person.address_key ? { person, move: null } : null
  if (await findSuppression(db, move.address_key, secret)) return null
  return (await personalNo(db, person, secret)) ? null : { person, move }
}

/**
 * The yes from the new address: it is the reader's from now on, with all that they have and have chosen. Where somebody
 * is on the list with it already, in whatever state, both are one person now: whoever reads the mail of an address has just
 * said that they are this reader, and want this newsletter there. Saying it again changes nothing.
 *
 * @param delivery the one that the token came in, which went to the new address
 * @param evidence from where it was said, and to which words
 * @param notice what tells the old address, as it is printed for them; null where it cannot be
 * @returns the reader as they are now; null where the answer does nothing any more
 */
export async function move(
  desk: Desk,
  delivery: number,
  evidence: Pick<Consent, 'source' | 'words'>,
  notice: { rendition: Rendition; language: string } | null,
  now: Date,
): Promise<Subscriber | null> {
  return write(desk.db, async (trx) => {
    const found = await findMovable(trx, delivery, desk.secret, now)
    if (found === null) return null
    const { person } = found
    if (found.move === null) return person
    await recordEvidence(trx, delivery, 'its link was used', now)
    const { address, address_key: key } = found.move
    await carryOut(trx, desk, person, { address, key }, evidence, now)
    if (notice && !(await findSuppression(trx, person.address_key, desk.secret))) {
      const old = { id: person.id, address: person.address, name: '' }
      await enqueuePersonal(trx, 'moved', old, notice.rendition, notice.language, now)
    }
    return { ...person, address, address_key: key }
  })
}

/**
 * Moves a reader by the author's word.
 *
 * @param options `confirmed`: the reader has said so to the author, and it is done at once; else the new address is asked
 * @returns both addresses
 * @throws UserError for addresses that are none, one that no reader has, one that must not be mailed; and with `confirmed`
 *   for one that somebody has: whose it is its owner alone can say
 */
export async function moveByAuthor(
  desk: Desk,
  from: string,
  to: string,
  options: { confirmed: boolean },
  config: Config,
  now: Date,
): Promise<{ old: string; wanted: string }> {
  const [old, wanted] = [checked(from), checked(to)]
  const known = await findReader(desk.db, old, wanted, options, desk.secret, config)
  const language = frameLanguage(known.language, config.site.language)
  const printed = options.confirmed ? null : { rendition: await printMove(config, language), language }
  return write(desk.db, async (trx) => {
    const person = await findReader(trx, old, wanted, options, desk.secret, config)
    if (printed) await ask(trx, person, wanted, printed, now)
    else await carryOut(trx, desk, person, wanted, { source: 'the author', words: '' }, now)
    return { old: person.address, wanted: wanted.address }
  })
}

/** Whom the author means; throws for whoever cannot move there. */
async function findReader(
  db: Reader,
  old: Address,
  wanted: Address,
  { confirmed }: { confirmed: boolean },
  secret: string,
  config: Config,
): Promise<Subscriber> {
  const person = await findSubscriber(db, old.key)
  if (!person)
    throw new UserError(`${old.address} is not known here`, {
      hint: '`posthorn subscribers list` shows who is',
    })
  if (person.status !== 'confirmed')
    throw new UserError(`${person.address} is ${person.status}, and only readers move`, {
      hint: `they can subscribe with the new address at ${config.web.url}/subscribe`,
    })
  if (wanted.key === old.key)
    throw new UserError(`${person.address} is the address that they have; write another`)
  const stop = await findSuppression(db, wanted.key, secret)
  if (stop) throw refusal(wanted.key, stop, config)
  const no = confirmed ? undefined : await personalNo(db, person, secret)
  if (no) throw refusal(old.key, no, config)
  const other = confirmed ? await findSubscriber(db, wanted.key) : undefined
  if (other)
    throw new UserError(`${other.address} is a subscriber already (${other.status})`, {
      hint: 'leave `--confirmed` out: its owner is asked then, and with their yes both become one',
    })
  return person
}

/** @param printed null where the address is not to be written to */
async function ask(
  trx: Writer,
  person: Subscriber,
  wanted: Address,
  printed: { rendition: Rendition; language: string } | null,
  now: Date,
): Promise<void> {
  await forgetMove(trx, person.id, OTHER_WISH, now)
  // Without the name: a mistyped address is a third person's.
  const to = { id: person.id, address: wanted.address, name: '' }
  const delivery =
    printed && (await enqueuePersonal(trx, 'confirmation', to, printed.rendition, printed.language, now))
  await insertMove(trx, person.id, wanted, delivery, now)
}

async function carryOut(
  trx: Writer,
  { journal, secret }: Desk,
  person: Subscriber,
  to: Address,
  evidence: Pick<Consent, 'source' | 'words'>,
  now: Date,
): Promise<void> {
  const joined = await moveSubscriber(trx, person, to, now)
  await recordConsent(trx, person.id, { at: time(now), act: 'moved', ...evidence })
  await journal.append(trx, [movingLine(person, to.address, joined, secret)])
}

/** Why a person is not written to at whatever address; a bounce is about the one that they want to leave. */
async function personalNo(db: Reader, person: Subscriber, secret: string): Promise<Suppression | undefined> {
  const all = await suppressionsOf(db, person.address_key, secret)
  return all.find(({ reason }) => reason !== 'bounce')
}

export function isOver({ at }: Move, now: Date): boolean {
  return now.getTime() - Date.parse(at) > GOOD_FOR_MS
}

function checked(input: string): Address {
  const address = checkAddress(input)
  if ('fault' in address) throw new UserError(`"${input}" is no address: ${address.fault}`)
  return address
}
