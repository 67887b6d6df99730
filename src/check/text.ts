/** The text part: it is there, and says what the HTML says. */
import { type Finding, OURS } from './finding.ts'
import type { Message } from './message.ts'
import { textOf } from './page.ts'

/** SpamAssassin looks at how much of the one is in the other; ours differ in addresses and marks alone. */
const ALIKE = 0.75

export function checkTextPart({ types, email, text, html, page, looks, fields }: Message): Finding[] {
  const found: Finding[] = []
  const type = fields.get('content-type')?.[0] ?? ''
  if (!/^multipart\/alternative\b/i.test(type) || types.join(' ') !== 'text/plain text/html')
    found.push({
      rule: 'two-parts',
      severity: 'error',
      where: 'header Content-Type',
      found: `it is "${type}" with ${types.join(', ') || 'nothing'} in it`,
      cure: `mail programs show the last part that they can: text first, then HTML; ${OURS}`,
    })
  const body = page.elements.find((element) => element.tag === 'body')
  // What is hidden is for the inbox, and the text part has no need of it.
  const shown = body ? textOf(body, (element) => looks.light.get(element)?.hidden === true) : ''
  for (const [where, said] of [
    ['the text part', text],
    ['the HTML part', html && shown],
  ] as const)
    if (said.trim() === '')
      found.push({
        rule: 'two-parts',
        severity: 'error',
        where,
        found: 'it is empty',
        cure: 'who reads that part reads nothing; write something into the post or the template',
      })
  if (found.length > 0 || !email.text) return found
  const written = new Set(wordsIn(text))
  const missing = [...new Set(wordsIn(shown))].filter((word) => !written.has(word))
  const all = new Set(wordsIn(shown)).size
  if (all > 0 && 1 - missing.length / all < ALIKE)
    found.push({
      rule: 'same-words',
      severity: 'error',
      where: 'the text part',
      found: `of ${all} words of the HTML it lacks ${missing.length}, such as ${missing
        .slice(0, 3)
        .map((word) => `"${word}"`)
        .join(', ')}`,
      cure: 'spam filters take two parts that differ for a trick; say in the template what the post says, or put the words into the post',
    })
  return found
}

/** Words in small letters; of scripts that are written without spaces, each character. */
function wordsIn(text: string): string[] {
  return (
    text
      .toLowerCase()
      .match(
        /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}]{3,}/gu,
      ) ?? []
  )
}
