/**
 * The script of the child process that redraws pictures with sharp. Pictures come from anywhere, and what reads them is
 * native code: here it can take its time, its memory or its life, and the worker goes on.
 *
 * A picture comes as bytes and without its name. So an SVG has no place to read other files from, and what librsvg
 * does by itself holds: no network, no scripts.
 */
import type { Sharp, SharpOptions } from 'sharp'
import { answerParent } from '../child.ts'
import type { PictureKind } from './kind.ts'

/** `widest` in pixels. */
export type PictureQuestion = { bytes: Uint8Array; kind: PictureKind; widest: number }

export type PictureAnswer =
  | {
      bytes: Uint8Array
      ending: 'png' | 'jpg' | 'gif'
      /** Of the picture that came in, in CSS pixels and the right way up. */
      width: number
      height: number
    }
  /** Why not, to complete "it …". */
  | { refused: string }
  /** Why sharp cannot be loaded. */
  | { missing: string }

/** What no picture has by accident; decoded it would take 400 MB. */
const MOST_PIXELS = 100_000_000

/** A picture is a photograph where PNG, which keeps every pixel, takes so many times what JPEG does. */
const PHOTOGRAPH = 3

const READERS = ['Jpeg', 'Png', 'Webp', 'Heif', 'Svg', 'Nsgif'].map((name) => `VipsForeignLoad${name}`)

type Draw = (bytes: Uint8Array, options: SharpOptions) => Sharp

answerParent(async ({ bytes, kind, widest }: PictureQuestion): Promise<PictureAnswer> => {
  let draw: Draw
  try {
    draw = await load()
  } catch (error) {
    return { missing: firstLine(error) }
  }
  try {
    return await redraw(draw, bytes, kind, widest)
  } catch (error) {
    const found = firstLine(error)
    return {
      refused: found.includes('exceeds pixel limit')
        ? `has more than ${MOST_PIXELS / 1_000_000} million pixels`
        : `cannot be read (${found})`,
    }
  }
})

async function load(): Promise<Draw> {
  const { default: sharp } = await import('sharp')
  sharp.cache(false)
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: READERS })
  return (bytes, options) => sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error', ...options })
}

async function redraw(
  draw: Draw,
  bytes: Uint8Array,
  kind: PictureKind,
  widest: number,
): Promise<PictureAnswer> {
  const vector = kind === 'svg'
  // How large an SVG is drawn is ours to say, so what it says itself takes nothing yet.
  const found = await draw(bytes, vector ? { limitInputPixels: false } : {}).metadata()
  const natural = found.autoOrient
  // An SVG has as many pixels as a good screen can show; a photograph has what it has.
  const scale = vector ? Math.min(2, widest / natural.width) : 1
  const picture = draw(bytes, vector ? { density: Math.min(Math.max(72 * scale, 1), 100_000) } : {})
    .autoOrient()
    .resize({ width: widest, withoutEnlargement: true })
    .toColourspace('srgb')
  const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })

  if (kind === 'gif' && (found.pages ?? 1) > 1) return { bytes, ending: 'gif', ...natural }

  const raw = { raw: { width: info.width, height: info.height, channels: info.channels } }
  const opaque = isOpaque(data, info.channels)
  const png = () =>
    (opaque ? draw(data, raw).removeAlpha() : draw(data, raw)).png({ compressionLevel: 9 }).toBuffer()
  const jpeg = () => draw(data, raw).removeAlpha().jpeg({ quality: 82, mozjpeg: true }).toBuffer()
  const drawn: { bytes: Uint8Array; ending: 'png' | 'jpg' } =
    vector || !opaque
      ? { bytes: await png(), ending: 'png' }
      : kind === 'jpeg'
        ? { bytes: await jpeg(), ending: 'jpg' }
        : await eitherOf(png, jpeg)

  // What is right already is not drawn again, which would cost a little of it; unless it is far larger than need be.
  const { exif, icc, xmp, iptc, comments, orientation = 1 } = found
  const isClean = !(exif || icc || xmp || iptc || comments) && orientation === 1 && found.depth === 'uchar'
  const isRight = isClean && natural.width <= widest && /^(srgb|b-w)$/.test(found.space ?? '')
  const isSameKind = kind === (drawn.ending === 'jpg' ? 'jpeg' : 'png')
  return isRight && isSameKind && bytes.length <= 2 * drawn.bytes.length
    ? { bytes, ending: drawn.ending, ...natural }
    : { ...drawn, ...natural }
}

async function eitherOf(png: () => Promise<Uint8Array>, jpeg: () => Promise<Uint8Array>) {
  const [exact, small] = [await png(), await jpeg()]
  return exact.length <= PHOTOGRAPH * small.length
    ? { bytes: exact, ending: 'png' as const }
    : { bytes: small, ending: 'jpg' as const }
}

function isOpaque(data: Uint8Array, channels: number): boolean {
  if (channels < 4) return true
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false
  return true
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n')[0] ?? ''
}
