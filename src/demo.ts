/**
 * `npm run demo`: a throwaway site from the sample posts, taken through its first days in a few seconds. It does
 * nothing that an author could not type; each command is shown before it runs.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { main } from './commands/main.ts'
import { packageFolder } from './package.ts'
import { openTerminal, size } from './terminal.ts'

/** Two of the sample posts wait for the second round. */
const LATER = ['titles.md', 'from-file-to-mailbox/index.md']

const READERS = [
  ['ada@example.org', 'Ada', 'instant'],
  ['grace@example.org', 'Grace', 'instant'],
  ['edsger@example.org', 'Edsger', 'instant'],
  ['barbara@example.org', 'Barbara', 'instant'],
  ['alan@example.org', 'Alan', 'weekly'],
] as const

const home = packageFolder()
const site = join(home, 'demo')
const shown = relative(process.cwd(), site) || '.'
const streams = { stdin: process.stdin, stdout: process.stdout, stderr: process.stdout }
const terminal = openTerminal(streams)

await rm(site, { recursive: true, force: true })
await mkdir(site)
await cp(join(home, 'posts'), join(site, 'posts'), { recursive: true })
for (const post of LATER) await rm(join(site, 'posts', post))
// A real site waits until a file has been unchanged for ten minutes before it mails the post.
const example = await readFile(join(home, 'config.example.json'), 'utf8')
await writeFile(join(site, 'config.json'), example.replace('"settle": "10m"', '"settle": "0"'))
await cp(join(home, 'config.schema.json'), join(site, 'config.schema.json'))

say('A blog of five posts becomes a Posthorn site. Five people already read it.')
for (const [address, name, rhythm] of READERS) {
  await posthorn('subscribers', 'add', address, '--name', name, '--rhythm', rhythm, '--confirmed')
}

say('The first round: what is there is old. Feeds and pages are written, nobody is mailed.')
await posthorn('worker', '--once')

say('Two more posts appear. The next round mails them to the four who want every post at once.')
for (const post of LATER) await publishToday(post)
await posthorn('worker', '--once')

await posthorn('issues', 'show', '1')

say('Nothing is new, so the next round does nothing.')
await posthorn('worker', '--once')

say('The weekly digest is due on Monday. The author sends it now, by hand.')
await posthorn('send', '--digest', 'weekly', '--yes')

say('An old post, to one reader.')
await posthorn('send', 'three-feeds', '--to', 'ada@example.org')

say('How things are now.')
await posthorn('status')

const messages = await readdir(join(site, 'outbox', 'new'))
const sizes = await Promise.all(
  messages.map(async (name) => (await readFile(join(site, 'outbox', 'new', name))).length),
)
say(
  `${messages.length} messages, ${size(sizes.reduce((sum, bytes) => sum + bytes, 0))}, are in ${shown}/outbox, a Maildir that any mail program opens.`,
)
terminal.out(`  read one      mutt -f ${shown}/outbox`)
terminal.out(`                or open ${shown}/outbox/new/${messages[0]} as a text file`)
terminal.out(`  see a page    ${shown}/public/index.html`)
terminal.out('  browse it     npm run -s posthorn -- serve --config demo   then http://localhost:8025')
terminal.out('                http://localhost:8025/issues/1 is the first issue, /subscribe is the form')
terminal.out('  look first    npm run -s posthorn -- preview three-feeds --config demo')
terminal.out('  your own      npm run -s posthorn -- init ../my-blog')

function say(text: string): void {
  terminal.out()
  terminal.out(terminal.strong(text))
}

/** Runs a command in the demo site; a demo that fails ends there, with its exit code. */
async function posthorn(...args: string[]): Promise<void> {
  terminal.out(terminal.faint(`$ posthorn ${args.join(' ')}`))
  const signal = new AbortController().signal
  const surroundings = { streams, env: process.env, folder: site, now: () => new Date(), signal }
  const exit = await main(args, surroundings)
  if (exit !== 0) process.exit(exit)
}

/** Puts a sample post into the demo as if it had been written today: a post dated long ago is no news. */
async function publishToday(post: string): Promise<void> {
  const source = await readFile(join(home, 'posts', post), 'utf8')
  const today = new Date().toISOString().slice(0, 10)
  await writeFile(join(site, 'posts', post), source.replace(/^date:.*$/m, `date: ${today}`))
}
