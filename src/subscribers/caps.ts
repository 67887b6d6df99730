/**
 * How many confirmations the form may cause, so that it is no means to bomb anybody: neither one person, nor the people
 * of one mail server, nor the site's own standing with all of them. No key of the configuration: who has more readers
 * coming in an hour than these let in loses none of them, since whoever asks again later gets their confirmation.
 */
import { createHmac } from 'node:crypto'
import type { Database, Reader, Writer } from '../store/database.ts'
import type { Cap } from '../store/schema.ts'
import { admitSignUp, type Caps, readTurnedAway, type SignUp, turnSignUpAway } from '../store/sign-ups.ts'

/**
 * For whoever proved work, which is any browser that runs scripts, and for who did not: a reader without scripts, a form
 * elsewhere as plain HTML, and every program that just posts. The two are counted apart, so that a bomber who does no work
 * cannot use up the room of people who did: only the cap of one address, which is what saves a victim, is common to
 * both. Hence all of it together may be the sum of the two, 260 an hour.
 */
const CAPS: Record<'proved' | 'unproved', Caps> = {
  proved: {
    /** A /24 or /48: an office, or the customers of one exchange. */
    network: { hour: 5, day: 20 },
    domain: { hour: 100 },
    site: { hour: 200 },
  },
  unproved: {
    /** Two people of one house in the same hour; a third one waits. */
    network: { hour: 2, day: 6 },
    domain: { hour: 30 },
    /** One a minute: more than any blog gets by its plain forms in a good hour, and too few to make a sender known for. */
    site: { hour: 60 },
  },
}

/**
 * Domains that the cap on one does not hold for: it spares the mail server of a firm or a school. Large providers do not
 * feel as many as the site may send at all, and most people of a busy hour have their address there: they would wait
 * for nobody's good. One that is missing here gets a hundred an hour, so the list need not be whole.
 */
const LARGE = new Set(
  `gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com aol.com icloud.com me.com mac.com
  proton.me protonmail.com pm.me fastmail.com zoho.com gmx.de gmx.net gmx.com web.de t-online.de freenet.de mail.com
  orange.fr free.fr laposte.net hotmail.fr yahoo.fr hotmail.co.uk yahoo.co.uk btinternet.com libero.it comcast.net
  yahoo.co.jp docomo.ne.jp ezweb.ne.jp qq.com 163.com 126.com naver.com mail.ru yandex.ru`.split(/\s+/),
)

/** Somebody who asks: for which address, from which network (cut short; null where nobody can know), proved or not. */
type Asking = { key: string; network: string | null; proved: boolean }

/** Counts somebody who asks, and says whether a confirmation may go out for it. */
export async function admit(trx: Writer, asking: Asking, secret: string, now: Date): Promise<boolean> {
  return admitSignUp(trx, hashed(asking, secret), capsOf(asking), now)
}

/** Whether a cap turns somebody away, who is counted then; all that a flood costs, and nothing that waits for the disk. */
export async function turnAway(db: Database, asking: Asking, secret: string, now: Date): Promise<boolean> {
  return turnSignUpAway(db, hashed(asking, secret), capsOf(asking), now)
}

function capsOf({ proved }: Asking): Caps {
  return CAPS[proved ? 'proved' : 'unproved']
}

function hashed({ key, network, proved }: Asking, secret: string): SignUp {
  const hash = (what: string, text: string) =>
    createHmac('sha256', secret).update(`sign-up ${what} ${text}`).digest('base64url').slice(0, 22)
  const domain = key.slice(key.lastIndexOf('@') + 1)
  return {
    address: hash('address', mailboxOf(key)),
    network: network === null ? null : hash('network', network),
    domain: LARGE.has(domain) ? null : hash('domain', domain),
    proved,
  }
}

/** Gmail has two names, and delivers to either however many dots the local part has. */
const GMAIL = /^(.*)@g(?:oogle)?mail\.com$/

/**
 * What addresses of one mailbox have in common, as far as that is known of all servers or of a very large one: whoever
 * wants to flood a mailbox writes its address in a hundred ways. `ada+blog@` stands for `ada@` too where a server knows no
 * such thing; there the two people have one confirmation a day between them. Only the cap goes by it: an address is mailed
 * and compared as it was typed. A domain of which every address is one mailbox cannot be seen from here; of such a one
 * the caps on domains let a hundred and thirty through an hour.
 */
function mailboxOf(key: string): string {
  const at = key.lastIndexOf('@')
  // A "+" in front is no tag of anything.
  const bare = `${key.slice(0, at).replace(/(?<=.)\+.*$/, '')}${key.slice(at)}`
  return bare.replace(GMAIL, (_, local: string) => `${local.replaceAll('.', '')}@gmail.com`)
}

export type TurnedAway = Record<Cap, number>

/**
 * How many were turned away within a day, by the cap that did it.
 *
 * @param told what a log has told already, by hour and cap: only what is new counts, and is noted in it
 */
export async function countTurnedAway(
  db: Reader,
  now: Date,
  told: Map<string, number> = new Map(),
): Promise<TurnedAway> {
  const counts = { address: 0, network: 0, domain: 0, site: 0, unproved: 0 }
  const kept = await readTurnedAway(db, now)
  const before = new Map(told)
  told.clear()
  for (const { hour, cap, count } of kept) {
    const name = `${hour} ${cap}`
    counts[cap] += count - (before.get(name) ?? 0)
    told.set(name, count)
  }
  return counts
}

/** `9 for an address that had been asked for within a day, 3 from a network …`; empty where nobody was turned away. */
export function describeTurnedAway(counts: TurnedAway): string {
  const { proved, unproved } = CAPS
  const why: Record<Cap, string> = {
    address: 'for an address that had been asked for within a day',
    network: `from a network that had its ${proved.network.hour} an hour or ${proved.network.day} a day`,
    domain: `for a domain that had its ${proved.domain.hour} an hour`,
    site: `while the site had its ${proved.site.hour} an hour`,
    unproved: `without proof of work, of which a network has ${unproved.network.hour} an hour and ${unproved.network.day} a day, a domain ${unproved.domain.hour} an hour, and the site ${unproved.site.hour}`,
  }
  const caps = (Object.keys(why) as Cap[]).filter((cap) => counts[cap] > 0)
  return caps.map((cap) => `${counts[cap]} ${why[cap]}`).join(', ')
}
