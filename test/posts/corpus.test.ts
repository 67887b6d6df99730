import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readPosts } from '../../src/posts/folder.ts'
import { makeSite } from './site.ts'

const folder = fileURLToPath(new URL('../../../shared/corpus/nodejs-blog', import.meta.url))

describe.skipIf(!existsSync(folder))('the 141 posts of a real blog', () => {
  it('are read without a fault and written without a relative address', async () => {
    const { config } = await makeSite({}, 'UTC')
    const { posts, faults } = await readPosts({ ...config, posts: { ...config.posts, folder } })
    expect(faults).toEqual([])
    expect(posts).toHaveLength(141)
    for (const post of posts) {
      expect(post.title, post.file).not.toBe('')
      expect(post.summary, post.file).not.toBe('')
      expect(post.html, post.file).not.toMatch(/ (href|src)="(?!https?:|mailto:)/)
      // Prices, shells and names with dollars, but no math.
      expect(post.html, post.file).not.toContain(' dir="ltr"')
    }
  })
})
