/** What a mail says, with its pictures: renditions for people who get the same. Nothing is enqueued here. */
import type { Config } from '../config.ts'
import type { PlannedIssue } from '../issues/plan.ts'
import { renderConfirmation, renderMove, renderMoved } from '../mail/confirmation.ts'
import { renderDigest, shownInDigest } from '../mail/digest.ts'
import type { Press, Rendition } from '../mail/frame.ts'
import { renderIssue } from '../mail/issue.ts'
import { withMjml } from '../mail/mjml.ts'
import { articlePictures, leadPicture, preparePictures } from '../pictures/prepare.ts'
import type { KnownPost } from '../posts/identity.ts'
import type { Post } from '../posts/post.ts'

/** What the people of one group get: `keys` are their posts as the database names the group, `language` is theirs. */
export type Printed = { keys: string; language: string; rendition: Rendition }

/** A press with its site, whose pictures go into the mails. */
export type SitePress = Press & Config

/** Renders an issue, one rendition for each group: what the author sees before they send it is what is sent. */
export async function printIssue(issue: PlannedIssue, config: Config): Promise<Printed[]> {
  if (issue.groups.length === 0) return []
  return withMjml((mjml) => printGroups(issue, { ...config, mjml }))
}

/** The renditions of an issue, by a press that may print several. */
export async function printGroups(
  issue: PlannedIssue,
  press: Omit<SitePress, 'language'>,
): Promise<Printed[]> {
  const byKey = new Map(issue.posts.map((post) => [post.key, post]))
  const printed: Printed[] = []
  for (const { keys, language } of issue.groups) {
    const posts = keys.map((key) => byKey.get(key) as KnownPost)
    const rendition = await printAs(issue.kind, posts, { ...press, language, rhythm: issue.rhythm })
    printed.push({ keys: keys.join(','), language, rendition })
  }
  return printed
}

/** Renders what an issue of that kind says: a digest is one also where somebody is owed a single post of it. */
export function printAs(kind: PlannedIssue['kind'], posts: Post[], press: SitePress): Promise<Rendition> {
  return kind === 'single' ? printPosts(posts, press) : printDigest(posts, press)
}

/** Renders what a mail of these posts says. */
export async function printPosts(posts: Post[], press: SitePress): Promise<Rendition> {
  const [post, ...others] = posts
  if (!post || others.length > 0) return printDigest(posts, press)
  return renderIssue(post, { ...press, pictures: await preparePictures([articlePictures(post)], press) })
}

/** Several posts, and only what is shown of them is looked at for pictures. */
export async function printDigest(posts: Post[], press: SitePress): Promise<Rendition> {
  const picturesOf = press.newsletter.digests.show === 'full' ? articlePictures : leadPicture
  const pictured = shownInDigest(posts, press).map(picturesOf)
  return renderDigest(posts, { ...press, pictures: await preparePictures(pictured, press) })
}

/** What a confirmation says, rendered. Rendering takes time: it is done before the transaction that enqueues it. */
export async function printConfirmation(config: Config, language: string): Promise<Rendition> {
  return withMjml((mjml) => renderConfirmation({ ...config, language, mjml }))
}

/** What asks a new address of a reader's, rendered; before the transaction that enqueues it, too. */
export async function printMove(config: Config, language: string): Promise<Rendition> {
  return withMjml((mjml) => renderMove({ ...config, language, mjml }))
}

/** What tells the old address of a reader who has moved, rendered; before the transaction that enqueues it, too. */
export async function printMoved(config: Config, language: string): Promise<Rendition> {
  return withMjml((mjml) => renderMoved({ ...config, language, mjml }))
}
