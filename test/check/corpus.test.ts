/** Posts of a real blog as mails, where they lie beside the checkout. `test/outside/` looks at all of them. */
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inspectSamples } from '../../src/deliveries/samples.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { makeSite } from '../site.ts'
import { CORPUS, UNSPOILT_BUT } from './corpus.ts'

test.runIf(existsSync(CORPUS))(
  'one in twenty-four of 141 real posts is mailed as it was written',
  async () => {
    const site = await makeSite({
      posts: { folder: CORPUS, link: '/en/blog/{slug}' },
      site: { url: 'https://nodejs.org', timeZone: 'UTC' },
    })
    const { posts } = await lookAtPosts(site, emptyMemory())
    const some = posts.filter((_, index) => index % 24 === 0)
    const { samples } = await inspectSamples(
      { posts: some, others: false },
      site.config,
      site.now(),
      () => {},
    )
    const found = samples.flatMap(({ findings }) => findings).filter(({ rule }) => !(rule in UNSPOILT_BUT))
    expect(samples).toHaveLength(6)
    expect(found).toEqual([])
  },
  60_000,
)
