import { toPlainText } from './plain.ts'
import type { Tree } from './tree.ts'

/**
 * The title of a post and the body below it. Where none is stated, a heading of the first level that opens the text is
 * the title. A heading that only repeats the title is not part of the body: every page and mail shows the title itself.
 *
 * @returns an empty title where there is none.
 */
export function takeTitle(stated: string | undefined, tree: Tree): { title: string; body: Tree } {
  const first = tree.children[0]
  const heading = first?.type === 'heading' && first.level === 1 ? toPlainText([first]) : ''
  const title = stated || heading
  return {
    title,
    body: title !== '' && heading === title ? { ...tree, children: tree.children.slice(1) } : tree,
  }
}
