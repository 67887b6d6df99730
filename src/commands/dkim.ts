import { mkdir, open } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import type { Config, DkimConfig } from '../config.ts'
import { errorCode, UsageError } from '../errors.ts'
import { cannotWrite } from '../file.ts'
import { type KeyKind, keyFiles, keyRecord, makeKey, readKey } from '../mail/dkim-key.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, EXIT } from './main.ts'

/** A key that this command shows: where it is, and what has to be in the DNS. */
type Shown = {
  kind: KeyKind
  file: string
  made: boolean
  domain: string
  selector: string
  name: string
  value: string
}

/** A string of the DNS is a length of one byte and its text (RFC 1035, 3.3), and a reader joins them. */
const DNS_STRING = 255

/**
 * Makes the key that signs mail, and says what to publish and to configure. A key that is there is shown again: none
 * is ever written over, since what it signed last week has to be verified next week.
 */
export async function dkim(
  context: Context,
  options: { selector?: string; ed25519?: boolean; json?: boolean },
): Promise<number> {
  const { terminal, surroundings } = context
  const config = context.config()
  const wanted = wantedKeys(config, options, surroundings.now())
  const keys: Shown[] = []
  for (const each of wanted)
    for (const { kind, selector, file } of keyFiles(each))
      keys.push({
        ...(await makeOrRead(kind, file, config)),
        ...{ domain: each.domain, selector, name: `${selector}._domainkey.${each.domain}` },
      })
  const snippets = wanted.filter((each) => !isConfigured(config, each)).map((each) => written(each, config))
  if (options.json)
    terminal.json({ keys: keys.map((key) => ({ ...key, zone: zoneLine(key) })), dkim: snippets[0] ?? null })
  else tell(terminal, config, keys, snippets[0] ?? null)
  return EXIT.done
}

async function makeOrRead(kind: KeyKind, file: string, config: Config) {
  const made = await makeUnlessThere(file, kind)
  return { kind, file: siteFile(config, file), made, value: keyRecord(await readKey(file, kind)) }
}

/** Those of the configuration, else one for the sender's domain. */
function wantedKeys(
  config: Config,
  { selector, ed25519 = false }: { selector?: string; ed25519?: boolean },
  now: Date,
): DkimConfig[] {
  if (selector !== undefined && !/^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$/.test(selector))
    throw new UsageError(`"${selector}" is no name of a key`, {
      hint: 'a selector is lower-case letters, digits and hyphens, such as `--selector posthorn2027`',
    })
  const configured = config.transports
    .flatMap((transport) => transport.dkim ?? [])
    .filter((each) => selector === undefined || each.selector === selector)
  const first = configured[0] ?? fresh(config, selector ?? `posthorn${now.getUTCFullYear()}`)
  const second = { selector: `${first.selector}-ed25519`, file: `${first.selector}-ed25519` }
  const completed =
    ed25519 && !first.ed25519
      ? { ...first, ed25519: { selector: second.selector, privateKeyFile: keyPlace(config, second.file) } }
      : first
  const all = [completed, ...configured.slice(1)]
  return all.filter((each, index) => all.findIndex((other) => isSame(other, each)) === index)
}

function fresh(config: Config, selector: string): DkimConfig {
  const { email } = config.newsletter.from
  const domain = email.slice(email.lastIndexOf('@') + 1)
  return { domain, selector, privateKeyFile: keyPlace(config, selector) }
}

function keyPlace(config: Config, name: string): string {
  return join(config.folder, 'data', `dkim-${name}.pem`)
}

function isConfigured(config: Config, wanted: DkimConfig): boolean {
  return config.transports.some(({ dkim }) => dkim !== undefined && isSame(dkim, wanted))
}

function isSame(one: DkimConfig, other: DkimConfig): boolean {
  const files = (each: DkimConfig) => JSON.stringify([each.domain, keyFiles(each)])
  return files(one) === files(other)
}

/** @returns whether it was made */
async function makeUnlessThere(path: string, kind: KeyKind): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true })
    // Only where there is none, and readable by nobody else from its first byte on.
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(makeKey(kind))
      await file.sync()
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw cannotWrite(path, error)
  }
}

/** A path as it is written in the configuration. */
function siteFile(config: Config, path: string): string {
  const inside = relative(config.folder, path).replaceAll('\\', '/')
  return inside.startsWith('../') ? path : inside
}

function written(dkim: DkimConfig, config: Config): DkimConfig {
  const { ed25519 } = dkim
  const place = (path: string) => siteFile(config, path)
  return {
    ...dkim,
    privateKeyFile: place(dkim.privateKeyFile),
    ...(ed25519 ? { ed25519: { ...ed25519, privateKeyFile: place(ed25519.privateKeyFile) } } : {}),
  }
}

function zoneLine({ name, value }: Shown): string {
  const strings = value.match(new RegExp(`.{1,${DNS_STRING}}`, 'g')) as string[]
  return `${name}. IN TXT ( ${strings.map((text) => `"${text}"`).join(' ')} )`
}

function tell(terminal: Terminal, config: Config, keys: Shown[], snippet: DkimConfig | null): void {
  for (const { made, file, kind, domain } of keys)
    terminal.say(
      made
        ? `${file}: a new ${kind === 'rsa' ? 'RSA' : 'Ed25519'} key; whoever has this file can sign mail as ${domain}`
        : `${file}: this key is there already`,
    )
  for (const key of keys) {
    terminal.out()
    terminal.out(`Publish this in the DNS of ${key.domain}:`)
    terminal.out()
    terminal.out('  type   TXT')
    terminal.out(`  name   ${key.name}`)
    terminal.out(`  value  ${key.value}`)
    terminal.out()
    terminal.out(`In a zone file, where a string has ${DNS_STRING} bytes at the most:`)
    terminal.out()
    terminal.out(`  ${zoneLine(key)}`)
  }
  terminal.out()
  if (snippet) {
    terminal.out(
      `Then write this into each of "transports" in ${basename(config.file)}, and start the worker again:`,
    )
    terminal.out()
    terminal.out(`  "dkim": ${JSON.stringify(snippet, null, 2).replaceAll('\n', '\n  ')}`)
  } else {
    terminal.out(`${basename(config.file)} names ${keys.length === 1 ? 'this key' : 'these keys'} already.`)
  }
  terminal.out()
  terminal.out('The DNS has it once this shows it, which may take an hour:')
  terminal.out()
  for (const { name } of keys) terminal.out(`  dig +short TXT ${name}`)
  terminal.out()
  terminal.out('Then send yourself a test, and look for "dkim=pass" in the source of what arrives:')
  terminal.out()
  terminal.out('  posthorn send POST --test you@example.org')
}
