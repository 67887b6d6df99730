/**
 * MJML by way of a child process: it is started at the first question, answers any number of them, and has ended
 * when `withMjml` returns, also when the work throws, the child dies or hangs, or this process exits.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { UserError } from '../errors.ts'
import type { MjmlAnswer, MjmlFault, MjmlQuestion } from './mjml-child.ts'

/** Turns MJML source into HTML, or says what is wrong with it. */
export type Mjml = (source: string) => Promise<{ html: string } | { faults: MjmlFault[] }>

const HALF_A_MINUTE = 30_000

/*
 * What MJML makes of a source depends on the source alone, and since no word of a post is in it, one issue's source is
 * mostly the next one's. So what was laid out is kept, and a worker starts a child for its first issue and seldom again.
 */
const MOST_KEPT = 50
const laidOut = new Map<string, { html: string }>()

/**
 * Does work that may need MJML, in a child process that all its questions share.
 *
 * @param options.timeoutMs how long one question may take; the first one also loads MJML, a second or so
 * @throws what the work throws; UserError where the child dies or takes too long
 */
export async function withMjml<T>(
  work: (mjml: Mjml) => Promise<T>,
  options: { timeoutMs?: number } = {},
): Promise<T> {
  let child: ChildProcess | null = null
  let questions = 0
  const kill = () => child?.kill('SIGKILL')
  process.once('exit', kill)
  try {
    return await work(async (source) => {
      const known = laidOut.get(source)
      if (known) return known
      if (!child || hasEnded(child)) child = start()
      const answer = await ask(child, { number: ++questions, source }, options.timeoutMs ?? HALF_A_MINUTE)
      if ('html' in answer) keep(source, { html: answer.html })
      return answer
    })
  } finally {
    process.off('exit', kill)
    if (child) await end(child)
  }
}

function keep(source: string, answer: { html: string }): void {
  if (laidOut.size >= MOST_KEPT) laidOut.delete(laidOut.keys().next().value as string)
  laidOut.set(source, answer)
}

function start(): ChildProcess {
  // Beside this file: mjml-child.ts in a checkout, mjml-child.js in the bundled package.
  const script = new URL(`./mjml-child${extname(import.meta.url)}`, import.meta.url)
  // The child compiles what an author wrote and needs no secret of ours, so it gets no environment.
  const child = fork(script, [], { execArgv: [], env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  // `ask` hears of errors too; this one is for those that come when nobody asks.
  child.on('error', () => child.kill('SIGKILL'))
  return child
}

function ask(child: ChildProcess, question: MjmlQuestion, timeoutMs: number): ReturnType<Mjml> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      settle(() =>
        reject(
          new UserError(`MJML took longer than ${timeoutMs} ms to lay out a template`, {
            hint: 'make the template smaller, or try again when the machine is less busy',
          }),
        ),
      )
    }, timeoutMs)
    const onMessage = (answer: MjmlAnswer) => {
      if (answer.number === question.number) settle(() => resolve(answer))
    }
    const onError = (cause: Error) => settle(() => reject(gone(cause.message, cause)))
    const onExit = (code: number | null, signal: string | null) =>
      settle(() => reject(gone(signal === null ? `exit code ${code}` : `signal ${signal}`)))
    const settle = (finish: () => void) => {
      clearTimeout(timer)
      child.off('message', onMessage).off('error', onError).off('exit', onExit)
      finish()
    }
    child.on('message', onMessage).on('error', onError).on('exit', onExit)
    child.send(question)
  })
}

function gone(how: string, cause?: Error): UserError {
  return new UserError(`the process that lays out mail with MJML ended without an answer (${how})`, {
    hint: 'look whether the machine is short of memory, then run it again: nothing has been sent',
    ...(cause && { cause }),
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  // It holds nothing that a gentler signal could save.
  child.kill('SIGKILL')
  await ended
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
