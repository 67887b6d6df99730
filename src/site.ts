import type { Config } from './config.ts'
import { type Database, openDatabase } from './store/database.ts'
import { readSecret } from './store/settings.ts'

/** A site at work: its configuration, its database, the key that signs its links, and the clock. */
export type Site = { config: Config; db: Database; secret: string; now: () => Date }

export async function openSite(config: Config, now: () => Date): Promise<Site> {
  const db = await openDatabase(config.database.url)
  return { config, db, secret: await readSecret(db, config.secret), now }
}
