/** What stands in the form of the preferences: from a person to its fields, and from what a browser sends to what they chose. */
import type { Faulty } from '../address.ts'
import type { Config } from '../config.ts'
import { WEEKDAYS } from '../config-schema.ts'
import { zoneOf } from '../issues/schedule.ts'
import type { Topics } from '../posts/topics.ts'
import { time } from '../store/database.ts'
import { folded } from '../store/folded.ts'
import type { SubscriberRhythm } from '../store/schema.ts'
import type { Choices, Subscriber } from '../store/subscribers.ts'
import { checkName } from '../subscribers/name.ts'
import { checkPause, pauseDay, pauseEnd, RHYTHMS } from '../subscribers/preferences.ts'
import { CATALOGUES } from '../words/words.ts'
import type { Form } from './form.ts'

/** The fields as they are filled in. */
export type Fields = {
  /** `paused` until a day, too. */
  rhythm: SubscriberRhythm
  /** `2026-12-24`, or empty; as it was typed. */
  until: string
  /** Empty for these three: as the site's. */
  hour: string
  weekday: string
  timeZone: string
  /** What they follow; none is all. */
  tags: string[]
  postLanguages: string[]
  language: string
  /** As it was typed. */
  name: string
}

/** What is wrong with what was typed, by field; all else is chosen among what the form offers. */
export type FieldFaults = { name?: Faulty; until?: Faulty }

/** What each field offers. */
export type Offers = {
  hours: string[]
  weekdays: readonly string[]
  timeZones: string[]
  /** The most used first. Of the tags the form shows no more than people read. */
  tags: string[]
  postLanguages: string[]
  languages: string[]
}

/** The fields as a person has chosen. */
export function fieldsOf(person: Subscriber, config: Config, now: Date): Fields {
  const until = pausedUntil(person, now)
  return {
    rhythm: until === null ? person.rhythm : 'paused',
    until: until === null ? '' : pauseDay(until, zoneOf(person, config)),
    hour: person.hour ?? '',
    weekday: person.weekday ?? '',
    timeZone: person.time_zone,
    tags: JSON.parse(person.followed_tags),
    postLanguages: JSON.parse(person.followed_languages),
    language: person.language,
    name: person.name,
  }
}

/** Until when somebody is paused who wants mail again from a day on; null where they are not, or it has passed. */
export function pausedUntil({ paused_until }: Subscriber, now: Date): string | null {
  return paused_until !== null && paused_until > time(now) ? paused_until : null
}

/** What a person may choose among; what they have already is always there, so that saving takes nothing away. */
export function offersFor(person: Subscriber, topics: Topics): Offers {
  const hours = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`)
  const own = (one: string | null) => (one ? [one] : [])
  return {
    hours: [...new Set([...hours, ...own(person.hour)])].sort(),
    weekdays: WEEKDAYS,
    timeZones: [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), ...own(person.time_zone)])],
    tags: withOwn(topics.tags, JSON.parse(person.followed_tags)),
    postLanguages: withOwn(topics.languages, JSON.parse(person.followed_languages)),
    languages: [...new Set([...CATALOGUES.keys(), person.language])],
  }
}

/**
 * The fields as they were sent. A form of the author's own may ask for less than the page does: what it does not have
 * stays as it is. How often and in which language has to be there.
 *
 * @param before as the person has chosen until now
 * @returns null for what no form of ours sends
 */
export function readFields(form: Form, before: Fields, offers: Offers): Fields | null {
  const among = <Value extends string>(offered: readonly Value[], sent: string): Value | undefined =>
    offered.find((each) => each === sent)
  const all = (offered: string[], sent: string[] | null, had: string[]): string[] | undefined => {
    if (sent === null) return had
    const wanted = new Set(sent.map(folded))
    const found = offered.filter((each) => wanted.has(folded(each)))
    return found.length === wanted.size ? found : undefined
  }
  const rhythm = among(RHYTHMS, form('rhythm'))
  const language = among(offers.languages, form('language'))
  const hour = among(['', ...offers.hours], form('hour', before.hour))
  const weekday = among(['', ...offers.weekdays], form('weekday', before.weekday))
  const timeZone = among(['', ...offers.timeZones], form('timeZone', before.timeZone))
  const tags = all(offers.tags, form.all('tag'), before.tags)
  const postLanguages = all(offers.postLanguages, form.all('postLanguage'), before.postLanguages)
  if (rhythm === undefined || language === undefined || hour === undefined || weekday === undefined)
    return null
  if (timeZone === undefined || tags === undefined || postLanguages === undefined) return null
  const typed = { until: form('until', before.until), name: form('name', before.name) }
  return { rhythm, language, hour, weekday, timeZone, tags, postLanguages, ...typed }
}

/** What a person chose by filling in the fields so, or what is wrong with what they typed. */
export function choicesOf(
  fields: Fields,
  person: Subscriber,
  config: Config,
  now: Date,
): { choices: Partial<Choices> } | { faults: FieldFaults } {
  const name = checkName(fields.name)
  const zone = zoneOf({ time_zone: fields.timeZone }, config)
  // A day that stands beside another rhythm is what is left of a pause that ends now.
  const isUntil = fields.rhythm === 'paused' && fields.until.trim() !== ''
  const pause = isUntil ? checkPause(fields.until, zone, now) : null
  const isFaulty = pause !== null && 'fault' in pause
  if ('fault' in name || isFaulty)
    return { faults: { ...('fault' in name && { name }), ...(isFaulty && { until: pause }) } }
  const { rhythm, language, hour, weekday, timeZone, tags, postLanguages } = fields
  const choices = {
    ...name,
    language,
    hour: hour || null,
    weekday: weekday || null,
    time_zone: timeZone,
    followed_tags: JSON.stringify(tags),
    followed_languages: JSON.stringify(postLanguages),
  }
  if (pause === null) return { choices: { ...choices, rhythm, paused_until: null } }
  // The rhythm underneath stays: it is what they come back to.
  const under = person.rhythm === 'paused' ? { rhythm: 'instant' as const } : {}
  return { choices: { ...choices, ...under, paused_until: pauseEnd(pause.day, zone) } }
}

function withOwn(topics: string[], own: string[]): string[] {
  const known = new Set(topics.map(folded))
  return [...topics, ...own.filter((each) => !known.has(folded(each)))]
}
