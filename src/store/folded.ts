/**
 * What words such as tags are compared by, here and, as the function `folded`, in statements. SQLite's own `lower` knows
 * the letters of English alone.
 */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase()
}
