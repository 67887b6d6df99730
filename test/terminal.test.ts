import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { WriteStream } from 'node:tty'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FaultsError, UserError } from '../src/errors.ts'
import { count, moment, openTerminal, size, table, tellFailure } from '../src/terminal.ts'

/** A terminal, watched or not, at which somebody types; `seen` ends it and gives what came on stderr. */
function sit(typed: string, isTTY = true) {
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 })
  stdin.end(typed)
  const terminal = openTerminal({ stdin, stdout: Object.assign(new PassThrough(), { isTTY }), stderr })
  return { terminal, seen: () => text(stderr.end()) }
}

describe('a question', () => {
  test.each([
    ['y\n', true],
    ['yes\n', true],
    [' YES \n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    // Ctrl-C, Ctrl-D, and a terminal that went away.
    ['y\u0003', false],
    ['\u0004', false],
    ['', false],
  ])('that is answered with %j is answered with %j', async (typed, answer) => {
    expect(await sit(typed).terminal.confirm('Send this?')).toBe(answer)
  })

  test('is not asked where nobody can answer', async () => {
    const { terminal, seen } = sit('y\n', false)
    expect(await terminal.confirm('Send this?')).toBe(false)
    expect(await seen()).toBe('')
  })
})

test('what others have written is shown, and never obeyed', async () => {
  const { terminal, seen } = sit('')
  terminal.say('columns: \u001b[2J\u001b]0;title\u0007, \u009b31m\r, \tä\n\u001b[1mbold\u001b[22m')
  expect(await seen()).toBe(
    'columns: \\u001b[2J\\u001b]0;title\\u0007, \\u009b31m\\u000d, \tä\n\u001b[1mbold\u001b[22m\n',
  )
})

describe('stress', () => {
  test.each([
    ['a terminal', {}, true, true],
    ['a terminal of somebody who wants no colours', { NO_COLOR: '1' }, true, false],
    ['a pipe', {}, false, false],
  ])('colours what it stresses on %s', (_, env, isTTY, coloured) => {
    vi.stubEnv('NO_COLOR', undefined)
    vi.stubEnv('FORCE_COLOR', undefined)
    // Node gives machines that build no colours.
    vi.stubEnv('CI', undefined)
    vi.stubEnv('TERM', 'xterm-256color')
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const stdout = Object.assign(new PassThrough(), {
      isTTY,
      getColorDepth: WriteStream.prototype.getColorDepth,
    })
    const terminal = openTerminal({ stdin: new PassThrough(), stdout, stderr: new PassThrough() })
    expect(terminal.strong('loud') !== 'loud').toBe(coloured)
    expect(terminal.faint('low') !== 'low').toBe(coloured)
  })
})

describe('progress', () => {
  test('is a bar on a terminal that leaves nothing behind', async () => {
    const { terminal, seen } = sit('')
    const progress = terminal.progress('issue #1', 4)
    progress.to(1)
    progress.to(9)
    progress.end()
    const said = (await seen()).split('\r\u001b[K')
    expect(said).toEqual([
      '',
      'issue #1 ██████░░░░░░░░░░░░░░░░░░ 1/4',
      'issue #1 ████████████████████████ 9/4',
      '',
    ])
  })

  test('of what has no known end is no bar, and is told in other words', async () => {
    const { terminal, seen } = sit('')
    const progress = terminal.progress('people', null, (done) => `${done} rows`)
    progress.to(1_000)
    progress.end()
    expect((await seen()).split('\r\u001b[K')).toEqual(['', 'people 1000 rows', ''])
  })

  test('says nothing elsewhere before there is something to say', async () => {
    const { terminal, seen } = sit('', false)
    const progress = terminal.progress('issue #1', 4)
    progress.to(1)
    progress.end()
    expect(await seen()).toBe('')
  })
})

describe('a failure', () => {
  const told = async (error: unknown) => {
    const { terminal, seen } = sit('', false)
    return { code: tellFailure(terminal, error), said: await seen() }
  }

  test('of the user or the world is a letter, and 1', async () => {
    expect(await told(new UserError('there is no post "x"', { hint: 'look again' }))).toEqual({
      code: 1,
      said: 'posthorn: there is no post "x"\ntry: look again\n',
    })
    const faults = [
      { file: 'posts/a.md', line: 2, message: 'a' },
      { file: 'posts/b.md', message: 'b' },
    ]
    expect(await told(new FaultsError(faults))).toEqual({
      code: 1,
      said: 'posts/a.md:2: a\nposts/b.md: b\nposthorn: 2 faults, nothing was changed\n',
    })
  })

  test('of ours says so, with what a report of it needs', async () => {
    const { code, said } = await told(new TypeError('x is undefined'))
    expect(code).toBe(70)
    expect(said).toMatch(/^posthorn: this is a bug in Posthorn: TypeError: x is undefined\n +at /)
  })

  test('is none where the reader of a pipe has gone', async () => {
    expect(await told(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))).toEqual({
      code: 0,
      said: '',
    })
  })
})

test('numbers, sizes and moments are written for people', () => {
  expect([0, 1, 2, 1_234_567].map((number) => count(number, 'message'))).toEqual([
    '0 messages',
    '1 message',
    '2 messages',
    '1,234,567 messages',
  ])
  expect(count(2, 'person', 'people')).toBe('2 people')
  expect([0, 999, 1_000, 999_949, 1_250_000].map(size)).toEqual([
    '0 B',
    '999 B',
    '1.0 KB',
    '999.9 KB',
    '1.3 MB',
  ])
  expect(moment(new Date('2026-11-22T23:30:00Z'), 'Europe/Berlin')).toBe('Mon 23 Nov 2026, 00:30')
})

test('columns stand below each other, numbers to the right, whatever is coloured in them', () => {
  expect(
    table(
      [
        ['rss.xml', '1 KB', 'x'],
        ['\u001b[1mfeed.json\u001b[22m', '12 KB', ''],
      ],
      [1],
    ),
  ).toEqual(['rss.xml     1 KB  x', '\u001b[1mfeed.json\u001b[22m  12 KB'])
})
