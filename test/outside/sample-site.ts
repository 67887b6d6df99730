/** The sample posts as a site that the command line builds and mails, for programs that are not ours to judge. */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import PostalMime from 'postal-mime'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)
const CHECKOUT = join(import.meta.dirname, '..', '..')

/**
 * The folder of a site whose `public/` is built. It goes away with the test.
 *
 * @param more posts beside the samples, by the names of their files
 */
export async function buildSampleSite(more: Record<string, string> = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sample-site-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(CHECKOUT, 'posts'), join(folder, 'posts'), { recursive: true })
  const example = readFileSync(join(CHECKOUT, 'config.example.json'), 'utf8')
  writeFileSync(join(folder, 'config.json'), example.replace('"settle": "10m"', '"settle": "0"'))
  for (const [name, text] of Object.entries(more)) writeFileSync(join(folder, 'posts', name), text)
  await posthorn(folder, 'build')
  return folder
}

/** Mails every post singly, two new ones in a digest, and asks somebody to confirm. Answers with HTML by subject. */
export async function mailSampleSite(folder: string): Promise<Map<string, string>> {
  await posthorn(folder, 'subscribers', 'add', 'ada@example.org', '--confirmed')
  await posthorn(folder, 'subscribers', 'add', 'grace@example.org', '--confirmed', '--rhythm', 'weekly')
  await posthorn(folder, 'subscribers', 'add', 'edsger@example.org')
  for (const slug of readdirSync(join(folder, 'public', 'posts')))
    await posthorn(folder, 'send', slug, '--to', 'ada@example.org', '--yes')
  writeToday(folder, 'posts/titles.md', 'posts/titles-again.md')
  writeToday(folder, 'posts/before-you-press-send.md', 'posts/press-again.md')
  await posthorn(folder, 'send', '--digest', 'weekly', '--yes')
  await posthorn(folder, 'worker', '--once')

  const outbox = join(folder, 'outbox', 'new')
  const messages = await Promise.all(
    readdirSync(outbox).map((file) => PostalMime.parse(readFileSync(join(outbox, file)))),
  )
  return new Map(messages.map(({ subject, html }) => [subject ?? '', html ?? '']))
}

/** A sample post once more, as if written today under another name: what was there at the first round is old. */
function writeToday(folder: string, from: string, to: string): void {
  const today = new Date().toISOString().slice(0, 10)
  const source = readFileSync(join(folder, from), 'utf8')
  writeFileSync(join(folder, to), source.replace(/^date:.*$/m, `date: ${today}`).replace(/^slug:.*\n/m, ''))
}

async function posthorn(folder: string, ...args: string[]): Promise<void> {
  await run(process.execPath, [join(CHECKOUT, 'src', 'cli.ts'), ...args], { cwd: folder })
}
