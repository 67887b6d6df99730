/**
 * `fork` it with a site's folder: a process that runs on, as a worker does. Sent anything, it does a round up to where
 * the mail is queued, and answers with what that took.
 */
import { loadConfig } from '../../src/config.ts'
import { emptyMemory, publishAndPlan } from '../../src/round.ts'
import { closeSite, openSite } from '../../src/site.ts'

/** `maxRss` in bytes, the most since the process began. */
export type RoundTook = { ms: number; posts: number; written: number; faults: number; maxRss: number }

const site = await openSite(loadConfig(process.argv[2] as string, {}), () => new Date())
const memory = emptyMemory()

process.on('message', async () => {
  const started = performance.now()
  const { posts, files, faults } = await publishAndPlan(site, memory)
  const ms = performance.now() - started
  const written = files.filter((file) => file.written).length
  const maxRss = process.resourceUsage().maxRSS * 1024
  process.send?.({ ms, posts: posts.length, written, faults: faults.length, maxRss } satisfies RoundTook)
})
process.on('disconnect', () => closeSite(site))
