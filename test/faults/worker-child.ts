/**
 * A worker in a process of its own, for tests that kill it: `node worker-child.ts ORDER`, the order being JSON. It
 * delivers what is due by the clock in the folder, or does a round up to where the mail is queued.
 *
 * It counts the boundaries it passes (before each statement that writes, around each write of the journal, and at each
 * turn of a message's way), and kills itself at the one it was told. All of that hangs on what our own functions take
 * as arguments: the database, the journal, the transport, the letter writer.
 */
import type { KyselyPlugin, OperationNode, RootOperationNode } from 'kysely'
import { loadConfig } from '../../src/config.ts'
import { deliverDue } from '../../src/deliveries/deliver.ts'
import { letterWriter } from '../../src/deliveries/letter.ts'
import { smtpTransport, TIMEOUTS } from '../../src/mail/smtp.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { closeSite, openSite, type Site } from '../../src/site.ts'
import { readClock } from './clock.ts'

export type Order = {
  act: 'deliver' | 'plan'
  folder: string
  port: number
  connections: number
  /** The boundary to die at, from 0; none where it is to live. */
  dieAt: number | null
}
export type Report = { sent: number; boundaries: string[] }

const order = JSON.parse(process.argv[2] ?? '') as Order
const boundaries: string[] = []

function pass(boundary: string): void {
  boundaries.push(boundary)
  if (order.dieAt === boundaries.length - 1) process.kill(process.pid, 'SIGKILL')
}

const counting: KyselyPlugin = {
  transformQuery({ node }) {
    const statement = statementOf(node)
    if (/^(insert|update|delete)/.test(statement)) pass(`before ${statement}`)
    return node
  },
  transformResult: async ({ result }) => result,
}

function statementOf(node: RootOperationNode): string {
  if (node.kind === 'RawNode') return node.sqlFragments.join('?').trim().split(/\s+/).slice(0, 3).join(' ')
  const table =
    node.kind === 'InsertQueryNode' ? node.into : node.kind === 'UpdateQueryNode' ? node.table : undefined
  return `${node.kind.replace('QueryNode', '').toLowerCase()} ${tableOf(table)}`
}

function tableOf(node: OperationNode | undefined): string {
  return node && 'table' in node ? (node.table as { identifier: { name: string } }).identifier.name : ''
}

function counted(site: Site): Site {
  const { journal } = site
  return {
    ...site,
    db: site.db.withPlugin(counting),
    journal: {
      ...journal,
      async append(trx, lines) {
        pass('before the journal is written')
        await journal.append(trx, lines)
        pass('before the commit, the journal is written')
      },
    },
  }
}

function countedTransport(transport: Transport): Transport {
  return {
    ...transport,
    async deliver(envelope, chunks, beforeFirstByte) {
      const outcome = await transport.deliver(envelope, chunks, async () => {
        pass('before the mark')
        const allowed = await beforeFirstByte()
        pass('before the first byte')
        return allowed
      })
      pass('before the outcome is written')
      return outcome
    },
  }
}

async function deliver(site: Site): Promise<number> {
  const { config, db, journal, secret, now } = site
  const { port, connections } = order
  const transport = await smtpTransport(
    { host: '127.0.0.1', port, tls: 'never', auth: null, connections },
    TIMEOUTS,
  )
  const write = letterWriter(db, config, secret)
  const { sent } = await deliverDue({
    ...{ db, journal, secret, now },
    outlets: [{ transport: countedTransport(transport), limits: {}, domainLimits: {} }],
    writeLetter: (delivery, sign) => {
      pass('before a letter')
      return write(delivery, sign)
    },
    onSettled: () => pass('after the outcome'),
    signal: new AbortController().signal,
  })
  await transport.close()
  return sent
}

const site = await openSite(loadConfig(order.folder, {}), () => readClock(order.folder))
let sent = 0
if (order.act === 'deliver') sent = await deliver(counted(site))
else {
  // Loaded for this alone: half of the time that a worker takes to start.
  const { emptyMemory, publishAndPlan } = await import('../../src/round.ts')
  await publishAndPlan(counted(site), emptyMemory())
}
pass('at the end')
await closeSite(site)
process.send?.({ sent, boundaries } satisfies Report)
process.disconnect()
