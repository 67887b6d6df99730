import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { readPosts } from '../../src/posts/folder.ts'
import { identifyPosts } from '../../src/posts/identity.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { makeSite, post, type TestSite } from '../site.ts'

/** Ids by file. */
async function ids(site: TestSite): Promise<Record<string, string>> {
  const { posts } = await lookAtPosts(site, emptyMemory())
  return Object.fromEntries(posts.map(({ file, id }) => [file, id]))
}

/** A site with one reader, to whom `hello.md` was just mailed. */
async function mailedSite(): Promise<TestSite> {
  const site = await makeSite()
  await site.round()
  await site.join('ada@example.org')
  site.write('hello.md', post('Hello', '2026-11-02', 'A first text.'))
  await site.round()
  expect(await site.mail()).toEqual(['ada@example.org: Hello'])
  site.setClock('2026-11-02T10:00:00Z')
  return site
}

const HELLO = 'tag:blog.example,2026-11-02:hello'
const ONCE = ['ada@example.org: Hello']

describe('the id of a post', () => {
  test('is a tag URI of the host, the day that its author wrote, and its slug', async () => {
    const site = await makeSite()
    site.write('2026-11-02-hello.md', '---\ntitle: Hello\n---\nx')
    site.write('été & co.md', post('Summer', '2026-08-01'))
    expect(await ids(site)).toEqual({
      '2026-11-02-hello.md': 'tag:blog.example,2026-11-02:hello',
      'été & co.md': 'tag:blog.example,2026-08-01:%C3%A9t%C3%A9-co',
    })
  })

  test('is the one that its front matter states', async () => {
    const site = await makeSite()
    site.write('hello.md', '---\ntitle: Hello\ndate: 2026-11-02\nid: urn:hello\n---\nx')
    expect(await ids(site)).toEqual({ 'hello.md': 'urn:hello' })
  })

  test('is not made twice for two posts of one date whose slugs were the same at different times', async () => {
    const site = await makeSite()
    site.write('hello.md', post('Hello', '2026-11-02'))
    await ids(site)
    site.write('hello.md', '---\ntitle: Hello\ndate: 2026-11-02\nslug: bonjour\n---\nAbout Hello.')
    await ids(site)
    site.write('other.md', '---\ntitle: Another\ndate: 2026-11-02\nslug: hello\n---\nx')
    expect(await ids(site)).toEqual({ 'hello.md': HELLO, 'other.md': `${HELLO}-2` })
  })

  test('is not made where another post states it in the same round', async () => {
    const site = await makeSite()
    site.write('hello.md', post('Hello', '2026-11-02'))
    site.write('other.md', `---\ntitle: Other\ndate: 2026-11-02\nid: ${HELLO}\n---\nx`)
    expect(await ids(site)).toEqual({ 'hello.md': `${HELLO}-2`, 'other.md': HELLO })
  })
})

describe('a post that was mailed stays the same post and is not mailed again', () => {
  test('when its text, its front matter or the name of its file changes', async () => {
    // One post for each change, since mail takes its time to be laid out; each is about its own name.
    const changes: Record<string, (site: TestSite, file: string, title: string) => void> = {
      'its text': (site, file, title) => site.write(file, post(title, '2026-11-02', 'Better.')),
      'its title': (site, file, title) => site.write(file, post('Good day', '2026-11-02', `About ${title}.`)),
      'its date': (site, file, title) => site.write(file, post(title, '2026-10-31')),
      'its slug': (site, file, title) =>
        site.write(file, `---\ntitle: ${title}\ndate: 2026-11-02\nslug: bonjour\n---\n\nAbout ${title}.\n`),
      'all of these': (site, file) =>
        site.write(file, '---\ntitle: Good night\ndate: 2026-11-01\nslug: bonsoir\n---\nBest.'),
      'the time of its file': (site, file, title) => site.write(file, post(title, '2026-11-02')),
      'its name': (site, file) => site.move(file, '2026-11-02-renamed.md'),
      'its folder': (site, file) => site.move(file, '2026/in-a-folder/index.md'),
      'its folder and text at once': (site, file, title) => {
        site.remove(file)
        site.write(`2026/${file}`, post(title, '2026-11-02', 'Better.'))
      },
      'its name and text at once': (site, file, title) => {
        site.remove(file)
        site.write('good-morning.md', post(title, '2026-11-02', 'Better.'))
      },
      'the date in its name and front matter at once': (site, file, title) => {
        site.remove(file)
        site.write(`2026-11-01-${file}`, post(title, '2026-11-01'))
      },
    }
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    const titles = Object.keys(changes)
    const fileOf = (title: string) => `${title.replaceAll(' ', '-')}.md`
    for (const title of titles) site.write(fileOf(title), post(title, '2026-11-02'))
    await site.round()
    // So many at once are held until the author has looked.
    await site.release()
    await site.round()
    const before = await ids(site)
    const mail = await site.mail()
    expect(mail).toHaveLength(titles.length)
    site.setClock('2026-11-02T10:00:00Z')
    for (const title of titles) changes[title]?.(site, fileOf(title), title)
    await site.round()
    const after = await ids(site)
    expect(Object.keys(after).sort()).not.toEqual(Object.keys(before).sort())
    expect(Object.values(after).sort()).toEqual(Object.values(before).sort())
    expect(await site.mail()).toEqual(mail)
  })

  test('when its author states an id later: the post has that one from then on', async () => {
    const site = await mailedSite()
    site.write('hello.md', '---\ntitle: Hello\ndate: 2026-11-02\nid: urn:hello\n---\nA first text.')
    await site.round()
    expect(await ids(site)).toEqual({ 'hello.md': 'urn:hello' })
    site.setClock('2026-11-02T11:00:00Z')
    site.write('hello.md', '---\ntitle: Hi\ndate: 2026-11-01\nid: urn:hello\n---\nAnother text.')
    site.move('hello.md', 'hi.md')
    await site.round()
    expect(await ids(site)).toEqual({ 'hi.md': 'urn:hello' })
    site.setClock('2026-11-02T12:00:00Z')
    site.write('hi.md', post('Hi', '2026-11-01', 'Without an id again.'))
    await site.round()
    expect(await ids(site)).toEqual({ 'hi.md': 'urn:hello' })
    expect(await site.mail()).toEqual(ONCE)
  })

  test('when its file goes away and comes back, changed or not, under any name', async () => {
    const site = await mailedSite()
    for (const [file, text] of [
      ['hello.md', 'A first text.'],
      ['elsewhere.md', 'A first text.'],
      ['old/elsewhere.md', 'A better text.'],
    ] as const) {
      for (const gone of Object.keys(await ids(site))) site.remove(gone)
      await site.round()
      expect(await ids(site)).toEqual({})
      site.write(file, post('Hello', '2026-11-02', text))
      await site.round()
      expect(await ids(site)).toEqual({ [file]: HELLO })
    }
    expect(await site.mail()).toEqual(ONCE)
  })

  test('when the site moves to another domain', async () => {
    const site = await makeSite()
    site.write('hello.md', post('Hello', '2026-11-02'))
    await ids(site)
    const moved = JSON.parse(JSON.stringify(site.config.site))
    writeFileSync(
      join(site.folder, 'config.json'),
      JSON.stringify({
        site: { ...moved, url: 'https://elsewhere.example' },
        newsletter: { from: site.config.newsletter.from, settle: '0' },
      }),
    )
    const config = loadConfig(site.folder, {})
    site.write('second.md', post('Second', '2026-11-02'))
    const { posts } = await identifyPosts(site.db, await readPosts(config), config, site.now())
    expect(posts.map(({ id, url }) => [id, url])).toEqual([
      [HELLO, 'https://elsewhere.example/posts/hello/'],
      ['tag:elsewhere.example,2026-11-02:second', 'https://elsewhere.example/posts/second/'],
    ])
  })
})

describe('two files', () => {
  test('that are swapped stay the posts they were', async () => {
    const site = await mailedSite()
    site.write('next.md', post('Next', '2026-11-02', 'Quite another text.'))
    await site.round()
    site.move('hello.md', 'aside')
    site.move('next.md', 'hello.md')
    site.move('aside', 'next.md')
    await site.round()
    expect(await ids(site)).toEqual({ 'hello.md': 'tag:blog.example,2026-11-02:next', 'next.md': HELLO })
    expect(await site.mail()).toEqual(['ada@example.org: Hello', 'ada@example.org: Next'])
  })

  test('that swap the ids they state swap what they are', async () => {
    const site = await makeSite()
    const withId = (title: string, id: string) => `---\ntitle: ${title}\ndate: 2026-11-02\nid: ${id}\n---\nx`
    site.write('a.md', withId('A', 'urn:one'))
    site.write('b.md', withId('B', 'urn:two'))
    const before = await lookAtPosts(site, emptyMemory())
    site.write('a.md', withId('A', 'urn:two'))
    site.write('b.md', withId('B', 'urn:one'))
    const after = await lookAtPosts(site, emptyMemory())
    const keys = ({ posts }: typeof before) => Object.fromEntries(posts.map(({ id, key }) => [id, key]))
    expect(keys(after)).toEqual(keys(before))
    expect(await ids(site)).toEqual({ 'a.md': 'urn:two', 'b.md': 'urn:one' })
  })

  test('are two posts where one is a copy, also when the first is changed in the same round', async () => {
    const site = await mailedSite()
    site.write('copy.md', post('Hello', '2026-11-02', 'A first text.'))
    site.write('hello.md', post('Hello', '2026-11-02', 'A better text.'))
    await site.round()
    expect(await ids(site)).toEqual({
      'copy.md': 'tag:blog.example,2026-11-02:copy',
      'hello.md': HELLO,
    })
    expect(await site.mail()).toEqual(['ada@example.org: Hello', 'ada@example.org: Hello'])
  })

  test('are two posts where one was moved away and another is written in its place', async () => {
    const site = await makeSite()
    site.write('hello.md', post('Hello', '2026-11-02'))
    await ids(site)
    site.move('hello.md', 'first.md')
    site.write('hello.md', post('Next', '2026-11-03', 'Quite another text.'))
    expect(await ids(site)).toEqual({
      'first.md': HELLO,
      'hello.md': 'tag:blog.example,2026-11-03:hello',
    })
  })
})

describe('a post that cannot be read', () => {
  const BROKEN = '---\ntitle: [broken\n---\n'

  test('and that turns up under another name is that post, and not an unreadable one', async () => {
    const site = await makeSite()
    site.write('hello.md', post('Hello', '2026-11-02'))
    await ids(site)
    site.move('hello.md', 'moved.md')
    site.write('hello.md', BROKEN)
    expect(await ids(site)).toEqual({ 'moved.md': HELLO })
  })

  test('keeps its id from being taken by one that states it: that is the post', async () => {
    const site = await makeSite()
    site.write('hello.md', '---\ntitle: Hello\ndate: 2026-11-02\nid: urn:hello\n---\nx')
    await ids(site)
    site.write('hello.md', BROKEN)
    site.write('other.md', '---\ntitle: Hello again\ndate: 2026-11-02\nid: urn:hello\n---\ny')
    expect(await ids(site)).toEqual({ 'other.md': 'urn:hello' })
  })

  test('gives way where another post has taken its slug, so that no page is made twice', async () => {
    const site = await makeSite()
    site.write('hello.md', post('Hello', '2026-11-02'))
    await site.round()
    site.setClock('2026-11-02T10:00:00Z')
    site.write('hello.md', BROKEN)
    site.write('other.md', '---\ntitle: Other\ndate: 2026-11-01\nslug: hello\n---\ny')
    const { faults } = await site.round()
    expect(faults).toMatchObject([{ file: 'posts/hello.md' }])
    expect(Object.keys(await ids(site))).toEqual(['other.md'])
  })

  test('is remembered also where the posts folder is the site folder', async () => {
    const site = await makeSite({ posts: { folder: '.' } })
    writeFileSync(join(site.folder, 'hello.md'), post('Hello', '2026-11-02'))
    await ids(site)
    const fault = { file: '.', message: 'this folder cannot be read' }
    const seen = await identifyPosts(site.db, { posts: [], faults: [fault] }, site.config, site.now())
    expect(seen.posts).toMatchObject([{ file: 'hello.md', id: HELLO, lastGood: true }])
  })
})

/** A post as its author knows it, whatever its file is called and says. */
type Known = {
  file: string
  slug: string | null
  title: string
  date: string
  text: string
  id: string | null
}

function written({ slug, title, date, text, id }: Known): string {
  const keys = [`title: ${title}`, `date: ${date}`, slug && `slug: ${slug}`, id && `id: ${id}`]
  return `---\n${keys.filter(Boolean).join('\n')}\n---\n\n${text}\n`
}

const change = fc.record({
  what: fc.constantFrom(
    ...([
      'edit',
      'rename',
      'move',
      'retitle',
      'redate',
      'reslug',
      'state',
      'swap',
      'delete',
      'restore',
      'new',
    ] as const),
  ),
  which: fc.nat(),
  other: fc.nat(),
})

describe('whatever happens to files', () => {
  test('each post has one id for ever, and no two have the same', async () => {
    const site = await makeSite()
    // Nothing here is about power cuts.
    await sql`pragma synchronous = off`.execute(site.db)
    let number = 0
    let worst = 0
    const history = async (rounds: { what: string; which: number; other: number }[][]) => {
      // Each history begins with an empty folder, and with all that the database remembers.
      for (const file of readdirSync(join(site.folder, 'posts')))
        rmSync(join(site.folder, 'posts', file), { recursive: true })
      const there: Known[] = []
      const gone: Known[] = []
      const idOf = new Map<Known, string>()
      const rowOf = new Map<Known, number>()
      const moved = async (change: { what: string; which: number; other: number }, touched: Set<Known>) => {
        const each = there[change.which % Math.max(1, there.length)]
        const other = there[change.other % Math.max(1, there.length)]
        const fresh = `n${++number}`
        // Moved and rewritten twice in one round, a post leaves no trace of what it was.
        const moves = change.what === 'new' || change.what === 'restore' ? [] : [each]
        if (change.what === 'swap') moves.push(other)
        if (moves.some((one) => one && touched.has(one))) return
        for (const one of moves) if (one) touched.add(one)
        if (change.what === 'new') {
          const made = {
            file: `${fresh}.md`,
            slug: null,
            title: `Title ${fresh}`,
            date: '2026-11-02',
            text: fresh,
            id: null,
          }
          there.push(made)
          site.write(made.file, written(made))
        } else if (change.what === 'restore') {
          const back = gone.splice(change.which % Math.max(1, gone.length), 1)[0]
          if (!back) return
          there.push(back)
          touched.add(back)
          site.write(back.file, written(back))
        } else if (!each || !other) {
          return
        } else if (change.what === 'delete') {
          site.remove(each.file)
          gone.push(...there.splice(there.indexOf(each), 1))
        } else if (change.what === 'rename') {
          site.move(each.file, `${fresh}.md`)
          each.file = `${fresh}.md`
        } else if (change.what === 'swap') {
          site.move(each.file, 'aside')
          if (other !== each) site.move(other.file, each.file)
          site.move('aside', other.file)
          ;[each.file, other.file] = [other.file, each.file]
        } else {
          if (change.what === 'move') {
            site.remove(each.file)
            each.file = `${fresh}/${each.file.split('/').pop()}`
            each.text = fresh
          }
          if (change.what === 'edit') each.text = fresh
          if (change.what === 'retitle') each.title = `Title ${fresh}`
          if (change.what === 'redate') each.date = `2026-10-${10 + (number % 20)}`
          if (change.what === 'reslug') each.slug = `slug-${fresh}`
          if (change.what === 'state') each.id ??= `urn:${fresh}`
          site.write(each.file, written(each))
        }
      }
      // Never empty: a folder that lost all of its posts at once is taken for a disk that is not there.
      site.write('stays.md', post('Stays', '2026-09-01'))
      for (const round of rounds) {
        const touched = new Set<Known>()
        for (const change of round) await moved(change, touched)
        const { posts, faults } = await lookAtPosts(site, emptyMemory())
        expect(faults).toEqual([])
        expect(posts).toHaveLength(there.length + 1)
        worst = Math.max(worst, posts.length)
        for (const each of there) {
          const found = posts.find((one) => one.file === each.file)
          expect(found?.title).toBe(each.title)
          expect(found?.key).toBe(rowOf.get(each) ?? found?.key)
          expect(found?.id).toBe(each.id ?? idOf.get(each) ?? found?.id)
          if (!found) continue
          rowOf.set(each, found.key)
          idOf.set(each, found.id)
        }
        expect(new Set(rowOf.values()).size).toBe(rowOf.size)
        expect(new Set(idOf.values()).size).toBe(idOf.size)
      }
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 14 }),
        history,
      ),
      { numRuns: 100 },
    )
    expect(worst).toBeGreaterThan(2)
  }, 60_000)
})
