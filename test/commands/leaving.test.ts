import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { applyLesson } from '../../src/deliveries/lesson.ts'
import { makeToken } from '../../src/mail/token.ts'
import { closeSite, openSite as openAt, type Site } from '../../src/site.ts'
import { write } from '../../src/store/database.ts'
import { insertDelivery } from '../../src/store/deliveries.ts'
import { insertRendition } from '../../src/store/renditions.ts'
import { findSubscriber, suppress } from '../../src/store/subscribers.ts'
import { erase } from '../../src/subscribers/erase.ts'
import { openSite, type Session } from './session.ts'

const NOW = new Date('2026-11-02T09:00:00Z')

/** What happens to the site while no command runs. */
async function meanwhile(session: Session, happens: (site: Site) => Promise<unknown>): Promise<void> {
  const site = await openAt(loadConfig(session.folder, {}), () => NOW)
  try {
    await happens(site)
  } finally {
    await closeSite(site)
  }
}

/** Queues a message, and gives the subject of a mail that answers it to leave. */
async function queue(session: Session, kind: 'welcome' | 'test', address: string): Promise<string> {
  let subject = ''
  const text = { subject: 'Hello', html: '', text: '' }
  const row = { kind, posts: null, language: 'en', created_at: NOW.toISOString(), ...text }
  await meanwhile(session, ({ db, secret }) =>
    write(db, async (trx) => {
      const rendition = await insertRendition(trx, null, row)
      const subscriber = kind === 'test' ? null : ((await findSubscriber(trx, address))?.id ?? null)
      const id = await insertDelivery(trx, { kind, subscriber, rendition, address, name: '' }, NOW)
      subject = `unsubscribe ${makeToken(secret, 'unsubscribe', id)}`
    }),
  )
  return subject
}

test('somebody writes "please take me off", and the author does', async () => {
  const session = openSite()
  const { posthorn } = session
  const subjects = new Map<string, string>()
  for (const name of ['ada', 'grace', 'joan']) {
    await posthorn(`subscribers add ${name}@example.org --confirmed`)
    subjects.set(name, await queue(session, 'welcome', `${name}@example.org`))
  }
  const asked = subjects.get('ada')
  expect(await posthorn(`subscribers unsubscribe "Re: ${asked}"`)).toBe(
    `$ posthorn subscribers unsubscribe "Re: ${asked}"\nada@example.org is unsubscribed; what is queued for them is not sent`,
  )
  expect(await posthorn('subscribers unsubscribe GRACE@Example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers unsubscribe GRACE@Example.org
    grace@example.org is unsubscribed; what is queued for them is not sent"
  `)
  expect(await posthorn('subscribers unsubscribe grace@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers unsubscribe grace@example.org
    grace@example.org has left already, on 2026-11-02"
  `)
  expect(await posthorn('subscribers show grace@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers show grace@example.org
    address       grace@example.org
    status        unsubscribed
    rhythm        instant
    language      en
    created       Mon 2 Nov 2026, 10:00 Europe/Berlin
    confirmed     Mon 2 Nov 2026, 10:00 Europe/Berlin
    unsubscribed  Mon 2 Nov 2026, 10:00 Europe/Berlin
    Mon 2 Nov 2026, 10:00 Europe/Berlin  added  the author
    Mon 2 Nov 2026, 10:00 Europe/Berlin  unsubscribed  the author, at their request
    Mon 2 Nov 2026, 10:00 Europe/Berlin  welcome, Hello: skipped"
  `)
  expect(await posthorn('subscribers show ada@example.org')).toContain('welcome, Hello: skipped')
  expect(await posthorn('subscribers show joan@example.org')).toContain('welcome, Hello: queued')
  // A backup of before does not bring them back.
  expect(session.read('data/posthorn.journal').match(/^x \d+ [0-9a-f]{12} unsubscribed$/gm)).toHaveLength(2)

  await meanwhile(session, (site) => erase(site, { addressKey: 'ada@example.org' }, NOW))
  expect(await posthorn(`subscribers unsubscribe "${asked}"`)).toContain(
    '\nwhoever had that message was erased; nothing comes to them',
  )
})

test('a mail that names nobody takes nobody off', async () => {
  const session = openSite()
  const { posthorn } = session
  await posthorn('subscribers add ada@example.org --confirmed')
  const subject = await queue(session, 'test', 'grace@example.org')
  expect(await posthorn(`subscribers unsubscribe "${subject}"`)).toContain('that was a test message')
  const theirs = await queue(session, 'welcome', 'ada@example.org')
  const forged = theirs.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  const preferences = theirs.replace('unsubscribe u', 'unsubscribe p')
  for (const wrong of [forged, preferences, `${theirs}A`, theirs.slice(0, -1), 'unsubscribe', 'ada'])
    expect(await posthorn(`subscribers unsubscribe "${wrong}"`)).toMatch(
      /! posthorn: .*\n! try: copy the whole subject of their mail, or name their address\n\(exit 1\)$/,
    )
  expect(await posthorn('subscribers unsubscribe nobody@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers unsubscribe nobody@example.org
    ! posthorn: nobody@example.org is not known here
    ! try: \`posthorn subscribers list\` shows who is
    (exit 1)"
  `)
  expect(await posthorn('subscribers unsubscribe u1-AAAAAAAAAAAAAAAAAAAAAA')).toMatchInlineSnapshot(`
    "$ posthorn subscribers unsubscribe u1-AAAAAAAAAAAAAAAAAAAAAA
    ! posthorn: "u1-AAAAAAAAAAAAAAAAAAAAAA" is no token of a message from here
    ! try: copy the whole subject of their mail, or name their address
    (exit 1)"
  `)
  expect(await posthorn('subscribers unsubscribe "please take me off"')).toMatchInlineSnapshot(`
    "$ posthorn subscribers unsubscribe "please take me off"
    ! posthorn: "please take me off" is no address, and has no token of a message
    ! try: copy the whole subject of their mail, or name their address
    (exit 1)"
  `)
  expect(await posthorn('subscribers list')).toMatch(/^ada@example.org +confirmed/m)
})

test('the author lets an address be mailed again, and raises nobody’s consent', async () => {
  const session = openSite()
  const { posthorn } = session
  for (const name of ['ada', 'grace', 'joan'])
    await posthorn(`subscribers add ${name}@example.org --confirmed`)
  await posthorn('subscribers unsubscribe grace@example.org')
  await meanwhile(session, async ({ db, secret }) => {
    await write(db, async (trx) => {
      const subject = { domain: 'example.org', issue: null, transport: 'smtp', tell: () => {} }
      const lesson = { kind: 'no such address', reply: '550 5.1.1 no such user' } as const
      await applyLesson(trx, lesson, { ...subject, address: 'ada@example.org' }, secret, NOW)
      await suppress(trx, 'grace@example.org', 'complaint', NOW)
      await suppress(trx, 'nobody@example.org', 'author', NOW)
    })
  })
  expect(await posthorn('subscribers add nobody@example.org --confirmed')).toMatchInlineSnapshot(`
    "$ posthorn subscribers add nobody@example.org --confirmed
    ! posthorn: nobody@example.org must not be mailed: you said so (2026-11-02)
    ! try: nothing that adds or imports people lifts this; \`posthorn subscribers allow nobody@example.org\` does, if its owner wants it
    (exit 1)"
  `)
  expect(await posthorn('subscribers allow ada@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers allow ada@example.org
    ! posthorn: ada@example.org is not mailed: mail to it came back (2026-11-02); nobody is here to be asked whether it may be again
    ! try: say \`--yes\`, if its owner wants it
    (exit 1)"
  `)
  expect(await posthorn('subscribers allow ada@example.org', { types: 'no\n' })).toMatchInlineSnapshot(`
    "$ posthorn subscribers allow ada@example.org
    ! ada@example.org is not mailed: mail to it came back (2026-11-02). Mail it again? [y/N] no
    ! nothing was changed
    (exit 1)"
  `)
  expect(await posthorn('subscribers allow ada@example.org', { types: 'yes\n' })).toMatchInlineSnapshot(`
    "$ posthorn subscribers allow ada@example.org
    ! ada@example.org is not mailed: mail to it came back (2026-11-02). Mail it again? [y/N] yes
    ada@example.org may be mailed again; what stood against it: mail to it came back (2026-11-02)
    its owner is a reader (instant)"
  `)
  session.setClock('2026-11-05T09:00:00Z')
  expect(await posthorn('subscribers allow ada@example.org --yes')).toMatchInlineSnapshot(`
    "$ posthorn subscribers allow ada@example.org --yes
    nothing keeps ada@example.org from being mailed: its owner is a reader (instant)"
  `)
  expect(await posthorn('subscribers allow grace@example.org --yes')).toMatchInlineSnapshot(`
    "$ posthorn subscribers allow grace@example.org --yes
    grace@example.org may be mailed again; what stood against it: its owner complained about mail from here (2026-11-02)
    its owner has left, and stays so until they come back themselves"
  `)
  expect(await posthorn('subscribers allow nobody@example.org --yes')).toMatchInlineSnapshot(`
    "$ posthorn subscribers allow nobody@example.org --yes
    nobody@example.org may be mailed again; what stood against it: you said so (2026-11-02)
    nobody has subscribed with it"
  `)
  expect(await posthorn('subscribers show grace@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers show grace@example.org
    address       grace@example.org
    status        unsubscribed
    rhythm        instant
    language      en
    created       Mon 2 Nov 2026, 10:00 Europe/Berlin
    confirmed     Mon 2 Nov 2026, 10:00 Europe/Berlin
    unsubscribed  Mon 2 Nov 2026, 10:00 Europe/Berlin
    Mon 2 Nov 2026, 10:00 Europe/Berlin  added  the author
    Mon 2 Nov 2026, 10:00 Europe/Berlin  unsubscribed  the author, at their request
    Thu 5 Nov 2026, 10:00 Europe/Berlin  allowed  the author"
  `)
  expect(await session.json('subscribers show ada@example.org --json')).toMatchObject({
    status: 'confirmed',
    bounces: [],
    suppressions: [],
    consents: [
      { act: 'added' },
      { act: 'allowed', source: 'the author', words: 'not mailed since 2026-11-02T09:00:00.000Z: bounce' },
    ],
  })

  await posthorn('subscribers erase joan@example.org --yes')
  expect(await posthorn('subscribers allow joan@example.org --yes')).toMatchInlineSnapshot(`
    "$ posthorn subscribers allow joan@example.org --yes
    ! posthorn: joan@example.org cannot be mailed again: its owner was erased (2026-11-05)
    ! try: erasing is for good; they may subscribe with another address
    (exit 1)"
  `)
  expect(await posthorn('subscribers allow stranger@example.org --yes')).toContain('is not known here')
})
