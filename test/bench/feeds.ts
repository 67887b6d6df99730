/**
 * `npm run bench:feeds`: what Posthorn promises about feeds, measured beside the best of others;
 * `npm run bench:feeds -- serve` for a part of it. Those who are compared take turns in the same run, and the best of
 * each is what counts: a machine has good and bad minutes. Exits 1 where a promise is broken.
 */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { count, size, table } from '../../src/terminal.ts'
import { freePort } from '../port.ts'
import { makePost, writeBlog } from './blog.ts'
import { writeHugoSite } from './hugo.ts'
import { missing, type Program, type Took, timed, watchMemory } from './program.ts'
import type { RoundTook } from './rounds.ts'
import { type Asked, askPacked, askUnchanged, nginxFor, pace, type Server, serve } from './serving.ts'

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url))
const CLI = join(CHECKOUT, 'dist', 'cli.js')
const ENTRIES = 20
/** Of nginx, on one core. */
const PACE = 0.4
const STRETCH = 0.8
const POSTS = 10_000
/** In a post: three make about 3 KB, and twenty such posts a feed of about 25 KB with gzip, as that of a blog is. */
const SECTIONS = 3
const FEED = '/rss.xml'
const CHANGES = 5
const CHANGE_MS = 100
const MEMORY = 300_000_000

const rows: string[][] = []
const broken: string[] = []

function row(what: string, figure: string, promise = '', holds = true): void {
  rows.push([what, figure, promise === '' ? '' : `${promise}: ${holds ? 'yes' : 'NO'}`])
  if (!holds) broken.push(what.trim())
}

const median = (figures: number[]) =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] as number
const whole = (figure: number) => Math.round(figure).toLocaleString('en')

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-feeds-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The configuration of a site in `folder`, in a file beside its posts. */
function writeSite(folder: string, posts: string, port: number, link?: string): string {
  const file = join(folder, 'config.json')
  const settings = {
    site: { title: 'A test blog', url: 'https://blog.example' },
    posts: { folder: posts, ...(link ? { link } : {}) },
    feeds: { entries: ENTRIES },
    newsletter: { from: { name: 'A test blog', email: 'news@blog.example' } },
    web: { url: 'http://localhost:8025', listen: `127.0.0.1:${port}` },
  }
  writeFileSync(file, JSON.stringify(settings))
  return file
}

/** 304s and full answers a second of a feed, against nginx over the same folder. */
async function measureServing(times: number): Promise<void> {
  if (availableParallelism() < 2) throw new Error('a server and who asks it need a core each')
  await inFolder(async (folder) => {
    const [ours, theirs] = [await freePort(), await freePort()]
    writeBlog(join(folder, 'posts'), ENTRIES, SECTIONS)
    const config = writeSite(folder, 'posts', ours)
    execFileSync(process.execPath, [CLI, 'build', '--config', config], { stdio: 'pipe' })
    const root = join(folder, 'public')
    const bytes = readFileSync(join(root, 'rss.xml'))
    row(
      'the feed that is served',
      `${ENTRIES} entries, ${size(bytes.length)}, ${size(gzipSync(bytes).length)} with gzip`,
    )

    const servers: Server[] = []
    try {
      servers.push(await serve('posthorn', [process.execPath, CLI, 'serve', '--config', config], ours))
      servers.push(await serve('nginx', nginxFor(root, theirs, join(folder, 'nginx')), theirs))
      await comparePace('304s a second', servers, (server) => askUnchanged(server, FEED), times)
      await comparePace('gzip 200s a second', servers, (server) => askPacked(server, FEED, bytes), times)
    } finally {
      for (const server of servers) await server.stop()
    }
  })
}

/** Ours is the first of the two servers. */
async function comparePace(
  what: string,
  servers: Server[],
  askOf: (server: Server) => Promise<Asked>,
  times: number,
): Promise<void> {
  const paces: number[][] = servers.map(() => [])
  try {
    const asked = await Promise.all(servers.map(askOf))
    for (let turn = 0; turn < times; turn++)
      for (const [place, each] of asked.entries()) paces[place]?.push(await pace(each))
  } catch (error) {
    // What is not answered rightly has no pace; the other kind of answer still may.
    row(what, (error as Error).message, 'can be measured', false)
    return
  }
  const best = paces.map((all) => Math.max(...all))
  for (const [place, { name }] of servers.entries())
    row(
      `${what}, ${name}`,
      `${whole(best[place] as number)} (best of ${times}; median ${whole(median(paces[place] as number[]))})`,
    )
  const [ours, theirs] = best as [number, number]
  const ratio = ours / theirs
  row(
    `  ${what}, ours to nginx`,
    `${ratio.toFixed(2)} (stretch ${STRETCH}: ${ratio >= STRETCH ? 'reached' : 'not reached'})`,
    `at least ${PACE}`,
    ratio >= PACE,
  )
}

/** 10,000 posts: cold, a second time, and one of them changed; against Hugo over the same files. */
async function measurePosts(times: number): Promise<void> {
  await inFolder(async (folder) => {
    const content = join(folder, 'content')
    const posts = join(content, 'posts')
    writeBlog(posts, POSTS, SECTIONS)
    const { files, bytes } = written(posts)
    mustBeAll(files, `posts in ${posts}`)
    row('the posts', `${whole(files)}, ${size(bytes / files)} each`)

    const site = join(folder, 'posthorn')
    mkdirSync(site)
    const config = writeSite(site, posts, 0)
    const hugoSite = join(folder, 'hugo')
    writeHugoSite(hugoSite, content, ENTRIES)
    const report = join(folder, 'took')
    const feedsAlone = join(folder, 'feeds-alone')
    mkdirSync(feedsAlone)
    const elsewhere = writeSite(feedsAlone, posts, 0, 'https://elsewhere.example/{slug}/')
    const tools: Tool[] = [
      {
        name: 'posthorn, feeds and pages',
        build: () => untilLive([process.execPath, CLI, 'build', '--json', '--config', config], report),
        made: ['data', 'public'].map((name) => join(site, name)),
        pages: join(site, 'public', 'posts'),
      },
      {
        name: 'posthorn, feeds and archives alone',
        build: () => untilLive([process.execPath, CLI, 'build', '--json', '--config', elsewhere], report),
        made: ['data', 'public'].map((name) => join(feedsAlone, name)),
        pages: null,
      },
      {
        name: 'hugo',
        build: async () => ({
          ...(await timed(['hugo', '--quiet', '--source', hugoSite], report)),
          compressing: 0,
        }),
        made: ['public', 'cache', 'resources'].map((name) => join(hugoSite, name)),
        pages: join(hugoSite, 'public', 'posts'),
      },
    ]
    await compareBuilds(tools, times)
    for (const [name, public_] of [
      ['posthorn', join(site, 'public')],
      ['hugo', join(hugoSite, 'public')],
    ] as const)
      row(`written by ${name}`, describeWritten(public_))
    await compareChanges(site, posts, tools[2] as Tool)
  })
}

/** `made` is what is removed to have it cold again, `pages` the folder with the page of each post. */
type Tool = { name: string; build: () => Promise<Built>; made: string[]; pages: string | null }

/** `seconds` until everything is there, and how many more its compressed siblings take, which Hugo does not make. */
type Built = Took & { compressing: number }

async function untilLive(command: string[], report: string): Promise<Built> {
  const took = await timed(command, report)
  const compressing = JSON.parse(took.out).took.compressed / 1_000
  return { ...took, seconds: took.seconds - compressing, compressing }
}

/** Fewer posts are sooner done: what was measured has to be all of them. */
function mustBeAll(found: number, what: string): void {
  if (found !== POSTS) throw new Error(`there are ${found} ${what}, and ${POSTS} are to be measured`)
}

/** Hugo is the last of them. */
async function compareBuilds(tools: Tool[], times: number): Promise<void> {
  const cold: Built[][] = tools.map(() => [])
  const warm: Built[][] = tools.map(() => [])
  for (let turn = 0; turn < times; turn++)
    for (const [place, { name, build, made, pages }] of tools.entries()) {
      for (const path of made) rmSync(path, { recursive: true, force: true })
      cold[place]?.push(await build())
      if (pages) mustBeAll(written(pages, isPage).files, `pages of posts that ${name} wrote`)
      warm[place]?.push(await build())
      if (pages) mustBeAll(written(pages, isPage).files, `pages of posts that ${name} left`)
    }
  for (const [what, all] of [
    ['cold', cold],
    ['a second time', warm],
  ] as const) {
    const best = all.map(bestOf)
    for (const [place, { name }] of tools.entries())
      row(`${what}, ${name}`, describeTook(best[place] as Built))
    const theirs = best.at(-1) as Built
    for (const [place, { name }] of tools.slice(0, -1).entries()) {
      const ours = best[place] as Built
      const ratio = ours.seconds / theirs.seconds
      const figure = `${ratio.toFixed(2)} of its seconds`
      if (what === 'cold') row(`  ${name}, to hugo`, figure, 'faster', ratio < 1)
      else row(`  ${name}, to hugo`, figure)
      row(`  memory, ${what}`, size(ours.memory), `under ${size(MEMORY)}`, ours.memory < MEMORY)
    }
  }
}

const isPage = (name: string) => name === 'index.html'

/** Seconds and CPU at their least, since neighbours only add to them; memory at its most, since a peak is one. */
function bestOf(all: Built[]): Built {
  return {
    out: '',
    compressing: Math.min(...all.map(({ compressing }) => compressing)),
    seconds: Math.min(...all.map(({ seconds }) => seconds)),
    cpu: Math.min(...all.map(({ cpu }) => cpu)),
    memory: Math.max(...all.map(({ memory }) => memory)),
  }
}

const describeTook = ({ seconds, cpu, memory, compressing }: Built) =>
  `${seconds.toFixed(2)} s${compressing > 0 ? ` and ${compressing.toFixed(2)} s for .gz and .br` : ''}, ${cpu.toFixed(2)} s of CPU in all, ${size(memory)} of memory`

/** A round of a process that runs, with nothing to do and with one post changed; a change is a whole build to Hugo. */
async function compareChanges(site: string, posts: string, hugo: Tool): Promise<void> {
  const worker = openWorker(site)
  const memory = watchMemory(worker.pid)
  try {
    row('a process that starts on it, its first round', `${whole((await worker.round()).ms)} ms`)
    // Half of all are younger than the first of them; the other stands at the top of every feed.
    const changed = {
      'an old post': makePost(POSTS / 2, SECTIONS),
      'the newest post': makePost(POSTS - 1, SECTIONS),
    }
    const none: number[] = []
    const one = Object.entries(changed).map(([what, post]) => ({ what, post, took: [] as RoundTook[] }))
    const builds: Built[] = []
    for (let turn = 1; turn <= CHANGES; turn++) {
      const idle = await worker.round()
      if (idle.written > 0) throw new Error(`nothing was changed, and ${idle.written} files were written`)
      none.push(idle.ms)
      for (const { post, took } of one) {
        const mark = `This is change number ${turn}.`
        writeFileSync(join(posts, `${post.slug}.md`), `${post.source}\n${mark}\n`)
        took.push(await worker.round())
        if (!readFileSync(join(site, 'public', 'posts', post.slug, 'index.html'), 'utf8').includes(mark))
          throw new Error(`a round after ${post.slug}.md was changed left its page as it was`)
      }
      if (turn <= 2) builds.push(await hugo.build())
    }
    row('a round, nothing changed', describeMs(none))
    for (const { what, took } of one) {
      const ms = took.map((each) => each.ms)
      const files = count((took[0] as RoundTook).written, 'file')
      row(
        `a round, ${what} changed`,
        `${describeMs(ms)}, ${files} written`,
        `under ${CHANGE_MS} ms`,
        Math.min(...ms) < CHANGE_MS,
      )
    }
    row('  hugo, one post changed', describeTook(bestOf(builds)))
    const most = Math.max(await memory.end(), (await worker.round()).maxRss)
    row('memory of the process that runs', size(most), `under ${size(MEMORY)}`, most < MEMORY)
  } finally {
    await memory.end()
    worker.end()
  }
}

/** A process that does a round of the site whenever it is asked to. */
function openWorker(site: string): { pid: number; round(): Promise<RoundTook>; end(): void } {
  const child = fork(new URL('rounds.ts', import.meta.url), [site])
  const gone = once(child, 'exit').then(() =>
    Promise.reject(new Error('the process that does rounds is gone')),
  )
  // Told to whoever waits for a round; at the end nobody does.
  gone.catch(() => {})
  return {
    pid: child.pid as number,
    async round() {
      const answer = once(child, 'message')
      child.send('round')
      const [took] = (await Promise.race([answer, gone])) as [RoundTook]
      if (took.faults > 0) throw new Error(`the posts have ${took.faults} faults`)
      mustBeAll(took.posts, 'posts in a round')
      return took
    },
    end: () => void (child.connected && child.disconnect()),
  }
}

const describeMs = (all: number[]) =>
  `${Math.min(...all).toFixed(0)} ms (best of ${all.length}; median ${median(all).toFixed(0)} ms)`

/** How many files lie in a folder and below it, and how many bytes are in them. */
function written(
  folder: string,
  isMeant: (name: string) => boolean = () => true,
): { files: number; bytes: number } {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isMeant(entry.name))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size)
  return { files: found.length, bytes: found.reduce((sum, bytes) => sum + bytes, 0) }
}

function describeWritten(folder: string): string {
  const packed = /\.(gz|br)$/
  const feed = /\.(xml|json)$/
  const describe = ({ files, bytes }: { files: number; bytes: number }) =>
    `${count(files, 'file')} of ${size(bytes)}`
  const parts: [string, (name: string) => boolean][] = [
    ['pages', (name) => !packed.test(name) && !feed.test(name)],
    ['feeds and sitemaps', (name) => feed.test(name)],
    ['.gz and .br', (name) => packed.test(name)],
  ]
  return parts
    .map(([what, isMeant]) => ({ what, found: written(folder, isMeant) }))
    .filter(({ found }) => found.files > 0)
    .map(({ what, found }) => `${what}: ${describe(found)}`)
    .join('; ')
}

const parts: Record<string, { needs: Program[]; measure: () => Promise<void> }> = {
  serve: { needs: ['nginx', 'wrk', 'taskset'], measure: () => measureServing(8) },
  posts: { needs: ['hugo', 'time'], measure: () => measurePosts(3) },
}
const asked = process.argv.slice(2)
const unknown = asked.filter((part) => !(part in parts))
const wanted = Object.entries(parts).filter(([part]) => asked.length === 0 || asked.includes(part))
const lacks = [
  ...unknown.map((part) => `there is no part "${part}"; there are ${Object.keys(parts).join(' and ')}`),
  ...missing(wanted.flatMap(([, { needs }]) => needs)),
]
if (lacks.length > 0) {
  for (const line of lacks) console.error(line)
  process.exit(1)
}

execFileSync('npm', ['run', '-s', 'build'], { cwd: CHECKOUT, stdio: ['ignore', 'ignore', 'inherit'] })
console.log(`Node ${process.version}, ${availableParallelism()} CPUs`)
for (const [, { measure }] of wanted) {
  await measure()
  for (const line of table(rows.splice(0))) console.log(line)
}
for (const what of broken) console.log(`BROKEN: ${what}`)
process.exitCode = broken.length > 0 ? 1 : 0
