import type { Fault } from '../errors.ts'
import type { ReadPost } from './post.ts'

/**
 * Posts that cannot stand side by side, since two have one slug or one id: by file, what is wrong with each, and the
 * other file's name with it. Both are at fault: which of them the address belongs to, the author alone can say.
 *
 * @param place the name and line of a post's key, for the fault.
 */
export function findClashes(
  posts: ReadPost[],
  place: (post: ReadPost, key: string) => Omit<Fault, 'message'>,
): Map<string, Fault[]> {
  const clashes = new Map<string, Fault[]>()
  const compare = (key: 'slug' | 'id', valueIn: (post: ReadPost) => string | null) => {
    // Case does not tell two folders apart on every disk.
    const groups = Map.groupBy(posts, (post) => valueIn(post)?.toLowerCase())
    for (const [value, group] of groups) {
      if (value === undefined || group.length < 2) continue
      for (const post of group) {
        const others = group.filter((other) => other !== post).map((other) => place(other, key).file)
        const message = `"${key}" is "${valueIn(post)}", and so it is in ${others.join(' and ')}; give each its own "${key}"`
        clashes.set(post.file, [...(clashes.get(post.file) ?? []), { ...place(post, key), message }])
      }
    }
  }
  compare('slug', (post) => post.slug)
  compare('id', (post) => post.statedId)
  return clashes
}
