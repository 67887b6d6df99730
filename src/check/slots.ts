/** What is each reader's own: filled in for them, and nobody else's. */
import { MARKS_IN_TEXT } from '../slots.ts'
import { type About, type Finding, OURS } from './finding.ts'
import type { Message } from './message.ts'

const EACH_MARK = new RegExp(MARKS_IN_TEXT, 'g')

export function checkSlots({ email, html, text, fields }: Message, about: About): Finding[] {
  const found: Finding[] = []
  const places = [
    ['header Subject', email.subject ?? ''],
    ['the HTML part', html],
    ['the text part', text],
  ] as const
  for (const [where, said] of places) {
    const mark = said.search(MARKS_IN_TEXT)
    if (mark >= 0)
      found.push({
        rule: 'slot-unfilled',
        severity: 'error',
        where: `${where}, near "${near(said, mark)}"`,
        found: 'a place for something of the reader’s own is left open',
        cure: `every reader would see it; ${OURS}`,
      })
  }
  const prefix = `${about.web}/`
  const tokens = new Map<string, Set<string>>()
  const note = (address: string) => {
    if (!address.startsWith(prefix)) return
    const url = URL.parse(address)
    const token = url?.searchParams.get('token')
    if (!url || !token) return
    tokens.set(url.pathname, (tokens.get(url.pathname) ?? new Set()).add(token))
  }
  for (const [
    address,
  ] of `${html.replaceAll('&amp;', '&')} ${text} ${fields.get('list-unsubscribe') ?? ''}`.matchAll(
    /https?:\/\/[^\s"'<>]+/g,
  ))
    note(address)
  for (const [path, own] of tokens)
    if (own.size > 1)
      found.push({
        rule: 'foreign-token',
        severity: 'error',
        where: `links to ${about.web}${path.slice(URL.parse(about.web)?.pathname.replace(/\/$/, '').length ?? 0)}`,
        found: 'they differ, so one of them is somebody else’s',
        cure: 'a reader could act for another; take addresses with "token=" out of posts and templates',
      })
  return found
}

function near(text: string, at: number): string {
  return text
    .slice(Math.max(0, at - 20), at + 30)
    .replace(EACH_MARK, '·')
    .replace(/\s+/g, ' ')
    .trim()
}
