/** What the pages' folder has to hold: which files, what each is made from, and how. Nothing is made or written here. */
import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import { type Fault, FaultsError, UserError } from '../errors.ts'
import { readIfThere } from '../file.ts'
import { shownFile } from '../posts/find.ts'
import { correctedAt, isPublic, newestFirst, type Post } from '../posts/post.ts'
import { findBeside, relativeAddresses } from './beside.ts'
import { datesIn } from './date.ts'
import { renderList } from './list.ts'
import { pageFile, shownPath } from './place.ts'
import { renderPost } from './post.ts'
import { openTemplates } from './template.ts'

/** A file that has to be in the folder. */
export type Wanted = {
  /** The author's file that it is for, as they would type it; null for the list of posts. */
  source: string | null
  /** Another text whenever `make` would make something else. */
  from: string
  make: () => string | Promise<Buffer>
  /** The relative addresses in it. */
  refersTo: string[]
  /** True for a picture or another file copied from beside a post. */
  isCopy?: true
}

const FRONT = 'index.html'

/**
 * The files by their path below the folder, in the order in which they are written.
 *
 * @param made what was wanted before: its addresses are not looked for again in a post that is the same
 * @throws FaultsError where a post's page has no place to go, or two files have one
 */
export async function wantedFiles(
  posts: Post[],
  config: Config,
  now: Date,
  made: ReadonlyMap<string, Pick<Wanted, 'from' | 'refersTo'>>,
): Promise<Map<string, Wanted>> {
  const shown = newestFirst(posts.filter((post) => isPublic(post, now)))
  const templates = openTemplates(config)
  const show = datesIn(config.site.timeZone)
  const all = digest([JSON.stringify([config.site, config.feeds, config.web.url]), templates.stamp])
  const versions = shown.map((post) => `${post.hash} ${post.file} ${post.url}`)
  const wanted = new Map<string, Wanted>()
  const faults: Fault[] = []

  const list: Wanted = {
    source: null,
    from: digest([all, ...versions]),
    make: () => renderList(shown, config, templates, show),
    refersTo: [],
  }
  wanted.set(FRONT, list)
  for (const [at, post] of shown.entries()) {
    const path = pageFile(post.url, config.site.url)
    const taken = path === null ? undefined : wanted.get(path)
    if (path === null) {
      const message = `its page would be ${post.url}, which is no plain path of the site; give it another slug`
      faults.push({ file: shownFile(config, post.file), message })
    } else if (taken) {
      const message = `its page would be ${path}, which is the page of ${taken.source ?? 'the list of posts'}; give it another slug`
      faults.push({ file: shownFile(config, post.file), message })
    } else {
      const updated = correctedAt(post, now)
      const from = digest([all, versions[at] ?? '', String(updated)])
      const before = made.get(path)
      wanted.set(path, {
        source: shownFile(config, post.file),
        from,
        make: () => renderPost(post, updated, config, templates, show),
        refersTo: before?.from === from ? before.refersTo : relativeAddresses(post),
      })
    }
  }
  for (const post of shown) {
    const page = wanted.get(pageFile(post.url, config.site.url) ?? '')
    for (const address of page?.refersTo ?? [])
      faults.push(...(await addBeside(address, post, wanted, config)))
  }
  if (faults.length > 0) throw new FaultsError(faults)
  // Last: it is written when the pages are there that it leads to.
  wanted.delete(FRONT)
  return wanted.set(FRONT, list)
}

/** Adds the file that a post refers to, where there is one. */
async function addBeside(
  address: string,
  post: Post,
  wanted: Map<string, Wanted>,
  config: Config,
): Promise<Fault[]> {
  const found = await findBeside(address, post, config.posts.folder, config.site.url)
  if (found === null) return []
  const source = shownPath(found.from, config)
  const taken = wanted.get(found.to)
  if (!taken) {
    const make = () => readCopied(found.from)
    wanted.set(found.to, { source, from: found.stamp, make, refersTo: [], isCopy: true })
  } else if (taken.isCopy && taken.source !== source) {
    const message = `"${address}" leads to ${found.to}, where ${taken.source} is copied to already; give one another name`
    return [{ file: shownFile(config, post.file), message }]
  }
  return []
}

async function readCopied(path: string): Promise<Buffer> {
  const bytes = await readIfThere(path)
  if (bytes === null) throw new UserError(`${path}: was here a moment ago`, { hint: 'run it again' })
  return bytes
}

function digest(parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex')
}
