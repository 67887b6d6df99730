/**
 * The site's configuration, found, read and checked. What it may hold is in `config-schema.ts`.
 *
 * A site is a folder with `config.json`, else `config.example.json` where that is all there is. Paths in it are
 * relative to that folder. A key that Posthorn does not know is an error with the nearest key it knows, and a key
 * whose feature is not built yet is an error too: a setting that is silently ignored is worse than none.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { z } from 'zod'
import { jsonFault, keyPath, lineOf, schemaFaults } from './config-faults.ts'
import { isLoopback, type maildir, schema, type smtp, splitListen } from './config-schema.ts'
import { type Fault, FaultsError, UserError } from './errors.ts'
import { cannotRead } from './file.ts'

type Parsed = z.output<typeof schema>
export type SmtpConfig = Omit<z.output<typeof smtp>, 'auth' | 'port' | 'tls'> & {
  port: number
  tls: 'required' | 'never'
  auth: { user: string; password: string } | null
}
/** Files are absolute. */
export type DkimConfig = NonNullable<z.output<typeof smtp>['dkim']>
/** `folder` is absolute, `shown` is where it is seen from the site. */
export type MaildirConfig = z.output<typeof maildir> & { shown: string }
export type TransportConfig = SmtpConfig | MaildirConfig

/** The configuration as the rest of Posthorn reads it: paths absolute, addresses without a last slash, secrets read. */
export type Config = Omit<Parsed, '$schema' | 'transports' | 'secret' | 'feeds' | 'newsletter' | 'web'> & {
  /** The file it came from, and the folder it is in: the site. */
  file: string
  folder: string
  feeds: Parsed['feeds'] & { url: string }
  newsletter: Omit<Parsed['newsletter'], 'settle'> & { settleMs: number }
  transports: TransportConfig[]
  web: { url: string; host: string; port: number; trustProxy: boolean }
  /** The keys of links that are named: the first signs, all open. */
  secrets: string[]
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
    const hint = 'name an existing file with `--config FILE`, or make a site with `posthorn init FOLDER`'
    throw cannotRead(file, error, hint)
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
    transports: parsed.transports.map((transport, index) =>
      transport.kind === 'maildir'
        ? { ...transport, ...maildirPlace(folder, transport.folder), dkim: dkimPlace(folder, transport.dkim) }
        : {
            ...transport,
            dkim: dkimPlace(folder, transport.dkim),
            port: transport.port ?? 587,
            tls: transport.tls ?? (isLoopback(transport.host) ? 'never' : 'required'),
            auth: transport.auth
              ? {
                  user: reveal(transport.auth.user, 'transports', index, 'auth', 'user'),
                  password: reveal(transport.auth.password, 'transports', index, 'auth', 'password'),
                }
              : null,
          },
    ),
    journal: { file: resolve(folder, parsed.journal.file) },
    database: { url: `sqlite:${resolve(folder, parsed.database.url.slice('sqlite:'.length))}` },
    web: {
      url: parsed.web.url,
      ...splitListen(parsed.web.listen),
      trustProxy: parsed.web.trustProxy,
    },
    secrets: Array.isArray(parsed.secret)
      ? parsed.secret.map((each, index) => reveal(each, 'secret', index))
      : parsed.secret === undefined
        ? []
        : [reveal(parsed.secret, 'secret')],
  }
  faults.push(...sameTransports(config.transports, name, line), ...dkimFaults(config, name, line))
  if (faults.length > 0) throw new FaultsError(faults)
  return config
}

/**
 * What a transport is called: `maildir outbox`, `smtp mail.example.org:587 as blog`. Limits, brakes and warm-up are kept
 * under this name, so two accounts of one server have two, and it holds no secret but the user's name.
 */
export function transportName(
  transport: Pick<MaildirConfig, 'kind' | 'shown'> | Pick<SmtpConfig, 'kind' | 'host' | 'port' | 'auth'>,
): string {
  if (transport.kind === 'maildir') return `maildir ${transport.shown}`
  const { host, port, auth } = transport
  return `smtp ${host.toLowerCase()}:${port}${auth ? ` as ${auth.user}` : ''}`
}

function sameTransports(
  transports: TransportConfig[],
  file: string,
  line: (path: PropertyKey[]) => { line?: number },
): Fault[] {
  const names = transports.map(transportName)
  return names.flatMap((name, index) => {
    const first = names.indexOf(name)
    if (first === index) return []
    const message = `"${keyPath(['transports', index])}" is the same as "${keyPath(['transports', first])}": ${name}; name each once, since limits are kept for each`
    return [{ file, ...line(['transports', index]), message }]
  })
}

// The DNS is asked when a message arrives, and the key files are read when a transport is opened.
function dkimFaults(
  { newsletter, transports }: Config,
  file: string,
  line: (path: PropertyKey[]) => { line?: number },
): Fault[] {
  const sender = newsletter.from.email.slice(newsletter.from.email.lastIndexOf('@') + 1)
  return transports.flatMap(({ dkim }, index) => {
    if (!dkim) return []
    const fault = (key: string[], message: string): Fault => {
      const path = ['transports', index, 'dkim', ...key]
      return { file, ...line(path), message: `"${keyPath(path)}" ${message}` }
    }
    const faults: Fault[] = []
    if (!isAligned(dkim.domain, sender))
      faults.push(
        fault(
          ['domain'],
          `is "${dkim.domain}", and mail is from "${sender}": a signature counts for its own domain alone, so write "${sender}" or one above it`,
        ),
      )
    if (dkim.ed25519?.selector === dkim.selector)
      faults.push(
        fault(
          ['ed25519', 'selector'],
          `is "${dkim.selector}" like that of the other key; each key has its own`,
        ),
      )
    return faults
  })
}

// RFC 9989 wants both in one organizational domain, which only the DNS can tell. One above or below the other is.
function isAligned(signing: string, sender: string): boolean {
  return signing === sender || sender.endsWith(`.${signing}`) || signing.endsWith(`.${sender}`)
}

function dkimPlace(site: string, dkim: DkimConfig | undefined): DkimConfig | undefined {
  if (!dkim) return undefined
  const placed = { ...dkim, privateKeyFile: resolve(site, dkim.privateKeyFile) }
  if (dkim.ed25519)
    placed.ed25519 = { ...dkim.ed25519, privateKeyFile: resolve(site, dkim.ed25519.privateKeyFile) }
  return placed
}

function maildirPlace(site: string, written: string): { folder: string; shown: string } {
  const folder = resolve(site, written)
  return { folder, shown: relative(site, folder).replaceAll('\\', '/') || '.' }
}

/** Whether posts have pages of ours: `posts.link` is a path then, and a full address where the author's blog has them. */
export function writesPages(config: Config): boolean {
  return config.posts.link.startsWith('/')
}

function durationMs(value: string): number {
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[value.at(-1) ?? '']
  return unit === undefined ? 0 : Number.parseInt(value, 10) * unit
}
