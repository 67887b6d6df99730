const LONGEST = 100

/**
 * Checks how somebody wants to be called; it will stand in headers and pages. None is fine.
 *
 * @returns the name, trimmed, or the fault in words that complete "…; "
 */
export function checkName(input: string): { name: string } | { fault: string } {
  const name = input.trim().normalize('NFC')
  if (/[\p{Cc}\u2028\u2029\p{Co}]/u.test(name))
    return { fault: 'it holds a line break or another control character' }
  if (name.length > LONGEST) return { fault: `it is longer than ${LONGEST} characters` }
  return { name }
}
