import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { openLog } from '../src/log.ts'
import { emptyMemory, publishAndPlan, round } from '../src/round.ts'
import { write } from '../src/store/database.ts'
import { moveIssue, pauseIssue, summariseIssues } from '../src/store/issues.ts'
import { work } from '../src/worker.ts'
import { makeSite, post, type TestSite } from './site.ts'

describe('a blog gets its newsletter', () => {
  test('what is there at the first round is old: it is in the feeds and mailed to nobody', async () => {
    const site = await makeSite()
    site.write('one.md', post('One', '2026-10-01'))
    site.write('two.md', post('Two', '2026-10-02'))
    await site.join('ada@example.org')
    const first = await site.round()
    expect(first.firstRound?.map((each) => each.title)).toEqual(['One', 'Two'])
    expect(readFileSync(join(site.folder, 'public/rss.xml'), 'utf8')).toContain('Two')
    expect(await site.mail()).toEqual([])
    expect((await site.round()).enqueued).toEqual([])
  })

  test('a new post goes once to each reader who wants every post, whatever is run again', async () => {
    const site = await makeSite()
    await site.round()
    for (const name of ['ada', 'grace', 'edsger']) await site.join(`${name}@example.org`)
    await site.join('alan@example.org', 'weekly')
    site.write('news.md', post('News', '2026-11-02'))
    await site.round()
    await site.round()
    await (await site.again()).round()
    expect(await site.mail()).toEqual([
      'ada@example.org: News',
      'edsger@example.org: News',
      'grace@example.org: News',
    ])
    const [issue] = await summariseIssues(site.db, 1)
    expect(issue).toMatchObject({
      number: 1,
      kind: 'single',
      state: 'sent',
      posts: ['news'],
      deliveries: { sent: 3 },
    })
  })

  test('two workers on one database never send a message twice', async () => {
    const site = await makeSite()
    await site.round()
    for (let number = 0; number < 60; number++) await site.join(`reader${number}@example.org`)
    for (const title of ['One', 'Two', 'Three']) site.write(`${title}.md`, post(title, '2026-11-02'))
    const other = await site.again()
    await Promise.all([site.round(), other.round()])
    await site.round()
    const mail = await site.mail()
    expect(mail).toHaveLength(180)
    expect(new Set(mail).size).toBe(180)
    expect(await summariseIssues(site.db, 9)).toHaveLength(3)
  }, 30_000)

  test('a draft, a post of the future and one with `mail: false` are mailed to nobody', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('draft.md', '---\ntitle: Draft\ndate: 2026-11-02\ndraft: true\n---\nx')
    site.write('later.md', post('Later', '2026-11-03T12:00:00Z'))
    site.write('quiet.md', '---\ntitle: Quiet\ndate: 2026-11-02\nmail: false\n---\nx')
    await site.round()
    expect(await site.mail()).toEqual([])
    site.setClock('2026-11-03T12:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: Later'])
    site.write('draft.md', '---\ntitle: Draft\ndate: 2026-11-02\n---\nx')
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: Draft', 'ada@example.org: Later'])
  })

  test('a file still being written waits until it has been unchanged for the settle time', async () => {
    const site = await makeSite({ newsletter: { settle: '10m' } })
    await site.round()
    await site.join('ada@example.org')
    site.write('news.md', post('Nwes', '2026-11-02'))
    site.setClock('2026-11-02T09:05:00Z')
    await site.round()
    site.write('news.md', post('News', '2026-11-02'))
    site.setClock('2026-11-02T09:14:00Z')
    await site.round()
    expect(await site.mail()).toEqual([])
    site.setClock('2026-11-02T09:15:00Z')
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: News'])
  })

  test('somebody who joins gets what is new from then on, and nothing older', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    await site.join('grace@example.org')
    await site.join('alan@example.org', 'weekly')
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    site.setClock('2026-11-09T07:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual([
      'ada@example.org: One',
      'ada@example.org: Two',
      'alan@example.org: A test blog: Two',
      'grace@example.org: Two',
    ])
  })

  test('an archive copied in after the first round is held until the author has looked at it', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('old.md', post('Old', '2019-05-01'))
    const round = await site.round()
    const hold = '"Old" is dated 2742 days ago'
    expect(round.enqueued).toMatchObject([{ number: 1, recipients: 1, hold }])
    expect(await summariseIssues(site.db, 9)).toMatchObject([
      { number: 1, state: 'held', note: hold, posts: ['old'], deliveries: { queued: 1 } },
    ])
    site.setClock('2026-11-03T09:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual([])
    await site.release()
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: Old'])
    expect(await summariseIssues(site.db, 9)).toMatchObject([{ state: 'sent', note: null }])
  })
})

describe('digests', () => {
  test('each rhythm gets one message with what is new to it, at its hour in the site’s zone', async () => {
    const site = await makeSite() // Monday 2 November, 10:00 in Berlin
    await site.round()
    await site.join('daily@example.org', 'daily')
    await site.join('weekly@example.org', 'weekly')
    await site.join('monthly@example.org', 'monthly')
    site.write('one.md', post('One', '2026-11-02'))
    site.setClock('2026-11-03T06:59:00Z')
    await site.round()
    expect(await site.mail()).toEqual([])
    site.setClock('2026-11-03T07:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual(['daily@example.org: A test blog: One'])
    site.write('two.md', post('Two', '2026-11-03'))
    site.setClock('2026-11-09T07:00:00Z')
    await site.round()
    expect(await site.mail()).toContain('weekly@example.org: A test blog: Two and 1 more')
    site.setClock('2026-12-01T07:00:00Z')
    await site.round()
    await site.round()
    expect((await site.mail()).filter((line) => line.startsWith('monthly'))).toHaveLength(1)
    expect(await site.mail()).toHaveLength(4)
  })

  test('no digest goes out when nothing is new', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('alan@example.org', 'daily')
    for (const day of ['03', '04', '05']) {
      site.setClock(`2026-11-${day}T07:00:00Z`)
      expect((await site.round()).enqueued).toEqual([])
    }
  })

  test('a worker that slept past a digest’s hour sends it once when it wakes', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('alan@example.org', 'daily')
    site.write('one.md', post('One', '2026-11-02'))
    site.setClock('2026-11-20T13:00:00Z')
    await site.round()
    await site.round()
    expect(await site.mail()).toEqual(['alan@example.org: A test blog: One'])
  })

  test('two workers at the same hour make one digest', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('alan@example.org', 'weekly')
    site.write('one.md', post('One', '2026-11-02'))
    site.setClock('2026-11-09T07:00:00Z')
    const other = await site.again()
    await Promise.all([site.round(), other.round()])
    await site.round()
    expect(await site.mail()).toEqual(['alan@example.org: A test blog: One'])
  })

  test('people owed different posts at one hour share an issue and each gets their own', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('alan@example.org', 'weekly')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    await site.join('kurt@example.org', 'weekly')
    site.write('two.md', post('Two', '2026-11-03'))
    site.setClock('2026-11-09T07:00:00Z')
    const { enqueued } = await site.round()
    expect(enqueued).toMatchObject([{ number: 1, recipients: 2 }])
    expect(await site.mail()).toEqual([
      'alan@example.org: A test blog: Two and 1 more',
      'kurt@example.org: A test blog: Two',
    ])
  })

  test('whoever changes their rhythm gets each post once and none is lost', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('alan@example.org', 'weekly')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    await site.choose('alan@example.org', { rhythm: 'instant' })
    await site.round()
    site.write('two.md', post('Two', '2026-11-02'))
    await site.round()
    await site.choose('alan@example.org', { rhythm: 'weekly' })
    site.setClock('2026-11-09T07:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual(['alan@example.org: One', 'alan@example.org: Two'])
  })
})

describe('a post that has become unreadable', () => {
  test('stays in the feeds in its last good form, is mailed to nobody, and is mailed once it is mended', async () => {
    const site = await makeSite()
    site.write('old.md', post('Old', '2026-10-01'))
    await site.round()
    await site.join('alan@example.org', 'daily')
    site.write('new.md', post('New', '2026-11-02'))
    await site.round()
    site.write('new.md', '---\ntitle: [broken\n---\n')
    site.write('other.md', post('Other', '2026-11-02'))
    site.setClock('2026-11-03T07:00:00Z')
    const broken = await site.round()
    expect(broken.faults).toMatchObject([{ file: 'posts/new.md' }])
    expect(readFileSync(join(site.folder, 'public/atom.xml'), 'utf8')).toContain(
      '<title type="text">New</title>',
    )
    expect(await site.mail()).toEqual(['alan@example.org: A test blog: Other'])
    site.write('new.md', post('New again', '2026-11-02'))
    site.setClock('2026-11-04T07:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual([
      'alan@example.org: A test blog: New again',
      'alan@example.org: A test blog: Other',
    ])
  })

  test('a posts folder that is gone for a moment empties no feed', async () => {
    const site = await makeSite()
    site.write('old.md', post('Old', '2026-10-01'))
    await site.round()
    const before = readFileSync(join(site.folder, 'public/rss.xml'), 'utf8')
    const { renameSync } = await import('node:fs')
    renameSync(join(site.folder, 'posts'), join(site.folder, 'away'))
    const round = await site.round()
    expect(round.faults).toMatchObject([{ file: 'posts' }])
    expect(readFileSync(join(site.folder, 'public/rss.xml'), 'utf8')).toBe(before)
  })
})

test('an issue that another process resumes goes on at once, not with the next minute', async () => {
  const site = await makeSite()
  await site.round()
  await site.join('ada@example.org')
  for (const title of ['One', 'Two']) site.write(`${title}.md`, post(title, '2026-11-02'))
  await publishAndPlan(site, emptyMemory())
  const author = await site.again()
  await write(author.db, (trx) => pauseIssue(trx, 2, 'by hand'))
  const { told, stop } = await startWorker(site)
  await expect.poll(() => told.join(''), { timeout: 10_000 }).toContain('messages: 1 sent')

  await write(author.db, (trx) => moveIssue(trx, 2, ['paused'], 'sending', null))
  await expect.poll(() => site.mail(), { timeout: 10_000 }).toHaveLength(2)
  await stop()
})

/** A worker, with what it logs; end it with `stop`. */
async function startWorker(site: TestSite): Promise<{ told: string[]; stop(): Promise<void> }> {
  const ended = new AbortController()
  const told: string[] = []
  const log = openLog(new Writable({ write: (line, _, done) => done(void told.push(String(line))) }))
  const { finished } = await work(site, log, ended.signal)
  return {
    told,
    stop() {
      ended.abort()
      return finished
    },
  }
}

describe('a template with a fault', () => {
  async function breakTemplate(): Promise<TestSite> {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('one.md', post('One', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    mkdirSync(join(site.folder, 'templates'))
    writeFileSync(join(site.folder, 'templates', 'issue.mjml'), '{{ nothing }}')
    site.write('two.md', post('Two', '2026-11-02'))
    return site
  }

  test('keeps back what it would have been part of, and nothing that is queued', async () => {
    const site = await breakTemplate()
    const { signal } = new AbortController()
    await expect(round(site, emptyMemory(), signal)).rejects.toThrow('templates/issue.mjml:1')
    expect(await site.mail()).toEqual(['ada@example.org: One'])

    rmSync(join(site.folder, 'templates'), { recursive: true })
    await round(site, emptyMemory(), signal)
    expect(await site.mail()).toEqual(['ada@example.org: One', 'ada@example.org: Two'])
  })

  test('is told by a worker, which sends what is queued', async () => {
    const site = await breakTemplate()
    const { told, stop } = await startWorker(site)
    await expect.poll(() => told.join(''), { timeout: 10_000 }).toContain('messages: 1 sent')
    await stop()
    expect(told.join('')).toContain('templates/issue.mjml:1')
    expect(await site.mail()).toEqual(['ada@example.org: One'])
  })
})

test('every link that leads into the site leads to a page that is there', async () => {
  const site = await makeSite()
  site.write('one.md', post('One', '2026-10-01'))
  await site.round()
  expect(readdirSync(join(site.folder, 'public'))).toEqual(
    expect.arrayContaining(['rss.xml', 'atom.xml', 'feed.json', 'index.html', 'posts']),
  )
  const feed = JSON.parse(readFileSync(join(site.folder, 'public/feed.json'), 'utf8'))
  const path = new URL(feed.items[0].url).pathname
  expect(readFileSync(join(site.folder, 'public', path, 'index.html'), 'utf8')).toContain('About One.')
})
