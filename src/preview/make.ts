/**
 * What a preview shows of a post, or of a mail that is no post's: made anew from the files as they are, as rounds and
 * sends make it. Neither the database nor anything else of the site is written to.
 */
import { join } from 'node:path'
import type { Finding } from '../check/finding.ts'
import { type Message, readMessage } from '../check/message.ts'
import { oneLine, textOf } from '../check/page.ts'
import { type Config, writesPages } from '../config.ts'
import { inspectRenditions } from '../deliveries/inspect.ts'
import { writeSample } from '../deliveries/letter.ts'
import { printDigest, printPosts, type SitePress } from '../deliveries/print.ts'
import { IN_DIGEST } from '../deliveries/samples.ts'
import { type Fault, FaultsError, UserError } from '../errors.ts'
import { channelsOf } from '../feeds/channel.ts'
import { renderConfirmation } from '../mail/confirmation.ts'
import type { Rendition } from '../mail/frame.ts'
import type { Mjml } from '../mail/mjml.ts'
import { renderWelcome } from '../mail/welcome.ts'
import { hasCode, withColors } from '../pages/code.ts'
import { openPress } from '../pages/page.ts'
import { renderPost } from '../pages/post.ts'
import { linksTo } from '../pages/wanted.ts'
import { shownFile } from '../posts/find.ts'
import { readPosts } from '../posts/folder.ts'
import { openHighlighter } from '../posts/highlight.ts'
import { correctedAt, isListed, newestFirst, type Post, type ReadPost } from '../posts/post.ts'
import { findBeside } from '../public/beside.ts'
import { frameLanguage } from '../words/words.ts'

/** A post by its file below the posts folder, or a mail of another kind. */
export type Choice = { kind: 'issue'; file: string } | { kind: 'digest' | 'confirmation' | 'welcome' }

/** The site as its files are now: posts newest first, and what is wrong with those that cannot be read. */
export type SiteNow = { config: Config; posts: Post[]; faults: Fault[] }

/** A part that can be shown, or what the author has to mend first. */
export type Part<Value> = { value: Value } | { faults: Fault[] }

export type Shown = {
  title: string
  /** Why nobody else sees it yet; null where they do. */
  hidden: string | null
  mail: Part<Mail>
  /** HTML; null where there is no page. */
  page: Part<string> | null
  /** Files of the author's that the page shows: where each is on the disk, by its path below the site's address. */
  beside: Map<string, string>
}

export type Mail = {
  from: string
  subject: string
  /** What an inbox shows after the subject. */
  opening: string
  html: string
  text: string
  /** The header as it goes out, unsigned. */
  header: string
  /** In bytes: of the HTML and the text as they are read, and of the message as it travels. */
  size: { html: number; text: number; message: number }
  findings: Finding[]
}

/** What previews are made with. */
export type Desk = {
  mjml: Mjml
  /** A folder for pictures that are made for the preview alone. */
  scratch: string
  now: () => Date
}

/**
 * Reads the posts folder.
 *
 * @param before what was there the last time, so that only what changed is read
 */
export async function readSite(config: Config, before: SiteNow | null): Promise<SiteNow> {
  // Addresses, zones and languages of the configuration are in each post.
  const isSame = before && JSON.stringify(before.config) === JSON.stringify(config)
  const known = new Map<string, ReadPost>((isSame ? before.posts : []).map((post) => [post.file, post]))
  const { posts, faults } = await readPosts(config, known)
  return { config, posts: newestFirst(posts.map(named)), faults }
}

// The permanent id of a new post is made when the worker first sees it, and shows nowhere but in feeds.
function named(post: ReadPost): Post {
  return { ...post, id: post.statedId ?? `urn:posthorn:preview:${post.slug}` }
}

/**
 * Makes what is shown of a choice.
 *
 * @param language BCP 47: what the reader reads, for the words around posts
 * @throws FaultsError where the post cannot be read, UserError where there is none
 */
export async function make(choice: Choice, language: string, site: SiteNow, desk: Desk): Promise<Shown> {
  const { config } = site
  const now = desk.now()
  const isOut = (post: Post) => isListed(post, now) && post.mail
  if (choice.kind !== 'issue') {
    const posts = site.posts.filter(isOut).slice(0, IN_DIGEST)
    if (choice.kind === 'digest' && posts.length === 0)
      throw new UserError('there is no post yet that a digest could show', {
        hint: 'write one, or look at a draft by itself',
      })
    const title = { digest: 'A digest', confirmation: 'The confirmation', welcome: 'The welcome' }[
      choice.kind
    ]
    const mail = await attempt(() => makeMail(choice.kind, posts, language, config, desk))
    return { title, hidden: null, mail, page: null, beside: new Map() }
  }

  const post = site.posts.find(({ file }) => file === choice.file)
  if (!post) {
    const place = shownFile(config, choice.file)
    const faults = site.faults.filter(({ file }) => file === place)
    throw new FaultsError(
      faults.length > 0 ? faults : [{ file: place, message: 'there is no such file any more' }],
    )
  }
  const [mail, page, beside] = await Promise.all([
    attempt(() => makeMail('issue', [post], language, config, desk)),
    writesPages(config) ? attempt(() => makePage(post, site, now)) : null,
    filesBeside(post, config),
  ])
  return { title: post.title, hidden: hiddenBy(post, config, now), mail, page, beside }
}

/** Why a post is not seen, or not mailed, as it stands. */
export function hiddenBy(post: Post, { site }: Config, now: Date): string | null {
  if (post.draft) return 'A draft: nobody sees it yet.'
  if (post.date > now) {
    const show = new Intl.DateTimeFormat('en', {
      dateStyle: 'long',
      timeStyle: 'short',
      timeZone: site.timeZone,
    })
    return `Comes out on ${show.format(post.date)}.`
  }
  if (post.unlisted) return 'Unlisted: it has a page, and stands in no list, feed or mail.'
  return post.mail ? null : 'Its front matter says “mail: false”: it is not mailed.'
}

async function makeMail(
  kind: Choice['kind'],
  posts: Post[],
  theirs: string,
  config: Config,
  { mjml, scratch, now }: Desk,
): Promise<Mail> {
  const language = frameLanguage(theirs, config.site.language)
  const press = { ...config, journal: journalIn(scratch), language, mjml }
  const rendition = await render(kind, posts, press)
  const inspected = kind === 'digest' ? 'issue' : kind
  const bytes = writeSample({ ...rendition, kind: inspected, language }, config, now())
  const message = await readMessage(bytes)
  const shown = kind === 'welcome' ? [] : posts
  const findings = await inspectRenditions([{ kind: inspected, language, rendition }], shown, press, now())
  return {
    from: `${config.newsletter.from.name} <${config.newsletter.from.email}>`,
    subject: rendition.subject,
    opening: openingOf(message),
    html: message.html,
    text: message.text,
    header: bytes.toString('latin1', 0, bytes.indexOf('\r\n\r\n')).replaceAll('\r\n', '\n'),
    size: {
      html: Buffer.byteLength(message.html),
      text: Buffer.byteLength(message.text),
      message: bytes.length,
    },
    findings,
  }
}

/** Pictures lie beside the journal for good once they were mailed; those of a preview were not, and lie beside this one. */
export function journalIn(scratch: string): Config['journal'] {
  return { file: join(scratch, 'posthorn.journal') }
}

function render(kind: Choice['kind'], posts: Post[], press: SitePress): Promise<Rendition> {
  switch (kind) {
    case 'confirmation':
      return renderConfirmation(press)
    case 'welcome':
      return renderWelcome(press, posts)
    case 'digest':
      return printDigest(posts, press)
    case 'issue':
      return printPosts(posts, press)
  }
}

/** Hidden words count here, since a preheader is such; what fills the line after it does not. */
function openingOf({ page }: Message): string {
  const body = page.elements.find(({ tag }) => tag === 'body')
  const text = body ? oneLine(textOf(body).replace(/[\u034F\u200B-\u200D\u00A0\uFEFF]+/g, ' ')) : ''
  return text.length > 140 ? `${text.slice(0, 140).toWellFormed()}…` : text
}

async function makePage(post: Post, { config, posts }: SiteNow, now: Date): Promise<string> {
  const linkTo = linksTo(channelsOf(posts, config, now), config)
  const around = {
    body: hasCode(post.html) ? await withColors(post.html, openHighlighter(config)) : post.html,
    updated: correctedAt(post, now),
    tags: post.tags.map(linkTo.tag),
    authors: post.authors.map(({ name }) => linkTo.author(name)),
  }
  return renderPost(post, around, openPress(config))
}

async function filesBeside(post: Post, config: Config): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const address of post.refersTo) {
    const found = await findBeside(address, post, config.posts.folder, config.site.url)
    if (found) files.set(found.to, found.from)
  }
  return files
}

/** A mistake in one of the templates leaves the other parts to be seen. */
async function attempt<Value>(work: () => Promise<Value>): Promise<Part<Value>> {
  try {
    return { value: await work() }
  } catch (error) {
    return { faults: faultsOf(error) }
  }
}

/** What the author can mend, as faults. What else is thrown is thrown on. */
export function faultsOf(error: unknown): Fault[] {
  if (error instanceof FaultsError) return error.faults
  if (!(error instanceof UserError)) throw error
  return [{ file: '', message: error.hint ? `${error.message}; ${error.hint}` : error.message }]
}
