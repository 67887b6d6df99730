import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import PostalMime from 'postal-mime'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const run = promisify(execFile)
const CHECKOUT = join(import.meta.dirname, '..')
const HALF_A_MINUTE = 30_000
const PICTURES = 'A picture: ![the street](street.webp), and ![a door](door.png)'

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'package-'))
  const site = join(folder, 'blog')
  let files: string[] = []

  beforeAll(async () => {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: CHECKOUT })
    // npm 12 answers with an object where 11 answers with a list; what comes before it is talk of the build.
    const answer = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)))
    const [packed] = Object.values(answer) as [{ filename: string; files: { path: string }[] }]
    files = packed.files.map(({ path }) => path)
    // Without the network, and without what npm has kept of it: all it needs is inside. That leaves out sharp, which is
    // optional, as it is left out on a machine that it does not run on.
    const cache = ['--cache', join(folder, 'cache')]
    const install = ['install', '--offline', '--no-audit', '--no-fund', '--prefix', folder, ...cache]
    await run('npm', [...install, join(folder, packed.filename)], { cwd: folder })
  }, 3 * HALF_A_MINUTE)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const posthorn = (args: string[], cwd = folder) =>
    run(process.execPath, [join(folder, 'node_modules', '.bin', 'posthorn'), ...args], { cwd })

  const hosted = () => readdirSync(join(site, 'data', 'media')).filter((file) => file.endsWith('.png'))

  test('holds the program and what it reads, and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'config.example.json',
        'config.schema.json',
        'dist/THIRD-PARTY.txt',
        'dist/altcha-solver.js',
        'dist/cli.js',
        'dist/mjml-child.js',
        'dist/picture-child.js',
        'templates/issue.mjml',
        'templates/page.html',
      ]),
    )
    expect(files.filter((file) => /^(src|test|posts|demo|\.)/.test(file))).toEqual([])
  })

  test('needs no other package', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'posthorn',
    ])
  })

  test('says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'))

    const { stdout } = await posthorn(['--version'])

    expect(stdout.trim()).toBe(version)
  })

  test(
    'makes a site, builds it, mails a post and says how things are',
    async () => {
      await posthorn(['init', 'blog'])
      await posthorn(['build'], site)
      expect(readdirSync(join(site, 'public'))).toEqual(
        expect.arrayContaining(['atom.xml', 'feed.json', 'index.html', 'rss.xml']),
      )

      await posthorn(['subscribers', 'add', 'ada@example.org', '--confirmed'], site)
      const drawing = sharp({ create: { width: 40, height: 30, channels: 3, background: '#c33' } })
      writeFileSync(join(site, 'posts', 'door.png'), await drawing.png().toBuffer())
      writeFileSync(join(site, 'posts', 'street.webp'), await drawing.webp().toBuffer())
      appendFileSync(join(site, 'posts', 'hello.md'), `\n${PICTURES}\n`)
      // MJML runs as a script of its own, which only this finds missing.
      await posthorn(['send', 'hello', '--yes'], site)
      const outbox = join(site, 'outbox', 'new')
      const messages = await Promise.all(
        readdirSync(outbox).map((name) => PostalMime.parse(readFileSync(join(outbox, name)))),
      )
      expect(messages.map(({ subject, to }) => [subject, to?.[0]?.address])).toEqual([
        ['Hello', 'ada@example.org'],
      ])
      expect(messages[0]?.html).toContain('</html>')
      // Without sharp, what every mail program shows is hosted as it is.
      expect(hosted()).toHaveLength(1)

      const status = JSON.parse((await posthorn(['status', '--json'], site)).stdout)
      expect(status).toMatchObject({
        posts: 1,
        faults: [],
        subscribers: { confirmed: 1 },
        issues: [{ number: 1, state: 'sent', deliveries: { sent: 1 } }],
      })
    },
    2 * HALF_A_MINUTE,
  )

  test(
    'serves what a browser proves its work with',
    async () => {
      const file = join(site, 'config.json')
      const config = JSON.parse(readFileSync(file, 'utf8'))
      writeFileSync(file, JSON.stringify({ ...config, web: { listen: '127.0.0.1:0' } }))
      const program = join(folder, 'node_modules', 'posthorn', 'dist', 'cli.js')
      const server = spawn(process.execPath, [program, 'serve'], { cwd: site })
      onTestFinished(() => void server.kill())
      let said = ''
      for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (said += text))
      while (!/listening on \S+:\d+/.test(said))
        await Promise.race([once(server.stdout, 'data'), once(server.stderr, 'data')])
      const [, address] = /listening on ([\d.:]+)/.exec(said) ?? []

      const script = await (await fetch(`http://${address}/subscribe/altcha.js`)).text()
      expect(script).toContain(readFileSync('node_modules/altcha/dist/workers/pbkdf2.js', 'utf8'))
      const challenge = await fetch(`http://${address}/subscribe/challenge`)
      expect(await challenge.json()).toMatchObject({ parameters: { algorithm: 'PBKDF2/SHA-256' } })
      expect(readFileSync(join(program, '..', 'THIRD-PARTY.txt'), 'utf8')).toMatch(/^altcha 3/m)
    },
    HALF_A_MINUTE,
  )

  test(
    'draws pictures with sharp where that is there',
    async () => {
      symlinkSync(join(CHECKOUT, 'node_modules', 'sharp'), join(folder, 'node_modules', 'sharp'))
      writeFileSync(
        join(site, 'posts', 'drawn.md'),
        `---\ntitle: Drawn\ndate: 2026-01-31\n---\n${PICTURES}\n`,
      )

      await posthorn(['plan', 'drawn'], site)

      expect(hosted()).toHaveLength(2)
    },
    HALF_A_MINUTE,
  )
})
