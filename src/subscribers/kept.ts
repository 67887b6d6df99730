import { bouncesOf } from '../store/bounces.ts'
import type { Reader } from '../store/database.ts'
import { findMove, formerKeys } from '../store/moves.ts'
import {
  consentsOf,
  deliveriesTo,
  postsOf,
  type Subscriber,
  type Suppression,
  suppressionsOf,
} from '../store/subscribers.ts'

/**
 * Collects all that the database holds about an address: who they are, what they agreed to and in which words, each
 * message that they were sent or are owed with the posts in it, what mail servers answered, and why they are not
 * written to; of addresses that they have left as well. Times are RFC 3339. What the author reads on the command line and what the person downloads is the same.
 *
 * @param person null where there is nothing but a suppression, or the messages of a test
 * @param addressKey the address as it is compared
 * @param secret the site's key
 */
export async function everythingKept(
  db: Reader,
  person: Subscriber | null,
  addressKey: string,
  secret: string,
) {
  const posts = new Map<number, { id: string; title: string; edition: number }[]>()
  for (const { delivery, ...post } of person ? await postsOf(db, person.id) : [])
    posts.set(delivery, [...(posts.get(delivery) ?? []), post])
  const deliveries = await deliveriesTo(db, person?.id ?? null, addressKey)
  const move = person && (await findMove(db, person.id))
  const former = person ? await formerKeys(db, person) : []
  return {
    // Up to which post it was decided what comes to them: a number that counts posts.
    ...(person && {
      ...shownPerson(person),
      number: person.id,
      decidedThrough: person.settled_sequence,
      import: person.import,
    }),
    consents: person ? await consentsOf(db, person.id) : [],
    deliveries: deliveries.map((each) => ({
      number: each.id,
      kind: each.kind,
      issue: each.issue,
      subject: each.subject,
      posts: posts.get(each.id) ?? [],
      state: each.state,
      address: each.address,
      name: each.name,
      language: each.language,
      due: each.due_at,
      dated: each.dated_at,
      attempts: each.attempts,
      firstTried: each.tried_at,
      settled: each.settled_at,
      reply: each.reply,
    })),
    ...(await keptOfAddress(db, addressKey, secret)),
    /** Where they want to go, until that is confirmed there. */
    moving: move ? { address: move.address, asked: move.at } : null,
    formerAddresses: await Promise.all(
      former.map(async (key) => ({ address: key, ...(await keptOfAddress(db, key, secret)) })),
    ),
  }
}

async function keptOfAddress(db: Reader, addressKey: string, secret: string) {
  return {
    bounces: await bouncesOf(db, addressKey),
    suppressions: (await suppressionsOf(db, addressKey, secret)).map(shownSuppression),
  }
}

export function shownPerson(person: Subscriber) {
  return {
    address: person.address,
    name: person.name,
    status: person.status,
    rhythm: person.rhythm,
    tags: JSON.parse(person.tags) as string[],
    language: person.language,
    timeZone: person.time_zone === '' ? null : person.time_zone,
    hour: person.hour,
    weekday: person.weekday,
    pausedUntil: person.paused_until,
    nextDigest: person.next_run_at,
    followedTags: JSON.parse(person.followed_tags) as string[],
    followedLanguages: JSON.parse(person.followed_languages) as string[],
    created: person.created_at,
    asked: person.asked_at,
    confirmed: person.confirmed_at,
    unsubscribed: person.unsubscribed_at,
  }
}

function shownSuppression({ reason, at }: Suppression) {
  return { reason, at }
}
