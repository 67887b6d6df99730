import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { renderAtom } from '../../src/feeds/atom.ts'
import { renderJson } from '../../src/feeds/json.ts'
import { renderRss } from '../../src/feeds/rss.ts'
import { readPosts } from '../../src/posts/folder.ts'
import { site, toFeed } from './example.ts'
import { readAtom, readJson, readRss, readStrictly } from './read-back.ts'

// Real posts of years and many hands; they are no part of the package, so the test runs where they lie beside it.
const CORPUS = resolve('../shared/corpus/nodejs-blog')

test.skipIf(!existsSync(CORPUS))('all real posts make three feeds that parse and say the same', async () => {
  const config = await site({ posts: { folder: CORPUS }, feeds: { entries: 1000 } })
  const { posts } = await readPosts(config)
  const known = posts.map((post) => ({
    ...post,
    id: `tag:blog.example,2026:${post.slug}`,
    url: `https://blog.example/posts/${post.slug}/`,
  }))
  const feed = toFeed(known, config, new Date('2100-01-01T00:00:00Z'))
  const rss = renderRss(feed)
  const atom = renderAtom(feed)
  const found = readRss(rss)
  expect(found.entries).toHaveLength(141)
  expect(readAtom(atom)).toEqual(found)
  expect(readJson(renderJson(feed))).toEqual(found)
  expect(await readStrictly(atom)).toEqual(await readStrictly(rss))
  for (const { title, summary, html } of found.entries) {
    expect(title).not.toBe('')
    expect(summary).not.toBe('')
    expect(html).not.toMatch(/<script|<style|<iframe|\son\w+=|(?:href|src)="(?!https?:|mailto:)/)
  }
})
