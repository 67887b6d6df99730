/**
 * What a picture's own bytes say of it, whatever its name says: of which kind it is, and how large the kinds are that
 * every mail program shows. Nothing is decoded, so this works without a library, and on a file of any sort.
 */

export type PictureKind = 'png' | 'jpeg' | 'gif' | 'webp' | 'avif' | 'svg'

/** Null where it is no picture, or of a kind that browsers do not show. */
export function pictureKind(bytes: Buffer): PictureKind | null {
  const starts = (text: string, at = 0) => bytes.toString('latin1', at, at + text.length) === text
  if (starts('\x89PNG\r\n\x1a\n')) return 'png'
  if (starts('\xff\xd8\xff')) return 'jpeg'
  if (starts('GIF87a') || starts('GIF89a')) return 'gif'
  if (starts('RIFF') && starts('WEBP', 8)) return 'webp'
  // ISO 14496-12: a file begins with the brands that it can be read as.
  if (starts('ftyp', 4) && /avi[fs]/.test(bytes.toString('latin1', 8, Math.min(bytes.readUInt32BE(0), 64))))
    return 'avif'
  return isSvg(bytes) ? 'svg' : null
}

/** Before the first element there may be a mark of the encoding, a declaration, comments and a document type. */
function isSvg(bytes: Buffer): boolean {
  const head = bytes.toString('utf8', 0, 4096).replace(/^\uFEFF/, '')
  return /^\s*</.test(head) && /<(?:svg:)?svg[\s/>]/.test(head)
}

/**
 * How large a browser shows a PNG, JPEG or GIF, in CSS pixels.
 *
 * @returns null where its head is cut off or makes no sense
 */
export function pictureSize(bytes: Buffer, kind: PictureKind): { width: number; height: number } | null {
  const size = kind === 'png' ? pngSize(bytes) : kind === 'gif' ? gifSize(bytes) : jpegSize(bytes)
  return size && size.width > 0 && size.height > 0 ? size : null
}

function pngSize(bytes: Buffer) {
  // PNG, 5.6: IHDR shall be first.
  return bytes.length < 33 ? null : { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
}

function gifSize(bytes: Buffer) {
  return bytes.length < 13 ? null : { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
}

function jpegSize(bytes: Buffer) {
  let turned = false
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) {
      at++
      continue
    }
    const length = bytes.readUInt16BE(at + 2)
    if (length < 2) return null
    // A frame header: SOF0 to SOF15 without the tables and the arithmetic codes that stand among them.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)]
      return turned ? { width: height, height: width } : { width, height }
    }
    if (marker === 0xe1) turned ||= isTurned(bytes.subarray(at + 4, at + 2 + length))
    at += 2 + length
  }
  return null
}

/** Whether an EXIF segment says that the camera lay on its side. */
function isTurned(exif: Buffer): boolean {
  if (exif.length < 20 || exif.toString('latin1', 0, 6) !== 'Exif\0\0') return false
  const tiff = exif.subarray(6)
  const little = tiff.toString('latin1', 0, 2) === 'II'
  const short = (at: number) =>
    at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at)
  const first = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  for (let entry = 0; entry < short(first); entry++) {
    const at = first + 2 + entry * 12
    if (at + 12 > tiff.length) return false
    // Orientation; 5 to 8 swap the sides.
    if (short(at) === 0x0112) return short(at + 8) >= 5
  }
  return false
}
