import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkPause, pauseDay, pauseEnd } from '../../src/subscribers/preferences.ts'

const ZONES = Intl.supportedValuesOf('timeZone')

test('the day of a pause is the day that was chosen, in every zone and over every change of clocks', () => {
  const day = fc
    .date({ min: new Date('2026-01-01'), max: new Date('2037-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10))
  fc.assert(
    fc.property(day, fc.constantFrom(...ZONES), (chosen, zone) => {
      expect(pauseDay(pauseEnd(chosen, zone), zone)).toBe(chosen)
    }),
    { numRuns: 300 },
  )
})

test('and stays it for somebody who moves on by a few zones', () => {
  expect(pauseDay(pauseEnd('2026-12-24', 'Europe/Berlin'), 'America/New_York')).toBe('2026-12-24')
  expect(pauseDay(pauseEnd('2026-12-24', 'Europe/Berlin'), 'Asia/Tokyo')).toBe('2026-12-24')
})

test('today is where they are: one day in Auckland, and the one before in Honolulu', () => {
  const now = new Date('2026-11-02T11:30:00Z')
  const says = (day: string, zone: string) => {
    const checked = checkPause(day, zone, now)
    return 'fault' in checked ? checked.fault : checked.day
  }
  expect(says('2026-11-02', 'Pacific/Honolulu')).toBe('choose a day after today')
  expect(says('2026-11-03', 'Pacific/Honolulu')).toBe('2026-11-03')
  expect(says('2026-11-03', 'Pacific/Auckland')).toBe('choose a day after today')
  expect(says('2026-11-03', 'Europe/Berlin')).toBe('2026-11-03')
  expect(says('2028-11-02', 'Europe/Berlin')).toBe('2028-11-02')
})
