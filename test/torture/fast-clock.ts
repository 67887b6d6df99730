/**
 * A clock that runs faster, for a whole process: `node --import fast-clock.ts src/cli.ts worker`, with
 * `FAST_CLOCK="START SPEED"` in its environment. A claim is a minute, a retry comes after one or five: a run of
 * minutes has to hold hours of that.
 *
 * Everything that the process waits for runs at the same pace: `Date`, timers and the patience of sockets. So the
 * claim and the heartbeat that prolongs it keep their proportion, and no constant of Posthorn's is touched. Only what
 * takes real work takes as long as ever: beside the clock this machine looks slower than it is, and a claim is lost
 * sooner, which is the hard side. All processes of a run share one START, and so the time.
 */
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import promises from 'node:timers/promises'

/** Shorter waits are for other processes and the disk, which do not run faster. */
const WAITS_FROM_MS = 100

const [start, speed] = (process.env.FAST_CLOCK ?? '').split(' ').map(Number) as [number, number]
if (!(start > 0 && speed >= 1))
  throw new Error('FAST_CLOCK has to be "START SPEED", such as "1794300000000 30"')

const RealDate = Date
const fastNow = () => Math.round(start + (RealDate.now() - start) * speed)
const shorten = (ms: number | undefined) => (ms === undefined || ms < WAITS_FROM_MS ? ms : ms / speed)

globalThis.Date = class extends RealDate {
  constructor(...parts: unknown[]) {
    if (parts.length === 0) super(fastNow())
    else super(...(parts as [number]))
  }
  static override now(): number {
    return fastNow()
  }
} as DateConstructor

const { setTimeout: realTimeout, setInterval: realInterval } = globalThis
globalThis.setTimeout = ((act: () => void, ms?: number, ...rest: []) =>
  realTimeout(act, shorten(ms), ...rest)) as typeof setTimeout
globalThis.setInterval = ((act: () => void, ms?: number, ...rest: []) =>
  realInterval(act, shorten(ms), ...rest)) as typeof setInterval

const realSleep = promises.setTimeout
promises.setTimeout = (ms, ...rest) => realSleep(shorten(ms), ...rest)

const realPatience = net.Socket.prototype.setTimeout
net.Socket.prototype.setTimeout = function (ms, heard) {
  return realPatience.call(this, shorten(ms) as number, heard)
}

syncBuiltinESMExports()
