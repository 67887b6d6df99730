import type { Context, MiddlewareHandler } from 'hono'

/**
 * Refuses a body that is longer than any form of ours, and reads no more of it than it takes to know that.
 *
 * It does what hono's `bodyLimit` is for. That one copies a request that does not say its length in a way that ours
 * cannot be copied: a form that came in chunks was told that the page is broken, and so was a mail program that
 * unsubscribes its reader by a POST of nothing.
 *
 * @param most in bytes
 */
export function limitBody(
  most: number,
  tooLarge: (c: Context) => Response | Promise<Response>,
): MiddlewareHandler {
  return async (c, next) => {
    const { body } = c.req.raw
    if (body === null) return next()
    const length = c.req.header('Content-Length')
    // RFC 9112, 6.3: where both are there, "the Transfer-Encoding overrides the Content-Length".
    if (length !== undefined && c.req.header('Transfer-Encoding') === undefined)
      return Number(length) > most ? tooLarge(c) : next()
    const bytes = await readUpTo(body, most)
    if (bytes === null) return tooLarge(c)
    const { headers } = c.req.raw
    c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body: bytes })
    return next()
  }
}

/** The whole of a stream, or null once it is longer. */
async function readUpTo(
  stream: ReadableStream<Uint8Array>,
  most: number,
): Promise<Buffer<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length > most) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
