/**
 * One round, in full: read the posts, write what changed, plan what is owed, enqueue it, deliver what is due. Each
 * step asks the disk or the database what is to be done, so a round that was cut off anywhere is finished by the
 * next one, and doing a step again does no harm.
 */

import { writesPages } from './config.ts'
import { type Delivered, type Delivering, deliverDue } from './deliveries/deliver.ts'
import { type Enqueued, enqueueDeliveries } from './deliveries/enqueue.ts'
import { letterWriter } from './deliveries/letter.ts'
import { limitTransports, withTransports } from './deliveries/outlet.ts'
import { type Fault, FaultsError } from './errors.ts'
import { channelsOf } from './feeds/channel.ts'
import type { Cut } from './feeds/cut.ts'
import { isArchiveFile, isFeedFile } from './feeds/feed.ts'
import { wantedFeeds } from './feeds/wanted.ts'
import { type Noted, noteFeeds } from './hub/note.ts'
import { type Pinged, pingHub } from './hub/ping.ts'
import { planIssues } from './issues/plan.ts'
import type { Transport } from './mail/transport.ts'
import { templateStamp } from './pages/template.ts'
import { emptyPagesMemory, type PagesMemory, wantedPages } from './pages/wanted.ts'
import { shownFile } from './posts/find.ts'
import { readPosts } from './posts/folder.ts'
import {
  emptyIdentityMemory,
  type Identified,
  type IdentityMemory,
  identifyPosts,
  type KnownPost,
} from './posts/identity.ts'
import type { ReadPost } from './posts/post.ts'
import { type Outlook, outlookOf, stampOf } from './public/outlook.ts'
import {
  compressFiles,
  isUntouched,
  nothingShown,
  type Shown,
  type WrittenFile,
  writePublic,
} from './public/write.ts'
import type { Site } from './site.ts'
import { forgetUnconfirmed } from './subscribers/forget.ts'

/** What a process keeps from round to round, so that an unchanged post costs nothing. */
export type Memory = {
  posts: Map<string, ReadPost>
  identity: IdentityMemory
  pages: PagesMemory
  shown: Shown
  noted: Noted
  written: Written | null
}

export type Published = Identified & {
  faults: Fault[]
  files: WrittenFile[]
  /** Feeds that are smaller than they would be if there were no limit to their size. */
  cuts: Cut[]
}
/** `forgotten`: how many never confirmed, and are erased. */
export type Planned = Published & { enqueued: Enqueued[]; forgotten: number }
export type Round = Planned & { delivered: Delivered; pinged: Pinged }

export function emptyMemory(): Memory {
  return {
    posts: new Map(),
    identity: emptyIdentityMemory(),
    pages: emptyPagesMemory(),
    shown: nothingShown(),
    noted: new Map(),
    written: null,
  }
}

export async function round(site: Site, memory: Memory, signal: AbortSignal): Promise<Round> {
  const planned = await publishAndPlan(site, memory).catch(async (error: unknown) => {
    // What is queued needs no post and no template any more: it goes out first, whatever is wrong with these.
    await deliverNow(site, signal)
    throw error
  })
  const [delivered, pinged] = await Promise.all([deliverNow(site, signal), pingHub({ ...site, signal })])
  await compressFiles(site.config, memory.shown, signal)
  return { ...planned, delivered, pinged }
}

/** A round up to where the mail is queued. */
export async function publishAndPlan(site: Site, memory: Memory): Promise<Planned> {
  const forgotten = await forgetUnconfirmed(site.db, site.now())
  const published = await publish(site, memory)
  const turns = await planIssues(site.db, published.posts, site.config, site.now())
  const enqueued = await enqueueDeliveries(site, turns, site.now())
  return { ...published, enqueued, forgotten }
}

/** Posts to feeds and pages. A post that cannot be read keeps its last good form, and its fault is told. */
export async function publish(site: Site, memory: Memory): Promise<Published> {
  const seen = await lookAtPosts(site, memory)
  try {
    return await writeOut(site, memory, seen)
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error
    const { faults } = error
    const isFaulty = (post: KnownPost) =>
      faults.some((fault) => fault.file === shownFile(site.config, post.file))
    // A fault of a template stops all pages, and no mail may lead to pages that are not there: the round fails.
    if (!seen.posts.some(isFaulty)) throw error
    // A post whose page has no place is set aside and told; the others go on.
    const sound = {
      ...seen,
      posts: seen.posts.filter((post) => !isFaulty(post)),
      faults: [...seen.faults, ...faults],
    }
    return writeOut(site, memory, sound)
  }
}

/**
 * Posts to feeds and pages, all or nothing.
 *
 * @throws FaultsError with every fault of the folder, and nothing is written
 */
export async function publishStrictly(site: Site, memory: Memory): Promise<Published> {
  const read = await readPosts(site.config, memory.posts)
  if (read.faults.length > 0) throw new FaultsError(read.faults)
  const identified = await identifyPosts(site.db, read, site.config, site.now(), memory.identity)
  return writeOut(site, memory, { ...identified, faults: [] })
}

/** What the posts folder holds, each post with its identity. Nothing is written but what the database has to know. */
export async function lookAtPosts(site: Site, memory: Memory): Promise<Identified & { faults: Fault[] }> {
  const read = await readPosts(site.config, memory.posts)
  memory.posts = new Map(read.posts.map((post) => [post.file, post]))
  const identified = await identifyPosts(site.db, read, site.config, site.now(), memory.identity)
  return { ...identified, faults: read.faults }
}

/** Delivers what is due over transports that are opened for it and closed again. */
export function deliverNow(site: Site, signal: AbortSignal): Promise<Delivered> {
  return withTransports(site.config.transports, async (transports) =>
    deliverDue(await delivering(site, transports, signal)),
  )
}

/** What `deliverDue` needs, from a site. */
export async function delivering(
  site: Site,
  transports: Transport[],
  signal: AbortSignal,
): Promise<Delivering> {
  const { db, config, journal, secret, linkKeys, now } = site
  const outlets = await limitTransports(db, transports, config.transports, now())
  const writeLetter = letterWriter(db, config, secret, linkKeys[0])
  return { db, journal, secret, outlets, writeLetter, now, signal }
}

async function writeOut(
  site: Site,
  memory: Memory,
  seen: Identified & { faults: Fault[] },
): Promise<Published> {
  const { config } = site
  const now = site.now()
  const before = memory.written
  if (before && isAsBefore(before, seen.posts, site, memory)) return { ...seen, ...before.out }
  memory.written = null
  const templates = templateStamp(config)
  const outlook = outlookOf(seen.posts, config, now)
  const beside = stampOf(outlook.watched)

  const channels = channelsOf(seen.posts, config, now)
  const { files: wanted, cuts, faults } = await wantedFeeds(channels, config, now)
  if (faults.length > 0) throw new FaultsError(faults)
  if (writesPages(config)) {
    const pages = await wantedPages(seen.posts, channels, config, now, memory.pages)
    for (const [path, page] of pages) wanted.set(path, page)
  }
  // Where the blog has its own pages, what an earlier setting left as a page of ours may be its output by now.
  const files = await writePublic(
    wanted,
    config,
    memory.shown,
    (path) => writesPages(config) || isFeedFile(path) || isArchiveFile(path),
  )
  await memory.pages.highlighter?.save()
  await noteFeeds(
    site,
    files.map((file) => file.path),
    memory.noted,
  )
  const unchanged = files.map((file) => (file.written ? { ...file, written: false } : file))
  memory.written = { posts: seen.posts, templates, outlook, beside, out: { files: unchanged, cuts } }
  return { ...seen, files, cuts }
}

/** What was written the last time, and all that it depended on. */
type Written = {
  posts: KnownPost[]
  templates: string
  outlook: Outlook
  beside: string
  out: { files: WrittenFile[]; cuts: Cut[] }
}

function isAsBefore(before: Written, posts: KnownPost[], { config, now }: Site, memory: Memory): boolean {
  return (
    before.posts === posts &&
    now().getTime() < before.outlook.until &&
    isUntouched(config, memory.shown) &&
    templateStamp(config) === before.templates &&
    stampOf(before.outlook.watched) === before.beside
  )
}
