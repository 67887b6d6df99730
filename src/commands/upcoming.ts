import type { Upcoming } from '../issues/plan.ts'
import { count } from '../terminal.ts'

/** `2 posts to 5 people so far, and 3 readers at other hours`. */
export function upcomingWords({ posts, recipients, later }: Upcoming): string {
  const owed =
    recipients === 0
      ? 'nothing new so far'
      : `${count(posts.length, 'post')} to ${count(recipients, 'person', 'people')} so far`
  return later === 0 ? owed : `${owed}, and ${count(later, 'reader')} at other hours`
}
