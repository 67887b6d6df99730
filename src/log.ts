/**
 * What the worker and the web server tell while they run: one event a line, on stderr. JSON where a program collects
 * it; a time and a sentence where a person watches. Addresses of readers and secrets are in no event.
 */
import { type Logger, pino } from 'pino'

export type Log = Logger

/** @param stream where events go; a terminal gets sentences */
export function openLog(stream: NodeJS.WritableStream & { isTTY?: boolean }): Log {
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime, level: 'info' }
  return pino(options, stream.isTTY ? { write: (line) => void stream.write(sentence(line)) } : stream)
}

function sentence(line: string): string {
  const event = JSON.parse(line) as { time: string; msg: string; level: number }
  const clock = new Date(event.time).toTimeString().slice(0, 8)
  const urgency = event.level >= 50 ? 'error: ' : event.level >= 40 ? 'warning: ' : ''
  return `${clock} ${urgency}${event.msg}\n`
}
