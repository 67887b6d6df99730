/** What the author should know of the pictures of a mail that nobody will see in it. */
import type { Finding } from '../check/finding.ts'
import type { Config } from '../config.ts'
import { articlePictures, leadPicture, preparePictures } from '../pictures/prepare.ts'
import { shownFile } from '../posts/find.ts'
import type { Post } from '../posts/post.ts'

/** Warnings, as a link with words stands in the place of each. What can be shown is known already, and costs nothing. */
export async function findRefused(posts: Post[], config: Config): Promise<Finding[]> {
  const [post] = posts
  const pictured = post && posts.length === 1 ? [articlePictures(post)] : posts.map(leadPicture)
  const findings: Finding[] = []
  await preparePictures(pictured, config, ({ address, post, found, cure }) =>
    findings.push({
      rule: 'picture-file',
      severity: 'warning',
      where: post === null ? address : `${shownFile(config, post)}, ${address}`,
      found,
      cure: `a link stands in its place; ${cure}`,
    }),
  )
  return findings
}
