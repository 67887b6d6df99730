/**
 * A child process that answers questions. It is started at the first one, answers any number of them, and has ended
 * when `withChild` returns, also when the work throws, the child dies or hangs, or this process exits.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** As it goes over: several may be under way at once. */
export type Numbered<T> = { number: number; value: T }

/** Why there is no answer: it took too long, or the child is gone. `how` is for people. */
export type Silence = { silence: 'slow' | 'gone'; how: string; cause?: Error }

export type Ask<Question, Answer> = (question: Question) => Promise<{ answer: Answer } | Silence>

/**
 * Does work that may ask a child process, which all its questions share. One that is silent is ended, and the next
 * question starts another.
 *
 * @param script the script of the child
 * @param options.timeoutMs how long one question may take; the first one also starts the process
 * @param options.quiet keeps what the child says on its error output from ours
 * @throws what the work throws
 */
export async function withChild<Question, Answer, T>(
  script: URL,
  work: (ask: Ask<Question, Answer>) => Promise<T>,
  options: { timeoutMs: number; quiet?: boolean },
): Promise<T> {
  let current: ChildProcess | null = null
  const started: ChildProcess[] = []
  let questions = 0
  const kill = () => {
    for (const child of started) child.kill('SIGKILL')
  }
  process.once('exit', kill)
  try {
    return await work(async (value) => {
      if (!current) {
        current = start(script, options.quiet ?? false)
        started.push(current)
      }
      const asked = current
      const reply = await put<Question, Answer>(asked, { number: ++questions, value }, options.timeoutMs)
      // It is ended, and may still look alive.
      if ('silence' in reply && current === asked) current = null
      return reply
    })
  } finally {
    process.off('exit', kill)
    await Promise.all(started.map(end))
  }
}

/**
 * Answers questions, in the child's script. Nothing may be imported there before this is called: loading takes a
 * while, and Ctrl-C on a terminal reaches this process too. What a signal means is for the parent to say; when the
 * parent is gone, this process goes.
 */
export function answerParent<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  // Not `exit`, which waits for what native code is doing in a thread.
  const leave = () => process.kill(process.pid, 'SIGKILL')
  process.on('disconnect', leave)
  process.on('message', async ({ number, value }: Numbered<Question>) => {
    const reply: Numbered<Answer> = { number, value: await answer(value) }
    // Where the parent was killed meanwhile there is nobody to tell, and nobody to tell that.
    process.send?.(reply, undefined, undefined, (error) => error && leave())
  })
}

function start(script: URL, quiet: boolean): ChildProcess {
  const child = fork(script, [], {
    execArgv: [],
    // It works on what an author wrote or found and needs no secret of ours, so it gets no environment.
    env: {},
    // Passes bytes as they are.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'inherit', 'ipc'],
  })
  // `put` hears of errors too; this one is for those that come when nobody asks.
  child.on('error', () => child.kill('SIGKILL'))
  return child
}

function put<Question, Answer>(
  child: ChildProcess,
  question: Numbered<Question>,
  timeoutMs: number,
): Promise<{ answer: Answer } | Silence> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      settle({ silence: 'slow', how: `it took longer than ${timeoutMs} ms` })
    }, timeoutMs)
    const onMessage = ({ number, value }: Numbered<Answer>) => {
      if (number === question.number) settle({ answer: value })
    }
    const onError = (cause: Error) => {
      child.kill('SIGKILL')
      settle({ silence: 'gone', how: cause.message, cause })
    }
    const onExit = (code: number | null, signal: string | null) =>
      settle({ silence: 'gone', how: signal === null ? `exit code ${code}` : `signal ${signal}` })
    const settle = (outcome: { answer: Answer } | Silence) => {
      clearTimeout(timer)
      child.off('message', onMessage).off('error', onError).off('exit', onExit)
      resolve(outcome)
    }
    child.on('message', onMessage).on('error', onError).on('exit', onExit)
    // One that died a moment ago has no ears: it is gone, and `error` says so too where nobody listens here.
    child.send(question, (cause) => cause && onError(cause))
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
