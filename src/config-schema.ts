/**
 * What a configuration may hold: one zod schema for checks, types and the JSON Schema that editors use. A value that
 * is not right is told with what to write instead; a value that is right is kept in one form.
 */
import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { checkAddress } from './address.ts'
import { MARKS_IN_TEXT } from './slots.ts'

/** The least `feeds.size`: a few posts with their summaries. */
const LEAST_FEED = 64_000
export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
/** What a token leaves of the 64 octets of a local part (RFC 5321, 4.5.3.1.1); see `mail/token.ts`. */
export const BOUNCES_LOCAL_PART = 29
const TIME = '([01]\\d|2[0-3]):[0-5]\\d'

// They stand in every mail, where some characters mean a place for something of each reader's own.
const words = z.string().check(told(markFault))
const text = words.trim().min(1, 'write some text')
// Checked and brought to the form that a header may hold, since both go out in every message.
const emailAddress = z.string().check(told(emailFault)).transform(keptEmail)
const httpAddress = z
  .string()
  .check(told(httpAddressFault))
  .transform((value) => withoutSlash(new URL(value).href))
// Kept with its last slash and its query: they are part of an address that is posted to.
const hubAddress = z
  .string()
  .check(told(hubFault))
  .transform((value) => new URL(value).href)
const language = z
  .string()
  .check(told((value) => (isLanguage(value) ? null : 'write a language tag such as "en" or "pt-BR"')))
const timeZone = z
  .string()
  .check(told((value) => (isTimeZone(value) ? null : 'write a time zone such as "Europe/Berlin" or "UTC"')))
const secret = z.union(
  [text, z.strictObject({ env: text.describe('The environment variable that holds it.') })],
  'write it, or {"env": "NAME"} for the environment variable that holds it',
)

const most = z.int().min(1).optional()
const spans = { second: most, minute: most, hour: most, day: most }
const limits = z
  .strictObject({
    ...spans,
    domains: z
      .record(z.string(), z.strictObject(spans))
      .default({})
      .describe('Limits of single domains that mail goes to, beside the others.'),
    warmUp: z
      .strictObject({ start: z.int().min(1), factor: z.number().min(1), ceiling: z.int().min(1) })
      .optional()
      .describe('Messages on the first day, how many times more each day, and the most a day it grows to.'),
  })
  .prefault({})
  .describe('How many messages at most in each span. A limit delays, it never drops.')

const domainName = z.string().check(told(domainFault)).transform(keptDomain)
// RFC 6376, 3.1: "Selectors" are labels of a domain name.
const selector = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i, {
    error: 'write letters, digits and hyphens, such as "posthorn2026"',
    abort: true,
  })
  .max(63, 'write 63 characters or less')
  .transform((value) => value.toLowerCase())
const keyFile = text.describe('The private key, as `posthorn dkim` makes it.')
const dkim = z
  .strictObject({
    domain: domainName.describe('The domain of the sender, in whose DNS the key is published.'),
    selector: selector.describe('The name of the key in the DNS.'),
    privateKeyFile: keyFile,
    ed25519: z
      .strictObject({ selector, privateKeyFile: keyFile })
      .optional()
      .describe('A second signature, for receivers that read Ed25519.'),
  })
  .optional()
  .describe('Signs each message. A key that cannot sign stops all mail.')

export const maildir = z.strictObject({
  kind: z.literal('maildir'),
  folder: text.default('outbox').describe('A Maildir: each message becomes a file in its `new` folder.'),
  dkim,
  limits,
})
export const smtp = z.strictObject({
  kind: z.literal('smtp'),
  host: text,
  port: z.int().min(1).max(65535).optional().describe('Default 587, and 465 speaks TLS from the first byte.'),
  tls: z
    .enum(['required', 'never'])
    .optional()
    .describe('Default `required`, and `never` where the host is this machine.'),
  auth: z.strictObject({ user: secret, password: secret }).optional(),
  connections: z.int().min(1).max(100).default(10).describe('How many connections at once, at most.'),
  dkim,
  limits,
})

/** What a directory asks of a podcast; the categories are Apple's, which the others take too. */
// biome-ignore format: a list of names
const CATEGORIES = [
  'Arts', 'Business', 'Comedy', 'Education', 'Fiction', 'Government', 'Health & Fitness', 'History', 'Kids & Family',
  'Leisure', 'Music', 'News', 'Religion & Spirituality', 'Science', 'Society & Culture', 'Sports', 'Technology',
  'True Crime', 'TV & Film',
]
const podcast = z
  .strictObject({
    image: z
      .string()
      .check(told(coverFault))
      .describe('The cover: a square JPEG or PNG of 1400 to 3000 pixels; an address, or a path of the site.'),
    category: z.enum(CATEGORIES, `write one of ${CATEGORIES.join(', ')}`),
    subcategory: text.optional(),
    explicit: z.boolean().describe('Whether the show is for adults alone. A post may say otherwise.'),
    author: text.optional().describe('Default `site.author`, else `site.title`.'),
    owner: z
      .strictObject({ name: text.optional(), email: emailAddress })
      .optional()
      .describe('Whom a directory writes to. The address stands in the feed, where everybody can read it.'),
    type: z
      .enum(['episodic', 'serial'])
      .default('episodic')
      .describe('Whether episodes are heard newest first, or in the order of their numbers.'),
  })
  .describe('Makes the RSS of the site a podcast, with what directories ask for.')

/** The configuration as it is written. */
export const schema = z.strictObject({
  $schema: z.string().optional(),
  site: z.strictObject({
    title: text,
    url: httpAddress.describe('Where the blog is, for people.'),
    description: words.default(''),
    language: language.default('en'),
    timeZone: timeZone
      .default('UTC')
      .describe('Dates of posts without a zone are in it, and the digests of readers who chose none.'),
    author: z.strictObject({ name: text, email: emailAddress.optional() }).optional(),
  }),
  posts: z
    .strictObject({
      folder: text.default('posts'),
      link: text
        .default('/posts/{slug}/')
        .check(told(linkFault))
        .describe(
          'A path: Posthorn writes a page for each post there. A full address: your own blog has them.',
        ),
    })
    .prefault({}),
  feeds: z
    .strictObject({
      folder: text.default('public'),
      entries: z
        .int()
        .min(1)
        .max(1000)
        .default(20)
        .describe('How many posts a feed has; the site’s waits with a few more until they fill an archive.'),
      size: z
        .string()
        .regex(/^\d{1,4}(KB|MB)$/, { error: 'write it as "512KB" or "1MB"', abort: true })
        .default('512KB')
        .transform(sizeBytes)
        .refine((bytes) => bytes >= LEAST_FEED, { error: 'write "64KB" or more' })
        .describe('The most a feed may take: first it has fewer posts, then the longest as summaries.'),
      url: httpAddress.optional().describe('Where the feeds are, when it is not `site.url`.'),
      hub: hubAddress
        .optional()
        .describe('A WebSub hub, which is told of each change and passes it on at once.'),
      podcast: podcast.optional(),
    })
    .prefault({}),
  newsletter: z.strictObject({
    from: z.strictObject({ name: text.check(told(senderFault)), email: emailAddress }),
    replyTo: emailAddress.optional(),
    bounces: emailAddress
      .check(told(bouncesFault))
      .optional()
      .describe(
        'Where what cannot be delivered comes back to, as `bounces+b-TOKEN@…`. Default `from.email`.',
      ),
    unsubscribe: emailAddress
      .optional()
      .describe(
        'An address that you read: mail programs may offer to leave by a mail to it, whose subject `posthorn subscribers unsubscribe` takes.',
      ),
    postalAddress: words.default('').describe('Many countries want one in every newsletter.'),
    logo: text
      .check(told(logoFault))
      .optional()
      .describe('Stands on top of each mail in place of the title: a path of the site, or an https address.'),
    color: z
      .string()
      .regex(/^#[0-9a-f]{6}$/i, { error: 'write a colour such as "#9a4b0b"', abort: true })
      .transform((value) => value.toLowerCase())
      .optional()
      .describe('Of links and buttons in mails. It is made darker or lighter where it could not be read.'),
    welcome: z
      .boolean()
      .default(true)
      .describe('Whether a new reader gets a message with the newest posts as links.'),
    settle: duration('10m').describe('How long a file has to be unchanged before its post is mailed.'),
    digests: z
      .strictObject({
        daily: pattern(`^${TIME}$`, '08:00'),
        weekly: pattern(`^(${WEEKDAYS.join('|')}) ${TIME}$`, 'Mon 08:00'),
        monthly: pattern(`^([1-9]|1\\d|2[0-8]) ${TIME}$`, '1 08:00'),
        order: z
          .enum(['newest', 'oldest'], 'write "newest" or "oldest"')
          .default('newest')
          .describe('Which of its posts a digest begins with.'),
        posts: z
          .int()
          .min(1)
          .max(50)
          .default(20)
          .describe('How many posts a digest shows; further ones stand at its end as titles.'),
        show: z
          .enum(['summary', 'full'], 'write "summary" or "full"')
          .default('summary')
          .describe('Of each post its summary, or its text, as far as all of them fit into a mail.'),
        subject: text
          .optional()
          .describe(
            'A Liquid template, such as "{{ site.title }}: {{ posts[0].title }}". Default: words like these, in the reader’s language.',
          ),
      })
      .prefault({})
      .describe('When digests go out, and what they look like.'),
  }),
  transports: z
    .array(z.discriminatedUnion('kind', [maildir, smtp], 'write "maildir" or "smtp"'))
    .min(1, 'name at least one transport')
    .prefault([{ kind: 'maildir' }]),
  database: z
    .strictObject({
      url: z
        .string()
        .regex(/^sqlite:.+/, 'write it as "sqlite:data/posthorn.db"')
        .default('sqlite:data/posthorn.db'),
    })
    .prefault({}),
  journal: z
    .strictObject({
      file: text.default('data/posthorn.journal').describe('Another disk than the database’s is better.'),
    })
    .prefault({}),
  web: z
    .strictObject({
      url: httpAddress
        .check(told(webAddressFault))
        .prefault('http://localhost:8025')
        .describe('Where readers reach the pages of the newsletter.'),
      listen: z
        .string()
        .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, {
          error: 'write it as "127.0.0.1:8025"',
          abort: true,
        })
        .check(told((value) => (splitListen(value).port > 65535 ? 'ports end at 65535' : null)))
        .default('127.0.0.1:8025'),
      trustProxy: z.boolean().default(false).describe('Believe X-Forwarded-For: only behind your own proxy.'),
    })
    .prefault({}),
  secret: z
    .union(
      [secret, z.array(secret).min(1)],
      'write it, or {"env": "NAME"} for the environment variable that holds it; or a list of such, the newest first',
    )
    .optional()
    .describe(
      'Signs the links in messages. Made on first use and kept in the database, unless named here. Of a list the first signs, and the others open old links.',
    ),
})

/** The JSON Schema of the configuration, for editors: `config.schema.json` is this, written down. */
export function configSchema(): object {
  return {
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    title: 'Posthorn configuration',
  }
}

/** True for the names and addresses of this machine, where a plain connection meets nobody on the way. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    /^127(\.\d{1,3}){3}$/.test(host) ||
    host === '::1' ||
    host === '[::1]'
  )
}

/** True for a language tag that is well formed by BCP 47. */
// Without extensions, as in "en-u-ca-buddhist": they are no part of a language, and nothing can say its name with them.
export function isLanguage(value: string): boolean {
  try {
    const [language, ...more] = Intl.getCanonicalLocales(value)
    return language !== undefined && more.length === 0 && new Intl.Locale(language).baseName === language
  } catch {
    return false
  }
}

/** True for what both know that go by it: Temporal takes a whole moment for its zone, and Intl takes "PST". */
export function isTimeZone(value: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(value)
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}

/** A check of zod's that tells the fault in our words. */
function told(faultOf: (value: string) => string | null): z.core.CheckFn<string> {
  return (context) => {
    const message = faultOf(context.value)
    if (message !== null) context.issues.push({ code: 'custom', message, input: context.value })
  }
}

function markFault(value: string): string | null {
  return MARKS_IN_TEXT.test(value)
    ? 'take out what no font shows: U+E000 to U+E006 have a meaning here'
    : null
}

function emailFault(value: string): string | null {
  const checked = checkAddress(value)
  return 'fault' in checked ? checked.fault : null
}

function keptEmail(value: string): string {
  const checked = checkAddress(value)
  return 'fault' in checked ? value : checked.address
}

function domainFault(value: string): string | null {
  const checked = checkAddress(`name@${value}`)
  return 'fault' in checked || value.includes('@') ? 'write a domain such as "blog.example"' : null
}

function keptDomain(value: string): string {
  return keptEmail(`name@${value}`).slice('name@'.length)
}

// Google's rules for display names: they name the sender and nothing else, and do not look like what they are not.
function senderFault(value: string): string | null {
  if (value.includes('@'))
    return 'write the name alone, without "@": mail programs distrust a name that looks like an address'
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(value))
    return 'write it without emoji: mail providers take one in a sender’s name for a forged badge'
  return null
}

function bouncesFault(value: string): string | null {
  return value.lastIndexOf('@') > BOUNCES_LOCAL_PART
    ? `write at most ${BOUNCES_LOCAL_PART} characters before "@": a token is added to them, and mail servers take 64`
    : null
}

function httpAddressFault(value: string): string | null {
  if (!URL.canParse(value)) return 'write a full address such as "https://blog.example"'
  const url = new URL(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'write an address that begins with https:// or http://'
  if (url.username || url.password) return 'an address that readers see cannot hold a user name or password'
  if (url.search || url.hash) return 'leave out what follows "?" or "#"'
  // It stands in the header of every message, where a line has 998 characters at the most.
  if (url.href.length > 500) return 'write an address of 500 characters or less'
  return null
}

// "in JPEG or PNG format [...] with appropriate file extensions"
function logoFault(value: string): string | null {
  const example = 'write a path of the site such as "logo.png", or an https address'
  if (URL.canParse(value)) return new URL(value).protocol === 'https:' ? mailPictureFault(value) : example
  if (value.startsWith('/') || value.includes('\\') || value.split('/').includes('..')) return example
  return null
}

// A picture from elsewhere is shown as it is, and mail programs know these kinds.
function mailPictureFault(address: string): string | null {
  return /\.(svgz?|webp|avif)$/i.test(new URL(address).pathname)
    ? 'write the address of a PNG, JPEG or GIF: mail programs show no others; a path of the site may be any picture'
    : null
}

function coverFault(value: string): string | null {
  const url = URL.parse(value, 'https://blog.example/')
  if (url === null || !/^https?:$/.test(url.protocol) || !/\.(jpe?g|png)$/i.test(url.pathname))
    return 'write the address of a picture that ends with .jpg or .png'
  return null
}

function hubFault(value: string): string | null {
  if (!URL.canParse(value)) return 'write a full address such as "https://hub.example/"'
  const url = new URL(value)
  url.search = ''
  return httpAddressFault(url.href)
}

// Links in messages carry tokens: over plain http anyone on the way could use them.
function webAddressFault(value: string): string | null {
  const url = new URL(value)
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return null
  return 'links in messages carry tokens, so write an https address (http is for localhost alone)'
}

function linkFault(value: string): string | null {
  if (!value.includes('{slug}')) return 'it needs "{slug}", or all posts would share one page'
  const unknown = value.match(/\{(?!(slug|year|month|day)\})[^}]*\}/)
  if (unknown) return `"${unknown[0]}" is unknown; there are {slug}, {year}, {month} and {day}`
  if (value.startsWith('/'))
    return value.includes('..') || value.includes('\\') ? 'write a plain path such as "/posts/{slug}/"' : null
  return httpAddressFault(value.replaceAll('{', '').replaceAll('}', ''))
}

function pattern(source: string, fallback: string) {
  return z.string().regex(new RegExp(source), `write it as "${fallback}"`).default(fallback)
}

function duration(fallback: string) {
  return z
    .string()
    .regex(/^(0|\d+(s|m|h|d))$/, 'write it as "10m", "1h" or "0"')
    .default(fallback)
}

/** `512KB` in bytes, a KB being 1,000 of them. */
function sizeBytes(value: string): number {
  return Number.parseInt(value, 10) * (value.endsWith('MB') ? 1_000_000 : 1_000)
}

/** `127.0.0.1:8025` or `[::1]:8025` in its two parts. */
export function splitListen(value: string): { host: string; port: number } {
  const colon = value.lastIndexOf(':')
  return { host: value.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(value.slice(colon + 1)) }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
