import { createHash } from 'node:crypto'

/**
 * The Feedback-ID, `12:posts:issue:gardenexample`: Gmail tells a sender how many complained by each of its parts, and
 * never who. So each part is shared by many people: the issue, the list, the kind of mail, the sender. What is of no
 * issue says `none` there, so that complaints about confirmations are seen apart from those about the newsletter.
 *
 * @param domain the sender's
 */
export function feedbackId(issue: number | null, kind: string, domain: string): string {
  return `${issue ?? 'none'}:posts:${kind}:${senderId(domain)}`
}

// Gmail wants 5 to 15 characters of the sender's choice, the same in all mail.
function senderId(domain: string): string {
  const letters = domain.replace(/[^a-z0-9]/gi, '').toLowerCase()
  if (letters.length >= 5 && letters.length <= 15) return letters
  return letters.slice(0, 7) + createHash('sha256').update(domain.toLowerCase()).digest('hex').slice(0, 8)
}
