import type { Address } from '../address.ts'
import type { Config } from '../config.ts'
import { enqueuePersonal } from '../deliveries/enqueue.ts'
import type { Rendition } from '../mail/frame.ts'
import { type Database, time, type Writer, write } from '../store/database.ts'
import { spendNumber } from '../store/numbers.ts'
import { type Solved, spendSolution } from '../store/solved.ts'
import {
  type Consent,
  findSubscriber,
  findSuppression,
  insertSubscriber,
  recordAsked,
  recordConsent,
  type Subscriber,
  updateChoices,
} from '../store/subscribers.ts'
import { isOldBounce } from '../store/suppressions.ts'
import { frameLanguage } from '../words/words.ts'
import { admit, turnAway } from './caps.ts'

const DAY_MS = 86_400_000

/** Somebody typed an address into a form: whose it is nobody knows yet. */
export type Asked = Address & {
  name: string
  /** Of the page that they asked on. */
  language: string
  /** Where their clock is; empty where they did not say, which is the site's. It is taken of who is new alone. */
  timeZone: string
  /** Whose caps this counts for: a network cut short, null where nobody can know which. */
  network: string | null
  /** The work that they proved; null where there was none. */
  solved: Solved | null
  /** From where, cut short enough to name nobody, and the words that stood beside the button. */
  evidence: Pick<Consent, 'source' | 'words'>
}

/**
 * Takes the wish to subscribe: the address gets a confirmation, and nothing else until its owner confirms. Who gets
 * none: readers, addresses that must not be mailed, whoever got one within the last day, and all beyond the caps, so that
 * the form is no means to flood anybody. An address whose mail came back thirty days ago or earlier gets one. What it was
 * of these is not told: a caller that knew could show it.
 *
 * @param printed what the confirmation says, rendered before anybody is looked up
 * @param secret the site's key
 * @returns whether a confirmation is queued: for whoever sends it, and never to be told to whoever asked
 */
export async function askToSubscribe(
  db: Database,
  asked: Asked,
  printed: Rendition,
  config: Config,
  secret: string,
  now: Date,
): Promise<boolean> {
  const { key, network, solved } = asked
  if (solved === null && (await turnAway(db, { key, network, proved: false }, secret, now))) return false
  return write(db, async (trx) => {
    // Of two who come with one solution at once, the second proved nothing, and goes on under the tighter caps.
    const proved = solved !== null && (await spendSolution(trx, solved, now))
    // Before anybody is looked up: what counts must not depend on who they are.
    if (!(await admit(trx, { key, network, proved }, secret, now))) return askNobody(trx)
    const suppression = await findSuppression(trx, asked.key, secret)
    if (suppression && !isOldBounce(suppression, now)) return askNobody(trx)
    const known = await findSubscriber(trx, asked.key)
    const isReader = known?.status === 'confirmed'
    if ((isReader && !suppression) || (known && wasAskedToday(known, now))) return askNobody(trx)
    const { language } = asked
    if (known) await spendNumber(trx, 'subscribers')
    const person = known ?? (await insertSubscriber(trx, { ...defaults(config), ...asked }, now))
    // Who left, or never confirmed, reads in the language of this page by now. One that says no more is not made less.
    if (known && !isReader && frameLanguage(known.language, config.site.language) !== language)
      await updateChoices(trx, known, { ...known, language }, now)
    await recordConsent(trx, person.id, { at: time(now), act: 'asked', ...asked.evidence })
    // Without the name: it is a stranger's text until the address is confirmed, and would be mailed to a third person.
    await enqueuePersonal(trx, 'confirmation', { ...person, name: '' }, printed, language, now)
    await recordAsked(trx, person.id, now)
    return true
  })
}

async function askNobody(trx: Writer): Promise<false> {
  await spendNumber(trx, 'subscribers')
  await spendNumber(trx, 'deliveries')
  return false
}

/** What somebody is who said no more than their address. */
export function defaults(config: Config) {
  // No time zone of their own: where the site's is changed, theirs is too.
  return { rhythm: 'instant' as const, tags: [], language: config.site.language, timeZone: '' }
}

// Also by the author, whom no cap counts.
function wasAskedToday({ asked_at }: Subscriber, now: Date): boolean {
  return asked_at !== null && now.getTime() - new Date(asked_at).getTime() < DAY_MS
}
