import { parse } from 'parse5'
import { expect, onTestFinished, test } from 'vitest'
import { listen } from '../src/web/server.ts'
import { makeSite, post } from './site.ts'

test('every link and picture in an issue, a digest and a confirmation leads to something that is there', async () => {
  const port = 18_025 + Math.floor(Math.random() * 20_000)
  const url = `http://localhost:${port}`
  const site = await makeSite({ site: { url }, web: { url, listen: `127.0.0.1:${port}` } })
  site.write('before.md', post('Before', '2026-10-01'))
  await site.round()
  await site.join('ada@example.org')
  await site.join('alan@example.org', 'weekly')
  site.write(
    'trip/index.md',
    post('A trip', '2026-11-02', '![A map](map.png) and [what came before](/posts/before/)'),
  )
  site.write('trip/map.png', 'not a picture, but a file')
  site.write('tea.md', post('Tea', '2026-11-02', 'More on [the trip](../trip/).'))
  await site.round()
  site.setClock('2026-11-09T07:00:00Z')
  await site.round()
  const web = await listen({ ...site, now: site.now })
  onTestFinished(() => web.close())
  const answer = await fetch(`${url}/subscribe`, {
    method: 'POST',
    body: new URLSearchParams({ address: 'kurt@example.org' }),
  })
  expect(answer.status).toBe(200)
  await site.round()

  const messages = await site.messages()
  expect(messages.map((message) => message.to?.[0]?.address).sort()).toEqual([
    'ada@example.org',
    'ada@example.org',
    'alan@example.org',
    'kurt@example.org',
  ])
  const addresses = new Set(messages.flatMap((message) => addressesIn(message.html ?? '')))
  for (const message of messages)
    for (const [address] of (message.text ?? '').matchAll(/https?:\/\/\S+/g)) addresses.add(address)
  expect(addresses.size).toBeGreaterThan(8)
  for (const address of addresses) {
    const response = await fetch(address)
    expect(`${response.status} ${address}`).toBe(`200 ${address}`)
    await response.body?.cancel()
  }
  // What was shown changed nothing: nobody has left, nobody was confirmed.
  const statuses = await site.db
    .selectFrom('subscribers')
    .select(['address', 'status'])
    .orderBy('address')
    .execute()
  expect(statuses.map((row) => row.status)).toEqual(['confirmed', 'confirmed', 'unconfirmed'])
}, 30_000)

type Element = { attrs?: { name: string; value: string }[]; childNodes?: Element[] }

function addressesIn(html: string): string[] {
  const found: string[] = []
  const walk = (node: Element) => {
    for (const { name, value } of node.attrs ?? [])
      if ((name === 'href' || name === 'src') && /^https?:/.test(value)) found.push(value)
    node.childNodes?.forEach(walk)
  }
  walk(parse(html) as Element)
  return found
}
