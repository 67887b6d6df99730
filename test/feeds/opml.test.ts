import { SaxesParser } from 'saxes'
import { expect, test } from 'vitest'
import type { Config } from '../../src/config.ts'
import type { Channel } from '../../src/feeds/channel.ts'
import { renderOpml } from '../../src/feeds/opml.ts'

const config = (link: string) =>
  ({
    site: { title: 'Tea & <cake>\u0001\nin "time"', url: 'https://blog.example' },
    posts: { link },
    feeds: { url: 'https://feeds.example' },
  }) as Config
const channel = (kind: Channel['kind'], name: string, folder: string): Channel => ({
  kind,
  name,
  folder,
  posts: [],
})
const channels = [
  channel('site', 'Tea', ''),
  channel('tag', 'C<T> & "more"', 'tags/c-t'),
  channel('tag', 'עברית', 'tags/עברית'),
  channel('language', 'de', 'languages/de'),
]

type Outline = Record<string, string> & { depth: string }

/** Every outline of an OPML document with its attributes and how deep it lies, by a parser that forgives nothing. */
function outlines(xml: string): { found: Outline[]; title: string } {
  const parser = new SaxesParser({ xmlns: false })
  const found: Outline[] = []
  let depth = 0
  let title = ''
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'outline') found.push({ ...(attributes as Record<string, string>), depth: String(depth) })
    depth++
  })
  parser.on('closetag', () => {
    depth--
  })
  parser.on('text', (text) => {
    if (text.trim()) title += text
  })
  parser.write(xml).close()
  return { found, title }
}

test('all feeds are in one list, each once, in folders by kind', () => {
  const { found, title } = outlines(renderOpml(channels, config('/{slug}/')))
  expect(title).toBe('Tea & <cake> in "time"')
  expect(found.map(({ depth, text, xmlUrl, htmlUrl }) => [depth, text, xmlUrl, htmlUrl])).toEqual([
    ['2', 'Tea & <cake> in "time"', 'https://feeds.example/rss.xml', 'https://blog.example/'],
    ['2', 'Tags', undefined, undefined],
    [
      '3',
      'Tea & <cake> in "time": C<T> & "more"',
      'https://feeds.example/tags/c-t/rss.xml',
      'https://blog.example/tags/c-t/',
    ],
    [
      '3',
      'Tea & <cake> in "time": עברית',
      'https://feeds.example/tags/%D7%A2%D7%91%D7%A8%D7%99%D7%AA/rss.xml',
      'https://blog.example/tags/%D7%A2%D7%91%D7%A8%D7%99%D7%AA/',
    ],
    ['2', 'Languages', undefined, undefined],
    [
      '3',
      'Tea & <cake> in "time": Deutsch',
      'https://feeds.example/languages/de/rss.xml',
      'https://blog.example/languages/de/',
    ],
  ])
  for (const { type, text, title: shown } of found.filter(({ xmlUrl }) => xmlUrl !== undefined)) {
    expect(type).toBe('rss')
    expect(shown).toBe(text)
  }
})

test('of a blog that has pages of its own only the front page is known', () => {
  const { found } = outlines(renderOpml(channels, config('https://blog.example/{slug}')))
  expect(new Set(found.flatMap(({ htmlUrl }) => htmlUrl ?? []))).toEqual(new Set(['https://blog.example/']))
})
