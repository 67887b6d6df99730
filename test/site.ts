/** A real site for tests: a folder that goes away with the test, real SQLite, a real Maildir, and a clock that is set. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import PostalMime, { type Email } from 'postal-mime'
import { onTestFinished } from 'vitest'
import { keyOf } from '../src/address.ts'
import { type Config, loadConfig } from '../src/config.ts'
import { releaseIssue } from '../src/deliveries/enqueue.ts'
import { reckonSlots } from '../src/issues/schedule.ts'
import {
  deliverNow,
  emptyMemory,
  lookAtPosts,
  type Memory,
  publishAndPlan,
  type Round,
} from '../src/round.ts'
import { closeSite, openSite, type Site } from '../src/site.ts'
import { write } from '../src/store/database.ts'
import { summariseIssues } from '../src/store/issues.ts'
import type { SubscriberRhythm } from '../src/store/schema.ts'
import { type Choices, findSubscriber, type Subscriber, updateChoices } from '../src/store/subscribers.ts'
import { addSubscriber } from '../src/subscribers/add.ts'

export type TestSite = Site & {
  folder: string
  /** Sets the clock; what happens next happens then. */
  setClock(time: string): void
  /** Writes a post as if at the clock's time. */
  write(file: string, text: string): void
  remove(file: string): void
  /** Moves a post's file as it is, over what is there. */
  move(from: string, to: string): void
  join(address: string, rhythm?: SubscriberRhythm): Promise<void>
  /** Somebody chooses, as on the page of their preferences. */
  choose(address: string, choices: Partial<Choices>): Promise<void>
  round(): Promise<Omit<Round, 'pinged'>>
  /** Lets go of every issue that is held, as the author does who has looked at them. */
  release(): Promise<void>
  /** All messages in the outbox, parsed by a program that is not ours. */
  messages(): Promise<Email[]>
  /** `ada@example.org: Hello`, sorted. */
  mail(): Promise<string[]>
  /** The same site in another process's hands, with these settings changed. */
  again(changed?: Partial<Config>): Promise<TestSite>
}

const SETTINGS = {
  site: {
    title: 'A test blog',
    url: 'https://blog.example',
    timeZone: 'Europe/Berlin',
    author: { name: 'Ada' },
  },
  newsletter: { from: { name: 'A test blog', email: 'news@blog.example' }, settle: '0' },
  web: { url: 'https://mail.blog.example', listen: '127.0.0.1:0' },
}

/** A site with a configuration and an empty posts folder. `settings` are laid over those above, key by key. */
export async function makeSite(
  settings: Record<string, object> = {},
  clock = '2026-11-02T09:00:00Z',
): Promise<TestSite> {
  return openTestSite(loadConfig(makeFolder(settings), {}), { now: new Date(clock) })
}

/** The folder of such a site, before anything has opened it. */
export function makeFolder(settings: Record<string, object> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-site-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const config: Record<string, unknown> = { ...SETTINGS }
  for (const [key, value] of Object.entries(settings)) {
    config[key] = Array.isArray(value)
      ? value
      : { ...(SETTINGS[key as keyof typeof SETTINGS] ?? {}), ...value }
  }
  mkdirSync(join(folder, 'posts'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  return folder
}

async function openTestSite(config: Config, time: { now: Date }): Promise<TestSite> {
  const site = await openSite(config, () => time.now)
  onTestFinished(() => closeSite(site).catch(() => {}))
  const { folder } = config
  const memory: Memory = emptyMemory()
  const messages = async () => {
    const inbox = join(folder, 'outbox', 'new')
    return Promise.all(filesIn(inbox).map((name) => PostalMime.parse(readFileSync(join(inbox, name)))))
  }
  return {
    ...site,
    folder,
    setClock(text) {
      time.now = new Date(text)
    },
    write(file, text) {
      const path = join(folder, 'posts', file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      utimesSync(path, time.now, time.now)
    },
    remove: (file) => rmSync(join(folder, 'posts', file)),
    move(from, to) {
      const path = join(folder, 'posts', to)
      mkdirSync(dirname(path), { recursive: true })
      renameSync(join(folder, 'posts', from), path)
    },
    async join(address, rhythm = 'instant') {
      await addSubscriber(site.db, { address, rhythm }, { confirmed: true }, config, site.secret, time.now)
    },
    async choose(address, choices) {
      await write(site.db, async (trx) => {
        const person = (await findSubscriber(trx, keyOf(address))) as Subscriber
        await updateChoices(trx, person, { ...person, ...choices }, time.now)
        await reckonSlots(trx, config, time.now)
      })
    },
    // Without the compressed siblings: they take most of a round's time, and hardly a test looks at them.
    async round() {
      const planned = await publishAndPlan(site, memory)
      return { ...planned, delivered: await deliverNow(site, new AbortController().signal) }
    },
    async release() {
      const { posts } = await lookAtPosts(site, emptyMemory())
      for (const { number, state } of await summariseIssues(site.db, 1_000))
        if (state === 'held') await releaseIssue(site, number, posts, time.now)
    },
    messages,
    async mail() {
      const lines = (await messages()).map((message) => `${message.to?.[0]?.address}: ${message.subject}`)
      return lines.sort()
    },
    again: (changed = {}) => openTestSite({ ...config, ...changed }, time),
  }
}

/** A post with a title, a date and a word of text. */
export function post(title: string, date: string, text = `About ${title}.`): string {
  return `---\ntitle: ${JSON.stringify(title)}\ndate: ${date}\n---\n\n${text}\n`
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
