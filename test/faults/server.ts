/**
 * The receiving end: a mail server that does with each message what a plan says, and keeps what it took by Message-ID.
 * What it kept, and not what we believe we sent, is what the tests ask.
 */
import { onTestFinished } from 'vitest'
import { type Answer, type ScriptedServer, type Session, scriptedServer } from '../mail/smtp-script.ts'

export type Step = 'greeting' | 'mail' | 'rcpt' | 'data' | 'dot'

/** Where a conversation is. `to` is empty before the recipient is known; `turn` counts this step, from 1, over all. */
export type Moment = { step: Step; to: string; turn: number }

/**
 * What the server does at a step. With nothing else said it is a good server: it agrees, and keeps the message before it
 * says so. A refusal keeps nothing.
 */
export type Move = {
  /** A reply instead of the usual one; a list is sent in as many segments, its line break included. */
  say?: string | string[]
  /** Whether the message is kept, where that is not what the reply says. */
  keep?: boolean
  /** Says nothing, and instead hangs up or waits for ever. */
  instead?: 'hang up' | 'stall'
}

/** The plan may wait: until then the server is silent, and the client waits for it. */
export type Plan = (moment: Moment) => Move | undefined | Promise<Move | undefined>

export type MailServer = Pick<ScriptedServer, 'port' | 'sessions' | 'open'> & {
  /** Every copy of every message that it took responsibility for. */
  kept: Map<string, Buffer[]>
  follow(plan: Plan): void
}

const USUAL: Record<Step, string> = {
  greeting: '220 mail.example ESMTP',
  mail: '250 2.1.0 ok',
  rcpt: '250 2.1.5 ok',
  data: '354 go ahead',
  dot: '250 2.0.0 queued',
}

/** A server that ends with the test. */
export async function mailServer(
  plan: Plan = () => undefined,
  options: { pipelining?: boolean } = {},
): Promise<MailServer> {
  const kept: MailServer['kept'] = new Map()
  const turns = new Map<Step, number>()
  let current = plan

  async function answer(step: Step, said: string, session: Session): Promise<Answer> {
    const turn = (turns.get(step) ?? 0) + 1
    turns.set(step, turn)
    const move = (await current({ step, to: recipientOf(session), turn })) ?? {}
    const reply = move.say ?? (move.instead ? [] : USUAL[step])
    const segments = typeof reply === 'string' ? [`${reply}\r\n`] : reply
    if (step === 'dot' && (move.keep ?? segments.join('').startsWith('2'))) keep(said)
    return { segments, next: move.instead === 'hang up' ? 'close' : 'wait' }
  }

  function keep(message: string): void {
    const id = /^Message-ID: <(.+)>\r$/m.exec(message)?.[1] ?? 'a message without an id'
    kept.set(id, [...(kept.get(id) ?? []), Buffer.from(message, 'latin1')])
  }

  const at = (step: Step) => (said: string, session: Session) => answer(step, said, session)
  const server = await scriptedServer({
    pipelining: options.pipelining ?? false,
    greeting: at('greeting'),
    mail: at('mail'),
    rcpt: at('rcpt'),
    data: at('data'),
    message: at('dot'),
  })
  onTestFinished(() => server.close())
  return {
    port: server.port,
    sessions: server.sessions,
    open: server.open,
    kept,
    follow(next) {
      current = next
      turns.clear()
    },
  }
}

/** A plan for one turn of one step; at all others the server is good. */
export function once(step: Step, move: Move, turn = 1): Plan {
  return (moment) => (moment.step === step && moment.turn === turn ? move : undefined)
}

function recipientOf(session: Session): string {
  const command = session.commands.findLast((each) => /^(MAIL|RCPT)/i.test(each)) ?? ''
  return /^RCPT TO:<(.*)>/i.exec(command)?.[1] ?? ''
}
