import { isIPv4, isIPv6 } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

/**
 * From where a request came, as it is kept for evidence: the network, /24 or /48, never the address of one person.
 *
 * @param trustProxy whether a proxy of the author's stands in front and says who asked
 */
export function networkOf(c: Context, trustProxy: boolean): string {
  // The last entry is our own proxy's word; what stands before it anybody may have written.
  const forwarded = trustProxy ? c.req.header('X-Forwarded-For')?.split(',').at(-1)?.trim() : undefined
  return cutShort(forwarded ?? getConnInfo(c).remote.address ?? '')
}

/** `192.0.2.77` to `192.0.2.0/24`, `2001:db8:1:2::3` to `2001:db8:1::/48`. */
export function cutShort(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (isIPv4(bare)) return `${bare.split('.').slice(0, 3).join('.')}.0/24`
  if (!isIPv6(bare)) return 'unknown'
  // In its canonical form, of which URL is the keeper here.
  const { hostname } = new URL(`http://[${bare.replace(/%.*$/, '')}]`)
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail ? tail.split(':') : []
  if (tail !== undefined) groups.push(...Array<string>(8 - groups.length - after.length).fill('0'), ...after)
  return `${groups.slice(0, 3).join(':')}::/48`
}
