/** The transports of a site with what each may send today. */
import type { TransportConfig } from '../config.ts'
import { together } from '../errors.ts'
import { openTransport, type Transport } from '../mail/transport.ts'
import type { Allowed, Limits } from '../store/allowances.ts'
import type { Database } from '../store/database.ts'
import { warmUpSince } from '../store/settings.ts'

/** A transport and how much it may send. */
export type Outlet = Allowed & { transport: Transport }

const DAY_MS = 24 * 3_600_000

/**
 * Opens all transports; `close` each when the work is done.
 *
 * @throws UserError where one has a key that cannot sign: none is opened then, and nothing is sent
 */
export async function openTransports(configs: TransportConfig[]): Promise<Transport[]> {
  return together(configs.map(openTransport))
}

/** Does work with all transports, which are closed when it has ended. @throws as `openTransports` does */
export async function withTransports<T>(
  configs: TransportConfig[],
  work: (transports: Transport[]) => Promise<T>,
): Promise<T> {
  const transports = await openTransports(configs)
  try {
    return await work(transports)
  } finally {
    for (const transport of transports) await transport.close()
  }
}

/** The limits of transports as they are now: a warm-up grows by the day. */
export async function limitTransports(
  db: Database,
  transports: Transport[],
  configs: TransportConfig[],
  now: Date,
): Promise<Outlet[]> {
  return Promise.all(
    transports.map(async (transport, index) => {
      const { domains, warmUp, ...spans } = (configs[index] as TransportConfig).limits
      const limits: Limits = withoutAbsent(spans)
      if (warmUp) {
        const days = Math.floor(
          (now.getTime() - (await warmUpSince(db, transport.name, now)).getTime()) / DAY_MS,
        )
        const today = Math.min(warmUp.ceiling, Math.floor(warmUp.start * warmUp.factor ** days))
        limits.day = Math.min(limits.day ?? Number.POSITIVE_INFINITY, today)
      }
      const domainLimits = Object.fromEntries(
        Object.entries(domains).map(([domain, each]) => [domain.toLowerCase(), withoutAbsent(each)]),
      )
      return { transport, limits, domainLimits }
    }),
  )
}

function withoutAbsent(spans: { [Span in keyof Limits]?: number | undefined }): Limits {
  return Object.fromEntries(Object.entries(spans).filter(([, limit]) => limit !== undefined))
}
