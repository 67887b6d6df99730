/**
 * The pictures of a mail. A mail is read elsewhere, by programs that show PNG, JPEG and GIF and nothing else, and its
 * pictures have to be there for as long as it is kept. So the pictures whose files are the site's own become such ones,
 * no larger than a mail shows them, and go into a folder that the web server serves (`media.ts`).
 *
 * Pictures from elsewhere are never fetched: nothing that is rendered waits for somebody else's server.
 */
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { type Ask, withChild } from '../child.ts'
import type { Config } from '../config.ts'
import { errorCode } from '../errors.ts'
import { pictureAddresses } from '../posts/addresses.ts'
import { readBody } from '../posts/body.ts'
import type { Post } from '../posts/post.ts'
import { resolveMedia } from '../posts/resolve.ts'
import { findLocal, type LocalFile } from '../public/local.ts'
import { shownPath } from '../public/place.ts'
import { type PictureKind, pictureKind, pictureSize } from './kind.ts'
import { type Ending, type Hosted, hostPicture, recallDrawn, rememberDrawn } from './media.ts'
import type { PictureAnswer, PictureQuestion } from './picture-child.ts'

/** A picture that Posthorn hosts for mails, in a form that every mail program shows. */
export type Picture = {
  /** Absolute, below `${web.url}/media/`. */
  src: string
  /** In CSS pixels: how large a browser would show the author's file. Not held to the column. */
  width: number
  height: number
}

/**
 * By the absolute address that the picture has without them: the author's, resolved against the post's
 * (`resolveMedia`). Null is a file of the site that no mail program could show: it becomes a link. What is not in it
 * is elsewhere and was not looked at.
 */
export type Pictures = ReadonlyMap<string, Picture | null>

/** Addresses as the author wrote them, and the post that they stand in; null for those of the site itself. */
export type Pictured = { post: Pick<Post, 'file' | 'url'> | null; addresses: string[] }

/** A picture of the site that becomes a link, and why. */
export type Refused = {
  /** As the author wrote it. */
  address: string
  /** The post's file below the posts folder; null where it stands in none. */
  post: string | null
  /** Which file, and what is wrong with it. */
  found: string
  /** What to do. */
  cure: string
}

export type Place = Pick<Config, 'folder' | 'site' | 'posts' | 'feeds' | 'journal' | 'web'>

// Beside this file: picture-child.ts in a checkout, picture-child.js in the bundled package.
const SCRIPT = new URL(`./picture-child${extname(import.meta.url)}`, import.meta.url)

/** An article is 552 CSS pixels wide, and good screens show twice as many. */
const WIDEST = 2 * 552
/** In bytes: beyond what cameras write. */
const LARGEST = 50_000_000
const TIMEOUT_MS = 30_000
/** After so many pictures that took too long, the others of this mail are not tried. */
const PATIENCE = 3

const SMALLER = 'save it as PNG or JPEG, no wider than a screen'

/** What a mail with the whole of a post shows. */
export function articlePictures(post: Post): Pictured {
  return { post, addresses: [...pictureAddresses(readBody(post)), ...(post.image ? [post.image] : [])] }
}

/** What a digest shows of a post. */
export function leadPicture(post: Post): Pictured {
  return { post, addresses: post.image ? [post.image] : [] }
}

/**
 * Finds the site's own pictures among some addresses and hosts them, each in a form that mail programs show. The same
 * files give the same pictures, at once the second time.
 *
 * @param tell hears of each picture of the site that becomes a link
 * @param options.timeoutMs how long one picture may take
 * @throws UserError where the folder of pictures cannot be written
 */
export async function preparePictures(
  pictured: Pictured[],
  place: Place,
  tell: (refused: Refused) => void = () => {},
  { timeoutMs = TIMEOUT_MS }: { timeoutMs?: number } = {},
): Promise<Pictures> {
  const pictures = new Map<string, Picture | null>()
  await withChild<PictureQuestion, PictureAnswer, void>(
    SCRIPT,
    async (ask) => {
      const draw = artist(ask)
      // One at a time: a picture at work takes a hundred times its file.
      for (const { post, addresses } of pictured) {
        for (const address of addresses) {
          const url = resolveMedia(address, post?.url ?? `${place.site.url}/`)
          if (url === null || pictures.has(url)) continue
          const file = await findLocal(address, url, post, place)
          if (file === null) continue
          const hosted = await host(file, draw, place)
          if ('refused' in hosted)
            tell({
              address,
              post: post?.file ?? null,
              found: `${shownPath(file.from, place)} ${hosted.refused}`,
              cure: hosted.cure,
            })
          pictures.set(url, 'refused' in hosted ? null : toPicture(hosted, place))
        }
      }
    },
    // What libraries say of a hostile file on their error output is no line for our log.
    { timeoutMs, quiet: true },
  )
  return pictures
}

function toPicture({ name, width, height }: Hosted, { web }: Place): Picture {
  return { src: `${web.url}/media/${name}`, width, height }
}

/** `refused` completes "it …". */
type Refusal = { refused: string; cure: string }
type Drawn = { bytes: Uint8Array; ending: Ending; width: number; height: number; lasting: boolean }
type Draw = (bytes: Buffer, kind: PictureKind) => Promise<Drawn | Refusal>

async function host({ from, size, stamp }: LocalFile, draw: Draw, place: Place): Promise<Hosted | Refusal> {
  const known = await recallDrawn(stamp, place)
  if (known) return known
  if (size === 0) return { refused: 'is an empty file', cure: 'put the picture there' }
  if (size > LARGEST)
    return {
      refused: `has ${megabytes(size)} MB, and a picture may have ${megabytes(LARGEST)}`,
      cure: 'make it smaller',
    }
  let bytes: Buffer
  try {
    bytes = await readFile(from)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return { refused: `cannot be read (${errorCode(error)})`, cure: 'look at its disk and its rights' }
  }
  const kind = pictureKind(bytes)
  if (kind === null)
    return {
      refused: 'is no PNG, JPEG, GIF, WebP, AVIF or SVG, whatever it is called',
      cure: 'save the picture as one of these',
    }
  const drawn = await draw(bytes, kind)
  if ('refused' in drawn) return drawn
  const { width, height } = drawn
  const hosted = { name: await hostPicture(drawn.bytes, drawn.ending, place), width, height }
  if (drawn.lasting) await rememberDrawn(stamp, hosted, place)
  return hosted
}

/** Draws by the child process, and where sharp is missing there, as well as it goes without. */
function artist(ask: Ask<PictureQuestion, PictureAnswer>): Draw {
  let slow = 0
  let missing = false
  return async (bytes, kind) => {
    if (missing) return asItIs(bytes, kind)
    if (slow >= PATIENCE)
      return { refused: 'was not tried, after others of this mail took too long', cure: SMALLER }
    const reply = await ask({ bytes, kind, widest: WIDEST })
    if ('silence' in reply) {
      if (reply.silence === 'slow') slow++
      return { refused: `cannot be drawn: ${reply.how}`, cure: SMALLER }
    }
    const { answer } = reply
    if ('missing' in answer) {
      missing = true
      return asItIs(bytes, kind)
    }
    return 'refused' in answer ? { refused: answer.refused, cure: SMALLER } : { ...answer, lasting: true }
  }
}

const ENDINGS: Partial<Record<PictureKind, Ending>> = { png: 'png', jpeg: 'jpg', gif: 'gif' }

function asItIs(bytes: Buffer, kind: PictureKind): Drawn | Refusal {
  const ending = ENDINGS[kind]
  if (ending === undefined)
    return {
      refused: 'is of a kind that not every mail program shows, and sharp, which would draw it, is not here',
      cure: 'install it beside Posthorn (`npm install sharp`), or save the picture as PNG or JPEG',
    }
  const size = pictureSize(bytes, kind)
  return size
    ? { bytes, ending, ...size, lasting: false }
    : { refused: 'is cut off or broken', cure: 'save it once more' }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0)
}
