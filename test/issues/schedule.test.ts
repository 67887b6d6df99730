import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { nextSlot } from '../../src/issues/schedule.ts'
import type { DigestRhythm } from '../../src/store/schedules.ts'

const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** The next slots after a moment, as the wall clock and the offset of the zone show them. */
function slots(count: number, rhythm: DigestRhythm, hour: string, timeZone: string, after: string): string[] {
  const shown: string[] = []
  for (let moment = new Date(after); shown.length < count; ) {
    moment = nextSlot(rhythm, hour, timeZone, moment)
    shown.push(wallClock(moment, timeZone).toString({ timeZoneName: 'never', smallestUnit: 'minute' }))
  }
  return shown
}

function wallClock(moment: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(moment.getTime()).toZonedDateTimeISO(timeZone)
}

describe('a digest is due at its hour of the wall clock', () => {
  test('each day, and the same hour tomorrow once today’s has come', () => {
    expect(slots(2, 'daily', '08:00', 'UTC', '2026-11-02T07:59:59.999Z')).toEqual([
      '2026-11-02T08:00+00:00',
      '2026-11-03T08:00+00:00',
    ])
    expect(slots(1, 'daily', '08:00', 'UTC', '2026-11-02T08:00:00Z')).toEqual(['2026-11-03T08:00+00:00'])
  })

  test('on its weekday, over the end of a month and of a year', () => {
    expect(slots(3, 'weekly', 'Thu 18:30', 'Europe/Berlin', '2026-12-17T18:00:00Z')).toEqual([
      '2026-12-24T18:30+01:00',
      '2026-12-31T18:30+01:00',
      '2027-01-07T18:30+01:00',
    ])
    for (const [index, day] of WEEKDAYS.entries()) {
      const slot = nextSlot('weekly', `${day} 08:00`, 'UTC', new Date('2026-11-02T09:00:00Z'))
      expect(wallClock(slot, 'UTC').dayOfWeek).toBe(index + 1)
    }
  })

  test('on its day of the month, from a day that the month before does not have', () => {
    expect(slots(3, 'monthly', '28 08:00', 'UTC', '2027-01-31T12:00:00Z')).toEqual([
      '2027-02-28T08:00+00:00',
      '2027-03-28T08:00+00:00',
      '2027-04-28T08:00+00:00',
    ])
    expect(slots(2, 'monthly', '1 08:00', 'America/New_York', '2026-12-01T13:00:00Z')).toEqual([
      '2027-01-01T08:00-05:00',
      '2027-02-01T08:00-05:00',
    ])
  })

  test('by the calendar of its zone, where it is tomorrow already', () => {
    expect(slots(1, 'monthly', '1 08:00', 'Australia/Lord_Howe', '2026-10-31T20:00:00Z')).toEqual([
      '2026-11-01T08:00+11:00',
    ])
    expect(slots(1, 'weekly', 'Mon 00:30', 'Europe/Berlin', '2026-11-01T23:00:00Z')).toEqual([
      '2026-11-02T00:30+01:00',
    ])
  })
})

describe('when the clocks change', () => {
  test('the hour stays the same by the wall clock', () => {
    expect(slots(3, 'daily', '08:00', 'Europe/Berlin', '2026-10-24T00:00:00Z')).toEqual([
      '2026-10-24T08:00+02:00',
      '2026-10-25T08:00+01:00',
      '2026-10-26T08:00+01:00',
    ])
    expect(slots(2, 'weekly', 'Sun 08:00', 'America/New_York', '2026-03-01T00:00:00Z')).toEqual([
      '2026-03-01T08:00-05:00',
      '2026-03-08T08:00-04:00',
    ])
  })

  test('an hour that is skipped is due at the first minute after the gap', () => {
    expect(slots(3, 'daily', '02:30', 'Europe/Berlin', '2026-03-28T00:00:00Z')).toEqual([
      '2026-03-28T02:30+01:00',
      '2026-03-29T03:00+02:00',
      '2026-03-30T02:30+02:00',
    ])
    expect(slots(2, 'daily', '02:00', 'America/New_York', '2026-03-08T00:00:00Z')).toEqual([
      '2026-03-08T03:00-04:00',
      '2026-03-09T02:00-04:00',
    ])
    // Lord Howe goes forward by half an hour.
    expect(slots(2, 'daily', '02:15', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z')).toEqual([
      '2026-10-04T02:30+11:00',
      '2026-10-05T02:15+11:00',
    ])
  })

  test('an hour that comes twice is due the first time, and not the second', () => {
    expect(slots(2, 'daily', '02:30', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toEqual([
      '2026-10-25T02:30+02:00',
      '2026-10-26T02:30+01:00',
    ])
    expect(slots(2, 'daily', '01:30', 'America/New_York', '2026-10-31T12:00:00Z')).toEqual([
      '2026-11-01T01:30-04:00',
      '2026-11-02T01:30-05:00',
    ])
    expect(slots(2, 'daily', '01:45', 'Australia/Lord_Howe', '2026-04-04T12:00:00Z')).toEqual([
      '2026-04-05T01:45+11:00',
      '2026-04-06T01:45+10:30',
    ])
    // Between the two, today's has been.
    expect(slots(1, 'daily', '02:30', 'Europe/Berlin', '2026-10-25T01:00:00Z')).toEqual([
      '2026-10-26T02:30+01:00',
    ])
  })

  test('a day that a zone left out altogether has its digest at the first minute after it', () => {
    expect(slots(3, 'daily', '08:00', 'Pacific/Apia', '2011-12-29T12:00:00Z')).toEqual([
      '2011-12-29T08:00-10:00',
      '2011-12-31T00:00+14:00',
      '2011-12-31T08:00+14:00',
    ])
  })
})

test('whenever it is asked, in whatever zone: the first slot after now, at its hour', () => {
  const two = (number: number) => String(number).padStart(2, '0')
  const clock = fc.tuple(fc.nat(23), fc.nat(59)).map(([hour, minute]) => `${two(hour)}:${two(minute)}`)
  const setting = fc.oneof(
    clock.map((time) => ({ rhythm: 'daily' as const, hour: time, time, days: 1 })),
    fc.tuple(fc.constantFrom(...WEEKDAYS), clock).map(([day, time]) => ({
      rhythm: 'weekly' as const,
      hour: `${day} ${time}`,
      time,
      days: 7,
    })),
    fc.tuple(fc.integer({ min: 1, max: 28 }), clock).map(([day, time]) => ({
      rhythm: 'monthly' as const,
      hour: `${day} ${time}`,
      time,
      days: 31,
    })),
  )
  // Half of the moments are within two days of a change of clocks, where it is hard.
  const year = {
    min: new Date('2026-01-01T00:00:00Z'),
    max: new Date('2029-12-31T00:00:00Z'),
    noInvalidDate: true,
  }
  const moment = (timeZone: string) =>
    fc.oneof(
      fc.date(year),
      fc.tuple(fc.date(year), fc.integer({ min: -48 * 60, max: 48 * 60 })).map(([date, minutes]) => {
        const change = wallClock(date, timeZone).getTimeZoneTransition('next')
        return new Date((change?.epochMilliseconds ?? date.getTime()) + minutes * 60_000)
      }),
    )
  const asked = fc
    .constantFrom(...ZONES)
    .chain((timeZone) => fc.tuple(fc.constant(timeZone), moment(timeZone)))
  fc.assert(
    fc.property(asked, setting, ([timeZone, after], { rhythm, hour, time, days }) => {
      const slot = nextSlot(rhythm, hour, timeZone, after)
      expect(slot.getTime()).toBeGreaterThan(after.getTime())
      // None is left out: the next one is never further off than a day, a week or a month and an hour.
      expect(slot.getTime() - after.getTime()).toBeLessThanOrEqual((days * 24 + 1) * 3_600_000)
      // And there is none between: asked again from just before it, it is the same.
      expect(nextSlot(rhythm, hour, timeZone, new Date(slot.getTime() - 1))).toEqual(slot)
      const shown = wallClock(slot, timeZone)
      const wanted = shown.toPlainDate().toPlainDateTime(time)
      if (!shown.toPlainDateTime().equals(wanted)) {
        // Only in a gap, and then at its end: a moment earlier the clock stood before the hour.
        const before = shown.subtract({ milliseconds: 1 }).toPlainDateTime()
        expect(Temporal.PlainDateTime.compare(before, wanted)).toBe(-1)
        expect(Temporal.PlainDateTime.compare(wanted, shown.toPlainDateTime())).toBe(-1)
      }
      if (rhythm === 'weekly') expect(WEEKDAYS[shown.dayOfWeek - 1]).toBe(hour.slice(0, 3))
      if (rhythm === 'monthly') expect(shown.day).toBe(Number.parseInt(hour, 10))
    }),
    { numRuns: 500 },
  )
})
