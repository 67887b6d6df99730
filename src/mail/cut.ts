import type { Block, Tree } from '../posts/tree.ts'

/**
 * The longest beginning of a tree that fits, cut between two blocks of its top level, with the notes it refers to.
 *
 * @param fits asked about beginnings; where a longer one fits, a shorter one has to
 * @returns the tree itself where all of it fits; `rest` says whether something was left out
 */
export function cutTree(tree: Tree, fits: (beginning: Tree) => boolean): { tree: Tree; rest: boolean } {
  if (fits(tree)) return { tree, rest: false }
  // Doubling from below: a beginning that fits is quick to render, half of a post that is twenty times too long is not.
  let fitting = 0
  let tooLong = 1
  while (tooLong < tree.children.length && fits(beginning(tree, tooLong))) {
    fitting = tooLong
    tooLong *= 2
  }
  tooLong = Math.min(tooLong, tree.children.length)
  while (tooLong - fitting > 1) {
    const middle = Math.floor((fitting + tooLong) / 2)
    if (fits(beginning(tree, middle))) fitting = middle
    else tooLong = middle
  }
  return { tree: beginning(tree, fitting), rest: true }
}

function beginning(tree: Tree, length: number): Tree {
  const children = tree.children.slice(0, length)
  // A heading whose text has been cut away announces nothing.
  while (children.at(-1)?.type === 'heading') children.pop()
  // Notes are numbered in the order of their references, so those of a beginning are a beginning too; a note of its
  // own may refer to later ones.
  let last = 0
  for (let found = highestNote(children); found > last; ) {
    last = found
    found = Math.max(found, highestNote(tree.footnotes.slice(0, last).flatMap((note) => note.children)))
  }
  return { ...tree, children, footnotes: tree.footnotes.slice(0, last) }
}

function highestNote(nodes: Block[]): number {
  let highest = 0
  // Which nodes hold children, and where, is the tree's business; a reference is known by its type wherever it stands.
  JSON.stringify(nodes, (_, value) => {
    if (value?.type === 'footnote') highest = Math.max(highest, value.number)
    return value
  })
  return highest
}
