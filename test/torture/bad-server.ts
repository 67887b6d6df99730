/**
 * A bad mail server in a process of its own: `node bad-server.ts SEED SHARE`. It writes the Message-ID of each
 * message it keeps into a file, named by the first line on stdin, before it says so. In SHARE of all messages each it
 *
 *     drops      hangs up at some step, without keeping the message
 *     stalls     says nothing more at some step; after the dot it has kept the message every other time
 *     pockets    keeps the message and hangs up instead of saying so
 *     refuses    says no to the recipient or to the message, for now or for good
 *
 * On stdout it says `port N`, then a line for each thing that a count or a kill depends on.
 */
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { dice } from './dice.ts'

const STEPS = ['mail', 'rcpt', 'data', 'body', 'dot'] as const
type Step = (typeof STEPS)[number]
type Fate = { act: 'keep' | 'drop' | 'stall' | 'pocket' | 'refuse'; at: Step; reply: string }

const REFUSALS: readonly [Step, string][] = [
  ['rcpt', '450 4.2.1 come back later'],
  ['rcpt', '550 5.1.1 no such person'],
  ['rcpt', '552 5.2.2 mailbox full'],
  ['dot', '451 4.3.0 out of disk for a moment'],
  ['dot', '554 5.7.1 not from you'],
]
/** A server across the net, so that a kill finds connections in every state. */
const SLOWEST_REPLY_MS = 20

const [seed, share] = process.argv.slice(2) as [string, string]
let file = ''
const { roll, between, one } = dice(Number(seed))

function fate(): Fate {
  const keep: Fate = { act: 'keep', at: 'dot', reply: '' }
  const part = Math.floor(roll() / Number(share))
  if (part === 0) return { ...keep, act: 'drop', at: one(STEPS) }
  if (part === 1) return { ...keep, act: 'stall', at: one(STEPS) }
  if (part === 2) return { ...keep, act: 'pocket' }
  if (part > 3) return keep
  const [at, reply] = one(REFUSALS)
  return { act: 'refuse', at, reply }
}

async function talk(socket: Socket): Promise<void> {
  let inHand = fate()
  let text = ''
  /** Between the 354 and the answer to the message: where a kill leaves a doubt. */
  let inData = false
  const say = async (reply: string) => {
    await sleep(between(0, SLOWEST_REPLY_MS))
    socket.write(`${reply}\r\n`)
  }
  /** Lets come what is fated for a step. */
  const meet = async (step: Step, reply: string | null): Promise<void> => {
    console.log(step)
    const is = inHand.at === step ? inHand.act : 'keep'
    if (step === 'dot' && (is === 'keep' || is === 'pocket' || (is === 'stall' && roll() < 0.5))) keep(text)
    if (is === 'drop' || is === 'pocket' || is === 'stall') {
      if (inData) console.log('broken')
      inData = false
      if (is === 'stall') await once(socket, 'close')
      socket.destroy()
    } else if (reply !== null) await say(is === 'refuse' ? inHand.reply : reply)
  }

  socket.once('close', () => {
    if (inData) console.log('cut')
  })
  await say('220 bad.example ESMTP')
  let rest = ''
  for await (const bytes of socket) {
    rest += (bytes as Buffer).toString('latin1')
    while (!socket.destroyed) {
      if (inData) {
        if (text === '' && rest !== '') await meet('body', null)
        text += rest
        const end = text.indexOf('\r\n.\r\n')
        rest = end < 0 ? '' : text.slice(end + 5)
        if (end < 0) break
        text = text.slice(0, end)
        await meet('dot', '250 2.0.0 kept')
        inData = false
        continue
      }
      const line = /^(\w+).*\r\n/.exec(rest)
      if (!line) break
      rest = rest.slice(line[0].length)
      const command = line[1]?.toLowerCase()
      if (command === 'mail') {
        inHand = fate()
        await meet('mail', '250 2.1.0 ok')
      } else if (command === 'rcpt') await meet('rcpt', '250 2.1.5 ok')
      else if (command === 'data') {
        text = ''
        const isReady = inHand.at !== 'data' || inHand.act === 'keep'
        await meet('data', '354 go ahead')
        inData = isReady
      } else if (command === 'quit') {
        await say('221 2.0.0 bye')
        socket.end()
      } else await say('250 ok')
    }
  }
}

function keep(text: string): void {
  appendFileSync(file, `${/^Message-ID: <(.+)>\r$/m.exec(text)?.[1] ?? 'a message without an id'}\n`)
  console.log('kept')
}

const server = createServer({ noDelay: true }, (socket) => {
  // The other end is killed all the time: that is what this is for.
  socket.on('error', () => {})
  talk(socket).catch(() => socket.destroy())
})
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`))
const told = createInterface({ input: process.stdin })
told.on('line', (line) => {
  file = line
})
// Its maker's end is its own.
told.on('close', () => process.exit())
