import { checkAddress } from '../address.ts'
import type { Config } from '../config.ts'
import { enqueuePersonal } from '../deliveries/enqueue.ts'
import { printConfirmation } from '../deliveries/print.ts'
import { UserError } from '../errors.ts'
import { reckonSlots } from '../issues/schedule.ts'
import { type Database, type Reader, time, write } from '../store/database.ts'
import type { SubscriberRhythm } from '../store/schema.ts'
import {
  confirmSubscriber,
  findSubscriber,
  findSuppression,
  insertSubscriber,
  recordAsked,
  recordConsent,
  type Subscriber,
  type Suppression,
} from '../store/subscribers.ts'
import { describeSuppression } from './allow.ts'
import { dayIn } from './day.ts'
import { checkName } from './name.ts'
import { defaults } from './subscribe.ts'

/** Somebody the author adds by hand. What is left out is the site's. */
export type Added = { address: string; name?: string; rhythm?: SubscriberRhythm }

/**
 * Adds one person by the author's word.
 *
 * @param options `confirmed`: they have consented elsewhere and are a reader from now on; else they get a confirmation
 * @param secret the site's key
 * @throws UserError for a bad address or name, for an address that is here already whatever its status, and for one that must
 *   not be mailed: nobody but the person themselves brings back who left
 */
export async function addSubscriber(
  db: Database,
  added: Added,
  options: { confirmed: boolean },
  config: Config,
  secret: string,
  now: Date,
): Promise<Subscriber> {
  const address = checkAddress(added.address)
  if ('fault' in address)
    throw new UserError(`the address is ${JSON.stringify(added.address)}; ${address.fault}`)
  const called = checkName(added.name ?? '')
  if ('fault' in called) throw new UserError(`the name is ${JSON.stringify(added.name)}; ${called.fault}`)
  await refuseKnown(db, address.key, secret, config)
  const printed = options.confirmed ? null : await printConfirmation(config, config.site.language)
  return write(db, async (trx) => {
    await refuseKnown(trx, address.key, secret, config)
    const person = await insertSubscriber(trx, { ...defaults(config), ...added, ...called, ...address }, now)
    if (printed) {
      await enqueuePersonal(trx, 'confirmation', person, printed, config.site.language, now)
      await recordAsked(trx, person.id, now)
      return person
    }
    await confirmSubscriber(trx, person.id, now)
    await reckonSlots(trx, config, now)
    await recordConsent(trx, person.id, { at: time(now), act: 'added', source: 'the author', words: '' })
    return (await findSubscriber(trx, address.key)) as Subscriber
  })
}

async function refuseKnown(db: Reader, key: string, secret: string, config: Config): Promise<void> {
  const suppression = await findSuppression(db, key, secret)
  if (suppression) throw refusal(key, suppression, config)
  const known = await findSubscriber(db, key)
  if (!known) return
  const form = `${config.web.url}/subscribe`
  switch (known.status) {
    case 'confirmed':
      throw new UserError(
        `${known.address} is a reader already, since ${dayIn(known.confirmed_at, config.site.timeZone)}`,
      )
    case 'unconfirmed':
      throw new UserError(
        `${known.address} is here since ${dayIn(known.created_at, config.site.timeZone)} and has not confirmed yet`,
        {
          hint: `only they can: a new confirmation comes to them when they ask for it at ${form}`,
        },
      )
    case 'unsubscribed':
      throw new UserError(
        `${known.address} unsubscribed on ${dayIn(known.unsubscribed_at, config.site.timeZone)}`,
        {
          hint: `only they can come back, at ${form}`,
        },
      )
  }
}

/** What the author is told who wants somebody mailed that must not be. */
export function refusal(key: string, suppression: Suppression, { site }: Config): UserError {
  const lifts =
    suppression.reason === 'erased'
      ? ''
      : `; \`posthorn subscribers allow ${key}\` does, if its owner wants it`
  return new UserError(`${key} must not be mailed: ${describeSuppression(suppression, site.timeZone)}`, {
    hint: `nothing that adds or imports people lifts this${lifts}`,
  })
}
