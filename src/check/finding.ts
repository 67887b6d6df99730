/** What a message would suffer on its way to a reader, and what is known of the message beside its bytes. */
export type Finding = {
  /** Which check found it: `html-size`, `picture-words`. */
  rule: string
  /** An error keeps the message back unless the author says otherwise; a warning is told and no more. */
  severity: 'error' | 'warning'
  /** The header field or the element, with the words near it; of a post's own text, the post's file first. */
  where: string
  found: string
  /** What it means for whom, and what to do. */
  cure: string
}

/** What the checks know beside the message. */
export type About = {
  kind: 'issue' | 'confirmation' | 'welcome'
  /** Absolute address of the newsletter's own pages, `web.url`. */
  web: string
  /** The sender's postal address; empty where the configuration has none. */
  postalAddress: string
  /** Who gets it. Nobody else's address may stand in it. */
  address: string
  /** The posts it shows: their files as the author types them, and what is written there. */
  posts: { file: string; source(): string }[]
  /** What the author wrote for a picture that Posthorn hosts, by the address it has in the mail. */
  pictures?: ReadonlyMap<string, string>
  /** No date of the message is later. */
  now: Date
}

/** What keeps a message back. */
export function error(rule: string, where: string, found: string, cure: string): Finding {
  return { rule, severity: 'error', where, found, cure }
}

/** What is to be said of a finding that no author can mend. */
export const OURS = 'this is a fault of Posthorn, please report it'

export function hasErrors(findings: Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error')
}
