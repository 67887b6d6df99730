import { readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { main } from '../../src/commands/main.ts'
import { makeFolder, post } from '../site.ts'

/** The command as it runs, until it is stopped. */
function start(folder: string, ...args: string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const stopped = new AbortController()
  const said: string[] = []
  let tell = () => {}
  for (const stream of [stdout, stderr])
    stream.on('data', (chunk) => {
      said.push(String(chunk))
      tell()
    })
  const exit = main(['preview', ...args], {
    streams: { stdin, stdout, stderr },
    env: {},
    folder,
    now: () => new Date('2026-11-02T09:00:00Z'),
    signal: stopped.signal,
  })
  onTestFinished(async () => {
    stopped.abort()
    await exit
  })
  const heard = async (words: RegExp): Promise<string> => {
    for (;;) {
      const found = words.exec(said.join(''))?.[0]
      if (found) return found
      await new Promise<void>((resolve) => {
        tell = resolve
      })
    }
  }
  return { exit, heard, stop: () => stopped.abort(), said }
}

const scratches = () => readdirSync(tmpdir()).filter((name) => name.startsWith('posthorn-preview-'))

test('says where it is, shows the post that was named, also one with a fault, and leaves nothing behind', async () => {
  const folder = makeFolder()
  writeFileSync(join(folder, 'posts', 'new.md'), post('New', '2026-11-01'))
  writeFileSync(join(folder, 'posts', 'broken.md'), '---\ntitle: Broken\ndate: soon\n---\n')
  const before = readdirSync(folder)
  const others = scratches()
  const { exit, heard, stop } = start(folder, 'posts/broken.md')
  const address = await heard(/http:\/\/127\.0\.0\.1:\d+\//)
  const page = await (await fetch(address)).text()
  expect(page).toContain('posts/broken.md:3')
  stop()
  expect(await exit).toBe(0)
  await expect(fetch(address)).rejects.toThrow()
  expect(readdirSync(folder)).toEqual(before)
  expect(scratches().filter((name) => !others.includes(name))).toEqual([])
})

test('a post that is not there, and an address that is none, are told', async () => {
  const folder = makeFolder()
  const unknown = start(folder, 'never')
  expect(await unknown.exit).toBe(1)
  expect(unknown.said.join('')).toContain('there is no post "never"')
  for (const listen of ['8080', '127.0.0.1', '127.0.0.1:70000', 'a b:1']) {
    const wrong = start(folder, '--listen', listen)
    expect(await wrong.exit).toBe(2)
    expect(wrong.said.join('')).toContain('write it as 127.0.0.1:8080')
  }
})

test('who opens it to others is told what that means, and a port that is taken is told', async () => {
  const folder = makeFolder()
  const open = start(folder, '--listen', '0.0.0.0:0')
  expect(await open.heard(/it shows drafts to everybody who reaches this machine/)).toBeTruthy()
  const port = /:(\d+)\//.exec(await open.heard(/http:\S+/))?.[1]
  const second = start(folder, '--listen', `0.0.0.0:${port}`)
  expect(await second.exit).toBe(1)
  expect(second.said.join('')).toContain('EADDRINUSE')
})
