import { relative, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import type { Post } from '../posts/post.ts'
import type { Site } from '../site.ts'

type Named = Pick<Post, 'id' | 'file' | 'slug' | 'title'>

/**
 * The post an author means: by its slug, its file (from here, from the site or from the posts folder), its id or its
 * title.
 *
 * @throws UserError that names posts whose slugs come near
 */
export function findPost<Found extends Named>(
  posts: Found[],
  name: string,
  site: Pick<Site, 'config'>,
  folder: string,
): Found {
  const below = relative(site.config.posts.folder, resolve(folder, name)).replaceAll('\\', '/')
  const inSite = relative(site.config.posts.folder, resolve(site.config.folder, name)).replaceAll('\\', '/')
  const found =
    posts.find((post) => post.slug === name || post.id === name) ??
    posts.find((post) => [name, below, inSite].includes(post.file)) ??
    posts.find((post) => post.title.toLowerCase() === name.toLowerCase())
  if (found) return found
  const near = posts
    .filter((post) => post.slug.includes(name.toLowerCase()) || name.toLowerCase().includes(post.slug))
    .slice(0, 3)
  throw new UserError(`there is no post "${name}"`, {
    hint:
      near.length > 0
        ? `one of these: ${near.map((post) => post.slug).join(', ')}`
        : 'name it by its slug or its file, such as posts/hello.md; a post with a fault is not there: see `posthorn status`',
  })
}
