import { rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeFault } from '../../src/errors.ts'
import { readBody } from '../../src/posts/body.ts'
import { readPosts } from '../../src/posts/folder.ts'
import { toHtml } from '../../src/posts/html.ts'
import { type ReadPost, sourceOf } from '../../src/posts/post.ts'
import { readPost } from '../../src/posts/read.ts'
import { makeSite } from './site.ts'

const { config } = await makeSite()
const MODIFIED = new Date('2026-02-01T12:00:00Z')

/** The post of a text, whose front matter gets a title and a date where it has none. */
function post(frontMatter: string, body = 'Text.', file = 'hello.md'): ReadPost {
  const title = /^title:/im.test(frontMatter) ? '' : 'title: Hello\n'
  const date = /^(publish|pub)?date:/im.test(frontMatter) ? '' : 'date: 2026-01-31\n'
  const result = readPost(`---\n${title}${date}${frontMatter}\n---\n${body}`, {
    file,
    modified: MODIFIED,
    config,
  })
  if (Array.isArray(result)) throw new Error(result.map(describeFault).join('\n'))
  return result
}

function faults(source: string, file = 'hello.md'): string[] {
  const result = readPost(source, { file, modified: MODIFIED, config })
  return Array.isArray(result) ? result.map(describeFault) : []
}

describe('a post', () => {
  it('has sensible values for all that it does not state', () => {
    expect(post('')).toMatchObject({
      file: 'hello.md',
      statedId: null,
      slug: 'hello',
      title: 'Hello',
      date: new Date('2026-01-30T23:00:00Z'),
      updated: null,
      language: 'en',
      tags: [],
      authors: [{ name: 'Ada' }],
      summary: 'Text.',
      image: null,
      draft: false,
      feed: true,
      mail: true,
      subject: null,
      extra: {},
      modified: MODIFIED,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('of Jekyll is read', () => {
    const source =
      'layout: post\ntitle:  "Welcome to Jekyll!"\ndate:   2015-11-17 16:16:01 -0600\ncategories: jekyll update\ntags: a b\nlast_modified_at: 2016-01-01\nexcerpt: Short.\nimage:\n  path: /a.png\n  alt: b\npublished: false'
    expect(post(source, 'Text.', '2015-11-17-welcome-to-jekyll.markdown')).toMatchObject({
      slug: 'welcome-to-jekyll',
      title: 'Welcome to Jekyll!',
      date: new Date('2015-11-17T22:16:01Z'),
      updated: new Date('2015-12-31T23:00:00Z'),
      tags: ['a', 'b', 'jekyll', 'update'],
      summary: 'Short.',
      image: '/a.png',
      draft: true,
      extra: { layout: 'post' },
    })
  })

  it('of Hugo is read, with keys in any case', () => {
    expect(
      post(
        'Title: Bundle\nDate: 2026-01-01\npublishDate: 2026-02-01T10:00:00Z\nlastmod: 2026-03-01\nDraft: true\ncover: { image: c.png, alt: d }\nweight: 3',
        'Text.',
        'my-bundle/index.md',
      ),
    ).toMatchObject({
      slug: 'my-bundle',
      title: 'Bundle',
      date: new Date('2026-02-01T10:00:00Z'),
      updated: new Date('2026-02-28T23:00:00Z'),
      draft: true,
      image: 'c.png',
      extra: { weight: 3 },
    })
  })

  it('of Zola is read', () => {
    const source =
      '+++\ntitle = "Hello"\ndate = 2026-01-31T10:00:00+01:00\nupdated = 2026-02-01\nauthors = ["Ada", "Grace"]\n[taxonomies]\ntags = ["a", "b c"]\ncategories = ["d"]\n[extra]\nimage = "e.png"\nmood = "calm"\n+++\nText.'
    expect(readPost(source, { file: '2026-01-31_hello.md', modified: MODIFIED, config })).toMatchObject({
      slug: 'hello',
      date: new Date('2026-01-31T09:00:00Z'),
      updated: new Date('2026-01-31T23:00:00Z'),
      authors: [{ name: 'Ada' }, { name: 'Grace' }],
      tags: ['a', 'b c', 'd'],
      image: 'e.png',
      extra: { mood: 'calm' },
    })
  })

  it('of Eleventy and Astro is read', () => {
    expect(post('tags: cat and dog, fish\npermalink: /x/')).toMatchObject({
      tags: ['cat and dog', 'fish'],
      extra: { permalink: '/x/' },
    })
    expect(
      post(
        "pubDate: 'Jul 08 2022'\nupdatedDate: 'Jul 09 2022'\nheroImage: '../a.jpg'\ndescription: 'Short.'",
      ),
    ).toMatchObject({
      date: new Date('2022-07-07T22:00:00Z'),
      updated: new Date('2022-07-08T22:00:00Z'),
      image: '../a.jpg',
      summary: 'Short.',
    })
  })

  it('may have its authors as text, as a list or as objects', () => {
    expect(post('author: Grace').authors).toEqual([{ name: 'Grace' }])
    expect(post('author: Matt & Claudio, Ada <ada@example.org> and Grace').authors).toEqual([
      { name: 'Matt' },
      { name: 'Claudio' },
      { name: 'Ada', email: 'ada@example.org' },
      { name: 'Grace' },
    ])
    expect(
      post('authors: [Ada and Sons, { name: Grace, url: "https://example.org", email: null }]').authors,
    ).toEqual([{ name: 'Ada and Sons' }, { name: 'Grace', url: 'https://example.org' }])
    expect(post('author: { name: Grace, email: grace@example.org, twitter: grace }').authors).toEqual([
      { name: 'Grace', email: 'grace@example.org' },
    ])
  })

  it('may state its id, language, subject and whether it goes into feeds and mail', () => {
    expect(
      post('id: tag:blog.example,2026:hello\nlang: pt-BR\nsubject: "  A  letter "\nfeed: false\nmail: false'),
    ).toMatchObject({
      statedId: 'tag:blog.example,2026:hello',
      language: 'pt-BR',
      subject: 'A letter',
      feed: false,
      mail: false,
    })
  })

  it('counts a key without a value as not there', () => {
    expect(post('description:\nimage: ""\ncover: { image: "" }\ntags:\nauthor: ~')).toMatchObject({
      summary: 'Text.',
      image: null,
      tags: [],
      authors: [{ name: 'Ada' }],
    })
  })

  it('has its date and slug from the name of its file or folder', () => {
    const source = '# Hello\n\nText.'
    const read = (file: string) => readPost(source, { file, modified: MODIFIED, config })
    expect(read('2013-12-08-a-title.md')).toMatchObject({
      slug: 'a-title',
      date: new Date('2013-12-07T23:00:00Z'),
    })
    expect(read('a/b/2013-12-08-a-title/index.md')).toMatchObject({
      slug: 'a-title',
      date: new Date('2013-12-07T23:00:00Z'),
    })
    expect(post('date: 2026-01-31', 'Text.', '2013-12-08-a-title.md')).toMatchObject({
      slug: 'a-title',
      date: new Date('2026-01-30T23:00:00Z'),
    })
  })

  it('has a slug that is safe in a path and an address', () => {
    expect(post('', '', 'Größe und 日本語.md').slug).toBe('Größe-und-日本語'.normalize('NFC'))
    expect(post('', '', 'u\u0308ber.md').slug).toBe('über')
    expect(post('slug: "What? 50% & more"').slug).toBe('What-50-more')
    expect(post('slug: ..hidden').slug).toBe('hidden')
  })

  it('takes its title from the heading that opens it, and repeats no title in its body', () => {
    expect(
      readPost('---\ndate: 2026-01-31\n---\n# Hello *you*\n\nText.', {
        file: 'a.md',
        modified: MODIFIED,
        config,
      }),
    ).toMatchObject({
      title: 'Hello you',
      summary: 'Text.',
      html: '<p>Text.</p>',
    })
    expect(readBody(post('title: Hello', '# Hello\n\nText.')).children).toMatchObject([{ type: 'paragraph' }])
    expect(readBody(post('title: Hello', '# Other\n\nText.')).children).toMatchObject([
      { type: 'heading' },
      { type: 'paragraph' },
    ])
  })

  it('has a summary that ends where the author says', () => {
    const read = post('', 'One.\n\nTwo.\n\n<!-- more -->\n\nThree.')
    expect(read.summary).toBe('One. Two.')
    expect(readBody(read)).toMatchObject({
      hasRawHtml: false,
      children: [{}, {}, { type: 'paragraph' }],
    })
  })

  it('is the same when it is read again from its own source', () => {
    const source = '\uFEFF---\r\ntitle: Hello\r\ndate: 2026-01-31\r\n---\r\nText \uE000here.'
    const first = readPost(source, { file: 'hello.md', modified: MODIFIED, config })
    expect(first).toMatchObject({ summary: 'Text here.' })
    expect(Array.isArray(first) ? '' : sourceOf(first)).toBe(source)
    expect(readPost(source, { file: 'hello.md', modified: MODIFIED, config })).toEqual(first)
  })

  it('with mistakes has a fault for each, with its line and a cure', () => {
    expect(
      faults(
        '---\ntitle: Hello\ndate: yesterday\nupdated: 2026-02-30\ndraft: "no"\nid: 12\nlang: english please\nslug: a/b\ntags: { a: b }\nimage: { width: 3 }\nauthor: { email: a }\n---\n',
      ),
    ).toEqual([
      'posts/hello.md:3: "date" is "yesterday"; write it as 2026-01-31',
      'posts/hello.md:4: "updated" is "2026-02-30", which does not exist; write it as 2026-01-31',
      'posts/hello.md:5: "draft" is "no"; write true or false',
      'posts/hello.md:6: "id" is 12; write a URI such as "tag:blog.example,2026:hello", or leave it out',
      'posts/hello.md:7: "lang" is "english please"; write a language tag such as "en" or "pt-BR"',
      'posts/hello.md:8: "slug" is "a/b"; it is one part of an address, so write it without "/"',
      'posts/hello.md:9: "tags" is {"a":"b"}; write a word, or a list of words',
      'posts/hello.md:10: "image" is {"width":3}; write the address of a picture, or an object with "url"',
      'posts/hello.md:11: "author" is {"email":"a"}; write a name, an object with "name", or a list of them',
    ])
  })

  it('without a title or a date says how to give it one', () => {
    expect(faults('Text.')).toEqual([
      'posts/hello.md: there is no date; write "date: 2026-01-31" in the front matter, or begin the file name with one',
      'posts/hello.md: there is no title; write "title:" in the front matter, or begin the text with "# Title"',
    ])
    expect(faults('# Hello', '2026-02-30-hello.md')).toEqual([
      'posts/2026-02-30-hello.md: the file name\'s date is "2026-02-30", which does not exist; write it as 2026-01-31',
    ])
    expect(faults('---\ntitle: [a]\ndate: 2026\n---\n')).toEqual([
      'posts/hello.md:2: "title" is ["a"]; write it as text on one line',
      'posts/hello.md:3: "date" is 2026; write it as 2026-01-31',
    ])
  })

  it('whose name gives no slug, or too long a one, needs one', () => {
    const source = '---\ntitle: Hello\ndate: 2026-01-31\n---\n'
    expect(faults(source, '🎉.md')).toEqual([expect.stringContaining('state a "slug"')])
    expect(faults(source, `${'ä'.repeat(110)}.md`)).toEqual([
      expect.stringContaining('longer than 200 bytes'),
    ])
  })

  it('with one key in two spellings is at fault', () => {
    expect(faults('---\ntitle: a\nTitle: b\ndate: 2026-01-31\n---\n')).toEqual([
      'posts/hello.md:3: "Title" and "title" are one key; keep one of them',
    ])
  })

  it('with a NUL byte is at fault, with the line', () => {
    expect(faults('---\ntitle: a\n---\nb\n\0')).toEqual([
      'posts/hello.md:5: there is a NUL byte here; take it out',
    ])
  })

  it('or faults come of any text, never an exception', () => {
    const line = fc.oneof(
      fc.constantFrom(
        ...[
          '---',
          '+++',
          '...',
          '---js',
          'title: a',
          'title = "a"',
          'date: 2026-01-31',
          'date = 2026-01-31',
          '<!-- more -->',
          '# a',
        ],
      ),
      fc
        .tuple(
          fc.constantFrom(
            'title',
            'date',
            'tags',
            'author',
            'image',
            'slug',
            'id',
            '__proto__',
            'extra',
            'taxonomies',
            'draft',
          ),
          fc.oneof(fc.json(), fc.string()),
        )
        .map(([key, value]) => `${key}: ${value}`),
      fc.string({ unit: 'binary' }),
    )
    const source = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'))
    const whole = fc
      .tuple(line, source)
      .map(([key, text]) => `---\ntitle: a\ndate: 2026-01-31\n${key}\n---\n${text}`)
    const bodied = source.map((text) => `---\ntitle: a\ndate: 2026-01-31\n---\n${text}`)
    let posts = 0
    fc.assert(
      fc.property(fc.oneof(source, whole, bodied), (text) => {
        const result = readPost(text, { file: 'hello.md', modified: MODIFIED, config })
        if (Array.isArray(result)) {
          expect(result.length).toBeGreaterThan(0)
          return
        }
        posts++
        expect(result.title).not.toBe('')
        expect(result.slug).toMatch(/^[^/\\.\s][^/\\\s]*$/)
        expect(Number.isFinite(result.date.getTime())).toBe(true)
        expect(JSON.stringify([result.title, result.summary, result.extra, result.tags])).not.toMatch(
          /[\uE000\uE001]/,
        )
        expect(result.html).toBe(toHtml(readBody(result), result.url))
      }),
      { numRuns: 500 },
    )
    expect(posts).toBeGreaterThan(50)
  })
})

describe('the posts folder', () => {
  const plain = (title: string) => `---\ntitle: ${title}\ndate: 2026-01-31\n---\nText.\n`
  const told = async (site: Awaited<ReturnType<typeof makeSite>>) =>
    (await readPosts(site.config)).faults.map(describeFault)

  it('gives drafts and posts of the future too, in the order of their files', async () => {
    const site = await makeSite({
      'b.md': plain('B'),
      'a.md': '---\ntitle: A\ndate: 2999-01-01\ndraft: true\n---\n',
      '2026/c/index.md': plain('C'),
      '2026/2026-01-31-d.markdown': plain('D'),
    })
    const { posts, faults } = await readPosts(site.config)
    expect(faults).toEqual([])
    expect(posts.map((post) => post.file)).toEqual([
      '2026/2026-01-31-d.markdown',
      '2026/c/index.md',
      'a.md',
      'b.md',
    ])
  })

  it('leaves out what is hidden, private, a README or no Markdown', async () => {
    const site = await makeSite({
      '.a.md': '',
      '_index.md': '',
      '_drafts/b.md': '',
      '.git/c.md': '',
      'README.md': '',
      'd.png': '',
      'e.md~': '',
    })
    expect(await readPosts(site.config)).toEqual({ posts: [], faults: [] })
  })

  it('may be called _posts itself', async () => {
    const site = await makeSite()
    await site.write('_posts/2026-01-31-a.md', plain('A'))
    const config = { ...site.config, posts: { ...site.config.posts, folder: join(site.folder, '_posts') } }
    expect((await readPosts(config)).posts).toMatchObject([{ file: '2026-01-31-a.md', slug: 'a' }])
  })

  it('is read again only where a file has changed', async () => {
    const site = await makeSite({ 'a.md': plain('A'), 'b.md': plain('B'), 'c.md': `\uFEFF${plain('C')}` })
    const first = await readPosts(site.config)
    const known = new Map(first.posts.map((post) => [post.file, post]))
    await writeFile(join(site.folder, 'posts/b.md'), plain('Changed'))
    const second = await readPosts(site.config, known)
    expect(second.posts[0]).toBe(first.posts[0])
    expect(second.posts[1]).toMatchObject({ title: 'Changed' })
    expect(second.posts[2]).toBe(first.posts[2])
    // Of the same size, but written at another time.
    await utimes(join(site.folder, 'posts/a.md'), MODIFIED, MODIFIED)
    expect((await readPosts(site.config, known)).posts[0]).toMatchObject({ modified: MODIFIED })
  })

  it('tells all faults of a run together, beside the posts that are right', async () => {
    const site = await makeSite({
      'a.md': 'no title',
      'b.md': plain('B'),
      'c.md': '---\ntitle: [\n---\n',
      'd.md': '---\ntitle: D',
    })
    const { posts, faults } = await readPosts(site.config)
    expect(posts.map((post) => post.file)).toEqual(['b.md'])
    expect(faults.map((fault) => fault.file)).toEqual([
      'posts/a.md',
      'posts/a.md',
      'posts/c.md',
      'posts/d.md',
    ])
  })

  it('has no two posts with one slug', async () => {
    const site = await makeSite({
      'hello.md': plain('A'),
      '2026/x.md': plain('B').replace('date:', 'slug: Hello\ndate:'),
      'c.md': plain('C'),
    })
    const { posts, faults } = await readPosts(site.config)
    expect(posts.map((post) => post.file)).toEqual(['c.md'])
    expect(faults.map(describeFault)).toEqual([
      'posts/2026/x.md:3: "slug" is "Hello", and so it is in posts/hello.md; give each its own "slug"',
      'posts/hello.md: "slug" is "hello", and so it is in posts/2026/x.md; give each its own "slug"',
    ])
  })

  it('has no two posts with one id', async () => {
    const withId = (title: string) => plain(title).replace('date:', 'id: tag:blog.example,2026:x\ndate:')
    const site = await makeSite({ 'a.md': withId('A'), 'b.md': withId('B') })
    expect(await told(site)).toEqual([
      'posts/a.md:3: "id" is "tag:blog.example,2026:x", and so it is in posts/b.md; give each its own "id"',
      'posts/b.md:3: "id" is "tag:blog.example,2026:x", and so it is in posts/a.md; give each its own "id"',
    ])
  })

  it('has no file that is not UTF-8, with the line where it is not', async () => {
    const site = await makeSite()
    await site.write(
      'posts/a.md',
      Buffer.concat([Buffer.from(plain('A')), Buffer.from([0x63, 0x61, 0x66, 0xe9])]),
    )
    expect(await told(site)).toEqual([
      'posts/a.md:6: there are bytes here that are not UTF-8; save the file as UTF-8',
    ])
  })

  it('has no file over 5 MB', async () => {
    const site = await makeSite({ 'a.md': plain('A') + 'x'.repeat(20_000_000) })
    expect(await told(site)).toEqual([
      'posts/a.md: this file has 20.0 MB, and a post may have 5.0; keep pictures and data in files of their own',
    ])
  })

  it('is not left by a symlink', async () => {
    const site = await makeSite({ 'a.md': plain('A'), 'pictures/b.png': '' })
    const outside = await site.write('outside/secret.md', plain('Secret'))
    await symlink(outside, join(site.folder, 'posts/secret.md'))
    await symlink(join(site.folder, 'outside'), join(site.folder, 'posts/folder'))
    await symlink(join(site.folder, 'config.json'), join(site.folder, 'posts/settings.json'))
    await symlink('nowhere.md', join(site.folder, 'posts/broken.md'))
    await symlink('circle.md', join(site.folder, 'posts/circle.md'))
    await symlink('a.md', join(site.folder, 'posts/inside.md'))
    await symlink('..', join(site.folder, 'posts/pictures/up'))
    const { posts, faults } = await readPosts(site.config)
    expect(posts.map((post) => post.file)).toEqual(['a.md'])
    const leads =
      'this symlink leads out of the posts folder and is not followed; copy what it leads to into the folder'
    expect(faults.map(describeFault)).toEqual([
      'posts/broken.md: this symlink leads nowhere; mend it or take it away',
      'posts/circle.md: this file cannot be read (ELOOP); its symlinks lead in a circle',
      `posts/folder: ${leads}`,
      `posts/secret.md: ${leads}`,
    ])
  })

  it('has no pipe or socket in the place of a post', async () => {
    const site = await makeSite()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(site.folder, 'posts/a.md'), resolve))
    const faults = await told(site)
    server.close()
    expect(faults).toEqual([
      'posts/a.md: this is neither a file nor a folder; take it out of the posts folder',
    ])
  })

  it('that is missing, or is a file, is a fault', async () => {
    const site = await makeSite()
    await rename(join(site.folder, 'posts'), join(site.folder, 'blog'))
    expect(await told(site)).toEqual([
      'posts: there is no such folder; make it, or name another one as "posts.folder" in the configuration',
    ])
    await writeFile(join(site.folder, 'posts'), '')
    expect(await told(site)).toEqual([
      'posts: this folder cannot be read (ENOTDIR); a file stands in its place; name another folder as "posts.folder"',
    ])
    await rm(site.folder, { recursive: true })
  })
})
