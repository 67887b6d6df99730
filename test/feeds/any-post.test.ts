import fc from 'fast-check'
import { test } from 'vitest'
import { anyPost, publishAny } from './any-post.ts'
import { site } from './example.ts'

test('posts of any characters make three feeds that are whole, the same, and harmless', async () => {
  const config = await site({ feeds: { entries: 10 } })
  fc.assert(
    fc.property(fc.array(anyPost, { minLength: 10, maxLength: 10 }), (posts) => {
      publishAny(posts, config)
    }),
    { numRuns: 10 },
  )
})
