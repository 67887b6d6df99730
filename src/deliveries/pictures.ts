/** What the author should know of the pictures of a mail that nobody will see in it. */
import { pictureAddress } from '../articles/safe-html.ts'
import type { Finding } from '../check/finding.ts'
import { type Config, writesPages } from '../config.ts'
import { articlePictures, leadPicture, preparePictures } from '../pictures/prepare.ts'
import { isRelative } from '../posts/addresses.ts'
import { shownFile } from '../posts/find.ts'
import type { Post } from '../posts/post.ts'
import { resolveMedia } from '../posts/resolve.ts'

/**
 * Warnings, as words stand in the place of each. What can be shown is known already, and costs nothing.
 *
 * @returns also what the author wrote for each picture that is hosted, by the address that it is hosted under
 */
export async function findRefused(
  posts: Post[],
  config: Config,
): Promise<{ findings: Finding[]; written: Map<string, string> }> {
  const isLead = posts.length > 1 && config.newsletter.digests.show === 'summary'
  const pictured = posts.map(isLead ? leadPicture : articlePictures)
  const findings: Finding[] = []
  const tell = (file: string | undefined, address: string, found: string, cure: string) =>
    findings.push({
      rule: 'picture-file',
      severity: 'warning',
      where: file === undefined ? address : `${shownFile(config, file)}, ${address}`,
      found,
      cure,
    })
  const pictures = await preparePictures(pictured, config, ({ address, post, found, cure }) =>
    tell(post ?? undefined, address, found, `a link stands in its place; ${cure}`),
  )
  const written = new Map<string, string>()
  for (const { post, addresses } of pictured)
    for (const address of addresses) {
      const url = resolveMedia(address, post?.url ?? `${config.site.url}/`)
      if (url === null) continue
      const hosted = pictures.get(url)
      if (hosted) written.set(hosted.src, address)
      if (pictures.has(url)) continue
      if (pictureAddress(url, url) === null)
        tell(
          post?.file,
          address,
          'it is elsewhere, and of a kind that not every mail program shows',
          'a link stands in its place; put its file beside the post, or name a PNG or JPEG',
        )
      // What a page elsewhere has beside it is not known here.
      else if (isRelative(address) && writesPages(config))
        tell(
          post?.file,
          address,
          'there is no such file beside the post',
          'its words stand in its place; put it there, or mend the address',
        )
    }
  return { findings, written }
}
