import { spawnSync } from 'node:child_process'

/**
 * Whether a program that a test needs is missing, for `describe.skipIf`. Where CI is set nothing may be skipped.
 *
 * @param args how to call the program so that it ends with 0 where it works, such as `--version`
 * @throws Error where CI is set and the program is missing
 */
export function missing(program: string, ...args: string[]): boolean {
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (!error && status === 0) return false
  if (!process.env.CI) return true
  const why = error?.message ?? stderr.trim()
  throw new Error(`${program} does not work here (${why}); .ci/run installs what these tests need`)
}
