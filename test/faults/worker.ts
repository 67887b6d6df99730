/** Workers as processes of their own: started, put to sleep, killed, and gone with the test. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Order, Report } from './worker-child.ts'

export type ChildWorker = {
  sleep(): void
  wake(): void
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** What it reported, or null where it was killed. Throws where it ended by itself in another way. */
  ended: Promise<Report | null>
}

/** @param later takes what ends the process, should it still live then; a hook, where no test is running, takes another */
export function startWorker(
  order: Partial<Order> & Pick<Order, 'folder'>,
  later: (end: () => Promise<void>) => void = onTestFinished,
): ChildWorker {
  const whole: Order = { act: 'deliver', port: 1, connections: 1, dieAt: null, ...order }
  const child = fork(new URL('worker-child.ts', import.meta.url), [JSON.stringify(whole)], {
    execArgv: [],
    // Compiled once and kept: a dozen of these start for one story.
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: join(tmpdir(), 'posthorn-compile-cache') },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let report: Report | null = null
  child.once('message', (message) => {
    report = message as Report
  })
  const gone = once(child, 'close') as Promise<[code: number | null, signal: NodeJS.Signals | null]>
  const ended = gone.then(([code, signal]) => {
    if (signal === 'SIGKILL') return null
    if (report === null) throw new Error(`the worker ended with code ${code}, signal ${signal} and no report`)
    return report
  })
  // Whoever does not ask how it ended is told by what the test finds.
  ended.catch(() => {})
  const kill = async () => {
    child.kill('SIGKILL')
    await gone
  }
  later(kill)
  return {
    sleep: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
    kill,
    ended,
  }
}
