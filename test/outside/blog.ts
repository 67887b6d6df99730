/** A blog as its author has it, with the command line beside it and `posthorn serve` before it, for readers' programs. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)
const POSTHORN = join(import.meta.dirname, '..', '..', 'src', 'cli.ts')
/** A reader in a test waits for no human. */
const PATIENCE_MS = 60_000

export type Blog = {
  /** Where its site, feeds and pages say they are, and where they are answered once it is served. */
  url: string
  /** The folder that is served. */
  folder: string
  /** Writes a post, or a file beside one, by its path below the posts folder. */
  write(path: string, bytes: string | Buffer): void
  build(): Promise<void>
  /** Starts `posthorn serve`. What it answers is noted: `200 /rss.xml`. */
  serve(): Promise<void>
  /** What was answered since one asked last. */
  answered(): string[]
}

/** An empty blog. All of it goes away with the test. */
export async function makeBlog(feeds: object = {}): Promise<Blog> {
  const site = mkdtempSync(join(tmpdir(), 'blog-'))
  onTestFinished(() => rmSync(site, { recursive: true, force: true }))
  let port = 0
  let answers: string[] = []
  // Before the server itself, since feeds name the address that they are asked for at, and to see what it answers.
  const front = createServer((asked, reply) => {
    const { url: path, method, headers } = asked
    const behind = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      answers.push(`${answer.statusCode} ${path}`)
      reply.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(reply)
    })
    behind.on('error', (error) => reply.destroy(error))
    asked.pipe(behind)
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  onTestFinished(() => {
    front.closeAllConnections()
    front.close()
  })
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
  const config = {
    site: { title: 'Tea & cake', url, author: { name: 'Ada', email: 'ada@example.org' } },
    feeds,
    newsletter: { from: { name: 'Ada', email: 'news@example.org' } },
    web: { url, listen: '127.0.0.1:0' },
  }
  writeFileSync(join(site, 'config.json'), JSON.stringify(config))

  return {
    url,
    folder: join(site, 'public'),
    write(path, bytes) {
      const file = join(site, 'posts', path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, bytes)
    },
    async build() {
      await run(process.execPath, [POSTHORN, 'build'], { cwd: site })
    },
    async serve() {
      const server = spawn(process.execPath, [POSTHORN, 'serve'], {
        cwd: site,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      onTestFinished(async () => {
        server.kill()
        if (server.exitCode === null) await once(server, 'exit')
      })
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const [line] = await once(createInterface(server.stderr), 'line', { signal })
      port = JSON.parse(String(line)).port
    },
    answered() {
      const found = answers
      answers = []
      return found
    },
  }
}

/** Runs a program to its end, while the blog goes on answering, and gives what it says. */
export async function ask(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await run(program, args, {
    env: { ...process.env, ...env },
    maxBuffer: 64_000_000,
    timeout: PATIENCE_MS,
  })
  return stdout
}
