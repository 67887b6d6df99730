import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { Context } from 'hono'
import type { Asked } from './lane.ts'

/**
 * From where a request came, as it is kept for evidence: the network, /24 or /48, never the address of one person.
 *
 * @param trustProxy whether a proxy of the author's stands in front and says who asked
 */
export function networkOf(c: Context, trustProxy: boolean): string {
  return cutShort(addressOf(c.env.incoming, trustProxy))
}

/**
 * The network that a sign-up counts for; null where it cannot be known: a proxy that does not say for whom it asks, or
 * is not to be trusted. All readers would be taken for one, and after five of them nobody could sign up.
 */
export function countedNetwork(c: Context, trustProxy: boolean): string | null {
  const client = clientOf(c.env.incoming, trustProxy)
  if (client === null || isNear(client)) return null
  const network = cutShort(client)
  return network === UNKNOWN ? null : network
}

/**
 * The address of the one who asks, for telling them from others while they ask; it is written nowhere. Null where it
 * cannot be known: a proxy on this machine or in this network says that it speaks for others, and is not to be trusted.
 * All of them would be taken for one.
 */
export function clientOf(request: Asked, trustProxy: boolean): string | null {
  if (!trustProxy && isNear(request.socket.remoteAddress ?? '') && namesOthers(request)) return null
  const address = bare(addressOf(request, trustProxy))
  // Some proxies write the port behind it, and each connection has another one.
  const [, withPort] = /^(?:\[([^\]]*)\]|([^:]*)):\d+$/.exec(address)?.filter(Boolean) ?? []
  return withPort ?? address
}

function addressOf(request: Asked, trustProxy: boolean): string {
  // The last entry is our own proxy's word; what stands before it anybody may have written.
  const forwarded = trustProxy ? String(request.headers['x-forwarded-for'] ?? '') : ''
  return forwarded.split(',').at(-1)?.trim() || (request.socket.remoteAddress ?? '')
}

const UNKNOWN = 'unknown'

const near = new BlockList()
near.addSubnet('127.0.0.0', 8)
near.addSubnet('10.0.0.0', 8)
near.addSubnet('172.16.0.0', 12)
near.addSubnet('192.168.0.0', 16)
near.addAddress('::1', 'ipv6')
near.addSubnet('fc00::', 7, 'ipv6')
near.addSubnet('fe80::', 10, 'ipv6')

function isNear(address: string): boolean {
  const own = bare(address).replace(/%.*$/, '')
  return isIPv4(own) ? near.check(own) : isIPv6(own) && near.check(own, 'ipv6')
}

function namesOthers({ headers }: Asked): boolean {
  return ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined)
}

/** An IPv4 address that came in through IPv6 as what it is. */
function bare(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** `192.0.2.77` to `192.0.2.0/24`, `2001:db8:1:2::3` to `2001:db8:1::/48`. */
export function cutShort(written: string): string {
  const address = bare(written)
  if (isIPv4(address)) return `${address.split('.').slice(0, 3).join('.')}.0/24`
  if (!isIPv6(address)) return UNKNOWN
  // In its canonical form, of which URL is the keeper here.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`)
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail ? tail.split(':') : []
  if (tail !== undefined) groups.push(...Array<string>(8 - groups.length - after.length).fill('0'), ...after)
  return `${groups.slice(0, 3).join(':')}::/48`
}
