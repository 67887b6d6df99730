import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorCode, type Fault } from '../errors.ts'

/** A line of a file, the first being 1. */
export type Excerpt = { line: number; text: string }

const AROUND = 2
/** In characters: a line of a minified file says nothing to anybody. */
const WIDEST = 200

/**
 * The lines of the author's file around a fault.
 *
 * @param folders that the file's name may be relative to
 * @returns none where the fault has no line, or the file is not there any more
 */
export function excerptOf({ file, line }: Fault, folders: string[]): Excerpt[] {
  if (line === undefined) return []
  for (const folder of folders) {
    try {
      const lines = readFileSync(resolve(folder, file), 'utf8').split(/\r?\n/)
      return lines
        .map((text, at) => ({
          line: at + 1,
          text: text.length > WIDEST ? `${text.slice(0, WIDEST)}…` : text,
        }))
        .slice(Math.max(0, line - 1 - AROUND), line + AROUND)
    } catch (error) {
      if (errorCode(error) === undefined) throw error
    }
  }
  return []
}
