import { type Faulty, faulty } from '../address.ts'

const LONGEST = 100

/**
 * Checks how somebody wants to be called; it will stand in headers and pages. None is fine.
 *
 * @returns the name, trimmed, or what is wrong with it
 */
export function checkName(input: string): { name: string } | Faulty {
  const name = input.trim().normalize('NFC')
  if (/[\p{Cc}\u2028\u2029\p{Co}]/u.test(name)) return faulty((words) => words.control)
  if (name.length > LONGEST) return faulty((words) => words.long(LONGEST))
  return { name }
}
