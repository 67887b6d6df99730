import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Config, loadConfig, writesPages } from '../src/config.ts'
import { isLoopback } from '../src/config-schema.ts'
import { FaultsError, UserError } from '../src/errors.ts'

const BASE = {
  site: { title: 'Tea', url: 'https://blog.example' },
  newsletter: { from: { name: 'Ada', email: 'ada@example.org' } },
}

function siteFolder(config: unknown, file = 'config.json'): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-config-'))
  writeFileSync(join(folder, file), typeof config === 'string' ? config : JSON.stringify(config, null, 2))
  return folder
}

function load(config: unknown, env: NodeJS.ProcessEnv = {}): Config {
  return loadConfig(siteFolder(config), env)
}

/** The faults of a configuration, without the file that they are in. */
function faultsOf(config: unknown, env: NodeJS.ProcessEnv = {}): string[] {
  const folder = siteFolder(config)
  try {
    loadConfig(folder, env)
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error
    const file = relative(process.cwd(), join(folder, 'config.json'))
    return error.message.split('\n').map((line) => line.replace(file, 'config.json'))
  }
  return []
}

test('the example loads unedited, with paths below its folder', () => {
  const folder = siteFolder(
    readFileSync(new URL('../config.example.json', import.meta.url), 'utf8'),
    'config.example.json',
  )
  const config = loadConfig(folder, {})
  expect(config).toMatchObject({
    posts: { folder: join(folder, 'posts') },
    feeds: { folder: join(folder, 'public'), entries: 20, url: 'http://localhost:8025' },
    transports: [{ kind: 'maildir', folder: join(folder, 'outbox') }],
    database: { url: `sqlite:${join(folder, 'data/posthorn.db')}` },
    web: { url: 'http://localhost:8025', host: '127.0.0.1', port: 8025, trustProxy: false },
    newsletter: { settleMs: 600_000 },
  })
})

test('the example says what the defaults are', () => {
  const example = JSON.parse(readFileSync(new URL('../config.example.json', import.meta.url), 'utf8'))
  const { $schema, transports, ...rest } = example
  const least = {
    site: rest.site,
    newsletter: { from: rest.newsletter.from, postalAddress: rest.newsletter.postalAddress },
  }
  const strip = ({ file, folder, ...config }: Config) =>
    JSON.parse(JSON.stringify(config).replaceAll(folder, '').replaceAll(file, ''))
  expect(strip(load(least))).toEqual(strip(load(example)))
})

test('the least that has to be said is a title, an address and a sender', () => {
  expect(load(BASE).site).toMatchObject({ title: 'Tea', language: 'en', timeZone: 'UTC' })
  expect(faultsOf({})).toEqual([
    'config.json: "site" is missing; it has no default',
    'config.json: "newsletter" is missing; it has no default',
  ])
  expect(faultsOf({ site: {}, newsletter: { from: {} } })).toEqual([
    'config.json:2: "site.title" is missing; it has no default',
    'config.json:2: "site.url" is missing; it has no default',
    'config.json:4: "newsletter.from.name" is missing; it has no default',
    'config.json:4: "newsletter.from.email" is missing; it has no default',
  ])
})

test('a folder has config.json, else config.example.json, and a file may be named', () => {
  const folder = siteFolder(BASE, 'config.example.json')
  expect(loadConfig(folder, {}).file).toBe(join(folder, 'config.example.json'))
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ ...BASE, site: { ...BASE.site, title: 'Mine' } }),
  )
  expect(loadConfig(folder, {}).site.title).toBe('Mine')
  writeFileSync(
    join(folder, 'other.json'),
    JSON.stringify({ ...BASE, site: { ...BASE.site, title: 'Other' } }),
  )
  expect(loadConfig(join(folder, 'other.json'), {}).site.title).toBe('Other')
  expect(() => loadConfig(join(folder, 'nowhere'), {})).toThrow('there is no config.json here')
  expect(() => loadConfig(join(folder, 'nowhere.json'), {})).toThrow(UserError)
  expect(() => loadConfig(join(folder, 'nowhere.json'), {})).toThrow('cannot be read: there is no such file')
})

test('an unknown key is an error with the nearest known one', () => {
  expect(faultsOf({ ...BASE, feed: {} })).toEqual([
    'config.json:12: "feed" is unknown; did you mean "feeds"?',
  ])
  expect(faultsOf({ ...BASE, site: { ...BASE.site, timezone: 'UTC' } })).toEqual([
    'config.json:5: "site.timezone" is unknown; did you mean "timeZone"?',
  ])
  expect(faultsOf({ ...BASE, posts: { xyzzy: 1 } })).toEqual([
    'config.json:13: "posts.xyzzy" is unknown; there are folder, link',
  ])
  expect(faultsOf({ ...BASE, transports: [{ kind: 'smtp', hots: 'mail.example.org', host: 'x' }] })).toEqual([
    'config.json:15: "transports[0].hots" is unknown; did you mean "host"?',
  ])
})

test('a key of one kind of transport is unknown to the other', () => {
  expect(faultsOf({ ...BASE, transports: [{ kind: 'smtp', host: 'x', folder: 'outbox' }] })).toEqual([
    'config.json:16: "transports[0].folder" is unknown; there are kind, host, port, tls, auth, connections, dkim, limits',
  ])
  expect(faultsOf({ ...BASE, transports: [{ kind: 'pigeon' }] })).toEqual([
    'config.json:14: "transports[0].kind" is "pigeon"; write "maildir" or "smtp"',
  ])
})

test('a key whose feature is not built yet is an error too', () => {
  const transports = [{ kind: 'smtp', host: 'x', limits: { minute: 60 } }]
  expect(faultsOf({ ...BASE, transports, webhooks: {} })).toEqual([
    'config.json:21: "webhooks" is not built yet; take it out',
  ])
})

test('all faults are told at once, each with its own line, also where keys and values repeat', () => {
  const source = `{
  "site": {
    "title": "url",
    "url": "ftp://blog.example",
    "language": "no such language",
    "timeZone": "Europe/Atlantis",
    "author": { "name": "email", "email": "ada@" }
  },
  "feeds": { "entries": 0,
    "url": "https://feeds.example?x=1" },
  "newsletter": {
    "from": {
      "name": "", "email": "ada@example.org, grace@example.org"
    },
    "settle": "soon",
    "digests": { "monthly": "31 08:00", "order": "random", "posts": 51, "show": "all", "subject": " " }
  },
  "web": {
    "listen": "localhost:99999",
    "url": "http://blog.example"
  }
}`
  expect(faultsOf(source).sort()).toEqual(
    [
      '4: "site.url" is "ftp://blog.example"; write an address that begins with https:// or http://',
      '5: "site.language" is "no such language"; write a language tag such as "en" or "pt-BR"',
      '6: "site.timeZone" is "Europe/Atlantis"; write a time zone such as "Europe/Berlin" or "UTC"',
      '7: "site.author.email" is "ada@"; it needs a name, one "@" and a domain, as in ada@example.org',
      '9: "feeds.entries" is 0; too small: expected number to be >=1',
      '10: "feeds.url" is "https://feeds.example?x=1"; leave out what follows "?" or "#"',
      '13: "newsletter.from.name" is ""; write some text',
      '13: "newsletter.from.email" is "ada@example.org, grace@example.org"; it has more than one "@"; write one address',
      '15: "newsletter.settle" is "soon"; write it as "10m", "1h" or "0"',
      '16: "newsletter.digests.monthly" is "31 08:00"; write it as "1 08:00"',
      '16: "newsletter.digests.order" is "random"; write "newest" or "oldest"',
      '16: "newsletter.digests.posts" is 51; too big: expected number to be <=50',
      '16: "newsletter.digests.show" is "all"; write "summary" or "full"',
      '16: "newsletter.digests.subject" is " "; write some text',
      '19: "web.listen" is "localhost:99999"; ports end at 65535',
      '20: "web.url" is "http://blog.example"; links in messages carry tokens, so write an https address (http is for localhost alone)',
    ]
      .map((fault) => `config.json:${fault}`)
      .sort(),
  )
})

test('a file that is not JSON is told where', () => {
  expect(faultsOf('{\n  "site": {\n    "title": "Tea",\n  }\n}')).toEqual([
    'config.json:4: this is not JSON: Expected double-quoted property name; look for a comma too many or too few',
  ])
  expect(faultsOf('{\n  "site": {\n    "title": Tea\n  },\n  "feeds": {}\n}\n')).toEqual([
    "config.json:3: this is not JSON: Unexpected token 'T'; look for a comma too many or too few",
  ])
  expect(faultsOf('{\n  "site": [1, 2,]\n}\n')).toEqual([
    "config.json:2: this is not JSON: Unexpected token ']'; look for a comma too many or too few",
  ])
  expect(faultsOf('{\n  "site": {\n')).toEqual([expect.stringMatching(/^config\.json:3: this is not JSON: /)])
  expect(faultsOf('')).toEqual([expect.stringMatching(/^config\.json:1: this is not JSON: Unexpected end/)])
  expect(faultsOf('[]')).toEqual(['config.json: the configuration is []; expected object'])
})

test('a byte order mark, tabs and a key said twice are read as other programs read them', () => {
  const tabs = `\uFEFF${JSON.stringify(BASE, null, '\t')}`
  expect(load(tabs).site.title).toBe('Tea')
  const twice = `{\n\t"web": {\n\t\t"listen": "localhost"\n\t},\n${JSON.stringify(BASE).slice(1)}`
  expect(faultsOf(twice)).toEqual([
    'config.json:3: "web.listen" is "localhost"; write it as "127.0.0.1:8025"',
  ])
})

test('a secret may be in the environment, and is missed by name', () => {
  const smtp = {
    ...BASE,
    transports: [
      { kind: 'smtp', host: 'mail.example.org', auth: { user: 'ada', password: { env: 'MAIL_PASSWORD' } } },
    ],
    secret: { env: 'POSTHORN_SECRET' },
  }
  const config = load(smtp, { MAIL_PASSWORD: 'hush', POSTHORN_SECRET: 'quiet' })
  expect(config.transports[0]).toMatchObject({ auth: { user: 'ada', password: 'hush' } })
  expect(config.secrets).toEqual(['quiet'])
  expect(faultsOf(smtp, { MAIL_PASSWORD: '' })).toEqual([
    'config.json:18: "transports[0].auth.password" is in the environment variable MAIL_PASSWORD, which is not set; set it, or write the value',
    'config.json:24: "secret" is in the environment variable POSTHORN_SECRET, which is not set; set it, or write the value',
  ])
  expect(faultsOf({ ...BASE, secret: 5 })).toEqual([
    'config.json:12: "secret" is 5; write it, or {"env": "NAME"} for the environment variable that holds it; or a list of such, the newest first',
  ])
})

test('a secret that was changed stands before the former ones', () => {
  const list = { ...BASE, secret: ['new', { env: 'OLD' }, 'older'] }
  expect(load(list, { OLD: 'old' }).secrets).toEqual(['new', 'old', 'older'])
  expect(load(BASE, {}).secrets).toEqual([])
  const [missing] = faultsOf(list, {})
  expect(missing).toContain('"secret[1]" is in the environment variable OLD, which is not set')
  for (const secret of [[], [5], ['new', '']]) expect(faultsOf({ ...BASE, secret })).toHaveLength(1)
})

test('links in messages are https, or http to this machine', () => {
  const web = (url: string) => faultsOf({ ...BASE, web: { url } })
  for (const url of ['https://blog.example', 'http://localhost:8025', 'http://127.0.0.1', 'http://[::1]:80'])
    expect(web(url)).toEqual([])
  for (const url of [
    'http://blog.example',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'http://10.0.0.1',
  ])
    expect(web(url)).toHaveLength(1)
})

test('addresses are kept in the form that a header may hold', () => {
  const config = load({
    site: { title: 'Tee', url: 'https://Bücher.example/blog/' },
    newsletter: { from: { name: 'Ada', email: ' Ada@Bücher.example\r\n' }, replyTo: 'Grace@EXAMPLE.org' },
    web: { url: 'https://bücher.example/a b\r\nBcc: eve@example.org//' },
  })
  expect(config.site.url).toBe('https://xn--bcher-kva.example/blog')
  expect(config.feeds.url).toBe(config.site.url)
  expect(config.newsletter.from.email).toBe('Ada@xn--bcher-kva.example')
  expect(config.newsletter.replyTo).toBe('Grace@example.org')
  expect(config.web.url).toBe('https://xn--bcher-kva.example/a%20bBcc:%20eve@example.org')
  expect(faultsOf({ ...BASE, web: { url: `https://blog.example/${'é'.repeat(100)}` } })).toEqual([
    expect.stringContaining('write an address of 500 characters or less'),
  ])
})

test('TLS is required, except to this machine, unless the author says otherwise', () => {
  const smtp = (transport: object) =>
    load({ ...BASE, transports: [{ kind: 'smtp', ...transport }] }).transports[0]
  expect(smtp({ host: 'mail.example.org' })).toMatchObject({ tls: 'required', port: 587, auth: null })
  expect(smtp({ host: 'localhost', port: 25 })).toMatchObject({ tls: 'never', port: 25 })
  expect(smtp({ host: 'localhost', tls: 'required' })).toMatchObject({ tls: 'required' })
  expect(smtp({ host: '10.0.0.1', tls: 'never' })).toMatchObject({ tls: 'never' })
})

test('this machine goes by a few names', () => {
  for (const host of ['localhost', 'mail.localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])
    expect(isLoopback(host), host).toBe(true)
  for (const host of ['localhost.example', 'notlocalhost', '127.0.0.1.example', '128.0.0.1', '::2', ''])
    expect(isLoopback(host), host).toBe(false)
})

test('posts have pages here, or on the author’s own blog', () => {
  expect(writesPages(load(BASE))).toBe(true)
  expect(writesPages(load({ ...BASE, posts: { link: 'https://blog.example/{year}/{slug}' } }))).toBe(false)
  for (const link of [
    '/posts/',
    '/{name}/',
    '/../{slug}',
    'posts/{slug}',
    'javascript:{slug}',
    '/{slug}/{day',
  ])
    expect(faultsOf({ ...BASE, posts: { link } }), link).toHaveLength(link === '/{slug}/{day' ? 0 : 1)
})

test('the smallest settle time is none, and each unit is read', () => {
  const settle = (value: string) =>
    load({ ...BASE, newsletter: { ...BASE.newsletter, settle: value } }).newsletter
  expect(['0', '90s', '10m', '2h', '1d'].map((value) => settle(value).settleMs)).toEqual([
    0, 90_000, 600_000, 7_200_000, 86_400_000,
  ])
})

test('a hub keeps its last slash and its query, which are part of where it is posted to', () => {
  const withHub = (hub: string) => ({ ...BASE, feeds: { hub } })
  expect(load(BASE).feeds.hub).toBeUndefined()
  expect(load(withHub('https://HUB.example')).feeds.hub).toBe('https://hub.example/')
  expect(load(withHub('https://hub.example/push/?a=1')).feeds.hub).toBe('https://hub.example/push/?a=1')
  expect([
    ...faultsOf(withHub('hub.example')),
    ...faultsOf(withHub('https://me:secret@hub.example/')),
  ]).toEqual([
    'config.json:13: "feeds.hub" is "hub.example"; write a full address such as "https://hub.example/"',
    'config.json:13: "feeds.hub" is "https://me:secret@hub.example/"; an address that readers see cannot hold a user name or password',
  ])
})

test('no text pretends to be the place of a name or an address', () => {
  const site = { ...BASE.site, title: 'Tea \uE000name\uE001', description: '\uE002' }
  const { newsletter } = BASE
  const faults = faultsOf({ ...BASE, site, newsletter: { ...newsletter, postalAddress: '\uE006' } })
  expect(faults.map((fault) => /"([a-zA-Z.]+)" is .*; take out what no font shows/.exec(fault)?.[1])).toEqual(
    ['site.title', 'site.description', 'newsletter.postalAddress'],
  )
})

test('the name of a sender is a name', () => {
  const named = (name: string) =>
    faultsOf({ ...BASE, newsletter: { from: { name, email: 'ada@example.org' } } })
  expect(named('ada@example.org')).toEqual([
    'config.json:8: "newsletter.from.name" is "ada@example.org"; write the name alone, without "@": mail programs distrust a name that looks like an address',
  ])
  expect(named('Ada ✅')).toEqual([
    'config.json:8: "newsletter.from.name" is "Ada ✅"; write it without emoji: mail providers take one in a sender’s name for a forged badge',
  ])
  for (const name of ['Ada & Grace, est. 1843', 'Der Bücherwurm™', '庭の便り', '#1 (*)'])
    expect(named(name)).toEqual([])
})

test('the address of bounces leaves room for a token', () => {
  const with_ = (bounces: string) => ({ ...BASE, newsletter: { ...BASE.newsletter, bounces } })
  expect(load(with_('Bounces@Example.org')).newsletter.bounces).toBe('Bounces@example.org')
  expect(faultsOf(with_(`${'b'.repeat(30)}@example.org`))).toEqual([
    `config.json:11: "newsletter.bounces" is "${'b'.repeat(30)}@example.org"; write at most 29 characters before "@": a token is added to them, and mail servers take 64`,
  ])
})

describe('the look of mails', () => {
  const looking = (look: object) => ({ ...BASE, newsletter: { ...BASE.newsletter, ...look } })

  test('is a logo of the site or from elsewhere, and a colour', () => {
    expect(load(looking({ logo: 'art/logo.svg', color: '#FFD400' })).newsletter).toMatchObject({
      logo: 'art/logo.svg',
      color: '#ffd400',
    })
    expect(faultsOf(looking({ logo: 'https://blog.example/logo.png' }))).toEqual([])
  })

  test.each([
    ['color', 'red', 'write a colour such as "#9a4b0b"'],
    ['color', '#fff', 'write a colour such as "#9a4b0b"'],
    ['logo', 'http://blog.example/a.png', 'write a path of the site such as "logo.png", or an https address'],
    ['logo', '../logo.png', 'write a path of the site such as "logo.png", or an https address'],
    ['logo', '/etc/logo.png', 'write a path of the site such as "logo.png", or an https address'],
    [
      'logo',
      'https://blog.example/a.svg',
      'write the address of a PNG, JPEG or GIF: mail programs show no others; a path of the site may be any picture',
    ],
  ])('with a %s of %s is told what to write', (key, value, cure) => {
    expect(faultsOf(looking({ [key]: value }))).toEqual([
      `config.json:11: "newsletter.${key}" is "${value}"; ${cure}`,
    ])
  })
})

describe('a key for signatures', () => {
  const keyed = (dkim: object, email = 'ada@example.org') => ({
    site: BASE.site,
    newsletter: { from: { name: 'Ada', email } },
    transports: [{ kind: 'maildir', dkim }],
  })
  const DKIM = { domain: 'example.org', selector: 'autumn', privateKeyFile: 'data/dkim.pem' }

  test('is a file of the site, which nobody has read yet', () => {
    const ed25519 = { selector: 'Winter', privateKeyFile: '/etc/dkim/winter.pem' }
    const config = load(keyed({ ...DKIM, domain: 'Example.ORG', ed25519 }))
    expect(config.transports[0]?.dkim).toEqual({
      domain: 'example.org',
      selector: 'autumn',
      privateKeyFile: join(config.folder, 'data/dkim.pem'),
      ed25519: { selector: 'winter', privateKeyFile: '/etc/dkim/winter.pem' },
    })
  })

  test.each([
    ['example.org', 'ada@mail.example.org'],
    ['mail.example.org', 'ada@example.org'],
    ['xn--grten-gra.example', 'ada@gärten.example'],
  ])('of %s counts for mail from %s', (domain, email) => {
    expect(faultsOf(keyed({ ...DKIM, domain }, email))).toEqual([])
  })

  test.each([
    ['elsewhere.example', 'ada@example.org'],
    ['ample.org', 'ada@example.org'],
    ['a.example.org', 'ada@b.example.org'],
  ])('of %s counts for nothing in mail from %s', (domain, email) => {
    const sender = email.split('@')[1]
    expect(faultsOf(keyed({ ...DKIM, domain }, email))).toEqual([
      `config.json:16: "transports[0].dkim.domain" is "${domain}", and mail is from "${sender}": a signature counts for its own domain alone, so write "${sender}" or one above it`,
    ])
  })

  test('has a name of its own, which the DNS takes', () => {
    expect(faultsOf(keyed({ ...DKIM, selector: 'my key' }))).toEqual([
      'config.json:17: "transports[0].dkim.selector" is "my key"; write letters, digits and hyphens, such as "posthorn2026"',
    ])
    expect(faultsOf(keyed({ ...DKIM, ed25519: { selector: 'Autumn', privateKeyFile: 'b.pem' } }))).toEqual([
      'config.json:20: "transports[0].dkim.ed25519.selector" is "autumn" like that of the other key; each key has its own',
    ])
    expect(faultsOf(keyed({ ...DKIM, domain: 'ada@example.org' }))).toEqual([
      'config.json:16: "transports[0].dkim.domain" is "ada@example.org"; write a domain such as "blog.example"',
    ])
  })
})
