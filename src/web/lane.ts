/**
 * A fast lane for the plainest requests: a GET or HEAD of a file that is known, whole in one piece, on a connection
 * that stays. That is what feed readers and proxies send all day, and Node's HTTP costs three times as much for each
 * as all the rest. The lane reads a strict part of HTTP/1.1 and no more: at the first byte that is anything else, the
 * connection goes over to Node's HTTP with every byte that is not answered yet, and stays there. So nothing is
 * understood here in another way than there, and nothing is refused here.
 *
 * What is answered is decided elsewhere: the lane only reads and writes.
 */
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  STATUS_CODES,
  validateHeaderValue,
} from 'node:http'
import type { Socket } from 'node:net'

/** What is asked, as Node's HTTP and the lane have it alike. */
export type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'socket'>

/** How it is answered; the headers are names and values by turns. */
export type Reply = {
  writeHead(status: number, headers: string[]): unknown
  end(bytes?: Buffer | null): unknown
}

/** True where it has answered, false where it has done nothing. */
export type Answer = (asked: Asked, reply: Reply) => boolean

export type Lane = {
  /** Ends the connections that are in it, when what is on its way has left. */
  close(): void
  /** Ends them now. */
  destroy(): void
}

/** Told to clients as 5 seconds, like Node's own; the sixth is for the one who asks in the last moment. */
const IDLE_MS = 6_000
/** How many times so long a reader on a bad line may stop in the middle of an answer. */
const PATIENCE = 10
/** What is longer is unusual enough for Node to look at; it takes 16 KB. */
const LONGEST_REQUEST = 8 * 1024
const LONGEST_KNOWN = 1024
const MOST_KNOWN = 500

/** Puts the lane before what the server does with a connection. To be called before it listens. */
export function openLane(server: Server, now: () => Date, answer: Answer): Lane {
  const listeners = server.listeners('connection') as ((this: Server, socket: Socket) => void)[]
  const inside = new Set<Socket>()
  const dated = dates(now)
  const readNext = openReader()

  function attempt({ method, url, headers }: Read, socket: Socket): boolean {
    const asked = { method, url, headers, socket }
    return answer(asked, replyTo(asked, dated))
  }

  function enter(socket: Socket): void {
    let stalls = 0
    inside.add(socket)
    socket.setTimeout(IDLE_MS)
    socket.on('data', read).on('timeout', wait).on('end', leave).on('error', ignore).on('close', forget)

    function read(bytes: Buffer): void {
      const text = bytes.toString('latin1')
      let done = 0
      stalls = 0
      while (done < text.length && !socket.destroyed) {
        const request = readNext(text, done)
        if (request === null || !attempt(request, socket)) {
          handOver(bytes.subarray(done))
          return
        }
        done = request.ends
      }
      // Who asks faster than they take the answers has to wait.
      if (socket.writableNeedDrain) {
        socket.pause()
        socket.once('drain', () => socket.resume())
      }
    }

    function handOver(rest: Buffer): void {
      socket
        .off('data', read)
        .off('timeout', wait)
        .off('end', leave)
        .off('error', ignore)
        .off('close', forget)
      inside.delete(socket)
      socket.setTimeout(0)
      socket.pause()
      for (const listener of listeners) listener.call(server, socket)
      socket.unshift(rest)
      socket.resume()
    }

    function wait(): void {
      if (socket.writableLength === 0 || ++stalls > PATIENCE) socket.destroy()
      else socket.setTimeout(IDLE_MS)
    }

    function leave(): void {
      socket.destroySoon()
    }

    function forget(): void {
      inside.delete(socket)
    }
  }

  server.removeAllListeners('connection')
  server.on('connection', enter)
  return {
    close() {
      for (const socket of inside) socket.destroySoon()
    },
    destroy() {
      for (const socket of inside) socket.destroy()
    },
  }
}

/** Whoever goes away in the middle is not told of; their connection closes by itself. */
function ignore(): void {}

const START = /(GET|HEAD) (\/[\x21-\x7e]*) HTTP\/1\.1\r\n/y
const LINE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*)\r\n/y
const CR = 13
const LF = 10
/** Headers that change what a connection is, or announce a body. */
const UNUSUAL = new Set([
  'content-length',
  'expect',
  'http2-settings',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

type Read = Pick<Asked, 'method' | 'url' | 'headers'> & { ends: number }

/**
 * Who asks often, a proxy that looks whether its copy is still good, asks with the same bytes each time. What these
 * say is kept, unless they name the one for whom it asks.
 */
function openReader(): (text: string, begins: number) => Read | null {
  const known = new Map<string, Read>()
  return (text, begins) => {
    const before = begins === 0 ? known.get(text) : undefined
    if (before !== undefined) return before
    const read = readRequest(text, begins)
    if (read === null || begins > 0 || read.ends !== text.length || read.ends > LONGEST_KNOWN) return read
    if (['x-forwarded-for', 'x-real-ip', 'forwarded', 'cookie'].some((name) => name in read.headers))
      return read
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(text, read)
    return read
  }
}

/** A request that is there from its first to its last byte, and is plain in every one of them; else null. */
function readRequest(text: string, begins: number): Read | null {
  START.lastIndex = begins
  const start = START.exec(text)
  if (start === null) return null
  // A name that every object has, such as "constructor", counts as said twice, and goes to Node.
  const headers: IncomingHttpHeaders = {}
  let ends = START.lastIndex
  while (text.charCodeAt(ends) !== CR) {
    LINE.lastIndex = ends
    const line = LINE.exec(text)
    if (line === null) return null
    const name = (line[1] as string).toLowerCase()
    const value = (line[2] as string).trim()
    // Twice the same name is for Node to judge: some are joined, some are not.
    if (name in headers || UNUSUAL.has(name)) return null
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return null
    headers[name] = value
    ends = LINE.lastIndex
  }
  // "A client MUST send a Host header field in all HTTP/1.1 request messages"; Node says 400 to the others.
  if (headers.host === undefined || text.charCodeAt(ends + 1) !== LF) return null
  ends += 2
  return ends - begins > LONGEST_REQUEST ? null : { method: start[1], url: start[2], headers, ends }
}

// The head of an answer without its date, by the array that it is made of: most are sent again and again.
const heads = new WeakMap<string[], string>()
// What was last sent of it. Asked for again in the same second, it is made one piece, which leaves in one write.
const last = new WeakMap<string[], { date: string; body: Buffer | null; piece: Buffer | null }>()
/** Of what is larger a copy costs more than a second write. */
const LARGEST_PIECE = 64 * 1024

function replyTo({ method, socket }: Asked, date: () => string): Reply {
  let key: string[] = []
  let head = ''
  return {
    writeHead(status, headers) {
      key = headers
      head = heads.get(headers) ?? headOf(status, headers)
      heads.set(headers, head)
    },
    end(bytes) {
      // As Node does it: what is said to HEAD has the length of a body, and none.
      const body = method === 'HEAD' ? null : (bytes ?? null)
      const before = last.get(key)
      const now = date()
      if (before === undefined || before.date !== now || before.body !== body) {
        last.set(key, { date: now, body, piece: null })
      } else if (body === null || body.length <= LARGEST_PIECE) {
        before.piece ??= Buffer.concat([Buffer.from(head + now, 'latin1'), ...(body ? [body] : [])])
        socket.write(before.piece)
        return
      }
      socket.cork()
      socket.write(head + now, 'latin1')
      if (body) socket.write(body)
      socket.uncork()
    },
  }
}

function headOf(status: number, headers: string[]): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n`
  for (let place = 0; place < headers.length; place += 2) {
    const [name = '', value = ''] = headers.slice(place, place + 2)
    validateHeaderValue(name, value)
    head += `${name}: ${value}\r\n`
  }
  return head
}

/** The header Date, made once for each second, and the end of the head. */
function dates(now: () => Date): () => string {
  let second = Number.NaN
  let line = ''
  return () => {
    const date = now()
    const current = Math.floor(date.getTime() / 1000)
    if (current !== second) {
      second = current
      line = `Date: ${date.toUTCString()}\r\n\r\n`
    }
    return line
  }
}
