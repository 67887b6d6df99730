import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'

/** Several times what the answer takes, on a small machine with a slow disk too. */
const STEP_MS = 20

/**
 * Begins an answer whose time is to tell nothing: whoever is written to costs half a millisecond more than whoever is not,
 * which a stranger near by could see.
 *
 * @returns what is waited for before answering: until whole steps have passed since the beginning
 */
export function beginEvenly(step = STEP_MS): () => Promise<void> {
  const started = performance.now()
  return async () => {
    if (step === 0) return
    const until = started + Math.ceil((performance.now() - started) / step) * step
    // A timer goes by whole milliseconds of the loop's clock, and would tell what is left of one.
    await sleep(until - performance.now() - 2)
    while (performance.now() < until) await turn()
  }
}
