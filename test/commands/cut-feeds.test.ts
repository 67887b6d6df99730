import { expect, test } from 'vitest'
import { post } from '../site.ts'
import { openSite } from './session.ts'

test('that a feed is smaller than it would be is told by build, status and the worker', async () => {
  const { json, posthorn, write } = openSite({ feeds: { size: '64KB', entries: 4 } })
  for (let day = 1; day <= 4; day++)
    write(`posts/long-${day}.md`, post(`Long ${day}`, `2026-10-0${day}`, 'And so on. '.repeat(2_000)))
  // Sizes are not compared in sessions.
  const told = 'rss.xml: 3 of 4 entries fit into SIZE (feeds.size), 1 of them as summaries'
  for (const command of ['build', 'status', 'worker --once']) expect(await posthorn(command)).toContain(told)
  expect(await json('status --json')).toMatchObject({
    cuts: [{ file: 'rss.xml', entries: 3, wanted: 4, shortened: 1 }],
  })
})
