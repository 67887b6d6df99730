import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { openLog } from '../../src/log.ts'
import { closeSite, openSite as openAt } from '../../src/site.ts'
import { askToSubscribe } from '../../src/subscribers/subscribe.ts'
import { work } from '../../src/worker.ts'
import { openSite } from './session.ts'

const NOW = new Date('2026-11-02T09:00:00Z')

test('how many were turned away stands in status and in the worker’s log, and who never confirmed goes', async () => {
  const session = openSite()
  const config = loadConfig(session.folder, {})
  const site = await openAt(config, () => NOW)
  const printed = { subject: 'Please confirm', html: '', text: '' }
  for (let n = 0; n < 8; n++) {
    const address = `v${n % 7}@d${n}.example`
    const evidence = { source: '', words: '' }
    const asked = {
      address,
      key: address,
      name: '',
      language: 'en',
      timeZone: '',
      solved: { challenge: `${n}`, until: new Date('2026-11-02T09:20:00Z') },
      network: '192.0.2.0/24',
      evidence,
    }
    await askToSubscribe(site.db, asked, printed, config, site.secret, NOW)
  }

  const ended = new AbortController()
  const told: string[] = []
  const log = openLog(new Writable({ write: (line, _, done) => done(void told.push(String(line))) }))
  const { finished } = await work(site, log, ended.signal)
  ended.abort()
  await finished
  const line = 'sign-ups turned away: 3 from a network that had its 5 an hour or 20 a day'
  expect(told.filter((each) => each.includes('turned away'))).toHaveLength(1)
  expect(told.join()).toContain(line)
  await closeSite(site)

  const within = line.replace('away', 'away within a day')
  expect(await session.posthorn('status')).toContain(within)
  expect(await session.json('status --json')).toMatchObject({
    turnedAway: { address: 0, network: 3, domain: 0, site: 0 },
  })
  session.setClock('2026-11-10T09:00:00Z')
  expect(await session.posthorn('status')).not.toContain('turned away')
  expect(await session.posthorn('worker --once')).toContain(
    '5 people did not confirm within seven days and are erased',
  )
  expect(await session.json('worker --once --json')).toMatchObject({ forgotten: 0 })
  expect(await session.posthorn('status')).toContain('0 confirmed, 0 unconfirmed')
})
