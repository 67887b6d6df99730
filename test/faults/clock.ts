/** A clock in a file, so that a test can set it for processes that are asleep, dead or not yet born. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function readClock(folder: string): Date {
  return new Date(readFileSync(join(folder, 'clock'), 'utf8'))
}

export function setClock(folder: string, time: Date): void {
  writeFileSync(join(folder, 'clock'), time.toISOString())
}
