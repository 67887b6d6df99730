/** What mail programs would spoil of what was rendered, found on a real message before anybody gets one. */
import { checkMessage } from '../check/check.ts'
import type { Finding } from '../check/finding.ts'
import type { Config } from '../config.ts'
import type { PlannedIssue } from '../issues/plan.ts'
import type { Rendition } from '../mail/frame.ts'
import { shownFile } from '../posts/find.ts'
import { type Post, sourceOf } from '../posts/post.ts'
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
  for (const { kind, language, rendition } of renditions) {
    const message = writeSample({ ...rendition, kind, language }, config, now)
    const findings = await checkMessage(message, {
      kind,
      web: config.web.url,
      postalAddress: config.newsletter.postalAddress,
      address: SAMPLE_READER.address,
      posts: posts.map((post) => ({ file: shownFile(config, post.file), source: () => sourceOf(post) })),
      now,
    })
    for (const finding of findings) found.set(JSON.stringify(finding), finding)
  }
  for (const finding of await findRefused(posts, config)) found.set(JSON.stringify(finding), finding)
  return [...found.values()]
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

/** How many errors a note tells in full. */
const TOLD = 3

/** Why an issue waits for the author, in one line; null where no error was found. */
function holdFor(findings: Finding[]): string | null {
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return null
  const told = errors.slice(0, TOLD).map(({ where, found }) => `${where}: ${found}`)
  const more = errors.length - told.length
  return `it would not arrive as it should: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}; \`posthorn check\` says what to do`
}
