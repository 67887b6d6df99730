import { expect, test } from 'vitest'
import { cutShort } from '../../src/web/network.ts'

test.each([
  ['192.0.2.77', '192.0.2.0/24'],
  ['::ffff:192.0.2.77', '192.0.2.0/24'],
  ['2001:db8:1:2::3', '2001:db8:1::/48'],
  ['2001:0DB8:0001:0002:0003:0004:0005:0006', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['::1:2:3:4:5:6', '0:0:1::/48'],
  ['1::', '1:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['203.0.113.7:51234', 'unknown'],
  ['nonsense\r\n', 'unknown'],
  ['', 'unknown'],
])('%j is kept as %j', (address, network) => {
  expect(cutShort(address)).toBe(network)
})
