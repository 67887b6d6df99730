import { createHash } from 'node:crypto'
import { packageVersion } from '../package.ts'
import type { Version } from '../store/pings.ts'

/** What we call ourselves to hubs and to the host of the feeds. */
export const USER_AGENT = `Posthorn/${packageVersion()}`

/**
 * Looks from outside whether a version of a feed is at its address, as the hub will: with no word against caches, since
 * a hub that was sent to an old copy takes that for the news. Encodings are undone by `fetch`. No more is read than the
 * version has bytes.
 *
 * @param signal ends the look
 * @returns null where it is there, else what was found instead; never throws
 */
export async function lookFor(
  { topic, version, bytes }: Version,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const response = await fetch(topic, { headers: { 'User-Agent': USER_AGENT }, signal })
    if (response.status !== 200) {
      await response.body?.cancel()
      return `the answer is ${response.status}`
    }
    const hash = createHash('sha256')
    let read = 0
    for await (const chunk of response.body ?? []) {
      read += chunk.length
      // Leaving the loop ends the connection.
      if (read > bytes) break
      hash.update(chunk)
    }
    return read === bytes && hash.digest('hex') === version ? null : 'there is another version'
  } catch (error) {
    return whyNoAnswer(error)
  }
}

/** Why a request had no answer, as the end of a sentence. */
export function whyNoAnswer(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer came in time'
  // `fetch` says "fetch failed" and nothing more; what failed is the cause, or one of several causes.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null
  const words: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'its name is unknown',
    EAI_AGAIN: 'its name cannot be looked up',
    ECONNRESET: 'the connection broke',
    UND_ERR_SOCKET: 'the connection broke',
    UND_ERR_CONNECT_TIMEOUT: 'no answer came in time',
  }
  return (
    words[code ?? ''] ?? `it cannot be reached (${code ?? (cause instanceof Error ? cause.message : cause)})`
  )
}
