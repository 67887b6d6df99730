/**
 * What a mail server's refusal means. Mailbox providers disagree about codes, so this goes by what is known of them:
 * the basic code says whether to try again (RFC 5321, 4.2.1), the enhanced one (RFC 3463) what it is about, and only
 * what is about the address may ever be held against the person.
 */

/** What was being said to the server when it refused. */
export type Phase = 'session' | 'sender' | 'recipient' | 'message'

export type Refusal = { code: number; reply: string; phase: Phase }

export type Meaning =
  /** Temporary: try again by the schedule. */
  | 'later'
  /** The server itself is busy or wants less: leave it alone for a while. */
  | 'slow down'
  /** No such address: never write to it again. */
  | 'no such address'
  /** Says so, but is also used for other things: believed the second time, a day or more later. */
  | 'maybe no such address'
  /** The mailbox is full. */
  | 'full'
  /** About us, our message or our reputation: never the person's fault. */
  | 'policy'
  /** Our message is malformed or too big: every copy of it would be refused. */
  | 'message'
  /** Refused for good, for a reason no list knows. */
  | 'refused'

const GONE = new Set(['5.1.1', '5.1.3', '5.1.6', '5.1.10'])
const MAYBE_GONE = new Set(['5.1.2', '5.2.1', '5.4.1', '5.4.4'])
// About the address that mail comes from, and how much came from it: ours.
const ABOUT_SENDER = new Set(['5.1.7', '5.1.8', '5.4.5'])
const TOO_BIG = new Set(['5.3.4', '5.2.3'])
// RFC 3463, 3.1: x.x.0 is what a server says that knows no better, so these say no more than no code at all.
const VAGUE = new Set(['', '5.0.0', '5.1.0', '5.2.0', '5.5.0'])

const GONE_WORDS =
  /no such (user|recipient|mailbox|person|account|address)|(user|recipient|mailbox|account|address)( name)? (is )?(unknown|not found|does ?n[o'’]t exist|invalid|disabled)|(unknown|invalid) (user|recipient|mailbox|account|address)|do(es not|esn[’']t) have an? \S+ account|null MX/i
const FULL_WORDS = /quota|(mailbox|inbox)( is)? full|full mailbox|out of storage/i
// What servers without enhanced codes, or with vague ones, say when it is us whom they do not want.
const ABOUT_US_WORDS =
  /\bsender\b|\b(helo|ehlo|spf|dkim|dmarc|spam\w*|dnsbl|rbl|blocked|banned|reputation|polic(y|ies)|unauthenticated)\b|(black|block)[ -]?list|client host|access denied|relay(ing)? (access )?(is )?(denied|prohibited|not)|to relay/i
// Gmail's codes for too much mail (4.7.28 and its neighbours), and those of three digits by which Outlook says the same.
// Any other 4.7.x is one message asked to come back, as greylisting does, which is no reason to stop all others.
const TOO_FAST = /^4\.7\.(2\d|\d{3})$/
const ADDRESS_WORDS = /\b(recipient|mailbox|user|address)\b/i

/** Decides what a refusal means; pure. */
export function readRefusal({ code, reply, phase }: Refusal): Meaning {
  // RFC 5321, 4.2: 421 is "service not available, closing transmission channel", at any time.
  if (code === 421) return 'slow down'
  // Of what a relay passes on, the other server's words are what was decided.
  const words = quotedWords(reply) ?? reply
  const status = statusIn(words, code < 500 ? 4 : 5)
  if (code < 500) {
    return TOO_FAST.test(status) ? 'slow down' : 'later'
  }
  if (/^5\.[67]\./.test(status) || ABOUT_SENDER.has(status)) return 'policy'
  if (TOO_BIG.has(status)) return 'message'
  // After the dot too: a message has one recipient. Before both, it is the sender's address that is meant.
  if (phase === 'recipient' || phase === 'message') {
    if (status === '5.2.2') return 'full'
    if (GONE.has(status)) return 'no such address'
    if (MAYBE_GONE.has(status)) return 'maybe no such address'
  }
  if (phase === 'recipient') return readRecipientRefusal(code, words, status)
  // RFC 5321, 4.2.3: 500 to 504 are about the command's form, and ours is the form.
  if ((status.startsWith('5.5.') && !VAGUE.has(status)) || (code <= 504 && status === '')) return 'message'
  if (phase === 'message') {
    if (code === 552) return 'message'
    // Yahoo says it as late as here. Too late to be held against the person, and not about us either.
    if (GONE_WORDS.test(words)) return 'refused'
  }
  return 'policy'
}

function readRecipientRefusal(code: number, words: string, status: string): Meaning {
  if (code <= 504 || (status.startsWith('5.5.') && !VAGUE.has(status))) {
    // One address whose form a server does not like is no reason to stop the issue for all others.
    return ADDRESS_WORDS.test(words) && !ABOUT_US_WORDS.test(words) ? 'refused' : 'message'
  }
  if (!VAGUE.has(status)) return 'refused'
  if (ABOUT_US_WORDS.test(words)) return 'policy'
  if (FULL_WORDS.test(words)) return 'full'
  if (GONE_WORDS.test(words))
    return [550, 551, 553, 556].includes(code) ? 'no such address' : 'maybe no such address'
  if (code === 552) return 'full'
  return code === 550 ? 'maybe no such address' : 'refused'
}

/**
 * Whether a temporary refusal is about the mailbox: RFC 3463, 3.3, keeps x.2.x for its status, and a server without
 * such codes says 452 of a full one.
 */
export function isAboutMailbox({ code, reply, phase }: Refusal): boolean {
  const status = statusIn(quotedWords(reply) ?? reply, 4)
  return phase === 'recipient' && (status.startsWith('4.2.') || (code === 452 && status === ''))
}

/**
 * The host that a relay quotes when it passes on somebody else's refusal, as Postfix does: `host mx.example[192.0.2.1]
 * said: 550 …`. Null where the words are the server's own.
 */
export function quotedHost(reply: string): string | null {
  return QUOTED.exec(reply)?.[1]?.toLowerCase() ?? null
}

const QUOTED =
  /\bhost ([a-z0-9._-]+)(?:\[[^\]]*\])?(?::\d+)? (?:said|refused to talk to me): (.*?)( \(in reply to [^)]*\))?$/i

function quotedWords(reply: string): string | null {
  return QUOTED.exec(reply)?.[2] ?? null
}

// RFC 2034, 4: the enhanced code stands first and begins with the digit that the code begins with. qmail has it last, in
// brackets; and an address such as 5.1.1.23 is none.
function statusIn(words: string, kind: 4 | 5): string {
  return new RegExp(`(?<![\\w.])${kind}\\.\\d{1,3}\\.\\d{1,3}(?!\\.?\\w)`).exec(words)?.[0] ?? ''
}
