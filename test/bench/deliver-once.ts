/** `node deliver-once.ts FOLDER`: delivers what is due at a site, once told to, and tells what that took. */
import { once } from 'node:events'
import { loadConfig } from '../../src/config.ts'
import { deliverDue } from '../../src/deliveries/deliver.ts'
import { openTransports } from '../../src/deliveries/outlet.ts'
import { delivering } from '../../src/round.ts'
import { closeSite, openSite } from '../../src/site.ts'

const site = await openSite(loadConfig(process.argv[2] as string, {}), () => new Date())
const transports = await openTransports(site.config.transports)
process.send?.('ready')
await once(process, 'message')
const started = performance.now()
const { sent } = await deliverDue(await delivering(site, transports, new AbortController().signal))
const seconds = (performance.now() - started) / 1_000
for (const transport of transports) await transport.close()
await closeSite(site)
process.send?.({ sent, seconds, maxRss: process.resourceUsage().maxRSS * 1024 })
process.disconnect?.()
