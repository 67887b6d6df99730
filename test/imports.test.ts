import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { brokenRules } from './street.ts'

const SRC = join(import.meta.dirname, '..', 'src')

describe('the rule of imports', () => {
  it('holds for every file of Posthorn', () => {
    const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
      .map((file): [string, string] => [file.replaceAll('\\', '/'), readFileSync(join(SRC, file), 'utf8')])

    expect(files.length).toBeGreaterThan(50)
    expect(brokenRules(new Map(files))).toEqual([])
  })

  it.each([
    [
      'a feed that needs mail',
      { 'feeds/write.ts': `import { render } from '../mail/render.ts'` },
      'feeds/write.ts imports ../mail/render.ts: mail comes after feeds on the street, and a stage imports earlier stages only',
    ],
    [
      'a type of a later stage',
      { 'posts/post.ts': `let plan: import('../issues/plan.ts').Plan` },
      'posts/post.ts imports ../issues/plan.ts: issues comes after posts on the street, and a stage imports earlier stages only',
    ],
    [
      'a table that knows posts',
      { 'store/posts.ts': `import type { Post } from '../posts/post.ts'` },
      'store/posts.ts imports ../posts/post.ts: store is floor, posts is a stage, and the floor imports no stage',
    ],
    [
      'a stage that talks to the terminal',
      { 'mail/render.ts': `const { openTerminal } = await import('../terminal.ts')` },
      'mail/render.ts imports ../terminal.ts: terminal is an edge, and nobody imports an edge, save cli, commands and demo (and worker starts web)',
    ],
    [
      'formats that share',
      { 'feeds/rss.ts': `export { date } from './atom.ts'` },
      'feeds/rss.ts imports ./atom.ts: formats are siblings that do not know each other',
    ],
    [
      'SQL in a stage',
      { 'issues/plan.ts': `import { sql } from 'kysely'` },
      'issues/plan.ts imports kysely: SQL lives in store',
    ],
    [
      'a query in a stage',
      { 'issues/plan.ts': `db.selectFrom('posts')` },
      'issues/plan.ts calls selectFrom: SQL lives in store',
    ],
    [
      'HTTP in a command',
      { 'commands/status.ts': `import { get } from 'node:http'` },
      'commands/status.ts imports node:http: HTTP lives in web and preview',
    ],
    [
      'files in a circle',
      {
        'mail/a.ts': `import { b } from './b.ts'`,
        'mail/b.ts': `import type { A } from './a.ts'`,
      },
      'mail/a.ts imports mail/b.ts imports mail/a.ts: files import each other in no circle',
    ],
    [
      'a drawer',
      { 'utils/strings.ts': '' },
      'utils/strings.ts has no place on the street; put it into a folder that has, or name it in test/street.ts',
    ],
  ])('tells %s in a sentence', (_, files, sentence) => {
    expect(brokenRules(new Map(Object.entries(files)))).toEqual([sentence])
  })

  it('leaves types of other packages, and what a command loads when it runs, alone', () => {
    const sources = new Map([
      ['deliveries/letter.ts', `import type { Kysely } from 'kysely'; import { type Context } from 'hono'`],
      ['commands/main.ts', `const { build } = await import('./build.ts')`],
      ['commands/build.ts', `import { EXIT } from './main.ts'`],
    ])

    expect(brokenRules(sources)).toEqual([])
  })
})
