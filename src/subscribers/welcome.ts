import type { Config } from '../config.ts'
import type { Rendition } from '../mail/frame.ts'
import { withMjml } from '../mail/mjml.ts'
import { renderWelcome } from '../mail/welcome.ts'
import { newestPosts } from '../posts/newest.ts'
import type { Reader } from '../store/database.ts'
import { frameLanguage } from '../words/words.ts'

/** How many posts a welcome may choose from. */
const POSTS = 5

/** What a new reader is told first, in the language that they read. */
export type Welcome = { language: string; rendition: Rendition }

/**
 * A welcome: that they are a reader now, and the newest posts as links. None of these is mailed by it, so what is new
 * from now on comes all the same.
 *
 * @param theirs the reader's language
 * @throws FaultsError for faults of the template, UserError where MJML fails
 */
export async function printWelcome(db: Reader, theirs: string, config: Config, now: Date): Promise<Welcome> {
  const language = frameLanguage(theirs, config.site.language)
  const posts = await newestPosts(db, POSTS, config, now)
  const rendition = await withMjml((mjml) => renderWelcome({ ...config, language, mjml }, posts))
  return { language, rendition }
}
