import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { streamSubscribers } from '../../src/store/subscribers.ts'
import { importSubscribers } from '../../src/subscribers/import.ts'
import { makeSite, type TestSite } from '../site.ts'

// People are invented. Columns and words are those that each program writes; of Buttondown and Kit, which document no
// CSV, those of their API.
const EXPORTS = join(import.meta.dirname, 'exports')

function bring(site: TestSite, file: string) {
  return importSubscribers(
    site.db,
    resolve(EXPORTS, file),
    { confirmed: true },
    site.config,
    site.secret,
    site.now(),
  )
}

async function everybody(site: TestSite): Promise<string[]> {
  const all: string[] = []
  for await (const { address, status, name, tags } of streamSubscribers(site.db))
    all.push([address.replace('@example.org', ''), status, name, tags === '[]' ? '' : tags].join(' ').trim())
  return all
}

describe('a list that was elsewhere', () => {
  test('Mailchimp: who left and whose mail came back are in files of their own, and stay out', async () => {
    const site = await makeSite()
    for (const kind of ['subscribed', 'unsubscribed', 'cleaned']) await bring(site, `mailchimp-${kind}.csv`)
    expect(await everybody(site)).toEqual([
      'ada confirmed Ada Lovelace ["Early birds","Release, major"]',
      'grace confirmed Grace',
      'kurt unsubscribed Kurt ["Early birds"]',
      'gone unsubscribed',
    ])
    const zones = await site.db.selectFrom('subscribers').select('time_zone').orderBy('id').execute()
    expect(zones.map(({ time_zone }) => time_zone).slice(0, 2)).toEqual(['Europe/London', ''])
  })

  test.each([
    [
      'Substack',
      ['ada confirmed', 'grace confirmed', 'kurt unsubscribed'],
      ['active_subscription', 'expiry', 'plan', 'created_at', 'first_payment_at'],
    ],
    [
      'Buttondown',
      [
        'ada confirmed  ["release","math"]',
        'grace confirmed',
        'alan unconfirmed',
        'kurt unsubscribed',
        'gone unsubscribed',
      ],
      ['id', 'creation_date', 'notes', 'metadata', 'referrer_url', 'source', 'undeliverability_reason'],
    ],
    [
      'Ghost',
      ['ada confirmed Ada Lovelace ["VIP","Early birds"]', 'grace confirmed', 'kurt unsubscribed Kurt'],
      ['id', 'note', 'complimentary_plan', 'stripe_customer_id', 'created_at', 'deleted_at', 'tiers'],
    ],
    [
      'listmonk',
      ['ada confirmed Ada Lovelace', 'kurt unsubscribed Kurt', 'gone unsubscribed Gone'],
      ['uuid', 'attributes', 'created_at', 'updated_at'],
    ],
    [
      'Beehiiv',
      [
        'ada confirmed Ada Lovelace',
        'alan unconfirmed Alan',
        'edith unconfirmed',
        'kurt unsubscribed Kurt',
        'grace unsubscribed Grace',
      ],
      ['tier', 'created_at', 'stripe_customer_id', 'Free Tier', 'Premium Tier'],
    ],
    [
      'Kit',
      [
        'ada confirmed Ada ["VIP","Release"]',
        'grace confirmed Grace',
        'alan unsubscribed Alan',
        'kurt unsubscribed Kurt',
        'gone unsubscribed',
        'edith unsubscribed',
      ],
      ['id', 'created_at'],
    ],
  ])('%s: who wants mail, in its words', async (program, people, ignored) => {
    const site = await makeSite()
    const done = await bring(site, `${program.toLowerCase()}.csv`)
    expect(await everybody(site)).toEqual(people)
    expect(done.ignored).toEqual(ignored)
    expect(done.cautions).toHaveLength(program === 'listmonk' ? 1 : 0)
  })

  test('whoever left in one column has left, whatever the others say; a region or a tariff says nothing', async () => {
    const site = await makeSite()
    writeFileSync(
      join(site.folder, 'people.csv'),
      [
        'email,status,subscribed,unsubscribed,state,type',
        'ada@example.org,active,yes,no,OR,Premium customer',
        'grace@example.org,,,,,',
        'alan@example.org,pending,true,false,active,',
        'kurt@example.org,confirmed,FALSE,,,',
        'edith@example.org,confirmed,,2024-01-01,,',
        'emmy@example.org,active,true,0,Cancelled,',
      ].join('\n'),
    )
    await bring(site, join(site.folder, 'people.csv'))
    expect(await everybody(site)).toEqual([
      'ada confirmed',
      'grace confirmed',
      'alan unconfirmed',
      'kurt unsubscribed',
      'edith unsubscribed',
      'emmy unsubscribed',
    ])
  })

  test('a word that is neither a yes nor a no nor a status makes nobody a reader', async () => {
    const site = await makeSite()
    const file = join(site.folder, 'people.csv')
    writeFileSync(file, 'email,subscribed\nada@example.org,Unsubscribed\nkurt@example.org,pending\n')
    await bring(site, file)
    expect(await everybody(site)).toEqual(['ada unsubscribed', 'kurt unconfirmed'])
    writeFileSync(file, 'email,subscribed\nalan@example.org,no longer\n')
    await expect(bring(site, file)).rejects.toThrow('people.csv:2: the status is "no longer"')
  })

  test('whoever is a reader in one row and has left in another has left, in whatever order', async () => {
    const site = await makeSite()
    const file = join(site.folder, 'people.csv')
    const rows = ['ada@example.org,active', 'ADA@example.org,cleaned', 'Kurt@example.org,cancelled']
    writeFileSync(file, ['email,status', ...rows, 'kurt@example.org,active'].join('\n'))
    expect(await bring(site, file)).toMatchObject({ repeated: 2, added: { confirmed: 0, unsubscribed: 2 } })
    expect(await everybody(site)).toEqual(['ada unsubscribed', 'Kurt unsubscribed'])
  })

  test('without --confirmed nobody of them is a reader, whatever the other program said', async () => {
    const site = await makeSite()
    const file = join(EXPORTS, 'buttondown.csv')
    await importSubscribers(site.db, file, { confirmed: false }, site.config, site.secret, site.now())
    expect((await everybody(site)).map((line) => line.split(' ')[1])).toEqual([
      'unconfirmed',
      'unconfirmed',
      'unconfirmed',
      'unsubscribed',
      'unsubscribed',
    ])
  })
})
