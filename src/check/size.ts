/** How much it is. Gmail shows the first 102 KB of a message's HTML, and with the rest goes the way out of the list. */
import type { Finding } from './finding.ts'
import type { Message } from './message.ts'

const MOST = 100_000
const NEARLY = 90_000
/** Gmail drops the styles that come after this many bytes. */
const MOST_STYLE = 16_000

export function checkSize({ html, page }: Message): Finding[] {
  const found: Finding[] = []
  const bytes = Buffer.byteLength(html)
  if (bytes > NEARLY)
    found.push({
      rule: 'html-size',
      severity: bytes > MOST ? 'error' : 'warning',
      where: 'the HTML part',
      found: `it has ${bytes.toLocaleString('en')} bytes`,
      cure: `Gmail cuts a message off at 102,000 and hides the rest, the footer included; make the template smaller, or the post shorter`,
    })
  const style = Buffer.byteLength(page.styles.join(''))
  if (style > MOST_STYLE)
    found.push({
      rule: 'style-size',
      severity: 'error',
      where: '<style>',
      found: `the style blocks have ${style.toLocaleString('en')} bytes`,
      cure: `Gmail drops what is beyond ${MOST_STYLE.toLocaleString('en')}; keep the template's own styles inline`,
    })
  return found
}
