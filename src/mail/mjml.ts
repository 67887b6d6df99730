/** MJML by way of a child process, which has ended when `withMjml` returns, whatever happens. */
import { extname } from 'node:path'
import { type Silence, withChild } from '../child.ts'
import { UserError } from '../errors.ts'
import type { MjmlAnswer, MjmlFault } from './mjml-child.ts'

/** Turns MJML source into HTML, or says what is wrong with it. */
export type Mjml = (source: string) => Promise<{ html: string } | { faults: MjmlFault[] }>

// Beside this file: mjml-child.ts in a checkout, mjml-child.js in the bundled package.
const SCRIPT = new URL(`./mjml-child${extname(import.meta.url)}`, import.meta.url)
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
export function withMjml<T>(
  work: (mjml: Mjml) => Promise<T>,
  { timeoutMs = HALF_A_MINUTE }: { timeoutMs?: number } = {},
): Promise<T> {
  return withChild<string, MjmlAnswer, T>(
    SCRIPT,
    (ask) =>
      work(async (source) => {
        const known = laidOut.get(source)
        if (known) return known
        const reply = await ask(source)
        if ('silence' in reply) throw noAnswer(reply, timeoutMs)
        if ('html' in reply.answer) keep(source, reply.answer)
        return reply.answer
      }),
    { timeoutMs },
  )
}

function keep(source: string, answer: { html: string }): void {
  if (laidOut.size >= MOST_KEPT) laidOut.delete(laidOut.keys().next().value as string)
  laidOut.set(source, answer)
}

function noAnswer({ silence, how, cause }: Silence, timeoutMs: number): UserError {
  if (silence === 'slow')
    return new UserError(`MJML took longer than ${timeoutMs} ms to lay out a template`, {
      hint: 'make the template smaller, or try again when the machine is less busy',
    })
  return new UserError(`the process that lays out mail with MJML ended without an answer (${how})`, {
    hint: 'look whether the machine is short of memory, then run it again: nothing has been sent',
    ...(cause && { cause }),
  })
}
