import { html } from 'hono/html'
import type { Config } from '../config.ts'
import { zoneOf } from '../issues/schedule.ts'
import { datesIn } from '../pages/date.ts'
import { folded } from '../store/folded.ts'
import type { Subscriber } from '../store/subscribers.ts'
import { pauseDay, pauseDays, RHYTHMS } from '../subscribers/preferences.ts'
import { frameLanguage, type Words, wordsFor } from '../words/words.ts'
import { type Html, wordsIn } from './page.ts'
import { type FieldFaults, type Fields, type Offers, pausedUntil } from './preferences-fields.ts'

/** So many tags are shown: a list that nobody reads to its end helps nobody. */
const MOST_TAGS = 30

/** Who the form is for, and the site and the moment that it is shown at. */
export type Shown = { person: Subscriber; offers: Offers; config: Config; now: Date }

/** Addressed by no "action", so that it posts to where it is, token and all. */
export function preferencesForm(fields: Fields, faults: FieldFaults, shown: Shown): Html {
  const { offers, config } = shown
  const words = wordsIn(fields.language, config)
  const { preferences: said } = words.web
  const languages = offers.languages.map((language) =>
    option(language, nameOf(language), fields.language, language),
  )
  return html`<form method="post" class="choices">
${rhythmFields(fields, faults, words, shown)}
${hourFields(fields, words, shown)}
${topicFields(fields, said, offers)}
<fieldset>
<legend>${said.you}</legend>
<p><label for="language">${said.language}</label>
<select id="language" name="language">
${languages}</select></p>
<p><label for="name">${said.name}</label>
<input id="name" name="name" type="text" maxlength="100" autocomplete="name" value="${fields.name}"${mark('name', faults)}></p>
${alert('name', faults, words)}
</fieldset>
<p><button>${said.button}</button></p>
</form>`
}

/** What holds from now on, in sentences: how often, and which posts. */
export function whatHolds(shown: Shown): string[] {
  const { person, offers, config } = shown
  const words = wordsIn(person.language, config)
  const said = words.web.preferencesSaved
  const tags: string[] = JSON.parse(person.followed_tags)
  const languages: string[] = JSON.parse(person.followed_languages)
  const listed = (names: string[]) => names.join(words.pages.comma)
  // Where there is nothing to choose among, "all" would be a riddle.
  const isChoice = offers.tags.length > 0 || offers.postLanguages.length > 1
  return [
    untilWhen(shown) ?? said[person.rhythm],
    ...(tags.length > 0 ? [said.tags(listed(tags))] : []),
    ...(languages.length > 0 ? [said.postLanguages(listed(languages.map(nameOf)))] : []),
    ...(isChoice && tags.length + languages.length === 0 ? [said.all] : []),
  ]
}

/** Until when nothing comes, and what then; null where they are not paused until a day. */
export function untilWhen({ person, config, now }: Pick<Shown, 'person' | 'config' | 'now'>): string | null {
  const until = pausedUntil(person, now)
  if (until === null || person.rhythm === 'paused') return null
  const day = new Date(`${pauseDay(until, zoneOf(person, config))}T00:00:00Z`)
  const { text } = datesIn('UTC')(day, localeOf(person.language, config))
  return wordsIn(person.language, config).web.preferencesSaved.pausedUntil[person.rhythm](text)
}

function rhythmFields(
  fields: Fields,
  faults: FieldFaults,
  words: Words,
  { person, config, now }: Shown,
): Html {
  const said = words.web.preferences
  const { first, last } = pauseDays(zoneOf(person, config), now)
  const rhythms = RHYTHMS.map(
    (rhythm) =>
      html`<label><input type="radio" name="rhythm" value="${rhythm}"${rhythm === fields.rhythm ? ' checked' : ''}> ${said[rhythm]}</label>
`,
  )
  return html`<fieldset>
<legend>${said.rhythm}</legend>
${rhythms}<p class="under"><label for="until">${said.until}</label>
<input id="until" name="until" type="date" min="${first}" max="${last}" value="${fields.until}"${mark('until', faults)}></p>
${alert('until', faults, words)}
</fieldset>`
}

function hourFields(fields: Fields, words: Words, { person, offers, config, now }: Shown): Html {
  const said = words.web.preferences
  const locale = localeOf(fields.language, config)
  const { daily, weekly, monthly } = config.newsletter.digests
  const clock = clockIn(locale)
  const day = weekdayIn(locale)
  const siteHours = new Set([daily, weekly, monthly].map((setting) => clock(setting.split(' ').at(-1) ?? '')))
  const asSite = (setting: string, chosen: string) => option('', said.asSite(setting), chosen)
  const hours = offers.hours.map((hour) => option(hour, clock(hour), fields.hour))
  const weekdays = offers.weekdays.map((each, at) => option(each, day(at), fields.weekday))
  const siteDay = day(offers.weekdays.indexOf(weekly.split(' ')[0] ?? ''))
  const next = nextMessage(person, now)
  return html`<fieldset>
<legend>${said.when}</legend>
${
  next &&
  html`<p>${said.next(momentIn(locale, zoneOf(person, config)).format(next))}</p>
`
}<div class="pair">
<p><label for="hour">${said.hour}</label>
<select id="hour" name="hour" aria-describedby="clocks">
${asSite([...siteHours].join(words.pages.comma), fields.hour)}${hours}</select></p>
<p><label for="weekday">${said.weekday}</label>
<select id="weekday" name="weekday">
${asSite(siteDay, fields.weekday)}${weekdays}</select></p>
</div>
<p><label for="timeZone">${said.timeZone}</label>
<select id="timeZone" name="timeZone">
${asSite(config.site.timeZone, fields.timeZone)}${timeZones(offers.timeZones, fields.timeZone)}</select></p>
<p class="hint" id="clocks">${said.clocks}</p>
</fieldset>`
}

/** Regions and places as the world's own list has them, in English. */
function timeZones(zones: string[], chosen: string): Html[] {
  const regions = Map.groupBy(zones, (zone) => (zone.includes('/') ? zone.slice(0, zone.indexOf('/')) : ''))
  return Array.from(regions, ([region, zones]) => {
    const places = zones.map((zone) =>
      option(zone, zone.slice(region === '' ? 0 : region.length + 1).replaceAll('_', ' '), chosen),
    )
    return region === ''
      ? html`${places}`
      : html`<optgroup lang="en" label="${region}">
${places}</optgroup>
`
  })
}

function topicFields(fields: Fields, said: Words['web']['preferences'], offers: Offers): Html {
  const followed = new Set(fields.tags.map(folded))
  // What they follow is shown however rare it is.
  const tags = offers.tags.filter((tag, at) => at < MOST_TAGS || followed.has(folded(tag))).toSorted(byName)
  const isChoice = offers.postLanguages.length > 1 || fields.postLanguages.length > 0
  return html`${tags.length > 0 && ticks('tag', said.tags, tags, fields.tags)}
${isChoice && ticks('postLanguage', said.postLanguages, offers.postLanguages, fields.postLanguages, nameOf)}`
}

/** The empty field says that the list was there, where nothing in it is ticked. */
function ticks(
  name: string,
  legend: string,
  offered: string[],
  chosen: string[],
  nameOf: ((one: string) => string) | null = null,
): Html {
  const ticked = new Set(chosen.map(folded))
  const boxes = offered.map(
    (one) =>
      html`<label${nameOf ? html` lang="${one}"` : ''}><input type="checkbox" name="${name}" value="${one}"${ticked.has(folded(one)) ? ' checked' : ''}> <bdi>${nameOf ? nameOf(one) : one}</bdi></label>
`,
  )
  return html`<fieldset>
<legend>${legend}</legend>
<input type="hidden" name="${name}" value="">
<div class="ticks">
${boxes}</div>
</fieldset>`
}

function option(value: string, text: string, chosen: string, language: string | null = null): Html {
  return html`<option value="${value}"${language === null ? '' : html` lang="${language}"`}${value === chosen ? ' selected' : ''}>${text}</option>
`
}

function mark(field: keyof FieldFaults, faults: FieldFaults): Html | '' {
  return faults[field] ? html` aria-invalid="true" aria-describedby="${field}-fault"` : ''
}

function alert(field: keyof FieldFaults, faults: FieldFaults, { web }: Words): Html | '' {
  const fault = faults[field]
  if (!fault) return ''
  return html`<p role="alert" id="${field}-fault">${web.subscribe.faulty(fault.say(web.faults))}</p>`
}

/** When the next digest of somebody is due; null where it is due already, or they get each post by itself. */
function nextMessage({ rhythm, next_run_at }: Subscriber, now: Date): Date | null {
  if (rhythm === 'instant' || rhythm === 'paused' || next_run_at === null) return null
  const next = new Date(next_run_at)
  return next > now ? next : null
}

/** A language as its own speakers call it. */
function nameOf(language: string): string {
  return new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
}

/** The language that dates are written in: that of the words, in the manner of the site's region where it has one. */
function localeOf(language: string, config: Config): string {
  const frame = frameLanguage(language, config.site.language)
  const words = wordsFor(frame).language
  return new Intl.Locale(frame).language === words ? frame : words
}

function clockIn(locale: string): (hour: string) => string {
  const format = new Intl.DateTimeFormat(locale, { ...CLOCK, timeZone: 'UTC' })
  return (hour) => format.format(new Date(`2026-01-01T${hour}:00Z`))
}

/** By its place in the week: 0 is Monday. */
function weekdayIn(locale: string): (at: number) => string {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' })
  const monday = Date.UTC(2026, 0, 5)
  return (at) => format.format(new Date(monday + at * 24 * 3_600_000))
}

function momentIn(locale: string, timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    ...CLOCK,
    timeZone,
  })
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const

function byName(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}
