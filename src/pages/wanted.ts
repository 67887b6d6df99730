/** Which pages the folder that is served has to hold, and what each is made from. Nothing is made or written here. */
import { hash } from 'node:crypto'
import type { Config } from '../config.ts'
import { type Fault, FaultsError, UserError } from '../errors.ts'
import { type Channel, channelUrl, tagFolder } from '../feeds/channel.ts'
import { readIfThere } from '../file.ts'
import { shownFile } from '../posts/find.ts'
import { EDITION, type Highlighter, openHighlighter } from '../posts/highlight.ts'
import { correctedAt, isPublic, type Post } from '../posts/post.ts'
import { findBeside } from '../public/beside.ts'
import { pageFile, shownPath } from '../public/place.ts'
import type { Wanted, WantedFiles } from '../public/wanted.ts'
import { hasCode, withColors } from './code.ts'
import { openPress } from './page.ts'
import { type Linked, renderPost } from './post.ts'
import { BROTLI, emptyListsMemory, LIST, type ListsMemory, wantedLists } from './wanted-lists.ts'

/** What is not compressed by itself, by the end of its name. */
const TEXT = /\.(css|csv|html?|ics|js|json|md|mjs|svg|txt|wasm|xml)$/i

/** What a process keeps from round to round: of what was the same, what is wanted is the same. */
export type PagesMemory = {
  posts: WeakMap<Post, { all: string; links: string; updated: number; path: string; file: Wanted }>
  lists: ListsMemory
  /** Opened with the first pages; whoever has written those lets it save. */
  highlighter: Highlighter | null
}

export function emptyPagesMemory(): PagesMemory {
  return { posts: new WeakMap(), lists: emptyListsMemory(), highlighter: null }
}

/**
 * Pages for a site that has no blog of its own: one for each public post, with the files beside it that it refers to,
 * one for each channel that lists its posts, its older ones in archives; and a sitemap.
 *
 * @param posts all posts, in any order; drafts and those of the future are left out here
 * @param channels of the same posts
 * @param memory kept by a process that does many rounds
 * @throws FaultsError where a post's page has no place to go, or two files have one
 */
export async function wantedPages(
  posts: Post[],
  channels: Channel[],
  config: Config,
  now: Date,
  memory: PagesMemory = emptyPagesMemory(),
): Promise<WantedFiles> {
  const press = openPress(config)
  memory.highlighter ??= openHighlighter(config)
  const { highlighter } = memory
  const settings = JSON.stringify([config.site, config.posts.link, config.feeds, config.web.url])
  const all = hash('sha256', `${settings}\n${EDITION}\n${press.templates.stamp}`, 'base64url')
  const listed = channels[0]?.posts ?? []
  const shown = [...listed, ...posts.filter((post) => post.unlisted && isPublic(post, now))]
  const wanted = wantedLists(channels, all, press, now, memory.lists)
  const linkTo = linksTo(channels, config)
  const linked = (post: Post) => ({
    tags: post.tags.map(linkTo.tag),
    authors: post.authors.map(({ name }) => linkTo.author(name)),
  })
  const folder = shownFile(config, '')
  const faults: Fault[] = []

  for (const post of shown) {
    // Where a tag's page is never changes; whether it has one does.
    let links = ''
    for (const name of post.tags) links += linkTo.tag(name).url === null ? '-' : '+'
    for (const { name } of post.authors) links += linkTo.author(name).url === null ? '-' : '+'
    const correction = correctedAt(post, now)
    const updated = correction?.getTime() ?? 0
    const before = memory.posts.get(post)
    const isSame = before?.all === all && before.links === links && before.updated === updated
    if (isSame && !wanted.has(before.path)) {
      wanted.set(before.path, before.file)
      continue
    }
    const path = pagePath(post.url, config.site.url)
    const taken = path === null ? undefined : wanted.get(path)
    if (path === null) {
      const message = `its page would be ${post.url}, which is no plain path of the site; give it another slug`
      faults.push({ file: shownFile(config, post.file), message })
    } else if (taken) {
      const message = `its page would be ${path}, which is the page of ${taken.source ?? 'the list of posts'}; give it another slug`
      faults.push({ file: shownFile(config, post.file), message })
    } else {
      const file: Wanted = {
        source: folder === '.' ? post.file : `${folder}/${post.file}`,
        from: `${all} ${post.hash} ${post.file} ${updated} ${links}`,
        make: () => {
          const { html } = post
          const render = (body: string) =>
            renderPost(post, { body, updated: correction, ...linked(post) }, press)
          if (!hasCode(html)) return render(html)
          return withColors(html, highlighter).then((colored) => Buffer.from(render(colored)))
        },
        step: 'page',
        brotli: BROTLI,
      }
      memory.posts.set(post, { all, links, updated, path, file })
      wanted.set(path, file)
    }
  }
  // Behind all pages, so that no picture takes the place of one.
  for (const post of shown)
    for (const address of post.refersTo) faults.push(...(await addBeside(address, post, wanted, config)))
  if (faults.length > 0) throw new FaultsError(faults)
  return wanted
}

/** Names of tags and of authors with the address of their page, or null for one that has none. */
export function linksTo(
  channels: Channel[],
  config: Config,
): Record<'tag' | 'author', (name: string) => Linked> {
  const url = (channel: Channel) => channelUrl(config.site.url, channel)
  const tags = new Map(channels.map((channel) => [channel.folder, url(channel)]))
  const authors = new Map(
    channels.filter(({ kind }) => kind === 'author').map((channel) => [channel.name, url(channel)]),
  )
  return {
    tag: each((name) => ({ name, url: tags.get(tagFolder(name)) ?? null })),
    author: each((name) => ({ name, url: authors.get(name) ?? null })),
  }
}

/** Asks for each name once. */
function each(find: (name: string) => Linked): (name: string) => Linked {
  const found = new Map<string, Linked>()
  return (name) => {
    const one = found.get(name) ?? find(name)
    found.set(name, one)
    return one
  }
}

/** As `pageFile`, which has to parse two addresses for it; those of most posts are plain enough to be read off. */
function pagePath(url: string, siteUrl: string): string | null {
  const rest = url.startsWith(`${siteUrl}/`) ? url.slice(siteUrl.length + 1) : ''
  return /^([\w-]{1,200}\/)+$/.test(rest) ? rest + LIST : pageFile(url, siteUrl)
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
