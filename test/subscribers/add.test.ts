import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { write } from '../../src/store/database.ts'
import {
  consentsOf,
  eraseSubscriber,
  findSubscriber,
  type Subscriber,
  suppress,
  unsubscribeSubscriber,
} from '../../src/store/subscribers.ts'
import { type Added, addSubscriber } from '../../src/subscribers/add.ts'
import { makeSite, type TestSite } from '../site.ts'

function add(site: TestSite, added: Added, confirmed = true): Promise<Subscriber> {
  return addSubscriber(site.db, added, { confirmed }, site.config, site.secret, site.now())
}

async function refusal(site: TestSite, address: string, confirmed = true): Promise<UserError> {
  const error = await add(site, { address }, confirmed).catch((error) => error)
  expect(error).toBeInstanceOf(UserError)
  return error
}

describe('the author adds somebody', () => {
  test('who consented elsewhere: a reader from now on, with the consent written down', async () => {
    const site = await makeSite()
    const ada = await add(site, { address: 'Ada@Example.org', name: ' Ada ', rhythm: 'weekly' })
    expect(ada).toMatchObject({
      address: 'Ada@example.org',
      name: 'Ada',
      status: 'confirmed',
      rhythm: 'weekly',
      confirmed_at: '2026-11-02T09:00:00.000Z',
    })
    expect(await consentsOf(site.db, ada.id)).toEqual([
      { at: '2026-11-02T09:00:00.000Z', act: 'added', source: 'the author', words: '' },
    ])
    await site.round()
    expect(await site.mail()).toEqual([])
  })

  test('who did not: they are asked, and are no reader before they say yes', async () => {
    const site = await makeSite()
    expect(await add(site, { address: 'ada@example.org' }, false)).toMatchObject({ status: 'unconfirmed' })
    await site.round()
    expect(await site.mail()).toEqual(['ada@example.org: Please confirm your subscription to A test blog'])
    expect(await consentsOf(site.db, 1)).toEqual([])
  })

  test('a bad address or name is told', async () => {
    const site = await makeSite()
    expect((await refusal(site, 'ada@example.org,eve@example.org')).message).toBe(
      'the address is "ada@example.org,eve@example.org"; it has more than one "@"; write one address',
    )
    const error = await add(site, { address: 'ada@example.org', name: 'A\nB' }).catch((error) => error)
    expect(error.message).toBe('the name is "A\\nB"; it holds a line break or another control character')
  })

  test('who is here already is told plainly, and stays as they are', async () => {
    const site = await makeSite()
    await add(site, { address: 'reader@example.org' })
    await add(site, { address: 'waiting@example.org' }, false)
    const left = await add(site, { address: 'left@example.org' })
    await write(site.db, (trx) => unsubscribeSubscriber(trx, left.id, site.now()))
    for (const confirmed of [true, false]) {
      expect((await refusal(site, 'Reader@example.org', confirmed)).message).toBe(
        'reader@example.org is a reader already, since 2026-11-02',
      )
      expect((await refusal(site, 'waiting@example.org', confirmed)).message).toContain(
        'has not confirmed yet',
      )
      const gone = await refusal(site, 'left@example.org', confirmed)
      expect(gone.message).toBe('left@example.org unsubscribed on 2026-11-02')
      expect(gone.hint).toBe('only they can come back, at https://mail.blog.example/subscribe')
    }
    expect((await findSubscriber(site.db, 'left@example.org'))?.status).toBe('unsubscribed')
    expect(await site.db.selectFrom('deliveries').selectAll().execute()).toHaveLength(1)
  })

  test('nobody who must not be mailed, nor who was erased', async () => {
    const site = await makeSite()
    const ada = await add(site, { address: 'ada@example.org' })
    await write(site.db, async (trx) => {
      await eraseSubscriber(trx, ada, site.secret, site.now())
      await suppress(trx, 'eve@example.org', 'complaint', site.now())
    })
    expect((await refusal(site, 'Ada@example.org')).message).toBe(
      'ada@example.org must not be mailed: its owner was erased (2026-11-02)',
    )
    expect((await refusal(site, 'eve@example.org')).message).toContain('its owner complained')
    expect(await findSubscriber(site.db, 'ada@example.org')).toBeUndefined()
  })
})
