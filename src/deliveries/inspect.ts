/** What mail programs would spoil of what was rendered, found on a real message before anybody gets one. */
import { checkMessage } from '../check/check.ts'
import type { Finding } from '../check/finding.ts'
import type { Config } from '../config.ts'
import type { PlannedIssue } from '../issues/plan.ts'
import type { Rendition } from '../mail/frame.ts'
import { escapeHtml } from '../markup.ts'
import { shownFile } from '../posts/find.ts'
import { type Post, sourceOf } from '../posts/post.ts'
import { wordsFor } from '../words/words.ts'
import { SAMPLE_READER, writeSample } from './letter.ts'
import { findRefused } from './pictures.ts'
import type { Printed } from './print.ts'

/** A rendition with what is known of it before it is kept: the kind of mail, and the language around the posts. */
export type Inspected = { kind: 'issue' | 'confirmation' | 'welcome'; language: string; rendition: Rendition }

/**
 * Checks renditions as one reader would get each.
 *
 * @param posts those that stand in them; a finding in their text names their file
 * @returns each finding once, though it may be in the rendition of every language
 */
export async function inspectRenditions(
  renditions: Inspected[],
  posts: Post[],
  config: Config,
  now: Date,
): Promise<Finding[]> {
  const found = new Map<string, Finding>()
  const refused = await findRefused(posts, config)
  const files = posts.map((post) => ({ file: shownFile(config, post.file), source: () => sourceOf(post) }))
  const [only] = posts
  for (const { kind, language, rendition } of renditions) {
    const message = writeSample({ ...rendition, kind, language }, config, now)
    const findings = await checkMessage(message, {
      kind,
      web: config.web.url,
      postalAddress: config.newsletter.postalAddress,
      address: SAMPLE_READER.address,
      posts: files,
      pictures: refused.written,
      now,
    })
    if (only && posts.length === 1 && isCut(rendition, language)) findings.push(cutFinding(only, config))
    for (const finding of findings) found.set(JSON.stringify(finding), finding)
  }
  for (const finding of refused.findings) found.set(JSON.stringify(finding), finding)
  return [...found.values()]
}

// The note that a cut article ends in is ours, and no other part of a mail says it.
function isCut({ html }: Rendition, language: string): boolean {
  return html.includes(escapeHtml(wordsFor(language).mail.tooLong))
}

function cutFinding(post: Post, config: Config): Finding {
  return {
    rule: 'cut',
    severity: 'warning',
    where: shownFile(config, post.file),
    found: 'it is longer than a mail can be, so the mail ends before the post does',
    cure: 'readers follow a link to the rest; a shorter post, or one in two parts, comes whole',
  }
}

/** What mail programs would spoil of an issue as it was rendered. */
export function inspectIssue(
  issue: PlannedIssue,
  printed: Printed[],
  config: Config,
  now: Date,
): Promise<Finding[]> {
  return inspectRenditions(
    printed.map((each) => ({ ...each, kind: 'issue' })),
    issue.posts,
    config,
    now,
  )
}

/** Why an issue of the schedule's waits for the author: what was odd before, and what would be spoilt. */
export function holdReason(issue: PlannedIssue, findings: Finding[]): string | null {
  return [issue.hold, holdFor(findings)].filter((reason) => reason !== null).join('; ') || null
}

/**
 * What a link leads to is the author's to judge, and costs the mail nothing but trust: whoever sends by hand is asked, and
 * nobody's readers wait a night for a link over http.
 */
const HOLDS_NOTHING = new Set(['link-https', 'link-host', 'link-shortened', 'link-disguise'])

/** How many errors a note tells in full. */
const TOLD = 3

/** Why an issue waits for the author, in one line; null where no error was found. */
function holdFor(findings: Finding[]): string | null {
  const errors = findings.filter(({ severity, rule }) => severity === 'error' && !HOLDS_NOTHING.has(rule))
  if (errors.length === 0) return null
  const told = errors.slice(0, TOLD).map(({ where, found }) => `${where}: ${found}`)
  const more = errors.length - told.length
  return `it would not arrive as it should: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}; \`posthorn check\` says what to do`
}
