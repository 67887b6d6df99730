import { changeStamp, type Reader } from '../store/database.ts'
import { folded } from '../store/folded.ts'
import { countTopics, type Used } from '../store/posts.ts'

/** What readers may follow, the most used first; each as most posts spell it. */
export type Topics = { tags: string[]; languages: string[] }

const KEPT_MS = 60_000

/**
 * The tags and languages of all posts that are out and may be mailed, as the last round knew them: for those who have no
 * posts folder at hand. Ten thousand posts take some twenty milliseconds, so what was read is kept until anybody has
 * written anything, and not for longer than a minute, since a date may come.
 */
export function topicsReader(db: Reader): (now: Date) => Promise<Topics> {
  let kept: { stamp: string; until: number; topics: Topics } | null = null
  return async (now) => {
    const stamp = await changeStamp(db)
    if (kept === null || kept.stamp !== stamp || kept.until <= now.getTime())
      kept = { stamp, until: now.getTime() + KEPT_MS, topics: await readTopics(db, now) }
    return kept.topics
  }
}

async function readTopics(db: Reader, now: Date): Promise<Topics> {
  const { tags, languages } = await countTopics(db, now)
  return { tags: byUse(tags), languages: byUse(languages) }
}

function byUse(used: Used[]): string[] {
  const groups = Map.groupBy(used.toSorted(mostFirst), ({ name }) => folded(name))
  return Array.from(groups.values(), (spellings) => ({
    name: spellings[0]?.name ?? '',
    posts: spellings.reduce((sum, { posts }) => sum + posts, 0),
  }))
    .toSorted(mostFirst)
    .map(({ name }) => name)
}

function mostFirst(a: Used, b: Used): number {
  return b.posts - a.posts || (a.name < b.name ? -1 : 1)
}
