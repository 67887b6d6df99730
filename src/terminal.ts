/**
 * How Posthorn speaks on a terminal; all commands speak through this file.
 *
 * - What a command was asked for goes to stdout: it can be piped. All talk about it goes to stderr.
 * - Errors begin with `posthorn:`, then what was found and where; a line that begins with `try:` says what to do.
 * - What somebody else has written is shown, never obeyed.
 * - Colour and progress bars are for terminals, and `NO_COLOR` is kept. Elsewhere progress is a plain line now and then.
 */
import { createInterface } from 'node:readline'
import { stripVTControlCharacters, styleText } from 'node:util'
import { errorCode, FaultsError, UsageError, UserError } from './errors.ts'

export type Terminal = {
  /** A line of what was asked for. */
  out(line?: string): void
  /** What was asked for, as JSON. */
  json(value: unknown): void
  /** A line of talk. */
  say(line?: string): void
  /** Asks a question that is answered with yes or no; anything but a yes is a no. False where nobody can answer. */
  confirm(question: string): Promise<boolean>
  /**
   * @param total null where nobody knows it: there is no bar then
   * @param show what is said of how far it is; `3/10` where nothing else is wanted
   */
  progress(label: string, total: number | null, show?: (done: number) => string): Progress
  strong(text: string): string
  faint(text: string): string
}

export type Progress = { to(done: number, note?: string): void; end(): void }

export type Streams = {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WritableStream & { isTTY?: boolean }
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
}

const BAR = 24
/** How often a run that nobody watches says how far it is. */
const PLAIN_STEP_MS = 10_000

export function openTerminal(streams: Streams): Terminal {
  const { stdin, stdout, stderr } = streams
  const style = (format: 'bold' | 'dim', text: string) =>
    styleText(format, text, {
      stream: stdout as NodeJS.WriteStream,
      validateStream: stdout.isTTY !== undefined,
    })
  return {
    out: (line = '') => void stdout.write(`${harmless(line)}\n`),
    json: (value) => void stdout.write(`${harmless(JSON.stringify(value, null, 2))}\n`),
    say: (line = '') => void stderr.write(`${harmless(line)}\n`),
    strong: (text) => (stdout.isTTY ? style('bold', text) : text),
    faint: (text) => (stdout.isTTY ? style('dim', text) : text),
    async confirm(question) {
      if (!stdin.isTTY) return false
      // Not the promises of readline: theirs are rejected by Ctrl-C and Ctrl-D, which say no like any other answer, and
      // wait for ever where the input ends without a key.
      const lines = createInterface({ input: stdin, output: stderr })
      const answer = await new Promise<string | null>((resolve) => {
        lines.once('line', resolve).once('close', () => resolve(null))
        lines.setPrompt(`${harmless(question)} [y/N] `)
        lines.prompt()
      })
      lines.close()
      if (answer === null) stderr.write('\n')
      return /^y(es)?$/i.test(answer?.trim() ?? '')
    },
    progress: (label, total, show = (done) => `${done}/${total ?? '?'}`) =>
      stderr.isTTY ? bar(harmless(label), total, show, stderr) : plainLines(harmless(label), show, stderr),
  }
}

/**
 * A file's name, a column's title and a stranger's words may hold what a terminal obeys: it could clear the screen, or
 * write a line that we never said. It is shown as JSON would write it. What `strong` and `faint` put around a text stays.
 */
function harmless(text: string): string {
  return text.replace(/\u001b\[(?:1|2|22)m|[^\P{Cc}\t\n]/gu, (found) =>
    found.length > 1 ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Tells a failure and gives the exit code for it: 1 where the user or the world is to mend it, else a bug's. */
export function tellFailure(terminal: Terminal, error: unknown): number {
  // Whoever read along, `head` perhaps, has seen enough.
  if (errorCode(error) === 'EPIPE') return 0
  if (!(error instanceof UserError)) {
    terminal.say(`posthorn: this is a bug in Posthorn: ${error instanceof Error ? error.stack : error}`)
    return 70
  }
  if (error instanceof FaultsError) {
    for (const line of error.message.split('\n')) terminal.say(line)
    const count = error.faults.length
    terminal.say(`posthorn: ${count === 1 ? '1 fault' : `${count} faults`}, nothing was changed`)
  } else {
    terminal.say(`posthorn: ${error.message}`)
  }
  if (error.hint) terminal.say(`try: ${error.hint}`)
  return error instanceof UsageError ? 2 : 1
}

/** `1 message`, `3 messages`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? singular : plural}`
}

/** `812 B`, `3.4 KB`, `1.2 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} KB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** A moment for a person, in a time zone: `Mon 23 Nov 2026, 08:00`. */
export function moment(date: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(date)
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ''
  return `${part('weekday')} ${part('day')} ${part('month')} ${part('year')}, ${part('hour')}:${part('minute')}`
}

/** Rows in columns two spaces apart; the columns named in `right` are numbers. */
export function table(rows: string[][], right: number[] = []): string[] {
  const width = (text: string) => stripVTControlCharacters(text).length
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, column) => Math.max(width(cell), most[column] ?? 0)),
    [],
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const gap = ' '.repeat((widths[column] ?? 0) - width(cell))
        return right.includes(column) ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd(),
  )
}

function bar(
  label: string,
  total: number | null,
  show: (done: number) => string,
  stderr: Streams['stderr'],
): Progress {
  return {
    to(done, note = '') {
      const filled = total === 0 ? BAR : Math.round((Math.min(done, total ?? 0) / (total ?? 1)) * BAR)
      const blocks = total === null ? '' : ` ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
      const line = `${label}${blocks} ${show(done)}${note ? `  ${note}` : ''}`
      // Some terminals say that they have no columns.
      stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns || 80) - 1)}`)
    },
    end: () => void stderr.write('\r\u001b[K'),
  }
}

function plainLines(label: string, show: (done: number) => string, stderr: Streams['stderr']): Progress {
  let told = performance.now()
  return {
    to(done, note = '') {
      if (performance.now() - told < PLAIN_STEP_MS) return
      told = performance.now()
      stderr.write(`${label} ${show(done)}${note ? `, ${note}` : ''}\n`)
    },
    end() {},
  }
}
