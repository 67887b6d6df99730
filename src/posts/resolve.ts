/**
 * Addresses in a post, made absolute. The author writes them relative to the post's page; a feed or a mail is read
 * elsewhere, so nothing published holds a relative one.
 */

// What a reader may follow. A scheme that is not here (javascript:, data:, vbscript:, file: …) runs code or leads
// nowhere from another machine.
const LINK_SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:'])
const MEDIA_SCHEMES = new Set(['http:', 'https:'])

/**
 * The absolute address that a link leads to, by the rules of browsers (WHATWG URL); a fragment leads into the post.
 *
 * @param base the absolute address of the post's page.
 * @returns null where there is no address or it is not http, https, mailto or tel.
 */
export function resolveLink(address: string, base: string): string | null {
  return resolveAddress(address, base, LINK_SCHEMES)
}

/** As `resolveLink`, for what is shown in place: pictures, video, sound. http and https alone. */
export function resolveMedia(address: string, base: string): string | null {
  return resolveAddress(address, base, MEDIA_SCHEMES)
}

/** A `srcset` with each of its addresses absolute; empty where none is left. */
export function resolveSrcset(srcset: string, base: string): string {
  const candidates: string[] = []
  // HTML, 4.8.4.2: candidates are separated by commas; an address may hold commas, but not begin or end with one.
  for (const [, address = '', size = ''] of srcset.matchAll(
    /([^\s,]\S*[^\s,]|[^\s,])(?:\s+([\d.]+[wxh]))?/g,
  )) {
    const absolute = resolveMedia(address, base)
    if (absolute !== null) candidates.push(size ? `${absolute} ${size}` : absolute)
  }
  return candidates.join(', ')
}

function resolveAddress(address: string, base: string, schemes: Set<string>): string | null {
  if (address.trim() === '') return null
  const url = URL.parse(address, base)
  return url && schemes.has(url.protocol) ? url.href : null
}
