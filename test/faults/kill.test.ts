import { expect, test } from 'vitest'
import { torture } from '../torture/kills.ts'

/** The long form, with a hundred kills, is `npm run torture`. */
test('F13: workers that are killed at random leave nobody out and write to nobody twice', {
  timeout: 120_000,
}, async () => {
  const connections = 4
  const [people, kills] = [100, 6]
  const toll = await torture({
    people,
    connections,
    kills,
    seed: 13,
    share: 0.03,
    speed: 90,
    patienceMs: 90_000,
  })

  expect(toll).toMatchObject({
    duplicated: 0,
    missing: 0,
    denied: 0,
    unjournaled: 0,
    kills,
    issue: 'sent',
    stopped: true,
  })
  expect(toll.sent + toll.failed + toll.skipped + toll.unknown).toBe(people)
  expect(toll.unknown).toBeLessThanOrEqual(kills * connections + toll.broken)
})
