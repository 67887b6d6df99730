/**
 * Everything that a client would spoil, found in the bytes that go on the wire. Each file of this folder looks at one
 * thing; none reads a disk or a network, so a message can be checked wherever there is one.
 */
import { checkContrast } from './contrast.ts'
import type { About, Finding } from './finding.ts'
import { checkHeaders } from './headers.ts'
import { checkHtml } from './html.ts'
import { checkLinks } from './links.ts'
import { checkList } from './list.ts'
import { type Check, readMessage } from './message.ts'
import { checkPictures } from './pictures.ts'
import { checkPreheader } from './preheader.ts'
import { checkSignatures } from './signature.ts'
import { checkSize } from './size.ts'
import { checkSlots } from './slots.ts'
import { checkStyles } from './style.ts'
import { checkTextPart } from './text.ts'
import { checkWaysOut } from './unsubscribe.ts'

const CHECKS: Check[] = [
  checkHeaders,
  checkSignatures,
  checkList,
  checkTextPart,
  checkSize,
  checkWaysOut,
  checkSlots,
  checkPreheader,
  checkHtml,
  checkLinks,
  checkPictures,
  checkContrast,
  checkStyles,
]

/** Checks one message. Errors come first; each finding is told once, however often it occurs. */
export async function checkMessage(bytes: Buffer, about: About): Promise<Finding[]> {
  const message = await readMessage(bytes)
  const findings = CHECKS.flatMap((check) => check(message, about)).map(printable)
  const once = new Map(findings.map((finding) => [JSON.stringify(finding), finding]))
  return [...once.values()].sort(
    (a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'),
  )
}

// What posts say is quoted on a terminal, and there a control character is a command.
function printable(finding: Finding): Finding {
  const { where, found } = finding
  return { ...finding, where: where.replace(/\p{Cc}+/gu, ' '), found: found.replace(/\p{Cc}+/gu, ' ') }
}
