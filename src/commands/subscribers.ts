import { checkAddress } from '../address.ts'
import { UserError } from '../errors.ts'
import { LEAVING_TOKEN, openToken } from '../mail/token.ts'
import { deliverNow } from '../round.ts'
import type { Site } from '../site.ts'
import type { SubscriberRhythm } from '../store/schema.ts'
import {
  findSubscriber,
  findSuppression,
  type Subscriber,
  streamSubscribers,
  subscriberOfDelivery,
} from '../store/subscribers.ts'
import { addSubscriber } from '../subscribers/add.ts'
import { allow as allowAddress, describeSuppression } from '../subscribers/allow.ts'
import { dayIn } from '../subscribers/day.ts'
import { erase as erasePerson } from '../subscribers/erase.ts'
import { everythingKept, shownPerson } from '../subscribers/kept.ts'
import { moveByAuthor } from '../subscribers/move.ts'
import {
  unsubscribe as unsubscribeByToken,
  unsubscribeAddress as unsubscribePerson,
} from '../subscribers/unsubscribe.ts'
import { readWhere } from '../subscribers/where.ts'
import { count, table } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'
import { shownTime } from './time.ts'

export async function list(context: Context, options: { where?: string[]; json?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    const { db, config, now } = site
    const { terminal } = context
    const where = readWhere(options.where, 'everybody', config.site.timeZone)
    if (options.json) {
      const people = []
      for await (const person of streamSubscribers(db, where)) people.push(shownPerson(person))
      terminal.json(people)
      return EXIT.done
    }
    let number = 0
    // A line as each is read, in columns wide enough for most: a list of a million is not kept to be aligned.
    for await (const person of streamSubscribers(db, where)) {
      number++
      const { address, status, rhythm, name } = person
      // Who paused until a day keeps their rhythm for afterwards, and yet nothing comes to them now.
      const resumed = person.paused_until && new Date(person.paused_until)
      const pause = resumed && resumed > now() ? `  (paused until ${shownTime(resumed, site)})` : ''
      terminal.out(`${address.padEnd(32)} ${status.padEnd(12)} ${rhythm.padEnd(8)} ${name}`.trimEnd() + pause)
    }
    terminal.say(count(number, 'subscriber'))
    return EXIT.done
  })
}

export async function add(
  context: Context,
  address: string,
  options: { confirmed?: boolean; name?: string; rhythm: SubscriberRhythm },
): Promise<number> {
  return context.withSite(async (site) => {
    const { name = '', rhythm } = options
    const confirmed = options.confirmed === true
    const person = await addSubscriber(
      site.db,
      { address, name, rhythm },
      { confirmed },
      site.config,
      site.secret,
      site.now(),
    )
    if (confirmed) {
      context.terminal.out(`${person.address} is a reader from now on (${person.rhythm})`)
      return EXIT.done
    }
    const { unreachable } = await deliverNow(site, context.surroundings.signal)
    context.terminal.out(
      `${person.address} is asked to confirm${unreachable ? `, once mail goes out again: ${unreachable}` : ''}`,
    )
    return EXIT.done
  })
}

/** Gives a reader another address: at once by the author's word, else once its owner has said yes. */
export async function move(
  context: Context,
  from: string,
  to: string,
  options: { confirmed?: boolean },
): Promise<number> {
  return context.withSite(async (site) => {
    const confirmed = options.confirmed === true
    const { old, wanted } = await moveByAuthor(site, from, to, { confirmed }, site.config, site.now())
    if (confirmed) {
      context.terminal.out(`${old} has moved to ${wanted}, with all that was theirs`)
      return EXIT.done
    }
    const { unreachable } = await deliverNow(site, context.surroundings.signal)
    const once = unreachable ? `, once mail goes out again: ${unreachable}` : ''
    context.terminal.out(`${wanted} is asked to confirm${once}; until then mail goes to ${old}`)
    return EXIT.done
  })
}

/** Everything that is known about one person: who they are, what they agreed to, and what they were sent. */
export async function show(context: Context, address: string, options: { json?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    const { terminal } = context
    const { person, key } = await findPerson(site, address)
    const kept = await everythingKept(site.db, person ?? null, key, site.secret)
    const local = (time: string) => shownTime(new Date(time), site)
    if (options.json) {
      terminal.json(kept)
      return EXIT.done
    }
    if (person) {
      const times = new Set(['pausedUntil', 'nextDigest', 'created', 'confirmed', 'unsubscribed'])
      const rows = Object.entries(shownPerson(person)).flatMap(([key, value]) => {
        if (value === null || String(value) === '') return []
        const label = key.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
        if (Array.isArray(value)) return [[label, value.join(', ')]]
        return [[label, times.has(key) ? local(value) : value]]
      })
      for (const line of table(rows)) terminal.out(line)
    }
    if (kept.moving)
      terminal.out(
        `${local(kept.moving.asked)}  wants to move to ${kept.moving.address}, which has not confirmed`,
      )
    for (const { reason, at } of kept.suppressions)
      terminal.out(`never mailed: ${reason}, since ${local(at)}`)
    for (const each of kept.consents) terminal.out(`${local(each.at)}  ${each.act}  ${each.source}`.trimEnd())
    for (const each of kept.bounces) terminal.out(`${local(each.at)}  ${each.kind} bounce: ${each.reply}`)
    for (const each of kept.deliveries) {
      const issue = each.issue === null ? each.kind : `issue #${each.issue}`
      terminal.out(`${local(each.dated)}  ${issue}, ${each.subject}: ${each.state}`)
    }
    return EXIT.done
  })
}

/** Removes a person for good. A keyed hash of the address stays, so that an old list cannot bring them back. */
export async function erase(context: Context, address: string, options: { yes?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    const { terminal, surroundings } = context
    const { person } = await findPerson(site, address)
    if (!person) throw new UserError(`${address} is not a subscriber, so there is nothing to erase`)
    if (!options.yes) {
      if (!surroundings.streams.stdin.isTTY)
        throw new UserError('erasing cannot be undone, and nobody is here to be asked', {
          hint: 'say `--yes`',
        })
      if (!(await terminal.confirm(`Erase ${person.address} for good?`))) {
        terminal.say('nothing was erased')
        return EXIT.failed
      }
    }
    await erasePerson(site, { addressKey: person.address_key }, site.now())
    terminal.out(`${person.address} is erased; a keyed hash stays, so that no import brings them back`)
    return EXIT.done
  })
}

/**
 * Takes somebody off the list who has told the author so, by their address or by a mail of the form that
 * `newsletter.unsubscribe` puts into each message: its subject names the message that it answers.
 */
export async function unsubscribe(context: Context, who: string): Promise<number> {
  return context.withSite(async (site) => {
    const { terminal } = context
    const evidence = { source: 'the author, at their request', words: '' }
    // No token has an "@", and no address goes without.
    if (who.includes('@')) {
      const { person, key } = await findPerson(site, who)
      if (!person) throw new UserError(`${who} is not a subscriber, so there is nobody to unsubscribe`)
      await unsubscribePerson(site, key, evidence, site.now())
      terminal.out(leftLine(person, site))
      return EXIT.done
    }
    const hint = 'copy the whole subject of their mail, or name their address'
    const token = LEAVING_TOKEN.exec(who)?.[0]
    if (token === undefined)
      throw new UserError(`"${who}" is no address, and has no token of a message`, { hint })
    const delivery = openToken(site.linkKeys, 'unsubscribe', token)
    const sent = delivery === null ? undefined : await subscriberOfDelivery(site.db, delivery)
    if (delivery === null || !sent)
      throw new UserError(`"${token}" is no token of a message from here`, { hint })
    if (sent.kind === 'test') throw new UserError('that was a test message, which nobody is subscribed by')
    await unsubscribeByToken(site, delivery, evidence, site.now())
    terminal.out(
      sent.subscriber
        ? leftLine(sent.subscriber, site)
        : 'whoever had that message was erased; nothing comes to them',
    )
    return EXIT.done
  })
}

/** @param person as they were before */
function leftLine({ address, status, unsubscribed_at }: Subscriber, { config }: Site): string {
  return status === 'unsubscribed'
    ? `${address} has left already, on ${dayIn(unsubscribed_at, config.site.timeZone)}`
    : `${address} is unsubscribed; what is queued for them is not sent`
}

/** Lets an address be mailed again: a bounce, a complaint or the author's own word is lifted, no erasing. */
export async function allow(context: Context, address: string, options: { yes?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    const { terminal, surroundings } = context
    const { person, key } = await findPerson(site, address)
    const suppression = await findSuppression(site.db, key, site.secret)
    if (suppression?.reason === 'erased')
      throw new UserError(
        `${key} cannot be mailed again: ${describeSuppression(suppression, site.config.site.timeZone)}`,
        {
          hint: 'erasing is for good; they may subscribe with another address',
        },
      )
    if (!suppression) {
      terminal.out(`nothing keeps ${key} from being mailed: ${standing(person)}`)
      return EXIT.done
    }
    const why = describeSuppression(suppression, site.config.site.timeZone)
    if (!options.yes) {
      if (!surroundings.streams.stdin.isTTY)
        throw new UserError(
          `${key} is not mailed: ${why}; nobody is here to be asked whether it may be again`,
          {
            hint: 'say `--yes`, if its owner wants it',
          },
        )
      if (!(await terminal.confirm(`${key} is not mailed: ${why}. Mail it again?`))) {
        terminal.say('nothing was changed')
        return EXIT.failed
      }
    }
    await allowAddress(site, key, site.now())
    terminal.out(`${key} may be mailed again; what stood against it: ${why}`)
    terminal.out(standing(person))
    return EXIT.done
  })
}

/** What mail goes to somebody whose address may be mailed. */
function standing(person: Subscriber | undefined): string {
  switch (person?.status) {
    case undefined:
      return 'nobody has subscribed with it'
    case 'confirmed':
      return `its owner is a reader (${person.rhythm})`
    case 'unconfirmed':
      return 'its owner has not confirmed, and gets nothing until they ask'
    case 'unsubscribed':
      return 'its owner has left, and stays so until they come back themselves'
  }
}

async function findPerson(site: Site, input: string) {
  const address = checkAddress(input)
  if ('fault' in address) throw new UserError(`"${input}" is no address: ${address.fault}`)
  const person = await findSubscriber(site.db, address.key)
  const suppression = await findSuppression(site.db, address.key, site.secret)
  if (!person && !suppression) {
    throw new UserError(`${address.address} is not known here`, {
      hint: '`posthorn subscribers list` shows who is',
    })
  }
  return { person, key: address.key }
}
