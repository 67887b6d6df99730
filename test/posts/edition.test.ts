import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { emptyMemory, lookAtPosts, publishAndPlan, round } from '../../src/round.ts'
import { makeSite, post, type TestSite } from '../site.ts'

const LONG = `Tea is made of leaves and hot water, and of nothing else that anybody should speak of. Whoever puts milk
into it does so at their own risk, and sugar is a matter between a person and their dentist. The pot is warmed first.`

function edition(title: string, number: number, text = `About ${title}.`): string {
  return `---\ntitle: ${title}\ndate: 2026-11-02\nedition: ${number}\n---\n\n${text}\n`
}

/** A site with two readers, to whom `tea.md` was mailed. */
async function mailedSite(text = LONG): Promise<TestSite> {
  const site = await makeSite()
  await site.round()
  await site.join('ada@example.org')
  await site.join('grace@example.org')
  site.write('tea.md', post('Tea', '2026-11-02', text))
  await site.round()
  expect(await site.mail()).toEqual(['ada@example.org: Tea', 'grace@example.org: Tea'])
  site.setClock('2026-11-03T09:00:00Z')
  return site
}

const both = (title: string) => [`ada@example.org: ${title}`, `grace@example.org: ${title}`]

describe('an edition', () => {
  test('mails a post again to everybody, once', async () => {
    const site = await mailedSite()
    site.write('tea.md', edition('Tea, corrected', 2))
    for (let turn = 0; turn < 3; turn++) await site.round()
    expect(await site.mail()).toEqual([both('Tea'), both('Tea, corrected')].flat().sort())
    site.setClock('2026-11-04T09:00:00Z')
    site.write('tea.md', edition('Tea, corrected again', 2, 'Without a new edition.'))
    site.write('tea.md', edition('Tea, corrected again', 1, 'Nor with an older one.'))
    await site.round()
    site.write('tea.md', edition('Tea, corrected', 2))
    await site.round()
    expect(await site.mail()).toHaveLength(4)
    site.setClock('2026-11-05T09:00:00Z')
    site.write('tea.md', edition('Tea, the third', 3))
    await site.round()
    expect((await site.mail()).filter((line) => line.endsWith('third'))).toEqual(both('Tea, the third'))
  })

  test('of a post that was old when the site began mails it for the first time', async () => {
    const site = await makeSite()
    site.write('tea.md', post('Tea', '2026-01-02'))
    await site.round()
    await site.join('ada@example.org')
    site.setClock('2026-11-03T09:00:00Z')
    site.write('tea.md', `---\ntitle: Tea\ndate: 2026-01-02\nedition: 2\n---\n\nx\n`)
    await site.round()
    await site.round()
    // On purpose, so neither its age nor anything else holds it.
    expect(await site.mail()).toEqual(['ada@example.org: Tea'])
  })

  test('that a post has from its beginning is one mailing, and none at the site’s first round', async () => {
    const site = await makeSite()
    site.write('first.md', edition('First', 2))
    await site.round()
    await site.join('ada@example.org')
    site.write('second.md', edition('Second', 5))
    await site.round()
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: Second'])
  })

  test('is owed to who reads digests in the next one, and to who joins later not at all', async () => {
    const site = await mailedSite()
    await site.join('kurt@example.org', 'weekly')
    site.write('tea.md', edition('Tea, corrected', 2))
    await site.round()
    await site.join('late@example.org', 'weekly')
    await site.join('later@example.org')
    site.setClock('2026-11-09T09:00:00Z')
    await site.round()
    expect(await site.mail()).toEqual(
      [both('Tea'), both('Tea, corrected'), 'kurt@example.org: A test blog: Tea, corrected'].flat().sort(),
    )
  })

  test('leaves a copy of the one before it alone that is still in the queue', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('tea.md', post('Tea', '2026-11-02'))
    await publishAndPlan(site, emptyMemory())
    site.setClock('2026-11-03T09:00:00Z')
    site.write('tea.md', edition('Tea, corrected', 2))
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: Tea', 'ada@example.org: Tea, corrected'])
  })

  test('is a whole number from 1 on', async () => {
    const site = await makeSite()
    for (const [at, value] of ['0', '-1', '1.5', 'second'].entries())
      site.write(`tea${at}.md`, `---\ntitle: Tea\ndate: 2026-11-02\nedition: ${value}\n---\nx\n`)
    const { faults } = await lookAtPosts(site, emptyMemory())
    expect(faults.map(({ file, line }) => `${file}:${line}`)).toEqual(
      [0, 1, 2, 3].map((at) => `posts/tea${at}.md:4`),
    )
  })
})

describe('a post that comes back in another form', () => {
  test('is the same by near-equal text, under another name, slug, title and date', async () => {
    const site = await mailedSite()
    site.remove('tea.md')
    const mended = LONG.replace('hot', 'boiling').replace('dentist', 'doctor')
    site.write(
      '2026/infusions/index.md',
      `---\ntitle: On leaves\ndate: 2026-11-03\nslug: leaves\n---\n\n${mended}\n`,
    )
    await site.round()
    await site.round()
    expect(await site.mail()).toEqual(both('Tea'))
    const { posts } = await lookAtPosts(site, emptyMemory())
    expect(posts.map(({ id, file }) => [id, file])).toEqual([
      ['tag:blog.example,2026-11-02:tea', '2026/infusions/index.md'],
    ])
  })

  test('is another one where its text is another and the first is there still', async () => {
    const site = await mailedSite()
    site.write(
      'coffee.md',
      post('Coffee', '2026-11-03', 'Beans from far away, roasted and ground, and water again.'),
    )
    await site.round()
    expect(await site.mail()).toEqual([both('Coffee'), both('Tea')].flat().sort())
  })

  test('is a new post where it is a copy without an id, and the first is there still', async () => {
    const site = await mailedSite()
    site.write('tea-two.md', post('Tea', '2026-11-02', LONG))
    const { posts } = await lookAtPosts(site, emptyMemory())
    expect(posts.map(({ id }) => id).sort()).toEqual([
      'tag:blog.example,2026-11-02:tea',
      'tag:blog.example,2026-11-02:tea-two',
    ])
    await site.round()
    expect(await site.mail()).toHaveLength(4)
  })

  test('is a fault where two files state one id, and neither is mailed', async () => {
    const site = await mailedSite()
    const stated = (title: string) => `---\ntitle: ${title}\ndate: 2026-11-03\nid: urn:tea\n---\n\n${title}\n`
    site.write('a.md', stated('A'))
    site.write('b.md', stated('B'))
    const { faults } = await site.round()
    expect(faults).toMatchObject([
      {
        file: 'posts/a.md',
        line: 4,
        message: '"id" is "urn:tea", and so it is in posts/b.md; give each its own "id"',
      },
      { file: 'posts/b.md', line: 4 },
    ])
    expect(await site.mail()).toHaveLength(2)
  })
})

test('a blog whose folders, names, front matter and domain all change at once mails nothing again', async () => {
  const site = await makeSite()
  await site.round()
  await site.join('ada@example.org')
  const titles = ['Cake', 'Coffee', 'Jam', 'Juice', 'Milk', 'Tea']
  for (const [at, title] of titles.entries()) {
    site.setClock(`2026-11-0${at + 2}T09:00:00Z`)
    const text = `${title}: ${LONG.split(' ')
      .map((word, place) => (place % 3 === at % 3 ? `${word}${title}` : word))
      .join(' ')}`
    site.write(`2026-11-0${at + 2}-${title.toLowerCase()}.md`, post(title, `2026-11-0${at + 2}`, text))
    await site.round()
  }
  expect(await site.mail()).toHaveLength(6)
  site.setClock('2026-11-20T09:00:00Z')
  const folder = join(site.folder, 'posts')
  for (const [at, file] of readdirSync(folder).sort().entries()) {
    const text = readFileSync(join(folder, file), 'utf8')
      .replace(/^---[\s\S]*?---/, '')
      .replace('dentist', 'doctor')
    site.remove(file)
    const head = { title: `${titles[at]}, moved`, date: `2026-10-1${at}`, tags: ['moved'] }
    site.write(`${titles[at]}/index.md`, `---\n${JSON.stringify(head)}\n---\n${text}`)
  }
  const settings = JSON.parse(readFileSync(join(site.folder, 'config.json'), 'utf8'))
  settings.site.url = 'https://elsewhere.example'
  writeFileSync(join(site.folder, 'config.json'), JSON.stringify(settings))
  const moved = { ...site, config: loadConfig(site.folder, {}) }
  const done = await round(moved, emptyMemory(), new AbortController().signal)
  expect(done.faults).toEqual([])
  expect(done.enqueued).toEqual([])
  expect(done.posts.map(({ id }) => id).sort()[0]).toBe('tag:blog.example,2026-11-02:cake')
  expect(await site.mail()).toHaveLength(6)
})
