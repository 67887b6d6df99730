import { readFrontMatter } from './frontmatter.ts'
import { parseMarkdown } from './markdown.ts'
import { type ReadPost, sourceOf } from './post.ts'
import { withoutMore } from './summary.ts'
import { takeTitle } from './title.ts'
import type { Tree } from './tree.ts'

/**
 * The text of a post as a tree, without its title. It is parsed when it is asked for: ten thousand trees are a
 * gigabyte, and mail wants the few of its posts.
 */
export function readBody(post: Pick<ReadPost, 'source' | 'title' | 'file'>): Tree {
  const front = readFrontMatter(sourceOf(post))
  if ('message' in front) throw new Error(`${post.file} was read, and cannot be read again: ${front.message}`)
  return withoutMore(takeTitle(post.title, parseMarkdown(front.body)).body)
}
