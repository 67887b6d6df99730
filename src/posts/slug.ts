/** The longest slug, in bytes: it names a folder, and disks take names of 255. */
const LONGEST = 200

/**
 * Makes a slug of a file name or of an author's word: letters and digits of any script (NFC), "-", "_", "." and "~"
 * stay, anything else becomes "-". So it is safe as a folder's name and needs no escape in a path beyond UTF-8's.
 *
 * @returns an empty string where nothing is left.
 */
export function makeSlug(text: string): string {
  return (
    text
      .normalize('NFC')
      .replace(/[^\p{L}\p{M}\p{N}._~-]+/gu, '-')
      // What only changes the letter before it is nothing by itself, and invisible.
      .replace(/(?<![\p{L}\p{M}\p{N}])\p{M}+/gu, '')
      // A folder named "." or ".." is another one, and one that begins with a dot is hidden.
      .replace(/^[-.]+|[-.]+$/g, '')
  )
}

/** What is wrong with a slug that an author states, in words that complete `"slug" is "…"; `, or null. */
export function slugFault(stated: string): string | null {
  if (/[/\\]/.test(stated)) return 'it is one part of an address, so write it without "/"'
  const slug = makeSlug(stated)
  if (slug === '') return 'nothing of it can stand in an address; write letters and digits'
  if (Buffer.byteLength(slug) > LONGEST) return `it is longer than ${LONGEST} bytes; write a shorter one`
  return null
}

/** What a path below the posts folder says: `2013-12-08-hello.md`, `hello.md`, `2013-12-08-hello/index.md`. */
export function splitName(file: string): { slug: string; date: string | null } {
  const steps = file.split('/')
  const name = (steps.pop() ?? '').replace(/\.[^.]*$/, '')
  const word = name.toLowerCase() === 'index' ? (steps.pop() ?? name) : name
  const dated = /^(\d{4}-\d{2}-\d{2})[-_](.+)$/.exec(word)
  return { slug: dated?.[2] ?? word, date: dated?.[1] ?? null }
}
