import { expect, test } from 'vitest'
import { feedLinks } from '../../src/feeds/feed.ts'
import { site } from './example.ts'

test('a page offers the three feeds by address, type and title', async () => {
  expect(feedLinks(await site())).toEqual([
    { href: 'https://blog.example/rss.xml', type: 'application/rss+xml', title: 'Tea & <code> (RSS)' },
    { href: 'https://blog.example/atom.xml', type: 'application/atom+xml', title: 'Tea & <code> (Atom)' },
    {
      href: 'https://blog.example/feed.json',
      type: 'application/feed+json',
      title: 'Tea & <code> (JSON Feed)',
    },
  ])
})

test('feeds that live elsewhere are offered where they live', async () => {
  const config = await site({ feeds: { url: 'https://feeds.example.org/tea/' } })
  expect(feedLinks(config).map((link) => link.href)).toEqual([
    'https://feeds.example.org/tea/rss.xml',
    'https://feeds.example.org/tea/atom.xml',
    'https://feeds.example.org/tea/feed.json',
  ])
})
