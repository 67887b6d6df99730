import { cleanText } from '../posts/characters.ts'
import { USER_AGENT, whyNoAnswer } from './look.ts'

/** `after` is how long the hub wants to be left alone, in milliseconds, where it says so. */
export type Answer = { ok: true } | { ok: false; reason: string; after: number | null }

/** What is read of the words of a hub that refuses. */
const WORDS_READ = 1_000

/**
 * Tells a hub that feeds have changed, all in one request.
 *
 * WebSub, 6: "The publisher MUST inform the hubs it previously designated when a topic has been updated. The hub and the
 * publisher can agree on any mechanism". What hubs agreed on is a form with `hub.mode` "publish" and `hub.url`, which, as
 * Google's hub says, "may be repeated to indicate multiple feeds". Every hub whose code or manual could be read knows
 * `hub.url`; `hub.topic` and `hub.url[]` only some know, and mixed with it they are an error in others, so neither is
 * sent. A hub that knows no repeats takes one of them, mostly the last.
 *
 * @param topics what matters most last
 * @param signal ends the request
 * @returns yes for any 2xx; never throws
 */
export async function tellHub(
  hub: string,
  topics: string[],
  now: Date,
  signal: AbortSignal,
): Promise<Answer> {
  const body = new URLSearchParams([
    ['hub.mode', 'publish'],
    ...topics.map((topic): [string, string] => ['hub.url', topic]),
  ])
  try {
    const response = await fetch(hub, {
      method: 'POST',
      headers: { 'User-Agent': USER_AGENT },
      body,
      // A redirected POST becomes a GET of some page, and its 200 a yes that nobody gave.
      redirect: 'manual',
      signal,
    })
    if (response.ok) {
      await response.body?.cancel()
      return { ok: true }
    }
    const after = retryAfter(response.headers.get('Retry-After'), now)
    const location = response.headers.get('Location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel()
      const there = URL.canParse(location, hub) ? new URL(location, hub).href : location
      return { ok: false, reason: `it is at ${line(there)} now; write that as "feeds.hub"`, after }
    }
    const words = await wordsOf(response)
    return { ok: false, reason: `it answered ${response.status}${words ? `, ${words}` : ''}`, after }
  } catch (error) {
    return { ok: false, reason: whyNoAnswer(error), after: null }
  }
}

/** RFC 9110, 10.2.3: `Retry-After` is a number of seconds or a date. */
function retryAfter(value: string | null, now: Date): number | null {
  if (value === null) return null
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now.getTime()
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}

/** The first line of what a hub says in plain text, if that is what it says. */
async function wordsOf(response: Response): Promise<string> {
  if (!/^text\/plain\b/i.test(response.headers.get('Content-Type') ?? '')) {
    await response.body?.cancel()
    return ''
  }
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length >= WORDS_READ) break
  }
  return line(text.trim().split('\n')[0] ?? '')
}

function line(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').slice(0, 200).trim()
}
