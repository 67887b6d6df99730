import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderAtom } from '../../src/feeds/atom.ts'
import type { Entry } from '../../src/feeds/feed.ts'
import { cutAtTokens, startFill } from '../../src/feeds/fill.ts'
import { renderRss } from '../../src/feeds/rss.ts'
import { startShapes, type Write } from '../../src/feeds/shapes.ts'
import { site, toFeed } from './example.ts'

/** `feed` writes all entries at once, and none is like another. */
const inOneGo: Write = (things, tell, toMarkup) => {
  const fill = startFill()
  return fill.into(cutAtTokens(toMarkup(things.map((thing) => tell(thing, fill)))))
}

const words = fc
  .array(
    fc.oneof(
      // biome-ignore format: one kind of trouble to a line
      fc.constantFrom(
        'fill:0', 'fill:3', 'fill:', '<![CDATA[fill:1]]>', '<![CDATA[', ']]>', '$&', '$1', '$$', '$`',
        '<item>', '</item>', '<entry>', '</entry>', '</channel>', '</feed>', '<link href=', '<title type="html">',
        '1970-01-01T00:00:00.000Z', 'Thu, 01 Jan 1970 00:00:00 GMT', '"', '&', '&amp;', "'", '\\', '0', '\n',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 4 },
  )
  .map((pieces) => pieces.join(''))
const some = words.map((value) => `T${value}`)
const address = words.map((value) => `https://blog.example/?${value}`)
const picture = fc.constantFrom('/a.png', '/a.jpg?b&c', '/a').map((path) => `https://blog.example${path}`)
const date = fc
  .oneof(fc.constant(0), fc.integer({ min: 0, max: 4_000_000_000 }))
  .map((s) => new Date(s * 1000))
const number = fc.integer({ min: 0, max: 12 })
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

const entry: fc.Arbitrary<Entry> = fc.record({
  id: some,
  url: address,
  title: some,
  published: date,
  updated: date,
  summary: words,
  html: words,
  authors: fc.array(fc.record({ name: some, url: orNull(address) }), { maxLength: 2 }),
  tags: fc.array(some, { maxLength: 3 }),
  language: fc.constantFrom('en', 'de', 'fill:0'),
  image: orNull(picture),
  media: fc.array(
    fc.record({
      url: address,
      type: fc.constantFrom('audio/mpeg', 'image/png', 'application/pdf', 'x"&'),
      length: number,
      duration: orNull(number),
      title: orNull(some),
    }),
    { maxLength: 3 },
  ),
  episode: orNull(
    fc.record({ number: orNull(number), season: orNull(number), explicit: orNull(fc.boolean()) }),
  ),
})

test('entries that are written by their shape are, to the byte, what they are when all are written at once', async () => {
  const podcast = {
    image: '/cover.jpg',
    category: 'Arts',
    explicit: false,
    owner: { email: 'a@example.org' },
  }
  const feeds = await Promise.all(
    [{}, { feeds: { podcast, hub: 'https://hub.example/' } }].map(async (changes) =>
      toFeed([], await site(changes), new Date(0)),
    ),
  )
  // Few enough that shapes are dropped all the time, and enough that most are found again.
  const few = startShapes(20)
  fc.assert(
    fc.property(
      fc.constantFrom(...feeds),
      fc.array(entry, { minLength: 1, maxLength: 4 }),
      (feed, entries) => {
        // Each a second time, with other words in the same shape.
        const others = entries.map((each) => ({
          ...each,
          title: each.id,
          summary: each.summary && each.title,
        }))
        const whole = { ...feed, entries: [...entries, ...others] }
        for (const render of [renderRss, renderAtom]) {
          expect(render(whole, few)).toBe(render(whole, inOneGo))
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('of two entries with the same things to say, but other words, `feed` is asked once', async () => {
  const [first] = fc.sample(entry, { numRuns: 1, seed: 1 }) as [Entry]
  const second = { ...first, id: 'x', title: 'X', published: new Date(1e12), updated: new Date(1e12) }
  const feed = {
    ...toFeed([], await site(), new Date(0)),
    entries: [{ ...first, updated: first.published }, second],
  }
  for (const render of [renderRss, renderAtom]) {
    const asked: string[] = []
    const shapes = startShapes()
    render(feed, (things, tell, toMarkup) =>
      shapes(things, tell, (told) => {
        asked.push(JSON.stringify(told))
        return toMarkup(told)
      }),
    )
    expect(asked).toHaveLength(2)
    for (const each of asked) expect(each).not.toMatch(/blog|example/)
  }
})
