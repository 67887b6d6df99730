/**
 * The site's configuration: one zod schema for checks, types and the JSON Schema that editors use.
 *
 * A site is a folder with `config.json`, else `config.example.json` where that is all there is. Paths in it are
 * relative to that folder. A key that Posthorn does not know is an error with the nearest key it knows, and a key
 * whose feature is not built yet is an error too: a setting that is silently ignored is worse than none.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { checkAddress } from './address.ts'
import { errorCode, type Fault, FaultsError, UserError } from './errors.ts'

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const TIME = '([01]\\d|2[0-3]):[0-5]\\d'

const text = z.string().trim().min(1)
// Checked and brought to the form that a header may hold, since both go out in every message.
const emailAddress = z.string().check(told(emailFault)).transform(keptEmail)
const httpAddress = z
  .string()
  .check(told(httpAddressFault))
  .transform((value) => withoutSlash(new URL(value).href))
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

const maildir = z.strictObject({
  kind: z.literal('maildir'),
  folder: text.default('outbox').describe('A Maildir: each message becomes a file in its `new` folder.'),
})
const smtp = z.strictObject({
  kind: z.literal('smtp'),
  host: text,
  port: z.int().min(1).max(65535).optional().describe('Default 587, and 465 speaks TLS from the first byte.'),
  tls: z
    .enum(['required', 'never'])
    .optional()
    .describe('Default `required`, and `never` where the host is this machine.'),
  auth: z.strictObject({ user: secret, password: secret }).optional(),
  connections: z.int().min(1).max(100).default(10).describe('How many connections at once, at most.'),
})

const schema = z.strictObject({
  $schema: z.string().optional(),
  site: z.strictObject({
    title: text,
    url: httpAddress.describe('Where the blog is, for people.'),
    description: z.string().default(''),
    language: language.default('en'),
    timeZone: timeZone
      .default('UTC')
      .describe('Dates of posts without a zone, and the hours of digests, are in it.'),
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
      entries: z.int().min(1).max(1000).default(20),
      url: httpAddress.optional().describe('Where the feeds are, when it is not `site.url`.'),
    })
    .prefault({}),
  newsletter: z.strictObject({
    from: z.strictObject({ name: text, email: emailAddress }),
    replyTo: emailAddress.optional(),
    postalAddress: z.string().default('').describe('Many countries want one in every newsletter.'),
    settle: duration('10m').describe('How long a file has to be unchanged before its post is mailed.'),
    digests: z
      .strictObject({
        daily: pattern(`^${TIME}$`, '08:00'),
        weekly: pattern(`^(${WEEKDAYS.join('|')}) ${TIME}$`, 'Mon 08:00'),
        monthly: pattern(`^([1-9]|1\\d|2[0-8]) ${TIME}$`, '1 08:00'),
      })
      .prefault({}),
  }),
  transports: z
    .array(z.discriminatedUnion('kind', [maildir, smtp], 'write "maildir" or "smtp"'))
    .length(1, 'one transport, until several are built')
    .prefault([{ kind: 'maildir' }]),
  database: z
    .strictObject({
      url: z
        .string()
        .regex(/^sqlite:.+/, 'write it as "sqlite:data/posthorn.db"')
        .default('sqlite:data/posthorn.db'),
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
  secret: secret
    .optional()
    .describe('Signs the links in messages. Made on first use and kept in the database, unless named here.'),
})

/** Keys of the design whose features are not built yet. */
const NOT_BUILT = new Set(['dkim', 'limits', 'journal', 'webhooks', 'logo', 'color'])

type Parsed = z.output<typeof schema>
export type SmtpConfig = Omit<z.output<typeof smtp>, 'auth' | 'port' | 'tls'> & {
  port: number
  tls: 'required' | 'never'
  auth: { user: string; password: string } | null
}
export type MaildirConfig = z.output<typeof maildir>
export type TransportConfig = SmtpConfig | MaildirConfig

/** The configuration as the rest of Posthorn reads it: paths absolute, addresses without a last slash, secrets read. */
export type Config = Omit<Parsed, '$schema' | 'transports' | 'secret' | 'feeds' | 'newsletter' | 'web'> & {
  /** The file it came from, and the folder it is in: the site. */
  file: string
  folder: string
  feeds: Parsed['feeds'] & { url: string }
  newsletter: Omit<Parsed['newsletter'], 'settle'> & { settleMs: number }
  transports: [TransportConfig]
  web: { url: string; host: string; port: number; trustProxy: boolean }
  secret: string | null
}

/**
 * Reads and checks the configuration of a site.
 *
 * @param from a file, or a folder that holds `config.json` (else `config.example.json`).
 * @param env where secrets named by `{"env": "NAME"}` are looked up.
 * @throws FaultsError with every fault of the file, UserError where there is no file.
 */
export function loadConfig(from: string, env: NodeJS.ProcessEnv): Config {
  const file = findConfig(from)
  const source = readConfig(file)
  const name = relative(process.cwd(), file) || file
  let found: unknown
  try {
    found = JSON.parse(source)
  } catch (error) {
    throw new FaultsError([jsonFault(name, source, error)])
  }
  const parsed = schema.safeParse(found)
  if (!parsed.success)
    throw new FaultsError(parsed.error.issues.flatMap((issue) => schemaFaults(name, source, found, issue)))
  return complete(file, name, parsed.data, env, (path) => lineOf(source, path))
}

/** The JSON Schema of the configuration, for editors: `config.schema.json` is this, written down. */
export function configSchema(): object {
  return {
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    title: 'Posthorn configuration',
  }
}

function findConfig(from: string): string {
  const path = resolve(from)
  if (path.endsWith('.json')) return path
  const own = join(path, 'config.json')
  if (existsSync(own)) return own
  const example = join(path, 'config.example.json')
  if (existsSync(example)) return example
  throw new UserError(`${from}: there is no config.json here, so this is not a site folder`, {
    hint: 'make one with `posthorn init FOLDER`, or name a configuration with `--config FILE`',
  })
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw new UserError(`${file}: cannot be read (${errorCode(error) ?? error})`, {
      hint: 'name an existing file with `--config FILE`, or make a site with `posthorn init FOLDER`',
      cause: error,
    })
  }
}

function complete(
  file: string,
  name: string,
  parsed: Parsed,
  env: NodeJS.ProcessEnv,
  line: (path: PropertyKey[]) => { line?: number },
): Config {
  const folder = dirname(file)
  const faults: Fault[] = []
  const reveal = (value: string | { env: string }, ...path: PropertyKey[]): string => {
    if (typeof value === 'string') return value
    const found = env[value.env]
    if (!found)
      faults.push({
        file: name,
        ...line(path),
        message: `"${keyPath(path)}" is in the environment variable ${value.env}, which is not set; set it, or write the value`,
      })
    return found ?? ''
  }
  const transport = parsed.transports[0] as z.output<typeof maildir | typeof smtp>
  const config: Config = {
    file,
    folder,
    site: parsed.site,
    posts: { ...parsed.posts, folder: resolve(folder, parsed.posts.folder) },
    feeds: {
      ...parsed.feeds,
      folder: resolve(folder, parsed.feeds.folder),
      url: parsed.feeds.url ?? parsed.site.url,
    },
    newsletter: { ...parsed.newsletter, settleMs: durationMs(parsed.newsletter.settle) },
    transports: [
      transport.kind === 'maildir'
        ? { ...transport, folder: resolve(folder, transport.folder) }
        : {
            ...transport,
            port: transport.port ?? 587,
            tls: transport.tls ?? (isLoopback(transport.host) ? 'never' : 'required'),
            auth: transport.auth
              ? {
                  user: reveal(transport.auth.user, 'transports', 0, 'auth', 'user'),
                  password: reveal(transport.auth.password, 'transports', 0, 'auth', 'password'),
                }
              : null,
          },
    ],
    database: { url: `sqlite:${resolve(folder, parsed.database.url.slice('sqlite:'.length))}` },
    web: {
      url: parsed.web.url,
      ...splitListen(parsed.web.listen),
      trustProxy: parsed.web.trustProxy,
    },
    secret: parsed.secret === undefined ? null : reveal(parsed.secret, 'secret'),
  }
  if (faults.length > 0) throw new FaultsError(faults)
  return config
}

/** Whether posts have pages of ours: `posts.link` is a path then, and a full address where the author's blog has them. */
export function writesPages(config: Config): boolean {
  return config.posts.link.startsWith('/')
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
export function isLanguage(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1
  } catch {
    return false
  }
}

function isTimeZone(value: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(value)
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

function emailFault(value: string): string | null {
  const checked = checkAddress(value)
  return 'fault' in checked ? checked.fault : null
}

function keptEmail(value: string): string {
  const checked = checkAddress(value)
  return 'fault' in checked ? value : checked.address
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

function durationMs(value: string): number {
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[value.at(-1) ?? '']
  return unit === undefined ? 0 : Number.parseInt(value, 10) * unit
}

function splitListen(value: string): { host: string; port: number } {
  const colon = value.lastIndexOf(':')
  return { host: value.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(value.slice(colon + 1)) }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function jsonFault(file: string, source: string, error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error)
  // What JSON.parse met, without where: a position, or the text around it.
  const met = message.replace(/ in JSON at position.*$/s, '').replace(/, (\.\.\.)?".*is not valid JSON$/s, '')
  return {
    file,
    line: source.slice(0, jsonPosition(source, message)).split('\n').length,
    message: `this is not JSON: ${met}; look for a comma too many or too few`,
  }
}

// V8 names the position in some of its messages. In the others it quotes the ten characters before and after it.
function jsonPosition(source: string, message: string): number {
  const named = message.match(/position (\d+)/)?.[1]
  if (named !== undefined) return Number(named)
  const quoted = message.match(/^Unexpected token '(.+?)', (\.\.\.)?"(.*)"(\.\.\.)? is not valid JSON$/su)
  if (!quoted) return source.length
  const [, token = '', cutBefore, near = ''] = quoted
  return source.indexOf(token, source.indexOf(near) + (cutBefore ? 10 : 0))
}

function schemaFaults(file: string, source: string, found: unknown, issue: z.core.$ZodIssue): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const message = NOT_BUILT.has(key)
        ? `"${keyPath(path)}" is not built yet; take it out`
        : `"${keyPath(path)}" is unknown${nearest(key, knownKeys(issue.path, found))}`
      return { file, ...lineOf(source, path), message }
    })
  }
  const name = issue.path.length === 0 ? 'the configuration' : `"${keyPath(issue.path)}"`
  const value = valueAt(found, issue.path)
  if (value === undefined)
    return [
      {
        file,
        ...lineOf(source, issue.path.slice(0, -1)),
        message: `${name} is missing; it has no default`,
      },
    ]
  const message = `${name} is ${JSON.stringify(value)}; ${expectation(issue)}`
  return [{ file, ...lineOf(source, issue.path), message }]
}

function valueAt(found: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) => (node as Record<PropertyKey, unknown> | null | undefined)?.[key],
    found,
  )
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

function keyPath(path: PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}

/** The line that the value at `path` begins in. JSON is YAML too, and this parser knows where each thing stands. */
function lineOf(source: string, path: PropertyKey[]): { line?: number } {
  const lines = new LineCounter()
  const node = parseDocument(source, { lineCounter: lines, uniqueKeys: false }).getIn(path, true)
  const start = isNode(node) ? node.range?.[0] : undefined
  return path.length === 0 || start === undefined ? {} : { line: lines.linePos(start).line }
}

/** The keys that may stand at a place of the configuration, read from the JSON Schema so that there is one list. */
function knownKeys(path: PropertyKey[], found: unknown): string[] {
  type Node = {
    properties?: Record<string, Node>
    items?: Node
    oneOf?: Node[]
    anyOf?: Node[]
    const?: unknown
  }
  // Of a transport's forms only the one of its kind.
  const fits = (node: Node, value: unknown) =>
    Object.entries(node.properties ?? {}).every(
      ([key, { const: wanted }]) => wanted === undefined || wanted === valueAt(value, [key]),
    )
  let nodes: Node[] = [configSchema() as Node]
  path.forEach((key, depth) => {
    const value = valueAt(found, path.slice(0, depth + 1))
    nodes = nodes.flatMap((node) => {
      const next = typeof key === 'number' ? node.items : node.properties?.[String(key)]
      return next
        ? [next, ...[...(next.oneOf ?? []), ...(next.anyOf ?? [])].filter((form) => fits(form, value))]
        : []
    })
  })
  return nodes.flatMap((node) => Object.keys(node.properties ?? {}))
}

function nearest(key: string, known: string[]): string {
  const ranked = known
    .map((name) => ({ name, far: distance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
  const best = ranked[0]
  if (best && best.far <= Math.max(2, Math.ceil(key.length / 3))) return `; did you mean "${best.name}"?`
  return known.length > 0 ? `; there are ${known.filter((name) => name !== '$schema').join(', ')}` : ''
}

/** Levenshtein's distance: how many letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
