import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { feedUrl, isFeedFile } from '../feeds/feed.ts'
import { fileStamp, readIfThere } from '../file.ts'
import { type Database, write } from '../store/database.ts'
import { forgetTopics, readNoted, type Version, wantPings } from '../store/pings.ts'

/** What a process remembers of the feeds it noted, by address, so that one that did not change is not read again. */
export type Noted = Map<string, { stamp: string; version: string }>

/**
 * Notes in the database which feeds the hub is to be told of: those whose bytes on disk are not the ones it was told of
 * last. The disk decides, not who wrote it, so what a process wrote before it died is noted by the next round. Feeds of
 * one publish are noted in one commit, and so told in one ping. No network; nothing at all without `feeds.hub`.
 *
 * A feed that was never seen is noted too. On a new site that ping is for nobody, and harmless; on a blog that moved
 * here, or after the database was lost, the hub has subscribers that wait for it.
 *
 * @param paths of every file there is, below the folder that is served; what is no feed is passed over, and so are
 *   archives, which never change
 * @param noted empty at first; changed here
 * @throws UserError where a feed cannot be read
 */
export async function noteFeeds(
  site: { config: Config; db: Database; now: () => Date },
  paths: Iterable<string>,
  noted: Noted,
): Promise<void> {
  const { config, db, now } = site
  if (!config.feeds.hub) return
  if (noted.size === 0)
    for (const [topic, version] of await readNoted(db)) noted.set(topic, { stamp: '', version })

  const topics = new Set<string>()
  const changed: (Version & { stamp: string })[] = []
  for (const path of paths) {
    if (!isFeedFile(path)) continue
    const file = join(config.feeds.folder, path)
    const topic = feedUrl(config, path)
    const known = noted.get(topic)
    // Before it is read: a file that is replaced in between has another stamp the next time.
    const stamp = fileStamp(file)
    if (stamp === null) continue
    topics.add(topic)
    if (known?.stamp === stamp) continue
    const bytes = await readIfThere(file)
    if (bytes === null) continue
    const version = createHash('sha256').update(bytes).digest('hex')
    if (known?.version === version) noted.set(topic, { stamp, version })
    else changed.push({ topic, version, bytes: bytes.length, stamp })
  }
  const gone = [...noted.keys()].filter((topic) => !topics.has(topic))
  if (changed.length + gone.length === 0) return

  await write(db, async (trx) => {
    await forgetTopics(trx, gone)
    await wantPings(trx, changed, now())
  })
  for (const topic of gone) noted.delete(topic)
  for (const { topic, stamp, version } of changed) noted.set(topic, { stamp, version })
}
