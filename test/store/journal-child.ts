/** Delivers what is due in a site's folder and says how many messages left, and what went wrong. */
import { loadConfig } from '../../src/config.ts'
import { deliverDue } from '../../src/deliveries/deliver.ts'
import { unsigned } from '../../src/mail/message.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { delivering } from '../../src/round.ts'
import { closeSite, openSite } from '../../src/site.ts'

const site = await openSite(loadConfig(process.argv[2] as string, {}), () => new Date('2026-11-03T09:00:00Z'))
let left = 0
const transport: Transport = {
  name: 'smtp mail.example.org:587',
  connections: 1,
  sign: unsigned,
  async deliver(_, __, beforeFirstByte) {
    if (await beforeFirstByte()) left++
    return { kind: 'sent', reply: '250 ok' }
  },
  abort() {},
  async close() {},
}
const failure = await deliverDue(await delivering(site, [transport], new AbortController().signal)).then(
  () => 'nothing went wrong',
  (error: Error) => error.message,
)
process.stdout.write(`left: ${left}\n${failure}\n`)
await closeSite(site)
