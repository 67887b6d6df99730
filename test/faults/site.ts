/**
 * A real site with one issue in its queue, for tests that break it: made once for a file of tests, the way an author
 * makes it, and copied for each. And the account at the end: what must hold whatever broke.
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { type Delivered, type Delivering, deliverDue } from '../../src/deliveries/deliver.ts'
import { letterWriter } from '../../src/deliveries/letter.ts'
import { smtpTransport, TIMEOUTS, type Timeouts } from '../../src/mail/smtp.ts'
import { makeMessageId } from '../../src/mail/token.ts'
import type { Transport } from '../../src/mail/transport.ts'
import { emptyMemory, type Planned, publishAndPlan } from '../../src/round.ts'
import { closeSite, openSite, type Site } from '../../src/site.ts'
import type { DeliveryState, SubscriberRhythm } from '../../src/store/schema.ts'
import { addSubscriber } from '../../src/subscribers/add.ts'
import { post } from '../site.ts'
import { readClock, setClock } from './clock.ts'
import type { MailServer } from './server.ts'

export const NOON = new Date('2026-11-02T12:00:00Z')
export const PEOPLE = ['ada', 'barbara', 'edsger', 'grace', 'kurt', 'niklaus']

const CLAIM_MS = 60_000

export type Template = { folder: string; remove(): void }

export type FaultySite = Site & {
  folder: string
  /** Sets the clock of every process that works on this folder. */
  setClock(time: Date): void
  pass(seconds: number): void
  write(file: string, text: string): void
  join(address: string, rhythm?: SubscriberRhythm): Promise<void>
  /** A round up to where the mail is queued. */
  plan(): Promise<Planned>
  deliver(transport: Transport, other?: Partial<Delivering>): Promise<Delivered>
  /** The same folder in another process's hands. */
  again(): Promise<FaultySite>
  close(): Promise<void>
}

/** A folder whose readers these people are, and nothing is queued; whoever made it removes it. */
export async function makeReaders(people: readonly string[]): Promise<Template> {
  const folder = makeFolder()
  const site = await openUntilClosed(folder)
  await site.plan()
  for (const name of people) await site.join(`${name}@example.org`)
  await site.close()
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A copy of such a folder with a post in everybody's queue. */
export async function queuePost(readers: Template): Promise<Template> {
  const folder = copy(readers.folder)
  const site = await openUntilClosed(folder)
  site.write('tea.md', post('Tea', '2026-11-02'))
  await site.plan()
  await site.close()
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A folder with a post in the queue of these people; whoever made it removes it. */
export async function makeTemplate(people: readonly string[]): Promise<Template> {
  const readers = await makeReaders(people)
  try {
    return await queuePost(readers)
  } finally {
    readers.remove()
  }
}

/** A folder of a site with nothing in it, at noon. */
export function makeFolder(newsletter: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-faults-'))
  const settings = {
    site: { title: 'The Garden', url: 'https://garden.example', timeZone: 'Europe/Berlin' },
    newsletter: { from: { name: 'The Garden', email: 'news@garden.example' }, settle: '0', ...newsletter },
    web: { url: 'https://news.garden.example' },
  }
  mkdirSync(join(folder, 'posts'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify(settings))
  setClock(folder, NOON)
  return folder
}

/** A copy of a folder that goes away with the test. */
export function copyOf(template: string): string {
  const folder = copy(template)
  removeLater(folder)
  return folder
}

function copy(template: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-faults-'))
  cpSync(template, folder, { recursive: true, preserveTimestamps: true })
  return folder
}

export function databaseOf(folder: string): string {
  return join(folder, 'data/posthorn.db')
}

/** Puts the database of another time into a folder that nobody has open. */
export function restoreDatabase(folder: string, backup: string): void {
  for (const end of ['-wal', '-shm']) rmSync(databaseOf(folder) + end, { force: true })
  copyFileSync(databaseOf(backup), databaseOf(folder))
}

export function removeLater(folder: string): void {
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
}

/** Opens a copy, and closes it with the test. */
export async function openCopy(template: string): Promise<FaultySite> {
  return openForTest(copyOf(template))
}

export async function openForTest(folder: string): Promise<FaultySite> {
  const site = await openUntilClosed(folder)
  onTestFinished(() => site.close())
  return site
}

/** Opens a folder; whoever does so closes it. */
export async function openUntilClosed(folder: string): Promise<FaultySite> {
  const config = loadConfig(folder, {})
  const now = () => readClock(folder)
  const site = await openSite(config, now)
  const memory = emptyMemory()
  let isOpen = true
  return {
    ...site,
    folder,
    setClock: (time) => setClock(folder, time),
    pass: (seconds) => setClock(folder, new Date(now().getTime() + seconds * 1000)),
    write(file, text) {
      const path = join(folder, 'posts', file)
      writeFileSync(path, text)
      utimesSync(path, now(), now())
    },
    async join(address, rhythm = 'instant') {
      await addSubscriber(site.db, { address, rhythm }, { confirmed: true }, config, site.secret, now())
    },
    plan: () => publishAndPlan(site, memory),
    deliver(transport, other = {}) {
      const { db, journal, secret } = site
      const outlets = [{ transport, limits: {}, domainLimits: {} }]
      const writeLetter = letterWriter(db, config, secret)
      const { signal } = new AbortController()
      return deliverDue({ db, journal, secret, outlets, writeLetter, now, signal, ...other })
    },
    again: () => openForTest(folder),
    async close() {
      if (isOpen) await closeSite(site)
      isOpen = false
    },
  }
}

export type Line = {
  connections?: number
  host?: string
  tls?: 'required' | 'never'
  timeouts?: Partial<Timeouts>
}

/** SMTP to a server of this machine; a timeout is passed in by whoever waits for one. */
export async function lineTo(port: number, line: Line = {}): Promise<Transport> {
  const { connections = 1, host = '127.0.0.1', tls = 'never', timeouts = {} } = line
  const transport = await smtpTransport(
    { host, port, tls, auth: null, connections },
    { ...TIMEOUTS, ...timeouts },
  )
  onTestFinished(() => transport.close())
  return transport
}

/** Delivers, and lets the time pass that somebody waits for, until nothing is open any more. */
export async function deliverToTheEnd(site: FaultySite, transport: Transport): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await site.deliver(transport)
    const open = await site.db
      .selectFrom('deliveries')
      .select(['due_at', 'claimed_until'])
      .where('state', 'in', ['queued', 'sending'])
      .execute()
    if (open.length === 0) return
    const brakes = await site.db.selectFrom('brakes').select('until').execute()
    const waits = [
      ...open.flatMap((each) => [each.due_at, each.claimed_until]),
      ...brakes.map(({ until }) => until),
    ]
    const next = waits.flatMap((time) =>
      time !== null && new Date(time) > site.now() ? [new Date(time)] : [],
    )
    site.setClock(new Date(Math.min(site.now().getTime() + CLAIM_MS, ...next.map(Number))))
  }
  throw new Error('fifty turns, and there is still something open')
}

export type Fate = {
  name: string
  state: DeliveryState
  attempts: number
  reply: string | null
  dueAt: Date
  arrived: number
}

/** What became of each person's message, and how many copies of it the server has. */
export async function fates(site: Site, server: MailServer): Promise<Fate[]> {
  const rows = await site.db.selectFrom('deliveries').selectAll().orderBy('id').execute()
  return rows.map((row) => ({
    name: row.address.split('@')[0] as string,
    state: row.state,
    attempts: row.attempts,
    reply: row.reply,
    dueAt: new Date(row.due_at),
    arrived: server.kept.get(messageIdOf(site, row))?.length ?? 0,
  }))
}

/**
 * What must hold at the end, whatever broke: every delivery has ended, no Message-ID arrived twice, what we call sent
 * did arrive, and what arrived we call sent, or say that we do not know.
 *
 * @param resent who was sent a second copy on purpose
 * @returns each person's state by name
 */
export async function account(
  site: Site,
  server: MailServer,
  resent: readonly string[] = [],
): Promise<Record<string, DeliveryState>> {
  const all = await fates(site, server)
  for (const { name, state, arrived } of all) {
    expect({ name, ended: ['sent', 'failed', 'skipped', 'unknown'].includes(state) && state }).toEqual({
      name,
      ended: state,
    })
    expect({ name, arrived, most: arrived <= (resent.includes(name) ? 2 : 1) }).toEqual({
      name,
      arrived,
      most: true,
    })
    if (state === 'sent')
      expect({ name, state, arrived: arrived > 0 }).toEqual({ name, state, arrived: true })
    if (arrived > 0)
      expect({ name, state: ['sent', 'unknown'].includes(state) && state }).toEqual({ name, state })
  }
  const rows = await site.db.selectFrom('deliveries').selectAll().execute()
  const ours = new Set(rows.map((row) => messageIdOf(site, row)))
  expect([...server.kept.keys()].filter((id) => !ours.has(id))).toEqual([])
  return Object.fromEntries(all.map(({ name, state }) => [name, state]))
}

/** Everybody with one state, and those who have another. */
export function all(
  state: DeliveryState,
  but: Record<string, DeliveryState> = {},
): Record<string, DeliveryState> {
  return { ...Object.fromEntries(PEOPLE.map((name) => [name, state])), ...but }
}

function messageIdOf(
  site: Site,
  delivery: { id: number; kind: string; issue: number | null; subscriber: number | null },
): string {
  return makeMessageId(site.secret, delivery, 'garden.example')
}

export async function brakeOn(site: Site, scope: string) {
  return site.db.selectFrom('brakes').selectAll().where('scope', '=', scope).executeTakeFirst()
}

export async function suppressed(site: Site): Promise<string[]> {
  return (await site.db.selectFrom('suppressions').select('key').execute()).map((row) => row.key)
}
