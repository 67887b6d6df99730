import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { loadConfig } from '../config.ts'
import { describeFault, errorCode, UserError } from '../errors.ts'
import { cannotWrite, readIfThere, replaceFile } from '../file.ts'
import { packageFolder } from '../package.ts'
import { emptyMemory, publish } from '../round.ts'
import { closeSite, openSite } from '../site.ts'
import { count } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'

/** A new site in a folder: a configuration, a posts folder, and its first round done, so that the next post is new. */
export async function init(context: Context, folder: string | undefined): Promise<number> {
  const { terminal, surroundings } = context
  const site = resolve(surroundings.folder, folder ?? '.')
  const file = join(site, 'config.json')
  if (await readIfThere(file)) {
    throw new UserError(`${file}: there is a site here already`, {
      hint: 'name another folder, or run `posthorn status` in this one',
    })
  }
  await makeFolder(site)
  const parts = packageFolder()
  await replaceFile(join(site, 'config.schema.json'), await readFile(join(parts, 'config.schema.json')))
  if (await isEmpty(join(site, 'posts')))
    await replaceFile(join(site, 'posts', 'hello.md'), firstPost(surroundings.now()))
  // Last: a folder is a site once it has this, so an interrupted init can be run again.
  await replaceFile(file, await readFile(join(parts, 'config.example.json')))

  const opened = await openSite(loadConfig(file, surroundings.env), surroundings.now)
  try {
    const { posts, faults } = await publish(opened, emptyMemory())
    const shown = folder ?? '.'
    terminal.out(
      `${shown}: a new site with ${count(posts.length, 'post')}; what you write from now on is mailed`,
    )
    for (const fault of faults) terminal.say(describeFault(fault))
    terminal.say()
    if (shown !== '.') terminal.say(`  cd ${shown}`)
    terminal.say('  config.json               name your site: "site" and "newsletter.from"')
    terminal.say('  posthorn subscribers add you@example.org --confirmed')
    terminal.say('  posthorn worker           feeds, pages and mail, a round each minute')
    return EXIT.done
  } finally {
    await closeSite(opened)
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw new UserError(`${path}: a file stands here`, { hint: 'name another folder' })
    throw cannotWrite(path, error)
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true
    if (errorCode(error) === 'ENOTDIR')
      throw new UserError(`${folder}: a file stands where the posts folder has to be`, {
        hint: 'move that file away, or name another folder',
      })
    throw new UserError(`${folder}: cannot be read (${errorCode(error) ?? error})`, { cause: error })
  }
}

function firstPost(now: Date): string {
  return `---
title: Hello
date: ${now.toISOString().slice(0, 10)}
tags: [about]
---

This is a post: a Markdown file with a title and a date above it. Write the next one beside it.

<!-- more -->

What stands above the line you cannot see is the summary. A post with \`draft: true\` is shown to nobody, one with a
date to come appears when its time has come, and \`mail: false\` keeps a post out of the mail.
`
}
