import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { withMjml } from '../../src/mail/mjml.ts'

// What was laid out once is kept, so each question that has to reach a child is a new one.
let asked = 0
const source = (word = 'hello') =>
  `<mjml><mj-body><mj-section><mj-column><mj-text>${word} ${++asked}</mj-text></mj-column></mj-section></mj-body></mjml>`

// Linux says there which processes a process has started; the tests that look are skipped elsewhere.
const childrenFile = (pid: number) => `/proc/${pid}/task/${pid}/children`
const children = (pid = process.pid) =>
  readFileSync(childrenFile(pid), 'utf8')
    .split(' ')
    .filter((each) => each !== '' && command(Number(each)).includes('mjml-child'))
    .map(Number)
const command = (pid: number) =>
  existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
const onLinux = test.runIf(existsSync(childrenFile(process.pid)))

onLinux('one child answers all questions, and none is left behind', async () => {
  const seen = await withMjml(async (mjml) => {
    expect(children()).toEqual([])
    const answers = await Promise.all([mjml(source()), mjml(source('goodbye'))])
    expect(answers.map((answer) => 'html' in answer && /hello|goodbye/.exec(answer.html)?.[0])).toEqual([
      'hello',
      'goodbye',
    ])
    return children()
  })
  expect(seen).toHaveLength(1)
  expect(children()).toEqual([])
})

onLinux('what was laid out once is known, and starts no child again', async () => {
  const question = source()
  const first = await withMjml((mjml) => mjml(question))
  await withMjml(async (mjml) => {
    expect(await mjml(question)).toEqual({ html: 'html' in first ? first.html : '' })
    expect(children()).toEqual([])
  })
})

onLinux('a child that is still at work when the work fails is ended', async () => {
  const failure = new Error('something else')
  await expect(
    withMjml(async (mjml) => {
      mjml(source()).catch(() => {})
      throw failure
    }),
  ).rejects.toBe(failure)
  expect(children()).toEqual([])
})

onLinux('a child that dies is told, and the next question gets a new one', async () => {
  await withMjml(async (mjml) => {
    const answer = mjml(source())
    const [child] = children()
    if (child === undefined) throw new Error('no child was started')
    process.kill(child, 'SIGKILL')
    await expect(answer).rejects.toThrow(
      'the process that lays out mail with MJML ended without an answer (signal SIGKILL)',
    )
    expect(await mjml(source())).toHaveProperty('html')
  })
})

test('a child that takes too long is a letter to a person', async () => {
  await expect(withMjml((mjml) => mjml(source()), { timeoutMs: 1 })).rejects.toThrow(
    'MJML took longer than 1 ms to lay out a template',
  )
})

onLinux('Ctrl-C is for the parent to hear, and a parent that is killed takes its child along', async () => {
  const script = `import { withMjml } from ${JSON.stringify(resolve('src/mail/mjml.ts'))}
    await withMjml(async (mjml) => {
      await mjml(${JSON.stringify(source())})
      process.stdout.write('asked')
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    })`
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(parent.stdout, 'data')
  const [child = 0] = children(parent.pid)
  process.kill(child, 'SIGINT')
  process.kill(child, 'SIGTERM')
  expect(command(child)).toContain('mjml-child')
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  await expect.poll(() => command(child)).toBe('')
})
