/**
 * Sessions on a command line: what was typed, what came back on stdout, and after a `!` what came back on stderr.
 * Commands run in this process, in a real folder, at a set time; where the folder is reads as `SITE`, and what changes
 * with each word of a template as `SIZE` and `PLAN`.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { onTestFinished } from 'vitest'
import { main } from '../../src/commands/main.ts'
import { makeFolder } from '../site.ts'

/** Who sits there: nobody, or a person at a terminal who types this. */
type Watched = { types?: string }

export type Session = {
  folder: string
  setClock(time: string): void
  /** Writes a file of the site as if at the clock's time. */
  write(file: string, text: string | Buffer): void
  read(file: string): string
  /** Types a line after `posthorn`; `types` makes it a terminal. Gives what is seen. */
  posthorn(line: string, watched?: Watched): Promise<string>
  /** What a line puts on stdout, as a program reads it. */
  json(line: string): Promise<unknown>
  /** All files below a folder of the site, with what is in them. */
  files(folder?: string): Record<string, string>
}

/** A session in an empty folder. */
export function openSession(folder = emptyFolder(), clock = '2026-11-02T09:00:00Z'): Session {
  const time = { now: new Date(clock) }
  const readable = (text: string) =>
    text
      .replaceAll(folder, 'SITE')
      .replaceAll(/ +\d+(\.\d)? (B|KB|MB)\b/g, ' SIZE')
      .replaceAll(/\b[0-9a-f]{32}@/g, 'ID@')
      .replaceAll(/^(plan +)[0-9a-f]{10}$/gm, '$1PLAN')

  async function run(line: string, watched: Watched) {
    const lines: string[] = []
    const raw: string[] = []
    const isTTY = watched.types !== undefined
    const stream = (mark: string) => {
      let rest = ''
      const writable = new Writable({
        write(chunk: Buffer, _, done) {
          raw.push(chunk.toString())
          const parts = (rest + chunk.toString()).split('\n')
          rest = parts.pop() ?? ''
          lines.push(...parts.map((part) => `${mark}${part}`))
          done()
        },
      })
      return Object.assign(writable, { isTTY, columns: 80 })
    }
    const [stdout, stderr] = [stream(''), stream('! ')]
    const stdin = Object.assign(new PassThrough(), { isTTY })
    stdin.end(watched.types)
    const home = process.cwd()
    process.chdir(folder)
    try {
      const exit = await main(words(line), {
        streams: { stdin, stdout, stderr },
        env: {},
        folder,
        now: () => time.now,
        signal: new AbortController().signal,
      })
      return { lines, raw: raw.join(''), exit }
    } finally {
      process.chdir(home)
    }
  }

  return {
    folder,
    setClock(text) {
      time.now = new Date(text)
    },
    write(file, text) {
      const path = join(folder, file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      utimesSync(path, time.now, time.now)
    },
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    async posthorn(line, watched = {}) {
      const { lines, raw, exit } = await run(line, watched)
      if (watched.types === undefined && raw !== stripVTControlCharacters(raw))
        throw new Error(`escape codes for nobody: ${JSON.stringify(raw)}`)
      const shown = lines.map((each) => stripVTControlCharacters(each).trimEnd())
      const end = exit === 0 ? [] : [`(exit ${exit})`]
      return readable([`$ posthorn ${line}`, ...shown, ...end].join('\n'))
    },
    async json(line) {
      const { lines } = await run(line, {})
      return JSON.parse(lines.filter((each) => !each.startsWith('! ')).join('\n'))
    },
    files: (below = '.') => filesIn(join(folder, below)),
  }
}

/** A session in the folder of a site with no posts, before its first round. */
export function openSite(settings: Record<string, object> = {}): Session {
  return openSession(makeFolder(settings))
}

/** A folder that goes away with the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-session-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The words of a line, as a shell parts them: spaces, and quotes around what has some. */
function words(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '')
}

function filesIn(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  if (!existsSync(folder)) return found
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) found[relative(folder, path)] = readFileSync(path, 'latin1')
  }
  return found
}
