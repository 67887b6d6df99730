/** Which pages the folder that is served has to hold, and what each is made from. Nothing is made or written here. */
import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import { type Fault, FaultsError, UserError } from '../errors.ts'
import { type Channel, channelUrl, tagFolder } from '../feeds/channel.ts'
import { inFolder } from '../feeds/wanted.ts'
import { readIfThere } from '../file.ts'
import { shownFile } from '../posts/find.ts'
import { correctedAt, isPublic, newestFirst, type Post } from '../posts/post.ts'
import { findBeside } from '../public/beside.ts'
import { pageFile, shownPath } from '../public/place.ts'
import type { Wanted, WantedFiles } from '../public/wanted.ts'
import { datesIn } from './date.ts'
import { renderList } from './list.ts'
import { renderPost } from './post.ts'
import { renderSitemap } from './sitemap.ts'
import { openTemplates } from './template.ts'

const LIST = 'index.html'
const BROTLI = 5
/** What is not compressed by itself, by the end of its name. */
const TEXT = /\.(css|csv|html?|ics|js|json|md|mjs|svg|txt|wasm|xml)$/i

/**
 * Pages for a site that has no blog of its own: one for each public post, with the files beside it that it refers to,
 * and one for each channel that lists its posts; and a sitemap.
 *
 * @param posts all posts, in any order; drafts and those of the future are left out here
 * @param channels of the same posts
 * @throws FaultsError where a post's page has no place to go, or two files have one
 */
export async function wantedPages(
  posts: Post[],
  channels: Channel[],
  config: Config,
  now: Date,
): Promise<WantedFiles> {
  const shown = newestFirst(posts.filter((post) => isPublic(post, now)))
  const templates = openTemplates(config)
  const show = datesIn(config.site.timeZone)
  const all = digest([JSON.stringify([config.site, config.feeds, config.web.url]), templates.stamp])
  const version = (post: Post) => `${post.hash} ${post.file} ${post.url}`
  const folders = new Set(channels.map((channel) => channel.folder))
  const wanted: WantedFiles = new Map()
  const faults: Fault[] = []

  for (const channel of channels) {
    wanted.set(inFolder(channel, LIST), {
      source: null,
      from: digest([all, channel.name, ...channel.posts.map(version)]),
      make: () => renderList(channel, channels, config, templates, show),
      step: 'list',
      brotli: BROTLI,
    })
  }
  wanted.set('sitemap.xml', {
    source: null,
    from: digest([all, ...channels.map(({ folder }) => folder), ...(channels[0]?.posts ?? []).map(version)]),
    make: () => renderSitemap(channels, config, now),
    step: 'list',
    brotli: BROTLI,
  })
  for (const post of shown) {
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
      const tags = tagLinks(post, folders, config)
      wanted.set(path, {
        source: shownFile(config, post.file),
        from: `${all} ${version(post)} ${updated} ${tags.map(({ url }) => url).join(' ')}`,
        make: () => renderPost(post, { updated, tags }, config, templates, show),
        step: 'page',
        brotli: BROTLI,
      })
    }
  }
  for (const post of shown)
    for (const address of post.refersTo) faults.push(...(await addBeside(address, post, wanted, config)))
  if (faults.length > 0) throw new FaultsError(faults)
  return wanted
}

/** The tags of a post, with the address of the tag's page where it has one. */
function tagLinks(post: Post, folders: Set<string>, config: Config): { name: string; url: string | null }[] {
  return post.tags.map((name) => {
    const folder = tagFolder(name)
    return { name, url: folders.has(folder) ? channelUrl(config.site.url, { folder }) : null }
  })
}

/** Adds the file that a post refers to, where there is one. */
async function addBeside(address: string, post: Post, wanted: WantedFiles, config: Config): Promise<Fault[]> {
  const found = await findBeside(address, post, config.posts.folder, config.site.url)
  if (found === null) return []
  const source = shownPath(found.from, config)
  const taken: Wanted | undefined = wanted.get(found.to)
  if (!taken) {
    const make = () => readCopied(found.from)
    const brotli = TEXT.test(found.to) ? BROTLI : null
    wanted.set(found.to, { source, from: found.stamp, make, step: 'copy', brotli })
  } else if (taken.step === 'copy' && taken.source !== source) {
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
  return createHash('sha256').update(parts.join('\n')).digest('base64url')
}
