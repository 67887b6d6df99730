import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readAtom, readJson, readRss } from './read-back.ts'
import { makeTortureFolder, publishFolder } from './torture.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const LATER = new Date('2026-04-01T12:00:00Z')

function source(title: string, more: string, text: string): Buffer {
  return Buffer.from(`---\ntitle: ${title}\n${more}\n---\n\n${text}\n`)
}

function folderOfThree(): string {
  return makeTortureFolder(
    new Map([
      ['one.md', source('One', 'date: 2026-01-03', 'The first of three texts.')],
      ['two.md', source('Two', 'date: 2026-01-02', 'The second text, about tea.')],
      ['three.md', source('Three', 'date: 2026-01-01', 'And a third, about nothing at all.')],
    ]),
  )
}

type Published = { id: string; updated: string; title: string; html: string }

/** Publishes, and gives back what the feeds agree on: the feed's own `updated`, and the posts, newest first. */
async function publish(folder: string, now: Date): Promise<{ updated: string; posts: Published[] }> {
  const written = await publishFolder(folder, now)
  const read = (file: string) => readFileSync(join(written, file), 'utf8')
  const atom = read('atom.xml')
  const json = readJson(read('feed.json')).entries
  const ids = json.map((entry) => entry.id)
  expect(readAtom(atom).entries.map((entry) => entry.id)).toEqual(ids)
  expect(readRss(read('rss.xml')).entries.map((entry) => entry.id)).toEqual(ids)
  const [updated = '', ...changes] = Array.from(
    atom.matchAll(/<updated>(.*?)<\/updated>/g),
    ([, time]) => time ?? '',
  )
  return {
    updated,
    posts: json.map(({ id, title, html }, at) => ({ id, title, html, updated: changes[at] ?? '' })),
  }
}

test('an id outlives a new title, date, slug, name and domain', async () => {
  const folder = folderOfThree()
  const before = await publish(folder, NOW)

  const posts = join(folder, 'posts')
  writeFileSync(
    join(posts, 'one.md'),
    source('Uno', 'date: 2026-01-09\nslug: primo', 'The first of three texts.'),
  )
  renameSync(join(posts, 'two.md'), join(posts, 'due.md'))
  const config = readFileSync(join(folder, 'config.json'), 'utf8')
  writeFileSync(join(folder, 'config.json'), config.replaceAll('blog.example', 'moved.example'))
  const after = await publish(folder, LATER)

  expect(after.posts.map((post) => post.title)).toEqual(['Uno', 'Two', 'Three'])
  expect(after.posts.map((post) => post.id)).toEqual(before.posts.map((post) => post.id))
})

test('a correction makes its own post newer, and the feed, and nothing else', async () => {
  const folder = folderOfThree()
  const before = await publish(folder, NOW)

  const corrected = source('Two', 'date: 2026-01-02\nupdated: 2026-03-31T10:00:00Z', 'Not about tea.')
  writeFileSync(join(folder, 'posts', 'two.md'), corrected)
  const after = await publish(folder, LATER)

  expect(after.updated).toBe('2026-03-31T10:00:00.000Z')
  const [one, two, three] = before.posts
  expect(after.posts).toEqual([
    one,
    { ...two, updated: '2026-03-31T10:00:00.000Z', html: '<p>Not about tea.</p>' },
    three,
  ])
})

test('a slip that is put right without a word is new text, and no news', async () => {
  const folder = folderOfThree()
  const before = await publish(folder, NOW)

  writeFileSync(
    join(folder, 'posts', 'two.md'),
    source('Two', 'date: 2026-01-02', 'The second text, about Tea.'),
  )
  const after = await publish(folder, LATER)

  expect(after.updated).toBe(before.updated)
  const [one, two, three] = before.posts
  expect(after.posts).toEqual([one, { ...two, html: '<p>The second text, about Tea.</p>' }, three])
})
