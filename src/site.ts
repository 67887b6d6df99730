import type { Config } from './config.ts'
import type { LinkKeys } from './mail/token.ts'
import { type Database, openDatabase } from './store/database.ts'
import { type Journal, openJournal } from './store/journal.ts'
import type { Replayed } from './store/replay.ts'
import { readLinkKeys, readSecret } from './store/settings.ts'

/** A site at work: its configuration, its database, its keys, the journal, and the clock. */
export type Site = {
  config: Config
  db: Database
  /** The site's own key, which never changes. */
  secret: string
  linkKeys: LinkKeys
  journal: Journal
  /** What the journal knew better than the database when the site was opened. */
  replayed: Replayed
  now: () => Date
}

export async function openSite(config: Config, now: () => Date): Promise<Site> {
  const db = await openDatabase(config.database.url)
  try {
    const secret = await readSecret(db)
    const linkKeys = await readLinkKeys(db, config.secrets, secret, now())
    const { journal, replayed } = await openJournal(db, config.journal.file, secret, now())
    return { config, db, secret, linkKeys, journal, replayed, now }
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** Says what the journal knew better, or could not tell; null where there is nothing to say. */
export function describeReplayed({ deliveries, issues, people, strayed, held }: Replayed): string | null {
  const some = (number: number, one: string, more: string) =>
    number > 0 ? [`${number} ${number === 1 ? one : more}`] : []
  const told = [
    ...some(deliveries, 'delivery', 'deliveries'),
    ...some(issues, 'issue', 'issues'),
    ...some(people, 'person who left', 'people who left'),
  ]
  const parts =
    told.length > 0 ? [`the journal knew more than the database, which is older: ${told.join(', ')}`] : []
  if (strayed > 0)
    parts.push(
      `${some(strayed, 'person has', 'people have')} the address again that they had left, since the journal does not hold the new one: they can change it on their page`,
    )
  if (held > 0)
    parts.push(
      `${some(held, 'issue is', 'issues are')} held, since nobody can tell who has it: \`posthorn issues list\` says why`,
    )
  return parts.length > 0 ? parts.join('; ') : null
}

export async function closeSite(site: Site): Promise<void> {
  site.journal.close()
  await site.db.destroy()
}
