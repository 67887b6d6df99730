/** A part of a file, which players of podcasts ask for to begin in the middle (RFC 9110, 14). */
import type { IncomingHttpHeaders } from 'node:http'
import { readDate } from './conditional.ts'

export type Part = { first: number; last: number }

/**
 * The part that is asked for; `none` where it is the whole, `unsatisfiable` where there is nothing of it. Several
 * parts at once, other units and what cannot be read are ignored, as 14.2 allows.
 */
export function askedPart(header: string | undefined, size: number): Part | 'none' | 'unsatisfiable' {
  const asked = /^bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})$/i.exec(header?.trim() ?? '')
  if (asked === null) return 'none'
  const [, from = '', to = ''] = asked
  if (from === '' && to === '') return 'none'
  if (from === '') {
    // "bytes=-500": the last ones, or all where there are fewer.
    const length = Number(to)
    return length === 0 || size === 0
      ? 'unsatisfiable'
      : { first: Math.max(size - length, 0), last: size - 1 }
  }
  const first = Number(from)
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < first) return 'none'
  return first < size ? { first, last } : 'unsatisfiable'
}

/** Whether a player has the beginning of this very file, and so may have a part of it. */
export function isSameFile(
  headers: IncomingHttpHeaders,
  tag: string,
  modified: number | null,
  now: () => Date,
): boolean {
  const asked = headers['if-range']
  if (asked === undefined || typeof asked !== 'string') return asked === undefined
  if (asked.includes('"')) return asked.trim() === tag
  const date = readDate(asked, now)
  // A date is a strong validator only where it is a second old (8.8.2.2): else a later change may bear the same.
  return date !== null && date === modified && now().getTime() - date >= 1000
}
