/**
 * Answers with a file. This is the one place where it is done, and it is done without hono: readers poll all day, and
 * what most of them get, a 304 or the same compressed bytes, is a few looks into a Map and two writes. So everything
 * that does not depend on the request, the headers above all, is made once for each version of a file.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { isConditional, judge, tagOf, versionsIn } from './conditional.ts'
import { openMemory, wantsDelta } from './delta.ts'
import { acceptedEncodings, type Encoding } from './encoding.ts'
import { FILE_POLICY } from './headers.ts'
import { type FeedKind, type Kind, kindOf } from './kind.ts'
import type { Asked, Reply } from './lane.ts'
import { openLru } from './lru.ts'
import { clientOf } from './network.ts'
import { openPace } from './pace.ts'
import type { Web } from './page.ts'
import { askedPart, isSameFile, type Part } from './range.ts'
import type { Body, Stored } from './shelf.ts'

/** Names and values by turns, as `writeHead` takes them without a copy. */
type Headers = string[]

/** A version of a file with all that its answers have in common. */
export type Ready = {
  stored: Stored
  kind: Kind
  forms: Form[]
  /** Of the file, in milliseconds, of a whole second. */
  modified: number
  /** Whether that second has come, so that answers may name it. */
  dated: boolean
  /** Whether all of it is in memory. */
  held: boolean
}

type Form = { body: Body; tag: string; whole: Headers; unchanged: Headers }

export type Answers = {
  /** What is to be done once for each version of a file. */
  prepare(stored: Stored): Ready
  /**
   * Answers a GET or HEAD.
   *
   * @param disk for what is not held; null for a file that is
   * @returns false where nothing was sent, since the disk has another file by now
   */
  answer(asked: Asked, reply: Reply, ready: Ready, disk: Disk | null): boolean
}

export type Disk = {
  open(body: Body): number | null
  /** Sends a part of what was opened, and closes it. */
  pour(file: number, part: Part): void
}

/** What is said to programs, and read by who writes them: in English whatever the site speaks. */
const REFUSED = {
  encoding: 'Accept-Encoding allows nothing that is here: allow identity, gzip or br.',
  other: 'The file is another one by now: ask again without a condition and for all of it.',
  pace: 'You fetch this feed whole too often: send If-None-Match with the ETag that you got, and an unchanged feed costs you nothing.',
}

/** Deltas that were made, so that each is compressed once for all who ask. */
const MOST_DELTAS = 8 * 1024 * 1024

/** @param kindOfFile what a file is by its path; else as in the feeds folder */
export function answers(
  web: Pick<Web, 'config' | 'now'>,
  kindOfFile: (path: string) => Kind = (path) => kindOf(path, web.config),
): Answers {
  const { config, now } = web
  const memory = openMemory()
  const deltas = openLru<Buffer | null>(MOST_DELTAS)
  const pace = openPace()

  return {
    prepare(stored) {
      const kind = kindOfFile(stored.path)
      const modified = Math.floor(stored.modified.getTime() / 1000) * 1000
      const whole = stored.bodies[0].bytes
      if (kind.feed && whole) memory.remember(stored.path, stored.version, whole, kind.feed.format)
      const held = stored.bodies.every(({ bytes }) => bytes !== null)
      const ready: Ready = { stored, kind, modified, dated: modified <= now().getTime(), held, forms: [] }
      ready.forms = formsOf(ready)
      return ready
    },

    answer(asked, reply, ready, disk) {
      const { headers } = asked
      const { kind, stored } = ready
      if (!ready.dated && ready.modified <= now().getTime()) {
        ready.dated = true
        ready.forms = formsOf(ready)
      }
      const accepted = acceptedEncodings(headers['accept-encoding'])
      const form = formFor(accepted, ready)
      if (form === null) return refuse(reply, 406, REFUSED.encoding, ['Vary', kind.vary])

      const modified = ready.dated ? ready.modified : null
      const verdict = judge(headers, { version: stored.version, tag: form.tag, modified }, now)
      if (verdict === 'unchanged') {
        reply.writeHead(304, form.unchanged)
        reply.end()
        return true
      }
      if (verdict === 'refused') return refuse(reply, 412, REFUSED.other, form.unchanged)

      if (kind.feed) {
        if (asked.method === 'GET' && !isConditional(headers)) {
          const who = clientOf(asked, config.web.trustProxy)
          const wait = who === null ? 0 : pace.take(who, stored.path, now())
          if (wait > 0)
            return refuse(reply, 429, REFUSED.pace, [
              ...['Retry-After', String(wait), 'Cache-Control', 'no-store', 'Vary', kind.vary],
            ])
        }
        const delta = wantsDelta(one(headers['a-im'])) ? deltaFor(headers, ready, kind.feed, accepted) : null
        if (delta) return sendDelta(reply, ready, kind.feed, form, delta)
      }

      // What is compressed has no parts: a player that resumes has no use for the middle of a gzip.
      if (form.body.encoding === 'identity' && asked.method === 'GET' && headers.range !== undefined) {
        const part = askedPart(headers.range, form.body.size)
        if (part !== 'none' && isSameFile(headers, form.tag, modified, now))
          return sendPart(reply, form, part, disk)
      }
      return send(asked, reply, form, disk)
    },
  }

  function deltaFor(
    headers: IncomingHttpHeaders,
    { stored }: Ready,
    feed: FeedKind,
    accepted: readonly Encoding[],
  ): Delta | null {
    const whole = stored.bodies[0].bytes
    const base = memory.newestKnown(stored.path, versionsIn(headers['if-none-match'] ?? ''))
    const [encoding] = accepted
    if (whole === null || base === null || encoding === undefined) return null
    const kept = (form: Encoding, make: () => Buffer | null): Buffer | null => {
      const key = [stored.path, stored.version, base, form].join('\n')
      const found = deltas.get(key)
      if (found !== undefined) return found
      const made = make()
      // Also that there is none takes its place.
      deltas.set(key, made, key.length + (made?.length ?? 0))
      return made
    }
    const plain = kept('identity', () => memory.since(stored.path, base, whole, feed.format))
    if (plain === null) return null
    const bytes = kept(encoding, () => compress(plain, encoding)) ?? plain
    return { bytes, base, encoding }
  }
}

type Delta = { bytes: Buffer; base: string; encoding: Encoding }

function formsOf({ stored, kind, modified, dated }: Ready): Form[] {
  return stored.bodies.map((body): Form => {
    const tag = tagOf(stored.version, body.encoding)
    const common = [
      ...['ETag', tag, 'Cache-Control', kind.cache, 'Vary', kind.vary],
      // RFC 9110, 8.8.2.1: "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the
      // server's time of message origination". A file that was published twice within a second is dated a second on.
      ...(dated ? ['Last-Modified', new Date(modified).toUTCString()] : []),
    ]
    const encoded = body.encoding !== 'identity'
    const whole = [
      ...['Content-Type', kind.type, 'Content-Length', String(body.size)],
      ...(encoded ? ['Content-Encoding', body.encoding] : ['Accept-Ranges', 'bytes']),
      ...common,
      ...(kind.feed ? ['Link', kind.feed.link] : []),
      ...(kind.anywhere ? ['Cross-Origin-Resource-Policy', 'cross-origin'] : []),
      ...POLICIES,
    ]
    return { body, tag, whole, unchanged: common }
  })
}

const POLICIES = [
  ...['Content-Security-Policy', FILE_POLICY],
  // Blog pages are public; video hosts want to know on which site they play.
  ...['Referrer-Policy', 'strict-origin-when-cross-origin'],
  ...['X-Content-Type-Options', 'nosniff'],
]

/** The best of the forms that there are; null where none is acceptable. */
function formFor(accepted: readonly Encoding[], { forms }: Ready): Form | null {
  for (const encoding of accepted) for (const form of forms) if (form.body.encoding === encoding) return form
  return null
}

function send({ method }: Asked, reply: Reply, { body, whole }: Form, disk: Disk | null): boolean {
  const { bytes, size } = body
  if (bytes === null && method !== 'HEAD' && size > 0)
    return sendFromDisk(200, reply, whole, body, { first: 0, last: size - 1 }, disk)
  reply.writeHead(200, whole)
  reply.end(bytes)
  return true
}

function sendPart(
  reply: Reply,
  { body, whole }: Form,
  part: Part | 'unsatisfiable',
  disk: Disk | null,
): boolean {
  if (part === 'unsatisfiable')
    return refuse(reply, 416, REFUSED.other, ['Content-Range', `bytes */${body.size}`])
  const { first, last } = part
  const headers = [...whole, 'Content-Range', `bytes ${first}-${last}/${body.size}`]
  headers[headers.indexOf('Content-Length') + 1] = String(last - first + 1)
  if (body.bytes === null) return sendFromDisk(206, reply, headers, body, part, disk)
  reply.writeHead(206, headers)
  reply.end(body.bytes.subarray(first, last + 1))
  return true
}

function sendFromDisk(
  status: number,
  reply: Reply,
  headers: Headers,
  body: Body,
  part: Part,
  disk: Disk | null,
): boolean {
  const file = disk?.open(body) ?? null
  if (file === null) return false
  reply.writeHead(status, headers)
  disk?.pour(file, part)
  return true
}

/**
 * RFC 3229, 10.4.1: "226 IM Used: The server has fulfilled a GET request for the resource, and the response is a
 * representation of the result of one or more instance-manipulations applied to the current instance."
 */
function sendDelta(reply: Reply, ready: Ready, feed: FeedKind, form: Form, delta: Delta): boolean {
  reply.writeHead(226, [
    ...['Content-Type', ready.kind.type, 'Content-Length', String(delta.bytes.length)],
    ...['IM', 'feed', 'Delta-Base', tagOf(delta.base, 'identity'), 'ETag', form.tag],
    ...(delta.encoding === 'identity' ? [] : ['Content-Encoding', delta.encoding]),
    // Caches that do not know 226 must not give it to others, and not all of them look at Vary.
    ...['Cache-Control', 'private, no-store', 'Vary', ready.kind.vary],
    ...(ready.dated ? ['Last-Modified', new Date(ready.modified).toUTCString()] : []),
    ...['Link', feed.link, ...POLICIES],
  ])
  reply.end(delta.bytes)
  return true
}

function compress(bytes: Buffer, encoding: Encoding): Buffer {
  if (encoding === 'gzip') return gzipSync(bytes, { level: 9 })
  if (encoding === 'br') return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
  return bytes
}

/** A line of text, for a program's log and whoever reads that. */
function refuse(reply: Reply, status: number, text: string, headers: Headers): boolean {
  const bytes = Buffer.from(`${text}\n`)
  reply.writeHead(status, [
    ...['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(bytes.length)],
    ...headers,
    ...POLICIES,
  ])
  reply.end(bytes)
  return true
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header
}
