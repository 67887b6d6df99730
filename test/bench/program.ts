/** What a program takes: seconds, processor and memory. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Programs that need not be there, and Debian's package for each. */
const PACKAGES = {
  nginx: 'nginx',
  wrk: 'wrk',
  taskset: 'util-linux',
  hugo: 'hugo',
  time: 'time',
} as const

export type Program = keyof typeof PACKAGES

const LOOK_MS = 50

/** `cpu` in seconds of all cores together, `memory` in bytes at its highest, `out` what it said on stdout. */
export type Took = { seconds: number; cpu: number; memory: number; out: string }

/** Says of each program that is not there how to get it. */
export function missing(programs: Program[]): string[] {
  return programs.flatMap((program) => {
    const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' })
    return error ? [`${program} is missing: apt install ${PACKAGES[program]}`] : []
  })
}

/**
 * Runs a program to its end.
 *
 * @param report a file to be written: what `time` says
 * @throws Error where it fails, with what it said
 */
export async function timed(command: string[], report: string): Promise<Took> {
  // What the one before it left to be written is not this one's burden.
  spawnSync('sync')
  const started = performance.now()
  const child = spawn('time', ['-f', '%U %S %M', '-o', report, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const gone = once(child, 'exit')
  let said = ''
  let out = ''
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    said += text
  })
  const memory = watchMemory(child.pid as number)
  const [code] = await gone
  const seconds = (performance.now() - started) / 1_000
  const seen = await memory.end()
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said.slice(-2_000)}`)
  const [user = 0, system = 0, most = 0] = readFileSync(report, 'utf8').trim().split(' ').map(Number)
  return { seconds, cpu: user + system, memory: Math.max(most * 1024, seen), out }
}

/** Looks again and again how much memory a process and all below it have, together; `end` gives the most in bytes. */
export function watchMemory(pid: number): { end(): Promise<number> } {
  const stopped = new AbortController()
  let most = 0
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      most = Math.max(most, memoryOf(pid))
      await sleep(LOOK_MS, undefined, { signal: stopped.signal }).catch(() => {})
    }
  })()
  return {
    async end() {
      stopped.abort()
      await watching
      return most
    },
  }
}

function memoryOf(pid: number): number {
  try {
    const folder = `/proc/${pid}`
    const own = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(join(folder, 'status'), 'utf8'))?.[1] ?? '0'
    const below = readdirSync(join(folder, 'task')).flatMap((thread) =>
      readFileSync(join(folder, 'task', thread, 'children'), 'utf8')
        .split(' ')
        .filter(Boolean),
    )
    return below.reduce((sum, child) => sum + memoryOf(Number(child)), Number(own) * 1024)
  } catch {
    // It ended while we looked.
    return 0
  }
}
