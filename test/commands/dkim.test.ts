import { statSync } from 'node:fs'
import { join } from 'node:path'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { expect, test } from 'vitest'
import { post } from '../site.ts'
import { openSite, type Session } from './session.ts'

type Told = {
  keys: { kind: string; made: boolean; file: string; name: string; value: string; zone: string }[]
  dkim: object | null
}

const CONFIG = {
  site: { title: 'A test blog', url: 'https://blog.example' },
  newsletter: { from: { name: 'A test blog', email: 'news@blog.example' }, settle: '0' },
  web: { url: 'https://mail.blog.example' },
}

/** A session in which keys, which are others each time, read as `KEY`. */
function openKeySite() {
  const session = openSite()
  const posthorn = async (line: string) =>
    (await session.posthorn(line))
      .replace(/p=[A-Za-z0-9+/]{40,}={0,2}(" "[A-Za-z0-9+/]+={0,2})?/g, (key) =>
        key.includes('"') ? 'p=KEY" "KEY' : 'p=KEY',
      )
      .replaceAll(/\n! *$/gm, '\n!')
  return { ...session, posthorn }
}

function configure(session: Session, dkim: object | null) {
  session.write('config.json', JSON.stringify({ ...CONFIG, transports: [{ kind: 'maildir', dkim }] }))
}

test('a key is made once, shown again, and its mail verifies with what was shown', async () => {
  const session = openKeySite()
  const { posthorn, json, files, folder } = session
  expect(await posthorn('dkim')).toMatchInlineSnapshot(`
    "$ posthorn dkim
    ! data/dkim-posthorn2026.pem: a new RSA key; whoever has this file can sign mail as blog.example

    Publish this in the DNS of blog.example:

      type   TXT
      name   posthorn2026._domainkey.blog.example
      value  v=DKIM1; k=rsa; p=KEY

    In a zone file, where a string has 255 bytes at the most:

      posthorn2026._domainkey.blog.example. IN TXT ( "v=DKIM1; k=rsa; p=KEY" "KEY" )

    Then write this into each of "transports" in config.json, and start the worker again:

      "dkim": {
        "domain": "blog.example",
        "selector": "posthorn2026",
        "privateKeyFile": "data/dkim-posthorn2026.pem"
      }

    The DNS has it once this shows it, which may take an hour:

      dig +short TXT posthorn2026._domainkey.blog.example

    Then send yourself a test, and look for "dkim=pass" in the source of what arrives:

      posthorn send POST --test you@example.org"
  `)
  expect(Object.keys(files('data'))).toEqual(['dkim-posthorn2026.pem'])
  expect(statSync(join(folder, 'data/dkim-posthorn2026.pem')).mode & 0o777).toBe(0o600)
  const before = files('data')

  const again = (await json('dkim --json')) as Told
  expect(again.keys).toMatchObject([{ kind: 'rsa', made: false, file: 'data/dkim-posthorn2026.pem' }])
  expect(again.keys[0]?.zone).toMatch(
    /^posthorn2026\._domainkey\.blog\.example\. IN TXT \( "[^"]{255}" "[^"]{1,255}" \)$/,
  )
  expect(again.keys[0]?.zone.replaceAll('" "', '')).toContain(again.keys[0]?.value)
  expect(files('data')).toEqual(before)

  const { dkim, keys } = (await json('dkim --ed25519 --json')) as Told
  expect(keys.map(({ kind, made }) => `${kind} ${made}`)).toEqual(['rsa false', 'ed25519 true'])
  expect(files('data')).toMatchObject(before)

  configure(session, dkim)
  expect(await posthorn('dkim')).toMatchInlineSnapshot(`
    "$ posthorn dkim
    ! data/dkim-posthorn2026.pem: this key is there already
    ! data/dkim-posthorn2026-ed25519.pem: this key is there already

    Publish this in the DNS of blog.example:

      type   TXT
      name   posthorn2026._domainkey.blog.example
      value  v=DKIM1; k=rsa; p=KEY

    In a zone file, where a string has 255 bytes at the most:

      posthorn2026._domainkey.blog.example. IN TXT ( "v=DKIM1; k=rsa; p=KEY" "KEY" )

    Publish this in the DNS of blog.example:

      type   TXT
      name   posthorn2026-ed25519._domainkey.blog.example
      value  v=DKIM1; k=ed25519; p=KEY

    In a zone file, where a string has 255 bytes at the most:

      posthorn2026-ed25519._domainkey.blog.example. IN TXT ( "v=DKIM1; k=ed25519; p=KEY" )

    config.json names these keys already.

    The DNS has it once this shows it, which may take an hour:

      dig +short TXT posthorn2026._domainkey.blog.example
      dig +short TXT posthorn2026-ed25519._domainkey.blog.example

    Then send yourself a test, and look for "dkim=pass" in the source of what arrives:

      posthorn send POST --test you@example.org"
  `)
  expect((await json('dkim --json')) as Told).toEqual({
    keys: keys.map((key) => ({ ...key, made: false })),
    dkim: null,
  })

  session.write('posts/hello.md', post('Hello', '2026-11-01'))
  await posthorn('send hello --test ada@example.org')
  const [message] = Object.values(files('outbox/new'))
  const { results } = await dkimVerify(Buffer.from((message as string).replaceAll('\n', '\r\n'), 'latin1'), {
    resolver: async (name) => [[keys.find((key) => key.name === name)?.value ?? '']],
  })
  expect(results.map(({ status, selector }) => `${status.result} ${selector}`)).toEqual([
    'pass posthorn2026',
    'pass posthorn2026-ed25519',
  ])
})

test('a configured key that is not there is made in its place, and another one beside it where it is named', async () => {
  const session = openKeySite()
  configure(session, { domain: 'blog.example', selector: 'autumn', privateKeyFile: 'keys/autumn.pem' })
  expect((await session.json('dkim --json')) as Told).toMatchObject({
    keys: [{ made: true, file: 'keys/autumn.pem', name: 'autumn._domainkey.blog.example' }],
    dkim: null,
  })
  expect((await session.json('dkim --selector winter --json')) as Told).toMatchObject({
    keys: [{ made: true, file: 'data/dkim-winter.pem', name: 'winter._domainkey.blog.example' }],
    dkim: { domain: 'blog.example', selector: 'winter', privateKeyFile: 'data/dkim-winter.pem' },
  })
  expect(await session.posthorn('dkim --selector "my key"')).toMatchInlineSnapshot(`
    "$ posthorn dkim --selector "my key"
    ! posthorn: "my key" is no name of a key
    ! try: a selector is lower-case letters, digits and hyphens, such as \`--selector posthorn2027\`
    (exit 2)"
  `)
})

test('with a key that is missing or no key, nothing is sent, signed or not', async () => {
  const session = openKeySite()
  const { posthorn, write, files } = session
  write('posts/hello.md', post('Hello', '2026-11-01'))
  await posthorn('subscribers add ada@example.org --confirmed')
  configure(session, { domain: 'blog.example', selector: 'autumn', privateKeyFile: 'data/key.pem' })
  expect(await posthorn('send hello --test ada@example.org')).toMatchInlineSnapshot(`
    "$ posthorn send hello --test ada@example.org
    ! first round: 1 post recorded as old and mailed to nobody; what you write from now on is mailed
    ! to mail an old one: posthorn send hello
    ! posthorn: SITE/data/key.pem: cannot be read: there is no such file
    ! try: nothing is sent until it is mended, and what is queued waits; \`posthorn dkim\` makes a key where there is no such file, and says where it goes
    (exit 1)"
  `)
  write('data/key.pem', 'a key, once\n')
  expect(await posthorn('dkim')).toMatchInlineSnapshot(`
    "$ posthorn dkim
    ! posthorn: SITE/data/key.pem: this is no private key; a file that begins with "-----BEGIN PRIVATE KEY-----" is expected
    ! try: nothing is sent until it is mended, and what is queued waits; \`posthorn dkim\` makes a key where there is no such file, and says where it goes
    (exit 1)"
  `)
  expect(await posthorn('worker --once')).toMatchInlineSnapshot(`
    "$ posthorn worker --once
    ! posthorn: SITE/data/key.pem: this is no private key; a file that begins with "-----BEGIN PRIVATE KEY-----" is expected
    ! try: nothing is sent until it is mended, and what is queued waits; \`posthorn dkim\` makes a key where there is no such file, and says where it goes
    (exit 1)"
  `)
  expect(files('outbox')).toEqual({})
  expect(files('data')['key.pem']).toBe('a key, once\n')
})
