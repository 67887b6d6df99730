/**
 * A mail server that does what a script says and remembers every byte it was sent. `smtp-server` is a good server;
 * this one is as bad as a test needs it.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/**
 * What the server does at one step: says a reply (a list is sent in as many segments), and then waits for the next
 * command, closes the connection, or resets it. With nothing to say it stalls.
 */
export type Answer = string | { segments?: string[]; next?: 'wait' | 'close' | 'reset' }

/**
 * Answers in turn, counted over all connections, the last one repeated; or decided when it is asked for. What was said
 * is the command, or after the dot the message without it.
 */
type Turns = Answer | Answer[] | ((said: string, session: Session) => Answer | Promise<Answer>)

export type Script = {
  pipelining?: boolean
  greeting?: Turns
  mail?: Turns
  rcpt?: Turns
  data?: Turns
  /** After the dot. */
  message?: Turns
  rset?: Turns
  auth?: Turns
  starttls?: Turns
  quit?: Turns
}

export type Session = {
  commands: string[]
  /** Messages that were ended by a dot, which is not part of them. */
  messages: Buffer[]
  /** What came after the last 354 and was not ended by a dot. */
  unfinished: Buffer
}

export type ScriptedServer = {
  port: number
  sessions: Session[]
  messages: () => Buffer[]
  /** How many connections are open. */
  open: () => number
  /** Ends all connections and waits until their other ends have noticed. */
  hangUp: () => Promise<void>
  close: () => Promise<void>
}

export const STALL: Answer = {}
export const CLOSE: Answer = { next: 'close' }
export const RESET: Answer = { next: 'reset' }

type Step = Exclude<keyof Script, 'pipelining'>

const DEFAULTS: Record<Step, Answer> = {
  greeting: '220 script.example ESMTP',
  mail: '250 2.1.0 sender ok',
  rcpt: '250 2.1.5 recipient ok',
  data: '354 go ahead',
  message: '250 2.0.0 queued as 1',
  rset: '250 2.0.0 ok',
  auth: '235 2.7.0 welcome',
  starttls: '502 5.5.1 not here',
  quit: { segments: ['221 2.0.0 bye\r\n'], next: 'close' },
}

export async function scriptedServer(script: Script = {}): Promise<ScriptedServer> {
  const turns: Partial<Record<Step, number>> = {}
  const sessions: Session[] = []
  const sockets = new Set<Socket>()

  async function answerTo(step: Step, said: string, session: Session): Promise<Answer> {
    const turn = turns[step] ?? 0
    turns[step] = turn + 1
    const answers = script[step] ?? DEFAULTS[step]
    if (typeof answers === 'function') return answers(said, session)
    return Array.isArray(answers) ? (answers[Math.min(turn, answers.length - 1)] as Answer) : answers
  }

  async function say(socket: Socket, answer: Answer): Promise<void> {
    const { segments = [], next = 'wait' } =
      typeof answer === 'string' ? { segments: [`${answer}\r\n`] } : answer
    for (const segment of segments) {
      await new Promise((resolve) => socket.write(segment, resolve))
      await new Promise(setImmediate)
    }
    if (next === 'close') socket.end()
    if (next === 'reset') socket.resetAndDestroy()
  }

  async function talk(socket: Socket): Promise<void> {
    const session: Session = { commands: [], messages: [], unfinished: Buffer.alloc(0) }
    sessions.push(session)
    let sender = false
    let recipients = 0
    let inData = false
    let rest = Buffer.alloc(0)
    await say(socket, await answerTo('greeting', '', session))
    for await (const bytes of socket) {
      rest = Buffer.concat([rest, bytes as Buffer])
      while (rest.length > 0 && socket.writable) {
        if (inData) {
          const end = endOfMessage(rest)
          session.unfinished = rest
          if (end < 0) break
          const message = rest.subarray(0, end)
          session.messages.push(message)
          session.unfinished = Buffer.alloc(0)
          rest = rest.subarray(end + '.\r\n'.length)
          inData = false
          await say(socket, await answerTo('message', message.toString('latin1'), session))
          continue
        }
        const line = rest.indexOf('\r\n')
        if (line < 0) break
        const command = rest.toString('latin1', 0, line)
        rest = rest.subarray(line + 2)
        session.commands.push(command)
        const step = command.slice(0, 4).toLowerCase()
        if (step === 'ehlo') {
          const extensions = [
            ...(script.pipelining ? ['PIPELINING'] : []),
            ...(script.auth ? ['AUTH PLAIN'] : []),
          ]
          await say(
            socket,
            ['250-script.example', ...extensions.map((name) => `250-${name}`), '250 HELP'].join('\r\n'),
          )
        } else if (step === 'star') await say(socket, await answerTo('starttls', command, session))
        else if (step === 'rcpt' && !sender) await say(socket, '503 5.5.1 MAIL first')
        else if (step === 'data' && recipients === 0 && script.data === undefined)
          await say(socket, '554 5.5.1 no valid recipients')
        else if (['mail', 'rcpt', 'data', 'rset', 'auth', 'quit'].includes(step)) {
          const answer = await answerTo(step as Step, command, session)
          const first =
            typeof answer === 'string' ? answer.charAt(0) : (answer.segments?.[0]?.charAt(0) ?? '')
          if (step === 'mail' || step === 'rset') recipients = 0
          if (step === 'mail') sender = first === '2'
          if (step === 'rcpt' && first === '2') recipients++
          if (step === 'data' && first === '3') inData = true
          await say(socket, answer)
        } else await say(socket, '500 5.5.2 what')
      }
    }
  }

  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    // A client that hangs up in the middle is what half of the tests are about.
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    talk(socket).catch(() => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    messages: () => sessions.flatMap((session) => session.messages),
    open: () => sockets.size,
    async hangUp() {
      await Promise.all(
        [...sockets].map((socket) => {
          const closed = once(socket, 'close')
          socket.end()
          return closed
        }),
      )
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Where the dot that ends a message stands; -1 while it is not there. */
function endOfMessage(bytes: Buffer): number {
  if (bytes.subarray(0, 3).equals(Buffer.from('.\r\n'))) return 0
  const at = bytes.indexOf('\r\n.\r\n')
  return at < 0 ? -1 : at + '\r\n'.length
}
