/**
 * How much two texts are alike, from 0 to 1: the share of runs of three words that both have of all that either has
 * (Jaccard's index over shingles). Words moved, added or mended cost a little; another text costs everything.
 */
const RUN = 3

/** From here on two texts count as one post that was edited while it moved. */
export const ALIKE = 0.5

/** The runs of a post's text, made once and compared with many. */
export function runsOf(source: string): Set<string> {
  const words =
    body(source)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  const found = new Set<string>()
  for (let at = 0; at + RUN <= words.length; at++) found.add(words.slice(at, at + RUN).join(' '))
  return found
}

export function likeness(left: Set<string>, right: Set<string>): number {
  if (left.size === 0 || right.size === 0) return 0
  let both = 0
  for (const run of left) if (right.has(run)) both++
  return both / (left.size + right.size - both)
}

// Front matter is the part that changes when a post moves.
function body(source: string): string {
  return source.replace(/^\uFEFF?(---|\+\+\+)\r?\n[\s\S]*?\r?\n(---|\+\+\+|\.\.\.)\r?\n/, '')
}
