/**
 * Which form of a file a program wants, by RFC 9110, 12.5.3. What is written for it in advance is `br` and `gzip`;
 * nothing is compressed for one request.
 */
export type Encoding = 'br' | 'gzip' | 'identity'

/** The smallest first: so they are chosen where a program likes them equally. */
const ENCODINGS: readonly Encoding[] = ['br', 'gzip', 'identity']

/** Below every weight that can be written: "identity" is acceptable where it is not named, and the last choice. */
const UNNAMED = 0.0005

// Programs send the same few headers millions of times.
const read = new Map<string, readonly Encoding[]>()
const MOST_READ = 200

/**
 * @param header Accept-Encoding as it was sent
 * @returns the encodings that are acceptable, the best first; it may be none
 */
export function acceptedEncodings(header: string | undefined): readonly Encoding[] {
  // "If no Accept-Encoding header field is in the request, any content coding is considered acceptable": one that
  // everybody can read is what a program means that says nothing.
  if (header === undefined) return ['identity']
  const known = read.get(header)
  if (known !== undefined) return known
  const found = rank(header)
  if (read.size >= MOST_READ) read.clear()
  if (header.length < 200) read.set(header, found)
  return found
}

function rank(header: string): Encoding[] {
  const weights = new Map<string, number>()
  for (const each of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim())
    const weight = weightOf(parameters)
    // "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"" (8.4.1.3).
    if (name !== '' && weight !== null) weights.set(name === 'x-gzip' ? 'gzip' : name, weight)
  }
  const weigh = (encoding: Encoding) =>
    weights.get(encoding) ?? weights.get('*') ?? (encoding === 'identity' ? UNNAMED : 0)
  return ENCODINGS.filter((encoding) => weigh(encoding) > 0).sort((one, other) => weigh(other) - weigh(one))
}

/** 1 where none is written, null for one that is no weight: then the whole entry means nothing. */
function weightOf(parameters: string[]): number | null {
  const written = parameters.find((parameter) => /^q\s*=/.test(parameter))
  if (written === undefined) return 1
  const value = written.replace(/^q\s*=\s*/, '')
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : null
}
