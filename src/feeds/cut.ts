import type { Config } from '../config.ts'

/** A channel's feed that has less than the author asked for, to be no larger than `feeds.size`. */
export type Cut = {
  /** Its RSS, below the folder that is served; its other formats have the same. */
  file: string
  /** How many entries it has, of how many. */
  entries: number
  wanted: number
  /** How many of them are there with their summary alone. */
  shortened: number
}

/** A word to the author: a line for the first of the feeds, the site's if it is among them, and one for the others. */
export function describeCuts([first, ...more]: Cut[], { feeds }: Config): string[] {
  if (!first) return []
  const limit = `${feeds.size / 1000} KB (feeds.size)`
  const { file, entries, wanted, shortened } = first
  const fewer = entries < wanted ? `${entries} of ${wanted} entries fit into ${limit}` : ''
  const shorter =
    shortened === 0
      ? ''
      : fewer === ''
        ? `${shortened} of ${entries} entries are there as summaries, to fit into ${limit}`
        : `, ${shortened} of them as summaries`
  const others = more.length === 1 ? 'is one more feed' : `are ${more.length} more feeds`
  return [
    `${file}: ${fewer}${shorter}`,
    ...(more.length === 0 ? [] : [`so ${others} that would be larger: ${listed(more)}`]),
  ]
}

function listed(cuts: Cut[]): string {
  const names = cuts.slice(0, 3).map(({ file }) => file)
  return cuts.length > names.length ? `${names.join(', ')} and others` : names.join(', ')
}
