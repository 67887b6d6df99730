/**
 * The author's hand on issues. Commands open the site as another process does; the mail goes out beside them, through
 * a transport that writes down what left and lets a test act at any moment between two messages.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { type Delivered, deliverDue } from '../../src/deliveries/deliver.ts'
import { unsigned } from '../../src/mail/message.ts'
import type { Envelope, Outcome, Transport } from '../../src/mail/transport.ts'
import { delivering } from '../../src/round.ts'
import { closeSite, openSite as openAt, type Site } from '../../src/site.ts'
import { setBrake } from '../../src/store/brakes.ts'
import { write } from '../../src/store/database.ts'
import { scriptedServer } from '../mail/smtp-script.ts'
import { post } from '../site.ts'
import { openSite, type Session } from './session.ts'

const NOW = '2026-11-02T09:00:00Z'

/** A site with an old post and this many readers, `reader1@example.org` and so on. */
async function openBlog(people: number, settings: Record<string, object> = {}): Promise<Session> {
  const session = openSite(settings)
  session.write('posts/tea.md', post('Tea', '2026-10-01'))
  await session.posthorn('build')
  const rows = Array.from({ length: people }, (_, at) => `reader${at + 1}@example.org`)
  writeFileSync(join(session.folder, 'people.csv'), `email\n${rows.join('\n')}\n`)
  await session.posthorn('subscribers import people.csv --confirmed')
  return session
}

/** The issue of `openBlog`'s post, enqueued by the author for a minute from now, so that no command sends it. */
async function enqueued(session: Session): Promise<void> {
  await session.posthorn('send tea --yes --at 2026-11-02T09:01:00Z')
  session.setClock('2026-11-02T09:01:00Z')
}

/** What left: each message with its envelope and bytes. */
type Left = Envelope & { bytes: Buffer }

type Post = Transport & { left: Left[] }

/** A transport that answers as told. `before` runs before the server is ready for a message. */
function posting(
  answer: (to: string, nth: number) => Outcome = () => ({ kind: 'sent', reply: '250 ok' }),
  {
    name = 'smtp mail.example.org:587',
    connections = 1,
    before = async (_: number): Promise<void> => {},
  } = {},
): Post {
  const left: Left[] = []
  let begun = 0
  return {
    name,
    connections,
    sign: unsigned,
    left,
    async deliver(envelope, chunks, beforeFirstByte) {
      await before(begun++)
      if (!(await beforeFirstByte()))
        return { kind: 'not sent', reason: 'no longer wanted', scope: 'message' }
      left.push({ ...envelope, bytes: Buffer.concat(chunks) })
      return answer(envelope.to, left.length)
    },
    abort() {},
    async close() {},
  }
}

/** Delivers what is due as a worker of its own, at the session's time. */
async function deliver(
  session: Session,
  transports: Transport[],
  now = '2026-11-02T09:01:00Z',
): Promise<Delivered> {
  const site = await openAt(loadConfig(session.folder, {}), () => new Date(now))
  try {
    return await deliverDue(await deliveringBy(site, transports))
  } finally {
    await closeSite(site)
  }
}

// Without limits: those of the configuration belong to the configuration's own transports.
async function deliveringBy(site: Site, transports: Transport[]) {
  const outlets = transports.map((transport) => ({ transport, limits: {}, domainLimits: {} }))
  return { ...(await delivering(site, [], new AbortController().signal)), outlets }
}

const numbers = (left: Left[]) => left.map(({ to }) => Number(/\d+/.exec(to)?.[0])).sort((a, b) => a - b)
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)
/** The state that an issue is told to be in: the last brackets of its line. */
const stateOf = async (session: Session) => /\(([^()]*)\)$/m.exec(await session.posthorn('issues list'))?.[1]

describe('while an issue goes out', () => {
  test.each([1, 4])(
    'pause stops it before the next message over %i connections, and resume goes on where it stopped',
    async (connections) => {
      const session = await openBlog(20)
      await enqueued(session)
      let paused = 0
      const transport = posting(undefined, {
        connections,
        async before(nth) {
          if (nth !== 6) return
          expect(await session.posthorn('issues pause 1')).toBe(
            '$ posthorn issues pause 1\nissue #1, Tea: paused; `posthorn issues resume` goes on where it stopped',
          )
          paused = transport.left.length
        },
      })
      await deliver(session, [transport])
      expect(paused).toBeGreaterThanOrEqual(3)
      expect(transport.left).toHaveLength(paused)
      expect(await stateOf(session)).toBe('paused: by hand')
      expect(await deliver(session, [transport])).toMatchObject({ sent: 0 })
      expect(await session.posthorn('issues resume #1')).toBe(
        '$ posthorn issues resume #1\nissue #1, Tea: resumed; a running worker goes on with it',
      )
      await deliver(session, [transport])
      expect(numbers(transport.left)).toEqual(upTo(20))
      expect(await session.posthorn('issues list')).toContain('issue #1, Tea: 20 sent (sent)')
    },
  )

  test('cancel stops it for good: who has it has it, nobody else gets it', async () => {
    const session = await openBlog(20)
    await enqueued(session)
    const transport = posting(undefined, {
      async before(nth) {
        if (nth === 6)
          expect(await session.posthorn('issues cancel 1')).toContain(
            'cancelled; 14 messages will not be sent',
          )
      },
    })
    await deliver(session, [transport])
    await deliver(session, [transport])
    expect(numbers(transport.left)).toEqual(upTo(6))
    expect(await session.posthorn('issues list')).toContain(
      'issue #1, Tea: 6 sent, 14 skipped (cancelled: by hand)',
    )
  })

  test('cancel holds for the message in hand too, where its server says to try again later', async () => {
    const session = await openBlog(3)
    await enqueued(session)
    const later: Outcome = { kind: 'refused', code: 450, reply: '450 4.2.1 later', phase: 'message' }
    const transport = posting((_, nth) => (nth === 1 ? later : { kind: 'sent', reply: '250 ok' }))
    const deliverOnce = transport.deliver
    transport.deliver = async (envelope, chunks, beforeFirstByte) =>
      deliverOnce(envelope, chunks, async () => {
        const allowed = await beforeFirstByte()
        // Between the 354 and the answer.
        if (allowed) await session.posthorn('issues cancel 1')
        return allowed
      })
    await deliver(session, [transport])
    expect(transport.left).toHaveLength(1)
    expect(await session.posthorn('issues list')).toContain('issue #1, Tea: 3 skipped (cancelled: by hand)')
  })

  test('somebody who unsubscribes gets no copy, and the issue says so', async () => {
    const session = await openBlog(3)
    await enqueued(session)
    const transport = posting(undefined, {
      async before(nth) {
        if (nth === 1) await session.posthorn('subscribers erase reader2@example.org --yes')
      },
    })
    await deliver(session, [transport])
    expect(numbers(transport.left)).toEqual([1, 3])
    expect(await session.posthorn('issues list')).toContain('issue #1, Tea: 2 sent, 1 skipped (sent)')
  })

  test('watch shows it until it is over', async () => {
    const session = await openBlog(20)
    await enqueued(session)
    const { promise, resolve } = Promise.withResolvers<void>()
    const transport = posting(undefined, {
      async before(nth) {
        if (nth === 10) await promise
      },
    })
    const site = await openAt(loadConfig(session.folder, {}), () => new Date('2026-11-02T09:01:00Z'))
    const sending = deliverDue(await deliveringBy(site, [transport]))
    const watching = session.posthorn('issues watch 1')
    resolve()
    const [watched] = await Promise.all([watching, sending])
    await closeSite(site)
    expect(watched.split('\n').at(-1)).toBe('issue #1, Tea: 20 sent (sent)')
  })
})

describe('a planned issue', () => {
  test('that was paused waits for its time after it is resumed', async () => {
    const session = await openBlog(2)
    await session.posthorn('send tea --yes --at 2026-11-02T12:00:00Z')
    await session.posthorn('issues pause 1')
    const transport = posting()
    await deliver(session, [transport], '2026-11-02T13:00:00Z')
    expect(transport.left).toEqual([])
    await session.posthorn('issues resume 1')
    expect(await stateOf(session)).toBe('planned')
    await deliver(session, [transport], '2026-11-02T11:59:59Z')
    expect(transport.left).toEqual([])
    await deliver(session, [transport], '2026-11-02T12:00:00Z')
    expect(numbers(transport.left)).toEqual([1, 2])
  })

  test('that is cancelled goes to nobody', async () => {
    const session = await openBlog(2)
    await enqueued(session)
    expect(await session.posthorn('issues cancel 1')).toContain('cancelled; 2 messages will not be sent')
    const transport = posting()
    await deliver(session, [transport])
    expect(transport.left).toEqual([])
  })
})

describe('what has no answer', () => {
  async function doubtful(): Promise<{ session: Session; transport: Post }> {
    const session = await openBlog(5)
    await enqueued(session)
    const lost: Outcome = { kind: 'unknown', reason: 'the line went dead' }
    const transport = posting((_, nth) => (nth <= 3 ? lost : { kind: 'sent', reply: '250 ok' }))
    expect(await deliver(session, [transport])).toMatchObject({ sent: 2, unknown: 3 })
    return { session, transport }
  }

  test('makes an issue "sent, 3 unknown", lists them, and tells what can be done', async () => {
    const { session, transport } = await doubtful()
    expect(await session.posthorn('issues list')).toContain(
      'issue #1, Tea: 2 sent, 3 unknown (sent, 3 unknown)',
    )
    expect(await session.posthorn('status')).toContain('issue #1, Tea: 2 sent, 3 unknown (sent, 3 unknown)')
    const shown = await session.posthorn('issues show 1')
    expect(shown).toContain(
      'unknown means: handed over, and no answer came; to settle: posthorn issues resolve 1 --sent | --resend',
    )
    expect(shown.split('\n').filter((line) => / unknown /.test(line) && line.includes('@'))).toHaveLength(3)
    expect(await session.posthorn('issues watch 1')).toMatch(/\(sent, 3 unknown\)\n\(exit 3\)$/)
    await deliver(session, [transport])
    expect(transport.left).toHaveLength(5)
  })

  test('is taken for sent by the author’s word', async () => {
    const { session, transport } = await doubtful()
    expect(await session.posthorn('issues resolve 1 --sent')).toBe(
      '$ posthorn issues resolve 1 --sent\nissue #1, Tea: 3 messages taken for sent',
    )
    expect(await session.posthorn('issues resolve 1 --sent')).toContain('nothing is unknown')
    await deliver(session, [transport])
    expect(transport.left).toHaveLength(5)
    expect(await session.posthorn('issues list')).toContain('issue #1, Tea: 5 sent (sent)')
  })

  test('is sent once more by the author’s word, the same to the byte', async () => {
    const { session, transport } = await doubtful()
    expect(await session.posthorn('issues resolve 1 --resend')).toBe(
      '$ posthorn issues resolve 1 --resend\nissue #1, Tea: 3 messages queued once more, the same to the byte; a running worker sends them',
    )
    await deliver(session, [transport], '2026-11-03T15:00:00Z')
    expect(numbers(transport.left)).toEqual([1, 1, 2, 2, 3, 3, 4, 5])
    const [first, second] = transport.left.filter(({ to }) => to === 'reader1@example.org')
    expect(second?.bytes).toEqual(first?.bytes)
    expect(second?.messageId).toBe(first?.messageId)
    expect(await session.posthorn('issues list')).toContain('issue #1, Tea: 5 sent (sent)')
  })

  test('is settled in one way or the other', async () => {
    const { session } = await doubtful()
    const letter = `! posthorn: say how: --sent or --resend
! try: \`--sent\` takes them for sent; \`--resend\` sends each once more, and whoever has it gets it twice
(exit 2)`
    expect(await session.posthorn('issues resolve 1')).toBe(`$ posthorn issues resolve 1\n${letter}`)
    expect(await session.posthorn('issues resolve 1 --sent --resend')).toContain(letter)
  })

  test('is not sent once more where the issue was cancelled', async () => {
    const session = await openBlog(3)
    await enqueued(session)
    const transport = posting(() => ({ kind: 'unknown', reason: 'the line went dead' }), {
      async before(nth) {
        if (nth === 1) await session.posthorn('issues cancel 1')
      },
    })
    await deliver(session, [transport])
    expect(await session.posthorn('issues list')).toContain('2 skipped, 1 unknown (cancelled')
    expect(await session.posthorn('issues resolve 1 --resend')).toContain(
      '! posthorn: issue #1, Tea, is cancelled: there is nothing to resend, it was cancelled',
    )
    expect(await session.posthorn('issues resolve 1 --sent')).toContain('1 message taken for sent')
    await deliver(session, [transport])
    expect(transport.left).toHaveLength(1)
  })
})

describe('what failed', () => {
  test('is tried again by the author’s word, from the beginning', async () => {
    const session = await openBlog(3)
    await enqueued(session)
    const no: Outcome = { kind: 'refused', code: 554, reply: '554 5.7.1 go away', phase: 'message' }
    const refusing = posting((to) => (to.startsWith('reader2') ? no : { kind: 'sent', reply: '250 ok' }))
    await deliver(session, [refusing])
    expect(await session.posthorn('issues show 1')).toContain(
      'to try the failed ones again: posthorn issues retry 1',
    )
    expect(await session.posthorn('issues retry 1')).toBe(
      '$ posthorn issues retry 1\nissue #1, Tea: 1 message queued again; a running worker sends them',
    )
    expect(await stateOf(session)).toBe('sending')
    // Days later, and busy at first: that is the first attempt of a new day.
    const busy = posting(() => ({ kind: 'refused', code: 450, reply: '450 4.2.1 later', phase: 'recipient' }))
    expect(await deliver(session, [busy], '2026-11-05T09:00:00Z')).toMatchObject({ later: 1, failed: 0 })
    const good = posting()
    await deliver(session, [good], '2026-11-05T10:00:00Z')
    expect(numbers(good.left)).toEqual([2])
    expect(await session.posthorn('issues retry 1')).toContain('nothing failed that could be tried again')
    expect(await session.posthorn('issues list')).toContain('issue #1, Tea: 3 sent (sent)')
  })

  test('for want of such an address is not tried again', async () => {
    const session = await openBlog(2)
    await enqueued(session)
    const gone: Outcome = { kind: 'refused', code: 550, reply: '550 5.1.1 no such user', phase: 'recipient' }
    await deliver(session, [
      posting((to) => (to.startsWith('reader2') ? gone : { kind: 'sent', reply: '250' })),
    ])
    expect(await session.posthorn('issues retry 1')).toContain('nothing failed that could be tried again')
  })
})

test('what cannot be done is refused, with how it stands and what to try', async () => {
  const session = await openBlog(1)
  await enqueued(session)
  await deliver(session, [posting()])
  const said: string[] = []
  for (const line of [
    'issues pause 1',
    'issues resume 1',
    'issues cancel 1',
    'issues release 1',
    'issues pause 7',
    'issues pause 1 nonsense',
    'issues watch 0',
    'issues pause',
    'issues resolve 1 --maybe',
  ])
    said.push(await session.posthorn(line))
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "$ posthorn issues pause 1
    ! posthorn: issue #1, Tea, is sent: there is nothing to pause, it is not being sent
    ! try: \`posthorn issues show 1\` tells how it stands
    (exit 1)
    $ posthorn issues resume 1
    ! posthorn: issue #1, Tea, is sent: there is nothing to resume, it is not paused
    ! try: \`posthorn issues show 1\` tells how it stands
    (exit 1)
    $ posthorn issues cancel 1
    ! posthorn: issue #1, Tea, is sent: there is nothing to cancel, it is over already
    ! try: \`posthorn issues show 1\` tells how it stands
    (exit 1)
    $ posthorn issues release 1
    ! posthorn: issue #1, Tea, is sent: there is nothing to release, it is not held
    ! try: \`posthorn issues show 1\` tells how it stands
    (exit 1)
    $ posthorn issues pause 7
    ! posthorn: there is no issue #7
    ! try: \`posthorn issues list\` names them
    (exit 1)
    $ posthorn issues pause 1 nonsense
    ! posthorn: issue #1, Tea, is sent: there is nothing to pause, it is not being sent
    ! try: \`posthorn issues show 1\` tells how it stands
    (exit 1)
    $ posthorn issues watch 0
    ! posthorn: there is no issue #0
    ! try: \`posthorn issues list\` names them
    (exit 1)
    $ posthorn issues pause
    ! posthorn: missing required argument 'numbers'
    ! (--help shows how it is called)
    (exit 2)
    $ posthorn issues resolve 1 --maybe
    ! posthorn: unknown option '--maybe'
    ! (--help shows how it is called)
    (exit 2)"
  `)
})

test('several issues are acted on in turn, up to the one that cannot be', async () => {
  const session = await openBlog(1)
  await session.posthorn('send tea --yes --at 2026-11-02T09:01:00Z')
  session.write('posts/cake.md', post('Cake', '2026-11-02'))
  await session.posthorn('send cake --yes --at 2026-11-02T09:01:00Z')
  expect(await session.posthorn('issues pause 1 9 2')).toMatchInlineSnapshot(`
    "$ posthorn issues pause 1 9 2
    issue #1, Tea: paused; \`posthorn issues resume\` goes on where it stopped
    ! posthorn: there is no issue #9
    ! try: \`posthorn issues list\` names them
    (exit 1)"
  `)
  const issues = (await session.json('issues list --json')) as { number: number; state: string }[]
  expect(issues.map(({ number, state }) => [number, state])).toEqual([
    [2, 'planned'],
    [1, 'paused'],
  ])
})

test('status names what is left alone, until when, and why', async () => {
  const session = await openBlog(1)
  const site = await openAt(loadConfig(session.folder, {}), () => new Date(NOW))
  const brake = { times: 1, refused: 0, accepted: 0 }
  await write(site.db, async (trx) => {
    const until = (time: string) => new Date(`2026-11-02T${time}:00Z`)
    await setBrake(trx, {
      ...brake,
      scope: 'smtp mail.example.org:587',
      until: until('09:05'),
      reason: '421 busy',
    })
    await setBrake(trx, {
      ...brake,
      scope: 'domain slow.example',
      until: until('09:15'),
      reason: '450 4.7.28 too much',
    })
    await setBrake(trx, {
      ...brake,
      scope: 'domain fine.example',
      until: until('08:59'),
      reason: 'was yesterday',
    })
    await setBrake(trx, { ...brake, scope: 'domain watched.example', until: null, reason: '554 5.7.1' })
  })
  await closeSite(site)
  const lines = (await session.posthorn('status')).split('\n').filter((line) => line.includes('left alone'))
  expect(lines).toEqual([
    'domain slow.example is left alone until Mon 2 Nov 2026, 10:15 Europe/Berlin: 450 4.7.28 too much',
    'smtp mail.example.org:587 is left alone until Mon 2 Nov 2026, 10:05 Europe/Berlin: 421 busy',
  ])
  expect(await session.json('status --json')).toMatchObject({
    brakes: [{ scope: 'domain slow.example' }, { scope: 'smtp mail.example.org:587' }],
  })
})

describe('several transports', () => {
  test('share one queue, and each message goes through exactly one', async () => {
    const session = await openBlog(60)
    await enqueued(session)
    const [a, b] = [
      posting(undefined, { name: 'smtp a', connections: 2 }),
      posting(undefined, { name: 'smtp b', connections: 3 }),
    ]
    expect(await deliver(session, [a, b])).toMatchObject({ sent: 60 })
    expect(a.left.length).toBeGreaterThan(5)
    expect(b.left.length).toBeGreaterThan(5)
    expect(numbers([...a.left, ...b.left])).toEqual(upTo(60))
  })

  test('go on without one that cannot be reached, at once and until it comes back', async () => {
    const session = await openBlog(40)
    await enqueued(session)
    let isUp = false
    const down: Outcome = { kind: 'not sent', reason: 'smtp a: connect ECONNREFUSED', scope: 'transport' }
    const up = posting(undefined, { name: 'smtp a', connections: 2 })
    let asked = 0
    const shaky: Transport = {
      ...up,
      async deliver(...message) {
        asked++
        return isUp ? up.deliver(...message) : down
      },
    }
    const steady = posting(undefined, { name: 'smtp b', connections: 2 })
    const first = await deliver(session, [shaky, steady])
    // What the one had taken before it was found dead went through the other in the same run.
    expect(first).toMatchObject({
      sent: 40,
      failed: 0,
      unknown: 0,
      unreachable: 'smtp a: connect ECONNREFUSED',
    })
    expect(numbers(steady.left)).toEqual(upTo(40))
    expect(asked).toBeLessThanOrEqual(2)
    expect(await session.posthorn('status')).toContain(
      'smtp a is left alone until Mon 2 Nov 2026, 10:02 Europe/Berlin: smtp a: connect ECONNREFUSED',
    )

    session.write('posts/cake.md', post('Cake', '2026-11-02'))
    await session.posthorn('send cake --yes --at 2026-11-02T09:02:00Z')
    isUp = true
    session.setClock('2026-11-02T09:02:00Z')
    expect(await deliver(session, [shaky, steady], '2026-11-02T09:02:00Z')).toMatchObject({
      sent: 40,
      unreachable: null,
    })
    expect(up.left.length).toBeGreaterThan(5)
    expect(await session.posthorn('status')).not.toContain('left alone')
  })

  test('may be two mail servers, and each message arrives at one of them', async () => {
    const servers = [await scriptedServer(), await scriptedServer()]
    const transports = servers.map(({ port }) => ({ kind: 'smtp', host: '127.0.0.1', port, connections: 2 }))
    const session = await openBlog(40, { transports })
    expect(await session.posthorn('send tea --yes')).toContain('issue #1, Tea: 40 sent')
    const ids = servers.map((server) =>
      server.messages().map((bytes) => /^Message-ID: (.*)$/im.exec(bytes.toString())?.[1]),
    )
    for (const each of ids) expect(each.length).toBeGreaterThan(5)
    expect(new Set(ids.flat()).size).toBe(40)
    expect(ids.flat()).toHaveLength(40)
    for (const server of servers) await server.close()
  })

  test('may be two Maildirs, one of which cannot be written', async () => {
    const session = await openBlog(40, {
      transports: [
        { kind: 'maildir', folder: 'one' },
        { kind: 'maildir', folder: 'two' },
      ],
    })
    writeFileSync(join(session.folder, 'one'), 'a file stands here')
    expect(await session.posthorn('send tea --yes')).toContain('issue #1, Tea: 40 sent')
    expect(Object.keys(session.files('two/new'))).toHaveLength(40)
  })
})
